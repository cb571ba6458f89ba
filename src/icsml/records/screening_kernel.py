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
    dated : ndarray of int of shape (d, 2)
        Fields of which the first needs the second.
    """

    low: Floats
    high: Floats
    parts: Ints
    tolerance: float
    dates: Ints
    dated: Ints


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
    undated : ndarray of bool of shape (d, n)
        Fields without the one that they need.
    present : ndarray of int of shape (n,)
        How many numbers and dates are known.
    """

    out_of_range: Flags
    outside: Flags
    infinite: Flags
    above: Flags
    reversed: Flags
    undated: Flags
    present: Ints


@compiled
def screen_numbers(table: Floats, limits: Limits, found: Found) -> bool:
    """Screen a table of numbers, shape (fields, n); what is found is written into ``found``.

    Returns
    -------
    bool
        Whether any number is infinite or outside its range, or any date is in the wrong order or missing.
    """
    # Several plain loops over one field at a time: each is compiled to vector instructions.
    fields, n = table.shape
    present, suspect = found.present, False
    present[:] = 0
    for field in range(fields):
        values, flags = table[field], found.out_of_range[field]
        low, high = limits.low[field], limits.high[field]
        any_beyond, any_infinite = False, False
        for row in range(n):
            beyond = (values[row] < low) | (values[row] > high)
            flags[row] = beyond
            any_beyond |= beyond
            any_infinite |= abs(values[row]) == np.inf
            present[row] += values[row] == values[row]
        found.outside[field], found.infinite[field] = any_beyond, any_infinite
        suspect |= any_beyond | any_infinite
    for pair in range(len(limits.parts)):
        parts, wholes = table[limits.parts[pair, 0]], table[limits.parts[pair, 1]]
        flags, any_above = found.out_of_range[limits.parts[pair, 0]], False
        for row in range(n):
            most = wholes[row] * limits.tolerance
            # A whole below zero is out of range itself and is no evidence on its parts.
            above = (parts[row] > most) & (wholes[row] >= 0.0) & (abs(most) < np.inf)
            flags[row] |= above
            any_above |= above
        found.above[pair] = any_above
    for pair in range(len(limits.dates)):
        earlier, later = table[limits.dates[pair, 0]], table[limits.dates[pair, 1]]
        flags = found.reversed[pair]
        for row in range(n):
            flags[row] = earlier[row] > later[row]
            suspect |= flags[row]
    for pair in range(len(limits.dated)):
        dated, date = table[limits.dated[pair, 0]], table[limits.dated[pair, 1]]
        flags = found.undated[pair]
        for row in range(n):
            flags[row] = (dated[row] == dated[row]) & (date[row] != date[row])
            suspect |= flags[row]
    return suspect
