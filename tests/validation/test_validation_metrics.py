from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from icsml.errors import InputError
from icsml.validation.auc import auc
from icsml.validation.auc_interval import auc_interval
from icsml.validation.average_precision import average_precision
from icsml.validation.brier import brier
from icsml.validation.calibration import calibration, calibration_in_the_large
from icsml.validation.ks import ks
from icsml.validation.log_loss import log_loss
from icsml.validation.summary import METRICS, summary

PUBLISHED = {
    "auc", "auc_low", "auc_high", "ks", "brier", "log_loss", "average_precision", "calibration_slope",
    "calibration_intercept", "calibration_in_the_large", "rows", "defaults",
}  # fmt: skip
Y = np.array([0, 0, 1, 0, 1])
PD = np.array([0.1, 0.2, 0.2, 0.4, 0.8])


def sample(n: int = 4000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    log_odds = rng.normal(-2.5, 1.2, n)
    return (rng.random(n) < expit(log_odds)).astype(float), expit(log_odds)


def test_five_rows_by_hand():
    # Of the 6 pairs bad/good, .8 beats three; .2 beats .1, ties .2, loses to .4: 3 + 1 + .5 of 6.
    assert auc(Y, PD) == pytest.approx(4.5 / 6)
    # Below .8: all three good rows and one of two bad ones.
    assert ks(Y, PD) == pytest.approx(0.5)
    assert brier(Y, PD) == pytest.approx((0.01 + 0.04 + 0.64 + 0.16 + 0.04) / 5)
    assert log_loss(Y, PD) == pytest.approx(-np.log([0.9, 0.8, 0.2, 0.6, 0.8]).mean())
    # Going down: precision 1 at .8, then 2 of 4 when the tie at .2 is taken in.
    assert average_precision(Y, PD) == pytest.approx(0.5 * 1 + 0.5 * 0.5)
    assert calibration_in_the_large(Y, PD) == pytest.approx(0.4 - 0.34)


def test_pds_that_are_right_have_slope_one_and_intercept_zero():
    slope, intercept = calibration(*sample(100_000))
    assert slope == pytest.approx(1.0, abs=0.03)
    assert intercept == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize(("stretch", "shift"), [(2.0, 0.0), (0.5, 0.0), (1.0, -1.0)])
def test_slope_and_intercept_undo_what_was_done_to_the_log_odds(stretch: float, shift: float):
    y, pd = sample()
    right: Any = calibration(y, pd)
    wrong: Any = calibration(y, expit(stretch * np.log(pd / (1 - pd)) + shift))
    assert wrong[0] == pytest.approx(right[0] / stretch, rel=1e-6)
    assert wrong[1] == pytest.approx(right[1] - right[0] / stretch * shift, abs=1e-6)


def test_no_slope_where_there_is_none():
    assert calibration([0, 1, 0], [0.2, 0.2, 0.2]) == (None, None)
    assert calibration([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4]) == (None, None)


def test_pds_of_zero_and_one_are_survived():
    assert calibration([0, 1, 0, 1], [0.0, 0.4, 0.6, 1.0])[0] is not None
    assert np.isfinite(log_loss([0, 1], [1.0, 0.0]))


def test_interval_is_delongs_by_all_pairs_on_the_ratings_of_hanley_and_mcneil():
    good, bad = [33, 6, 6, 11, 2], [3, 2, 2, 11, 33]
    y = np.repeat([0] * 5 + [1] * 5, good + bad)
    pd = np.repeat(np.tile([0.1, 0.3, 0.5, 0.7, 0.9], 2), good + bad)
    low, high = auc_interval(y, pd, level=0.95)
    area = auc(y, pd)
    assert area == pytest.approx(0.8932, abs=5e-5)  # as Hanley and McNeil (1982) report it
    wins = np.array([[float(b > g) + 0.5 * float(b == g) for g in pd[y == 0]] for b in pd[y == 1]])
    delong = np.sqrt(np.var(wins.mean(axis=1), ddof=1) / 51 + np.var(wins.mean(axis=0), ddof=1) / 58)
    centre = np.log(area / (1 - area))
    for bound in (low, high):
        error = abs(np.log(bound / (1 - bound)) - centre) / 1.959964 * area * (1 - area)
        assert error == pytest.approx(delong, rel=1e-5)


def test_the_interval_covers():
    true = auc(*sample(400_000, seed=99))
    covered = 0
    for seed in range(300):
        low, high = auc_interval(*sample(300, seed=seed), level=0.9)
        covered += low <= true <= high
    assert 0.85 <= covered / 300 <= 0.95


def test_repeated_rows_do_not_narrow_a_clustered_interval():
    y, pd = sample(400)
    groups = np.arange(400)
    once = auc_interval(y, pd, groups=groups)
    thrice = auc_interval(np.tile(y, 3), np.tile(pd, 3), groups=np.tile(groups, 3))
    naive = auc_interval(np.tile(y, 3), np.tile(pd, 3))
    assert thrice == pytest.approx(once, rel=1e-9)
    assert naive[1] - naive[0] < 0.65 * (once[1] - once[0])
    assert once == pytest.approx(auc_interval(y, pd), abs=2e-3)


def test_a_perfect_order_still_has_an_interval():
    low, high = auc_interval([0] * 50 + [1] * 30, np.linspace(0.01, 0.9, 80))
    assert high == 1.0
    assert low == pytest.approx(0.9, abs=0.01)
    assert auc_interval([1] * 30 + [0] * 50, np.linspace(0.01, 0.9, 80)) == pytest.approx((0.0, 1 - low))


def test_summary_holds_every_figure():
    y, pd = sample(600)
    folds = np.arange(600) % 3
    figures = summary(y, pd, folds=folds, groups=np.arange(600) // 2)
    assert list(figures) == [*(key for metric in METRICS for key in metric.keys), "rows", "defaults", "auc_folds"]
    assert figures.keys() >= PUBLISHED
    assert figures["auc_low"] < figures["auc"] < figures["auc_high"]
    assert (figures["rows"], figures["defaults"]) == (600, int(y.sum()))
    assert figures["auc_folds"] == [auc(y[folds == k], pd[folds == k]) for k in range(3)]
    assert (figures["calibration_slope"], figures["calibration_intercept"]) == calibration(y, pd)
    assert "auc_folds" not in summary(y, pd)


def test_a_fold_with_one_class_has_no_auc():
    assert summary([0, 1, 0, 0], [0.1, 0.9, 0.95, 0.3], folds=[0, 0, 1, 1])["auc_folds"] == [1.0, None]


@pytest.mark.parametrize(
    ("y", "pd"),
    [
        ([0, 1], [0.1]),
        ([0, 0], [0.1, 0.2]),
        ([0, np.nan], [0.1, 0.2]),
        ([0, 2], [0.1, 0.2]),
        ([0, 1], [0.1, np.nan]),
        ([0, 1], [0.1, 1.2]),
        ([], []),
    ],
)
def test_wrong_input_is_refused_by_every_metric(y: list[float], pd: list[float]):
    for metric in METRICS:
        with pytest.raises(InputError, match="ICS-VAL-001"):
            metric.figures(y, pd, None)
    with pytest.raises(InputError, match="ICS-VAL-001"):
        summary(y, pd)
