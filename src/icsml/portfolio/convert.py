"""Columns of anybody's table as canonical values: numbers, flags, texts, dates; what is lost is counted."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icsml.errors import InputError
from icsml.portfolio.mapping import DateSource

__all__ = ["OTHERS", "Converted", "dates", "numbers", "texts", "token", "tokens"]

OTHERS = "*"
"""The key of ``values`` that stands for every value not listed."""

Dates = NDArray[np.datetime64]

_ISO_DATE = r"\d{4}-\d{2}-\d{2}(?:[T ].+)?"
_THOUSANDS = r"-?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?"
_GIVE_VALUES = "check the column or give values:"
_GIVE_FORMAT = 'give format, such as "%Y" or "%Y-%m", or unit and origin'


@dataclass(frozen=True, slots=True)
class Converted:
    """A converted column of shape (n,) and how many present values became missing on the way."""

    values: NDArray[Any]
    lost: int


def token(value: object) -> str | None:
    """Return the text by which a value is compared: 1, 1.0 and ``" 1 "`` are ``1``; a missing value is None."""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating):
        return None if np.isnan(value) else str(int(value)) if float(value).is_integer() else repr(float(value))
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    return str(value).strip() or None


def tokens(column: pd.Series[Any]) -> NDArray[Any]:
    """Return an object array of shape (n,): the token of each value, None where it is missing or blank."""
    codes, values = pd.factorize(column)
    known = np.array([*(token(value) for value in values), None], dtype=object)
    out: NDArray[Any] = known[codes]
    return out


def texts(column: pd.Series[Any], values: Dict[Any, Any] | None) -> Converted:
    """Return an object array of texts, None where missing; values that ``values`` does not list are lost."""
    found = tokens(column)
    if values is None:
        return Converted(found, 0)
    return _translated(found, {token(key): token(value) for key, value in values.items()}, column)


def numbers(
    column: pd.Series[Any],
    values: Dict[Any, Any] | None,
    scale: float | None,
    key: str,
    *,
    remedy: str = _GIVE_VALUES,
) -> Converted:
    """Return a float64 array of shape (n,), NaN where missing; texts that are no numbers are lost.

    Parameters
    ----------
    column : Series of shape (n,)
        Numbers, truth values, or texts that are numbers, such as ``1,234.5``; any values if ``values`` is given.
    values : mapping, optional
        The number of each value; those it does not list are lost and counted.
    scale : float, optional
        Factor.
    key : str
        The mapping's key, for errors.
    remedy : str
        What to do about a column of texts.

    Raises
    ------
    InputError
        If the column holds dates, or more texts than numbers.
    """
    if values is not None:
        translated = _translated(tokens(column), {token(k): v for k, v in values.items()}, column, key)
        out = np.array([np.nan if v is None else float(v) for v in translated.values], dtype=np.float64)
        return Converted(out if scale is None else out * scale, translated.lost)
    out, lost = _floats(column, key, remedy)
    return Converted(out if scale is None else out * scale, lost)


def dates(column: pd.Series[Any], source: DateSource, key: str) -> Converted:
    """Return a datetime64[D] array of shape (n,), NaT where missing; values that are no such date are lost.

    A value that is a date already, as a cell of a workbook may be, is read whatever the format. A format without a day
    stands for the end of the month, one without a month for the end of the year. Without a format only a date with
    year, month and day is read: a bare year would pass for its first of January, eleven months before its figures were
    known.

    Raises
    ------
    InputError
        If not one value of the column can be read.
    """
    parsed = _counted(column, source, key) if source.unit else _formatted(column, source.format)
    lost = int((np.isnat(parsed) & column.notna().to_numpy()).sum())
    if lost and np.isnat(parsed).all():
        how = source.format or (f"{source.unit} since {source.origin}" if source.unit else "a full ISO date")
        raise InputError(
            "ICS-DAT-006",
            f"no value of column {source.column!r} reads as {how}",
            field=key,
            remedy="correct format, or unit and origin" if source.format or source.unit else _GIVE_FORMAT,
        )
    return Converted(parsed, lost)


def _translated(
    found: NDArray[Any], values: dict[str | None, Any], column: pd.Series[Any], key: str = "values"
) -> Converted:
    present = np.fromiter((item is not None for item in found), np.bool_, len(found))
    known = np.fromiter((OTHERS in values or item in values for item in found), np.bool_, len(found))
    if present.any() and not (present & known).any():
        raise InputError(
            "ICS-DAT-007",
            f"values: lists not one value that column {str(column.name)!r} holds",
            field=key,
            remedy="compare values: with the column",
        )
    rest = values.get(OTHERS)
    out = np.array([values.get(item, rest) if item is not None else None for item in found], dtype=object)
    return Converted(out, int((present & ~known).sum()))


def _floats(column: pd.Series[Any], key: str, remedy: str) -> tuple[NDArray[np.float64], int]:
    """Return the numbers, NaN where missing, and how many texts are none; refuse a column that is mostly such texts."""
    if column.dtype.kind in "mM":
        raise InputError(
            "ICS-DAT-007",
            f"column {str(column.name)!r} holds dates, a number is needed",
            field=key,
            remedy="list it under ignore, or map it to a date field",
        )
    if column.dtype.kind in "iufb":
        return np.ascontiguousarray(column.to_numpy(dtype=np.float64, na_value=np.nan)), 0
    found = pd.Series(tokens(column), dtype="str").replace({"true": "1", "false": "0"})
    found = found.mask(found.str.fullmatch(_THOUSANDS).eq(True), found.str.replace(",", "", regex=False))
    read = pd.to_numeric(found, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    present = found.notna().to_numpy(dtype=bool)
    wrong, total = int((np.isnan(read) & present).sum()), int(present.sum())
    if 2 * wrong > total:
        raise InputError(
            "ICS-DAT-007",
            f"column {str(column.name)!r} holds text that is no number in {wrong:,} of {total:,} values",
            field=key,
            remedy=remedy,
        )
    return np.ascontiguousarray(read), wrong


def _counted(column: pd.Series[Any], source: DateSource, key: str) -> Dates:
    counts, _ = _floats(column, key, "check the column, or give format instead of unit")
    start = np.datetime64(source.origin or date(1970, 1, 1), source.unit or "D")
    out = np.full(len(counts), np.datetime64("NaT"), dtype="datetime64[D]")
    whole = np.isfinite(counts) & (np.abs(counts) < 9e15)
    out[whole] = (start + counts[whole].astype(np.int64)).astype("datetime64[D]")
    return out


def _formatted(column: pd.Series[Any], form: str | None) -> Dates:
    if column.dtype.kind == "M":
        return _naive_days(column)
    codes, values = pd.factorize(column)
    real = np.array([isinstance(value, date) for value in values], dtype=bool)
    found = pd.Series([None if isinstance(value, date) else token(value) for value in values], dtype="str")
    if form is None:
        full = found.where(found.str.fullmatch(_ISO_DATE))
        parsed = pd.to_datetime(full, format="ISO8601", errors="coerce")
    else:
        parsed = pd.to_datetime(found, format=form, errors="coerce")
    days = np.append(_period_end(_naive_days(parsed), form), np.datetime64("NaT"))
    # A cell that is a date, among texts, is no text to which the format could apply.
    days[:-1][real] = [_calendar_day(value) for value in values[real]]
    out: Dates = days[codes]
    return out


def _calendar_day(value: date) -> date:
    return value.date() if isinstance(value, datetime) else value


def _naive_days(column: pd.Series[Any]) -> Dates:
    local = column.dt.tz_localize(None) if getattr(column.dt, "tz", None) is not None else column
    return local.to_numpy().astype("datetime64[D]")


def _period_end(days: Dates, form: str | None) -> Dates:
    if form is None or any(part in form for part in ("%d", "%j", "%x", "%c", "%D", "%F")):
        return days
    unit = "M" if any(part in form for part in ("%m", "%b", "%B")) else "Y"
    ends: Dates = (days.astype(f"datetime64[{unit}]") + 1).astype("datetime64[D]") - 1
    return ends
