"""Records as column arrays: the one shape that points, features and PD are computed on, for one row or a million."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd

from icsml.core.arrays import Array, Dates, Flags, Floats, Ints
from icsml.records.enterprise import EnterpriseRecord
from icsml.records.extra import ExtraFeature
from icsml.records.field import Kind
from icsml.records.fields import FIELDS

__all__ = [
    "Columns",
    "Layout",
    "Table",
    "as_table",
    "count_known",
    "latest",
    "layout",
    "names_in",
    "numbers_of",
    "record_columns",
    "records_columns",
    "rows",
    "take",
    "to_columns",
    "with_columns",
]

Columns = Mapping[str, Array]
_FIRST_DAY = date(1970, 1, 1).toordinal()
_DATES = frozenset(field.name for field in FIELDS if field.kind is Kind.DATE)
_NUMBERS = tuple(field.name for field in FIELDS if field.numeric or field.name in _DATES)
_NUMBERS_IN = itemgetter(*_NUMBERS)
_DATE_ROWS = [index for index, name in enumerate(_NUMBERS) if name in _DATES]
_TEXTS = tuple(field.name for field in FIELDS if not field.numeric and field.name not in _DATES)


@dataclass(frozen=True, eq=False)
class Layout:
    """What each row of a table of numbers holds.

    Parameters
    ----------
    numbers : tuple of str
        Fields with numbers and dates, then the extra features.
    names : tuple of str
        Every column in the order of the fields, then the extra features.
    """

    numbers: tuple[str, ...]
    names: tuple[str, ...]

    @cached_property
    def index(self) -> dict[str, int]:
        """The row of each field."""
        return {name: index for index, name in enumerate(self.numbers)}

    def indices(self, names: Sequence[str]) -> Ints:
        """Return the rows of some fields."""
        return np.array([self.index[name] for name in names], dtype=np.int64)


@lru_cache(maxsize=64)
def layout(extras: tuple[ExtraFeature, ...] = ()) -> Layout:
    """Return the layout of the canonical fields and some extra features."""
    columns = tuple(extra.column for extra in extras)
    return Layout((*_NUMBERS, *columns), (*(field.name for field in FIELDS), *columns))


class Table(Mapping[str, Array]):
    """Records as column arrays: all numbers in one array, which compiled code reads at once.

    Each column is float64 (flags 0.0/1.0, missing NaN), object (missing None) or datetime64[D] (missing NaT), and may
    not be written to.

    Parameters
    ----------
    layout : Layout
        What the rows of ``numbers`` hold.
    numbers : ndarray of shape (fields, n)
        Numbers, and dates as days since 1970; NaN is missing.
    texts : mapping of str to object ndarray of shape (n,)
        Texts; None is missing.
    """

    def __init__(self, layout: Layout, numbers: Floats, texts: Columns) -> None:
        self.layout = layout
        self.numbers = numbers
        self.texts = texts
        self._read_only = numbers.view()
        self._read_only.flags.writeable = False

    def __getitem__(self, name: str) -> Array:
        index = self.layout.index.get(name)
        if index is None:
            return self.texts[name]
        return _dates(self._read_only[index]) if name in _DATES else self._read_only[index]

    def __iter__(self) -> Iterator[str]:
        return iter(self.layout.names)

    def __len__(self) -> int:
        return len(self.layout.names)

    def take(self, index: Array) -> Table:
        """Return the rows that a boolean mask or an index array selects."""
        texts = {name: values[index] for name, values in self.texts.items()}
        return Table(self.layout, np.ascontiguousarray(self.numbers[:, index]), texts)


def rows(columns: Columns) -> int:
    """Return the number of rows."""
    return columns.numbers.shape[1] if isinstance(columns, Table) else len(columns["enterprise_id"])


def to_columns(frame: pd.DataFrame, extras: Sequence[ExtraFeature] = ()) -> Table:
    """Turn a validated frame of records into column arrays.

    Parameters
    ----------
    frame : DataFrame of shape (n, any)
        Canonical columns and ``extra.NAME`` columns; absent ones are missing everywhere.
    extras : sequence of ExtraFeature
        Declared extra features.

    Returns
    -------
    Table
        Every canonical field and every declared extra.
    """
    arranged = layout(tuple(extras))
    numbers = np.empty((len(arranged.numbers), len(frame)))
    for values, name in zip(numbers, arranged.numbers, strict=True):
        if name not in frame:
            values[:] = np.nan
        elif name in _DATES:
            values[:] = _days(frame[name].to_numpy(dtype="datetime64[D]"))
        else:
            values[:] = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
    return Table(arranged, numbers, {name: _texts(frame, name) for name in _TEXTS})


def record_columns(record: EnterpriseRecord, extras: Sequence[ExtraFeature] = ()) -> Table:
    """Turn one record into column arrays of length 1, equal to those its row in a frame would give."""
    return records_columns([record], extras)


def records_columns(records: Sequence[EnterpriseRecord], extras: Sequence[ExtraFeature] = ()) -> Table:
    """Turn records into column arrays, equal to those of a frame with a row for each."""
    numbers = np.empty((len(_NUMBERS) + len(extras), len(records)))
    canonical = len(_NUMBERS)
    texts = {name: np.empty(len(records), dtype=object) for name in _TEXTS}
    for row, record in enumerate(records):
        values = record.__dict__
        numbers[:canonical, row] = _numbers_of(values)
        numbers[canonical:, row] = [record.extra.get(extra.name) for extra in extras]
        for name, column in texts.items():
            column[row] = values[name]
    return Table(layout(tuple(extras)), numbers, texts)


def as_table(columns: Columns, arranged: Layout) -> Table:
    """Return columns as a table of a layout: the same table where it is one, else a copy.

    Raises
    ------
    KeyError
        If there is no such column.
    """
    if isinstance(columns, Table) and columns.layout is arranged:
        return columns
    numbers, read = numbers_of(columns, arranged.numbers)
    return Table(arranged, numbers[read], {name: columns[name] for name in _TEXTS})


def numbers_of(columns: Columns, names: tuple[str, ...]) -> tuple[Floats, Ints]:
    """Return a table of numbers, shape (fields, n), and the rows in which it holds some columns.

    Raises
    ------
    KeyError
        If there is no such column.
    ValueError
        If the columns differ in length.
    """
    if isinstance(columns, Table):
        return columns.numbers, _indices(columns.layout, names)
    numbers = np.empty((len(names), len(next(iter(columns.values())))))
    for values, name in zip(numbers, names, strict=True):
        column = columns[name]
        if column.shape != values.shape:  # a column of one row would be taken for every row
            raise ValueError("columns differ in length")
        values[:] = _days(column) if column.dtype.kind == "M" else column
    return numbers, np.arange(len(names), dtype=np.int64)


def names_in(columns: Columns, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return those of some names that are columns."""
    if isinstance(columns, Table):
        return _names_in(columns.layout, names)
    return tuple(name for name in names if name in columns)


@lru_cache(maxsize=64)
def _names_in(arranged: Layout, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if name in arranged.names)


def count_known(columns: Columns, names: tuple[str, ...]) -> Ints:
    """Return how many of some columns of numbers have a value in each row, shape (n,)."""
    from icsml.core.formula_kernel import count_known as count  # numba: not before the first row

    numbers, read = numbers_of(columns, names)
    counts = np.zeros(numbers.shape[1], dtype=np.int64)
    count(numbers, read, counts)
    return counts


@lru_cache(maxsize=256)
def _indices(arranged: Layout, names: tuple[str, ...]) -> Ints:
    return arranged.indices(names)


def _numbers_of(values: Mapping[str, Any]) -> list[float | None]:
    """Return the numbers and dates of a record, None where one is missing: an array makes NaN of it."""
    numbers = list(_NUMBERS_IN(values))
    for index in _DATE_ROWS:
        if (day := numbers[index]) is not None:
            numbers[index] = day.toordinal() - _FIRST_DAY
    return numbers


def _days(dates: Dates) -> Floats:
    days = dates.astype("datetime64[D]")
    return np.where(np.isnat(days), np.nan, days.astype(np.int64))


def _dates(days: Floats) -> Dates:
    known = days == days
    return np.where(known, np.where(known, days, 0.0).astype(np.int64).astype("datetime64[D]"), np.datetime64("NaT"))


def _texts(frame: pd.DataFrame, name: str) -> Array:
    if name not in frame:
        return np.full(len(frame), None)
    texts = frame[name].astype(object).to_numpy(dtype=object, copy=True)
    texts[frame[name].isna().to_numpy()] = None
    return texts


def latest(columns: Columns) -> Flags:
    """Return which rows are the latest record of their enterprise, shape (n,); of several of one day, the last.

    A record without a date comes before every dated one.
    """
    if not rows(columns):
        return np.zeros(0, dtype=np.bool_)
    codes, _ = pd.factorize(columns["enterprise_id"])
    days = columns["as_of"].astype("datetime64[D]").astype(np.int64)
    order = np.lexsort((np.arange(len(codes)), days, codes))
    last = np.append(codes[order][1:] != codes[order][:-1], True)
    flags = np.zeros(len(codes), dtype=np.bool_)
    flags[order[last]] = True
    return flags


def with_columns(columns: Columns, changed: Columns) -> Columns:
    """Return the rows with other values in some columns of numbers."""
    if not isinstance(columns, Table):
        return {**columns, **changed}
    numbers = columns.numbers.copy()
    for name, values in changed.items():
        numbers[columns.layout.index[name]] = values
    return Table(columns.layout, numbers, columns.texts)


def take(columns: Columns, index: Array) -> Columns:
    """Return the rows that a boolean mask or an index array selects."""
    if isinstance(columns, Table):
        return columns.take(index)
    return {name: values[index] for name, values in columns.items()}
