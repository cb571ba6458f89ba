"""Requirements on a record beyond its types: order of dates, check characters, declared ranges.

The same vectorised rules serve one record and a million.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from icsml.core.arithmetic import scale
from icsml.core.arrays import Array, Flags, Ints
from icsml.errors import InputError
from icsml.records.columns import Columns, rows
from icsml.records.extra import ExtraFeature
from icsml.records.field import Outside
from icsml.records.field_rules import BrokenRule, outside_range
from icsml.records.fields import FIELDS
from icsml.records.uscc import is_valid_uscc

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


@dataclass(frozen=True, slots=True)
class Screening:
    """Screened columns, with what is missing or out of range.

    Parameters
    ----------
    columns : Columns
        The columns, values outside a range declared ``missing`` taken out.
    present, missing : ndarray of int of shape (n,)
        How many fields each row has and lacks (canonical and declared extra).
    out_of_range : dict of str to ndarray of bool of shape (n,)
        For each field or extra with any value outside its declared range, or above the whole it is part of, the rows
        where it is.
    """

    columns: Columns
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
    refused = broken_rules(columns, extras)
    if refused:
        raise _refusal(refused, rows(columns), first_row)
    screened, out_of_range = within_ranges(columns, extras)
    present = _count_present(screened)
    return Screening(screened, present, len(screened) - present, out_of_range)


def within_ranges(columns: Columns, extras: Sequence[ExtraFeature] = ()) -> tuple[Columns, dict[str, Flags]]:
    """Return the columns without values outside a range declared ``missing``, and which values were outside.

    Parameters
    ----------
    columns : Columns
        Rows of typed values.
    extras : sequence of ExtraFeature
        Declared extra features.

    Returns
    -------
    columns : Columns
        The same, such values taken out.
    out_of_range : dict of str to ndarray of bool of shape (n,)
        As in :class:`Screening`.
    """
    out_of_range: dict[str, Flags] = {}
    screened = dict(columns)
    for name, bounds, outside in _ranges(extras):
        flags = outside_range(columns[name], *bounds)
        if flags.any():
            out_of_range[name] = flags
            if outside is Outside.MISSING:
                screened[name] = np.where(flags, np.nan, columns[name])
    for part, whole in PARTS:
        flags = is_part_above(columns, part, whole)
        if flags.any():
            out_of_range[part] = out_of_range.get(part, False) | flags
    return screened, out_of_range


def is_part_above(columns: Columns, part: str, whole: str) -> Flags:
    """Return in which rows a part is larger than its whole, by more than rounding; shape (n,).

    A whole below zero is out of range itself and is no evidence on its parts.
    """
    above: Flags = (columns[part] > scale(columns[whole], _ROUNDING)) & (columns[whole] >= 0.0)
    return above


def broken_rules(columns: Columns, extras: Sequence[ExtraFeature] = ()) -> list[BrokenRule]:
    """Return every rule that refuses and is broken by any row: order of dates, check characters, infinities, ranges."""
    return [*_wrong_dates(columns), *_wrong_codes(columns), *_wrong_numbers(columns, extras)]


def _ranges(extras: Sequence[ExtraFeature]) -> Iterable[tuple[str, tuple[float | None, float | None], Outside]]:
    for field in FIELDS:
        if field.numeric:
            yield field.name, (field.low, field.high), field.outside
    for extra in extras:
        yield extra.column, extra.range, extra.outside


def _wrong_dates(columns: Columns) -> Iterable[BrokenRule]:
    for earlier, later, wrong, remedy in _DATE_ORDER:
        flags = columns[earlier] > columns[later]
        if flags.any():
            yield BrokenRule(earlier, flags, wrong, remedy)
    undatable = ~np.isnat(columns["statement_published_at"]) & np.isnat(columns["as_of"])
    if undatable.any():
        yield BrokenRule("as_of", undatable, "absent beside `statement_published_at`", "give the decision date")


def _wrong_codes(columns: Columns) -> Iterable[BrokenRule]:
    codes = columns["uscc"]
    flags = is_present(codes)
    flags[flags] = [not is_valid_uscc(code) for code in codes[flags]]
    if flags.any():
        yield BrokenRule("uscc", flags, "its check character is wrong", "check the code for a slip of the pen")


def _wrong_numbers(columns: Columns, extras: Sequence[ExtraFeature]) -> Iterable[BrokenRule]:
    for name, bounds, outside in _ranges(extras):
        infinite = np.isinf(columns[name])
        if infinite.any():
            yield BrokenRule(name, infinite, "infinite", "leave out what is not known")
        flags = outside_range(columns[name], *bounds)
        if outside is Outside.REFUSE and flags.any():
            yield BrokenRule(name, flags, "outside its declared range", "correct it or leave it out")


def _count_present(columns: Columns) -> Ints:
    present = np.zeros(rows(columns), dtype=np.int64)
    for values in columns.values():
        present += is_present(values)
    return present


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
