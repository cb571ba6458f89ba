from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icsml.core.arithmetic import add, age, growth, known, ratio, scale, subtract

TINY = 5e-324
HUGE = 1.7e308
ANY = st.floats(allow_nan=True, allow_infinity=True, allow_subnormal=True)
PAIRS = st.lists(st.tuples(ANY, ANY), min_size=1, max_size=12)


def arr(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float64)


def days(*values: str) -> np.ndarray:
    return np.array(values, dtype="datetime64[D]")


@given(PAIRS)
@settings(max_examples=200, deadline=None)
def test_every_operation_is_finite_or_missing_and_never_warns(pairs: list[tuple[float, float]]) -> None:
    a, b = (np.array(side, dtype=np.float64) for side in zip(*pairs, strict=True))
    with np.errstate(all="raise"):
        results = [known(a), add(a, b), subtract(a, b), scale(a, 365.0), ratio(a, b), growth(a, b)]
    for result in results:
        assert not np.isinf(result).any()
        assert result.dtype == np.float64


@given(PAIRS)
@settings(max_examples=200, deadline=None)
def test_a_missing_operand_makes_the_result_missing(pairs: list[tuple[float, float]]) -> None:
    a, b = (np.array(side, dtype=np.float64) for side in zip(*pairs, strict=True))
    lacking = ~(np.isfinite(a) & np.isfinite(b))
    for operation in (add, subtract, ratio, growth):
        assert np.isnan(operation(a, b)[lacking]).all()


@pytest.mark.parametrize("base", [0.0, -0.0, -1.0, -TINY, -HUGE, np.nan, np.inf, -np.inf])
def test_a_ratio_over_a_base_that_is_not_above_zero_is_missing(base: float) -> None:
    assert np.isnan(ratio(arr(1.0, -1.0, 0.0), arr(base, base, base))).all()


def test_a_ratio_over_a_positive_base_is_the_quotient() -> None:
    np.testing.assert_array_equal(ratio(arr(1.0, -3.0, 0.0), arr(4.0, 2.0, 7.0)), arr(0.25, -1.5, 0.0))


def test_overflow_is_missing_not_infinite() -> None:
    big = arr(HUGE)
    results = [ratio(big, arr(TINY)), add(big, big), subtract(-big, big), scale(big, 365.0), growth(big, arr(1e-9))]
    for result in results:
        assert np.isnan(result).all()


def test_an_overflowing_base_does_not_become_a_ratio_of_zero() -> None:
    big = arr(HUGE)
    assert np.isnan(ratio(arr(1.0), add(big, big))).all()
    assert np.isnan(ratio(arr(1.0), arr(np.inf))).all()


def test_growth_from_nothing_or_a_loss_is_missing() -> None:
    result = growth(arr(110.0, 5.0, 5.0, 50.0), arr(100.0, 0.0, -10.0, 100.0))
    np.testing.assert_array_equal(np.isnan(result), [False, True, True, False])
    np.testing.assert_allclose(result[[0, 3]], [0.1, -0.5], rtol=1e-15)


def test_age_counts_days_and_is_missing_for_missing_or_reversed_dates() -> None:
    result = age(
        days("2020-01-01", "NaT", "2020-01-01", "2024-01-02", "2024-01-01"),
        days("2024-01-01", "2024-01-01", "NaT", "2024-01-01", "2024-01-01"),
        365.25,
    )
    np.testing.assert_array_equal(np.isnan(result), [False, True, True, True, False])
    assert result[0] == pytest.approx(4.0, abs=1e-12)
    assert result[4] == 0.0
