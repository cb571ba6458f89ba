"""Interactions between pairs of features: shap's values, on as many rows as time allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from icsml.core.arrays import Floats
from icsml.reports.svg_figure import style

if TYPE_CHECKING:
    import lightgbm as lgb

__all__ = ["affordable_rows", "interaction_values"]


_BUDGET: Final = 2.5e8  # trees × leaves × features × rows; a few seconds of one processor
_FEWEST: Final = 100
_MOST: Final = 1000


def affordable_rows(booster: lgb.Booster) -> int:
    """Return how many rows there is time for: fewer for more and larger trees and more features, 100 to 1,000."""
    trees, features = booster.num_trees(), booster.num_feature()
    leaves = int(booster.params.get("num_leaves", 0)) or _largest_tree(booster)
    return int(np.clip(_BUDGET / (trees * leaves * features), _FEWEST, _MOST))


def interaction_values(booster: lgb.Booster, X: Floats, slope: float) -> Floats:
    """Return SHAP interaction values in calibrated log-odds, path-dependent.

    Parameters
    ----------
    booster : lightgbm.Booster
        The trees.
    X : ndarray of shape (m, p)
        Rows.
    slope : float
        Of the calibration, which turns a margin into log-odds.

    Returns
    -------
    ndarray of shape (m, p, p)
        Symmetric; each row of a matrix sums to the path-dependent SHAP value of its feature.
    """
    with style():
        import shap

        values = np.asarray(shap.TreeExplainer(booster).shap_interaction_values(X))
    return slope * values.reshape(len(X), X.shape[1], X.shape[1])


def _largest_tree(booster: lgb.Booster) -> int:
    return max((int(tree["num_leaves"]) for tree in booster.dump_model()["tree_info"]), default=1)
