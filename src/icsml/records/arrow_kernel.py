"""Compiled reading of Arrow's buffers: numbers, days, and check characters."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from icsml.core.arrays import Flags, Floats, Ints
from icsml.core.compilation import compiled, inlined

__all__ = ["check_codes", "copy_days", "copy_numbers"]

Bytes = NDArray[np.uint8]

_CODE, _MODULUS = 18, 31


@inlined
def _is_known(bits: Bytes, at: int) -> bool:
    """Return whether a bit of a validity bitmap is set; without a bitmap everything is known."""
    return len(bits) == 0 or (bits[at >> 3] >> (at & 7)) & 1 == 1


@compiled
def copy_numbers(values: Floats, bits: Bytes, skip: int, low: float, high: float, whole: bool, numbers: Floats) -> bool:
    """Copy numbers, NaN where one is missing.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Values; anything where they are missing.
    bits : ndarray of uint8
        Validity bitmap, of which the first ``skip`` bits are passed over; empty if all are known.
    skip : int
        See above.
    low, high : float
        Bounds, included.
    whole : bool
        Whether they must be whole and finite.
    numbers : ndarray of shape (n,)
        They are written into it.

    Returns
    -------
    bool
        Whether all known ones are acceptable.
    """
    # Several plain loops: each is compiled to vector instructions.
    numbers[:] = values
    if len(bits):
        for row in range(len(values)):
            if not _is_known(bits, skip + row):
                numbers[row] = np.nan
    refused = False
    for row in range(len(values)):
        refused |= (numbers[row] < low) | (numbers[row] > high)
    if whole:
        for row in range(len(values)):  # an infinite number has no fraction of zero either
            refused |= (numbers[row] == numbers[row]) & (numbers[row] - np.floor(numbers[row]) != 0.0)
    return not refused


@compiled
def copy_days(values: Ints, bits: Bytes, skip: int, units: int, first: int, last: int, numbers: Floats) -> bool:
    """Copy times as days since 1970, NaN where one is missing.

    Parameters
    ----------
    values : ndarray of int of shape (n,)
        Times since 1970, of which a day has ``units``.
    bits, skip
        As for :func:`copy_numbers`.
    units : int
        See above.
    first, last : int
        Bounds in days, included.
    numbers : ndarray of shape (n,)
        The days are written into it.

    Returns
    -------
    bool
        Whether all known ones are days within the bounds, without a time of day.
    """
    acceptable = True
    for row in range(len(values)):
        if not _is_known(bits, skip + row):
            numbers[row] = np.nan
            continue
        day = values[row] // units
        numbers[row] = float(day)
        acceptable &= day * units == values[row] and first <= day <= last
    return acceptable


@compiled
def check_codes(letters: Bytes, offsets: Ints, values: Bytes, wrong: Flags) -> None:
    """Find the codes of n texts whose length, alphabet or check character is wrong.

    Parameters
    ----------
    letters : ndarray of uint8
        The texts, one after another.
    offsets : ndarray of int of shape (n + 1,)
        Where each begins.
    values : ndarray of uint8 of shape (256,)
        The value of each letter in the alphabet of codes; 31 of those outside it.
    wrong : ndarray of bool of shape (n,)
        The result is written into it.
    """
    for row in range(len(wrong)):
        start = offsets[row]
        wrong[row] = offsets[row + 1] - start != _CODE
        if wrong[row]:
            continue
        total, weight = 0, 1
        for at in range(start, start + _CODE):
            value = int(values[letters[at]])
            wrong[row] |= value == _MODULUS
            # The check character has weight 1, so that the sum of a right code is a multiple of 31.
            total += value * (weight if at < start + _CODE - 1 else 1)
            weight = weight * 3 % _MODULUS
        wrong[row] |= total % _MODULUS != 0
