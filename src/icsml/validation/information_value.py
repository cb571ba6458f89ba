"""Information value of one variable.

Purpose
    How well does one variable separate outcomes by itself, before any model?
Method
    Ten bins at the deciles of the known values (fewer where values repeat) and a bin of their own for missing values.
    IV is the sum over bins of (share of goods - share of bads) * ln(share of goods / share of bads) (Siddiqi 2006);
    half a row is added to each cell, so that an empty one has a logarithm.
Reading
    Below .02 is none, .02 to .1 weak, .1 to .3 medium, above .3 strong; far above .5 ask whether it was known in time.
Limits
    Grows with the number of bins, and is biased upwards where bads are few. Says nothing of direction, or of what a
    variable adds to others.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from icsml.core.arrays import Floats, Indices

__all__ = ["information_value"]

_BINS: Final = 10
_HALF: Final = 0.5


def information_value(values: npt.ArrayLike, y: npt.ArrayLike) -> float | None:
    """Return the information value; None where there is one class only, or values fill a single bin.

    Parameters
    ----------
    values : array-like of shape (n,)
        The variable; NaN is missing.
    y : array-like of shape (n,)
        Outcomes, 0 or 1.
    """
    x, outcome = np.asarray(values, dtype=np.float64), np.asarray(y, dtype=np.float64)
    bins = _bins(x)
    bads = np.bincount(bins, weights=outcome).astype(np.float64)
    goods = np.bincount(bins, weights=1.0 - outcome).astype(np.float64)
    filled = bads + goods > 0.0
    if not bads.sum() or not goods.sum() or filled.sum() < 2:
        return None
    good, bad = (_shares(counts[filled]) for counts in (goods, bads))
    return float(((good - bad) * np.log(good / bad)).sum())


def _shares(counts: Floats) -> Floats:
    shares: Floats = (counts + _HALF) / (counts + _HALF).sum()
    return shares


def _bins(values: Floats) -> Indices:
    """Return the bin of every value; missing values have the last one."""
    known = ~np.isnan(values)
    inner = np.arange(1, _BINS) / _BINS
    edges = np.unique(np.quantile(values[known], inner, method="lower")) if known.any() else np.empty(0)
    bins = np.full(values.shape, len(edges) + 1, dtype=np.intp)
    bins[known] = np.searchsorted(edges, values[known], side="left")
    return bins
