"""Eligibility: declarative conditions with three answers, 1 (holds), 0 (does not) and NaN (cannot be known)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from icsml.innovation.indicators import Identifier, Scored
from icsml.innovation.numbers import Comparison, Part
from icsml.innovation.provenance import Provenance
from icsml.innovation.values import FieldValue, Floats, Growth, Ratio, Sum
from icsml.records.columns import Columns
from icsml.records.labels import Label

__all__ = [
    "Bypass",
    "CategoryPoints",
    "Condition",
    "Eligibility",
    "IndicatorPoints",
    "Presumed",
    "Score",
    "Standing",
    "all_hold",
    "any_holds",
    "meets",
]


class Score(Part):
    """The total."""

    kind: Literal["score"]


class CategoryPoints(Part):
    """The points of one category."""

    kind: Literal["category"]
    category: Identifier


class IndicatorPoints(Part):
    """The points of one indicator."""

    kind: Literal["points"]
    indicator: Identifier


def _as_quantity(value: Any) -> Any:  # noqa: ANN401 - whatever YAML gave
    if value == "score":
        return {"kind": "score"}
    return {"kind": "field", "field": value} if isinstance(value, str) else value


_Quantity = Annotated[
    FieldValue | Sum | Ratio | Growth | Score | CategoryPoints | IndicatorPoints,
    Field(discriminator="kind"),
    BeforeValidator(_as_quantity),
]


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """What conditions may look at: the columns, the scored indicators and the category of each."""

    columns: Columns
    scored: Mapping[str, Scored]
    category_of: Mapping[str, str]

    def interval(self, indicators: Iterable[str]) -> tuple[Floats, Floats]:
        """Return the fewest and the most points these indicators can have, whatever the missing values are."""
        low = np.zeros(len(self.columns["enterprise_id"]))
        high = low
        for name in indicators:
            low, high = low + self.scored[name].low, high + self.scored[name].high
        return low, high


class Condition(Comparison):
    """A comparison that must hold; ``is`` asks a flag."""

    id: Identifier
    label: Label
    value: _Quantity
    holds_if: bool | None = Field(default=None, alias="is")
    provenance: Provenance
    sources: tuple[str, ...] = ()
    note: str | None = None

    @model_validator(mode="after")
    def _one_comparison(self) -> Condition:
        if len(self._written()) + (self.holds_if is not None) != 1:
            raise ValueError("needs exactly one of at_least, above, at_most, below, is")
        return self

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields that are read directly; points are read through their indicators."""
        return () if isinstance(self.value, Score | CategoryPoints | IndicatorPoints) else self.value.fields

    @property
    def rule(self) -> str:
        """The comparison in words."""
        if self.holds_if is not None:
            return "yes" if self.holds_if else "no"
        return self.text(percent=isinstance(self.value, Ratio | Growth) and self.value.percent)

    def holds(self, standing: Standing) -> Floats:
        """Return 1, 0 or NaN for every row."""
        low, high = self._interval(standing)
        if self.holds_if is not None:
            answer = low >= 0.5 if self.holds_if else low < 0.5
            return np.where(np.isnan(low), np.nan, answer)
        threshold = float(self.threshold)
        at_low, at_high = self.ufunc(low, threshold), self.ufunc(high, threshold)
        known = (at_low == at_high) & ~np.isnan(low)
        return np.where(known, at_low, np.nan)

    def _interval(self, standing: Standing) -> tuple[Floats, Floats]:
        match self.value:
            case Score():
                return standing.interval(standing.scored)
            case CategoryPoints(category=category):
                return standing.interval(i for i in standing.scored if standing.category_of[i] == category)
            case IndicatorPoints(indicator=indicator):
                return standing.interval((indicator,))
            case expression:
                value = expression.compute(standing.columns)
                return value, value


class Bypass(Part):
    """Another way in: where any of ``any_of`` holds, the waived conditions need not.

    ``active: false`` keeps a recalled bypass on record without using it.
    """

    active: bool
    waives: Annotated[tuple[Identifier, ...], Field(min_length=1)]
    any_of: Annotated[tuple[Condition, ...], Field(min_length=1)]
    note: str | None = None


class Presumed(Part):
    """A condition of the rule that no field of a record can show; taken as met, and said so."""

    id: Identifier
    label: Label
    provenance: Provenance
    sources: tuple[str, ...] = ()
    note: str | None = None


class Eligibility(Part):
    """All conditions must hold, save those that an active bypass waives."""

    conditions: Annotated[tuple[Condition, ...], Field(min_length=1)]
    bypass: Bypass | None = None
    presumed: tuple[Presumed, ...] = ()

    @property
    def in_use(self) -> tuple[Condition, ...]:
        """Conditions that decide: all but those of an inactive bypass."""
        return (*self.conditions, *(self.bypass.any_of if self.bypass and self.bypass.active else ()))

    @property
    def declared(self) -> tuple[Condition, ...]:
        """Every condition that is written, in use or not."""
        return (*self.conditions, *(self.bypass.any_of if self.bypass else ()))


def meets(eligibility: Eligibility, standing: Standing) -> tuple[Floats, dict[str, Floats]]:
    """Return eligibility and every condition in use, each as 1, 0 or NaN for every row."""
    answers = {condition.id: condition.holds(standing) for condition in eligibility.in_use}
    bypass = eligibility.bypass
    if bypass is None or not bypass.active:
        return all_hold([answers[c.id] for c in eligibility.conditions]), answers
    kept = [answers[c.id] for c in eligibility.conditions if c.id not in bypass.waives]
    waived = all_hold([answers[name] for name in bypass.waives])
    another_way = any_holds([answers[c.id] for c in bypass.any_of])
    return all_hold([*kept, any_holds([waived, another_way])]), answers


def all_hold(answers: Iterable[Floats]) -> Floats:
    """Return 0 where any is 0, else NaN where any is NaN, else 1."""
    *rest, worst = answers
    unknown = np.isnan(worst)
    for answer in rest:
        worst, unknown = np.fmin(worst, answer), unknown | np.isnan(answer)
    return np.where(unknown & (worst != 0.0), np.nan, worst)


def any_holds(answers: Iterable[Floats]) -> Floats:
    """Return 1 where any is 1, else NaN where any is NaN, else 0."""
    return 1.0 - all_hold([1.0 - answer for answer in answers])
