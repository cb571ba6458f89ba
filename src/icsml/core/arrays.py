"""Types of arrays, by content."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

__all__ = [
    "Array",
    "Bytes",
    "Dates",
    "Flags",
    "Float32s",
    "Floats",
    "Indices",
    "Int8s",
    "Int16s",
    "Int32s",
    "Ints",
    "Objects",
    "Texts",
    "Words",
    "for_compiled",
]

Floats = NDArray[np.float64]
Float32s = NDArray[np.float32]
Ints = NDArray[np.int64]
Int8s = NDArray[np.int8]
Int16s = NDArray[np.int16]
Int32s = NDArray[np.int32]
Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]
Indices = NDArray[np.intp]
Flags = NDArray[np.bool_]
Dates = NDArray[np.datetime64]
Objects = NDArray[np.object_]
Texts = NDArray[Any]
"""str, of fixed width or as objects"""
Array = NDArray[Any]
"""of any type"""


def for_compiled(values: ArrayLike, dtype: DTypeLike = np.float64) -> Array:
    """Return values as compiled code takes them: contiguous, and an array that may be written to; else a copy."""
    if isinstance(values, np.ndarray) and values.flags.carray and values.dtype == dtype:
        return values  # all of it that `numpy.require` would find out, at a tenth of the time
    return np.require(values, dtype, ("C", "W"))
