"""The metrics that training reports.

Purpose
    One table for a test period or for pooled out-of-fold PDs.
Method
    Each figure from its own module of this room.
Reading
    See there.
Limits
    For rows the model was not trained on; nothing here can tell whether that is so.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from icsml.validation.auc import auc
from icsml.validation.auc_interval import auc_interval
from icsml.validation.average_precision import average_precision
from icsml.validation.brier import brier
from icsml.validation.calibration import calibration, calibration_in_the_large
from icsml.validation.inputs import checked
from icsml.validation.ks import ks
from icsml.validation.log_loss import log_loss

__all__ = ["summary"]


def summary(
    y: npt.ArrayLike,
    pd: npt.ArrayLike,
    *,
    folds: npt.ArrayLike | None = None,
    groups: npt.ArrayLike | None = None,
) -> dict[str, Any]:
    """Return all metrics of PDs against outcomes.

    Parameters
    ----------
    y, pd : array-like of shape (n,)
        Outcomes (0 or 1) and PDs.
    folds : array-like of shape (n,), optional
        Fold in which each row was held out; adds ``auc_folds``, None for a fold with one class only.
    groups : array-like of shape (n,), optional
        Clusters for the interval of the AUC, such as the enterprise.

    Returns
    -------
    dict
        ``auc, auc_low, auc_high`` (95 %), ``ks, brier, log_loss, average_precision, calibration_slope,
        calibration_intercept, calibration_in_the_large, rows, defaults`` and, with folds, ``auc_folds``.
    """
    outcome, probability = checked(y, pd)
    low, high = auc_interval(outcome, probability, groups=groups)
    slope, intercept = calibration(outcome, probability)
    figures: dict[str, Any] = {
        "auc": auc(outcome, probability),
        "auc_low": low,
        "auc_high": high,
        "ks": ks(outcome, probability),
        "brier": brier(outcome, probability),
        "log_loss": log_loss(outcome, probability),
        "average_precision": average_precision(outcome, probability),
        "calibration_slope": slope,
        "calibration_intercept": intercept,
        "calibration_in_the_large": calibration_in_the_large(outcome, probability),
        "rows": int(outcome.size),
        "defaults": int(outcome.sum()),
    }
    if folds is not None:
        number = np.asarray(folds)
        figures["auc_folds"] = [_fold_auc(outcome[number == k], probability[number == k]) for k in np.unique(number)]
    return figures


def _fold_auc(outcome: npt.NDArray[np.float64], probability: npt.NDArray[np.float64]) -> float | None:
    return auc(outcome, probability) if np.unique(outcome).size == 2 else None
