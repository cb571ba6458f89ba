"""Value functions of indicators: a closed vocabulary over canonical fields."""

from __future__ import annotations

from enum import StrEnum
from fractions import Fraction
from functools import reduce
from typing import Annotated, Any, Final, Literal, cast

import numpy as np
from pydantic import BeforeValidator, Field

from icsml.core.arithmetic import add, age, growth, ratio, scale
from icsml.core.arrays import Floats
from icsml.core.formulas import Symbol
from icsml.innovation.rulebooks.exact_numbers import Part, Rational
from icsml.records.columns import Columns
from icsml.records.fields import FIELD_BY_NAME

__all__ = ["MIXED", "Age", "FieldValue", "Growth", "Ratio", "Sum", "Unit", "Value"]

_DAYS_A_YEAR = 365.25


class Unit(StrEnum):
    """What a value is counted in."""

    CNY = "CNY"
    FRACTION = "fraction"
    PERSONS = "persons"
    COUNT = "count"
    DAYS = "days"
    MONTHS = "months"
    YEARS = "years"
    FLAG = "flag"
    RATE = "rate"
    """a ratio of unlike units, such as rights per 100 persons"""


MIXED: Final = "mixed"
"""What a sum of unlike units is in; never right."""

_Found = Unit | Literal["mixed"] | None


def _number(columns: Columns, name: str) -> Floats:
    values: Any = columns[name]  # an array, or a symbol where formulas are recorded
    return cast(Floats, values if isinstance(values, Symbol) else np.asarray(values, dtype=np.float64))


class FieldValue(Part):
    """A field as it stands; a bare field name in YAML means the same."""

    kind: Literal["field"] = "field"
    field: str

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields that are read."""
        return (self.field,)

    @property
    def percent(self) -> bool:
        """Whether the value reads best in per cent."""
        return False

    @property
    def unit(self) -> _Found:
        """Unit of the value; None where the field is unknown or has none."""
        field = FIELD_BY_NAME.get(self.field)
        return Unit(field.unit) if field is not None and field.numeric else None

    def compute(self, columns: Columns) -> Floats:
        """Return the value of every row, shape (n,); NaN is missing."""
        return _number(columns, self.field)


class Sum(Part):
    """The sum of several fields; missing where any of them is."""

    kind: Literal["sum"]
    fields: Annotated[tuple[str, ...], Field(min_length=2)]

    @property
    def percent(self) -> bool:
        """Whether the value reads best in per cent."""
        return False

    @property
    def unit(self) -> _Found:
        """The unit that all fields share; mixed where they do not."""
        units = {FieldValue(field=name).unit for name in self.fields}
        return units.pop() if len(units) == 1 else MIXED

    def compute(self, columns: Columns) -> Floats:
        """Return the value of every row, shape (n,); NaN is missing."""
        return reduce(add, (_number(columns, name) for name in self.fields))


def _as_field(value: Any) -> Any:  # noqa: ANN401 - whatever YAML gave
    return {"kind": "field", "field": value} if isinstance(value, str) else value


_Quantity = Annotated[FieldValue | Sum, Field(discriminator="kind"), BeforeValidator(_as_field)]


class Ratio(Part):
    """``per`` · numerator / denominator; missing where the denominator is not positive."""

    kind: Literal["ratio"]
    numerator: _Quantity
    denominator: _Quantity
    per: Rational = Fraction(1)

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields that are read."""
        return (*self.numerator.fields, *self.denominator.fields)

    @property
    def percent(self) -> bool:
        """Whether the value reads best in per cent."""
        return self.per == 1

    @property
    def unit(self) -> _Found:
        """A fraction of like by like, else a rate."""
        over, under = self.numerator.unit, self.denominator.unit
        if over is None or under is None or MIXED in (over, under):
            return None if MIXED not in (over, under) else MIXED
        return Unit.FRACTION if over == under and self.per == 1 else Unit.RATE

    def compute(self, columns: Columns) -> Floats:
        """Return the value of every row, shape (n,); NaN is missing."""
        numerator = self.numerator.compute(columns)
        scaled = numerator if self.per == 1 else scale(numerator, float(self.per))
        return ratio(scaled, self.denominator.compute(columns))


class Growth(Part):
    """(now - before) / before; missing where the value before is not positive."""

    kind: Literal["growth"]
    now: _Quantity
    before: _Quantity

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields that are read."""
        return (*self.now.fields, *self.before.fields)

    @property
    def percent(self) -> bool:
        """Whether the value reads best in per cent."""
        return True

    @property
    def unit(self) -> _Found:
        """A fraction, if now and before are alike."""
        now, before = self.now.unit, self.before.unit
        return None if None in (now, before) else Unit.FRACTION if now == before else MIXED

    def compute(self, columns: Columns) -> Floats:
        """Return the value of every row, shape (n,); NaN is missing."""
        return growth(self.now.compute(columns), self.before.compute(columns))


class Age(Part):
    """Years from a date to the decision date; missing where either is, or in the wrong order."""

    kind: Literal["age"]
    since: str

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields that are read; the decision date is always there to be read."""
        return (self.since,)

    @property
    def percent(self) -> bool:
        """Whether the value reads best in per cent."""
        return False

    @property
    def unit(self) -> _Found:
        """Years."""
        return Unit.YEARS

    def compute(self, columns: Columns) -> Floats:
        """Return the value of every row, shape (n,); NaN is missing."""
        return age(columns[self.since], columns["as_of"], _DAYS_A_YEAR)


Value = Annotated[FieldValue | Sum | Ratio | Growth | Age, Field(discriminator="kind"), BeforeValidator(_as_field)]
