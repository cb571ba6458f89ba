"""A column as calendar days."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

import numpy as np
import pyarrow as arrow
import pyarrow.compute as compute

from icsml.core.arrays import Flags, Floats, Ints
from icsml.errors import InputError
from icsml.portfolio.cells.converted import Converted
from icsml.portfolio.cells.missing import NOT_MISSING, Missing
from icsml.portfolio.cells.number_cells import numbers
from icsml.portfolio.cells.tokens import tokens
from icsml.portfolio.mapping import ISO, DateSource
from icsml.portfolio.reading.table import EXACT, Column

__all__ = ["FIRST_DAY", "dates", "order_unsettled"]


_ISO_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ](.+))?")
_GIVE_FORMAT = 'give format, such as "%Y" or "%Y-%m", or unit and origin'
_CHECK_COUNT = "check the column, or give format instead of unit"
_DAY_PARTS = ("%d", "%j", "%x", "%c", "%D", "%F")
_MONTH_PARTS = ("%m", "%b", "%B")
FIRST_DAY = np.datetime64("1950-01-01", "D")
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}|[+-]?[1-8][0-9]{18}")
_UNSEPARATED = re.compile(r"%[dmYyHMSj]%[dmYyHMSj]")


def dates(
    column: Column, source: DateSource, key: str, *, today: date | None = None, missing: Missing = NOT_MISSING
) -> Converted:
    """Return a datetime64[D] array of shape (n,), NaT where there is no value; what is no such date is unreadable.

    A value that is a date already, as a cell of a workbook may be, is read whatever the format; one with a time zone,
    or a text with an offset, gives the calendar day of its sender. A format without a day means the end of the
    month, one without a month for the end of the year. Without a format only a date with year, month and day is read:
    a bare year would pass for its first of January, eleven months before its figures were known. A text that two
    formats read as different days is unreadable.

    Parameters
    ----------
    column : Column
        Dates, texts, or numbers that count days or other units.
    source : DateSource
        Formats, or unit and origin.
    key : str
        The mapping's key, for errors.
    today : date, optional
        Counts that give a day before 1950 or later than the day after this one are unreadable; default today.
    missing : Missing
        What means "not known".

    Raises
    ------
    InputError
        If not one value of the column can be read, or most counts give an impossible year.
    """
    if source.unit:
        converted = _counted(column, source, key, today or date.today(), missing)
    elif arrow.types.is_date(column.values.type) or arrow.types.is_timestamp(column.values.type):
        converted = _typed(column, missing)
    else:
        converted = _formatted(column, source.formats_tried, key, missing)
    if converted.cells.unreadable and not converted.cells.values:
        how = " or ".join(source.formats or ()) or (f"{source.unit} since {source.origin}" if source.unit else "")
        raise InputError(
            "ICS-DAT-006",
            f"no value of column {column.name!r} reads as {how or 'a full ISO date'}",
            field=key,
            remedy="correct format, or unit and origin" if how else _GIVE_FORMAT,
        )
    return converted


def order_unsettled(column: Column, source: DateSource, converted: Converted) -> bool:
    """Return whether day and month could be the other way round in all dates of a format, and differ in one of them."""
    forms = [form for form in source.formats_tried if _day_and_month_first(form)]
    if source.unit or not forms or arrow.types.is_temporal(column.values.type):
        return False
    written = compute.unique(tokens(column, column.name).values.filter(arrow.array(~np.isnat(converted.values))))
    read = ([_by_format(text, form) for text in written.to_pylist() if text is not None] for form in forms)
    return any(_exchangeable([day for day in days if day is not None]) for days in read)


def _exchangeable(days: Sequence[date]) -> bool:
    return all(day.day <= 12 for day in days) and any(day.day != day.month for day in days)


def _day_and_month_first(form: str) -> bool:
    day, month, year = form.find("%d"), form.find("%m"), max(form.find("%Y"), form.find("%y"))
    return min(day, month) >= 0 and year > max(day, month)


def _typed(column: Column, missing: Missing) -> Converted:
    values = column.values
    local = compute.local_timestamp(values) if arrow.types.is_timestamp(values.type) and values.type.tz else values
    days = np.array(local.cast(arrow.date32(), safe=False).to_numpy().astype("datetime64[D]"))
    declared = np.isin(days, missing.days())
    if missing.tokens:
        declared |= missing.among(tokens(column, column.name))
    empty = np.isnat(days)
    days[declared] = np.datetime64("NaT")
    return Converted.of(days, empty, declared, np.zeros(len(days), dtype=bool))


def _counted(column: Column, source: DateSource, key: str, today: date, missing: Missing) -> Converted:
    counts = numbers(column, key, missing=missing, remedy=_CHECK_COUNT)
    origin = source.origin or date(1970, 1, 1)
    start = np.datetime64(origin, source.unit or "D")
    out = np.full(len(counts.values), np.datetime64("NaT"), dtype="datetime64[D]")
    exact, whole = _whole_counts(column, counts.values, key)
    out[whole] = (start + exact[whole]).astype("datetime64[D]")
    beyond = ~np.isnat(out) & ((out < FIRST_DAY) | (out > np.datetime64(today, "D") + 1))
    if 2 * int(beyond.sum()) > int(whole.sum()):
        raise InputError(
            "ICS-DAT-006",
            f"most values of column {column.name!r}, read as {source.unit} since {origin}, give a day before 1950 or"
            " after today",
            field=key,
            remedy="correct unit and origin; Excel counts days since 1899-12-30",
        )
    out[beyond] = np.datetime64("NaT")
    lost = ~np.isnan(counts.values) & np.isnat(out)
    more = int(lost.sum())
    was = counts.cells
    cells = replace(was, values=was.values - more, unreadable=was.unreadable + more)
    wrong = lost if counts.unreadable is None else counts.unreadable | lost
    return Converted(out, cells, wrong if cells.unreadable else None)


def _whole_counts(column: Column, counts: Floats, key: str) -> tuple[Ints, Flags]:
    """Return counts as whole numbers, rounded down, and which of them are known exactly.

    A count of nanoseconds is too great for a float; it is taken as it is written or stored.
    """
    known = np.isfinite(counts) & (np.abs(counts) < EXACT)
    out = np.where(known, np.floor(counts), 0).astype(np.int64)
    great = np.flatnonzero(np.isfinite(counts) & ~known & (np.abs(counts) < 2.0**63))
    if len(great):
        written = tokens(column, key).values.take(arrow.array(great)).to_pylist()
        for index, text in zip(great, written, strict=True):
            if text is not None and _WHOLE.fullmatch(text):
                out[index], known[index] = int(text), True
    return out, known


def _formatted(column: Column, forms: Sequence[str], key: str, missing: Missing) -> Converted:
    cells = tokens(column, key, listed=missing.tokens)
    declared = missing.among(cells)
    coded = compute.dictionary_encode(cells.values.combine_chunks())
    read = [_read(word, forms) for word in coded.dictionary.to_pylist()]
    known = np.array([*read, None], dtype="datetime64[D]")
    days = known[coded.indices.fill_null(len(read)).to_numpy()]
    if column.days is not None:
        days = np.where(np.isnat(column.days), days, column.days)
    declared |= np.isin(days, missing.days())
    days[declared] = np.datetime64("NaT")
    return Converted.of(days, cells.empty, declared, np.isnat(days))


def _read(text: str, forms: Sequence[str]) -> date | None:
    """Return the day that a text gives; None where no format reads it, or two read it differently."""
    days = {day for form in forms if (day := (_iso(text) if form == ISO else _by_format(text, form)))}
    return days.pop() if len(days) == 1 else None


def _iso(text: str) -> date | None:
    match = _ISO_DATE.fullmatch(text)
    if match is None:
        return None
    try:
        if match[2] is not None:
            datetime.fromisoformat(f"{match[1]}T{match[2].strip()}")
        return date.fromisoformat(match[1])
    except ValueError:
        return None


def _by_format(text: str, form: str) -> date | None:
    try:
        moment = datetime.strptime(text, form)
    except ValueError:
        return None
    # strptime takes 1122024 for 11-2-2024 as well as for 1-12-2024: without separators every digit must be there.
    if _UNSEPARATED.search(form) and moment.strftime(form) != text:
        return None
    return _period_end(moment.date(), form)


def _period_end(day: date, form: str) -> date:
    if any(part in form for part in _DAY_PARTS):
        return day
    month = day.month if any(part in form for part in _MONTH_PARTS) else 12
    return date(day.year, month, monthrange(day.year, month)[1])
