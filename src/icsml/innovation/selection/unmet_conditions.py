"""Conditions that exclude a firm from a list, with its own value or what is missing to know it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from icsml.core.arrays import Flags, Floats, Indices
from icsml.innovation.rulebooks.eligibility import (
    CategoryPoints,
    Condition,
    Eligibility,
    IndicatorPoints,
    Score,
)
from icsml.innovation.rulebooks.indicators import Indicator
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.rulebooks.value_functions import Age, Unit
from icsml.innovation.selection.list_wording import POINTS, amount, counted, flag_text, in_turn, money, or_else
from icsml.innovation.selection.missing_fields import Gaps, bases, crossed, shared
from icsml.texts.catalogue import joined, text
from icsml.texts.label import Label

__all__ = ["UnmetConditions"]

T = TypeVar("T")


@dataclass
class UnmetConditions:
    """Conditions that exclude rows of a list.

    Parameters
    ----------
    gaps : Gaps
        The rows, the rules, what these gave, and what the rows lack.
    """

    gaps: Gaps

    def texts(self, rows: Indices) -> list[Label | None]:
        """Return why each of these rows is excluded: failed conditions, then unknown ones, then the alternatives."""
        eligibility = self.gaps.rulebook.eligibility
        if eligibility is None:
            return [None] * len(rows)
        parts: list[list[Label]] = [[] for _ in rows]
        waived: list[list[int]] = [[] for _ in rows]
        for condition, indices, texts in self._exclusion_reasons(eligibility, rows):
            _append(parts, indices, texts)
            if condition.id in eligibility.waived:
                _append(waived, indices, [len(parts[index]) for index in indices])
        ways = self._ways(eligibility, rows, np.array([bool(numbers) for numbers in waived], dtype=np.bool_))
        return _joined(parts, waived, ways)

    def _exclusion_reasons(
        self, eligibility: Eligibility, rows: Indices
    ) -> Iterator[tuple[Condition, Indices, list[Label]]]:
        """Yield each condition that excludes some of these rows, their indices, and their texts."""
        vetoes = {veto.id for veto in eligibility.active_vetoes}
        ordered = [*eligibility.active_vetoes, *eligibility.conditions]
        answers = self._unwaived(eligibility, ordered, rows)
        for condition in ordered:
            failed = answers[condition.id] == float(condition.id in vetoes)
            key = "excluded" if condition.id in vetoes else "not_met"
            yield condition, np.flatnonzero(failed), self._decided(condition, rows[failed], key)
        for condition in ordered:
            unknown = np.isnan(answers[condition.id])
            key = "excluded_unknown" if condition.id in vetoes else "not_met_unknown"
            yield condition, np.flatnonzero(unknown), self._undecided(condition, rows[unknown], key)

    def _unwaived(self, eligibility: Eligibility, asked: Sequence[Condition], rows: Indices) -> dict[str, Floats]:
        """Return the results of these rows; conditions that a bypass waives count as met."""
        answers = {condition.id: self.gaps.points.conditions[condition.id][rows] for condition in asked}
        if eligibility.ways:
            ways = [self.gaps.points.conditions[way.id][rows] == 1.0 for way in eligibility.ways]
            another_way = np.logical_or.reduce(ways)
            answers |= {name: np.where(another_way, 1.0, answers[name]) for name in eligibility.waived}
        return answers

    def _ways(self, eligibility: Eligibility, rows: Indices, wanted: Flags) -> list[list[Label]]:
        """Return all bypass conditions of each row that needs one: its own value, or what is missing to know it."""
        ways: list[list[Label]] = [[] for _ in rows]
        for condition in eligibility.ways:
            unknown = np.isnan(self.gaps.points.conditions[condition.id][rows])
            decided, undecided = wanted & ~unknown, wanted & unknown
            _append(ways, np.flatnonzero(decided), self._decided(condition, rows[decided], "way"))
            _append(ways, np.flatnonzero(undecided), self._undecided(condition, rows[undecided], "way_unknown"))
        return ways

    def _decided(self, condition: Condition, rows: Indices, key: str) -> list[Label]:
        values, unit = self._values(condition)

        def text_of(row: int) -> Label:
            value_text = self._with_cost(condition, _value_text(condition, float(values[row]), unit), row)
            return text(f"lists.conditions.{key}", condition=condition.label, own=value_text)

        return shared(rows, crossed(values, self.gaps.pattern) if unit == POINTS else values, text_of)

    def _with_cost(self, condition: Condition, value_text: Label, row: int) -> Label:
        """Return points with the missing fields that could add more."""
        cost = self.gaps.cost(_indicators(self.gaps.rulebook, condition), row)
        return value_text if cost is None else joined([value_text, cost], "semicolon")

    def _undecided(self, condition: Condition, rows: Indices, key: str) -> list[Label]:
        def text_of(row: int) -> Label:
            return text(f"lists.conditions.{key}", condition=condition.label, why=self._why_undecided(condition, row))

        return shared(rows, self.gaps.pattern, text_of)

    def _why_undecided(self, condition: Condition, row: int) -> Label:
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
        """Return a condition's value and its unit; of points those given, NaN where there is no score."""
        match condition.value:
            case Score():
                return self.gaps.points.score, POINTS
            case CategoryPoints(category=category):
                return self.gaps.points.categories[category], POINTS
            case IndicatorPoints(indicator=indicator):
                return self.gaps.points.points[indicator], POINTS
            case expression:
                return expression.compute(self.gaps.columns), str(condition.unit or expression.unit or "")


def _append(parts: list[list[T]], indices: Indices, added: Sequence[T]) -> None:
    for index, part in zip(indices.tolist(), added, strict=True):
        parts[index].append(part)


def _joined(
    parts: Sequence[Sequence[Label]], waived: Sequence[Sequence[int]], ways: Sequence[Sequence[Label]]
) -> list[Label | None]:
    """Return the text of each row; rows that share all parts share it, so that a whole nation takes seconds."""
    texts: dict[tuple[tuple[int, ...], ...], Label | None] = {}
    rows = list(zip(parts, waived, ways, strict=True))
    keys = [(tuple(map(id, part)), tuple(numbers), tuple(map(id, way))) for part, numbers, way in rows]
    for key, row in zip(keys, rows, strict=True):
        if key not in texts:
            texts[key] = _together(*row)
    return [texts[key] for key in keys]


def _together(parts: Sequence[Label], waived: Sequence[int], ways: Sequence[Label]) -> Label | None:
    if not parts:
        return None
    return or_else(in_turn(parts), waived if len(parts) > 1 else (), ways) if ways else in_turn(parts)


def _value_text(condition: Condition, value: float, unit: str) -> Label:
    if np.isnan(value):
        return text("lists.out_of_reach")
    if condition.holds_if is None:
        return _quantity(value, unit, float(condition.threshold), condition.fields)
    return flag_text(condition.fields, holds=value >= 0.5)


def _quantity(value: float, unit: str, threshold: float, fields: Sequence[str]) -> Label:
    match unit:
        case Unit.CNY:
            return money(value, threshold)
        case Unit.COUNT:
            return counted(value, fields, threshold)
        case _:
            return amount(value, unit, threshold)


def _indicators(rulebook: Rulebook, condition: Condition) -> list[Indicator]:
    """Return the indicators whose points a condition reads."""
    match condition.value:
        case CategoryPoints(category=category):
            return [indicator for indicator in rulebook.indicators if indicator.category == category]
        case IndicatorPoints(indicator=indicator):
            return [one for one in rulebook.indicators if one.id == indicator]
        case Score():
            return list(rulebook.indicators)
        case _:
            return []
