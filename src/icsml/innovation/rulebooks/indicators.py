"""Indicators: value, weight, and the provenance of each."""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import Literal

from pydantic import model_validator

from icsml.innovation.rulebooks.compiled_points import Better
from icsml.innovation.rulebooks.exact_numbers import Amount, Part, Weight, at_stage
from icsml.innovation.rulebooks.points_functions import PointsFunction
from icsml.innovation.rulebooks.provenance import Provenance, weakest
from icsml.innovation.rulebooks.stages import Identifier
from icsml.innovation.rulebooks.value_functions import Unit, Value
from icsml.texts.label import Label

__all__ = [
    "Category",
    "CategoryProvenance",
    "Indicator",
    "IndicatorProvenance",
    "Missing",
    "Option",
    "ScoringDomain",
]

Missing = Literal["refuse", "zero", "rescale"]
"""What becomes of a missing value: no score, no points, or the others' points and maxima grow to fill its place."""


class ScoringDomain(StrEnum):
    """Whose evidence an indicator is, whatever the rulebook counts it as."""

    INNOVATION = "innovation"
    FINANCIAL = "financial"


class CategoryProvenance(Part):
    """Provenance of a category's name and of its maximum."""

    name: Provenance
    max: Provenance


class Category(Part):
    """A first-level group of indicators; ``bonus`` points come on top of the base points."""

    id: Identifier
    label: Label
    max: Weight
    bonus: bool = False
    provenance: CategoryProvenance


class IndicatorProvenance(Part):
    """Provenance of an indicator's name, weight, value (its reading as fields) and points function."""

    name: Provenance
    weight: Provenance
    value: Provenance
    points: Provenance

    @property
    def parts(self) -> tuple[Provenance, ...]:
        """The four parts."""
        return (self.name, self.weight, self.value, self.points)


class Option(Part):
    """One of several ways to earn an indicator's points; ``max`` says that it cannot earn them all."""

    id: Identifier
    label: Label
    max: Amount | None = None
    value: Value
    unit: Unit | None = None
    points: PointsFunction

    @property
    def percent(self) -> bool:
        """Whether the value is shown in per cent; a ratio of like things declared as a rate is not."""
        return self.value.percent and self.unit is not Unit.RATE


class Indicator(Part):
    """A second-level indicator: either one ``value`` and its ``points``, or the ``best_of`` several options.

    A deduction has ``max: 0`` and a negative ``min``. ``better`` says which way the indicator improves.
    """

    id: Identifier
    label: Label
    category: Identifier
    domain: ScoringDomain
    max: Weight
    min: Weight = Fraction(0)
    better: Better = "higher"
    missing: Missing
    value: Value | None = None
    unit: Unit | None = None
    points: PointsFunction | None = None
    best_of: tuple[Option, ...] = ()
    provenance: IndicatorProvenance
    sources: tuple[str, ...] = ()
    note: str | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Indicator:
        single = self.value is not None and self.points is not None
        neither = self.value is None and self.points is None
        if not (single and not self.best_of) and not (neither and len(self.best_of) > 1):
            raise ValueError("needs either value and points, or best_of with two or more options")
        if self.best_of and self.unit is not None:
            raise ValueError("beside best_of, each option has a unit of its own")
        return self

    @cached_property
    def options(self) -> tuple[Option, ...]:
        """The ways to earn points; one, unless ``best_of`` is used."""
        if self.value is None or self.points is None:
            return self.best_of
        return (Option(id=self.id, label=self.label, value=self.value, unit=self.unit, points=self.points),)

    def full(self, stage: str | None) -> Fraction:
        """Return the value of ``100%`` at a stage: the maximum, or of a deduction the minimum."""
        most, least = at_stage(self.max, stage), at_stage(self.min, stage)
        return most if most > 0 else least

    @cached_property
    def deduction(self) -> bool:
        """Whether it can only deduct points."""
        return not any(_weights(self.max)) and any(weight < 0 for weight in _weights(self.min))

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """Fields read, in order, each once."""
        return tuple(dict.fromkeys(name for option in self.options for name in option.value.fields))

    @cached_property
    def weakest_provenance(self) -> Provenance:
        """Provenance of the whole indicator."""
        return weakest(self.provenance.parts)


def _weights(weight: Fraction | dict[str, Fraction]) -> list[Fraction]:
    return [weight] if isinstance(weight, Fraction) else list(weight.values())
