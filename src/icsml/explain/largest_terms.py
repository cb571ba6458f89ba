"""Compiled selection of the largest terms, and rounding of score points."""

from __future__ import annotations

import numpy as np

from icsml.core.arrays import Floats, Ints
from icsml.core.compilation import compiled

__all__ = ["largest_remainder", "largest_terms"]


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
        # A fraction is rounded up where fewer fractions than units wanting come before it, larger ones and equal
        # ones to the left: no sort, and a row has the same bits alone and in a batch.
        for j in range(m):
            before = 0
            for k in range(m):
                before += fraction[k] > fraction[j]
            for k in range(j):
                before += fraction[k] == fraction[j]
            shared[row, j] += before < wanting


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
