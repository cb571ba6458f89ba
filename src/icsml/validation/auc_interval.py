"""Interval of the area under the ROC curve.

Purpose
    How far may the AUC be from the one of the population, given so many defaults (R9)?
Method
    DeLong, DeLong and Clarke-Pearson (1988): variance of the placement values, by mid-ranks (Sun and Xu 2014); normal
    interval on the logit of the AUC, which keeps it inside (0, 1). With groups, the placement values of an enterprise's
    rows are added up before their variance is taken (Obuchowski 1997), so that its years do not count as independent.
Reading
    A two-sided interval at the given level, for this fitted model on rows it was not trained on.
Limits
    Test-sampling error only: it ignores that another training sample would have given another model. Not for comparing
    nested models on their own training data (Demler, Pencina, D'Agostino 2012). At an AUC of exactly 0 or 1 the
    estimated variance is 0; the interval is then (low, 1) or (0, high) from the rule of three.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit, ndtri
from scipy.stats import rankdata

from icsml.validation.inputs import checked

__all__ = ["auc_interval"]

FloatArray = npt.NDArray[np.float64]


def auc_interval(
    y: npt.ArrayLike, pd: npt.ArrayLike, *, groups: npt.ArrayLike | None = None, level: float = 0.95
) -> tuple[float, float]:
    """Return the lower and upper bound of the AUC.

    Parameters
    ----------
    y, pd : array-like of shape (n,)
        Outcomes (0 or 1) and PDs.
    groups : array-like of shape (n,), optional
        Rows of equal value are one cluster, such as an enterprise; by default every row is its own.
    level : float, default=0.95
        Coverage.
    """
    outcome, probability = checked(y, pd)
    bad, good = probability[outcome == 1.0], probability[outcome == 0.0]
    area, placed_bad, placed_good = _placements(bad, good)
    if area in (0.0, 1.0):
        bound = min(1.0, -np.log1p(-level) / min(bad.size, good.size))
        return (1.0 - float(bound), 1.0) if area == 1.0 else (0.0, float(bound))
    influence = np.empty(outcome.size)
    influence[outcome == 1.0] = (placed_bad - area) / bad.size
    influence[outcome == 0.0] = (placed_good - area) / good.size
    error = np.sqrt(_variance(influence, outcome, groups)) / (area * (1.0 - area))
    reach = float(ndtri(0.5 + level / 2.0) * error)
    centre = float(logit(area))
    return float(expit(centre - reach)), float(expit(centre + reach))


def _placements(bad: FloatArray, good: FloatArray) -> tuple[float, FloatArray, FloatArray]:
    together = rankdata(np.concatenate([bad, good]))
    above = (together[: bad.size] - rankdata(bad)) / good.size
    below = 1.0 - (together[bad.size :] - rankdata(good)) / bad.size
    return float(above.mean()), above, below


def _variance(influence: FloatArray, outcome: FloatArray, groups: npt.ArrayLike | None) -> float:
    if groups is None:
        return _sum_of_squares(influence[outcome == 1.0]) + _sum_of_squares(influence[outcome == 0.0])
    cluster = np.unique(np.asarray(groups), return_inverse=True)[1]
    return _sum_of_squares(np.bincount(cluster, weights=influence).astype(np.float64))


def _sum_of_squares(part: FloatArray) -> float:
    return float(np.sum(part**2)) * part.size / max(part.size - 1, 1)
