"""Like features of one group told as one reason."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import spearmanr

from icsml.explain.merging import alike, merge, merged_into
from icsml.model.reference import ReferencePopulation

CLUSTERS = ((0, 2), (3, 4, 5))
TERMS = arrays(np.float64, st.tuples(st.integers(1, 4), st.just(7)), elements=st.floats(-2, 2, allow_subnormal=False))


@pytest.fixture(scope="module")
def population():
    rng = np.random.default_rng(4)
    first = rng.normal(size=400)
    rows = np.column_stack(
        [first, np.exp(first) + rng.normal(0, 0.05, 400), -first, first, rng.normal(size=400), np.full(400, 2.0)]
    )
    rows[::9, 1] = np.nan
    return ReferencePopulation("training-applicants", rows)


def test_like_features_of_one_group_are_found(population):
    rho = spearmanr(population.rows[:, 0], population.rows[:, 1], nan_policy="omit").statistic
    groups = ("a", "a", "a", "b", "a", "a")
    assert alike(population, groups, rho - 1e-9) == ((0, 1, 2),)
    assert alike(population, groups, rho + 1e-3) == ((0, 2),)  # an inverse ratio says the same
    assert alike(population, ("a", None, "a", "b", "a", "a"), 0.5) == ((0, 2),)
    assert alike(population, ("a", "b", "c", "d", "e", "f"), 0.01) == ()


@given(TERMS)
def test_merging_moves_terms_and_loses_none(terms):
    points = np.rint(100 * terms).astype(np.int64)
    merged, merged_points = merge(terms, points, CLUSTERS)
    np.testing.assert_allclose(merged.sum(axis=1), terms.sum(axis=1), atol=1e-12)
    assert (merged_points.sum(axis=1) == points.sum(axis=1)).all()
    for row in range(len(terms)):
        for lead in range(7):
            into = merged_into(lead, terms[row], CLUSTERS)
            if merged[row, lead] != 0.0:
                assert merged[row, lead] == pytest.approx(terms[row, lead] + sum(terms[row, place] for place in into))
                assert all(abs(terms[row, place]) <= abs(terms[row, lead]) for place in into)
                assert all(merged[row, place] == 0.0 for place in into)
        assert merge(terms[row : row + 1], points[row : row + 1], CLUSTERS)[0].tobytes() == merged[row].tobytes()


def test_each_sign_has_its_own_reason():
    terms = np.array([[0.3, 0.1, 0.2, 0.4, -0.5, -0.6, 0.0]])
    points = np.array([[-3, -1, -2, -4, 5, 6, 0]])
    merged, merged_points = merge(terms, points, CLUSTERS)
    assert merged[0].tolist() == pytest.approx([0.5, 0.1, 0.0, 0.4, 0.0, -1.1, 0.0])
    assert merged_points[0].tolist() == [-5, -1, 0, -4, 0, 11, 0]
    assert merged_into(5, terms[0], CLUSTERS) == [4]
    assert merged_into(1, terms[0], CLUSTERS) == []


def test_without_clusters_nothing_is_copied():
    terms, points = np.ones((2, 3)), np.ones((2, 3), dtype=np.int64)
    assert merge(terms, points, ())[0] is terms
