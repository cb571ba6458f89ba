"""Whole numbers that count days, as Excel, SAS and others write dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from icsml.core.arrays import Dates, Floats
from icsml.portfolio.draft.column_guess import Type
from icsml.portfolio.draft.column_profile import Profile
from icsml.portfolio.draft.date_formats import DayGuess, ranged
from icsml.portfolio.draft.headings import Heading, canonical_name, index_among
from icsml.portfolio.draft.vocabulary import COUNTED
from icsml.records.field import Kind
from icsml.records.fields import FIELD_BY_NAME

__all__ = ["with_counted_days"]

_EXCEL, _SAS, _UNIX = date(1899, 12, 30), date(1960, 1, 1), date(1970, 1, 1)
_EARLIEST = np.datetime64("1950-01-01", "D")
_LOST = 0.05


def with_counted_days(profiles: Sequence[Profile]) -> list[Profile]:
    """Return the columns, with whole numbers under a heading of a date read as counts of days.

    Where a column of years settles since when one of them counts, the others are taken to count so too.
    """
    years = [
        column.values for column in profiles if column.values is not None and column.is_year and column.filled.any()
    ]
    counts = {column.name: column.values for column in profiles if column.values is not None and _may_count(column)}
    guesses = {name: _guess(values, years) for name, values in counts.items()}
    settled = {guess.keys["origin"] for guess in guesses.values() if guess is not None and guess.settled}
    if len(settled) == 1:
        guesses = {name: _guess(values, years, next(iter(settled))) for name, values in counts.items()}
    return [
        column if (days := guesses.get(column.name)) is None else replace(column, type=Type.DATE, days=days)
        for column in profiles
    ]


def _may_count(column: Profile) -> bool:
    named = canonical_name(column.heading)
    return column.type is Type.WHOLE and _is_counted(column.heading, named[0] if named else None)


def _is_counted(heading: Heading, name: str | None) -> bool:
    """Return whether a number under a heading may count days: an amount at the end of a period does not."""
    if name is not None:
        return FIELD_BY_NAME[name].kind is Kind.DATE
    return index_among(heading, COUNTED) is not None or heading.bare.endswith("日")


def _guess(values: Floats, years: Sequence[Floats], origin: date | None = None) -> DayGuess | None:
    """Return the unit and origin by which whole numbers count days.

    Parameters
    ----------
    values : ndarray of shape (n,)
        The numbers, NaN where none.
    years : sequence of ndarray of shape (n,)
        Columns of years of the same table, which may settle the origin.
    origin : date, optional
        The origin of another column of the table.
    """
    known = values[np.isfinite(values)]
    if not len(known) or (known != np.floor(known)).any() or known.min() < 1:
        return None
    middle = float(np.median(known))
    if 1e8 < middle < 5e9 or 1e11 < middle < 5e12:
        unit = "s" if middle < 5e9 else "ms"
        return DayGuess({"unit": unit}, f"numbers that may count {unit} since 1970", "are these dates so counted?")
    if not 3_000 <= middle <= 60_000:
        return None
    origins = [candidate for candidate in (_EXCEL, _UNIX, _SAS) if _fits(known, candidate)]
    if not origins:
        return None
    chosen = _settled(values, years, origins)
    why, doubt = ", as the column of years beside it says", None
    if chosen is None and origin in origins:
        chosen, why = origin, ", as another column of the table counts"
    settled = chosen is not None
    if chosen is None:
        chosen, why = origins[0], ", the day from which Excel counts" if origins[0] == _EXCEL else ""
        doubt = "since when do they count? 1970-01-01, 1960-01-01 (SAS) or 1899-12-30 (Excel)"
    guess = DayGuess({"unit": "D", "origin": chosen}, f"whole numbers, read as days since {chosen}{why}", doubt)
    return replace(ranged(guess, _days(known, chosen)), settled=settled)


def _settled(values: Floats, years: Sequence[Floats], origins: list[date]) -> date | None:
    for origin in origins:
        counted = _days(np.nan_to_num(values), origin).astype("datetime64[Y]").astype(int) + 1970
        for year in years:
            both = np.isfinite(values) & np.isfinite(year)
            if both.any() and float(np.mean(np.abs(counted[both] - year[both]) <= 1)) > 0.95:
                return origin
    return None


def _fits(values: Floats, origin: date) -> bool:
    """Return whether nearly all values give a day of a living record, not after today."""
    low = 20_000 if origin == _EXCEL else 1
    days = _days(values, origin)
    today = np.datetime64(date.today(), "D")
    good = (values >= low) & (days >= _EARLIEST) & (days <= today + 1)
    return float(good.mean()) > 1 - _LOST


def _days(values: Floats, origin: date) -> Dates:
    return np.datetime64(origin, "D") + values.astype(np.int64)
