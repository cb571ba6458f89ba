"""Information value and the interval of a rate: against figures worked out by hand, and at their edges."""

from __future__ import annotations

import numpy as np
import pytest

from icsml.validation.information_value import information_value
from icsml.validation.rate_interval import rate_interval


def test_two_values_give_the_sum_over_two_bins():
    values = np.repeat([0.0, 1.0], [60, 40])
    y = np.concatenate([np.repeat([0.0, 1.0], [50, 10]), np.repeat([0.0, 1.0], [20, 20])])
    good, bad = np.array([50.5, 20.5]) / 71.0, np.array([10.5, 20.5]) / 31.0
    assert information_value(values, y) == pytest.approx(((good - bad) * np.log(good / bad)).sum())


def test_what_tells_nothing_has_none_and_more_told_is_more():
    random = np.random.default_rng(0)
    y = (random.random(20_000) < 0.2).astype(float)
    noise, signal = random.normal(size=20_000), y + random.normal(size=20_000)
    assert information_value(noise, y) < 0.02
    assert information_value(signal, y) > 0.5
    assert information_value(-signal, y) == pytest.approx(information_value(signal, y), rel=0.05)


def test_missing_values_are_a_bin_of_their_own():
    y = np.repeat([0.0, 1.0], 100)
    gone = np.where(np.arange(200) >= 120, np.nan, 1.0)
    assert information_value(gone, y) > 1.0


@pytest.mark.parametrize(("values", "y"), [([1, 2, 3], [0, 0, 0]), ([1, 1, 1], [0, 1, 0]), ([np.nan] * 3, [0, 1, 0])])
def test_one_class_or_one_bin_has_no_value(values, y):
    assert information_value(values, y) is None


def test_the_interval_is_wilson_s():
    low, high = rate_interval(5, 100)
    assert (low, high) == pytest.approx((0.02154, 0.11175), abs=1e-4)
    assert rate_interval(0, 0) is None
    assert rate_interval(0, 10)[0] == 0.0 < rate_interval(0, 10)[1] < 0.35
    assert rate_interval(10, 10)[1] == 1.0
