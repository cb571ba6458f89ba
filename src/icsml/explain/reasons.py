"""Contributions that reconcile with the calibrated PD and with the score, and the few of them that are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from icsml.explain.contributions import contributions
from icsml.explain.points import share_points
from icsml.features.feature import Feature
from icsml.model.calibrate import Affine
from icsml.model.predict import pd_from_log_odds
from icsml.model.scale import MasterScale
from icsml.records.decision import Reason

if TYPE_CHECKING:
    import lightgbm as lgb

__all__ = ["Terms", "explain", "rank_terms", "reason", "shown", "sum_in_order"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Terms:
    """Every feature's part of the calibrated log-odds.

    Parameters
    ----------
    log_odds : ndarray of shape (n, p)
        One term for each feature.
    base : ndarray of shape (n,)
        The calibrated log-odds before any feature; base + Σ log_odds = logit(pd) to rounding.
    """

    log_odds: Floats
    base: Floats

    def points(self, scale: MasterScale, score: Ints) -> tuple[Ints, Ints]:
        """Return base points of shape (n,) and feature points of shape (n, p) that sum to the score exactly."""
        exact = np.column_stack([scale.offset - scale.factor * self.base, -scale.factor * self.log_odds])
        shared = share_points(exact, score)
        return shared[:, 0], shared[:, 1:]


def explain(booster: lgb.Booster, calibration: Affine, X: Floats) -> Terms:
    """Split the calibrated log-odds of each row: logit(pd) = a·(base + Σφ) + b."""
    phi, base = contributions(booster, X)
    return Terms(calibration.slope * phi, calibration.slope * base + calibration.intercept)


def rank_terms(log_odds: Floats, most: int) -> NDArray[np.intp]:
    """Return, for each row, the positions of its largest terms by size, ties by feature order; shape (n, k)."""
    return np.argsort(-np.abs(log_odds), axis=1, kind="stable")[:, :most]


def sum_in_order(terms: Floats) -> Floats:
    """Sum over the second axis from left to right, so that a row has the same bits alone and in a batch."""
    total = np.zeros(len(terms))
    for column in range(terms.shape[1]):
        total = total + terms[:, column]
    return total


def reason(feature: Feature, value: float, log_odds: float, points: int, total_log_odds: float) -> Reason:
    """Return one shown reason; ``total_log_odds`` is logit(pd) of the row."""
    effect = pd_from_log_odds(np.array([total_log_odds])) - pd_from_log_odds(np.array([total_log_odds - log_odds]))
    return Reason(
        code=feature.code,
        feature=feature.name,
        group=feature.group,
        value=None if np.isnan(value) else float(value),
        log_odds=float(log_odds),
        points=int(points),
        pd_effect=float(effect[0]),
        direction=feature.direction,
        text=feature.reason(value, log_odds),
    )


def shown(features: Sequence[Feature], log_odds: Floats, most: int) -> list[int]:
    """Return the positions of the terms of one row that are shown: the largest, and none that is zero."""
    ranked = rank_terms(log_odds[None, :], min(most, len(features)))[0]
    return [int(position) for position in ranked if log_odds[position] != 0.0]
