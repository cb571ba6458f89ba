"""Indicators: what is measured, what it is worth, and how far each of these may be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from icsml.innovation.curves import MISSING, Curve, PointsFunction
from icsml.innovation.numbers import Part, Rational
from icsml.innovation.provenance import Provenance, weakest
from icsml.innovation.values import Floats, Value
from icsml.records.columns import Columns
from icsml.records.labels import Label

__all__ = [
    "Category",
    "CategoryProvenance",
    "Identifier",
    "Indicator",
    "IndicatorProvenance",
    "Option",
    "Scored",
    "ScoringDomain",
]

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


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
    max: Rational
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
    """One of several ways to earn an indicator's points."""

    id: Identifier
    label: Label
    value: Value
    points: PointsFunction


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """One indicator over n rows.

    Parameters
    ----------
    value, points : ndarray of shape (n,)
        The value that earned the points (NaN if missing), and the points.
    low, high : ndarray of shape (n,)
        What the points could be if missing values were known; equal to ``points`` where nothing is missing.
    rules : object ndarray of shape (n,)
        The rule that was hit.
    """

    value: Floats
    points: Floats
    low: Floats
    high: Floats
    rules: NDArray[Any]


class Indicator(Part):
    """A second-level indicator: either one ``value`` and its ``points``, or the ``best_of`` several options.

    A deduction has ``max: 0`` and a negative ``min``. A missing value earns 0 points.
    """

    id: Identifier
    label: Label
    category: Identifier
    domain: ScoringDomain
    max: Rational
    min: Rational = Fraction(0)
    value: Value | None = None
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
        return self

    @property
    def options(self) -> tuple[Option, ...]:
        """The ways to earn points; one, unless ``best_of`` is used."""
        if self.value is None or self.points is None:
            return self.best_of
        return (Option(id=self.id, label=self.label, value=self.value, points=self.points),)

    @property
    def full(self) -> Fraction:
        """What ``100%`` means: the maximum, or of a deduction the minimum."""
        return self.max if self.max > 0 else self.min

    @property
    def fields(self) -> tuple[str, ...]:
        """Fields that are read, in order, each once."""
        return tuple(dict.fromkeys(name for option in self.options for name in option.value.fields))

    @property
    def trust(self) -> Provenance:
        """Provenance of the whole indicator."""
        return weakest(self.provenance.parts)

    @cached_property
    def _compiled(self) -> tuple[tuple[Value, Curve], ...]:
        return tuple((o.value, o.points.curve(self.full, percent=o.value.percent)) for o in self.options)

    @cached_property
    def _rules(self) -> NDArray[Any]:
        named = [
            f"{option.id}: {text}" if self.best_of else text
            for option, (_, curve) in zip(self.options, self._compiled, strict=True)
            for text in curve.texts[:-1]
        ]
        return np.array([*named, MISSING], dtype=object)

    def score(self, columns: Columns) -> Scored:
        """Return value, points and rule of every row; of several options the best known one, the first on a tie."""
        rows = len(columns["enterprise_id"])
        value, points = np.full(rows, np.nan), np.zeros(rows)
        low, high = np.full(rows, -np.inf), np.full(rows, -np.inf)
        rule = np.full(rows, len(self._rules) - 1, dtype=np.intp)
        offset = 0
        for expression, curve in self._compiled:
            candidate = expression.compute(columns)
            earned, index = curve.apply(candidate)
            known = ~np.isnan(candidate)
            better = known & (np.isnan(value) | (earned > points))
            value, points = np.where(better, candidate, value), np.where(better, earned, points)
            rule = np.where(better, index + offset, rule)
            low = np.maximum(low, np.where(known, earned, curve.low))
            high = np.maximum(high, np.where(known, earned, curve.high))
            offset += len(curve.texts) - 1
        return Scored(value, points, low, high, self._rules[rule])
