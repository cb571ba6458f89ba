"""Compiled screening of numbers: declared ranges, parts above their whole, dates in the wrong order."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from icsml.core.arrays import Flags, Floats, Ints
from icsml.core.compilation import compiled

__all__ = ["Found", "Limits", "screen_numbers"]


class Limits(NamedTuple):
    """What numbers are screened for.

    Parameters
    ----------
    low, high : ndarray of shape (fields,)
        Bounds of each field, included; infinite where there is none.
    parts : ndarray of int of shape (m, 2)
        Fields of which the first is a part of the second.
    tolerance : float
        Largest ratio of part to whole that is still rounding.
    dates : ndarray of int of shape (d, 2)
        Fields of which the first date is not later than the second.
    """

    low: Floats
    high: Floats
    parts: Ints
    tolerance: float
    dates: Ints


class Found(NamedTuple):
    """What is found in n rows.

    Parameters
    ----------
    out_of_range : ndarray of bool of shape (fields, n)
        Numbers outside their range, or above the whole that they are part of.
    outside, infinite : ndarray of bool of shape (fields,)
        Fields with any number outside their range, or infinite.
    above : ndarray of bool of shape (m,)
        Pairs with any part above its whole.
    reversed : ndarray of bool of shape (d, n)
        Dates in the wrong order.
    present : ndarray of int of shape (n,)
        How many numbers and dates are known.
    """

    out_of_range: Flags
    outside: Flags
    infinite: Flags
    above: Flags
    reversed: Flags
    present: Ints


@compiled
def screen_numbers(table: Floats, limits: Limits, found: Found) -> None:
    """Screen a table of numbers, shape (fields, n); what is found is written into ``found``."""
    fields, n = table.shape
    found.present[:] = 0
    for field in range(fields):
        for row in range(n):
            value = table[field, row]
            beyond = value < limits.low[field] or value > limits.high[field]
            found.out_of_range[field, row] = beyond
            found.outside[field] |= beyond
            found.infinite[field] |= np.isinf(value)
            found.present[row] += not np.isnan(value)
    for pair in range(len(limits.parts)):
        part, whole = limits.parts[pair, 0], limits.parts[pair, 1]
        for row in range(n):
            most = table[whole, row] * limits.tolerance
            # A whole below zero is out of range itself and is no evidence on its parts.
            above = table[part, row] > most and table[whole, row] >= 0.0 and np.isfinite(most)
            found.out_of_range[part, row] |= above
            found.above[pair] |= above
    for pair in range(len(limits.dates)):
        for row in range(n):
            earlier, later = table[limits.dates[pair, 0], row], table[limits.dates[pair, 1], row]
            found.reversed[pair, row] = earlier > later
