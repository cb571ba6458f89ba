"""Reasons of free features against the effect of the feature alone."""

from functools import partial

import numpy as np
import pytest

from icsml.decision.assess import assess
from icsml.explain.contradiction import contradictions, contradicts, one_at_a_time, raises_adverse, spreads
from icsml.explain.terms import rank_terms
from icsml.model.calibrate import Affine
from icsml.model.predict import margin
from icsml.model.reference import ReferencePopulation
from icsml.records.columns import to_columns


def test_the_spread_of_a_column_is_bounded_and_holds_missing_values_in_proportion():
    column = np.random.default_rng(0).permutation(np.concatenate([np.arange(750.0), np.full(250, np.nan)]))
    values = spreads(ReferencePopulation("training-applicants", np.column_stack([column, np.full(1000, 7.0)])))
    assert values.shape == (32, 2)
    assert np.isnan(values[:, 0]).sum() == 8
    np.testing.assert_array_equal(values[:3, 0], [15.0, 46.0, 78.0])
    few = ReferencePopulation("training-applicants", np.array([[3.0], [1.0], [2.0]]))
    np.testing.assert_array_equal(spreads(few)[:, 0], [1.0, 2.0, 3.0])


@pytest.fixture(scope="module")
def scored(bundle, enterprises):
    found = assess(bundle, to_columns(enterprises.iloc[::30]))
    kept = ~found.fallback
    return found.features[kept], found.explanation.terms.log_odds[kept]


def test_the_effect_alone_is_the_margin_less_its_mean_over_the_values(bundle, scored):
    features, _ = scored
    affine = Affine(0.5, -9.0)
    settings = np.zeros((3, features.shape[1]))
    settings[:, 3], settings[:, 8] = [0.1, np.nan, 5.0], [-0.2, 0.0, 7.0]
    rows = np.array([0, 7, len(features) - 1, 7])
    columns = np.array([3, 8, 3, 3])
    found = one_at_a_time(partial(margin, bundle.model.booster), affine, features, (rows, columns), settings)
    assert found.shape == (4,)
    for row, column, effect in zip(rows, columns, found, strict=True):
        moved = np.repeat(features[row : row + 1], 3, axis=0)
        moved[:, column] = settings[:, column]
        mean = margin(bundle.model.booster, moved).mean()
        alone = 0.5 * (margin(bundle.model.booster, features[row : row + 1])[0] - mean)
        assert effect == pytest.approx(alone, abs=1e-12)


def test_many_effects_are_those_of_each_alone(bundle, scored):
    features, _ = scored
    values = spreads(bundle.reference)
    rows = np.arange(5000) % len(features)
    columns = np.arange(5000) % 7
    ask = partial(margin, bundle.model.booster)
    together = one_at_a_time(ask, Affine(1.0, 0.0), features, (rows, columns), values)
    for place in (0, 2047, 2048, 4999):
        alone = one_at_a_time(ask, Affine(1.0, 0.0), features, (rows[[place]], columns[[place]]), values)
        assert together[place] == alone[0]


def test_a_contradiction_needs_two_signs_that_are_not_negligible():
    terms = np.array([0.3, 0.3, -0.3, 0.01, 0.3, -0.02])
    effects = np.array([-0.3, 0.3, 0.02, -0.3, -0.019, 0.02])
    assert contradicts(terms, effects).tolist() == [True, False, True, False, False, True]


def test_the_rate_counts_shown_reasons_of_free_features(bundle, scored):
    features, terms = scored
    found = contradictions(bundle, features, terms, 5)
    free = [place for place, sign in enumerate(bundle.model.encoder.directions) if sign == 0]
    ranked = rank_terms(terms, 5)
    shown = sum(int(terms[row, place] != 0.0) for row in range(len(terms)) for place in ranked[row] if place in free)
    assert found.rows == len(features)
    assert sum(found.displayed.values()) == shown > 0
    assert set(found.displayed) == {bundle.features[place].name for place in free}
    assert found.rate == sum(found.contradicting.values()) / shown
    assert contradictions(bundle, features, terms, 0).rate is None


def test_a_booster_of_pure_interaction_contradicts(tmp_path):
    """Two features whose product counts: on average the first helps, beside a bad second it harms."""
    import lightgbm as lgb

    rng = np.random.default_rng(2)
    X = rng.uniform(-1, 1, size=(4000, 2))
    X[:, 1] = np.where(rng.random(4000) < 0.8, np.abs(X[:, 1]), X[:, 1])
    booster = lgb.train(
        {"objective": "regression", "verbose": -1, "num_threads": 1, "max_depth": 3},
        lgb.Dataset(X, X[:, 0] * X[:, 1]),
        num_boost_round=60,
    )
    row = np.array([[0.9, -0.9]])
    pair, values = (np.array([0]), np.array([0])), np.linspace(-1, 1, 21)[:, None] * [1.0, 0.0]
    effect = one_at_a_time(partial(margin, booster), Affine(1.0, 0.0), row, pair, values)
    assert effect[0] < -0.3
    assert contradicts(np.array([0.1]), effect).tolist() == [True]


@pytest.mark.parametrize(
    ("after", "terms", "raised"),
    [
        ([2.0, 3.0], [-0.1, 0.1], False),
        ([2.0, 3.1], [-0.1, 0.1], True),
        ([2.1, 3.0], [-0.1, 0.1], False),
        ([2.1, 3.0], [0.1, 0.1], True),
        ([1.9, 2.9], [0.1, 0.1], False),
        ([np.nan, 3.0], [0.1, 0.1], False),
    ],
)
def test_what_rises_and_stays_adverse_is_told(after, terms, raised):
    assert raises_adverse(np.array([2.0, 3.0]), np.array(after), np.array(terms)) == raised
