"""Calibration by one affine map of the log-odds, so that reasons stay additive.

Fitted on margins of rows the boosters have not seen (Platt 1999), by Newton's method on the convex log-loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from icsml.core.arrays import Floats
from icsml.errors import ModelError

__all__ = ["Affine", "anchor", "calibrated_loss", "fit_affine", "no_ranking", "refuse_no_ranking"]


_MAX_STEPS: Final = 100
_TOLERANCE: Final = 1e-12


@dataclass(frozen=True, slots=True)
class Affine:
    """The map ``log-odds = slope * margin + intercept``.

    Parameters
    ----------
    slope : float
        Multiplies the booster's margin; a slope that is not positive belongs to no usable model.
    intercept : float
        Added to it, in log-odds.
    """

    slope: float
    intercept: float

    @property
    def ranks(self) -> bool:
        """Whether a higher margin means a higher PD: a positive slope, and both figures finite."""
        return self.slope > 0.0 and bool(np.isfinite([self.slope, self.intercept]).all())


def no_ranking(affine: Affine) -> str:
    """Describe a calibration that does not rank, its slope included, as half a sentence."""
    backwards = "the higher its margin, the rarer the event"
    finding = backwards if affine.slope < 0.0 else "its margin says nothing of the event"
    return f"calibration slope {affine.slope:.4g}: on rows it had not seen, {finding}"


def refuse_no_ranking(
    affine: Affine,
    field: str,
    *,
    rows: int | None = None,
    events: int | None = None,
    remedy: str = "train on more rows or better features",
) -> None:
    """Reject a model that does not rank, wherever one is to be stored.

    Parameters
    ----------
    affine : Affine
        Its calibration.
    field : str
        What to call it, such as ``model``.
    rows, events : int, optional
        What it was trained on, where known.
    remedy : str
        What to do about it.

    Raises
    ------
    ModelError
        ``ICS-MOD-017`` if the slope is not positive, or the calibration not finite.
    """
    if not affine.ranks:
        trained = "" if rows is None else f", trained on {rows:,} rows with {events:,} events"
        raise ModelError(
            "ICS-MOD-017", f"does not rank risk{trained} ({no_ranking(affine)})", field=field, remedy=remedy
        )


def fit_affine(margin: npt.ArrayLike, y: npt.ArrayLike, *, prior_targets: bool = True) -> Affine:
    """Fit the affine map of margins that minimises the log-loss.

    Parameters
    ----------
    margin : array-like of shape (n,)
        Margins in log-odds, of rows the booster was not trained on.
    y : array-like of shape (n,)
        1 where the event happened, else 0.
    prior_targets : bool, default=True
        Fit towards Platt's targets (d + 1) / (d + 2) and 1 / (g + 2), for d events and g others, in place of 1 and 0.
        They keep the map finite when the margins separate the classes perfectly and leave the mean PD where it was
        (the targets sum to d within 1). False gives the maximum-likelihood recalibration that validation reports.

    Returns
    -------
    Affine
        Slope 0 if all margins are equal.

    Raises
    ------
    ModelError
        ``ICS-MOD-003`` if a class is absent, a value is not finite or, without prior targets, the classes are
        separated.

    References
    ----------
    Platt (1999), "Probabilistic outputs for support vector machines". Lin, Lin, Weng (2007), "A note on Platt's
    probabilistic outputs", for the safeguarded Newton steps.
    """
    m, event = np.asarray(margin, dtype=np.float64), np.asarray(y, dtype=np.float64)
    _check(m, event)
    if not prior_targets and _separated(m, event):
        raise ModelError(
            "ICS-MOD-003",
            "the margins separate the classes perfectly, so the recalibration has no finite slope",
            field="margin",
            remedy="look for a feature that knows the outcome, or use more rows",
        )
    target = _platt_targets(event) if prior_targets else event
    spread = float(np.std(m))
    if spread <= _TOLERANCE * max(1.0, float(np.abs(m).max())):
        return Affine(0.0, float(logit(target.mean())))
    centre = float(np.mean(m))
    slope, intercept = _newton((m - centre) / spread, target)
    return Affine(slope / spread, intercept - slope * centre / spread)


def calibrated_loss(margin: Floats, y: Floats, affine: Affine) -> float:
    """Return the mean log-loss of the calibrated margins, in nats a row."""
    return _loss(margin, y, affine.slope, affine.intercept)


def anchor(margins: npt.ArrayLike, affine: Affine, long_run_rate: float) -> Affine:
    """Move the intercept so that a population's mean PD equals its long-run default rate.

    Parameters
    ----------
    margins : array-like of shape (n,)
        Margins of the stated population: out of fold where the booster was trained on it.
    affine : Affine
        The calibration; its slope is kept.
    long_run_rate : float
        Target mean PD, between 0 and 1.

    Returns
    -------
    Affine
        Same slope, new intercept.

    Raises
    ------
    ModelError
        ``ICS-MOD-004`` if the rate is not inside (0, 1) or there is no finite margin.
    """
    scaled = affine.slope * np.asarray(margins, dtype=np.float64)
    if not 0.0 < long_run_rate < 1.0:
        raise ModelError(
            "ICS-MOD-004", "must lie strictly between 0 and 1", field="long_run_rate", remedy="give a rate such as 0.03"
        )
    if scaled.size == 0 or not np.isfinite(scaled).all():
        raise ModelError("ICS-MOD-004", "empty or not finite", field="margins", remedy="give the scored population")
    level = float(logit(long_run_rate))
    low, high = level - float(scaled.max()), level - float(scaled.min())
    if high - low < _TOLERANCE:
        return Affine(affine.slope, low)
    from scipy.optimize import brentq  # 5 MB and .1 s that deciding does not need

    intercept = brentq(lambda b: float(np.mean(expit(scaled + b))) - long_run_rate, low, high, xtol=1e-13, rtol=1e-14)
    return Affine(affine.slope, float(intercept))


def _check(m: Floats, event: Floats) -> None:
    both = 0.0 < float(event.mean()) < 1.0 if event.size else False
    if m.shape != event.shape or m.ndim != 1 or not np.isfinite(m).all() or not both:
        raise ModelError(
            "ICS-MOD-003",
            "a calibration needs finite margins and outcomes of both classes, one each per row",
            field="margin",
            remedy="give rows with and without the event",
        )


def _separated(m: Floats, event: Floats) -> bool:
    bad, good = m[event == 1.0], m[event == 0.0]
    return bool(bad.min() >= good.max() or bad.max() <= good.min()) and bool(np.ptp(m) > 0)


def _platt_targets(event: Floats) -> Floats:
    events = float(event.sum())
    high, low = (events + 1.0) / (events + 2.0), 1.0 / (event.size - events + 2.0)
    return np.where(event == 1.0, high, low)


def _loss(u: Floats, target: Floats, slope: float, intercept: float) -> float:
    z = slope * u + intercept
    return float(np.mean(np.logaddexp(0.0, z) - target * z))


def _newton(u: Floats, target: Floats) -> tuple[float, float]:
    slope, intercept = 0.0, float(logit(target.mean()))
    loss = _loss(u, target, slope, intercept)
    for _ in range(_MAX_STEPS):
        step_slope, step_intercept, decrement = _newton_step(u, target, slope, intercept)
        if decrement < _TOLERANCE * _TOLERANCE:
            break
        size = 1.0
        while size > 1e-10:
            tried = _loss(u, target, slope - size * step_slope, intercept - size * step_intercept)
            if tried <= loss - 1e-4 * size * decrement:
                break
            size /= 2.0
        else:
            break
        slope, intercept, loss = slope - size * step_slope, intercept - size * step_intercept, tried
    return slope, intercept


def _newton_step(u: Floats, target: Floats, slope: float, intercept: float) -> tuple[float, float, float]:
    p = expit(slope * u + intercept)
    error, weight = p - target, p * (1.0 - p) + 1e-12
    g_slope, g_intercept = float(np.mean(error * u)), float(np.mean(error))
    h_ss, h_si, h_ii = float(np.mean(weight * u * u)), float(np.mean(weight * u)), float(np.mean(weight))
    determinant = h_ss * h_ii - h_si * h_si
    step_slope = (h_ii * g_slope - h_si * g_intercept) / determinant
    step_intercept = (h_ss * g_intercept - h_si * g_slope) / determinant
    return step_slope, step_intercept, g_slope * step_slope + g_intercept * step_intercept
