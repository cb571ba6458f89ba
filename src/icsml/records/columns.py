"""Records as column arrays: the one shape that points, features and PD are computed on, for one row or a million."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from icsml.core.arrays import Array, Flags
from icsml.records.enterprise import EnterpriseRecord
from icsml.records.extra import ExtraFeature
from icsml.records.field import Field, Kind
from icsml.records.fields import FIELDS

__all__ = ["Columns", "latest", "record_columns", "rows", "take", "to_columns"]

Columns = Mapping[str, Array]


def rows(columns: Columns) -> int:
    """Return the number of rows."""
    return len(columns["enterprise_id"])


def to_columns(frame: pd.DataFrame, extras: Sequence[ExtraFeature] = ()) -> Columns:
    """Turn a validated frame of records into column arrays.

    Parameters
    ----------
    frame : DataFrame of shape (n, any)
        Canonical columns and ``extra.NAME`` columns; absent ones are missing everywhere.
    extras : sequence of ExtraFeature
        Declared extra features.

    Returns
    -------
    dict of str to ndarray of shape (n,)
        Every canonical field and every declared extra: float64 (flags 0.0/1.0, missing NaN), object (missing None)
        or datetime64[D] (missing NaT).
    """
    nothing = np.full(len(frame), np.nan)  # one array for all absent numbers, so that nobody may write into it
    nothing.flags.writeable = False
    columns = {field.name: _column(frame, field, nothing) for field in FIELDS}
    for extra in extras:
        columns[extra.column] = _floats(frame[extra.column]) if extra.column in frame else nothing
    return columns


def record_columns(record: EnterpriseRecord, extras: Sequence[ExtraFeature] = ()) -> Columns:
    """Turn one record into column arrays of length 1, equal to those its row in a frame would give."""
    values = record.model_dump(exclude={"extra"})
    columns: dict[str, Array] = {field.name: _cell(values[field.name], field) for field in FIELDS}
    for extra in extras:
        value = record.extra.get(extra.name)
        columns[extra.column] = np.array([np.nan if value is None else value], dtype=np.float64)
    return columns


def _cell(value: object, field: Field) -> Array:
    if field.numeric:
        return np.array([np.nan if value is None else value], dtype=np.float64)
    if field.kind is Kind.DATE:
        return np.array([np.datetime64("NaT") if value is None else value], dtype="datetime64[D]")
    return np.array([value], dtype=object)


def _column(frame: pd.DataFrame, field: Field, nothing: Array) -> Array:
    n = len(frame)
    if field.name not in frame:
        if field.numeric:
            return nothing
        return np.full(n, np.datetime64("NaT"), dtype="datetime64[D]") if field.kind is Kind.DATE else np.full(n, None)
    series = frame[field.name]
    if field.numeric:
        return _floats(series)
    if field.kind is Kind.DATE:
        return series.to_numpy(dtype="datetime64[D]")
    texts = series.astype(object).to_numpy(dtype=object, copy=True)
    texts[series.isna().to_numpy()] = None
    return texts


def _floats(series: pd.Series[Any]) -> Array:
    if series.dtype == np.float64:
        return np.ascontiguousarray(series.to_numpy())  # a view, which pandas keeps from being written to
    return np.ascontiguousarray(series.to_numpy(dtype=np.float64, na_value=np.nan))


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


def take(columns: Columns, index: Array) -> Columns:
    """Return the rows that a boolean mask or an index array selects."""
    return {name: values[index] for name, values in columns.items()}
