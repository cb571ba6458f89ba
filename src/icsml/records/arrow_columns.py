"""Records of an Arrow table as column arrays, read from its buffers.

A fast way for the types that files usually have. A column of another type, and a table with anything that a rule might
refuse, goes through :func:`icsml.records.frame.validate_frame`, which alone decides what is acceptable and writes the
errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from icsml.core.arrays import Array, Floats
from icsml.core.direction_marks import DIRECTION_MARKS
from icsml.errors import InputError
from icsml.records.arrow_texts import ArrowTexts, letters_of
from icsml.records.columns import Table, layout, to_columns
from icsml.records.enterprise import TEXT, TEXT_LENGTH
from icsml.records.extra import ExtraFeature
from icsml.records.field import Field, Kind, Outside
from icsml.records.fields import FIELD_BY_NAME, FIELDS
from icsml.records.frame import validate_frame
from icsml.records.uscc import wrong_usccs

__all__ = ["REPEATING_TEXTS", "arrow_columns", "text_array"]

REPEATING_TEXTS: Final = tuple(
    field.name
    for field in FIELDS
    if field.kind in (Kind.TEXT, Kind.CATEGORY) and field.name not in ("enterprise_id", "enterprise_name", "uscc")
)
"""Fields whose texts stand in many records: best read by dictionary."""

_EPOCH: Final = date(1970, 1, 1).toordinal()
_FIRST_DAY, _LAST_DAY = date.min.toordinal() - _EPOCH, date.max.toordinal() - _EPOCH
_UNITS_PER_DAY: Final = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000, "ns": 86_400_000_000_000}
_FIRST_NOT_ASCII: Final = 0x80
_DOUBTFUL: Final = np.zeros(256, dtype=np.bool_)  # bytes with which a refused character begins
_DOUBTFUL[[*range(0x20), 0x7F, *(mark.encode()[0] for mark in DIRECTION_MARKS)]] = True
_NO_BITS: Final = np.frombuffer(b"", dtype=np.uint8)


def arrow_columns(table: pa.Table, extras: Sequence[ExtraFeature] = ()) -> Table:
    """Turn an Arrow table of records into column arrays.

    Parameters
    ----------
    table : pyarrow.Table of n rows
        Canonical columns and ``extra.NAME`` columns; absent ones are missing everywhere.
    extras : sequence of ExtraFeature
        Declared extra features.

    Returns
    -------
    Table
        What ``to_columns(validate_frame(table.to_pandas(), extras), extras)`` gives.

    Raises
    ------
    InputError
        As :func:`icsml.records.frame.validate_frame` raises it.
    """
    read = _read(table, tuple(extras))
    return to_columns(validate_frame(_plain(table).to_pandas(), extras), extras) if read is None else read


def text_array(columns: Table, name: str) -> pa.Array:
    """Return a column of texts as an Arrow array of strings."""
    texts = columns.texts
    if isinstance(texts, ArrowTexts):
        return texts.arrays[name].cast(pa.string())
    return pa.array(texts[name], pa.string())


def _read(table: pa.Table, extras: tuple[ExtraFeature, ...]) -> Table | None:
    """Return the records, or None where anything is unusual."""
    arranged, names = layout(extras), table.column_names
    required = {field.name for field in FIELDS if field.required}
    if len(set(names)) < len(names) or not set(names) <= set(arranged.names) or not required <= set(names):
        return None
    numbers, texts = np.empty((len(arranged.numbers), table.num_rows)), {}
    for name in arranged.names:
        field, index = FIELD_BY_NAME.get(name), arranged.index.get(name)
        array = _array(table, name)
        if index is None and field is not None:
            if not _are_acceptable_texts(array, field):
                return None
            texts[name] = array
        elif index is not None and not _copy(array, field, numbers[index]):
            by_frame = _column_by_frame(table, name, extras)
            if by_frame is None:
                return None
            numbers[index] = by_frame
    return Table(arranged, numbers, ArrowTexts(texts))


def _column_by_frame(table: pa.Table, name: str, extras: tuple[ExtraFeature, ...]) -> Floats | None:
    """Return a column of numbers or dates of an unusual type, or None where it is refused."""
    alone = _plain(table.select(["enterprise_id", name]))
    try:
        columns = to_columns(validate_frame(alone.to_pandas(), extras), extras)
    except InputError:  # the error counts what is wrong with all columns
        return None
    numbers: Floats = columns.numbers[columns.layout.index[name]]
    return numbers


def _array(table: pa.Table, name: str) -> pa.Array:
    """Return a column in one piece, its text by dictionary only where that is shorter; an absent one is missing."""
    index = table.schema.get_field_index(name)
    if index < 0:
        return pa.nulls(table.num_rows)
    column = table.column(index)
    array = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):  # of no chunks
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    if pa.types.is_dictionary(array.type) and len(array.dictionary) > len(array):
        array = array.cast(array.type.value_type)
    return array


def _plain(table: pa.Table) -> pa.Table:
    """Return a table without dictionaries, which pandas would make into categories."""
    schema = pa.schema(
        [
            pa.field(field.name, field.type.value_type if pa.types.is_dictionary(field.type) else field.type)
            for field in table.schema
        ]
    )
    return table.cast(schema)


def _copy(array: pa.Array, field: Field | None, numbers: Floats) -> bool:
    """Copy a column of numbers or dates, and return whether all of it is usual and acceptable."""
    kind = field.kind if field is not None else Kind.NUMBER
    if pa.types.is_null(array.type):
        numbers[:] = np.nan
        return True
    if kind is Kind.DATE:
        return _copy_days(array, numbers)
    if not (pa.types.is_boolean(array.type) if kind is Kind.FLAG else _is_number(array.type)):
        return False
    return _copy_numbers(array.cast(pa.float64(), safe=False), field, numbers)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_float32(kind) or pa.types.is_float64(kind))


def _copy_numbers(array: pa.DoubleArray, field: Field | None, numbers: Floats) -> bool:
    from icsml.records.arrow_kernel import copy_numbers  # numba: not before the first row

    low = high = None
    if field is not None and field.numeric and field.outside is Outside.REFUSE:
        low, high = field.low, field.high
    acceptable: bool = copy_numbers(
        _values(array, np.dtype(np.float64)),
        _bits(array),
        array.offset,
        -np.inf if low is None else float(low),
        np.inf if high is None else float(high),
        field is not None and field.kind is Kind.COUNT,
        numbers,
    )
    return acceptable


def _copy_days(array: pa.Array, numbers: Floats) -> bool:
    from icsml.records.arrow_kernel import copy_days  # numba: not before the first row

    if pa.types.is_date32(array.type):
        array, units = array.cast(pa.int32()).cast(pa.int64()), 1
    elif pa.types.is_timestamp(array.type) and array.type.tz is None:
        units = _UNITS_PER_DAY[array.type.unit]
    else:
        return False
    acceptable: bool = copy_days(
        _values(array, np.dtype(np.int64)), _bits(array), array.offset, units, _FIRST_DAY, _LAST_DAY, numbers
    )
    return acceptable


def _are_acceptable_texts(array: pa.Array, field: Field) -> bool:
    """Return whether a column is of texts that its field accepts, and complete where it must be."""
    if field.required and array.null_count:
        return False
    if pa.types.is_null(array.type):
        return True
    values = array.dictionary if pa.types.is_dictionary(array.type) else array
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        return False
    if field.kind is Kind.CATEGORY:
        return _all(pc.is_in(values.drop_null(), pa.array(field.choices, values.type)))
    if _is_plain_text(values) if field.pattern is None else field.name == "uscc" and not wrong_usccs(values).any():
        return True
    return _all(pc.match_substring_regex(values, rf"\A(?:{field.pattern or TEXT.pattern})\z"))


def _all(flags: pa.BooleanArray) -> bool:
    return pc.all(flags, min_count=0).as_py() is not False


def _is_plain_text(values: pa.Array) -> bool:
    """Return whether every text has 1 to 128 characters, and no byte that any refused character has."""
    lengths = pc.min_max(pc.utf8_length(values)).as_py()
    if lengths["min"] is None:
        return True
    if not 1 <= lengths["min"] <= lengths["max"] <= TEXT_LENGTH:
        return False
    letters, starts = letters_of(values)
    used = letters[starts[0] : starts[-1]]
    return not _DOUBTFUL[used].any() and (used.max() < _FIRST_NOT_ASCII or _is_utf8(values))


def _is_utf8(values: pa.Array) -> bool:
    try:
        values.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _values(array: pa.Array, kind: np.dtype[np.generic]) -> Array:
    return np.frombuffer(array.buffers()[1], kind)[array.offset : array.offset + len(array)]


def _bits(array: pa.Array) -> Array:
    bits = array.buffers()[0]
    return _NO_BITS if bits is None or array.null_count == 0 else np.frombuffer(bits, np.uint8)
