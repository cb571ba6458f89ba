"""Rows drawn by a fixed seed."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["drawn_rows"]

_SEED: Final = 0


def drawn_rows(count: int, most: int) -> NDArray[np.intp]:
    """Return the indices of at most so many of ``count`` rows, drawn by a fixed seed, in order."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(_SEED).choice(count, most, replace=False))
