"""The interval of a difference of AUCs."""

import numpy as np
import pytest
from scipy.special import expit

from icsml.validation.auc import auc
from icsml.validation.auc_difference import AucDifference, auc_difference


@pytest.fixture
def rows():
    rng = np.random.default_rng(4)
    signal = rng.normal(size=1500)
    y = (rng.random(1500) < expit(-2 + signal)).astype(float)
    return y, expit(signal + rng.normal(size=1500)), expit(signal + 2 * rng.normal(size=1500))


def test_the_difference_is_that_of_the_areas_and_turns_with_the_models(rows):
    y, first, second = rows
    found, turned = auc_difference(y, first, second), auc_difference(y, second, first)
    assert found.auc == pytest.approx(auc(y, first) - auc(y, second), abs=1e-12)
    assert found.auc_low == pytest.approx(-turned.auc_high, abs=1e-12)
    assert found.auc_low > 0  # twice the noise: seen with 1,500 rows


def test_a_model_does_not_differ_from_itself(rows):
    y, first, _ = rows
    assert auc_difference(y, first, first) == AucDifference(0.0, 0.0, 0.0)


def test_the_interval_is_as_wide_as_a_paired_bootstrap_says(rows):
    y, first, second = rows
    rng = np.random.default_rng(0)
    drawn = [rng.integers(0, y.size, y.size) for _ in range(400)]
    spread = np.std([auc(y[i], first[i]) - auc(y[i], second[i]) for i in drawn])
    found = auc_difference(y, first, second)
    assert (found.auc_high - found.auc_low) / 2 / 1.96 == pytest.approx(spread, rel=0.15)


def test_repeated_rows_do_not_narrow_a_clustered_interval(rows):
    y, first, second = rows
    once = auc_difference(y, first, second, groups=np.arange(y.size))
    twice = auc_difference(*(np.tile(values, 2) for values in rows), groups=np.tile(np.arange(y.size), 2))
    assert twice.auc_high - twice.auc_low == pytest.approx(once.auc_high - once.auc_low, rel=1e-9)
