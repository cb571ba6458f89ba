"""The text by which a cell is compared: identifiers, keys, labels, entries of ``values`` and ``missing``.

Equal numbers are one token however they are written or stored, so that 1, 1.0 and ``" 1 "`` are one firm and one label;
a leading zero is no number's, so 007 stays 007. A number that has lost digits on its way, such as 1.23457E+18, is no
token: two firms would become one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pyarrow as arrow
import pyarrow.compute as compute

from icsml.core.arrays import Array, Flags, Floats
from icsml.errors import InputError
from icsml.portfolio.reading.table import EXACT, Column, is_text

__all__ = ["EXCEL_ERRORS", "Tokens", "token", "tokens", "wrong_type"]

EXCEL_ERRORS = (
    *("#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"),
    *("#SPILL!", "#CALC!", "#FIELD!", "#GETTING_DATA"),
)
"""What a spreadsheet program writes into a cell that it could not compute."""

_EXACT_BY_WIDTH = {16: 2**11, 32: 2**24, 64: EXACT}
_WHOLE = r"^([+-]?(?:0|[1-9][0-9]*))\.0+$"
_TRAILING = r"^([+-]?(?:0|[1-9][0-9]*)\.[0-9]*[1-9])0+$"
_ROUNDED = r"^[+-]?[0-9](?:[.,][0-9]+)?[eE]\+[0-9]+$"
_TRUTH = r"(?i)^(true|false)$"


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens of n cells.

    Parameters
    ----------
    values : pyarrow.ChunkedArray of text of length n
        Null where the cell is empty or broken.
    empty, broken : ndarray of bool of shape (n,)
        Cells that hold nothing, and those that hold an error or a number that lost digits.
    """

    values: arrow.ChunkedArray
    empty: Flags
    broken: Flags

    def objects(self) -> Array:
        """Return an object array of shape (n,), None where there is no token."""
        cells: Array = self.values.to_numpy()
        return cells


def token(value: object) -> str | None:
    """Return the token of a value that a mapping gives; a missing one is None."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < EXACT else str(value)
    cell = _canonical(compute.utf8_trim_whitespace(arrow.array([text])), decimals=True)[0].as_py()
    return str(cell) or None


def tokens(column: Column, key: str, *, decimals: bool = False, listed: Collection[str | None] = ()) -> Tokens:
    """Return the token of each cell.

    Parameters
    ----------
    column : Column
        The column.
    key : str
        The mapping's key that reads it, for errors.
    decimals : bool
        Whether 0.50 and 0.5 are one, as for labels and values; in an identifier they are not.
    listed : collection of str
        What the mapping lists for this column; an error such as ``#N/A`` that it lists is a value.

    Raises
    ------
    InputError
        If the column contains lists, bytes or times, or whole numbers stored as floats beyond 2**53 in every row.
    """
    texts, broken = _texts(column, key)
    texts = compute.utf8_trim_whitespace(texts)
    empty = compute.fill_null(compute.equal(texts, ""), True).to_numpy()
    if is_text(column.values.type):
        wrong = compute.or_(
            compute.is_in(texts, arrow.array([error for error in EXCEL_ERRORS if error not in listed])),
            compute.match_substring_regex(texts, _ROUNDED),
        )
        broken = broken | compute.fill_null(wrong, False).to_numpy()
        texts = _canonical(texts, decimals=decimals)
    if column.days is not None:
        dated = ~np.isnat(column.days)
        written = arrow.array(column.days.astype(object)).cast(arrow.date32()).cast(arrow.string())
        texts = compute.if_else(arrow.array(dated), written, texts)
        empty = empty & ~dated
    empty = empty & ~broken
    texts = compute.if_else(arrow.array(empty | broken), arrow.scalar(None, arrow.string()), texts)
    return Tokens(_chunked(texts), empty, broken)


def wrong_type(column: Column, key: str, needed: str) -> InputError:
    """Return the error of a column whose type is of no use here."""
    kind = column.values.type
    what = next((name for test, name in _KINDS if test(kind)), str(kind))
    return InputError(
        "ICS-DAT-007",
        f"column {column.name!r} holds {what}, {needed} is needed",
        field=key,
        remedy="list it under ignore, or write it otherwise",
    )


_KINDS = (
    (arrow.types.is_nested, "lists or structures"),
    (lambda kind: arrow.types.is_binary(kind) or arrow.types.is_large_binary(kind), "bytes"),
    (arrow.types.is_fixed_size_binary, "bytes"),
    (arrow.types.is_temporal, "dates or times"),
    (arrow.types.is_boolean, "truth values"),
)


def _chunked(values: arrow.Array | arrow.ChunkedArray) -> arrow.ChunkedArray:
    return values if isinstance(values, arrow.ChunkedArray) else arrow.chunked_array([values])


def _texts(column: Column, key: str) -> tuple[arrow.ChunkedArray, Flags]:
    """Return every cell as text, and the floats that could be more than one whole number."""
    values, kind = column.values, column.values.type
    broken = np.zeros(len(values), dtype=bool)
    if is_text(kind):
        return values.cast(arrow.string()), broken
    if arrow.types.is_integer(kind) or arrow.types.is_boolean(kind):
        return values.cast(arrow.string()), broken
    if arrow.types.is_floating(kind):
        floats = values.cast(arrow.float64()).to_numpy()
        return _float_texts(floats), (np.abs(floats) >= _EXACT_BY_WIDTH[kind.bit_width]) & np.isfinite(floats)
    if arrow.types.is_decimal(kind):
        return _chunked(arrow.array([_decimal_text(value) for value in values.to_pylist()], arrow.string())), broken
    if arrow.types.is_date(kind) or arrow.types.is_timestamp(kind):
        return _date_texts(values), broken
    if arrow.types.is_null(kind):
        return values.cast(arrow.string()), broken
    raise wrong_type(column, key, "text or a number")


def _float_texts(floats: Floats) -> arrow.ChunkedArray:
    known = np.isfinite(floats)
    whole = known & (np.floor(floats) == floats) & (np.abs(floats) < EXACT)
    integers = arrow.array(np.where(whole, floats, 0.0).astype(np.int64)).cast(arrow.string())
    rest = np.flatnonzero(~whole & ~np.isnan(floats))
    texts = integers.to_numpy(zero_copy_only=False).copy()
    texts[np.isnan(floats)] = None
    texts[rest] = [repr(float(floats[index])) for index in rest]
    return _chunked(arrow.array(texts, arrow.string()))


def _decimal_text(value: Decimal | None) -> str | None:
    if value is None:
        return None
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _date_texts(values: arrow.ChunkedArray) -> arrow.ChunkedArray:
    """Return the day where the time is midnight throughout, else the local time."""
    kind = values.type
    if arrow.types.is_date(kind):
        return compute.strftime(values.cast(arrow.date32()).cast(arrow.timestamp("s")), "%Y-%m-%d")
    local = compute.local_timestamp(values) if kind.tz else values
    days = local.cast(arrow.date32(), safe=False)
    midnight = compute.equal(days.cast(local.type), local)
    if compute.all(midnight).as_py() is not False:
        return compute.strftime(local, "%Y-%m-%d")
    return compute.strftime(local.cast(arrow.timestamp("us")), "%Y-%m-%d %H:%M:%S")


def _canonical(texts: arrow.ChunkedArray, *, decimals: bool) -> arrow.ChunkedArray:
    if compute.any(compute.match_substring(texts, ".")).as_py():
        texts = compute.replace_substring_regex(texts, _WHOLE, r"\1")
        texts = compute.replace_substring_regex(texts, _TRAILING, r"\1") if decimals else texts
    if decimals:
        truth = compute.match_substring_regex(texts, _TRUTH)
        texts = compute.if_else(compute.fill_null(truth, False), compute.utf8_lower(texts), texts)
    return texts
