"""Difference of two AUCs on the same rows, with its interval.

Purpose
    Does the model rank better than its companion without innovation, on rows neither was trained on?
Method
    DeLong, DeLong and Clarke-Pearson (1988) for a pair of fitted models, clustered by enterprise (Obuchowski 1997).
Reading
    Above zero the first model ranks better; an interval that contains zero proves nothing.
Limits
    For the fitted pair: it ignores that another training sample would have given another pair. A secondary figure: the
    recipe for incremental value decides by log-loss, out of time. Never on rows the models were trained on (Demler,
    Pencina, D'Agostino 2012).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from icsml.validation.auc_influence import influence, variance
from icsml.validation.inputs import checked

__all__ = ["AucDifference", "auc_difference"]


@dataclass(frozen=True, slots=True)
class AucDifference:
    """Difference of two models' AUCs, with the bounds of the interval."""

    auc: float
    auc_low: float
    auc_high: float


def auc_difference(
    y: npt.ArrayLike,
    pd: npt.ArrayLike,
    other_pd: npt.ArrayLike,
    *,
    groups: npt.ArrayLike | None = None,
    level: float = 0.95,
) -> AucDifference:
    """Return AUC(pd) - AUC(other_pd) with its interval.

    Parameters
    ----------
    y, pd, other_pd : array-like of shape (n,)
        Outcomes (0 or 1), and the PDs of both models for the same rows.
    groups : array-like of shape (n,), optional
        Rows of equal value are one cluster, such as an enterprise; by default every row is its own.
    level : float, default=0.95
        Coverage, two-sided.
    """
    outcome, first = checked(y, pd)
    _, second = checked(y, other_pd)
    (one, influences), (two, others) = influence(outcome, first), influence(outcome, second)
    reach = float(ndtri(0.5 + level / 2.0) * np.sqrt(variance(influences - others, outcome, groups)))
    return AucDifference(one - two, one - two - reach, one - two + reach)
