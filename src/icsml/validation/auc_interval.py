"""Interval of the area under the ROC curve.

Purpose
    How far may the AUC be from the one of the population, given so many defaults?
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

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit, ndtri

from icsml.texts.label import Label
from icsml.validation.auc_influence import influence, variance
from icsml.validation.inputs import checked
from icsml.validation.metric import Metric

__all__ = ["AUC_INTERVAL", "auc_interval"]


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
    area, influences = influence(outcome, probability)
    if area in (0.0, 1.0):
        bad = int(outcome.sum())
        bound = min(1.0, -np.log1p(-level) / min(bad, outcome.size - bad))
        return (1.0 - float(bound), 1.0) if area == 1.0 else (0.0, float(bound))
    error = np.sqrt(variance(influences, outcome, groups)) / (area * (1.0 - area))
    reach = float(ndtri(0.5 + level / 2.0) * error)
    centre = float(logit(area))
    return float(expit(centre - reach)), float(expit(centre + reach))


AUC_INTERVAL: Final = Metric(
    {
        "auc_low": Label(en="AUC, lower confidence bound", zh="AUC置信区间下限"),
        "auc_high": Label(en="AUC, upper confidence bound", zh="AUC置信区间上限"),
    },
    lambda y, pd, groups: auc_interval(y, pd, groups=groups),
)
