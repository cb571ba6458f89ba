"""The section ``model`` of a training configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_serializer, field_validator, model_validator

from icsml.core.pydantic_errors import fault, message_of

__all__ = ["Hyperparameters", "ModelConfig", "SearchRange"]

Share = Annotated[float, Field(gt=0.0, le=1.0)]


class Hyperparameters(BaseModel):
    """Shape of the trees; the parameters of :class:`icsml.model.classifier.PDClassifier` that a search may move.

    Parameters
    ----------
    num_leaves : int
        Leaves a tree may have.
    max_depth : int
        Splits on a path, at most 6: shallow trees lose nothing on credit data and are far easier to explain.
    learning_rate : float
        Shrinkage of each tree.
    min_child_samples : int
        Rows a leaf needs.
    subsample, colsample : float
        Share of rows and of features each tree sees.
    reg_lambda : float
        L2 penalty on leaf values.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    num_leaves: Annotated[int, Field(ge=2, le=64)] = 16
    max_depth: Annotated[int, Field(ge=1, le=6)] = 4
    learning_rate: Share = 0.05
    min_child_samples: Annotated[int, Field(ge=1)] = 20
    subsample: Share = 1.0
    colsample: Share = 1.0
    reg_lambda: Annotated[float, Field(ge=0.0, allow_inf_nan=False)] = 1.0


class SearchRange(BaseModel):
    """Lowest and highest value a search may try, both included; ``log`` spaces them by factors."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    low: Annotated[float, Field(allow_inf_nan=False)]
    high: Annotated[float, Field(allow_inf_nan=False)]
    log: bool = False

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low > self.high:
            raise ValueError("low is above high; swap them")
        if self.log and self.low <= 0:
            raise ValueError("a log range must start above 0")
        return self


class ModelConfig(BaseModel):
    """Hyperparameters, where to search for better ones, and how long.

    Parameters
    ----------
    hyperparameters : Hyperparameters
        The starting point; trial 0 of a search, so that a search never ends below it.
    search : dict of str to SearchRange
        Hyperparameters a search may move; the others keep their value, as does one whose range is null.
    trials : int
        Trials of the search; 0 or 1 trains with ``hyperparameters`` as they are.
    held_out : {'folds', 'time_blocks'}
        Rows on which rounds and calibration are fitted: folds that keep an enterprise whole, or chains of time blocks.
    inner_folds : int
        How many of them.
    max_rounds : int
        Upper limit of boosting rounds.
    patience : int
        Rounds without a better calibrated log-loss after which to stop.
    seed : int
        Of folds, row and feature sampling, and search.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    hyperparameters: Hyperparameters = Hyperparameters()
    search: dict[str, SearchRange] = {}
    trials: Annotated[int, Field(ge=0)] = 0
    held_out: Literal["folds", "time_blocks"] = "folds"
    inner_folds: Annotated[int, Field(ge=2, le=50)] = 5
    max_rounds: Annotated[int, Field(ge=1)] = 1000
    patience: Annotated[int, Field(ge=1)] = 150
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0

    @field_validator("search", mode="before")
    @classmethod
    def _without_nulls(cls, ranges: object) -> object:
        """Leave out a range that is null, so that a file can take away one of the shipped ranges."""
        if not isinstance(ranges, Mapping):
            return {} if ranges is None else ranges
        known = Hyperparameters.model_fields
        return {name: span for name, span in ranges.items() if span is not None or name not in known}

    @field_serializer("search")
    def _with_nulls(self, search: dict[str, SearchRange]) -> dict[str, SearchRange | None]:
        """Write null for what is not searched, so that reading it over the shipped ranges gives the same again."""
        return {name: search.get(name) for name in Hyperparameters.model_fields}

    @model_validator(mode="after")
    def _searchable(self) -> Self:
        start = self.hyperparameters.model_dump()
        for name, span in self.search.items():
            if name not in start:
                raise fault(("search", name), f"{name!r} is no hyperparameter; choose from {', '.join(start)}")
            for end in (span.low, span.high):
                _refuse_bound(start, name, end)
            if self.trials > 1 and not span.low <= start[name] <= span.high:
                raise fault(
                    ("search", name),
                    f"{span.low:g} to {span.high:g} does not hold the starting value {start[name]:g}; widen the"
                    " range, move the start, or take the range away with null",
                )
        return self


def _refuse_bound(start: Mapping[str, Any], name: str, end: float) -> None:
    try:
        Hyperparameters.model_validate({**start, name: _typed(start[name], end)})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise fault(("search", name), f"{end:g} is no value of {name}: {message_of(first)}") from error


def _typed(like: float, value: float) -> float:
    return int(value) if isinstance(like, int) and float(value).is_integer() else value
