from __future__ import annotations

import inspect
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from icsml.core.paths import configs_dir
from icsml.model.classifier import PDClassifier, from_config
from icsml.model.model_config import Hyperparameters, ModelConfig


def test_configuration_estimator_and_shipped_file_have_the_same_defaults():
    shipped = yaml.safe_load((configs_dir() / "training" / "default.yaml").read_text("utf-8"))["model"]
    config = ModelConfig.model_validate(shipped)
    assert config.model_copy(update={"search": {}}) == ModelConfig()
    assert from_config(config).get_params() == PDClassifier().get_params()
    assert set(Hyperparameters.model_fields) < set(inspect.signature(PDClassifier).parameters)


def test_from_config_passes_everything_on():
    config = ModelConfig(inner_folds=3, max_rounds=70, patience=20, seed=9)
    tried = Hyperparameters(max_depth=2, colsample=0.5)
    params = from_config(config, monotone=(1, 0), hyperparameters=tried).get_params()
    assert params["inner_folds"] == 3
    assert params["max_rounds"] == 70
    assert params["patience"] == 20
    assert params["random_state"] == 9
    assert params["monotone"] == [1, 0]
    assert params["max_depth"] == 2
    assert params["colsample"] == 0.5


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"search": {"depth": {"low": 1, "high": 2}}}, "is no hyperparameter"),
        ({"search": {"max_depth": {"low": 1, "high": 3}}, "trials": 2}, "does not hold the starting value"),
        ({"search": {"max_depth": {"low": 4, "high": 40}}}, "max_depth"),
        ({"search": {"reg_lambda": {"low": 0, "high": 3, "log": True}}}, "must start above 0"),
        ({"search": {"reg_lambda": {"low": 3, "high": 1}}}, "swap them"),
        ({"hyperparameters": {"max_depth": 9}}, "max_depth"),
        ({"hyperparameters": {"class_weight": "balanced"}}, "class_weight"),
        ({"inner_folds": 1}, "inner_folds"),
    ],
)
def test_refuses_a_wrong_configuration(change: dict[str, Any], says: str):
    with pytest.raises(ValidationError, match=says):
        ModelConfig.model_validate(change)
