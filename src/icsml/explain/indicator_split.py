"""Second level of reasons: the innovation score's term, split over its indicators."""

from __future__ import annotations

from typing import Final

import numpy as np

from icsml.core.arrays import Floats, Ints
from icsml.explain.score_points import share_points

__all__ = ["SMALLEST", "split_points", "split_term"]


SMALLEST: Final = 0.02
"""Log-odds below which a term is not worth splitting, and has no sign worth contradicting."""


def split_term(term: float, differences: Floats) -> Floats | None:
    """Split a term over indicators in proportion to their points' difference from the reference's mean.

    Parameters
    ----------
    term : float
        The innovation score's part of the log-odds.
    differences : ndarray of shape (m,)
        Points of each indicator less the reference population's mean points.

    Returns
    -------
    ndarray of shape (m,), optional
        Parts that sum to the term up to rounding. None where the term is small, or where the differences cancel: the
        parts would be far larger than the term.
    """
    total = float(np.cumsum(differences)[-1]) if len(differences) else 0.0
    if abs(term) < SMALLEST or not abs(total) > 0.5 * float(np.abs(differences).sum()):
        return None
    parts: Floats = term * (differences / total)
    return parts


def split_points(exact: Floats, total: int) -> Ints:
    """Round the parts of shape (m,) so that they sum to the points of their term exactly (largest remainder)."""
    points: Ints = share_points(exact[None, :], np.array([total]))[0]
    largest = int(np.argmax(np.abs(exact)))
    points[largest] += total - int(points.sum())  # one unit, where rounding crossed a whole number
    return points
