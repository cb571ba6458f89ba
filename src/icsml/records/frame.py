"""The data-frame form of records: types and rules made from the field definitions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from icsml.core.arrays import Array
from icsml.core.parquet import ParquetParts
from icsml.errors import InputError
from icsml.records.extra import EXTRA_PREFIX, ExtraFeature
from icsml.records.field import Kind
from icsml.records.field_rules import broken_field_rules
from icsml.records.fields import FIELD_BY_NAME, FIELDS

__all__ = ["column_series", "read_enterprises", "validate_frame", "without_midnight"]

_MIDNIGHT = re.compile(r"(?<=^[0-9]{4}-[0-9]{2}-[0-9]{2})[T ]00:00(:00(\.0+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?$")


def validate_frame(frame: pd.DataFrame, extras: Sequence[ExtraFeature] = ()) -> pd.DataFrame:
    """Return the frame with canonical types.

    Parameters
    ----------
    frame : DataFrame of shape (n, any)
        Canonical columns and ``extra.NAME`` columns.
    extras : sequence of ExtraFeature
        Declared extra features.

    Raises
    ------
    InputError
        If a column is unknown, has values of another type, or values that are refused.
    """
    _refuse_unknown(frame, extras)
    _refuse_repeated(frame)
    absent = [field.name for field in FIELDS if field.required and field.name not in frame]
    if absent:
        raise InputError("ICS-REC-003", "required column is absent", field=absent[0], remedy="add it")
    typed = pd.DataFrame({name: _typed(frame[name]) for name in frame.columns}, index=frame.index, copy=False)
    _refuse_broken(typed)
    return typed


def read_enterprises(path: Path, extras: Sequence[ExtraFeature] = ()) -> pd.DataFrame:
    """Read and validate a Parquet file of records, or a folder of its parts.

    Raises
    ------
    MissingError
        If there is neither file nor folder.
    InputError
        If it is no Parquet, a column occurs twice or is not acceptable, or parts differ.
    """
    return validate_frame(ParquetParts.open(path, "ICS-REC-004").read().to_pandas(), extras)


def column_series(name: str, values: Array) -> pd.Series[Any]:
    """Return a column array of records as a column of a frame, of the type that its field has there."""
    definition = FIELD_BY_NAME.get(name)
    if definition is None or (definition.numeric and definition.kind is not Kind.FLAG):
        return pd.Series(values, dtype="float64")
    if definition.kind is Kind.FLAG:
        return pd.Series(values).astype("Float64").astype("boolean")
    if definition.kind is Kind.DATE:
        return pd.Series(values.astype("datetime64[us]"))
    return pd.Series(values, dtype="str")


def _refuse_unknown(frame: pd.DataFrame, extras: Sequence[ExtraFeature]) -> None:
    declared = {extra.column for extra in extras}
    unknown = [str(name) for name in frame.columns if name not in FIELD_BY_NAME and name not in declared]
    if unknown:
        remedy = (
            "drop it, keep the file beside its dataset.yaml, or see `icsml records example --model REF`"
            if unknown[0].startswith(EXTRA_PREFIX)
            else "see `icsml records schema`; import other tables with `icsml data import`"
        )
        raise InputError("ICS-REC-003", "unknown column", field=", ".join(unknown), remedy=remedy)


def _refuse_repeated(frame: pd.DataFrame) -> None:
    repeated = frame.columns[frame.columns.duplicated()]
    if len(repeated):
        name = str(repeated[0])
        raise InputError(
            "ICS-REC-003",
            f"the column stands {int((frame.columns == repeated[0]).sum())} times in the table",
            field=name,
            remedy="keep one of them",
        )


def _typed(series: pd.Series[Any]) -> pd.Series[Any]:
    field = FIELD_BY_NAME.get(str(series.name))
    kind = field.kind if field else Kind.NUMBER
    try:
        return _cast(series, kind)
    except (TypeError, ValueError, OverflowError) as error:
        raise InputError(
            "ICS-REC-003", f"holds values that are no {kind}", field=str(series.name), remedy="correct the column"
        ) from error


def _cast(series: pd.Series[Any], kind: Kind) -> pd.Series[Any]:
    if kind is Kind.DATE:
        return _dates(series)
    if kind in (Kind.TEXT, Kind.CATEGORY):
        if not pd.api.types.is_string_dtype(series.dropna()) and series.notna().any():
            raise TypeError("not text")
        return series.astype("str")
    if kind is Kind.NUMBER and isinstance(series.dtype, np.dtype) and series.dtype.kind == "f":
        return series.astype("float64")
    if pd.api.types.is_string_dtype(series.dropna()) and series.notna().any():
        raise TypeError("text")
    if kind is Kind.FLAG:
        return series.astype("boolean")
    if pd.api.types.is_bool_dtype(series) or _holds_others(series):
        raise TypeError("truth values or text")
    numbers = pd.Series(series.to_numpy(dtype="float64", na_value=float("nan")), index=series.index)
    if kind is Kind.COUNT and (numbers.dropna() % 1 != 0).any():
        raise ValueError("fractions")
    return numbers


def _holds_others(series: pd.Series[Any]) -> bool:
    """Return whether a column of Python objects contains truth values or text, which NumPy would take for numbers."""
    return series.dtype == object and any(isinstance(value, bool | np.bool_ | str) for value in series)


def _dates(series: pd.Series[Any]) -> pd.Series[Any]:
    if series.dtype.kind != "M" and not all(isinstance(day, date) for day in series.dropna()):
        series = pd.to_datetime(series.astype("str").map(without_midnight), format="%Y-%m-%d", exact=True)
    dates = pd.to_datetime(series)
    if dates.dt.tz is not None:  # the day is the one that is written, as in a record
        dates = dates.dt.tz_localize(None)
    if (dates.dropna() != dates.dropna().dt.normalize()).any():
        raise ValueError("time of day")
    return dates.astype("datetime64[us]")


def without_midnight(value: object) -> object:
    """Return the date of an ISO timestamp at midnight, as JSON writers put one; anything else as it is.

    A zone is passed over: at midnight the day is the one that is written. Another time of day hides one, and stays.
    """
    return _MIDNIGHT.sub("", value) if isinstance(value, str) else value


def _refuse_broken(frame: pd.DataFrame) -> None:
    broken = [
        (field.name, f"{rule.wrong} in {int(rule.flags.sum()):,} rows")
        for field in FIELDS
        if field.name in frame
        for rule in broken_field_rules(field, frame[field.name])
    ]
    if not broken:
        return
    name, message = broken[0]
    more = f" (and {len(broken) - 1} more checks)" if len(broken) > 1 else ""
    raise InputError(
        "ICS-REC-003",
        message + more,
        field=name,
        remedy="correct the rows or see `icsml records schema`",
        details=broken,
    )
