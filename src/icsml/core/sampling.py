"""Rows drawn by a seed."""

from __future__ import annotations

import numpy as np

from icsml.core.arrays import Indices

__all__ = ["sampled_rows"]


def sampled_rows(count: int, most: int, *, seed: int = 0) -> Indices:
    """Return the indices of at most so many of ``count`` rows, drawn without replacement by a seed, in order."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, most, replace=False))
