"""Eligibility: declarative conditions with three results, 1 (true), 0 (false) and NaN (unknown)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from icsml.core.yaml import Key
from icsml.innovation.rulebooks.exact_numbers import Comparison, Part
from icsml.innovation.rulebooks.provenance import Provenance
from icsml.innovation.rulebooks.stages import Identifier
from icsml.innovation.rulebooks.value_functions import Age, FieldValue, Growth, Ratio, Sum, Unit
from icsml.texts.label import Label

__all__ = [
    "Bypass",
    "CategoryPoints",
    "Condition",
    "Eligibility",
    "IndicatorPoints",
    "Presumed",
    "Score",
    "Veto",
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
