from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from icsml.model.calibrate import Affine
from icsml.model.classifier import PDClassifier, from_config
from icsml.model.model_config import ModelConfig, SearchRange
from icsml.model.rounds import RoundSearch
from icsml.model.tune import tune

CONFIG = ModelConfig(
    search={
        "max_depth": SearchRange(low=1, high=4),
        "learning_rate": SearchRange(low=0.02, high=0.3, log=True),
        "reg_lambda": SearchRange(low=0.1, high=30.0, log=True),
    },
    trials=4,
    inner_folds=3,
    max_rounds=50,
    seed=11,
)


@pytest.fixture(scope="module")
def tuned(small_book):
    heard: list[str] = []
    return tune(small_book[0], small_book[1], CONFIG, progress=heard.append), heard


def test_trial_zero_is_the_configured_setting(tuned, small_book):
    tuning, _ = tuned
    start = from_config(CONFIG).search_rounds(small_book[0], small_book[1])
    first = tuning.trials[0]
    assert first.hyperparameters == CONFIG.hyperparameters
    assert (first.loss, first.rounds, first.slope) == (start.loss, start.rounds, start.calibration.slope)


def test_the_best_trial_is_chosen_and_is_never_worse_than_the_start(tuned):
    tuning, _ = tuned
    assert len(tuning.trials) == 4
    assert len({trial.hyperparameters.learning_rate for trial in tuning.trials}) == 4
    assert tuning.loss == min(trial.loss for trial in tuning.trials) <= tuning.trials[0].loss
    assert tuning.hyperparameters in [trial.hyperparameters for trial in tuning.trials if trial.loss == tuning.loss]


def test_what_is_not_searched_stays(tuned):
    tuning, _ = tuned
    for trial in tuning.trials:
        assert trial.hyperparameters.num_leaves == CONFIG.hyperparameters.num_leaves
        assert 1 <= trial.hyperparameters.max_depth <= 4


def test_the_seed_decides_the_search(tuned, small_book):
    tuning, _ = tuned
    assert tune(small_book[0], small_book[1], CONFIG) == tuning
    other = tune(small_book[0], small_book[1], CONFIG.model_copy(update={"seed": 12, "trials": 2}))
    assert other.trials[1].hyperparameters != tuning.trials[1].hyperparameters


def test_one_line_a_trial_and_nothing_else_is_said(small_book, capfd):
    heard: list[str] = []
    tune(small_book[0], small_book[1], CONFIG.model_copy(update={"trials": 2}), progress=heard.append)
    assert [line.split(":")[0] for line in heard] == ["trial 1/2", "trial 2/2"]
    captured = capfd.readouterr()
    assert captured.out == captured.err == ""


def test_without_trials_the_configured_setting_is_judged_and_returned(small_book):
    tuning = tune(small_book[0], small_book[1], CONFIG.model_copy(update={"trials": 0}))
    assert tuning.hyperparameters == CONFIG.hyperparameters
    assert len(tuning.trials) == 1


def _with_slopes(monkeypatch: pytest.MonkeyPatch, found: list[tuple[float, float]]) -> None:
    """Let each trial have the given slope and loss."""
    real, left = PDClassifier.search_rounds, iter(found)

    def search(*arguments: Any, **named: Any) -> RoundSearch:
        slope, loss = next(left)
        return replace(real(*arguments, **named), calibration=Affine(slope, -2.0), loss=loss)

    monkeypatch.setattr(PDClassifier, "search_rounds", search)


def test_a_trial_that_does_not_rank_is_not_chosen_for_its_loss(small_book, monkeypatch):
    _with_slopes(monkeypatch, [(0.0, 0.30), (0.4, 0.33), (-0.2, 0.31), (0.8, 0.32)])
    heard: list[str] = []
    tuning = tune(small_book[0], small_book[1], CONFIG, progress=heard.append)
    assert (tuning.loss, tuning.hyperparameters) == (0.32, tuning.trials[3].hyperparameters)
    assert [trial.ranks for trial in tuning.trials] == [False, True, False, True]
    assert ["does not rank, calibration slope 0" in heard[0], "does not rank" in heard[1]] == [True, False]
    assert heard[2].endswith("(does not rank, calibration slope -0.2), best 0.33000")
    assert len(heard) == 4


def test_a_search_in_which_nothing_ranks_says_so(small_book, monkeypatch):
    _with_slopes(monkeypatch, [(-0.2, 0.31), (-0.4, 0.30)])
    heard: list[str] = []
    tuning = tune(small_book[0], small_book[1], CONFIG.model_copy(update={"trials": 2}), progress=heard.append)
    assert tuning.loss == 0.30
    assert heard[-1] == "none of 2 trials ranks the event on held-out rows"
