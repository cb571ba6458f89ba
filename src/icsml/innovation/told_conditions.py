"""The conditions that keep a firm off a list: its own value beside each, or what is missing to know it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from icsml.innovation.eligibility import (
    CategoryPoints,
    Condition,
    Eligibility,
    IndicatorPoints,
    Score,
    all_hold,
    any_holds,
)
from icsml.innovation.indicators import Indicator
from icsml.innovation.points import Points
from icsml.innovation.schema import Rulebook
from icsml.innovation.told_gaps import Flags, Gaps, Places, bases, shared
from icsml.innovation.told_words import LISTED, POINTS, amount
from icsml.innovation.values import Age, Floats
from icsml.records.columns import Columns
from icsml.records.labels import Label

__all__ = ["Conditions"]


@dataclass
class Conditions:
    """Tells rows of a list which conditions keep them out.

    Parameters
    ----------
    rulebook : Rulebook
        The rules.
    columns : mapping of str to ndarray of shape (n,)
        Screened records.
    points : Points
        What the rules gave.
    gaps : Gaps
        What the rows lack.
    """

    rulebook: Rulebook
    columns: Columns
    points: Points
    gaps: Gaps

    def tell(self, at: Places) -> list[list[Label]]:
        """Return, of each of these rows, the conditions that keep it out: those decided before those that are open."""
        parts: list[list[Label]] = [[] for _ in at]
        eligibility = self.rulebook.eligibility
        if eligibility is None:
            return parts
        vetoes = {each.id for each in eligibility.active_vetoes}
        ways = {each.id for each in eligibility.bypass.any_of} if eligibility.bypass is not None else set()
        matters = self._matters(eligibility)
        ordered = sorted(eligibility.in_use, key=lambda each: each.id not in vetoes)
        for each in ordered:
            answer, veto = self.points.conditions[each.id][at], each.id in vetoes
            failed = matters[each.id][at] & (answer == float(veto))
            if each.id not in ways:
                _append(parts, np.flatnonzero(failed), self._decided(each, at[failed], veto=veto))
        for each in ordered:
            open_ = matters[each.id][at] & np.isnan(self.points.conditions[each.id][at])
            _append(parts, np.flatnonzero(open_), self._open(each, at[open_], veto=each.id in vetoes))
        return parts

    def _decided(self, condition: Condition, at: Places, *, veto: bool) -> list[Label]:
        said = ("Excluded by", "一票否决") if veto else ("Condition not met:", "不满足条件")
        values, unit = self._values(condition)

        def told(row: int) -> Label:
            own = _own(condition, float(values[row]), unit)
            return Label(
                en=f"{said[0]} “{condition.label.en}” (on record: {own.en})",
                zh=f"{said[1]}“{condition.label.zh}”（记录所示：{own.zh}）",
            )

        return shared(at, values, told)

    def _open(self, condition: Condition, at: Places, *, veto: bool) -> list[Label]:
        said = ("Cannot be known whether excluded by", "无法判断是否适用一票否决")
        if not veto:
            said = ("Cannot be known whether the condition is met:", "无法判断是否满足条件")

        def told(row: int) -> Label:
            why = self._why_open(condition, row)
            return Label(
                en=f"{said[0]} “{condition.label.en}” ({why.en})", zh=f"{said[1]}“{condition.label.zh}”（{why.zh}）"
            )

        return shared(at, self.gaps.pattern, told)

    def _why_open(self, condition: Condition, row: int) -> Label:
        match condition.value:
            case Score() | CategoryPoints() | IndicatorPoints():
                stages = self.rulebook.stages
                if stages is not None and self.points.stage[row] < 0:
                    return self.gaps.why(stages.rule.value.fields, bases(stages.rule.value), row)
                return self.gaps.why_of(_indicators(self.rulebook, condition), row)
            case Age(since=since):
                return self.gaps.why([since, "as_of"], [since], row)
            case expression:
                return self.gaps.why(expression.fields, bases(expression), row)

    def _values(self, condition: Condition) -> tuple[Floats, str]:
        """Return what a condition looks at and its unit; of points those given, NaN where there is no score."""
        match condition.value:
            case Score():
                return self.points.score, POINTS
            case CategoryPoints(category=category):
                return self.points.categories[category], POINTS
            case IndicatorPoints(indicator=indicator):
                return self.points.points[indicator], POINTS
            case expression:
                return expression.compute(self.columns), str(condition.unit or expression.unit or "")

    def _matters(self, eligibility: Eligibility) -> dict[str, Flags]:
        """Return in which rows each condition matters: not where a bypass waives it, or nobody needs that way in."""
        everywhere = np.ones(len(self.points.score), dtype=np.bool_)
        return {each.id: everywhere for each in eligibility.in_use} | self._bypassed(eligibility)

    def _bypassed(self, eligibility: Eligibility) -> dict[str, Flags]:
        bypass = eligibility.bypass
        if bypass is None or not bypass.active:
            return {}
        answers = self.points.conditions
        another_way = any_holds([answers[each.id] for each in bypass.any_of]) == 1.0
        needs_none = all_hold([answers[name] for name in bypass.waives]) == 1.0
        return dict.fromkeys(bypass.waives, ~another_way) | {each.id: ~needs_none for each in bypass.any_of}


def _append(parts: list[list[Label]], places: Places, told: Sequence[Label]) -> None:
    for place, each in zip(places.tolist(), told, strict=True):
        parts[place].append(each)


def _own(condition: Condition, value: float, unit: str) -> Label:
    if np.isnan(value):
        return Label(en="short of it even with full points for what is missing", zh="缺失数据即使均按满分计算仍达不到")
    if condition.holds_if is None:
        return amount(value, unit, float(condition.threshold))
    return _answer(condition.fields, value >= 0.5)


def _answer(fields: Sequence[str], holds: bool) -> Label:
    pair = LISTED.get(fields[0]) if len(fields) == 1 else None
    if pair is not None:
        return pair[0] if holds else pair[1]
    return Label(en="yes", zh="是") if holds else Label(en="no", zh="否")


def _indicators(rulebook: Rulebook, condition: Condition) -> list[Indicator]:
    match condition.value:
        case CategoryPoints(category=category):
            return [each for each in rulebook.indicators if each.category == category]
        case IndicatorPoints(indicator=indicator):
            return [each for each in rulebook.indicators if each.id == indicator]
        case _:
            return list(rulebook.indicators)
