"""SHAP contributions of a booster, path-dependent, in its own margin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from icsml.model.predict import threads

if TYPE_CHECKING:
    import lightgbm as lgb

__all__ = ["contributions"]

Floats = NDArray[np.float64]


def contributions(booster: lgb.Booster, X: Floats) -> tuple[Floats, Floats]:
    """Split each margin into a base and one term for each feature.

    Parameters
    ----------
    booster : lightgbm.Booster
        A binary booster over p features.
    X : ndarray of shape (n, p)
        Feature rows.

    Returns
    -------
    phi : ndarray of shape (n, p)
        SHAP values, weighted by the training cover of each branch (path-dependent).
    base : ndarray of shape (n,)
        The expected margin, the same for all rows; base + Σφ equals the margin to rounding.
    """
    if len(X) == 0:
        return np.empty((0, booster.num_feature())), np.empty(0)
    whole: Any = booster.predict(X, pred_contrib=True, num_threads=threads(len(X)))
    return np.ascontiguousarray(whole[:, :-1]), np.ascontiguousarray(whole[:, -1])
