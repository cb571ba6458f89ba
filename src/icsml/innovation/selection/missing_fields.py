"""Names of the fields missing in the rows of a list, and what stays unknown without them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import numpy as np

from icsml.core.arrays import Array, Flags, Indices, Ints
from icsml.innovation.rulebooks.compiled_indicators import CompiledIndicator
from icsml.innovation.rulebooks.indicators import Indicator
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.rulebooks.value_functions import Growth, Ratio, Value
from icsml.innovation.scoring.points import Points
from icsml.innovation.selection.list_wording import field_names
from icsml.records.columns import Columns
from icsml.records.screening import is_present
from icsml.texts.catalogue import text
from icsml.texts.label import Label

__all__ = ["Gaps", "bases", "crossed", "shared"]

T = TypeVar("T")


@dataclass
class Gaps:
    """Missing fields of the rows of a list.

    Parameters
    ----------
    rulebook : Rulebook
        The rules.
    columns : mapping of str to ndarray of shape (n,)
        Screened records.
    points : Points
        What the rules gave.
    """

    rulebook: Rulebook
    columns: Columns
    points: Points
    _absent: dict[str, Flags] = field(default_factory=dict)
    _not_counted: dict[tuple[tuple[str, ...], bool], Label] = field(default_factory=dict)

    @cached_property
    def pattern(self) -> Ints:
        """Key of rows that lack the same fields and the same values that could change their points, shape (n,)."""
        flags = [self.points.stage < 0, self.of("as_of")]
        flags += [
            lacks
            for by_indicator in (self._wanting, self._costly)
            for ways in by_indicator.values()
            for _, lacks in ways
        ]
        flags += [self.of(name) for name in self.rulebook.inputs()]
        packed = np.packbits(np.stack(flags, axis=1), axis=1)
        wide = np.zeros((len(packed), -(-packed.shape[1] // 8) * 8), dtype=np.uint8)
        wide[:, : packed.shape[1]] = packed
        pattern = np.zeros(len(packed), dtype=np.int64)
        # Eight flags a byte, eight bytes a word: rows are compared word by word, and numbered anew after each, so that
        # the numbers stay small enough to be multiplied.
        for word in wide.view(np.uint64).T:
            _, which = np.unique(word, return_inverse=True)
            _, pattern = np.unique(pattern * (int(which.max(initial=0)) + 1) + which, return_inverse=True)
        return pattern

    def why_of(self, indicators: Iterable[Indicator], row: int) -> Label:
        """Return why indicators may lack points, also where one of several options gave some."""
        wanting = [value for indicator in indicators for value, lacks in self._wanting[indicator.id] if lacks[row]]
        fields = [name for value in wanting for name in value.fields]
        return self.why(fields, [name for value in wanting for name in bases(value)], row)

    @cached_property
    def _wanting(self) -> dict[str, list[tuple[Value, Flags]]]:
        """By indicator, each value and the rows in which it is missing and could change the points."""
        return {part.indicator.id: self._ways(part) for part in self.rulebook.compiled}

    def _ways(self, part: CompiledIndicator) -> list[tuple[Value, Flags]]:
        indicator = part.indicator
        unknown = np.isnan(self.points.values[indicator.id])
        if not indicator.best_of:
            return [(option.value, unknown) for option in indicator.options]
        stage = np.maximum(self.points.stage, 0) if part.staged else np.zeros(len(unknown), dtype=np.intp)
        factor = self.points.rescale_factor.get(indicator.id, 1.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            given = self.points.points[indicator.id] / factor
        lacking: list[tuple[Value, Flags]] = []
        for option, way in zip(indicator.best_of, part.ways, strict=True):
            best = way.curve.low[stage] < given if indicator.deduction else way.curve.high[stage] > given
            lacking.append((option.value, np.isnan(option.value.compute(self.columns)) & (unknown | best)))
        return lacking

    def cost(self, indicators: Iterable[Indicator], row: int, *, settled: bool = False) -> Label | None:
        """Return the missing fields that cost a row points of these indicators; None if none.

        They are to be provided, unless it is ``settled`` that the row is on the list all the same.
        """
        fields = [
            name for i in indicators for value, lacks in self._costly[i.id] if lacks[row] for name in value.fields
        ]
        lacking = [name for name in dict.fromkeys(fields) if self.of(name)[row]]
        if not lacking:
            return None
        key = (tuple(lacking), settled)
        if key not in self._not_counted:
            name = "lists.not_counted_settled" if settled else "lists.not_counted"
            self._not_counted[key] = text(name, fields=field_names(lacking))
        return self._not_counted[key]

    @cached_property
    def _costly(self) -> dict[str, list[tuple[Value, Flags]]]:
        """By indicator, each value and the rows in which its absence costs points.

        Where the others grow in place of what is left out it costs none, and a deduction gives none.
        """
        stage = np.maximum(self.points.stage, 0)
        costly: dict[str, list[tuple[Value, Flags]]] = {}
        for indicator in self.rulebook.indicators:
            gives = self.points.ceilings[indicator.id][stage] > 0.0
            if indicator.missing == "rescale":
                gives &= ~np.isnan(self.points.values[indicator.id])
            costly[indicator.id] = [(value, lacks & gives) for value, lacks in self._wanting[indicator.id]]
        return costly

    def why(self, fields: Iterable[str], bases: Iterable[str], row: int) -> Label:
        """Return which fields are missing, or if none, which denominator is not positive."""
        lacking = [name for name in dict.fromkeys(fields) if self.of(name)[row]]
        if lacking:
            return text("lists.missing", fields=field_names(lacking))
        return text("lists.no_base", fields=field_names(dict.fromkeys(bases)))

    def of(self, name: str) -> Flags:
        """Return which rows lack a field."""
        if name not in self._absent:
            self._absent[name] = ~is_present(self.columns[name])
        return self._absent[name]


def bases(expression: Value) -> Sequence[str]:
    """Return the fields of a denominator, of anything else all fields."""
    match expression:
        case Ratio(denominator=base) | Growth(before=base):
            return base.fields
        case _:
            return expression.fields


def crossed(first: Array, second: Ints) -> Ints:
    """Return which rows are equal in both keys, shape (n,)."""
    _, which = np.unique(first, return_inverse=True)
    return which * (int(second.max(initial=0)) + 1) + second


def shared(rows: Indices, key: Array, text_of: Callable[[int], T]) -> list[T]:
    """Return a text for each of these rows; rows of one key share the text of the first."""
    _, first, which = np.unique(key[rows], return_index=True, return_inverse=True)
    texts = [text_of(int(rows[index])) for index in first]
    return [texts[number] for number in which.ravel().tolist()]
