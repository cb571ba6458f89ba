"""What an indicator measures: a closed vocabulary of value functions over canonical fields."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator, Field

from icsml.core.arithmetic import Floats, add, growth, ratio, scale
from icsml.innovation.numbers import Part, Rational
from icsml.records.columns import Columns

__all__ = ["FieldValue", "Floats", "Growth", "Ratio", "Sum", "Value"]


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

    def compute(self, columns: Columns) -> Floats:
        """Return the value of every row, shape (n,); NaN is missing."""
        return np.asarray(columns[self.field], dtype=np.float64)


class Sum(Part):
    """The sum of several fields; missing where any of them is."""

    kind: Literal["sum"]
    fields: Annotated[tuple[str, ...], Field(min_length=2)]

    @property
    def percent(self) -> bool:
        """Whether the value reads best in per cent."""
        return False

    def compute(self, columns: Columns) -> Floats:
        """Return the value of every row, shape (n,); NaN is missing."""
        total = np.asarray(columns[self.fields[0]], dtype=np.float64)
        for name in self.fields[1:]:
            total = add(total, columns[name])
        return total


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

    def compute(self, columns: Columns) -> Floats:
        """Return the value of every row, shape (n,); NaN is missing."""
        return growth(self.now.compute(columns), self.before.compute(columns))


Value = Annotated[FieldValue | Sum | Ratio | Growth, Field(discriminator="kind"), BeforeValidator(_as_field)]
