"""Types of arrays, by content."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

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
