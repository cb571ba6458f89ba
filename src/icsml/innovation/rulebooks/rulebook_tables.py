"""A rulebook as arrays, for compiled code: its formulas, indicators, options and conditions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final, NamedTuple, cast

import numpy as np

from icsml.core.arrays import Flags, Floats, Ints
from icsml.core.formulas import Formulas, Symbol, Trace
from icsml.innovation.rulebooks.compiled_indicators import CompiledIndicator
from icsml.innovation.rulebooks.compiled_points import STEP, step
from icsml.innovation.rulebooks.eligibility import CategoryPoints, Condition, Eligibility, IndicatorPoints, Score
from icsml.innovation.rulebooks.indicators import Category, ScoringDomain

__all__ = [
    "MISSING_POLICIES",
    "SOURCES",
    "Conditions",
    "Indicators",
    "Options",
    "RulebookTables",
    "rulebook_tables",
]

MISSING_POLICIES: Final = ("zero", "rescale", "refuse")
"""What becomes of a missing value, by number."""
SOURCES: Final = ("value", "score", "category", "points")
"""What a condition reads, by number."""


class Indicators(NamedTuple):
    """The p indicators.

    Parameters
    ----------
    options : ndarray of int of shape (p + 1,)
        Where the options of each begin.
    missing : ndarray of int of shape (p,)
        Index in `MISSING_POLICIES`.
    missing_code : ndarray of int of shape (p,)
        Code of the rule of a missing value.
    deduction, innovation, bonus : ndarray of bool of shape (p,)
        Whether it can only deduct, is of domain innovation, gives bonus points.
    category : ndarray of int of shape (p,)
        Index of its category.
    ceilings : ndarray of shape (p, stages)
        Its maximum at each stage.
    """

    options: Ints
    missing: Ints
    missing_code: Ints
    deduction: Flags
    innovation: Flags
    bonus: Flags
    category: Ints
    ceilings: Floats


class Options(NamedTuple):
    """The o options of all indicators; see :class:`icsml.innovation.rulebooks.compiled_points.Curve`.

    Parameters
    ----------
    value : ndarray of int of shape (o,)
        Which formula gives its value.
    form, otherwise : ndarray of int of shape (o,)
        Of its curve.
    falling, staged : ndarray of bool of shape (o,)
        Whether a smaller value ranks better; whether its weight depends on the stage.
    first_code : ndarray of int of shape (o,)
        Added to the codes of its curve.
    ranking : ndarray of int of shape (o,)
        Number among the options that rank among peers.
    low, high : ndarray of shape (o, stages)
        Fewest and most points.
    steps_from, worth_from, slope_from : ndarray of int of shape (o + 1,)
        Where its steps, points and slopes begin.
    steps : ndarray of shape (m, 5)
        Steps of all curves.
    worth, slope : ndarray
        Points and slopes of all curves, stage by stage.
    """

    value: Ints
    form: Ints
    otherwise: Ints
    falling: Flags
    staged: Flags
    first_code: Ints
    ranking: Ints
    low: Floats
    high: Floats
    steps_from: Ints
    worth_from: Ints
    slope_from: Ints
    steps: Floats
    worth: Floats
    slope: Floats


class Conditions(NamedTuple):
    """The c conditions of eligibility in use.

    Parameters
    ----------
    source : ndarray of int of shape (c,)
        Index in `SOURCES`.
    argument : ndarray of int of shape (c,)
        The formula, category or indicator that is read.
    steps : ndarray of shape (c, 5)
        The comparison, as a step; it holds between its ends.
    negated : ndarray of bool of shape (c,)
        Whether the condition holds where the comparison does not, such as ``is: false``.
    veto, required, waived, way : ndarray of bool of shape (c,)
        Whether it is a veto; is required; need not hold where any way does; is such a way.
    """

    source: Ints
    argument: Ints
    steps: Floats
    negated: Flags
    veto: Flags
    required: Flags
    waived: Flags
    way: Flags


@dataclass(frozen=True, slots=True, eq=False)
class RulebookTables:
    """A rulebook as arrays."""

    formulas: Formulas
    indicators: Indicators
    options: Options
    conditions: Conditions
    conditions_read_points: bool


def rulebook_tables(
    parts: Sequence[CompiledIndicator], categories: Sequence[Category], eligibility: Eligibility | None
) -> RulebookTables:
    """Return a rulebook as arrays.

    Parameters
    ----------
    parts : sequence of CompiledIndicator
        Its indicators.
    categories : sequence of Category
        Its categories.
    eligibility : Eligibility, optional
        Its conditions.
    """
    values = _Values()
    options, indicators = _options(parts, values), _indicators(parts, categories)
    conditions = _conditions(eligibility, parts, categories, values)
    reads_points = eligibility is not None and eligibility.reads_points
    return RulebookTables(values.formulas, indicators, options, conditions, reads_points)


class _Values:
    """The formulas of all values, numbered in the order in which they are asked for."""

    def __init__(self) -> None:
        self._trace = Trace()
        self._results: list[Symbol] = []

    def number(self, value: Any) -> int:  # noqa: ANN401 - one of the value functions
        self._results.append(cast(Symbol, value.compute(self._trace)))
        return len(self._results) - 1

    @property
    def formulas(self) -> Formulas:
        return self._trace.formulas(self._results)


def _indicators(parts: Sequence[CompiledIndicator], categories: Sequence[Category]) -> Indicators:
    every, number = [part.indicator for part in parts], {category.id: i for i, category in enumerate(categories)}
    bonus = {category.id: category.bonus for category in categories}
    return Indicators(
        options=_starts([len(part.ways) for part in parts]),
        missing=np.array([MISSING_POLICIES.index(indicator.missing) for indicator in every]),
        missing_code=np.array([len(part.rules) - 1 for part in parts]),
        deduction=np.array([indicator.deduction for indicator in every]),
        innovation=np.array([indicator.domain is ScoringDomain.INNOVATION for indicator in every]),
        bonus=np.array([bonus[indicator.category] for indicator in every]),
        category=np.array([number[indicator.category] for indicator in every]),
        ceilings=np.array([part.ceilings for part in parts]),
    )


def _options(parts: Sequence[CompiledIndicator], values: _Values) -> Options:
    ways = [(part, way) for part in parts for way in part.ways]
    curves, stages = [way.curve for _, way in ways], len(parts[0].ceilings)
    ranks = list(accumulate(way.peer_key is not None for _, way in ways))
    return Options(
        value=np.array([values.number(way.value) for _, way in ways]),
        form=np.array([int(curve.form) for curve in curves]),
        otherwise=np.array([curve.otherwise for curve in curves]),
        falling=np.array([curve.falling for curve in curves]),
        staged=np.array([part.staged for part, _ in ways]),
        first_code=np.array([way.offset for _, way in ways]),
        ranking=np.array(ranks) - 1,
        low=np.array([np.broadcast_to(curve.low, stages) for curve in curves]),
        high=np.array([np.broadcast_to(curve.high, stages) for curve in curves]),
        steps_from=_starts([len(curve.steps) for curve in curves]),
        worth_from=_starts([curve.worth.size for curve in curves]),
        slope_from=_starts([curve.slope.size for curve in curves]),
        steps=np.concatenate([curve.steps for curve in curves]),
        worth=np.concatenate([curve.worth.ravel() for curve in curves]),
        slope=np.concatenate([curve.slope.ravel() for curve in curves]),
    )


def _conditions(
    eligibility: Eligibility | None,
    parts: Sequence[CompiledIndicator],
    categories: Sequence[Category],
    values: _Values,
) -> Conditions:
    used = eligibility.in_use if eligibility is not None else ()
    vetoes, waived, ways = _roles(eligibility)
    read = [_read(condition, parts, categories, values) for condition in used]
    veto, waived_here, way = (np.array([c.id in ids for c in used], dtype=np.bool_) for ids in (vetoes, waived, ways))
    return Conditions(
        source=np.array([SOURCES.index(source) for source, _ in read], dtype=np.int64),
        argument=np.array([argument for _, argument in read], dtype=np.int64),
        steps=np.array([_test(condition) for condition in used]).reshape(-1, STEP),
        negated=np.array([condition.holds_if is False for condition in used], dtype=np.bool_),
        veto=veto,
        required=~(veto | waived_here | way),
        waived=waived_here,
        way=way,
    )


def _roles(eligibility: Eligibility | None) -> tuple[set[str], set[str], set[str]]:
    if eligibility is None:
        return set(), set(), set()
    vetoes = {veto.id for veto in eligibility.active_vetoes}
    return vetoes, set(eligibility.waived), {way.id for way in eligibility.ways}


def _read(
    condition: Condition, parts: Sequence[CompiledIndicator], categories: Sequence[Category], values: _Values
) -> tuple[str, int]:
    match condition.value:
        case Score():
            return "score", 0
        case CategoryPoints(category=name):
            return "category", [category.id for category in categories].index(name)
        case IndicatorPoints(indicator=name):
            return "points", [part.indicator.id for part in parts].index(name)
        case expression:
            return "value", values.number(expression)


def _test(condition: Condition) -> tuple[float, ...]:
    if condition.holds_if is not None:
        return (0.5, True, np.inf, True, 0)
    return step({condition.comparator: condition.threshold}, 0)


def _starts(lengths: Sequence[int]) -> Ints:
    return np.array([0, *accumulate(lengths)], dtype=np.int64)
