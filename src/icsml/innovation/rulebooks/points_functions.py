"""Points functions: a closed vocabulary, and the arrays they compile to.

Every function gives the row that matches a value (a code) and the points of that row at each stage; so the rule that
gave the points is known wherever the points are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, ClassVar, Final, Literal, final, get_args

import numpy as np
from pydantic import Field, model_validator

from icsml.core.yaml import Key
from icsml.innovation.peers.peer_tables import MOST_LEVELS, PERCENTILES
from icsml.innovation.rulebooks.compiled_points import (
    STEP,
    Better,
    Curve,
    End,
    Form,
    Function,
    Ladder,
    LadderStep,
    points_of,
    tabulated,
    worth_of,
)
from icsml.innovation.rulebooks.exact_numbers import COMPARATORS, Amount, Comparison, Part, Rational, Share
from icsml.innovation.rulebooks.rule_hit import RuleHit, RuleKind, comparison
from icsml.records.field import Kind

__all__ = [
    "FUNCTIONS",
    "Bands",
    "Counts",
    "Efficacy",
    "Flag",
    "Interval",
    "Intervals",
    "Percentile",
    "PointsFunction",
    "Ramp",
    "Step",
]


class Step(Comparison):
    """One band: the points of values that satisfy its comparison and none before it."""

    points: Amount

    @property
    def span(self) -> tuple[End, End]:
        """Lower and upper end."""
        end = (self.threshold, self.comparator in ("at_least", "at_most"))
        return (end, None) if self.lower else (None, end)


@final
class Bands(Function):
    """Points of the first step that holds.

    A step is ``at_least`` (≥), ``above`` (>), ``at_most`` (≤) or ``below`` (<); lower bounds go from high to low, upper
    bounds from low to high.
    """

    example: ClassVar[str] = (
        "{kind: bands, steps: [{at_least: 0.06, points: 50}, {at_least: 0.03, points: 30}], otherwise: 0}"
    )
    kind: Literal["bands"]
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    otherwise: Amount = Fraction(0)

    @property
    def ordered(self) -> bool:
        """Whether lower bounds only decrease, or upper bounds only increase, so that every step can be reached."""
        if len({step.lower for step in self.steps}) > 1:
            return False
        if self.steps[0].lower:  # above 5 leaves something to at least 5, not the other way round
            ends = [(step.threshold, step.above is not None) for step in self.steps]
            return all(a > b for a, b in pairwise(ends))
        ends = [(step.threshold, step.below is None) for step in self.steps]
        return all(a < b for a, b in pairwise(ends))

    def written(self) -> Iterator[tuple[Key, Fraction]]:
        """Return the threshold of every step."""
        return ((("steps", i, step.comparator), step.threshold) for i, step in enumerate(self.steps))

    def spans(self) -> Iterator[tuple[Key, End, End]]:
        """Return the ends of every step."""
        return ((("steps", i), *step.span) for i, step in enumerate(self.steps))

    def ladder(self, *, percent: bool) -> Ladder:
        """Return the steps as written."""
        steps = (
            LadderStep(("steps", i), step.text(percent=percent), step.points, step.above == 0 or step.at_least == 1)
            for i, step in enumerate(self.steps)
        )
        return Ladder(tuple(steps), self.otherwise, best=("steps", 0))

    @property
    def _amounts(self) -> tuple[Fraction | Share, ...]:
        return (*(step.points for step in self.steps), self.otherwise)

    def rising(self, full: Fraction, better: Better) -> tuple[Fraction, ...]:
        """Return the points along a rising value."""
        amounts = tuple(points_of(amount, full) for amount in self._amounts)
        return amounts[::-1] if self.steps[0].lower else amounts

    def curve(self, fulls: Sequence[Fraction], better: Better, *, percent: bool) -> Curve:
        """Return the compiled bands."""
        rules = (*(step.row(percent=percent) for step in self.steps), self.steps[-1].opposite_row(percent=percent))
        tests = [({step.comparator: step.threshold}, code) for code, step in enumerate(self.steps)]
        return tabulated(worth_of(self._amounts, fulls), rules, tests, len(tests))


class Interval(Part):
    """A band with both ends written: ``at_least`` or ``above``, ``at_most`` or ``below``; one left out is unbounded."""

    at_least: Rational | None = None
    above: Rational | None = None
    at_most: Rational | None = None
    below: Rational | None = None
    points: Amount

    @model_validator(mode="after")
    def _single_ends(self) -> Interval:
        lower, upper = (self.at_least, self.above), (self.at_most, self.below)
        if None not in lower or None not in upper:
            raise ValueError("an end is either closed (at_least, at_most) or open (above, below), not both")
        return self

    @property
    def ends(self) -> dict[str, Fraction]:
        """The ends that are written, by comparison."""
        return {name: end for name in COMPARATORS if (end := getattr(self, name)) is not None}

    @property
    def start(self) -> End:
        """Lower end."""
        return _end(self.at_least, self.above)

    @property
    def stop(self) -> End:
        """Upper end."""
        return _end(self.at_most, self.below)

    def text(self, *, percent: bool) -> str:
        """Return the band in words, such as ``≥ 5 % and < 6 %``."""
        return self.row(percent=percent).text("en")

    def row(self, *, percent: bool) -> RuleHit:
        """Return the band as a row of a rule."""
        return comparison(self.ends, percent=percent)


def _end(closed: Fraction | None, open_: Fraction | None) -> End:
    if closed is not None:
        return closed, True
    return None if open_ is None else (open_, False)


@final
class Intervals(Function):
    """Points of the row that a value lies in.

    Bands with both ends written, open or closed, from low to high; the linter finds gaps and overlaps.
    """

    example: ClassVar[str] = (
        "{kind: intervals, rows: [{below: 0.02, points: 0}, {at_least: 0.02, below: 0.05, points: 10}, "
        "{at_least: 0.05, points: 20}]}"
    )
    kind: Literal["intervals"]
    rows: Annotated[tuple[Interval, ...], Field(min_length=1)]

    def written(self) -> Iterator[tuple[Key, Fraction]]:
        """Return the written ends of every row."""
        return ((("rows", i, name), end) for i, row in enumerate(self.rows) for name, end in row.ends.items())

    def spans(self) -> Iterator[tuple[Key, End, End]]:
        """Return the ends of every row."""
        return ((("rows", i), row.start, row.stop) for i, row in enumerate(self.rows))

    def rising(self, full: Fraction, better: Better) -> tuple[Fraction, ...]:
        """Return the points along a rising value."""
        return tuple(points_of(row.points, full) for row in self.rows)

    def curve(self, fulls: Sequence[Fraction], better: Better, *, percent: bool) -> Curve:
        """Return the compiled bands."""
        rules = tuple(row.row(percent=percent) for row in self.rows)
        tests = [(row.ends, code) for code, row in enumerate(self.rows)]
        return tabulated(worth_of([row.points for row in self.rows], fulls), rules, tests[::-1])


@final
class Counts(Function):
    """Points of the largest number that a count reaches."""

    example: ClassVar[str] = "{kind: counts, at: {1: 6, 2: 12, 3: 18, 4: 24}, otherwise: 0}"
    only_of: ClassVar[Kind | None] = Kind.COUNT
    kind: Literal["counts"]
    at: Annotated[dict[int, Amount], Field(min_length=1)]
    otherwise: Amount = Fraction(0)

    @property
    def ordered(self) -> bool:
        """Whether the numbers rise, from 1 or more."""
        numbers = list(self.at)
        return numbers[0] >= 1 and all(a < b for a, b in pairwise(numbers))

    def written(self) -> Iterator[tuple[Key, Fraction]]:
        """Return every number to be reached."""
        return ((("at", number), Fraction(number)) for number in self.at)

    def spans(self) -> Iterator[tuple[Key, End, End]]:
        """Return every number to be reached as a lower end."""
        return ((("at", number), (Fraction(number), True), None) for number in self.at)

    def ladder(self, *, percent: bool) -> Ladder:
        """Return the numbers from high to low."""
        steps = (
            LadderStep(("at", number), f"≥ {number:,}", points, number == 1)
            for number, points in reversed(self.at.items())
        )
        return Ladder(tuple(steps), self.otherwise)

    def rising(self, full: Fraction, better: Better) -> tuple[Fraction, ...]:
        """Return the points along a rising count."""
        return tuple(points_of(amount, full) for amount in (self.otherwise, *self.at.values()))

    def curve(self, fulls: Sequence[Fraction], better: Better, *, percent: bool) -> Curve:
        """Return the compiled counts."""
        numbers = list(self.at)
        below, reached = ({"below": Fraction(numbers[0])}, {"at_least": Fraction(numbers[-1])})
        between = [_counts_row(a, b - 1) for a, b in pairwise(numbers)]
        rules = (comparison(below, percent=False), *between, comparison(reached, percent=False))
        worth = worth_of([self.otherwise, *self.at.values()], fulls)
        tests = [({"at_least": Fraction(number)}, code) for code, number in enumerate(numbers, start=1)]
        return tabulated(worth, rules, tests[::-1])


def _counts_row(first: int, last: int) -> RuleHit:
    if first == last:
        return RuleHit(RuleKind.COUNT, (Fraction(first),))
    return RuleHit(RuleKind.COUNTS, (Fraction(first), Fraction(last)))


@final
class Flag(Function):
    """Points for yes, and others (by default none) for no."""

    example: ClassVar[str] = "{kind: flag, points: 100%, otherwise: 0}"
    only_of: ClassVar[Kind | None] = Kind.FLAG
    kind: Literal["flag"]
    points: Amount
    otherwise: Amount = Fraction(0)

    def written(self) -> Iterator[tuple[Key, Fraction]]:
        """Return nothing."""
        yield from ()

    def ladder(self, *, percent: bool) -> Ladder:
        """Return the one step of yes."""
        return Ladder((LadderStep((), "yes", self.points, any=True),), self.otherwise)

    def rising(self, full: Fraction, better: Better) -> tuple[Fraction, ...]:
        """Return the points of no and of yes."""
        return (points_of(self.otherwise, full), points_of(self.points, full))

    def curve(self, fulls: Sequence[Fraction], better: Better, *, percent: bool) -> Curve:
        """Return the compiled flag."""
        worth = worth_of([self.points, self.otherwise], fulls)
        rules = (RuleHit(RuleKind.YES), RuleHit(RuleKind.NO))
        return tabulated(worth, rules, [({"at_least": Fraction(1, 2)}, 0)], 1)


@final
class Ramp(Function):
    """Points on straight lines from anchor to anchor, level outside."""

    example: ClassVar[str] = "{kind: ramp, anchors: [[0, 0], [0.15, 100%]]}"
    kind: Literal["ramp"]
    anchors: Annotated[tuple[tuple[Rational, Amount], ...], Field(min_length=2)]

    @property
    def ordered(self) -> bool:
        """Whether the anchors only rise."""
        return all(a < b for (a, _), (b, _) in pairwise(self.anchors))

    def written(self) -> Iterator[tuple[Key, Fraction]]:
        """Return the value of every anchor."""
        return ((("anchors", i), value) for i, (value, _) in enumerate(self.anchors))

    def rising(self, full: Fraction, better: Better) -> tuple[Fraction, ...]:
        """Return the points of every anchor."""
        return tuple(points_of(amount, full) for _, amount in self.anchors)

    def curve(self, fulls: Sequence[Fraction], better: Better, *, percent: bool) -> Curve:
        """Return the compiled ramp."""
        anchors = [threshold for threshold, _ in self.anchors]
        worth = worth_of([amount for _, amount in self.anchors], fulls)
        rules = [comparison({"below": anchors[0]}, percent=percent)]
        rules += [RuleHit(RuleKind.RAMP, ends, percent=percent) for ends in pairwise(anchors)]
        rules += [comparison({"at_least": anchors[-1]}, percent=percent)]
        x = np.array([float(threshold) for threshold in anchors])
        slope = (worth[:, 1:] - worth[:, :-1]) / (x[1:] - x[:-1])
        steps = np.zeros((len(x), STEP))
        steps[:, 0] = x
        return Curve(worth.min(axis=1), worth.max(axis=1), tuple(rules), Form.RAMP, worth, steps, slope=slope)


@final
class Efficacy(Function):
    """The efficacy coefficient (功效系数法): ``base`` at the unacceptable value, full points at the satisfactory one.

    Between and below the two the points run on the same straight line, down to none; above they stay full.
    """

    example: ClassVar[str] = "{kind: efficacy, unacceptable: 0, satisfactory: 0.15, base: 60%}"
    kind: Literal["efficacy"]
    unacceptable: Rational
    satisfactory: Rational
    base: Amount = Share(Fraction(60, 100))

    @model_validator(mode="after")
    def _base_below_full(self) -> Efficacy:
        if not isinstance(self.base, Share) or not 0 <= self.base.of_max < 1:
            raise ValueError("base should be a share of the maximum below 100%, such as 60%")
        return self

    @property
    def ordered(self) -> bool:
        """Whether the two values differ."""
        return self.unacceptable != self.satisfactory

    def written(self) -> Iterator[tuple[Key, Fraction]]:
        """Return the two values."""
        yield ("unacceptable",), self.unacceptable
        yield ("satisfactory",), self.satisfactory

    @property
    def _line(self) -> Ramp:
        base = self.base.of_max if isinstance(self.base, Share) else self.base
        nothing = self.unacceptable - (self.satisfactory - self.unacceptable) * base / (1 - base)
        anchors = [(nothing, Share(Fraction(0))), (self.satisfactory, Share(Fraction(1)))]
        return Ramp(kind="ramp", anchors=tuple(sorted(anchors, key=lambda anchor: anchor[0])))

    def rising(self, full: Fraction, better: Better) -> tuple[Fraction, ...]:
        """Return none and full points, in the order of a rising value."""
        return self._line.rising(full, better)

    def curve(self, fulls: Sequence[Fraction], better: Better, *, percent: bool) -> Curve:
        """Return the compiled line."""
        line = self._line.curve(fulls, better, percent=percent)
        between = RuleHit(RuleKind.EFFICACY, (self.unacceptable, self.satisfactory), percent=percent)
        full = RuleHit(RuleKind.SATISFACTORY, (self.satisfactory,), percent=percent)
        rules = (RuleHit(RuleKind.NO_POINTS), between, full)
        rises = self.satisfactory > self.unacceptable
        return replace(line, rules=rules if rises else rules[::-1])


@final
class Percentile(Function):
    """The maximum times the whole percentage of peers with a worse value; ``peers`` says who is a peer."""

    example: ClassVar[str] = "{kind: percentile}"
    ranked: ClassVar[bool] = True
    kind: Literal["percentile"]

    def written(self) -> Iterator[tuple[Key, Fraction]]:
        """Return nothing: a rank has no fixed ends."""
        yield from ()

    def rising(self, full: Fraction, better: Better) -> tuple[Fraction, ...]:
        """Return none and full points, in the order of a rising value."""
        return (full, Fraction(0)) if better == "lower" else (Fraction(0), full)

    def curve(self, fulls: Sequence[Fraction], better: Better, *, percent: bool) -> Curve:
        """Return the compiled ranks; a code is ``level · 101 + percentage``: group of peers, and rank in it."""
        parts = [Share(Fraction(part, PERCENTILES)) for part in range(PERCENTILES + 1)]
        worth = worth_of(parts * MOST_LEVELS, fulls)
        return Curve(worth.min(axis=1), worth.max(axis=1), (), Form.RANK, worth, falling=better == "lower")


PointsFunction = Annotated[
    Bands | Intervals | Counts | Flag | Ramp | Efficacy | Percentile, Field(discriminator="kind")
]
FUNCTIONS: Final[tuple[type[Function], ...]] = get_args(get_args(PointsFunction)[0])
"""Every points function."""
