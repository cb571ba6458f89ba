"""Terms that add up to the calibrated PD and to the score, and the largest of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from icsml.core.arrays import Floats, Ints, for_compiled
from icsml.explain.ordered_sum import sum_in_order
from icsml.explain.score_points import share_points
from icsml.explain.shap_engine import contributions
from icsml.model.bundle_document import Explainer
from icsml.model.predict import log_odds, pd_from_log_odds
from icsml.model.reference import ReferencePopulation
from icsml.model.scale import MasterScale
from icsml.model.scorer import Scorer

__all__ = [
    "LargestTerms",
    "Terms",
    "adverse",
    "by_group",
    "explain",
    "largest",
    "pd_effects",
    "rank_terms",
]


@dataclass(frozen=True, slots=True)
class Terms:
    """Every feature's part of the calibrated log-odds.

    Parameters
    ----------
    log_odds : ndarray of shape (n, p)
        One term for each feature.
    base : ndarray of shape (n,)
        The calibrated log-odds before any feature; base + Σ log_odds = logit(pd) to rounding.
    total : ndarray of shape (n,)
        logit(pd): the leaf values summed in tree order, calibrated, and no sum of terms.
    """

    log_odds: Floats
    base: Floats
    total: Floats

    def points(self, scale: MasterScale, score: Ints) -> tuple[Ints, Ints]:
        """Return base points of shape (n,) and feature points of shape (n, p) that sum to the score exactly."""
        exact = np.empty((len(self.base), self.log_odds.shape[1] + 1))
        exact[:, 0] = scale.offset - scale.factor * self.base
        np.multiply(self.log_odds, -scale.factor, out=exact[:, 1:])
        shared = share_points(exact, score)
        return shared[:, 0], shared[:, 1:]


def explain(
    scorer: Scorer,
    X: Floats,
    reference: ReferencePopulation | None = None,
    columns: Sequence[int] | None = None,
    *,
    explainer: Explainer = "tree_shap",
) -> Terms:
    """Split the calibrated log-odds of each row: logit(pd) = a·(base + Σφ) + b.

    Parameters and errors are those of :func:`icsml.explain.shap_engine.contributions`, of the scorer's booster.
    """
    whole, margins = contributions(scorer.booster, X, reference, columns, explainer=explainer)
    return Terms(
        log_odds=scorer.calibration.slope * whole[:, :-1],
        base=scorer.calibration.slope * whole[:, -1] + scorer.calibration.intercept,
        total=log_odds(margins, scorer.calibration),
    )


def rank_terms(log_odds: Floats, most: int) -> Ints:
    """Return, for each row, the columns of its largest terms by size, ties by feature order; shape (n, k)."""
    from icsml.explain.largest_terms import largest_terms  # numba: not before the first reason

    ranked = np.empty((len(log_odds), min(most, log_odds.shape[1])), dtype=np.int64)
    largest_terms(for_compiled(log_odds), ranked)
    return ranked


class LargestTerms(NamedTuple):
    """The largest terms of all rows, row after row, in each the largest first and none that is zero.

    Parameters
    ----------
    rows, columns : ndarray of int of shape (m,)
        Row and feature of each.
    log_odds, values : ndarray of shape (m,)
        The term, and the value of the feature.
    points : ndarray of int of shape (m,)
        Its score points.
    """

    rows: Ints
    columns: Ints
    log_odds: Floats
    points: Ints
    values: Floats


def largest(log_odds: Floats, points: Ints, values: Floats, most: int) -> LargestTerms:
    """Return the largest terms of each row by size, ties by feature order, with their points and feature values.

    Parameters
    ----------
    log_odds, points, values : ndarray of shape (n, p)
        Terms, score points and feature values.
    most : int
        Most terms of a row.
    """
    from icsml.explain.largest_terms import gather_terms  # numba: not before the first reason

    ranked = rank_terms(log_odds, most)
    terms = for_compiled(log_odds)
    size = ranked.size
    rows, columns, kept_points = np.empty((3, size), dtype=np.int64)
    kept_terms, kept_values = np.empty((2, size))
    read = (terms, np.ascontiguousarray(points), np.ascontiguousarray(values))
    n = gather_terms(ranked, *read, rows, columns, kept_terms, kept_points, kept_values)
    return LargestTerms(rows[:n], columns[:n], kept_terms[:n], kept_points[:n], kept_values[:n])


def adverse(log_odds: Floats, at_least: float) -> Floats:
    """Return the terms allowed as reasons against the applicant; zero where one is favourable or smaller."""
    large = log_odds >= at_least if at_least > 0.0 else log_odds > 0.0
    terms: Floats = np.where(large, log_odds, 0.0)
    return terms


def by_group(groups: Sequence[str], log_odds: Floats, points: Ints) -> dict[str, tuple[Floats, Ints]]:
    """Return the sums of terms and of points, shape (n,) each, by group in the order of first appearance."""
    columns: dict[str, list[int]] = {}
    for column, group in enumerate(groups):
        columns.setdefault(group, []).append(column)
    return {
        group: (sum_in_order(log_odds[:, members]), points[:, members].sum(axis=1))
        for group, members in columns.items()
    }


def pd_effects(total: Floats, terms: Floats) -> Floats:
    """Return by how much the PD would differ if one term were zero: pd(total) - pd(total - term); not additive."""
    effects: Floats = pd_from_log_odds(total) - pd_from_log_odds(total - terms)
    return effects
