"""Like features of one group told as one reason."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import spearmanr

from icsml.explain.merging import by_cluster, clusters, correlated, merge, merged_into
from icsml.features.feature import INNOVATION_SCORE
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
    assert correlated(population, groups, rho - 1e-9) == ((0, 1, 2),)
    assert correlated(population, groups, rho + 1e-3) == ((0, 2),)  # an inverse ratio says the same
    assert correlated(population, ("a", None, "a", "b", "a", "a"), 0.5) == ((0, 2),)
    assert correlated(population, ("a", "b", "c", "d", "e", "f"), 0.01) == ()


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


@given(TERMS)
def test_counted_by_cluster_are_the_reasons_that_are_told(terms):
    merged, _ = merge(terms, np.zeros(terms.shape, dtype=np.int64), CLUSTERS)
    counted, else_opposite = by_cluster(terms, CLUSTERS)
    assert counted.shape == (len(terms), 2 + 2 * len(CLUSTERS))
    for row in range(len(terms)):
        assert sorted(counted[row][counted[row] != 0.0]) == pytest.approx(sorted(merged[row][merged[row] != 0.0]))
    assert (else_opposite[counted != 0.0] == counted[counted != 0.0]).all()


def test_like_features_stand_in_the_same_places_whichever_leads():
    first, second = np.array([[0.3, 0.0, 0.1, 0.0, 0.0, 0.0, 0.9]]), np.array([[0.1, 0.0, 0.3, -0.2, 0.0, 0.0, 0.9]])
    counted, else_opposite = by_cluster(np.vstack([first, second]), CLUSTERS)
    assert counted.tolist() == [[0.0, 0.9, 0.4, 0.0, 0.0, 0.0], [0.0, 0.9, 0.4, 0.0, 0.0, -0.2]]
    assert else_opposite.tolist() == [[0.0, 0.9, 0.4, 0.4, 0.0, 0.0], [0.0, 0.9, 0.4, 0.4, -0.2, -0.2]]
    assert by_cluster(first, ())[0].tobytes() == first.tobytes()


def test_too_few_common_values_join_nothing():
    rows = np.full((100, 2), np.nan)
    for common, joined in ((29, ()), (30, ((0, 1),))):
        rows[:common] = np.arange(common)[:, None]
        assert correlated(ReferencePopulation("training-applicants", rows), ("g", "g"), 0.5) == joined


def test_features_are_joined_in_chains_wherever_the_middle_comes():
    rng = np.random.default_rng(0)
    a = rng.normal(size=400)
    b = a + 0.4 * rng.normal(size=400)
    rows = np.column_stack([a, b, b + 0.5 * rng.normal(size=400)])
    for order in ([0, 1, 2], [0, 2, 1]):
        assert correlated(ReferencePopulation("training-applicants", rows[:, order]), ("g",) * 3, 0.88) == ((0, 1, 2),)
    assert correlated(ReferencePopulation("training-applicants", rows[:, [0, 2]]), ("g",) * 2, 0.88) == ()


def test_a_model_has_like_features_by_its_population_and_the_score_apart(bundle):
    features = bundle.features
    found = clusters(bundle, 0.05)
    named = [{features[place].name for place in places} for places in found]
    assert found
    assert all(len({features[place].group for place in places}) == 1 for places in found)
    assert not any(INNOVATION_SCORE in names for names in named)
    assert clusters(bundle, None) == clusters(replace(bundle, reference=None), 0.05) == ()
