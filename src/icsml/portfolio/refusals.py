"""Which rows of an import are refused, and why; the others are kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icsml.portfolio.mapping import Mapping
from icsml.records.extra import ExtraFeature
from icsml.records.fields import FIELD_BY_NAME, Field, Kind, Outside
from icsml.records.uscc import is_valid_uscc

__all__ = ["clear_ranges", "duplicated_rows", "outside", "refused_rows"]

Flags = NDArray[np.bool_]
Typed = dict[str, NDArray[Any]]

_TEXT = r"[^\x00-\x1f\x7f]{1,128}"
_DATE_ORDER = (
    ("statement_published_at", "as_of"),
    ("statement_period_end", "as_of"),
    ("statement_period_end", "statement_published_at"),
    ("founded_on", "as_of"),
)


def outside(values: NDArray[np.float64], low: float | None, high: float | None) -> Flags:
    """Return where present values lie outside a range; an infinite one always does."""
    flags: Flags = np.isinf(values)
    if low is not None:
        flags = flags | (values < low)
    if high is not None:
        flags = flags | (values > high)
    return flags


def refused_rows(columns: Typed, mapping: Mapping) -> dict[str, Flags]:
    """Return, for each field at fault, the rows that are refused for it.

    Parameters
    ----------
    columns : dict of str to ndarray of shape (n,)
        Typed columns under their names in ``enterprises.parquet``, ``enterprise_id`` and ``as_of`` among them.
    mapping : Mapping
        Says whether rows are dated, and declares the ranges of extra features.

    Returns
    -------
    dict of str to ndarray of bool of shape (n,)
        Fields without a fault are absent.
    """
    found: dict[str, Flags] = {}
    for name, flags in _faults(columns, mapping):
        if flags.any():
            found[name] = found.get(name, np.zeros(len(flags), dtype=bool)) | flags
    return found


def clear_ranges(columns: Typed, extras: tuple[ExtraFeature, ...]) -> dict[str, int]:
    """Count values outside their range by column, and take out, in place, those declared ``missing`` or infinite."""
    counts: dict[str, int] = {}
    for name, (low, high), rule in _ranges(columns, extras):
        flags = outside(columns[name], low, high)
        if flags.any():
            counts[name] = int(flags.sum())
            gone = flags if rule is Outside.MISSING else np.isinf(columns[name])
            columns[name] = np.where(gone, np.nan, columns[name])
    return counts


def duplicated_rows(columns: Typed, bad: NDArray[np.float64]) -> Flags:
    """Return rows to refuse because another has the same enterprise and date.

    Of equal rows the first is kept; of rows that contradict one another none is, since nothing says which is true.
    """
    frame = pd.DataFrame(columns | {"bad": bad})
    key = frame.groupby(["enterprise_id", "as_of"], dropna=False, sort=False).ngroup()
    content = pd.Series(pd.util.hash_pandas_object(frame, index=False).to_numpy(), index=frame.index)
    contradicting = content.groupby(key).transform("nunique") > 1
    flags: Flags = (key.duplicated() | contradicting).to_numpy()
    return flags


def _absent(values: NDArray[Any]) -> Flags:
    return np.fromiter((value is None for value in values), np.bool_, len(values))


def _faults(columns: Typed, mapping: Mapping) -> Iterator[tuple[str, Flags]]:
    yield "enterprise_id", _absent(columns["enterprise_id"])
    if mapping.as_of is not None:
        yield "as_of", np.isnat(columns["as_of"])
    for name, values in columns.items():
        field = FIELD_BY_NAME.get(name)
        if field is not None and not field.numeric and field.kind is not Kind.DATE:
            yield name, _wrong_text(values, field)
        elif field is not None and field.numeric:
            yield name, _wrong_number(values, field)
    for name, (low, high), rule in _ranges(columns, mapping.declared):
        if rule is Outside.REFUSE:
            yield name, outside(columns[name], low, high)
    yield from _wrong_dates(columns)


def _ranges(
    columns: Typed, extras: tuple[ExtraFeature, ...]
) -> Iterator[tuple[str, tuple[float | None, float | None], Outside]]:
    for name in columns:
        field = FIELD_BY_NAME.get(name)
        if field is not None and field.numeric:
            yield name, (field.low, field.high), field.outside
    for extra in extras:
        yield extra.column, extra.range, extra.outside


def _wrong_text(values: NDArray[Any], field: Field) -> Flags:
    texts = pd.Series(values, dtype="str")
    fits = texts.str.fullmatch(_TEXT)
    if field.pattern:
        fits &= texts.str.match(field.pattern)
    if field.choices:
        fits &= texts.isin(field.choices)
    if field.name == "uscc":
        fits &= texts.map(is_valid_uscc, na_action="ignore").eq(True)
    flags: Flags = (texts.notna() & ~fits.eq(True)).to_numpy(dtype=bool)
    return flags


def _wrong_number(values: NDArray[np.float64], field: Field) -> Flags:
    present: Flags = ~np.isnan(values)
    if field.kind is Kind.FLAG:
        present &= (values != 0) & (values != 1)
    elif field.kind is Kind.COUNT:
        present &= values != np.floor(np.where(present, values, 0))
    else:
        present &= False
    return present


def _wrong_dates(columns: Typed) -> Iterator[tuple[str, Flags]]:
    for earlier, later in _DATE_ORDER:
        if earlier in columns and later in columns:
            yield earlier, columns[earlier] > columns[later]
    if "statement_published_at" in columns:
        yield "as_of", ~np.isnat(columns["statement_published_at"]) & np.isnat(columns["as_of"])
