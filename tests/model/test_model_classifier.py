from __future__ import annotations

import pickle
import re
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.base import clone
from sklearn.datasets import make_blobs
from sklearn.metrics import get_scorer, make_scorer, roc_auc_score
from sklearn.utils.estimator_checks import check_estimator

from icsml.errors import ModelError
from icsml.model import predict
from icsml.model.calibrate import fit_affine
from icsml.model.classifier import NoRankingWarning, PDClassifier, UnnamedEventWarning, from_config
from icsml.model.model_config import ModelConfig
from icsml.model.rounds import FitError
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
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NoRankingWarning)  # some checks fit noise, a few dozen rows of it
        warnings.simplefilter("ignore", UnnamedEventWarning)  # one fits text labels
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


QUICK: dict[str, Any] = {"max_rounds": 25}


@pytest.fixture(scope="module")
def plain(small_book) -> PDClassifier:
    return PDClassifier(**QUICK).fit(*small_book)


@pytest.mark.parametrize("labels", [(False, True), (-1, 1), (1.0, 2.0)])
def test_of_numbers_and_booleans_the_greater_one_is_the_event(small_book, plain, labels):
    X, y = small_book
    model = PDClassifier(**QUICK).fit(X, np.where(y == 1, labels[1], labels[0]))
    assert model.event_ == labels[1]
    assert np.array_equal(model.predict_proba(X), plain.predict_proba(X))


@pytest.mark.parametrize("dtype", [str, object])
@pytest.mark.parametrize(("event", "other", "column"), [("bad", "good", 0), ("failed", "alive", 1)])
def test_a_named_event_has_its_own_column_and_one_meaning(small_book, plain, event, other, column, dtype):
    X, y = small_book
    model = PDClassifier(**QUICK, event=event).fit(X, np.where(y == 1, event, other).astype(dtype))
    assert model.classes_.tolist() == sorted([event, other])
    assert model.event_ == model.classes_[column] == event
    assert np.array_equal(model.predict_proba(X)[:, column], plain.predict_proba(X)[:, 1])
    assert np.array_equal(model.margin(X), plain.margin(X))
    assert model.calibration_ == plain.calibration_
    assert np.array_equal(model.predict(X) == event, plain.predict(X) == 1)
    assert np.array_equal(model.decision_function(X), plain.decision_function(X) * (1 if column else -1))


@pytest.mark.parametrize("event", [0, 1])
def test_scorers_see_the_same_model_whichever_label_is_the_event(small_book, event):
    X, y = small_book
    labels = y if event == 1 else 1.0 - y
    model = PDClassifier(**QUICK, event=event).fit(X, labels)
    area = roc_auc_score(y, model.predict_proba(X)[:, event])
    assert area > 0.8
    assert get_scorer("roc_auc")(model, X, labels) == pytest.approx(area, abs=1e-12)
    by_probability = make_scorer(roc_auc_score, response_method="predict_proba")
    assert by_probability(model, X, labels) == pytest.approx(area, abs=1e-12)
    assert get_scorer("accuracy")(model, X, labels) > 0.8
    assert get_scorer("neg_log_loss")(model, X, labels) > -0.5


def test_a_direction_is_one_of_the_event_though_it_is_the_lesser_label(small_book):
    X, y = small_book
    model = PDClassifier(**QUICK, event="bad", monotone=[1, -1, 0, 0]).fit(X, np.where(y == 1, "bad", "good"))
    grid = np.repeat(X[:1], 25, axis=0)
    grid[:, 0] = np.linspace(-3, 3, 25)
    steps = np.diff(model.predict_proba(grid)[:, 0])
    assert (steps >= 0).all()
    assert steps.max() > 0


def test_without_a_named_event_text_gives_classes_and_no_pd(small_book, plain):
    X, y = small_book
    with pytest.warns(UnnamedEventWarning, match=r"'bad' and 'good' are text.*event='bad'") as caught:
        model = PDClassifier(**QUICK).fit(X, np.where(y == 1, "bad", "good"))
    assert caught[0].filename == __file__
    assert model.event_ is None
    for refused in (model.predict_proba, model.margin):
        with pytest.raises(FitError, match=r"ICS-MOD-001 event: .*'bad' and 'good'.*name it"):
            refused(X)
    assert np.array_equal(model.predict(X) == "bad", plain.predict(X) == 1)
    with pytest.raises(FitError, match="ICS-MOD-001 event: the labels 'bad' and 'good' are text"):
        PDClassifier(**QUICK, monotone=[1, 0, 0, 0]).fit(X, np.where(y == 1, "bad", "good"))


@pytest.mark.parametrize(
    ("labels", "event"),
    [
        (("good", "bad"), "Bad"),
        (("good", "bad"), 1),
        ((0, 1), "1"),
        ((0, 1), 2),
        ((0, 1), float("nan")),
        ((0, 1), pd.NA),
        ((0, 1), np.array([0, 1])),
        (("0", "1"), 1),
    ],
)
def test_an_event_that_is_no_label_is_refused(small_book, labels, event):
    X, y = small_book
    with pytest.raises(FitError, match=r"ICS-MOD-001 event: .* is not one of the labels") as caught:
        PDClassifier(**QUICK, event=event).fit(X, np.where(y == 1, labels[1], labels[0]))
    assert all(repr(label) in str(caught.value) for label in labels)


def test_an_event_may_be_given_as_a_numpy_scalar(small_book, plain):
    X, y = small_book
    model = PDClassifier(**QUICK, event=np.int64(1)).fit(X, y.astype(int))
    assert np.array_equal(model.predict_proba(X), plain.predict_proba(X))


def named(X: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(X, columns=["debt_ratio", "cash_ratio", "age", "staff"])


def constraints(model: PDClassifier) -> list[int]:
    text = model.booster_.model_to_string()
    line = next(line for line in text.splitlines() if line.startswith("monotone_constraints="))
    return [int(sign) for sign in line.split("=")[1].split()]


@pytest.mark.parametrize(
    "monotone",
    [
        {"staff": -1, "debt_ratio": 1},
        pd.Series({"staff": -1, "age": 0, "cash_ratio": 0, "debt_ratio": 1}),
        [1, 0, 0, -1],
        np.array([1.0, 0.0, 0.0, -1.0]),
        (np.int8(1), 0, 0, -1),
        pd.Series([1, 0, 0, -1]),
        pd.Series([1, 0, 0, -1], index=[7, 5, 6, 4]),
    ],
    ids=["mapping", "named-series", "list", "floats", "numpy", "series", "series-of-rows"],
)
def test_directions_by_name_or_by_place(small_book, monotone):
    X, y = small_book
    assert constraints(PDClassifier(**QUICK, monotone=monotone).fit(named(X), y)) == [1, 0, 0, -1]


@pytest.mark.parametrize("value", [2, 0.5, -1.5, float("nan"), None, pd.NA, "1", True, [1], np.arange(2)])
def test_a_value_that_is_no_direction_is_refused_by_the_feature_it_is_given_for(small_book, value):
    X, y = small_book
    told = re.escape(repr(value))
    with pytest.raises(FitError, match=f"ICS-MOD-001 monotone: age has {told}, which is none of"):
        PDClassifier(**QUICK, monotone=[1, 0, value, 0]).fit(named(X), y)
    with pytest.raises(FitError, match=f"ICS-MOD-001 monotone: age has {told}, which is none of"):
        PDClassifier(**QUICK, monotone={"age": value}).fit(named(X), y)
    with pytest.raises(FitError, match=rf"monotone: feature 2 \(counted from 0\) has {told}"):
        PDClassifier(**QUICK, monotone=[1, 0, value, 0]).fit(X, y)


def test_a_configured_model_does_not_round_a_direction_either(small_book):
    with pytest.raises(FitError, match=r"monotone: feature 0 .* has 0.5"):
        from_config(ModelConfig(max_rounds=25), monotone=[0.5, 0, 0, 0]).fit(*small_book)  # type: ignore[list-item]


def test_too_few_or_too_many_directions_are_counted_and_the_features_named(small_book):
    X, y = small_book
    with pytest.raises(FitError, match="has 3 values for 4 features — give"):
        PDClassifier(**QUICK, monotone=[1, 0, 0]).fit(X, y)
    with pytest.raises(FitError, match=r"has 5 values for 4 features \(debt_ratio, cash_ratio, age, staff\)"):
        PDClassifier(**QUICK, monotone=[1, 0, 0, 0, 0]).fit(named(X), y)


@pytest.mark.parametrize("shape", [(), (4, 2), (1, 4)])
def test_an_array_of_other_than_one_axis_is_refused(small_book, shape):
    with pytest.raises(FitError, match=rf"monotone: has the shape {re.escape(str(shape))}, not one value a feature"):
        PDClassifier(**QUICK, monotone=np.zeros(shape)).fit(*small_book)


def test_a_series_that_names_a_feature_twice_is_refused(small_book):
    X, y = small_book
    twice = pd.Series([1, 0, 0, -1], index=["age", "staff", "debt_ratio", "age"])
    with pytest.raises(FitError, match="ICS-MOD-001 monotone: names 'age' twice"):
        PDClassifier(**QUICK, monotone=twice).fit(named(X), y)


@pytest.mark.parametrize("monotone", ["1000", {1, 0}, 1])
def test_what_gives_no_order_of_directions_is_refused(small_book, monotone):
    with pytest.raises(FitError, match=r"ICS-MOD-001 monotone: .* does not give one value a feature"):
        PDClassifier(**QUICK, monotone=monotone).fit(*small_book)


def test_a_direction_of_an_unknown_feature_is_refused_with_the_one_that_may_be_meant(small_book):
    X, y = small_book
    with pytest.raises(FitError, match=r"no feature 'debt_ration' — did you mean debt_ratio\?"):
        PDClassifier(**QUICK, monotone={"debt_ration": 1}).fit(named(X), y)
    with pytest.raises(FitError, match="no feature 'zzz' — the features are debt_ratio, cash_ratio, age, staff"):
        PDClassifier(**QUICK, monotone={"zzz": 1}).fit(named(X), y)
    with pytest.raises(FitError, match="monotone: names features, and X has no names"):
        PDClassifier(**QUICK, monotone={"debt_ratio": 1}).fit(X, y)


def reversed_rows() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two groups whose feature means the opposite: a model of the one ranks the other the wrong way round."""
    y = np.tile([0.0, 1.0], 100)
    groups = np.repeat([0, 1], 100)
    return np.where(groups == 0, y, 1.0 - y)[:, None], y, groups


def test_a_fit_that_does_not_rank_warns_and_is_kept_as_it_is():
    X, y, groups = reversed_rows()
    with pytest.warns(NoRankingWarning) as caught:
        model = PDClassifier(**QUICK, inner_folds=2).fit(X, y, groups=groups)
    said = str(caught[0].message)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert f"slope {model.calibration_.slope:.4g}: " in said
    assert "200 rows with 100 events" in said
    assert "the wrong way round" in said
    assert model.calibration_.slope < 0
    assert np.isfinite(model.predict_proba(X)).all()


def test_a_fit_that_finds_nothing_warns_too():
    X, y = np.zeros((60, 1)), np.tile([0.0, 0.0, 1.0], 20)
    with pytest.warns(NoRankingWarning, match="slope 0: on rows it had not seen, its margin says nothing of the event"):
        PDClassifier(**QUICK).fit(X, y)


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
