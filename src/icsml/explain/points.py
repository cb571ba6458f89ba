"""Score points of each term, whole numbers that add up to the score exactly (largest remainder)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["share_points"]


def share_points(exact: NDArray[np.float64], total: NDArray[np.int64]) -> NDArray[np.int64]:
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
    floor = np.floor(exact)
    wanting = total - floor.astype(np.int64).sum(axis=1)
    order = np.argsort(floor - exact, axis=1, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(exact.shape[1])[None, :].repeat(len(exact), axis=0), axis=1)
    rounded: NDArray[np.int64] = floor.astype(np.int64) + (rank < wanting[:, None])
    return rounded
