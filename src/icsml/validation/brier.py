"""Brier score.

Purpose
    One figure for level and ranking together.
Method
    Mean squared difference between PD and outcome.
Reading
    Lower is better; a PD equal to the default rate r for everybody scores r (1 - r).
Limits
    Depends on the default rate, so it compares models on the same rows only; hardly sees errors among small PDs.
"""

from __future__ import annotations

from typing import Final

import numpy.typing as npt
from sklearn.metrics import brier_score_loss

from icsml.texts.label import Label
from icsml.validation.inputs import checked
from icsml.validation.metric import Metric

__all__ = ["BRIER", "brier"]


def brier(y: npt.ArrayLike, pd: npt.ArrayLike) -> float:
    """Return the Brier score of PDs of shape (n,) against outcomes (0 or 1) of shape (n,)."""
    outcome, probability = checked(y, pd)
    return float(brier_score_loss(outcome, probability))


BRIER: Final = Metric({"brier": Label(en="Brier score", zh="Brier分数")}, lambda y, pd, _: (brier(y, pd),))
