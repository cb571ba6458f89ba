from __future__ import annotations

from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
from sklearn.metrics import log_loss

from icsml.model.calibrate import fit_affine
from icsml.model.predict import log_odds, pd_from_log_odds
from icsml.model.rounds import FitError, RoundSearch, Split, block_splits, find_rounds, fold_splits, grow

PARAMS = {
    "objective": "binary",
    "num_leaves": 8,
    "learning_rate": 0.3,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
    "seed": 0,
}


def search(X: Any, y: Any, splits: Any, **changes: Any) -> RoundSearch:
    limits: dict[str, Any] = {"max_rounds": 60, "patience": 20, "check_every": 5} | changes
    return find_rounds(X, y, splits, PARAMS, **limits)


def test_every_checkpoint_is_the_calibrated_log_loss_of_pooled_held_out_margins(small_book):
    X, y = small_book
    splits = fold_splits(y, None, 4, seed=3)
    found = search(X, y, splits)
    boosters = [lgb.train(PARAMS, lgb.Dataset(X[s.train], y[s.train]), num_boost_round=60) for s in splits]
    for rounds, loss in found.curve:
        pooled = np.empty(y.size)
        for split, booster in zip(splits, boosters, strict=True):
            pooled[split.held_out] = booster.predict(X[split.held_out], raw_score=True, num_iteration=rounds)
        calibrated = pd_from_log_odds(log_odds(pooled, fit_affine(pooled, y)))
        assert loss == pytest.approx(log_loss(y, calibrated), abs=1e-9)
        if rounds == found.rounds:
            np.testing.assert_allclose(found.margins, pooled, atol=1e-12)
            assert found.calibration.slope == pytest.approx(fit_affine(pooled, y).slope, abs=1e-9)
    assert found.loss == min(loss for _, loss in found.curve)


def test_stops_later_than_the_raw_log_loss_would(small_book):
    X, y = small_book
    splits = fold_splits(y, None, 5, seed=0)
    found = search(X, y, splits, max_rounds=150, patience=150)
    raw = {}
    for rounds, _ in found.curve:
        pooled = np.empty(y.size)
        for split in splits:
            booster = lgb.train(PARAMS, lgb.Dataset(X[split.train], y[split.train]), num_boost_round=rounds)
            pooled[split.held_out] = booster.predict(X[split.held_out], raw_score=True)
        raw[rounds] = log_loss(y, pd_from_log_odds(pooled))
        if rounds >= 50:
            break
    assert found.rounds >= min(raw, key=lambda rounds: raw[rounds])


def test_patience_ends_the_search_and_the_best_checkpoint_is_kept(small_book):
    X, y = small_book
    found = search(X, y, fold_splits(y, None, 5, seed=0), max_rounds=500, patience=20)
    assert found.curve[-1][0] == found.rounds + 20 < 500


def test_max_rounds_is_reached_exactly_though_the_step_does_not_divide_it(small_book):
    X, y = small_book
    found = search(X, y, fold_splits(y, None, 5, seed=0), max_rounds=13, patience=50)
    assert [rounds for rounds, _ in found.curve] == [5, 10, 13]


def test_trees_that_cannot_be_split_end_the_search():
    X = np.zeros((60, 2))
    y = np.tile([0.0, 0.0, 1.0], 20)
    found = search(X, y, fold_splits(y, None, 3, seed=0), max_rounds=500, patience=500)
    assert len(found.curve) == 1
    assert grow(X, y, PARAMS, 500).current_iteration() <= 1


def test_a_backward_ranking_scores_no_better_than_a_constant():
    y = np.tile([0.0, 1.0], 50)
    X = np.arange(100.0)[:, None] // 2
    X[:50] *= -1
    half = np.arange(100) < 50
    X[half, 0], y[half] = np.where(y[half] == 1, 5.0, 1.0), y[half]
    X[~half, 0] = np.where(y[~half] == 1, 1.0, 5.0)
    splits = [Split(np.flatnonzero(half), np.flatnonzero(~half)), Split(np.flatnonzero(~half), np.flatnonzero(half))]
    found = search(X, y, splits)
    assert found.calibration.slope < 0
    assert found.loss == pytest.approx(np.log(2), abs=1e-3)


def test_folds_keep_groups_whole_and_never_outnumber_the_rarer_class(small_book):
    _, y = small_book
    groups = np.arange(y.size) // 3
    splits = fold_splits(y, groups, 5, seed=1)
    assert len(splits) == 5
    for split in splits:
        assert not set(groups[split.train]) & set(groups[split.held_out])
        assert set(split.train) | set(split.held_out) == set(range(y.size))
    assert sorted(np.concatenate([s.held_out for s in splits])) == list(range(y.size))
    rare = np.zeros(50)
    rare[[3, 30]] = 1.0
    assert len(fold_splits(rare, None, 5, seed=1)) == 2


def test_a_class_within_one_group_is_refused():
    y = np.array([1.0, 1.0, 0.0, 0.0, 0.0, 0.0])
    with pytest.raises(FitError, match="ICS-MOD-002"):
        fold_splits(y, np.array([1, 1, 2, 3, 4, 5]), 3, seed=0)


def test_time_blocks_only_look_forward_and_first_half_is_only_trained_on():
    blocks = np.repeat([2018, 2019, 2020, 2021, 2022], 10)
    y = np.tile([0.0, 1.0], 25)
    splits = block_splits(y, blocks)
    assert [set(blocks[s.held_out]) for s in splits] == [{2020}, {2021}, {2022}]
    for split in splits:
        assert blocks[split.train].max() < blocks[split.held_out].min()
        assert split.train.size == np.sum(blocks < blocks[split.held_out[0]])


def test_margins_of_rows_only_trained_on_are_nan(small_book):
    X, y = small_book
    blocks = np.arange(y.size) // 200
    found = search(X, y, block_splits(y, blocks))
    assert np.isnan(found.margins[blocks < 2]).all()
    assert np.isfinite(found.margins[blocks >= 2]).all()


@pytest.mark.parametrize(
    ("y", "blocks"),
    [
        ([0, 1, 0, 1], [1, 1, 1, 1]),
        ([0, 0, 0, 1, 0, 1], [1, 1, 2, 2, 3, 3]),
        ([0, 1, 0, 0, 0, 0], [1, 1, 2, 2, 3, 3]),
    ],
)
def test_blocks_without_both_classes_are_refused(y: list[int], blocks: list[int]):
    with pytest.raises(FitError, match="ICS-MOD-002"):
        block_splits(np.array(y, dtype=float), np.array(blocks))
