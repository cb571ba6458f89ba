"""Features of one group that say the same: where they have the same sign they may be told as one reason."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.stats import rankdata

from icsml.core.arrays import Floats, Ints
from icsml.explain.ordered_sum import sum_in_order
from icsml.features.feature import INNOVATION_SCORE
from icsml.model.bundle import BundleParts
from icsml.model.reference import ReferencePopulation

__all__ = ["Clusters", "alike", "by_cluster", "clusters", "merge", "merged_into"]

Clusters = tuple[tuple[int, ...], ...]
"""Places of features that belong together, two or more each."""

_FEWEST = 30  # rows that have both features; a rank correlation of fewer says nothing


def clusters(bundle: BundleParts, above: float | None) -> Clusters:
    """Return the features of a model that are told as one; the innovation score stays apart, for its own reasons.

    Parameters
    ----------
    bundle : BundleParts
        The model; without a reference population no feature is like another.
    above : float or None
        As for :func:`alike`; None keeps every feature apart.
    """
    if above is None or bundle.reference is None:
        return ()
    groups = tuple(None if f.name == INNOVATION_SCORE else f.group for f in bundle.features)
    return alike(bundle.reference, groups, above)


@lru_cache(maxsize=16)
def alike(reference: ReferencePopulation, groups: tuple[str | None, ...], above: float) -> Clusters:
    """Return features of one group that are joined by rank correlations, whatever their sign.

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
    for place in range(len(groups)):
        members.setdefault(_root(parent, place), []).append(place)
    return tuple(tuple(places) for places in members.values() if len(places) > 1)


def merge(log_odds: Floats, points: Ints, clusters: Clusters) -> tuple[Floats, Ints]:
    """Put the terms of like features of the same sign where the largest of them stands; the others become zero.

    Parameters
    ----------
    log_odds, points : ndarray of shape (n, p)
        Terms.
    clusters : Clusters
        Which features are alike.

    Returns
    -------
    log_odds, points : ndarray of shape (n, p)
        Each row sums to what it did, the points exactly.
    """
    if not clusters:
        return log_odds, points
    log_odds, points = log_odds.copy(), points.copy()
    rows = np.arange(len(log_odds))
    for places in clusters:
        own, own_points = log_odds[:, places], points[:, places]
        for sign in (1.0, -1.0):
            same = own * sign > 0.0
            lead = np.array(places)[np.argmax(np.where(same, np.abs(own), -1.0), axis=1)]
            several = same.sum(axis=1) > 1
            total, total_points = sum_in_order(np.where(same, own, 0.0)), np.where(same, own_points, 0).sum(axis=1)
            for column, place in enumerate(places):
                moved = several & same[:, column]
                log_odds[moved, place], points[moved, place] = 0.0, 0
            log_odds[rows[several], lead[several]] = total[several]
            points[rows[several], lead[several]] = total_points[several]
    return log_odds, points


def by_cluster(log_odds: Floats, clusters: Clusters) -> tuple[Floats, Floats]:
    """Return the terms as :func:`merge` tells them, like features in the same places whichever of them leads.

    Parameters
    ----------
    log_odds : ndarray of shape (n, p)
        Terms.
    clusters : Clusters
        Which features are alike.

    Returns
    -------
    told : ndarray of shape (n, q)
        The features that stand apart, then of each cluster what raises the risk in it and what lowers it.
    else_opposite : ndarray of shape (n, q)
        The same, and where a cluster says nothing of one sign what it says of the other.
    """
    clustered = {place for places in clusters for place in places}
    apart = log_odds[:, [place for place in range(log_odds.shape[1]) if place not in clustered]]
    told, else_opposite = [apart], [apart]
    for places in clusters:
        own = log_odds[:, places]
        up, down = sum_in_order(np.maximum(own, 0.0)), sum_in_order(np.minimum(own, 0.0))
        told.append(np.column_stack([up, down]))
        else_opposite.append(np.column_stack([np.where(up > 0.0, up, down), np.where(down < 0.0, down, up)]))
    return np.hstack(told), np.hstack(else_opposite)


def merged_into(lead: int, log_odds: Floats, clusters: Clusters) -> list[int]:
    """Return the places of the terms of one row, unmerged, that stand in the reason of ``lead``, largest first."""
    for places in clusters:
        if lead in places:
            others = [p for p in places if p != lead and log_odds[p] * log_odds[lead] > 0.0]
            return sorted(others, key=lambda place: (-abs(log_odds[place]), place))
    return []


def _root(parent: list[int], place: int) -> int:
    while parent[place] != place:
        place = parent[place]
    return place


def _spearman(left: Floats, right: Floats) -> float:
    both = ~(np.isnan(left) | np.isnan(right))
    if int(both.sum()) < _FEWEST:
        return 0.0
    a, b = rankdata(left[both]), rankdata(right[both])
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / size if size > 0.0 else 0.0
