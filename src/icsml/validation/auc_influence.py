"""Influence of each row on the AUC, for the interval of one AUC and of a difference of two.

Purpose
    The only computation of the variance of an AUC.
Method
    Placement values by mid-ranks (DeLong, DeLong and Clarke-Pearson 1988; Sun and Xu 2014), added up within clusters
    before their variance is taken (Obuchowski 1997).
Reading
    The influences sum to zero within bad and within good rows.
Limits
    Test-sampling error only.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from icsml.core.arrays import Floats

__all__ = ["influence", "variance"]


def influence(outcome: Floats, probability: Floats) -> tuple[float, Floats]:
    """Return the AUC, and each row's influence on it of shape (n,)."""
    bad, good = probability[outcome == 1.0], probability[outcome == 0.0]
    together = rankdata(np.concatenate([bad, good]))
    above = (together[: bad.size] - rankdata(bad)) / good.size
    below = 1.0 - (together[bad.size :] - rankdata(good)) / bad.size
    area = float(above.mean())
    influences = np.empty(outcome.size)
    influences[outcome == 1.0] = (above - area) / bad.size
    influences[outcome == 0.0] = (below - area) / good.size
    return area, influences


def variance(influence: Floats, outcome: Floats, groups: npt.ArrayLike | None) -> float:
    """Return the variance of the figure with these influences; rows of one group are one cluster."""
    if groups is None:
        return _sum_of_squares(influence[outcome == 1.0]) + _sum_of_squares(influence[outcome == 0.0])
    cluster = np.unique(np.asarray(groups), return_inverse=True)[1]
    return _sum_of_squares(np.bincount(cluster, weights=influence).astype(np.float64))


def _sum_of_squares(part: Floats) -> float:
    return float(np.sum(part**2)) * part.size / max(part.size - 1, 1)
