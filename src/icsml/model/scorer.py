"""Scorer: trees, their features, and the calibration of their margin."""

from __future__ import annotations

from dataclasses import dataclass

import lightgbm as lgb

from icsml.core.arrays import Floats
from icsml.features.encoder import Encoder
from icsml.model.calibrate import Affine
from icsml.model.predict import log_odds, margin, pd_from_log_odds

__all__ = ["Scorer"]


@dataclass(frozen=True)
class Scorer:
    """A booster with its features and its calibration: the model of a bundle, its companion, a member.

    Parameters
    ----------
    booster : lightgbm.Booster
        The trees.
    encoder : Encoder
        Their features, in order.
    calibration : Affine
        Margin to log-odds; its slope must be positive.
    """

    booster: lgb.Booster
    encoder: Encoder
    calibration: Affine

    def log_odds(self, X: Floats) -> Floats:
        """Return the calibrated log-odds (n,) of rows (n, p) of its features; errors as of :func:`margin`."""
        return log_odds(margin(self.booster, X), self.calibration)

    def pd(self, X: Floats) -> Floats:
        """Return the PD (n,) of rows (n, p) of its features; errors as of :func:`margin`."""
        return pd_from_log_odds(self.log_odds(X))
