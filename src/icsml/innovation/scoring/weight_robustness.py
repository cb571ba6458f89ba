"""How results change under random weights around the assumed ones."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final
from zlib import crc32

import numpy as np
from scipy.special import gammaincinv
from scipy.stats import rankdata

from icsml.core.arrays import Flags, Floats, Indices
from icsml.core.sampling import sampled_rows
from icsml.innovation.rulebooks.exact_numbers import at_stage
from icsml.innovation.rulebooks.provenance import Provenance
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.scoring.points import Points
from icsml.texts.catalogue import phrase
from icsml.texts.languages import FALLBACK

__all__ = [
    "CONCENTRATION",
    "DRAWS",
    "QUALIFIED_SHARE",
    "Robustness",
    "assumes_weights",
    "draw_scores",
    "robustness",
    "top",
]

DRAWS: Final = 200
CONCENTRATION: Final = 50.0
"""Sum of the parameters of each Dirichlet distribution: of the categories, and of the indicators within each."""
QUALIFIED_SHARE: Final = 0.137
"""Share of the enterprises evaluated nationally that qualified: 71,435 of about 520,000.

Derived from reports in the news, which conflict; the ministry's own page was not found."""
_MOST_ROWS: Final = 20_000
_RELIABLE: Final = 0.95
_DEDUCTION: Final = (0.5, 1.5)


@dataclass(frozen=True, slots=True)
class Robustness:
    """Effect of random weights around the assumed ones on the ranking and on the recommended list.

    Parameters
    ----------
    rows, draws : int
        Enterprises (a sample, where there are more than 20,000) and random weightings.
    concentration : float
        Sum of the parameters of each Dirichlet distribution; higher is closer to the assumed weights.
    rank_correlation, rank_correlation_low : float
        Spearman's, between the score and a random one: median over the draws, and the lowest twentieth.
    top_share : float
        The list considered: this share of the rows with the highest scores.
    replaced, replaced_high : float
        Share of that list that a random weighting replaces: median, and the highest twentieth.
    depends : float
        Share of that list that is on it in fewer than 95 % of the draws, so depends on the assumption.
    """

    rows: int
    draws: int
    concentration: float
    rank_correlation: float
    rank_correlation_low: float
    top_share: float
    replaced: float
    replaced_high: float
    depends: float

    def sentence(self, lang: str = FALLBACK) -> str:
        """Return the figures in words of a language."""
        return phrase("card.weights_tested", lang, **asdict(self))


def robustness(
    rulebook: Rulebook,
    points: Points,
    *,
    among: Flags | None = None,
    top_share: float = QUALIFIED_SHARE,
    draws: int = DRAWS,
    concentration: float = CONCENTRATION,
    seed: int = 0,
) -> Robustness | None:
    """Return the stability of ranks and of the recommended list under random weights.

    None where no weight is assumed, or so few rows have a score that the list is empty.

    Parameters
    ----------
    rulebook : Rulebook
        The rules.
    points : Points
        What they gave; at least two rows with a score.
    among : ndarray of bool of shape (n,), optional
        Rows that compete for the list; by default all.
    top_share : float
        Share of the rows on the list considered.
    draws : int
        Random weightings.
    concentration : float
        Sum of the Dirichlet's parameters.
    seed : int
        Seed of the draws and of the sample.
    """
    if not assumes_weights(rulebook):
        return None
    scored = ~np.isnan(points.score)
    rows = np.flatnonzero(scored if among is None else scored & among)
    rows = rows[sampled_rows(len(rows), _MOST_ROWS, seed=seed)]
    if len(rows) < 2:
        return None
    base = points.score[rows]
    scores = draw_scores(rulebook, points, rows, draws=draws, concentration=concentration, seed=seed)
    correlations = _rank_correlations(base, scores)
    listed = top(base, top_share)
    if not listed.any():
        return None
    kept = np.stack([top(column, top_share)[listed] for column in scores.T])
    replaced = 1.0 - kept.mean(axis=1)
    return Robustness(
        rows=len(rows),
        draws=draws,
        concentration=concentration,
        rank_correlation=float(np.median(correlations)),
        rank_correlation_low=float(np.quantile(correlations, 0.05)),
        top_share=top_share,
        replaced=float(np.median(replaced)),
        replaced_high=float(np.quantile(replaced, 0.95)),
        depends=float((kept.mean(axis=0) < _RELIABLE).mean()),
    )


def top(score: Floats, share: float) -> Flags:
    """Return the rows of the best share, shape (n,); equal scores at the edge are all in, NaN never is."""
    known = score[~np.isnan(score)]
    most = min(round(share * len(score)), len(known))
    if most < 1:
        return np.zeros(score.shape, dtype=np.bool_)
    listed: Flags = score >= np.partition(known, len(known) - most)[len(known) - most]
    return listed


def draw_scores(
    rulebook: Rulebook,
    points: Points,
    rows: Indices,
    *,
    draws: int,
    concentration: float,
    seed: int,
) -> Floats:
    """Return scores of some rows under random weights, shape (rows, draws).

    Weights that are not assumed stay. Where all of a category's are, they are drawn from a Dirichlet distribution
    around them; where the categories' maxima are assumed too, these are drawn first and keep their sum. A deduction
    that is assumed is taken half to one and a half times.

    Each weight has a random stream of its own, named by its id: what is heavy in a draw is heavy at every stage, and in
    every rulebook that weighs the same thing.
    """
    scores = np.empty((len(rows), draws))
    stage = np.maximum(points.stage[rows], 0)
    for number, name in enumerate(rulebook.stage_ids):
        at_stage_rows = stage == number
        if not at_stage_rows.any():
            continue
        weights = _draw_weights(rulebook, name, draws, concentration, seed)
        scores[at_stage_rows] = _scores(rulebook, points, rows[at_stage_rows], name, weights)
    return scores


def assumes_weights(rulebook: Rulebook) -> bool:
    """Return whether any weight is assumed."""
    return any(indicator.provenance.weight is Provenance.ASSUMED for indicator in rulebook.indicators)


def _scores(rulebook: Rulebook, points: Points, rows: Indices, stage: str | None, weights: Floats) -> Floats:
    """Return shares earned times weights; the rest of a block is rescaled for what is left out."""
    total = np.zeros((len(rows), weights.shape[1]))
    bonus = {category.id: category.bonus for category in rulebook.categories}
    for kind in (False, True):
        block = [i for i, indicator in enumerate(rulebook.indicators) if bonus[indicator.category] is kind]
        counted = [i for i in block if not rulebook.indicators[i].deduction]
        deducted = [i for i in block if rulebook.indicators[i].deduction]
        if counted:
            ids = [rulebook.indicators[i].id for i in counted]
            here = np.stack([points.maximum(name)[rows] > 0.0 for name in ids], axis=1).astype(np.float64)
            whole, rest = weights[counted].sum(axis=0), _weighted(here, weights[counted])
            factor = np.divide(whole, rest, out=np.ones_like(rest), where=rest > 0.0)
            total += _weighted(_shares(rulebook, points, counted, rows, stage), weights[counted]) * factor
        if deducted:
            total += _weighted(_shares(rulebook, points, deducted, rows, stage), weights[deducted])
    return total


def _weighted(shares: Floats, weights: Floats) -> Floats:
    """Return the matrix product, summed in one order for any number of threads: bundles contain these figures."""
    product: Floats = np.einsum("ij,jk->ik", shares, weights)
    return product


def _shares(rulebook: Rulebook, points: Points, indices: list[int], rows: Indices, stage: str | None) -> Floats:
    """Return the share of full points that each row earned by some indicators, shape (rows, indices)."""
    shares = np.zeros((len(rows), len(indices)))
    for column, index in enumerate(indices):
        indicator = rulebook.indicators[index]
        full = float(indicator.full(stage))
        if full:
            factor = points.rescale_factor[indicator.id][rows] if indicator.id in points.rescale_factor else 1.0
            shares[:, column] = points.points[indicator.id][rows] / factor / full
    return shares


def _draw_weights(rulebook: Rulebook, stage: str | None, draws: int, concentration: float, seed: int) -> Floats:
    """Return weights of every indicator, shape (indicators, draws)."""
    weights = np.array([[float(indicator.full(stage))] * draws for indicator in rulebook.indicators])
    totals = _draw_totals(rulebook, stage, draws, concentration, seed)
    for category in rulebook.categories:
        indices = _assumed_indices(rulebook, category.id)
        if indices:
            assumed = weights[indices]
            whole = totals[category.id] if category.id in totals else assumed.sum(axis=0)
            names = [rulebook.indicators[i].id for i in indices]
            weights[indices] = whole * _dirichlet(names, assumed[:, 0], draws, concentration, seed)
    for index, indicator in enumerate(rulebook.indicators):
        if indicator.deduction and indicator.provenance.weight is Provenance.ASSUMED:
            weights[index] *= _stream(seed, indicator.id).uniform(*_DEDUCTION, draws)
    return weights


def _assumed_indices(rulebook: Rulebook, category: str) -> list[int]:
    return [
        index
        for index, entry in enumerate(rulebook.indicators)
        if entry.category == category and not entry.deduction and entry.provenance.weight is Provenance.ASSUMED
    ]


def _draw_totals(
    rulebook: Rulebook, stage: str | None, draws: int, concentration: float, seed: int
) -> dict[str, Floats]:
    """Return random maxima of the categories that are assumed throughout; base and bonus keep their sums."""
    totals: dict[str, Floats] = {}
    for bonus in (False, True):
        free = [
            category
            for category in rulebook.categories
            if category.bonus is bonus
            and category.provenance.max is Provenance.ASSUMED
            and all(
                indicator.provenance.weight is Provenance.ASSUMED
                for indicator in rulebook.indicators
                if indicator.category == category.id
            )
        ]
        around = np.array([float(at_stage(category.max, stage)) for category in free])
        if len(free) > 1 and around.sum() > 0.0:
            names = [f"category {category.id}" for category in free]
            maxima = around.sum() * _dirichlet(names, around, draws, concentration, seed)
            totals |= {category.id: maxima[index] for index, category in enumerate(free)}
    return totals


def _dirichlet(names: list[str], around: Floats, draws: int, concentration: float, seed: int) -> Floats:
    """Return shares that sum to one, shape (len(around), draws); what has no weight gets none.

    A Dirichlet distribution is that of independent gamma variates over their sum; each is the inverse of its
    distribution at a uniform number, so that one stream gives heavy weights together whatever the parameters.
    """
    parts = np.zeros((len(around), draws))
    for index, name in enumerate(names):
        if around[index] > 0.0:
            shape = concentration * around[index] / around.sum()
            parts[index] = gammaincinv(shape, _stream(seed, name).random(draws))
    whole = parts.sum(axis=0)
    shares: Floats = np.divide(parts, whole, out=np.zeros_like(parts), where=whole > 0.0)
    return shares


def _stream(seed: int, name: str) -> np.random.Generator:
    return np.random.default_rng([seed, crc32(name.encode())])


def _rank_correlations(base: Floats, scores: Floats) -> Floats:
    ranks = rankdata(np.column_stack([base, scores]), axis=0)
    centred = ranks - ranks.mean(axis=0)
    spread = np.sqrt((centred**2).sum(axis=0))
    products = (centred[:, :1] * centred[:, 1:]).sum(axis=0)
    scale = spread[0] * spread[1:]
    correlations: Floats = np.divide(products, scale, out=np.ones_like(products), where=scale > 0.0)
    return correlations
