"""Ranking of the outcome by one column alone; :mod:`icsml.validation`, a higher package, judges models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from icsml.core.arrays import Floats

__all__ = ["Ranking", "rank"]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Area under the ROC curve of a column alone, turned so that it is at least one half.

    Parameters
    ----------
    auc : float
        Ties count one half.
    low : float
        The AUC less two standard errors.
    bads, goods : int
        Rows with a known value.
    """

    auc: float
    low: float
    bads: int
    goods: int


def rank(values: Floats, bad: Floats, *, least: int) -> Ranking | None:
    """Rank rows by their known values.

    Parameters
    ----------
    values : ndarray of shape (n,)
        NaN where not known; such rows are left out.
    bad : ndarray of shape (n,)
        1 and 0, NaN where the outcome was never seen; such rows are left out.
    least : int
        Bad and good rows that are needed each; None is returned where there are fewer.
    """
    use = ~(np.isnan(values) | np.isnan(bad))
    event = bad[use] == 1.0
    bads, goods = int(event.sum()), int((~event).sum())
    if min(bads, goods) < least:
        return None
    ranks = rankdata(values[use])
    area = (ranks[event].sum() - bads * (bads + 1) / 2.0) / (bads * float(goods))
    auc = float(max(area, 1.0 - area))
    return Ranking(auc, auc - 2.0 * _standard_error(auc, bads, goods), bads, goods)


def _standard_error(auc: float, bads: int, goods: int) -> float:
    """Return the standard error of Hanley and McNeil (1982), with half a misranked bad, so that it is never 0."""
    bounded = min(auc, 1.0 - 0.5 / (bads + 1.0))
    pair_bad = bounded / (2.0 - bounded)
    pair_good = 2.0 * bounded**2 / (1.0 + bounded)
    variance = bounded * (1.0 - bounded) + (bads - 1) * (pair_bad - bounded**2) + (goods - 1) * (pair_good - bounded**2)
    return float(np.sqrt(variance / (bads * float(goods))))
