"""Merged reasons: correlated features of one group become one reason where their terms have the same sign."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from icsml.core.arrays import Floats, Ints
from icsml.explain.ordered_sum import sum_in_order
from icsml.features.feature import INNOVATION_SCORE
from icsml.model.bundle import BundleParts
from icsml.model.reference import ReferencePopulation

__all__ = ["Clusters", "by_cluster", "clusters", "correlated", "merge", "merged_into"]

Clusters = tuple[tuple[int, ...], ...]
"""Columns of features that are correlated, two or more each."""

_FEWEST = 30  # rows that have both features; a rank correlation of fewer is unreliable


def clusters(bundle: BundleParts, above: float | None) -> Clusters:
    """Return the features of a model whose reasons are merged; the innovation score keeps its own reasons.

    Parameters
    ----------
    bundle : BundleParts
        The model; without a reference population nothing is known to be correlated.
    above : float or None
        As for :func:`correlated`; None keeps every feature apart.
    """
    if above is None or bundle.reference is None:
        return ()
    groups = tuple(None if f.name == INNOVATION_SCORE else f.group for f in bundle.features)
    return correlated(bundle.reference, groups, above)


@lru_cache(maxsize=16)
def correlated(reference: ReferencePopulation, groups: tuple[str | None, ...], above: float) -> Clusters:
    """Return features of one group connected by rank correlations of either sign.

    Parameters
    ----------
    reference : ReferencePopulation
        The rows over which Spearman's correlation is taken, pairwise where both have a value.
    groups : tuple of str or None
        Group of each feature; None keeps a feature apart.
    above : float
        Smallest size of a correlation that joins two features.
    """
    parent = list(range(len(groups)))
    for right in range(len(groups)):
        for left in range(right):
            same = groups[left] is not None and groups[left] == groups[right]
            if same and abs(_spearman(reference.rows[:, left], reference.rows[:, right])) >= above:
                first, second = sorted((_root(parent, left), _root(parent, right)))
                parent[second] = first
    members: dict[int, list[int]] = {}
    for column in range(len(groups)):
        members.setdefault(_root(parent, column), []).append(column)
    return tuple(tuple(columns) for columns in members.values() if len(columns) > 1)


def merge(log_odds: Floats, points: Ints, clusters: Clusters) -> tuple[Floats, Ints]:
    """Give the largest term of a cluster the sum of its terms of the same sign; the others become zero.

    Parameters
    ----------
    log_odds, points : ndarray of shape (n, p)
        Terms.
    clusters : Clusters
        Which features are correlated.

    Returns
    -------
    log_odds, points : ndarray of shape (n, p)
        Each row sums to what it did, the points exactly.
    """
    if not clusters:
        return log_odds, points
    log_odds, points = log_odds.copy(), points.copy()
    rows = np.arange(len(log_odds))
    for columns in clusters:
        terms, term_points = log_odds[:, columns], points[:, columns]
        for sign in (1.0, -1.0):
            same = terms * sign > 0.0
            lead = np.array(columns)[np.argmax(np.where(same, np.abs(terms), -1.0), axis=1)]
            several = same.sum(axis=1) > 1
            total, total_points = sum_in_order(np.where(same, terms, 0.0)), np.where(same, term_points, 0).sum(axis=1)
            for member, column in enumerate(columns):
                merged = several & same[:, member]
                log_odds[merged, column], points[merged, column] = 0.0, 0
            log_odds[rows[several], lead[several]] = total[several]
            points[rows[several], lead[several]] = total_points[several]
    return log_odds, points


def by_cluster(log_odds: Floats, clusters: Clusters) -> tuple[Floats, Floats]:
    """Return the terms as :func:`merge` does, with a cluster's in the same columns whichever feature leads.

    Parameters
    ----------
    log_odds : ndarray of shape (n, p)
        Terms.
    clusters : Clusters
        Which features are correlated.

    Returns
    -------
    merged : ndarray of shape (n, q)
        The features outside clusters, then of each cluster what raises the risk in it and what lowers it.
    else_opposite : ndarray of shape (n, q)
        The same, and where a cluster has no term of one sign its sum of the other.
    """
    clustered = {column for columns in clusters for column in columns}
    apart = log_odds[:, [column for column in range(log_odds.shape[1]) if column not in clustered]]
    merged, else_opposite = [apart], [apart]
    for columns in clusters:
        terms = log_odds[:, columns]
        up, down = sum_in_order(np.maximum(terms, 0.0)), sum_in_order(np.minimum(terms, 0.0))
        merged.append(np.column_stack([up, down]))
        else_opposite.append(np.column_stack([np.where(up > 0.0, up, down), np.where(down < 0.0, down, up)]))
    return np.hstack(merged), np.hstack(else_opposite)


def merged_into(lead: int, log_odds: Floats, clusters: Clusters) -> list[int]:
    """Return the columns of one row's unmerged terms that the reason of ``lead`` contains, largest first."""
    for columns in clusters:
        if lead in columns:
            others = [column for column in columns if column != lead and log_odds[column] * log_odds[lead] > 0.0]
            return sorted(others, key=lambda column: (-abs(log_odds[column]), column))
    return []


def _root(parent: list[int], column: int) -> int:
    while parent[column] != column:
        column = parent[column]
    return column


def _spearman(left: Floats, right: Floats) -> float:
    both = ~(np.isnan(left) | np.isnan(right))
    if int(both.sum()) < _FEWEST:
        return 0.0
    from scipy.stats import rankdata  # 45 MB that a bundle without clusters does not need

    a, b = rankdata(left[both]), rankdata(right[both])
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / size if size > 0.0 else 0.0
