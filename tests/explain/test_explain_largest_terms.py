"""Sums of terms by group, and of those that are not displayed, beside plain Python."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from icsml.explain.largest_terms import sum_terms
from icsml.explain.terms import rank_terms

TERM = st.sampled_from([0.0, -0.0, 0.1, -0.1, 1e16, -1e16]) | st.floats(-9.0, 9.0)


@st.composite
def tables(draw):
    """Terms and points, before and after merging, the group of each feature, and how many are displayed."""
    n, p = draw(st.integers(0, 4)), draw(st.integers(1, 12))
    terms, merged = (draw(st.lists(TERM, min_size=n * p, max_size=n * p)) for _ in range(2))
    points, merged_points = (draw(st.lists(st.integers(-99, 99), min_size=n * p, max_size=n * p)) for _ in range(2))
    groups = draw(st.lists(st.integers(0, 3), min_size=p, max_size=p))
    shaped = [np.array(each, dtype=kind).reshape(n, p) for each, kind in ((terms, float), (merged, float))]
    shaped += [np.array(each, dtype=np.int64).reshape(n, p) for each in (points, merged_points)]
    return *shaped, np.array(groups), draw(st.integers(0, p + 2))


@settings(deadline=None)  # the first call compiles
@given(tables())
def test_sums_are_those_of_plain_python_from_left_to_right(table):
    terms, merged, points, merged_points, groups, most = table
    n, p = terms.shape
    ranked = rank_terms(merged, most)
    sums, point_sums = np.full((n, 4), np.nan), np.full((n, 4), -1)
    others, other_points = np.full(n, np.nan), np.full(n, -1)
    sum_terms(terms, points, groups, sums, point_sums, merged, merged_points, ranked, others, other_points)
    for row in range(n):
        expected, expected_points = [0.0] * 4, [0] * 4
        left, left_points = 0.0, 0
        displayed = {column for column in ranked[row].tolist() if merged[row, column] != 0.0}
        for column in range(p):
            expected[groups[column]] += terms[row, column]
            expected_points[groups[column]] += points[row, column]
            if column not in displayed:
                left += merged[row, column]
                left_points += merged_points[row, column]
        assert sums[row].tolist() == expected
        assert point_sums[row].tolist() == expected_points
        assert (others[row], other_points[row]) == (left, left_points)
