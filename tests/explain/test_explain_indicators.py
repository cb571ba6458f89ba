"""The innovation score's reason, split over what made the score."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from icsml.explain.indicator_split import SMALLEST, split_points, split_term

TERM = st.floats(-3, 3)
DIFFERENCES = arrays(np.float64, st.integers(1, 14), elements=st.floats(-30, 30))


@given(TERM, DIFFERENCES)
def test_the_parts_sum_to_the_term_and_follow_the_differences(term, differences):
    parts = split_term(term, differences)
    total = math.fsum(differences)
    if parts is None:
        assert abs(term) < SMALLEST or abs(total) <= 0.5 * math.fsum(np.abs(differences)) * (1 + 1e-12)
        return
    assert math.fsum(parts) == pytest.approx(term, rel=1e-13)
    assert np.abs(parts).sum() < 2.0 * abs(term) * (1 + 1e-9)
    np.testing.assert_allclose(parts * total, term * differences, atol=1e-9)


def test_a_split_by_hand():
    assert split_term(-0.3, np.array([2.0, -0.5, 0.0])).tolist() == pytest.approx([-0.4, 0.1, 0.0])


@pytest.mark.parametrize(
    ("term", "differences"),
    [
        (0.0199, [5.0, 1.0]),  # small
        (0.5, [3.0, -1.0, 0.0]),  # exactly half cancels
        (0.5, [3.0, -2.9]),
        (0.5, [0.0, 0.0]),
        (0.5, []),
    ],
)
def test_no_split_where_it_would_say_more_than_happened(term, differences):
    assert split_term(term, np.array(differences)) is None
    assert split_term(0.5, np.array([3.0, -0.99])) is not None


@given(arrays(np.float64, st.integers(1, 14), elements=st.floats(-90, 90)), st.booleans())
def test_points_of_the_parts_sum_to_those_of_the_term(exact, up):
    whole = math.fsum(exact)
    total = math.ceil(whole) if up else math.floor(whole)
    points = split_points(exact, total)
    assert points.sum() == total
    assert (np.abs(points - exact) <= 1.0 + 1e-9).all()


def test_points_sum_even_where_rounding_crossed_a_whole_number():
    assert split_points(np.array([1.0, 2.0]), 2).tolist() == [1, 1]
