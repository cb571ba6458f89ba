"""Compiled screening of numbers: declared ranges, parts above their whole, dates in the wrong order."""

from __future__ import annotations

import numpy as np

from icsml.core.arrays import Flags, Floats, Ints
from icsml.core.compilation import compiled

__all__ = ["find_above_whole", "find_outside", "find_reversed"]


@compiled
def find_outside(
    table: Floats, low: Floats, high: Floats, outside: Flags, found: Flags, infinite: Flags, present: Ints
) -> None:
    """Find numbers outside their range, and count those that are known.

    Parameters
    ----------
    table : ndarray of shape (fields, n)
        Numbers.
    low, high : ndarray of shape (fields,)
        Bounds, included; infinite where there is none.
    outside : ndarray of bool of shape (fields, n)
        Set where a number is outside its range.
    found, infinite : ndarray of bool of shape (fields,)
        Set for fields with any number outside, or infinite.
    present : ndarray of int of shape (n,)
        The numbers known are added to it.
    """
    for field in range(table.shape[0]):
        for row in range(table.shape[1]):
            value = table[field, row]
            beyond = value < low[field] or value > high[field]
            outside[field, row] = beyond
            found[field] |= beyond
            infinite[field] |= np.isinf(value)
            present[row] += not np.isnan(value)


@compiled
def find_above_whole(table: Floats, parts: Ints, tolerance: float, outside: Flags, found: Flags) -> None:
    """Find parts larger than their whole by more than rounding; a whole below zero is no evidence on its parts.

    Parameters
    ----------
    table : ndarray of shape (fields, n)
        Numbers.
    parts : ndarray of int of shape (m, 2)
        Rows of a part and of its whole.
    tolerance : float
        Largest ratio of part to whole that is still rounding.
    outside : ndarray of bool of shape (fields, n)
        As of :func:`find_outside`; set for the part.
    found : ndarray of bool of shape (m,)
        Set for pairs with any part above its whole.
    """
    for pair in range(len(parts)):
        part, whole = parts[pair, 0], parts[pair, 1]
        for row in range(table.shape[1]):
            most = table[whole, row] * tolerance
            above = table[part, row] > most and table[whole, row] >= 0.0 and np.isfinite(most)
            outside[part, row] |= above
            found[pair] |= above


@compiled
def find_reversed(table: Floats, order: Ints, reversed_: Flags) -> None:
    """Find dates later than one that they should precede.

    Parameters
    ----------
    table : ndarray of shape (fields, n)
        Numbers.
    order : ndarray of int of shape (m, 2)
        Rows of the earlier and of the later date.
    reversed_ : ndarray of bool of shape (m, n)
        Whether the first is later than the second.
    """
    for pair in range(len(order)):
        for row in range(table.shape[1]):
            reversed_[pair, row] = table[order[pair, 0], row] > table[order[pair, 1], row]
