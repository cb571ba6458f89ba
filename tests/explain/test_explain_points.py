"""Score points by largest remainder."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from icsml.explain.largest_terms import largest_terms
from icsml.explain.score_points import share_points
from icsml.explain.terms import largest

share_points(np.ones((1, 2)), np.array([2]))  # compiled once, before anything is timed
largest(np.ones((1, 2)), np.ones((1, 2), np.int64), np.ones((1, 2)), 1)
largest_terms(np.ones((1, 2)), np.empty((1, 1), np.int64))

EXACT = st.integers(1, 8).flatmap(
    lambda m: arrays(np.float64, st.tuples(st.integers(1, 4), st.just(m)), elements=st.floats(-900, 900))
)


@given(EXACT)
def test_points_sum_to_the_score_and_none_is_off_by_one_point(exact):
    total = np.rint(exact.sum(axis=1)).astype(np.int64)
    points = share_points(exact, total)
    assert (points.sum(axis=1) == total).all()
    assert (np.abs(points - exact) < 1.0 + 1e-9).all()


@given(EXACT)
def test_a_row_gets_the_same_points_alone(exact):
    total = np.rint(exact.sum(axis=1)).astype(np.int64)
    for row in range(len(exact)):
        alone = share_points(exact[row : row + 1], total[row : row + 1])
        assert (alone[0] == share_points(exact, total)[row]).all()


def test_the_largest_fractions_are_rounded_up_and_ties_go_to_the_earlier():
    exact = np.array([[487.2, -10.5, 3.5, 0.0, -0.2]])
    assert share_points(exact, np.array([480])).tolist() == [[487, -10, 3, 0, 0]]


def test_a_term_of_zero_gets_no_points():
    exact = np.array([[0.9, 0.0, 0.0, 0.6]])
    assert share_points(exact, np.array([2])).tolist() == [[1, 0, 0, 1]]


TIED = st.integers(1, 70).flatmap(
    lambda m: arrays(
        np.float64, (1, m), elements=st.sampled_from([0.0, 0.25, 0.5, 0.5 + 2**-40, 0.75, 1 - 2**-53, -0.1])
    )
)


@given(EXACT | TIED)
def test_the_compiled_loop_gives_what_sorting_gives(exact):
    total = np.rint(exact.sum(axis=1)).astype(np.int64)
    floor = np.floor(exact).astype(np.int64)
    expected = floor.copy()
    for row, wanting in enumerate(total - floor.sum(axis=1)):
        expected[row, np.argsort(floor[row] - exact[row], kind="stable")[:wanting]] += 1
    assert (share_points(exact, total) == expected).all()


TERMS = st.integers(1, 9).flatmap(
    lambda m: arrays(
        np.float64, st.tuples(st.integers(1, 4), st.just(m)), elements=st.sampled_from([0.0, -0.0, 1.0, -1.0, 2.5])
    )
)


@given(TERMS, st.integers(0, 9))
def test_the_largest_terms_are_those_of_a_stable_sort(terms, most):
    ranked = np.empty((len(terms), min(most, terms.shape[1])), np.int64)
    largest_terms(terms.copy(), ranked)
    assert (ranked == np.argsort(-np.abs(terms), axis=1, kind="stable")[:, :most]).all()


@given(TERMS, st.integers(0, 10))
def test_the_largest_terms_are_gathered_with_their_points_and_values(terms, most):
    points, values = np.arange(terms.size).reshape(terms.shape), np.where(terms > 1.0, np.nan, terms + 7.0)
    found = largest(terms, points, values, most)
    expected = [
        (row, column)
        for row in range(len(terms))
        for column in np.argsort(-np.abs(terms[row]), kind="stable")[:most].tolist()
        if terms[row, column] != 0.0
    ]
    assert list(zip(found.rows.tolist(), found.columns.tolist(), strict=True)) == expected
    places = (found.rows, found.columns)
    np.testing.assert_array_equal(found.log_odds, terms[places])
    np.testing.assert_array_equal(found.points, points[places])
    np.testing.assert_array_equal(found.values, values[places])
