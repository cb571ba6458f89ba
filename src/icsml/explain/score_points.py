"""Score points of each term, whole numbers that add up to the score exactly (largest remainder)."""

from __future__ import annotations

import numpy as np

from icsml.core.arrays import Floats, Ints, for_compiled

__all__ = ["share_points"]


def share_points(exact: Floats, total: Ints) -> Ints:
    """Round the terms of each row so that they sum to its total.

    Every term is rounded down, then the units still wanting go to the largest fractions, ties to the earlier term.

    Parameters
    ----------
    exact : ndarray of shape (n, m)
        Unrounded points, the base first and then the features in their order.
    total : ndarray of int of shape (n,)
        The score of each row: the sum of its unrounded points, rounded.

    Returns
    -------
    ndarray of int of shape (n, m)
        Rounded points; each row sums to its total.
    """
    from icsml.explain.largest_terms import largest_remainder  # numba: not before the first reason

    shared = np.empty(exact.shape, dtype=np.int64)
    largest_remainder(for_compiled(exact), for_compiled(total, np.int64), shared)
    return shared
