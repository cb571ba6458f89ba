"""Area under the ROC curve.

Purpose
    Does the PD rank firms that default above firms that do not?
Method
    Probability that a random defaulter has a higher PD than a random non-defaulter, ties counting one half.
Reading
    .5 is chance, 1 is perfect order. SME models on financial statements are commonly between .70 and .85.
Limits
    Says nothing about the level of the PDs; weighs all parts of the ranking alike; with few defaults the interval of
    :mod:`icsml.validation.auc_interval` is what counts.
"""

from __future__ import annotations

from typing import Final

import numpy.typing as npt
from sklearn.metrics import roc_auc_score

from icsml.texts.label import Label
from icsml.validation.inputs import checked
from icsml.validation.metric import Metric

__all__ = ["AUC", "auc"]


def auc(y: npt.ArrayLike, pd: npt.ArrayLike) -> float:
    """Return the area under the ROC curve of PDs of shape (n,) against outcomes (0 or 1) of shape (n,)."""
    outcome, probability = checked(y, pd)
    return float(roc_auc_score(outcome, probability))


AUC: Final = Metric({"auc": Label(en="AUC", zh="AUC")}, lambda y, pd, _: (auc(y, pd),))
