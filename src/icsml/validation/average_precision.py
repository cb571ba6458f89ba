"""Average precision.

Purpose
    How clean is the top of the risk ranking, where a bank looks first?
Method
    Precision at each defaulter met when going down the ranking, averaged over defaulters.
Reading
    A random order reaches the default rate; 1 is perfect.
Limits
    Depends on the default rate, so it compares models on the same rows only.
"""

from __future__ import annotations

from typing import Final

import numpy.typing as npt
from sklearn.metrics import average_precision_score

from icsml.texts.label import Label
from icsml.validation.inputs import checked
from icsml.validation.metric import Metric

__all__ = ["AVERAGE_PRECISION", "average_precision"]


def average_precision(y: npt.ArrayLike, pd: npt.ArrayLike) -> float:
    """Return the average precision of PDs of shape (n,) against outcomes (0 or 1) of shape (n,)."""
    outcome, probability = checked(y, pd)
    return float(average_precision_score(outcome, probability))


AVERAGE_PRECISION: Final = Metric(
    {"average_precision": Label(en="Average precision", zh="平均精确率")}, lambda y, pd, _: (average_precision(y, pd),)
)
