"""Compiled search for the reference rows that fill the gaps of a record."""

from __future__ import annotations

import numpy as np

from icsml.core.arrays import Flags, Floats, Ints
from icsml.core.compilation import compiled

__all__ = ["count_lent", "measure"]


@compiled
def count_lent(known: Flags, absent: Ints, counts: Ints) -> None:
    """Count which of the absent features each reference row has a value of.

    Parameters
    ----------
    known : ndarray of bool of shape (r, p)
        Whether a reference row has a value.
    absent : ndarray of int of shape (a,)
        Features that the record lacks.
    counts : ndarray of int of shape (r,)
        The counts are written into it.
    """
    for row in range(len(known)):
        count = 0
        for column in absent:
            count += known[row, column]
        counts[row] = count


@compiled
def measure(
    ranks: Floats, ordered: Floats, counts: Ints, weights: Floats, values: Floats, rows: Ints, distances: Floats
) -> None:
    """Measure how far some reference rows are from a record: weighted differences of rank of its known features.

    Parameters
    ----------
    ranks : ndarray of shape (r, p)
        Rank of each value in its column, from 0 to 1; NaN where there is none.
    ordered : ndarray of shape (p, r)
        The values of each column, rising.
    counts : ndarray of int of shape (p,)
        How many of them there are.
    weights : ndarray of shape (p,)
        Weight of each feature.
    values : ndarray of shape (p,)
        The record; NaN is missing.
    rows : ndarray of int of shape (c,)
        Which rows.
    distances : ndarray of shape (c,)
        The distances are written into it.
    """
    present = np.flatnonzero(~np.isnan(values))
    own = np.empty(len(present))
    for at, column in enumerate(present):
        reached = np.searchsorted(ordered[column, : counts[column]], values[column], side="right")
        own[at] = reached / max(counts[column], 1)
    for row in range(len(rows)):
        distance = 0.0
        for at, column in enumerate(present):
            apart = abs(ranks[rows[row], column] - own[at])
            distance += weights[column] * (0.5 if np.isnan(apart) else apart)
        distances[row] = distance
