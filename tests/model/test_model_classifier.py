from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.utils.estimator_checks import check_estimator

from icsml.errors import ModelError
from icsml.model import predict
from icsml.model.calibrate import fit_affine
from icsml.model.classifier import PDClassifier
from icsml.model.trees import booster_text

# Settings under which scikit-learn's checks, most of them on a few dozen rows, see more than one constant PD.
BITING: dict[str, Any] = {
    "num_leaves": 4,
    "min_child_samples": 1,
    "max_rounds": 20,
    "patience": 10,
    "check_every": 5,
    "inner_folds": 3,
    "reg_lambda": 0.0,
}


@pytest.mark.parametrize("settings_", [{}, BITING], ids=["shipped", "biting"])
def test_scikit_learn_contract(settings_: dict[str, Any]):
    expected_failures: dict[str, str] = {}  # none: fit has no sample_weight, so nothing is promised about weights
    results = check_estimator(PDClassifier(**settings_), expected_failed_checks=expected_failures, on_skip=None)
    skipped = {result["check_name"] for result in results if result["status"] != "passed"}
    assert skipped <= {"check_array_api_input"}  # scikit-learn's array API is off
    assert len(results) > 40


def test_biting_settings_bite():
    X, y = make_blobs(n_samples=34, centers=2, random_state=0, cluster_std=3.0)
    assert np.unique(PDClassifier(**BITING).fit(X, y).predict_proba(X)[:, 1]).size > 5


def test_margin_is_lightgbms_and_pd_is_expit_of_the_calibrated_margin(fitted, small_book):
    X, _ = small_book
    raw = fitted.booster_.predict(X, raw_score=True)
    assert np.array_equal(fitted.margin(X), raw)
    affine = fitted.calibration_
    assert np.array_equal(fitted.decision_function(X), affine.slope * raw + affine.intercept)
    assert np.array_equal(fitted.predict_proba(X)[:, 1], expit(fitted.decision_function(X)))
    assert fitted.booster_.current_iteration() == fitted.rounds_


def test_margin_is_the_sum_of_leaf_values_in_tree_order(fitted, small_book):
    X = small_book[0][:50]
    leaves = fitted.booster_.predict(X, pred_leaf=True)
    total = np.zeros(len(X))
    for tree in range(leaves.shape[1]):
        total = total + np.array([fitted.booster_.get_leaf_output(tree, int(leaf)) for leaf in leaves[:, tree]])
    assert np.array_equal(total, fitted.margin(X))


def test_one_row_has_the_same_bits_as_in_a_batch(fitted, small_book):
    X, _ = small_book
    batch = fitted.predict_proba(X)
    for row in (0, 17, 399):
        assert np.array_equal(fitted.predict_proba(X[row : row + 1])[0], batch[row])


def test_calibration_comes_from_margins_of_unseen_rows(fitted, small_book):
    X, y = small_book
    assert fitted.held_out_margin_.shape == y.shape
    assert not np.allclose(fitted.held_out_margin_, fitted.margin(X))
    again = fit_affine(fitted.held_out_margin_, y)
    assert fitted.calibration_.slope == pytest.approx(again.slope, abs=1e-9)
    assert fitted.calibration_.intercept == pytest.approx(again.intercept, abs=1e-9)
    pooled = expit(fitted.calibration_.slope * fitted.held_out_margin_ + fitted.calibration_.intercept)
    assert pooled.mean() == pytest.approx(y.mean(), abs=0.002)


@settings(max_examples=60, deadline=None)
@given(
    row=st.integers(0, 799),
    values=st.lists(st.floats(-6, 6), min_size=2, max_size=12),
    feature=st.sampled_from([0, 1]),
)
def test_pd_never_moves_against_a_declared_direction(fitted, small_book, row: int, values: list[float], feature: int):
    X = np.repeat(small_book[0][row : row + 1], len(values), axis=0)
    X[:, feature] = np.sort(values)
    steps = np.diff(fitted.predict_proba(X)[:, 1]) * {0: 1, 1: -1}[feature]
    assert (steps >= 0).all()


def test_direction_is_a_constraint_and_not_luck(small_book):
    X, y = small_book
    grid = np.repeat(X[:100], 25, axis=0)
    grid[:, 2] = np.tile(np.linspace(-3, 3, 25), 100)
    free = PDClassifier(max_rounds=60).fit(X, y).margin(grid).reshape(100, 25)
    bound = PDClassifier(max_rounds=60, monotone=[0, 0, 1, 0]).fit(X, y).margin(grid).reshape(100, 25)
    assert (np.diff(free) < 0).any()
    assert (np.diff(bound) >= 0).all()


def test_threads_and_repetition_do_not_change_the_trees(small_book):
    X, y = small_book
    texts = {booster_text(PDClassifier(max_rounds=25, n_jobs=jobs).fit(X, y).booster_) for jobs in (1, 2, 1)}
    assert len(texts) == 1


def test_the_seed_matters_once_something_is_sampled(small_book):
    X, y = small_book
    texts = {
        booster_text(PDClassifier(max_rounds=25, colsample=0.5, random_state=s).fit(X, y).booster_) for s in (0, 1)
    }
    assert len(texts) == 2


def test_labels_of_any_type_and_the_greater_one_is_the_event(small_book):
    X, y = small_book
    named = np.where(y == 1, "failed", "alive")
    model = PDClassifier(max_rounds=25).fit(X, named)
    assert model.classes_.tolist() == ["alive", "failed"]
    assert np.array_equal(model.predict_proba(X), PDClassifier(max_rounds=25).fit(X, y).predict_proba(X))
    assert set(model.predict(X)) == {"alive", "failed"}


def test_groups_keep_repeated_rows_from_judging_themselves(small_book):
    X, y = (np.repeat(part[:150], 4, axis=0) for part in small_book)
    settings_ = {**BITING, "num_leaves": 16, "max_rounds": 60, "patience": 60}
    groups = np.repeat(np.arange(150), 4)
    leaking = PDClassifier(**settings_).fit(X, y)
    honest = PDClassifier(**settings_).fit(X, y, groups=groups)
    assert leaking.inner_loss_ < 0.7 * honest.inner_loss_


def test_blocks_are_used(small_book):
    X, y = small_book
    blocks = np.arange(y.size) // 200
    model = PDClassifier(max_rounds=25).fit(X, y, blocks=blocks)
    assert np.isnan(model.held_out_margin_).sum() == 400


def test_progress_is_told(small_book):
    heard: list[str] = []
    PDClassifier(max_rounds=50).fit(small_book[0], small_book[1], progress=heard.append)
    assert len(heard) == 2
    assert heard[0].startswith("rounds 25:")


def test_clone_and_pickle_keep_what_was_fitted(fitted, small_book):
    X, _ = small_book
    assert clone(fitted).get_params() == fitted.get_params()
    again = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(again.predict_proba(X), fitted.predict_proba(X))


def test_search_rounds_is_the_first_half_of_fit(fitted, small_book):
    found = clone(fitted).search_rounds(small_book[0], small_book[1])
    assert (found.rounds, found.loss, found.calibration) == (fitted.rounds_, fitted.inner_loss_, fitted.calibration_)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"max_depth": 9}, "max_depth"),
        ({"subsample": 0.0}, "subsample"),
        ({"max_rounds": 0}, "max_rounds"),
        ({"inner_folds": 1}, "inner_folds"),
        ({"check_every": 0}, "check_every"),
        ({"random_state": -1}, "random_state"),
        ({"monotone": [1]}, "monotone"),
        ({"monotone": [1, 2, 0, 0]}, "monotone"),
    ],
)
def test_a_parameter_out_of_range_is_named(small_book, change: dict[str, Any], field: str):
    with pytest.raises(ModelError, match=f"ICS-MOD-001 {field}: "):
        PDClassifier(**change).fit(small_book[0], small_book[1])


@pytest.mark.parametrize(("labels", "says"), [([1] * 6, "only one class"), ([0, 1, 2] * 2, "Only binary")])
def test_other_than_two_classes_is_refused(labels: list[int], says: str):
    with pytest.raises(ValueError, match=says) as caught:
        PDClassifier().fit(np.zeros((6, 1)), labels)
    assert isinstance(caught.value, ModelError)


def test_one_default_cannot_be_calibrated():
    with pytest.raises(ModelError, match="ICS-MOD-002"):
        PDClassifier().fit(np.arange(10.0)[:, None], [1] + [0] * 9)


def test_numpy_parameters_are_accepted(small_book):
    settings_: dict[str, Any] = {"max_rounds": np.int64(25), "learning_rate": np.float64(0.1)}
    X, y = small_book[0], small_book[1]
    plain = PDClassifier(max_rounds=25, learning_rate=0.1).fit(X, y)
    assert PDClassifier(**settings_).fit(X, y).predict_proba(X).tobytes() == plain.predict_proba(X).tobytes()


def test_margin_refuses_another_number_of_columns_and_takes_no_rows(fitted):
    with pytest.raises(ModelError, match="ICS-MOD-005"):
        predict.margin(fitted.booster_, np.zeros((2, 3)))
    assert predict.margin(fitted.booster_, np.zeros((0, 4))).shape == (0,)
