"""Requirements on a record beyond its types: order of dates, check characters, declared ranges.

The same vectorised rules serve one record and a million.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from icsml.core.arithmetic import scale
from icsml.core.arrays import Array, Flags, Ints
from icsml.errors import InputError
from icsml.records.arrow_texts import ArrowTexts
from icsml.records.columns import Columns, Layout, Table, as_table, layout, rows
from icsml.records.extra import ExtraFeature
from icsml.records.field import Outside
from icsml.records.field_rules import BrokenRule, outside_range
from icsml.records.fields import FIELDS
from icsml.records.uscc import is_valid_uscc, wrong_usccs

if TYPE_CHECKING:
    from icsml.records.screening_kernel import Found, Limits

__all__ = [
    "PARTS",
    "Screening",
    "broken_rules",
    "is_part_above",
    "is_present",
    "screen",
    "within_ranges",
]


_DATE_ORDER = (
    # (earlier, later, what is wrong, remedy)
    ("statement_published_at", "as_of", "published after the decision date", "use the statements known on `as_of`"),
    ("statement_period_end", "as_of", "lies after the decision date", "use the statements known on `as_of`"),
    ("statement_period_end", "statement_published_at", "lies after the publication", "check the two dates"),
    ("founded_on", "as_of", "lies after the decision date", "check the two dates"),
)


_DATED = (("statement_published_at", "as_of"),)
"""(field, the date it needs)"""

PARTS = (
    ("staff_st", "staff_total"),
    ("staff_rd", "staff_total"),
    ("staff_postgraduate", "staff_total"),
    ("main_revenue_cny", "revenue_cny"),
    ("hightech_revenue_cny", "revenue_cny"),
    ("main_revenue_prev_cny", "revenue_prev_cny"),
    ("operating_cost_cny", "total_cost_cny"),
    ("cash_cny", "current_assets_cny"),
    ("receivables_cny", "current_assets_cny"),
    ("inventory_cny", "current_assets_cny"),
    ("cash_cny", "total_assets_cny"),  # where current assets are not given
    ("receivables_cny", "total_assets_cny"),
    ("inventory_cny", "total_assets_cny"),
    ("current_assets_cny", "total_assets_cny"),
    ("fixed_assets_cny", "total_assets_cny"),
    ("intangible_assets_cny", "total_assets_cny"),
    ("payables_cny", "current_liabilities_cny"),
    ("payables_cny", "total_liabilities_cny"),
    ("short_term_debt_cny", "current_liabilities_cny"),
    ("short_term_debt_cny", "total_liabilities_cny"),
    ("current_liabilities_cny", "total_liabilities_cny"),
    ("long_term_debt_cny", "total_liabilities_cny"),
    ("ip_class1_self_developed", "ip_class1"),
    ("ip_class1_high_value", "ip_class1"),
)
"""(part, whole): a part larger than its whole is reported as out of range."""

_ROUNDING = 1.0 + 1e-6
_NOTHING = np.array(None)


@dataclass(frozen=True, slots=True)
class Screening:
    """Screened columns, with what is missing or out of range.

    Parameters
    ----------
    columns : Table
        The columns, values outside a range declared ``missing`` taken out.
    present, missing : ndarray of int of shape (n,)
        How many fields each row has and lacks (canonical and declared extra).
    out_of_range : dict of str to ndarray of bool of shape (n,)
        For each field or extra with any value outside its declared range, or above the whole it is part of, the rows
        where it is.
    """

    columns: Table
    present: Ints
    missing: Ints
    out_of_range: dict[str, Flags]

    def out_of_range_in(self, row: int) -> list[str]:
        """Return the fields of one row that are outside their declared range."""
        return [name for name, flags in self.out_of_range.items() if flags[row]]


def screen(columns: Columns, extras: Sequence[ExtraFeature] = (), *, first_row: int = 0) -> Screening:
    """Screen column arrays.

    Parameters
    ----------
    columns : Columns
        Rows of typed values.
    extras : sequence of ExtraFeature
        Declared extra features of the data set or bundle.
    first_row : int
        Number of the first row in the file it comes from, for the error.

    Raises
    ------
    InputError
        If a row breaks a rule that refuses; the error names every field at fault with its number of rows.
    """
    checked = _Checked.of(columns, extras)
    refused = checked.broken_rules()
    if refused:
        raise _refusal(refused, rows(columns), first_row)
    screened, out_of_range = checked.within_ranges()
    present = checked.present
    return Screening(screened, present, len(screened) - present, out_of_range)


def within_ranges(columns: Columns, extras: Sequence[ExtraFeature] = ()) -> tuple[Table, dict[str, Flags]]:
    """Return the columns without values outside a range declared ``missing``, and which values were outside.

    Parameters
    ----------
    columns : Columns
        Rows of typed values.
    extras : sequence of ExtraFeature
        Declared extra features.

    Returns
    -------
    columns : Table
        The same, such values taken out.
    out_of_range : dict of str to ndarray of bool of shape (n,)
        As in :class:`Screening`.
    """
    return _Checked.of(columns, extras).within_ranges()


def is_part_above(columns: Columns, part: str, whole: str) -> Flags:
    """Return in which rows a part is larger than its whole, by more than rounding; shape (n,).

    A whole below zero is out of range itself and is no evidence on its parts.
    """
    above: Flags = (columns[part] > scale(columns[whole], _ROUNDING)) & (columns[whole] >= 0.0)
    return above


def broken_rules(columns: Columns, extras: Sequence[ExtraFeature] = ()) -> list[BrokenRule]:
    """Return every rule that refuses and is broken by any row: order of dates, check characters, infinities, ranges."""
    return _Checked.of(columns, extras).broken_rules()


@dataclass(frozen=True, eq=False)
class _Rules:
    """The rules of a layout as arrays: its limits, and the fields whose values outside are refused or removed."""

    layout: Layout
    limits: Limits
    refused: Flags
    removed: Flags


@lru_cache(maxsize=64)
def _rules(extras: tuple[ExtraFeature, ...]) -> _Rules:
    from icsml.records.screening_kernel import Limits  # numba: not before the first row

    arranged = layout(extras)
    ranges = {field.name: (field.low, field.high, field.outside) for field in FIELDS if field.numeric}
    ranges |= {extra.column: (*extra.range, extra.outside) for extra in extras}
    of_rows = [ranges.get(name, (None, None, Outside.REPORT)) for name in arranged.numbers]
    limits = Limits(
        low=np.array([-np.inf if low is None else low for low, _, _ in of_rows]),
        high=np.array([np.inf if high is None else high for _, high, _ in of_rows]),
        parts=np.array([arranged.indices(pair) for pair in PARTS]),
        tolerance=_ROUNDING,
        dates=np.array([arranged.indices((earlier, later)) for earlier, later, _, _ in _DATE_ORDER]),
        dated=np.array([arranged.indices(pair) for pair in _DATED]),
    )
    refused, removed = (
        np.array([outside is each for _, _, outside in of_rows]) for each in (Outside.REFUSE, Outside.MISSING)
    )
    return _Rules(arranged, limits, refused, removed)


@dataclass(frozen=True, slots=True, eq=False)
class _Checked:
    """Records and what is wrong with their values."""

    table: Table
    rules: _Rules
    found: Found
    suspect: bool

    @classmethod
    def of(cls, columns: Columns, extras: Sequence[ExtraFeature]) -> _Checked:
        from icsml.records.screening_kernel import Found, screen_numbers  # numba: not before the first row

        rules = _rules(tuple(extras))
        table = as_table(columns, rules.layout)
        fields, n = table.numbers.shape
        outside, infinite = np.zeros((2, fields), dtype=np.bool_)
        found = Found(
            out_of_range=np.empty((fields, n), dtype=np.bool_),
            outside=outside,
            infinite=infinite,
            above=np.zeros(len(PARTS), dtype=np.bool_),
            reversed=np.empty((len(_DATE_ORDER), n), dtype=np.bool_),
            undated=np.empty((len(_DATED), n), dtype=np.bool_),
            present=np.empty(n, dtype=np.int64),
        )
        suspect = screen_numbers(table.numbers, rules.limits, found)
        return cls(table, rules, found, suspect)

    @property
    def present(self) -> Ints:
        """How many columns have a value in each row."""
        present = self.found.present
        texts = self.table.texts
        if isinstance(texts, ArrowTexts):
            return present + texts.count_known()
        if len(present) == 1:  # one record: a loop is faster than arrays of one
            return np.array([present[0] + sum([each[0] is not None for each in texts.values()])])
        counts: Ints = present + np.sum([np.not_equal(each, _NOTHING) for each in texts.values()], axis=0)
        return counts

    def broken_rules(self) -> list[BrokenRule]:
        if not self.suspect:
            return list(self._wrong_codes())
        return [*self._wrong_dates(), *self._wrong_codes(), *self._wrong_numbers()]

    def _wrong_dates(self) -> Iterator[BrokenRule]:
        for (earlier, _, wrong, remedy), flags in zip(_DATE_ORDER, self.found.reversed, strict=True):
            if flags.any():
                yield BrokenRule(earlier, flags, wrong, remedy)
        for (field, date), flags in zip(_DATED, self.found.undated, strict=True):
            if flags.any():
                yield BrokenRule(date, flags, f"absent beside `{field}`", "give the decision date")

    def _wrong_codes(self) -> Iterator[BrokenRule]:
        flags = _wrong_usccs(self.table.texts)
        if flags is not None and flags.any():
            yield BrokenRule("uscc", flags, "its check character is wrong", "check the code for a slip of the pen")

    def _wrong_numbers(self) -> Iterator[BrokenRule]:
        limits, refused = self.rules.limits, self.found.outside & self.rules.refused
        for index in (self.found.infinite | refused).nonzero()[0]:
            name, values = self.rules.layout.numbers[index], self.table.numbers[index]
            if self.found.infinite[index]:
                yield BrokenRule(name, np.isinf(values), "infinite", "leave out what is not known")
            if refused[index]:
                flags = outside_range(values, limits.low[index], limits.high[index])
                yield BrokenRule(name, flags, "outside its declared range", "correct it or leave it out")

    def within_ranges(self) -> tuple[Table, dict[str, Flags]]:
        arranged, out_of_range = self.rules.layout, self.found.out_of_range
        names = [arranged.numbers[index] for index in self.found.outside.nonzero()[0]]
        names += [PARTS[pair][0] for pair in self.found.above.nonzero()[0]]
        flags = {name: out_of_range[arranged.index[name]] for name in names}
        removed = (self.found.outside & self.rules.removed).nonzero()[0] if self.suspect else ()
        if not len(removed):
            return self.table, flags
        numbers = self.table.numbers.copy()
        for index in removed:
            low, high = self.rules.limits.low[index], self.rules.limits.high[index]
            numbers[index, outside_range(numbers[index], low, high)] = np.nan
        return Table(self.table.layout, numbers, self.table.texts), flags


def _wrong_usccs(texts: Columns) -> Flags | None:
    if isinstance(texts, ArrowTexts):
        return wrong_usccs(texts.arrays["uscc"])
    wrong = [code is not None and not is_valid_uscc(code) for code in texts["uscc"].tolist()]
    return np.array(wrong, dtype=np.bool_) if True in wrong else None


def is_present(values: Array) -> Flags:
    """Return which cells of a column have a value; shape (n,)."""
    if values.dtype.kind in "fM":
        known: Flags = np.equal(values, values)
        return known
    return pd.notna(values)


def _refusal(refused: list[BrokenRule], n: int, first_row: int) -> InputError:
    worst = refused[0]
    row = first_row + int(worst.flags.argmax())
    where = "" if n == 1 else f" in {int(worst.flags.sum()):,} of {n:,} rows, the first is row {row:,}"
    more = f" (and {len(refused) - 1} more rules broken)" if len(refused) > 1 else ""
    return InputError(
        "ICS-REC-002",
        worst.wrong + where + more,
        field=worst.field,
        remedy=worst.remedy,
        details=[(rule.field, rule.wrong) for rule in refused],
    )
