"""LightGBM's margin, and the PD of a margin.

Where reasons are asked for, the margin comes from the pass that makes them, with the same bits. Every formula is
elementwise, so that a row has the same bits alone and in a batch.
"""

from __future__ import annotations

from threading import Lock
from typing import Final, cast

import lightgbm as lgb
import numpy as np
from scipy.special import expit

from icsml.core.arrays import Floats
from icsml.errors import ModelError
from icsml.model.calibrate import Affine

__all__ = ["PREDICTING", "log_odds", "margin", "pd_from_log_odds", "threads"]


PREDICTING: Final = Lock()
"""Held while LightGBM predicts: it writes to the booster that it reads (LightGBM issues 5482 and 6142)."""

_MANY_ROWS: Final = 4_000  # below, waking threads costs more than they save; the bits do not depend on it


def margin(booster: lgb.Booster, X: Floats) -> Floats:
    """Return the booster's raw score, in uncalibrated log-odds.

    Parameters
    ----------
    booster : lightgbm.Booster
        The fitted trees.
    X : ndarray of shape (n, p)
        Features in training order; NaN is missing.

    Returns
    -------
    ndarray of shape (n,)
        Leaf values summed in tree order, equal to ``Booster.predict(raw_score=True)`` bit for bit.

    Raises
    ------
    ModelError
        ``ICS-MOD-005`` if the number of columns is not the booster's.
    """
    if X.ndim != 2 or X.shape[1] != booster.num_feature():
        raise ModelError(
            "ICS-MOD-005",
            f"the booster was trained on {booster.num_feature()} features, the matrix has shape {X.shape}",
            field="X",
            remedy="encode the rows with the encoder of the same bundle",
        )
    if X.shape[0] == 0:
        return np.empty(0)
    with PREDICTING:
        return cast(Floats, booster.predict(X, raw_score=True, num_threads=threads(X.shape[0])))


def threads(rows: int) -> int:
    """Return the threads to predict with: named each time, because LightGBM otherwise resets those of the process."""
    return 1 if rows < _MANY_ROWS else 0


def log_odds(margin: Floats, affine: Affine) -> Floats:
    """Return calibrated log-odds of margins, both of shape (n,)."""
    return affine.slope * margin + affine.intercept


def pd_from_log_odds(log_odds: Floats) -> Floats:
    """Return PDs in (0, 1) of log-odds, both of shape (n,)."""
    return expit(log_odds)
