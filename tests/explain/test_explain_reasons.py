"""Contributions add up to the PD that was served, and agree with an independent computation."""

import itertools
import math

import lightgbm as lgb
import numpy as np
import pytest
import shap

from icsml.explain.ordered_sum import sum_in_order
from icsml.explain.shap_engine import contributions
from icsml.explain.terms import by_group, explain, pd_effects, rank_terms
from icsml.model.predict import log_odds, margin, pd_from_log_odds
from icsml.model.reference import ReferencePopulation


@pytest.fixture(scope="module")
def encoded(bundle, enterprises):
    from icsml.innovation.scoring.evaluate import evaluate
    from icsml.records.columns import to_columns

    columns = to_columns(enterprises.head(80))
    return bundle.model.encoder.encode(columns, evaluate(bundle.rulebook, columns))


@pytest.mark.parametrize("compared", ["reference", "cover", "pred_contrib"])
def test_the_terms_reconcile_with_the_calibrated_log_odds(bundle, encoded, compared):
    reference = bundle.reference if compared == "reference" else None
    explainer = "pred_contrib" if compared == "pred_contrib" else "tree_shap"
    terms = explain(bundle.model, encoded, reference, explainer=explainer)
    served = log_odds(margin(bundle.model.booster, encoded), bundle.model.calibration)
    np.testing.assert_allclose(terms.base + sum_in_order(terms.log_odds), served, atol=1e-9, rtol=0)


@pytest.fixture(scope="module")
def small():
    """A booster over four complete features, and a few rows."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(400, 4))
    y = (rng.random(400) < 1 / (1 + np.exp(1 - X[:, 0] + X[:, 1] * X[:, 2]))).astype(float)
    params = {"objective": "binary", "max_depth": 4, "num_leaves": 12, "verbose": -1, "num_threads": 1}
    return lgb.train(params, lgb.Dataset(X, y), num_boost_round=8), X[:6]


def expectation(node, row, known):
    """Expected margin of a tree when only some features are known: unknown splits are weighted by training cover."""
    if "leaf_value" in node:
        return node["leaf_value"]
    left, right = node["left_child"], node["right_child"]
    if node["split_feature"] in known:
        side = left if row[node["split_feature"]] <= node["threshold"] else right
        return expectation(side, row, known)
    covers = [child.get("internal_count", child.get("leaf_count")) for child in (left, right)]
    values = [expectation(child, row, known) for child in (left, right)]
    return (covers[0] * values[0] + covers[1] * values[1]) / sum(covers)


def apart(found):
    whole, _ = found
    return whole[:, :-1], whole[:, -1]


def test_contributions_are_the_shapley_values_of_all_coalitions(small):
    booster, X = small
    trees = [tree["tree_structure"] for tree in booster.dump_model()["tree_info"]]
    phi, base = apart(contributions(booster, X))
    players = range(X.shape[1])
    for row, found, start in zip(X, phi, base, strict=True):
        worth = {
            known: sum(expectation(tree, row, known) for tree in trees)
            for size in range(5)
            for known in itertools.combinations(players, size)
        }
        assert start == pytest.approx(worth[()], abs=1e-10)
        for player in players:
            others = [q for q in players if q != player]
            expected = sum(
                math.factorial(size)
                * math.factorial(3 - size)
                / math.factorial(4)
                * (worth[tuple(sorted((*known, player)))] - worth[known])
                for size in range(4)
                for known in itertools.combinations(others, size)
            )
            assert found[player] == pytest.approx(expected, abs=1e-10)


def test_shap_s_own_algorithm_agrees(small):
    """shap asks LightGBM for the values themselves, but its interactions come from its own code and sum to them."""
    booster, X = small
    interactions = shap.TreeExplainer(booster).shap_interaction_values(X)
    np.testing.assert_allclose(contributions(booster, X)[0][:, :-1], interactions.sum(axis=2), atol=1e-6, rtol=0)


def test_no_rows_have_no_contributions(bundle, encoded):
    for explainer in ("tree_shap", "pred_contrib"):
        whole, margins = contributions(bundle.model.booster, encoded[:0], explainer=explainer)
        assert whole.shape == (0, encoded.shape[1] + 1)
        assert margins.shape == (0,)


def test_terms_are_ranked_by_size_then_by_feature_order():
    terms = np.array([[0.1, -0.5, 0.0, 0.5, -0.1]])
    assert rank_terms(terms, 4).tolist() == [[1, 3, 0, 4]]
    assert rank_terms(terms, 10).tolist() == [[1, 3, 0, 4, 2]]
    assert rank_terms(terms, 0).shape == (1, 0)


def test_the_base_is_the_mean_of_the_reference_population(bundle, encoded):
    terms = explain(bundle.model, encoded, bundle.reference)
    mean = log_odds(margin(bundle.model.booster, bundle.reference.rows), bundle.model.calibration).mean()
    assert terms.base == pytest.approx(np.full(len(encoded), mean), abs=1e-9)


def test_contributions_are_the_shapley_values_against_a_population(small):
    """Interventional: of a coalition the row's values are known, all others are a reference row's."""
    booster, X = small
    reference = ReferencePopulation("training-applicants", np.random.default_rng(8).normal(size=(20, 4)))
    phi, base = apart(contributions(booster, X, reference))
    for row, found, start in zip(X, phi, base, strict=True):
        worth = {}
        for known in (c for size in range(5) for c in itertools.combinations(range(4), size)):
            mixed = reference.rows.copy()
            mixed[:, known] = row[list(known)]
            worth[known] = margin(booster, mixed).mean()
        assert start == pytest.approx(worth[()], abs=1e-10)
        for player in range(4):
            others = [q for q in range(4) if q != player]
            expected = sum(
                (worth[tuple(sorted((*known, player)))] - worth[known]) / (4 * math.comb(3, size))
                for size in range(4)
                for known in itertools.combinations(others, size)
            )
            assert found[player] == pytest.approx(expected, abs=1e-10)


def test_groups_sum_to_what_their_features_do():
    terms = np.array([[0.5, -0.25, 1.0], [0.0, 2.0, -1.0]])
    points = np.array([[1, 2, 3], [4, 5, 6]])
    found = by_group(["a", "b", "a"], terms, points)
    assert list(found) == ["a", "b"]
    assert [found[group][0].tolist() for group in found] == [[1.5, -1.0], [-0.25, 2.0]]
    assert [found[group][1].tolist() for group in found] == [[4, 10], [2, 5]]


def test_a_pd_effect_is_the_pd_less_what_it_would_be_without_the_term():
    total, term = np.array([-3.0]), np.array([0.7])
    assert pd_effects(total, term)[0] == pd_from_log_odds(total)[0] - pd_from_log_odds(total - term)[0] > 0.0


def test_a_sum_in_order_has_the_same_bits_for_one_row():
    terms = np.random.default_rng(0).normal(size=(50, 45))
    whole = sum_in_order(terms)
    assert [sum_in_order(terms[i : i + 1])[0] for i in range(50)] == whole.tolist()
