"""Compiled selection of the largest terms, and rounding of score points."""

from __future__ import annotations

import numpy as np

from icsml.core.arrays import Floats, Ints
from icsml.core.compilation import compiled, inlined

__all__ = ["gather_terms", "largest_remainder", "largest_terms", "sum_terms"]

_HALVINGS = 16


@compiled
def largest_remainder(exact: Floats, total: Ints, shared: Ints) -> None:
    """Fill ``shared`` (n, m) with ``exact`` rounded down, the largest fractions rounded up to reach a row's total."""
    n, m = exact.shape
    fraction = np.empty(m)
    for row in range(n):
        wanting = total[row]
        for j in range(m):
            low = np.floor(exact[row, j])
            fraction[j] = exact[row, j] - low
            shared[row, j] = np.int64(low)
            wanting -= np.int64(low)
        _round_up(fraction, wanting, shared[row])


@inlined
def _round_up(fraction: Floats, wanting: int, rounded: Ints) -> None:
    """Add one to as many as are wanting, those of the largest fractions, of equal ones the leftmost.

    No sort: a row has the same bits alone and in a batch.
    """
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):  # usually some bound has just as many fractions above it
        bound = 0.5 * (low + high)
        above = 0
        for j in range(len(fraction)):
            above += fraction[j] > bound
        if above == wanting:
            for j in range(len(fraction)):
                rounded[j] += fraction[j] > bound
            return
        if above > wanting:
            low = bound
        else:
            high = bound
    for j in range(len(fraction)):
        before = 0
        for k in range(len(fraction)):
            before += fraction[k] > fraction[j]
        for k in range(j):
            before += fraction[k] == fraction[j]
        rounded[j] += before < wanting


@compiled
def largest_terms(terms: Floats, ranked: Ints) -> None:
    """Fill ``ranked`` (n, k) with the columns of the k largest terms (n, m) by absolute value, ties by column order."""
    n, m = terms.shape
    most = ranked.shape[1]
    sizes = np.empty(most)
    for row in range(n):
        kept = 0
        for j in range(m if most else 0):
            size = abs(terms[row, j])
            if kept == most and not size > sizes[most - 1]:
                continue
            place = min(kept, most - 1)
            while place > 0 and size > sizes[place - 1]:
                sizes[place], ranked[row, place] = sizes[place - 1], ranked[row, place - 1]
                place -= 1
            sizes[place], ranked[row, place] = size, j
            kept = min(kept + 1, most)


@compiled
def gather_terms(
    ranked: Ints,
    terms: Floats,
    points: Ints,
    values: Floats,
    rows: Ints,
    columns: Ints,
    log_odds: Floats,
    gathered_points: Ints,
    gathered_values: Floats,
) -> int:
    """Gather the ranked terms that are not zero, row after row, with their points and values; return how many."""
    count = 0
    for row in range(len(ranked)):
        for rank in range(ranked.shape[1]):
            column = ranked[row, rank]
            if terms[row, column] != 0.0:
                rows[count], columns[count], log_odds[count] = row, column, terms[row, column]
                gathered_points[count], gathered_values[count] = points[row, column], values[row, column]
                count += 1
    return count


@compiled
def sum_terms(
    terms: Floats,
    points: Ints,
    groups: Ints,
    sums: Floats,
    point_sums: Ints,
    merged: Floats,
    merged_points: Ints,
    ranked: Ints,
    others: Floats,
    other_points: Ints,
) -> None:
    """Sum the terms of n rows by group, and the merged ones that are not displayed, each from left to right.

    Parameters
    ----------
    terms, points : ndarray of shape (n, p)
        Terms before merging, and their score points.
    groups : ndarray of int of shape (p,)
        Number of each feature's group.
    sums, point_sums : ndarray of shape (n, g)
        Filled with the sums by group.
    merged, merged_points : ndarray of shape (n, p)
        The same after merging.
    ranked : ndarray of int of shape (n, k)
        The columns that are displayed where their merged term is not zero.
    others, other_points : ndarray of shape (n,)
        Filled with the sums of the others.
    """
    n, p = terms.shape
    displayed = np.empty(p, dtype=np.bool_)
    sums[:], point_sums[:], others[:], other_points[:] = 0.0, 0, 0.0, 0
    for row in range(n):
        displayed[:] = False
        for column in ranked[row]:
            displayed[column] = merged[row, column] != 0.0
        for column in range(p):
            sums[row, groups[column]] += terms[row, column]
            point_sums[row, groups[column]] += points[row, column]
            if not displayed[column]:
                others[row] += merged[row, column]
                other_points[row] += merged_points[row, column]
