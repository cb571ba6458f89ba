"""Compiled selection of the largest terms, and rounding of score points."""

from __future__ import annotations

import numpy as np

from icsml.core.arrays import Floats, Ints
from icsml.core.compilation import compiled, inlined

__all__ = ["largest_remainder", "largest_terms"]

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
    size = np.empty(m)
    for row in range(n):
        for j in range(m):
            size[j] = abs(terms[row, j])
        for rank in range(ranked.shape[1]):
            best = 0
            for j in range(1, m):
                if size[j] > size[best]:
                    best = j
            ranked[row, rank] = best
            size[best] = -1.0
