"""The content of rows as one number each, so that equal rows are detected without comparing them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from icsml.core.arrays import Floats, Ints

__all__ = ["Content", "content_of"]

_SEED = np.uint64(0x9E3779B97F4A7C15)
_FACTOR = np.uint64(0xBF58476D1CE4E5B9)
_SHIFT = np.uint64(31)

Hashes = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Content:
    """Content of rows in some columns of numbers.

    Parameters
    ----------
    hashes : ndarray of uint64 of shape (n,)
        Equal for rows that are equal to the last digit.
    filled : ndarray of int of shape (n,)
        Figures of each row that are known and not zero.
    columns : int
        Columns compared.
    """

    hashes: Hashes
    filled: Ints
    columns: int


def content_of(arrays: Iterable[Floats], n: int) -> Content:
    """Return the content of n rows in some columns; NaN is not known."""
    hashes, filled, columns = np.full(n, _SEED), np.zeros(n, dtype=np.int64), 0
    for values in arrays:
        hashes = _mixed(hashes, values)
        filled += (values != 0.0) & ~np.isnan(values)
        columns += 1
    return Content(hashes, filled, columns)


def _mixed(hashes: Hashes, values: Floats) -> Hashes:
    """Mix the bits of one more column into the hash of each row; +0 and -0, and all NaN, are equal."""
    bits = np.where(np.isnan(values), np.nan, values + 0.0).view(np.uint64)
    mixed = (hashes ^ bits) * _FACTOR
    mixed ^= mixed >> _SHIFT
    return mixed * _SEED
