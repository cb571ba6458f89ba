"""The conditions that keep a firm off a list: its own value beside each, or what is missing to know it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np

from icsml.core.arrays import Flags, Indices
from icsml.innovation.rulebooks.eligibility import (
    CategoryPoints,
    Condition,
    Eligibility,
    IndicatorPoints,
    Score,
    any_holds,
)
from icsml.innovation.rulebooks.indicators import Indicator
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.rulebooks.value_functions import Age, Floats, Unit
from icsml.innovation.selection.list_wording import LISTED, POINTS, amount, counted, in_turn, money, or_else
from icsml.innovation.selection.missing_fields import Gaps, bases, crossed, shared
from icsml.texts.label import Label

__all__ = ["Conditions"]

T = TypeVar("T")

_NOTHING: Final = Label(en="", zh="")
_EXCLUDED: Final = Label(en="Excluded by ", zh="一票否决")
_EXCLUDED_UNKNOWN: Final = Label(en="Cannot be known whether excluded by ", zh="无法判断是否适用一票否决")
_NOT_MET: Final = Label(en="Condition not met: ", zh="不满足条件")
_MET_UNKNOWN: Final = Label(en="Cannot be known whether the condition is met: ", zh="无法判断是否满足条件")


@dataclass
class Conditions:
    """Tells rows of a list which conditions keep them out.

    Parameters
    ----------
    gaps : Gaps
        The rows, the rules, what these gave, and what the rows lack.
    """

    gaps: Gaps

    def tell(self, at: Indices) -> list[Label | None]:
        """Return what keeps each of these rows out: what is decided before what is open, then what would do instead."""
        eligibility = self.gaps.rulebook.eligibility
        if eligibility is None:
            return [None] * len(at)
        parts: list[list[Label]] = [[] for _ in at]
        waived: list[list[int]] = [[] for _ in at]
        for condition, places, told in self._obstacles(eligibility, at):
            _append(parts, places, told)
            if condition.id in eligibility.waived:
                _append(waived, places, [len(parts[place]) for place in places])
        ways = self._ways(eligibility, at, np.array([bool(numbers) for numbers in waived], dtype=np.bool_))
        return [_together(*each) for each in zip(parts, waived, ways, strict=True)]

    def _obstacles(self, eligibility: Eligibility, at: Indices) -> Iterator[tuple[Condition, Indices, list[Label]]]:
        """Yield each condition that keeps some of these rows out, which of them, and what they are told."""
        vetoes = {each.id for each in eligibility.active_vetoes}
        ordered = [*eligibility.active_vetoes, *eligibility.conditions]
        answers = self._unwaived(eligibility, ordered, at)
        for each in ordered:
            failed = answers[each.id] == float(each.id in vetoes)
            said = _EXCLUDED if each.id in vetoes else _NOT_MET
            yield each, np.flatnonzero(failed), self._decided(each, at[failed], said)
        for each in ordered:
            open_ = np.isnan(answers[each.id])
            said = _EXCLUDED_UNKNOWN if each.id in vetoes else _MET_UNKNOWN
            yield each, np.flatnonzero(open_), self._open(each, at[open_], said)

    def _unwaived(self, eligibility: Eligibility, asked: Sequence[Condition], at: Indices) -> dict[str, Floats]:
        """Return the answers of these rows; what another way in waives counts as met."""
        answers = {each.id: self.gaps.points.conditions[each.id][at] for each in asked}
        if eligibility.ways:
            another_way = any_holds([self.gaps.points.conditions[each.id][at] for each in eligibility.ways]) == 1.0
            answers |= {name: np.where(another_way, 1.0, answers[name]) for name in eligibility.waived}
        return answers

    def _ways(self, eligibility: Eligibility, at: Indices, wanted: Flags) -> list[list[Label]]:
        """Return all other ways in of each row that wants one: its own value, or what is missing to know it."""
        told: list[list[Label]] = [[] for _ in at]
        for each in eligibility.ways:
            unknown = np.isnan(self.gaps.points.conditions[each.id][at])
            for some, tell in ((wanted & ~unknown, self._decided), (wanted & unknown, self._open)):
                _append(told, np.flatnonzero(some), tell(each, at[some], _NOTHING))
        return told

    def _decided(self, condition: Condition, at: Indices, said: Label) -> list[Label]:
        values, unit = self._values(condition)

        def told(row: int) -> Label:
            own = self._with_cost(condition, _own(condition, float(values[row]), unit), row)
            return Label(
                en=f"{said.en}“{condition.label.en}” (on record: {own.en})",
                zh=f"{said.zh}“{condition.label.zh}”（记录所示：{own.zh}）",
            )

        return shared(at, crossed(values, self.gaps.pattern) if unit == POINTS else values, told)

    def _with_cost(self, condition: Condition, own: Label, row: int) -> Label:
        """Return points with what is missing for more."""
        cost = self.gaps.cost(_indicators(self.gaps.rulebook, condition), row)
        return own if cost is None else Label(en=f"{own.en}; {cost.en}", zh=f"{own.zh}；{cost.zh}")

    def _open(self, condition: Condition, at: Indices, said: Label) -> list[Label]:
        def told(row: int) -> Label:
            why = self._why_open(condition, row)
            return Label(
                en=f"{said.en}“{condition.label.en}” ({why.en})", zh=f"{said.zh}“{condition.label.zh}”（{why.zh}）"
            )

        return shared(at, self.gaps.pattern, told)

    def _why_open(self, condition: Condition, row: int) -> Label:
        match condition.value:
            case Score() | CategoryPoints() | IndicatorPoints():
                stages = self.gaps.rulebook.stages
                if stages is not None and self.gaps.points.stage[row] < 0:
                    return self.gaps.why(stages.rule.value.fields, bases(stages.rule.value), row)
                return self.gaps.why_of(_indicators(self.gaps.rulebook, condition), row)
            case Age(since=since):
                return self.gaps.why([since, "as_of"], [since], row)
            case expression:
                return self.gaps.why(expression.fields, bases(expression), row)

    def _values(self, condition: Condition) -> tuple[Floats, str]:
        """Return what a condition looks at and its unit; of points those given, NaN where there is no score."""
        match condition.value:
            case Score():
                return self.gaps.points.score, POINTS
            case CategoryPoints(category=category):
                return self.gaps.points.categories[category], POINTS
            case IndicatorPoints(indicator=indicator):
                return self.gaps.points.points[indicator], POINTS
            case expression:
                return expression.compute(self.gaps.columns), str(condition.unit or expression.unit or "")


def _append(parts: list[list[T]], places: Indices, told: Sequence[T]) -> None:
    for place, each in zip(places.tolist(), told, strict=True):
        parts[place].append(each)


def _together(parts: Sequence[Label], waived: Sequence[int], ways: Sequence[Label]) -> Label | None:
    if not parts:
        return None
    return or_else(in_turn(parts), waived if len(parts) > 1 else (), ways) if ways else in_turn(parts)


def _own(condition: Condition, value: float, unit: str) -> Label:
    if np.isnan(value):
        return Label(en="short of it even with full points for what is missing", zh="缺失数据即使均按满分计算仍达不到")
    if condition.holds_if is None:
        return _quantity(value, unit, float(condition.threshold), condition.fields)
    return _answer(condition.fields, value >= 0.5)


def _quantity(value: float, unit: str, threshold: float, fields: Sequence[str]) -> Label:
    match unit:
        case Unit.CNY:
            return money(value, threshold)
        case Unit.COUNT:
            return counted(value, fields, threshold)
        case _:
            return amount(value, unit, threshold)


def _answer(fields: Sequence[str], holds: bool) -> Label:
    pair = LISTED.get(fields[0]) if len(fields) == 1 else None
    if pair is not None:
        return pair[0] if holds else pair[1]
    return Label(en="yes", zh="是") if holds else Label(en="no", zh="否")


def _indicators(rulebook: Rulebook, condition: Condition) -> list[Indicator]:
    """Return the indicators whose points a condition looks at."""
    match condition.value:
        case CategoryPoints(category=category):
            return [each for each in rulebook.indicators if each.category == category]
        case IndicatorPoints(indicator=indicator):
            return [each for each in rulebook.indicators if each.id == indicator]
        case Score():
            return list(rulebook.indicators)
        case _:
            return []
