"""Eligibility: declarative conditions with three results, 1 (true), 0 (false) and NaN (unknown)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from icsml.core.arrays import Floats
from icsml.core.yaml import Key
from icsml.innovation.rulebooks.exact_numbers import Comparison, Part
from icsml.innovation.rulebooks.provenance import Provenance
from icsml.innovation.rulebooks.stages import Identifier
from icsml.innovation.rulebooks.value_functions import Age, FieldValue, Growth, Ratio, Sum, Unit
from icsml.records.columns import Columns, rows
from icsml.texts.label import Label

__all__ = [
    "Bypass",
    "CategoryPoints",
    "Condition",
    "Eligibility",
    "EligibilityInputs",
    "IndicatorPoints",
    "Presumed",
    "Score",
    "Veto",
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
    FieldValue | Sum | Ratio | Growth | Age | Score | CategoryPoints | IndicatorPoints,
    Field(discriminator="kind"),
    BeforeValidator(_as_quantity),
]


@dataclass(frozen=True, slots=True, eq=False)
class EligibilityInputs:
    """Inputs of conditions.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n,)
        Canonical column arrays.
    bounds : mapping of str to (ndarray, ndarray)
        By indicator, the fewest and the most points a row can have, whatever its missing values are.
    category_of : mapping of str to str
        Category of each indicator.
    """

    columns: Columns
    bounds: Mapping[str, tuple[Floats, Floats]]
    category_of: Mapping[str, str]

    def interval(self, indicators: Iterable[str]) -> tuple[Floats, Floats]:
        """Return the fewest and the most points that these indicators can have together."""
        low = high = np.zeros(rows(self.columns))
        for name in indicators:
            low, high = low + self.bounds[name][0], high + self.bounds[name][1]
        return low, high


class Condition(Comparison):
    """A comparison that must hold; ``is`` asks a flag."""

    id: Identifier
    label: Label
    value: _Quantity
    unit: Unit | None = None
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
        ratio = isinstance(self.value, Ratio | Growth) and self.value.percent
        return self.text(percent=ratio and self.unit is not Unit.RATE)

    def holds(self, inputs: EligibilityInputs) -> Floats:
        """Return 1, 0 or NaN for every row."""
        low, high = self._interval(inputs)
        if self.holds_if is not None:
            answer = low >= 0.5 if self.holds_if else low < 0.5
            return np.where(np.isnan(low), np.nan, answer)
        threshold = float(self.threshold)
        at_low, at_high = self.ufunc(low, threshold), self.ufunc(high, threshold)
        known = (at_low == at_high) & ~np.isnan(low)
        return np.where(known, at_low, np.nan)

    def _interval(self, inputs: EligibilityInputs) -> tuple[Floats, Floats]:
        match self.value:
            case Score():
                return inputs.interval(inputs.category_of)
            case CategoryPoints(category=category):
                return inputs.interval(i for i, its_category in inputs.category_of.items() if its_category == category)
            case IndicatorPoints(indicator=indicator):
                return inputs.interval((indicator,))
            case expression:
                value = expression.compute(inputs.columns)
                return value, value


class Veto(Condition):
    """A condition under which an enterprise is out whatever its points, and that no bypass waives.

    ``active: false`` keeps one on record without using it.
    """

    active: bool = True


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
    """All conditions must hold, save those that an active bypass waives, and no active veto may."""

    conditions: tuple[Condition, ...] = ()
    vetoes: tuple[Veto, ...] = ()
    bypass: Bypass | None = None
    presumed: tuple[Presumed, ...] = ()

    @model_validator(mode="after")
    def _not_empty(self) -> Eligibility:
        if not self.conditions and not self.vetoes:
            raise ValueError("needs conditions or vetoes; write eligibility: null where none are known")
        return self

    @property
    def active_vetoes(self) -> tuple[Veto, ...]:
        """Vetoes in use."""
        return tuple(veto for veto in self.vetoes if veto.active)

    @property
    def in_use(self) -> tuple[Condition, ...]:
        """Conditions in use: all but inactive vetoes and those of an inactive bypass."""
        return (*self.conditions, *self.active_vetoes, *self.ways)

    @property
    def ways(self) -> tuple[Condition, ...]:
        """Conditions of which one replaces all that is waived; none where no bypass is active."""
        return self.bypass.any_of if self.bypass is not None and self.bypass.active else ()

    @property
    def waived(self) -> tuple[str, ...]:
        """Conditions waived where any of :attr:`ways` is true."""
        return self.bypass.waives if self.bypass is not None and self.bypass.active else ()

    @property
    def declared(self) -> tuple[Condition, ...]:
        """Every declared condition, in use or not."""
        return (*self.conditions, *self.vetoes, *(self.bypass.any_of if self.bypass else ()))

    @property
    def located(self) -> tuple[tuple[Key, Condition], ...]:
        """Every declared condition, with its key in the document."""
        ways = self.bypass.any_of if self.bypass else ()
        lists = (("conditions",), self.conditions), (("vetoes",), self.vetoes), (("bypass", "any_of"), ways)
        return tuple((("eligibility", *key, i), each) for key, conditions in lists for i, each in enumerate(conditions))

    @property
    def reads_points(self) -> bool:
        """Whether any condition in use reads points."""
        return any(isinstance(condition.value, Score | CategoryPoints | IndicatorPoints) for condition in self.in_use)


def meets(eligibility: Eligibility, inputs: EligibilityInputs) -> tuple[Floats, dict[str, Floats]]:
    """Return eligibility and every condition in use as 1, 0 or NaN for every row; a veto is 1 where it applies."""
    answers = {condition.id: condition.holds(inputs) for condition in eligibility.in_use}
    not_vetoed = [1.0 - answers[veto.id] for veto in eligibility.active_vetoes]
    kept = [answers[c.id] for c in eligibility.conditions if c.id not in eligibility.waived]
    if not eligibility.ways:
        return _all_or_none(inputs, [*not_vetoed, *kept]), answers
    waived = all_hold([answers[name] for name in eligibility.waived])
    another_way = any_holds([answers[c.id] for c in eligibility.ways])
    return all_hold([*not_vetoed, *kept, any_holds([waived, another_way])]), answers


def _all_or_none(inputs: EligibilityInputs, answers: list[Floats]) -> Floats:
    """Return whether all are true; unknown where no condition is in use."""
    return all_hold(answers) if answers else np.full(rows(inputs.columns), np.nan)


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
