"""Impact of a change of rules on a population: scores, ranks, and who enters or leaves the recommended list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass as pydantic_dataclass
from scipy.stats import rankdata

from icsml.core.arrays import Array, Flags, Floats
from icsml.core.sampling import sampled_rows
from icsml.errors import InputError
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.scoring.evaluate import evaluate
from icsml.innovation.scoring.points import Points
from icsml.innovation.scoring.population_groups import Groups, group_order, population_groups
from icsml.innovation.scoring.weight_robustness import CONCENTRATION, DRAWS, assumes_weights, draw_scores, top
from icsml.innovation.selection.select import ineligible
from icsml.records.columns import Columns

__all__ = ["Distribution", "GroupImpact", "Histogram", "Impact", "five_quantiles", "impact"]


_BINS = 20
_MOST_DRAWN = 20_000
_RELIABLE = 0.95


@dataclass(frozen=True, slots=True)
class Histogram:
    """Number of enterprises between each pair of edges."""

    edges: list[float]
    counts: list[int]


@dataclass(frozen=True, slots=True)
class Distribution:
    """The scores of a population by one rulebook; the histogram is of the score as a share of its scale."""

    rulebook: str
    max_score: float
    mean: float
    quantiles: dict[str, float]
    histogram: Histogram


@dataclass(frozen=True, slots=True)
class GroupImpact:
    """Impact on one group of enterprises; None stands for those of unknown group.

    Changes are means: of the score as a share of its scale, and of the rank as a share of all enterprises.
    """

    group: str | None
    rows: int
    score_share_change: float
    rank_change: float
    entered: int
    left: int


@pydantic_dataclass(frozen=True, slots=True, config=ConfigDict(arbitrary_types_allowed=True))
class Impact:
    """Impact of moving from rulebook ``a`` to ``b`` on n enterprises.

    Parameters
    ----------
    rows : int
        Enterprises with a score by both.
    a, b : Distribution
        The scores by each.
    rank_correlation : float or None
        Spearman's; None where all scores of one of the two are equal.
    threshold : dict
        How the list was cut: ``top_share`` or ``cut_off``.
    entered, left, stayed : int
        Enterprises on the list by ``b`` alone, by ``a`` alone, by both.
    depends : float or None
        Share of those who enter or leave that do not do so in 95 % of random weightings, so depend on assumed weights;
        None where nobody moves or no weight is assumed.
    groups : dict of str to list of GroupImpact
        By stage, field, province and size.
    firms : DataFrame
        By enterprise: both scores, whether it may be listed at all, whether it is; not in its JSON.
    """

    rows: int
    a: Distribution
    b: Distribution
    rank_correlation: float | None
    threshold: dict[str, float]
    entered: int
    left: int
    stayed: int
    depends: float | None
    groups: dict[str, list[GroupImpact]]
    firms: Annotated[pd.DataFrame, Field(exclude=True)] = field(repr=False, compare=False)


def impact(
    a: Rulebook, b: Rulebook, columns: Columns, *, top_share: float | None = None, cut_off: float | None = None
) -> Impact:
    """Return the impact of moving from one rulebook to another on a population.

    Parameters
    ----------
    a, b : Rulebook
        The rules before and after, with their peer tables where they rank.
    columns : mapping of str to ndarray of shape (n,)
        The population.
    top_share, cut_off : float, optional
        One of the two: the list is this share of the best, or those with at least so many points. Whoever is not
        eligible, or not known to be, is on no list.

    Raises
    ------
    InputError
        If no enterprise has a score by both.
    """
    points_a, points_b = evaluate(a, columns), evaluate(b, columns)
    scored = ~np.isnan(points_a.score) & ~np.isnan(points_b.score)
    if not scored.any():
        raise InputError("ICS-RUL-034", "no enterprise has a score by both", field="--in", remedy="see icsml coverage")
    eligible = tuple((ineligible(r, p) == "")[scored] for r, p in ((a, points_a), (b, points_b)))
    listed_a, listed_b = (
        _listed(points.score[scored], may, top_share, cut_off)
        for points, may in zip((points_a, points_b), eligible, strict=True)
    )
    threshold = {"top_share": top_share} if top_share is not None else {"cut_off": cut_off}
    return Impact(
        rows=int(scored.sum()),
        a=_distribution(points_a, scored),
        b=_distribution(points_b, scored),
        rank_correlation=_spearman(points_a.score[scored], points_b.score[scored]),
        threshold={name: float(value) for name, value in threshold.items() if value is not None},
        entered=int((listed_b & ~listed_a).sum()),
        left=int((listed_a & ~listed_b).sum()),
        stayed=int((listed_a & listed_b).sum()),
        depends=_dependence((a, b), (points_a, points_b), scored, eligible, (listed_a, listed_b), top_share, cut_off),
        groups=_by_group(population_groups(columns, points_a), (points_a, points_b), scored, listed_a, listed_b),
        firms=pd.DataFrame(
            {
                "enterprise_id": pd.array(columns["enterprise_id"][scored], dtype="str"),
                "score_a": points_a.score[scored],
                "score_b": points_b.score[scored],
                "may_be_listed_a": eligible[0],
                "may_be_listed_b": eligible[1],
                "listed_a": listed_a,
                "listed_b": listed_b,
            }
        ),
    )


def _listed(score: Floats, eligible: Flags, top_share: float | None, cut_off: float | None) -> Flags:
    """Return the rows on the list: the best, or all with enough points, among those that nothing else excludes."""
    contending = np.where(eligible, score, -np.inf)
    if top_share is not None:
        return top(contending, top_share) & eligible
    listed: Flags = contending >= (np.inf if cut_off is None else cut_off)
    return listed


def _distribution(points: Points, scored: Flags) -> Distribution:
    score = points.score[scored]
    shares = np.clip(score / points.max_score, 0.0, 1.0)  # deductions may carry a score below zero
    counts, edges = np.histogram(shares, bins=_BINS, range=(0.0, 1.0))
    return Distribution(
        rulebook=points.rulebook,
        max_score=points.max_score,
        mean=float(score.mean()),
        quantiles=five_quantiles(score),
        histogram=Histogram(edges.tolist(), counts.tolist()),
    )


def five_quantiles(values: Floats) -> dict[str, float]:
    """Return the 5th, 25th, 50th, 75th and 95th percentile as p5 … p95."""
    percents = (5, 25, 50, 75, 95)
    quantiles = np.quantile(values, [percent / 100 for percent in percents])
    return {f"p{percent}": float(quantile) for percent, quantile in zip(percents, quantiles, strict=True)}


def _spearman(a: Floats, b: Floats) -> float | None:
    ranks = np.stack([rankdata(a), rankdata(b)])
    centred = ranks - ranks.mean(axis=1, keepdims=True)
    scale = float(np.sqrt((centred**2).sum(axis=1).prod()))
    return float((centred[0] * centred[1]).sum()) / scale if scale > 0.0 else None


def _dependence(
    rulebooks: tuple[Rulebook, Rulebook],
    points: tuple[Points, Points],
    scored: Flags,
    eligible: tuple[Flags, ...],
    listed: tuple[Flags, Flags],
    top_share: float | None,
    cut_off: float | None,
) -> float | None:
    """Return the share of moving enterprises that would not reliably move the same way under random weights.

    What both rulebooks weigh is weighed alike in a draw; who may be listed at all is left as it is.
    """
    moved = listed[1].astype(np.int8) - listed[0].astype(np.int8)
    if not moved.any() or not any(assumes_weights(rulebook) for rulebook in rulebooks):
        return None
    within = sampled_rows(len(moved), _MOST_DRAWN)
    if not moved[within].any():
        return None
    sampled = np.flatnonzero(scored)[within]
    scores = [
        draw_scores(rulebook, base, sampled, draws=DRAWS, concentration=CONCENTRATION, seed=0)
        if assumes_weights(rulebook)
        else np.repeat(base.score[sampled][:, None], DRAWS, axis=1)
        for rulebook, base in zip(rulebooks, points, strict=True)
    ]
    same = np.zeros(len(within))
    for one, other in zip(scores[0].T, scores[1].T, strict=True):
        before, after = (
            _listed(score, may[within], top_share, cut_off) for score, may in zip((one, other), eligible, strict=True)
        )
        same += after.astype(np.int8) - before.astype(np.int8) == moved[within]
    return float((same[moved[within] != 0] / DRAWS < _RELIABLE).mean())


def _by_group(
    groups: Groups, points: tuple[Points, Points], scored: Flags, listed_a: Flags, listed_b: Flags
) -> dict[str, list[GroupImpact]]:
    shares = [result.score[scored] / result.max_score for result in points]
    ranks = [rankdata(share) / len(share) for share in shares]
    figures = {
        "score_share_change": shares[1] - shares[0],
        "rank_change": ranks[1] - ranks[0],
        "entered": (listed_b & ~listed_a).astype(np.float64),
        "left": (listed_a & ~listed_b).astype(np.float64),
    }
    return {name: _table(name, points[0].stages, values[scored], figures) for name, values in groups.items()}


def _table(kind: str, stages: Sequence[str], values: Array, figures: dict[str, Floats]) -> list[GroupImpact]:
    names = np.array(["" if value is None else str(value) for value in values])
    distinct, codes = np.unique(names, return_inverse=True)
    counts = np.bincount(codes, minlength=len(distinct))
    sums = {name: np.bincount(codes, figure, len(distinct)) for name, figure in figures.items()}
    groups = [
        GroupImpact(
            group=str(name) or None,
            rows=int(counts[index]),
            score_share_change=float(sums["score_share_change"][index] / counts[index]),
            rank_change=float(sums["rank_change"][index] / counts[index]),
            entered=int(sums["entered"][index]),
            left=int(sums["left"][index]),
        )
        for index, name in enumerate(distinct)
    ]
    order = group_order(kind, stages)
    return sorted(groups, key=lambda group: order(group.group))
