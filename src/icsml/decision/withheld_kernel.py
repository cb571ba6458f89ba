"""Compiled search for the reference rows that fill the gaps of a record."""

from __future__ import annotations

import numpy as np

from icsml.core.arrays import Bytes, Flags, Float32s, Floats, Ints, Words
from icsml.core.compilation import compiled, inlined

__all__ = ["NO_RANK", "STEPS", "fill", "find_lenders", "find_nearest"]

STEPS = 254
"""Steps to which ranks from 0 to 1 are rounded for the first measurement."""
NO_RANK = 255
"""Stands for a rank that is missing."""
_STEPS_OF_DISTANCE = 1024
_LARGEST_SINGLE = 1e38  # a weight beyond it is infinite in single precision
_PRECISION = 1e-4  # single precision moves a sum of a hundred terms by less than this share


@inlined
def _before(distance: float, row: int, other_distance: float, other_row: int) -> bool:
    return distance < other_distance or (distance == other_distance and row < other_row)


@inlined
def _replace_last(distances: Floats, rows: Ints, distance: float, row: int) -> None:
    """Put a row in place of the farthest one, the first of a heap."""
    at = 0
    while 2 * at + 1 < len(rows):
        child = 2 * at + 1
        if child + 1 < len(rows) and _before(distances[child], rows[child], distances[child + 1], rows[child + 1]):
            child += 1
        if not _before(distance, row, distances[child], rows[child]):
            break
        distances[at], rows[at] = distances[child], rows[child]
        at = child
    distances[at], rows[at] = distance, row


@compiled
def find_lenders(known: Words, absent: Words, lends: Flags) -> int:
    """Find the rows that have a value of every absent feature, and count them.

    Parameters
    ----------
    known : ndarray of uint64 of shape (w, r)
        Whether each reference row has a value of each feature, 64 features in a word.
    absent : ndarray of uint64 of shape (w,)
        Features that the record lacks.
    lends : ndarray of bool of shape (r,)
        Set for these rows.
    """
    count = 0
    for row in range(len(lends)):
        complete = True
        for word in range(len(absent)):
            complete &= (known[word, row] & absent[word]) == absent[word]
        lends[row] = complete
        count += complete
    return count


@compiled
def find_nearest(
    ranks: Floats,
    rounded: Bytes,
    ordered: Floats,
    counts: Ints,
    weights: Floats,
    values: Floats,
    lends: Flags,
    nearest: Ints,
) -> None:
    """Find the reference rows nearest to a record, by weighted differences of rank of its known features.

    All rows are measured with rounded ranks, and those that may be among the nearest once more exactly.

    Parameters
    ----------
    ranks : ndarray of shape (r, p)
        Rank of each reference value among those of its feature, from 0 to 1; NaN where there is none.
    rounded : ndarray of uint8 of shape (p, r)
        The same in whole steps, `STEPS` of them; `NO_RANK` where there is none.
    ordered : ndarray of shape (p, r)
        The values of each feature, rising, the missing ones last.
    counts : ndarray of int of shape (p,)
        How many are known.
    weights : ndarray of shape (p,)
        Weight of each feature, none below zero.
    values : ndarray of shape (p,)
        The record; NaN is missing.
    lends : ndarray of bool of shape (r,)
        Rows to choose from; no fewer than are wanted.
    nearest : ndarray of int of shape (k,)
        The rows are written into it, in no order; of rows equally far the first ones.
    """
    present = np.flatnonzero(~np.isnan(values) & (weights != 0.0))
    own = np.empty(len(present))
    for at, column in enumerate(present):
        reached = np.searchsorted(ordered[column, : counts[column]], values[column], side="right")
        own[at] = reached / max(counts[column], 1)
    about = _measure_all(rounded, weights, present, own)
    moved = weights.sum() * (0.5 + _PRECISION * STEPS)  # a rank is rounded by half a step at most
    bound = _enough(about, lends, len(nearest), weights.sum()) + 2.0 * moved
    distances = np.full(len(nearest), np.inf)
    nearest[:] = len(lends)
    for row in range(len(lends)):
        if lends[row] and not about[row] > bound:
            distance = 0.0
            for at, column in enumerate(present):
                apart = abs(ranks[row, column] - own[at])
                distance += weights[column] * (0.5 if np.isnan(apart) else apart)
            if np.isnan(distance):  # an infinite weight: still a row, or an index beyond the last one would stay
                distance = np.inf
            if _before(distance, row, distances[0], nearest[0]):
                _replace_last(distances, nearest, distance, row)


@inlined
def _enough(about: Float32s, lends: Flags, wanted: int, weight: float) -> float:
    """Return a distance that so many of the rows do not exceed, little above the least one."""
    largest = weight * STEPS * (1.0 + _PRECISION)
    if not 0.0 < largest < _LARGEST_SINGLE:
        return np.inf
    counts = np.zeros(_STEPS_OF_DISTANCE, dtype=np.int64)
    for row in range(len(lends)):
        counts[int(about[row] / largest * (_STEPS_OF_DISTANCE - 1))] += lends[row]
    step, count = 0, counts[0]
    while count < wanted:
        step += 1
        count += counts[step]
    return (step + 1) / (_STEPS_OF_DISTANCE - 1) * largest * (1.0 + _PRECISION)


@inlined
def _measure_all(rounded: Bytes, weights: Floats, present: Ints, own: Floats) -> Float32s:
    # In single precision throughout: whole numbers would be computed in 64 bits.
    about, missing, half = np.zeros(rounded.shape[1], dtype=np.float32), np.float32(NO_RANK), np.float32(STEPS / 2)
    for at, column in enumerate(present):
        weight, mine, ranks = np.float32(weights[column]), np.float32(own[at] * STEPS), rounded[column]
        for row in range(len(about)):
            rank = np.float32(ranks[row])
            about[row] += weight * (half if rank == missing else abs(rank - mine))
    return about


@compiled
def fill(reference: Floats, rows: Ints, absent: Ints, values: Floats, filled: Floats) -> None:
    """Write a record into each row of ``filled``, shape (k, p), its absent features from one reference row each."""
    for at in range(len(rows)):
        filled[at] = values
        for column in absent:
            filled[at, column] = reference[rows[at], column]
