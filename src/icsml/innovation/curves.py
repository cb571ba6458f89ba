"""How a value earns points: a closed vocabulary of points functions, and the arrays they compile to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from icsml.innovation.numbers import Amount, Comparison, Part, Rational, Share, shown
from icsml.innovation.values import Floats

__all__ = ["MISSING", "Bands", "Curve", "Flag", "PointsFunction", "Ramp", "Step"]

MISSING = "missing"
"""The rule of a row whose value is missing; it earns no points."""

Indices = NDArray[np.intp]
_Test = tuple[Callable[..., NDArray[np.bool_]], float]
_Apply = Callable[[Floats], tuple[Floats, Indices]]


def _points(amount: Fraction | Share, full: Fraction) -> Fraction:
    return amount.of_max * full if isinstance(amount, Share) else amount


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A points function with its weight: what it can give, how its rules read, and how it is applied.

    Parameters
    ----------
    amounts : tuple of Fraction
        Exact points at every step or anchor.
    texts : tuple of str
        Rules, by the index that ``apply`` returns; the last one is ``missing``.
    apply : callable
        Values of shape (n,) to points of shape (n,) and rule indices of shape (n,); what it says of a missing value
        means nothing, the indicator sets those.
    """

    amounts: tuple[Fraction, ...]
    texts: tuple[str, ...]
    apply: _Apply

    @property
    def low(self) -> float:
        """Fewest points that a present value gives."""
        return float(min(self.amounts))

    @property
    def high(self) -> float:
        """Most points that a present value gives."""
        return float(max(self.amounts))


class Step(Comparison):
    """One band: the points of values that satisfy its comparison and none before it."""

    points: Amount


class Bands(Part):
    """Bands in the order of the table: the first one that holds gives the points."""

    kind: Literal["bands"]
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    otherwise: Amount = Fraction(0)

    @property
    def ordered(self) -> bool:
        """Whether lower bounds only fall, or upper bounds only rise, so that every step can be reached."""
        directions = {step.lower for step in self.steps}
        thresholds = [step.threshold for step in self.steps]
        falling = all(a > b for a, b in pairwise(thresholds))
        rising = all(a < b for a, b in pairwise(thresholds))
        return len(directions) == 1 and (falling if directions == {True} else rising)

    def amounts(self, full: Fraction) -> tuple[Fraction, ...]:
        """Return the points of every step, and then of no step."""
        return (*(_points(step.points, full) for step in self.steps), _points(self.otherwise, full))

    def curve(self, full: Fraction, *, percent: bool) -> Curve:
        """Return the compiled bands of an indicator worth ``full`` points."""
        amounts = self.amounts(full)
        texts = (*(step.text(percent=percent) for step in self.steps), self.steps[-1].opposite_text(percent=percent))
        tests = tuple((step.ufunc, float(step.threshold)) for step in self.steps)
        return Curve(amounts, (*texts, MISSING), _bands(tests, amounts))


class Flag(Part):
    """Points for yes, and others (by default none) for no."""

    kind: Literal["flag"]
    points: Amount
    otherwise: Amount = Fraction(0)

    @property
    def ordered(self) -> bool:
        """Always: a flag has no thresholds."""
        return True

    def amounts(self, full: Fraction) -> tuple[Fraction, ...]:
        """Return the points of yes and of no."""
        return (_points(self.points, full), _points(self.otherwise, full))

    def curve(self, full: Fraction, *, percent: bool) -> Curve:
        """Return the compiled flag of an indicator worth ``full`` points."""
        amounts = self.amounts(full)
        return Curve(amounts, ("yes", "no", MISSING), _bands(((np.greater_equal, 0.5),), amounts))


class Ramp(Part):
    """Points that run straight from anchor to anchor and stay level outside."""

    kind: Literal["ramp"]
    anchors: Annotated[tuple[tuple[Rational, Amount], ...], Field(min_length=2)]

    @property
    def ordered(self) -> bool:
        """Whether the anchors only rise."""
        return all(a < b for (a, _), (b, _) in pairwise(self.anchors))

    def amounts(self, full: Fraction) -> tuple[Fraction, ...]:
        """Return the points of every anchor."""
        return tuple(_points(amount, full) for _, amount in self.anchors)

    def curve(self, full: Fraction, *, percent: bool) -> Curve:
        """Return the compiled ramp of an indicator worth ``full`` points."""
        at = [threshold for threshold, _ in self.anchors]
        amounts = self.amounts(full)
        texts = [f"< {shown(at[0], percent=percent)}"]
        texts += [_ramp_text(a, b, percent=percent) for a, b in pairwise(at)]
        texts += [f"≥ {shown(at[-1], percent=percent)}", MISSING]
        return Curve(amounts, tuple(texts), _ramp(at, amounts))


PointsFunction = Annotated[Bands | Flag | Ramp, Field(discriminator="kind")]


def _ramp_text(start: Fraction, end: Fraction, *, percent: bool) -> str:
    unit = " %" if percent else ""
    return f"ramp {shown(start, percent=percent).removesuffix(unit)}–{shown(end, percent=percent)}"


def _bands(holds: tuple[_Test, ...], amounts: tuple[Fraction, ...]) -> _Apply:
    return partial(_first_match, holds, np.array([float(amount) for amount in amounts]))


def _first_match(tests: tuple[_Test, ...], table: Floats, value: Floats) -> tuple[Floats, Indices]:
    index = np.full(value.shape, len(table) - 1, dtype=np.intp)
    for place in range(len(tests) - 1, -1, -1):
        holds, threshold = tests[place]
        index[holds(value, threshold)] = place
    return table[index], index


def _ramp(at: list[Fraction], amounts: tuple[Fraction, ...]) -> _Apply:
    x = np.array([float(threshold) for threshold in at])
    y = np.array([float(amount) for amount in amounts])
    return partial(_straight_lines, x, y, (y[1:] - y[:-1]) / (x[1:] - x[:-1]))


def _straight_lines(x: Floats, y: Floats, slope: Floats, value: Floats) -> tuple[Floats, Indices]:
    last = len(x)
    index = np.searchsorted(x, value, side="right")
    line = np.clip(index - 1, 0, last - 2)
    inside = y[line] + (np.clip(value, x[0], x[-1]) - x[line]) * slope[line]
    # Rounding may not carry a point beyond its line's ends: a ramp stays monotone and within its bounds.
    points = np.clip(inside, np.minimum(y[:-1], y[1:])[line], np.maximum(y[:-1], y[1:])[line])
    return np.where(index == last, y[-1], points), index
