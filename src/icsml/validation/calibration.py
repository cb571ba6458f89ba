"""Calibration slope, intercept, and calibration in the large.

Purpose
    Are the PDs on the right level and spread far enough, neither too bold nor too timid?
Method
    Maximum-likelihood logistic recalibration of the outcome on logit(PD) (Cox 1958): logit P(default) = intercept +
    slope * logit(PD). In the large: observed default rate minus mean PD.
Reading
    Slope 1 and intercept 0 are ideal; a slope below 1 means overconfident PDs, above 1 timid ones. The intercept is
    read together with the slope; the level alone is the difference in the large.
Limits
    Two figures for a whole curve: bends are not seen, and with few defaults both are uncertain. PDs that separate the
    classes perfectly, or are all equal, have no slope: both figures are then None. A PD of exactly 0 or 1 is moved to
    the nearest float inside.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import logit

from icsml.errors import ModelError
from icsml.model.calibrate import fit_affine
from icsml.texts.label import Label
from icsml.validation.inputs import checked
from icsml.validation.metric import Metric

__all__ = ["CALIBRATION", "CALIBRATION_IN_THE_LARGE", "calibration", "calibration_in_the_large"]


def calibration(y: npt.ArrayLike, pd: npt.ArrayLike) -> tuple[float | None, float | None]:
    """Return slope and intercept of the recalibration of PDs of shape (n,) on outcomes (0 or 1) of shape (n,)."""
    outcome, probability = checked(y, pd)
    inside = np.clip(probability, np.finfo(np.float64).tiny, 1.0 - np.finfo(np.float64).epsneg)
    if np.ptp(inside) == 0.0:
        return None, None
    try:
        fitted = fit_affine(logit(inside), outcome, prior_targets=False)
    except ModelError:
        return None, None
    return fitted.slope, fitted.intercept


def calibration_in_the_large(y: npt.ArrayLike, pd: npt.ArrayLike) -> float:
    """Return the observed default rate minus the mean PD; above 0 the PDs are too low."""
    outcome, probability = checked(y, pd)
    return float(outcome.mean() - probability.mean())


CALIBRATION: Final = Metric(
    {
        "calibration_slope": Label(en="Calibration slope", zh="校准斜率"),
        "calibration_intercept": Label(en="Calibration intercept", zh="校准截距"),
    },
    lambda y, pd, _: calibration(y, pd),
)
CALIBRATION_IN_THE_LARGE: Final = Metric(
    {"calibration_in_the_large": Label(en="Calibration in the large", zh="总体校准偏差")},
    lambda y, pd, _: (calibration_in_the_large(y, pd),),
    listed=False,
)
