"""Types of arrays, by content."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Array", "Dates", "Flags", "Floats", "Indices", "Ints", "Objects", "Texts"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Indices = NDArray[np.intp]
Flags = NDArray[np.bool_]
Dates = NDArray[np.datetime64]
Objects = NDArray[np.object_]
Texts = NDArray[Any]
"""str, of fixed width or as objects"""
Array = NDArray[Any]
"""of any type"""
