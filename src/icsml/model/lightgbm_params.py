"""LightGBM's parameters for the settings of the estimator, checked like a training configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

from pydantic import ValidationError

from icsml.core.pydantic_errors import message_of
from icsml.model.model_config import Hyperparameters, ModelConfig
from icsml.model.monotone import monotone_signs, plain
from icsml.model.rounds import FitError

__all__ = ["LightGBMParams", "lightgbm_params", "settings_error"]


class LightGBMParams(TypedDict):
    """Parameters as LightGBM names them."""

    objective: str
    num_leaves: int
    max_depth: int
    learning_rate: float
    min_data_in_leaf: int
    bagging_fraction: float
    bagging_freq: int
    feature_fraction: float
    lambda_l2: float
    seed: int
    deterministic: bool
    force_row_wise: bool
    num_threads: int
    verbosity: int
    monotone_constraints: NotRequired[list[int]]
    monotone_constraints_method: NotRequired[str]


def lightgbm_params(given: Mapping[str, Any], features: int, names: list[str]) -> LightGBMParams:
    """Return LightGBM's parameters for the parameters of a :class:`icsml.model.classifier.PDClassifier`.

    Parameters
    ----------
    given : mapping
        As its ``get_params`` gives them.
    features : int
        How many columns there are.
    names : list of str
        Their names; empty where X has none.

    Raises
    ------
    FitError
        ``ICS-MOD-001`` for a parameter out of range, or directions that do not fit the columns.
    """
    settings = {name: plain(value) for name, value in given.items()}
    tree = _hyperparameters(settings)
    params: LightGBMParams = {
        "objective": "binary",
        "num_leaves": tree.num_leaves,
        "max_depth": tree.max_depth,
        "learning_rate": tree.learning_rate,
        "min_data_in_leaf": tree.min_child_samples,
        "bagging_fraction": tree.subsample,
        "bagging_freq": int(tree.subsample < 1.0),
        "feature_fraction": tree.colsample,
        "lambda_l2": tree.reg_lambda,
        "seed": settings["random_state"],
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": given["n_jobs"],
        "verbosity": -1,
    }
    if given["monotone"] is not None:
        params["monotone_constraints"] = monotone_signs(given["monotone"], features, names)
        params["monotone_constraints_method"] = "basic"
    return params


def settings_error(message: str, field: str, remedy: str = "see the documentation of PDClassifier") -> FitError:
    """Return the error for a parameter that cannot be used."""
    return FitError("ICS-MOD-001", message, field=field, remedy=remedy)


def _hyperparameters(settings: Mapping[str, Any]) -> Hyperparameters:
    try:
        tree = Hyperparameters(**{name: settings[name] for name in Hyperparameters.model_fields})
        ModelConfig(
            inner_folds=settings["inner_folds"],
            max_rounds=settings["max_rounds"],
            patience=settings["patience"],
            seed=settings["random_state"],
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = {"seed": "random_state"}.get(str(first["loc"][-1]), str(first["loc"][-1]))
        raise settings_error(message_of(first), name) from error
    if settings["check_every"] < 1:
        raise settings_error("must be at least 1", "check_every")
    return tree
