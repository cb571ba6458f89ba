"""Compiled form of points functions: codes of the rows that match values, and the points of each row."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from icsml.core.arrays import Floats
from icsml.core.yaml import Key
from icsml.innovation.peers.peer_tables import Ranking
from icsml.innovation.rulebooks.exact_numbers import Part, Share
from icsml.innovation.rulebooks.rule_hit import RuleHit
from icsml.records.field import Kind

__all__ = [
    "Better",
    "Codes",
    "Curve",
    "End",
    "Function",
    "Ladder",
    "LadderStep",
    "Test",
    "Where",
    "first_match",
    "look_up",
    "points_of",
    "tabulated",
    "worth_of",
]

Better = Literal["higher", "lower", "none"]
"""Which way an indicator improves; ``none`` declares that its points may rise and fall."""

Codes = NDArray[np.int16]
End = tuple[Fraction, bool] | None
"""End of a row and whether it is closed; None is unbounded."""

Test = tuple[Callable[..., NDArray[np.bool_]], float]


@dataclass(frozen=True, slots=True, eq=False)
class Where:
    """Stage and peer ranking that points also depend on.

    Parameters
    ----------
    stage : ndarray of int of shape (n,), or None
        Which weight applies; None where there is one weight for all.
    ranking : Ranking or None
        Ranks values among peers; None where no points function needs it.
    """

    stage: NDArray[np.int8] | None = None
    ranking: Ranking | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A points function with its weights: its range of points, its rules, and its computation.

    Parameters
    ----------
    low, high : ndarray of shape (stages,)
        Fewest and most points that a present value gives, at each stage.
    rules : tuple of RuleHit
        The rows of the rule, by their code; empty for ranks among peers, whose rows are the peer groups' too.
    apply : callable
        (values of shape (n,), :class:`Where`) to points of shape (n,) and codes of shape (n,); its result for a
        missing value is unused, the indicator sets those.
    """

    low: Floats
    high: Floats
    rules: tuple[RuleHit, ...]
    apply: Callable[[Floats, Where], tuple[Floats, Codes]]


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


def look_up(worth: Floats, codes: Codes, where: Where) -> Floats:
    """Return the points of rows from a table of shape (stages, rows of the rule)."""
    indices = codes if where.stage is None else where.stage * np.int32(worth.shape[1]) + codes
    points: Floats = worth.take(indices)
    return points


def tabulated(worth: Floats, rules: Sequence[RuleHit], locate: Callable[[Floats], Codes]) -> Curve:
    """Return a function defined by a table: the row that matches a value, and the points of that row."""
    return Curve(worth.min(axis=1), worth.max(axis=1), tuple(rules), partial(_apply, worth, locate))


def _apply(worth: Floats, locate: Callable[[Floats], Codes], value: Floats, where: Where) -> tuple[Floats, Codes]:
    codes = locate(value)
    return look_up(worth, codes, where), codes


def first_match(tests: Sequence[Test], value: Floats) -> Codes:
    """Return the index of the first test that each value passes, or the number of tests."""
    codes = np.full(value.shape, len(tests), dtype=np.int16)
    for index in range(len(tests) - 1, -1, -1):
        holds, threshold = tests[index]
        np.copyto(codes, np.int16(index), where=holds(value, threshold))
    return codes
