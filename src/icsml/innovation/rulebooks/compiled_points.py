"""Points functions as arrays: the rows of a rule, the points of each row, and which row a value matches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from fractions import Fraction
from typing import ClassVar, Final, Literal

import numpy as np

from icsml.core.arrays import Floats
from icsml.core.yaml import Key
from icsml.innovation.rulebooks.exact_numbers import Part, Share
from icsml.innovation.rulebooks.rule_hit import RuleHit
from icsml.records.field import Kind

__all__ = [
    "STEP",
    "Better",
    "Curve",
    "End",
    "Form",
    "Function",
    "Ladder",
    "LadderStep",
    "points_of",
    "step",
    "tabulated",
    "worth_of",
]

Better = Literal["higher", "lower", "none"]
"""Which way an indicator improves; ``none`` declares that its points may rise and fall."""

STEP: Final = 5
"""Numbers in a step."""

End = tuple[Fraction, bool] | None
"""End of a row and whether it is closed; None is unbounded."""


class Form(IntEnum):
    """How the points of a value are found."""

    TABLE = 0
    """the row of the first step that holds"""
    RAMP = 1
    """on straight lines between anchors"""
    RANK = 2
    """the rank among peers"""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A points function with its weights: its range of points, its rules, and how a value's points are found.

    Parameters
    ----------
    low, high : ndarray of shape (stages,)
        Fewest and most points that a present value gives, at each stage.
    rules : tuple of RuleHit
        The rows of the rule, by their code; empty for ranks among peers, whose rows are the peer groups' too.
    form : Form
        How the points are found.
    worth : ndarray of shape (stages, rows)
        Points of each row of a table or rank, or at each anchor of a ramp.
    steps : ndarray of shape (m, 5)
        Of a table: lower end and whether it is closed, upper end and whether it is closed, and the code of the row.
        Of a ramp: the anchors, in the first column.
    otherwise : int
        Code of a value for which no step holds.
    slope : ndarray of shape (stages, m - 1)
        Of a ramp: points per unit of the value.
    falling : bool
        Whether a smaller value has the better rank.
    """

    low: Floats
    high: Floats
    rules: tuple[RuleHit, ...]
    form: Form
    worth: Floats
    steps: Floats = field(default_factory=lambda: np.empty((0, STEP)))
    otherwise: int = 0
    slope: Floats = field(default_factory=lambda: np.empty((0, 0)))
    falling: bool = False


@dataclass(frozen=True, slots=True)
class LadderStep:
    """One step of a ladder.

    Parameters
    ----------
    key : tuple of str and int
        Its key in the points function.
    text : str
        Its requirement.
    points : Fraction or Share
        What it gives.
    any : bool
        Whether it asks only whether there is anything at all.
    """

    key: Key
    text: str
    points: Fraction | Share
    any: bool


@dataclass(frozen=True, slots=True)
class Ladder:
    """A points function that goes down step by step.

    Parameters
    ----------
    steps : tuple of LadderStep
        In the order in which they are tried.
    otherwise : Fraction or Share
        The points where no step holds.
    best : tuple of str and int
        Key at which a missing best step is reported.
    """

    steps: tuple[LadderStep, ...]
    otherwise: Fraction | Share
    best: Key = ()


class Function(Part, ABC):
    """Base of all points functions.

    Each kind is ``final``, so that mypy names what it lacks. Its class documentation and ``example`` are its row in the
    reference.
    """

    example: ClassVar[str]
    """The function as one line of YAML."""

    ranked: ClassVar[bool] = False
    """Whether it ranks among peers."""

    only_of: ClassVar[Kind | None] = None
    """The kind of fields that it needs; None takes any number."""

    @property
    def ordered(self) -> bool:
        """Whether every row can be reached."""
        return True

    @property
    def thresholds(self) -> tuple[Fraction, ...]:
        """The numbers at which the points change, rising, each once."""
        return tuple(sorted({number for _, number in self.written()}))

    def spans(self) -> Iterator[tuple[Key, End, End]]:
        """Return lower and upper end of each row that a value must lie in, with its key; none where there are none."""
        yield from ()

    def ladder(self, *, percent: bool) -> Ladder | None:
        """Return the function as a ladder of steps; None where it is none."""
        return None

    @abstractmethod
    def written(self) -> Iterator[tuple[Key, Fraction]]:
        """Return every number of the value's unit in it, with its key."""

    @abstractmethod
    def rising(self, full: Fraction, better: Better) -> tuple[Fraction, ...]:
        """Return the points along a rising value, of an indicator worth ``full`` points."""

    @abstractmethod
    def curve(self, fulls: Sequence[Fraction], better: Better, *, percent: bool) -> Curve:
        """Return the compiled function of an indicator worth so many points at each stage."""


def points_of(amount: Fraction | Share, full: Fraction) -> Fraction:
    """Return the points of an amount for an indicator worth ``full`` points."""
    return amount.of_max * full if isinstance(amount, Share) else amount


def worth_of(amounts: Sequence[Fraction | Share], fulls: Sequence[Fraction]) -> Floats:
    """Return the points of every row at every stage, shape (stages, rows)."""
    return np.array([[float(points_of(amount, full)) for amount in amounts] for full in fulls])


def tabulated(
    worth: Floats, rules: Sequence[RuleHit], tests: Sequence[tuple[Mapping[str, Fraction], int]], otherwise: int = 0
) -> Curve:
    """Return a function defined by a table.

    Parameters
    ----------
    worth : ndarray of shape (stages, rows)
        Points of each row at each stage.
    rules : sequence of RuleHit
        The rows.
    tests : sequence of (mapping of str to Fraction, int)
        Comparisons that must all hold, and the row that then matches; the first one counts.
    otherwise : int
        The row of a value for which none holds.
    """
    steps = np.array([step(comparisons, code) for comparisons, code in tests]).reshape(-1, STEP)
    return Curve(worth.min(axis=1), worth.max(axis=1), tuple(rules), Form.TABLE, worth, steps, otherwise)


def step(comparisons: Mapping[str, Fraction], code: int) -> tuple[float, ...]:
    """Return a step as numbers: lower end, whether it is closed, upper end, whether it is closed, code."""
    lower, upper = (-np.inf, True), (np.inf, True)
    for name, end in comparisons.items():
        closed = name in ("at_least", "at_most")
        if name in ("at_least", "above"):
            lower = (float(end), closed)
        else:
            upper = (float(end), closed)
    return (*lower, *upper, code)
