"""A column as numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as arrow
import pyarrow.compute as compute

from icsml.core.arrays import Flags, Floats, Indices
from icsml.errors import InputError
from icsml.portfolio.cells.converted import Converted
from icsml.portfolio.cells.missing import NOT_MISSING, Missing
from icsml.portfolio.cells.numerals import grouped, numeral, plain
from icsml.portfolio.cells.text_cells import translated
from icsml.portfolio.cells.tokens import wrong_type
from icsml.portfolio.reading.table import Column, is_text

__all__ = ["numbers"]


_GIVE_VALUES = "check the column, list under missing what means not known, or give values:"
_NUMERIC = (arrow.types.is_integer, arrow.types.is_floating, arrow.types.is_decimal, arrow.types.is_null)
_PARTED = {".": re.compile(r"\d[,，]\d"), ",": re.compile(r"\d[.．]\d")}
_TRUTH = {"true": 1.0, "false": 0.0}


@dataclass(slots=True)
class _Read:
    """Numbers of n cells as they are read: NaN where none, and which cells name their unit."""

    values: Floats
    own_unit: Flags


def numbers(
    column: Column,
    key: str,
    *,
    values: Dict[Any, Any] | None = None,
    scale: float | None = None,
    missing: Missing = NOT_MISSING,
    remedy: str = _GIVE_VALUES,
) -> Converted:
    """Return a float64 array of shape (n,), NaN where there is no value; texts that are no numbers are unreadable.

    Parameters
    ----------
    column : Column
        Numbers, truth values, or texts that are numbers, such as ``1,234.5``; any values if ``values`` is given.
    key : str
        The mapping's key, for errors.
    values : mapping, optional
        The number of each value; those it does not list are unreadable.
    scale : float, optional
        Factor; a cell that names its own unit, such as 3 万, is not scaled.
    missing : Missing
        What means "not known".
    remedy : str
        What to do about a column of texts.

    Raises
    ------
    InputError
        If the column contains dates, lists or bytes, or more texts than numbers.
    """
    if values is not None:
        translation = translated(column, values, key, missing)
        out = np.array([np.nan if item is None else float(item) for item in translation.values], dtype=np.float64)
        return Converted(_scaled(out, scale), translation.cells, translation.unreadable)
    kind = column.values.type
    if is_text(kind):
        return _of_plain_text(column, scale, missing) or _of_text(column, key, scale, missing, remedy)
    floats = _of_type(column, key)
    empty = np.isnan(floats)
    listed = missing.numbers()
    if kind in (arrow.float32(), arrow.float16()):
        listed = listed.astype(kind.to_pandas_dtype()).astype(np.float64)  # -999.9 as stored in this column
    declared = np.isin(floats, listed)
    out = np.where(declared, np.nan, floats)
    return Converted.of(_scaled(out, scale), empty, declared, np.zeros(len(out), dtype=bool))


_FEN = 100.0
_EXACT = 2.0**53


def _scaled(values: Floats, scale: float | None) -> Floats:
    """Return the values times a factor; by a whole one, such as 万元 into 元, as exact as the decimals written.

    Two roundings can leave a product off in its last bit. Where a whole number of fen divided by the factor is the very
    value that was read, that amount is what was written.
    """
    if scale is None:
        return values
    product: Floats = values * scale
    if scale < 1 or scale != np.rint(scale):
        return product
    with np.errstate(over="ignore", invalid="ignore"):
        fen = np.rint(product * _FEN)
        written = (np.abs(fen) < _EXACT) & (fen / (_FEN * scale) == values)
        return np.where(written, fen / _FEN, product)


def _of_type(column: Column, key: str) -> Floats:
    values, kind = column.values, column.values.type
    if arrow.types.is_boolean(kind):
        values = values.cast(arrow.int8())
    elif not any(test(kind) for test in _NUMERIC):
        raise wrong_type(column, key, "a number")
    if arrow.types.is_decimal(kind):
        values = values.cast(arrow.string())  # Arrow's own cast of a decimal is often off by a bit
    floats: Floats = values.cast(arrow.float64(), safe=False).to_numpy()
    return np.ascontiguousarray(floats)


def _of_plain_text(column: Column, scale: float | None, missing: Missing) -> Converted | None:
    """Return a column in which every cell is empty or a plain number, as most are; None for another."""
    if column.decimal != "." or column.days is not None:
        return None
    texts = column.values.cast(arrow.string())
    blank = compute.fill_null(compute.equal(texts, ""), True)
    values = _cast(compute.if_else(blank, arrow.scalar(None, arrow.string()), texts))
    if values is None:
        return None
    nowhere = np.zeros(len(values), dtype=bool)
    declared = np.isin(values, missing.numbers()) if missing.tokens else nowhere
    out = np.where(declared, np.nan, values) if declared.any() else values
    return Converted.of(_scaled(out, scale), blank.to_numpy(), declared, nowhere)


def _of_text(column: Column, key: str, scale: float | None, missing: Missing, remedy: str) -> Converted:
    texts = compute.utf8_trim_whitespace(column.values.cast(arrow.string()))
    blank = compute.fill_null(compute.equal(texts, ""), True)
    read = _read(texts, blank, column.decimal)
    empty = blank.to_numpy()
    dated = np.zeros(len(empty), dtype=bool) if column.days is None else ~np.isnat(column.days)
    empty = empty & ~dated
    declared = np.zeros(len(empty), dtype=bool)
    if missing.tokens:
        declared = missing.words(texts) | (np.isin(read.values, missing.numbers()) & ~read.own_unit)
    wrong = (np.isnan(read.values) | dated) & ~empty & ~declared
    lost, present = int(wrong.sum()), int((~empty & ~declared).sum())
    if 2 * lost > present:
        raise InputError(
            "ICS-DAT-007",
            f"column {column.name!r} holds text that is no number in {lost:,} of {present:,} values",
            field=key,
            remedy=remedy,
        )
    out = np.where(declared, np.nan, read.values)
    units = int((read.own_unit & ~declared).sum())
    if scale is not None:
        out = np.where(read.own_unit, out, _scaled(out, scale))
    bare = int((np.isfinite(out) & (out != 0) & ~read.own_unit).sum()) if units else 0
    return Converted.of(out, empty, declared, wrong, units=units, bare=bare)


def _read(texts: arrow.ChunkedArray, blank: arrow.ChunkedArray, decimal: str) -> _Read:
    """Read plain numbers all at once, and what is left value by value."""
    filled = compute.if_else(blank, arrow.scalar(None, arrow.string()), texts)
    is_plain = _matches(filled, plain(decimal))
    values = _plainly(filled, is_plain, decimal)
    rest = ~is_plain & ~blank.to_numpy()
    own_unit = np.zeros(len(values), dtype=bool)
    in_groups = rest & _matches(filled, grouped(decimal)) if rest.any() else rest
    left = np.flatnonzero(rest & ~in_groups)
    unsettled = _one_by_one(filled, left, decimal, values, own_unit)
    if not unsettled and in_groups.any():
        values[in_groups] = _ungrouped(filled, in_groups, decimal)
    # 1.234.567 shows that a dot parts thousands here, so that 12.345 beside it is no fraction.
    mark = re.escape(decimal)
    if rest.any() and _matches(filled, f".*[0-9]{mark}[0-9]{{3}}{mark}[0-9]{{3}}.*").any():
        values[is_plain & _matches(filled, f".*{mark}.*")] = np.nan
    return _Read(values, own_unit)


def _cast(texts: arrow.ChunkedArray) -> Floats | None:
    """Return all texts as numbers, or None if one is not plain; Arrow also reads nan, which is no number."""
    try:
        values: Floats = texts.cast(arrow.float64()).to_numpy()
    except arrow.ArrowInvalid:
        return None
    return None if np.isnan(values).sum() > texts.null_count else values


def _matches(texts: arrow.ChunkedArray, pattern: str) -> Flags:
    flags: Flags = compute.fill_null(compute.match_substring_regex(texts, f"^(?:{pattern})$"), False).to_numpy()
    return flags


def _plainly(texts: arrow.ChunkedArray, is_plain: Flags, decimal: str) -> Floats:
    chosen = compute.if_else(arrow.array(is_plain), texts, arrow.scalar(None, arrow.string()))
    if decimal == ",":
        chosen = compute.replace_substring(chosen, ",", ".")
    return np.array(chosen.cast(arrow.float64()).to_numpy())


def _ungrouped(texts: arrow.ChunkedArray, in_groups: Flags, decimal: str) -> Floats:
    parted = texts.filter(arrow.array(in_groups))
    joined = compute.replace_substring(parted, "," if decimal == "." else ".", "")
    if decimal == ",":
        joined = compute.replace_substring(joined, ",", ".")
    floats: Floats = joined.cast(arrow.float64()).to_numpy()
    return floats


def _one_by_one(texts: arrow.ChunkedArray, left: Indices, decimal: str, values: Floats, own_unit: Flags) -> bool:
    """Read the remaining cells in place; return whether a comma in one of them cannot part thousands.

    Then commas in this column are no thousands' marks: 1,234 beside 1,5 may well mean one and a quarter.
    """
    if not len(left):
        return False
    coded = compute.dictionary_encode(texts.take(arrow.array(left)).combine_chunks())
    words = coded.dictionary.to_pylist()
    numerals = [numeral(word, decimal) for word in words]
    codes = coded.indices.to_numpy()
    flags = [_TRUTH.get(word.lower(), np.nan) for word in words]
    parted = [_PARTED[decimal].search(word) is not None for word in words]
    unsettled = any(one is None and mark for one, mark in zip(numerals, parted, strict=True))
    if unsettled:
        numerals = [None if mark else one for one, mark in zip(numerals, parted, strict=True)]
    read = np.array([flag if one is None else one.value for one, flag in zip(numerals, flags, strict=True)])
    values[left] = read[codes]
    own_unit[left] = np.array([one is not None and one.own_unit for one in numerals])[codes]
    return unsettled
