"""Kolmogorov-Smirnov distance.

Purpose
    How well does the best single cut-off separate defaulters from the others?
Method
    Largest difference of the two classes' cumulative distributions of PD.
Reading
    0 is none, 1 is full separation; .3 to .5 is usual for SME scorecards.
Limits
    Looks at one point of the ranking, and is biased upwards with few defaults.
"""

from __future__ import annotations

from typing import Final

import numpy.typing as npt
from scipy.stats import ks_2samp

from icsml.texts.label import Label
from icsml.validation.inputs import checked
from icsml.validation.metric import Metric

__all__ = ["KS", "ks"]


def ks(y: npt.ArrayLike, pd: npt.ArrayLike) -> float:
    """Return the Kolmogorov-Smirnov distance of PDs of shape (n,) between the outcomes 1 and 0 of shape (n,)."""
    outcome, probability = checked(y, pd)
    return float(ks_2samp(probability[outcome == 1.0], probability[outcome == 0.0], method="asymp").statistic)


KS: Final = Metric({"ks": Label(en="KS", zh="KS")}, lambda y, pd, _: (ks(y, pd),))
