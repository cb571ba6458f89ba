"""Sums in a fixed order, so that a row has the same bits alone and in a batch."""

from __future__ import annotations

import numpy as np

from icsml.core.arrays import Floats

__all__ = ["sum_in_order"]


def sum_in_order(terms: Floats) -> Floats:
    """Sum over the second axis from left to right, so that a row has the same bits alone and in a batch."""
    if len(terms) == 1:
        return np.add.accumulate(terms, axis=1)[:, -1] if terms.shape[1] else np.zeros(1)
    total = np.zeros(len(terms))
    for column in range(terms.shape[1]):
        total = total + terms[:, column]
    return total
