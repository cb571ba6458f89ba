"""Reading csv: every column as text; a line that does not fit the heading is named."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import numpy as np
import pyarrow as arrow
import pyarrow.compute as compute
import pyarrow.csv as arrow_csv

from icsml.core.arrays import Ints
from icsml.errors import InputError
from icsml.portfolio.mapping import Source
from icsml.portfolio.reading.rows import Heading, scan_rows
from icsml.portfolio.reading.table import Column, SourceTable, is_text, skipped_lines
from icsml.portfolio.reading.text import (
    REQUOTE,
    Text,
    count_bytes,
    line_count,
    read_text,
    unreadable,
    wrong_encoding,
)

__all__ = ["read_delimited"]

SEPARATORS = (",", ";", "\t", "|")
_NAMES = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
_WORTHWHILE = 1 << 23  # bytes of a file from which on it pays to look whether its numbers are plain
_SAMPLE = 1 << 18
_BLOCKS = (1 << 20, 1 << 28)  # the second for values longer than the first
_TAIL = 1 << 24


def read_delimited(
    source: Source,
    path: Path,
    wanted: Collection[str] | None,
    expected: Collection[str],
    numeric: Collection[str] = (),
) -> SourceTable:
    """Read a csv file.

    Parameters
    ----------
    source : Source
        Encoding, separator, heading row, rows to skip.
    path : Path
        The file, gzipped or not.
    wanted : collection of str, optional
        Headings of the columns to read; all by default.
    expected : collection of str
        Headings that identify the separator where none is stated.
    numeric : collection of str
        Headings of columns that the mapping reads as numbers: where every cell is empty or a plain number, the column
        comes as floats, else as text.

    Raises
    ------
    InputError
        If it is not text in the encoding, or a line does not have the fields of the heading; names the line.
    """
    text = read_text(source, path)
    heading = _heading(source, text, expected)
    skipped = 0
    if source.skip_rows:
        text, skipped = _without(source, text, heading)
    table, begins, blank = _parsed(source, text, heading, numeric if source.decimal == "." else ())
    names = _without_blank_end(heading.names, table)
    chosen = [index for index, name in enumerate(names) if wanted is None or name in wanted]
    columns = {names[i]: Column(names[i], table.column(i), decimal=source.decimal) for i in chosen}
    return SourceTable(
        source.file,
        names,
        columns,
        len(table),
        _locate(text, heading, begins),
        blank=blank,
        skipped=skipped,
        hint=_hint(heading),
    )


def _without_blank_end(names: tuple[str, ...], table: arrow.Table) -> tuple[str, ...]:
    """Leave out columns at the end with neither heading nor value, made by a separator at the end of each line."""
    while len(names) > 1 and names[-1] == f"column {len(names)}" and not _has_text(table.column(len(names) - 1)):
        names = names[:-1]
    return names


def _has_text(column: arrow.ChunkedArray) -> bool:
    if not is_text(column.type):
        return bool(column.null_count < len(column))
    return bool(compute.any(compute.not_equal(compute.utf8_trim_whitespace(column), "")).as_py())


def _heading(source: Source, text: Text, expected: Collection[str]) -> Heading:
    """Read the heading by the separator stated, else by the one that yields most of the columns that are expected."""
    candidates = (source.separator,) if source.separator else SEPARATORS
    headings = [_heading_by(source, text, separator) for separator in candidates]
    return max(headings, key=lambda heading: len(set(heading.names) & set(expected)))


def _heading_by(source: Source, text: Text, separator: str) -> Heading:
    try:
        with text.stream() as stream:
            for _ in range(source.header_row - 1):
                stream.readline()
            reader = csv.reader(stream, delimiter=separator)
            cells = next(reader, None)
    except UnicodeDecodeError as error:
        raise wrong_encoding(source, text.undecodable()) from error
    except csv.Error as error:
        raise unreadable(source, f"line {source.header_row}: no readable heading", REQUOTE) from error
    if not cells:
        raise InputError(
            "ICS-DAT-003", f"no heading in line {source.header_row}", field=source.file, remedy="check the export"
        )
    names = tuple(cell.strip() or f"column {index}" for index, cell in enumerate(cells, 1))
    return Heading(names, separator, source.header_row - 1 + reader.line_num)


def _hint(heading: Heading) -> str:
    at = f"line {heading.lines}, read as the heading and parted by {_NAMES.get(heading.separator, heading.separator)}"
    count = f"{len(heading.names)} column{'s' if len(heading.names) > 1 else ''}"
    return f"{at}, has {count}: set source.separator or header_row if that is wrong"


def _without(source: Source, text: Text, heading: Heading) -> tuple[Text, int]:
    """Take out the lines that the mapping skips, by number or by the text that they begin with."""
    lines = bytes(text.data).splitlines(keepends=True)
    nothing = f' "\t\r\n{heading.separator}'.encode()
    filled = [number for number, line in enumerate(lines, 1) if number > heading.lines and line.strip(nothing)]
    numbers = skipped_lines(source, filled, heading=heading.lines, unit="line")
    starts = tuple(row for row in source.skip_rows if isinstance(row, str))
    kept = []
    for number, line in enumerate(lines, 1):
        if number > heading.lines and (number in numbers or _begins(line, starts, heading.separator)):
            continue
        kept.append(number)
    data = b"".join(lines[number - 1] for number in kept)
    return Text(memoryview(data), np.array(kept, dtype=np.int64)), len(lines) - len(kept)


def _begins(line: bytes, starts: Sequence[str], separator: str) -> bool:
    cells = line.decode("utf-8", "replace").split(separator) if starts else []
    first = next((cell.strip().strip('"').strip() for cell in cells if cell.strip()), None)
    return first in starts


def _parsed(
    source: Source, text: Text, heading: Heading, numeric: Collection[str]
) -> tuple[arrow.Table, Ints | None, int]:
    """Return the table as text, the line of each row where rows are not simply lines, and how many lines are blank.

    One field more than the heading has is left out where it is empty in every line, as some programs end each line with
    a separator. Arrow's reader is fast but names no line, and takes a quotation mark that is never closed for one long
    value; so wherever it fails, or rows and lines do not tally, every line is read again by the strict reader.
    """
    width, lines = len(heading.names), line_count(text.data)
    if lines <= heading.lines:
        raise InputError("ICS-DAT-003", "the table has no rows", field=source.file, remedy="check the export")
    extra = _first_width(text, heading) == width + 1
    table = _arrow(text, heading, width + extra, numeric)
    if table is None:
        scan_rows(source, text, heading, width)
        raise unreadable(source, "not a readable csv file", "check separator and quotation marks")
    if extra:
        _refuse_filled(source, text, heading, table.column(width))
    if lines == heading.lines + len(table) and _last_is_closed(text, heading) and not _has_stray_quote(text, heading):
        return table, None, 0
    begins, blank = scan_rows(source, text, heading, width + extra)
    if len(begins) != len(table):
        raise unreadable(source, "rows and lines do not tally", "check its quotation marks")
    return table, begins, blank


def _last_is_closed(text: Text, heading: Heading) -> bool:
    """Return whether the last line ends outside quotation marks; Arrow closes them without an error."""
    last = bytes(text.data[max(0, len(text.data) - _TAIL) :]).rpartition(b"\n")[2].decode("utf-8", "replace")
    try:
        list(csv.reader([last], delimiter=heading.separator, strict=True))
    except csv.Error:
        return False
    return True


def _has_stray_quote(text: Text, heading: Heading) -> bool:
    """Return whether a quotation mark is within a value: 5"x may be meant, Arrow reads "a"b as ab without an error."""
    apart = re.escape(heading.separator.encode()) + rb'"\r\n'
    # The mark first, and then the character before it: so only marks are looked at.
    return re.search(rb'"(?<=[^' + apart + rb']")[^' + apart + rb"]", text.data) is not None


def _first_width(text: Text, heading: Heading) -> int:
    with text.stream() as stream:
        for _ in range(heading.lines):
            stream.readline()
        try:
            return len(next((row for row in csv.reader(stream, delimiter=heading.separator) if row), ()))
        except (csv.Error, UnicodeDecodeError):
            return 0


def _arrow(text: Text, heading: Heading, width: int, numeric: Collection[str]) -> arrow.Table | None:
    """Return every column as text, or as floats where that loses nothing; None where Arrow cannot read the file."""
    types = dict.fromkeys((str(index) for index in range(width)), arrow.string())
    # Only a quoted value can contain a line end; to look for one costs half of the time.
    quoted = count_bytes(text.data, b'"') > 0
    floats = _plain_floats(text, heading, types, quoted, numeric)
    if floats:
        table = _read_csv(text.data, heading, types | dict.fromkeys(floats, arrow.float64()), quoted, _BLOCKS[0])
        if table is not None and not any(_reads_nan(table.column(int(name))) for name in floats):
            return table
    tables = (_read_csv(text.data, heading, types, quoted, block) for block in _BLOCKS)
    return next((table for table in tables if table is not None), None)


def _read_csv(
    data: memoryview, heading: Heading, types: dict[str, arrow.DataType], quoted: bool, block: int
) -> arrow.Table | None:
    try:
        return arrow_csv.read_csv(
            arrow.BufferReader(arrow.py_buffer(data)),
            read_options=arrow_csv.ReadOptions(column_names=list(types), skip_rows=heading.lines, block_size=block),
            parse_options=arrow_csv.ParseOptions(
                delimiter=heading.separator, quote_char='"' if quoted else False, newlines_in_values=quoted
            ),
            convert_options=arrow_csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=False),
        )
    except arrow.ArrowInvalid:
        return None


def _plain_floats(
    text: Text, heading: Heading, types: dict[str, arrow.DataType], quoted: bool, numeric: Collection[str]
) -> list[str]:
    """Return the columns with numbers only in the first lines, so that reading them as such may succeed."""
    chosen = [str(index) for index, name in enumerate(heading.names) if name in numeric]
    if not chosen or len(text.data) < _WORTHWHILE:
        return []
    first = bytes(text.data[:_SAMPLE]).rpartition(b"\n")[0]
    sample = _read_csv(memoryview(first), heading, types, quoted, _SAMPLE)
    return [] if sample is None else [name for name in chosen if _is_plain(sample.column(int(name)))]


def _is_plain(column: arrow.ChunkedArray) -> bool:
    try:
        floats = compute.if_else(compute.equal(column, ""), arrow.scalar(None, arrow.string()), column)
        return not _reads_nan(floats.cast(arrow.float64()))
    except arrow.ArrowInvalid:
        return False


def _reads_nan(column: arrow.ChunkedArray) -> bool:
    """Return whether Arrow took a text such as nan for a number that is none."""
    return bool(compute.any(compute.is_nan(column)).as_py())


def _refuse_filled(source: Source, text: Text, heading: Heading, surplus: arrow.ChunkedArray) -> None:
    """Refuse one field more than the heading has, unless it is empty in every line."""
    if _has_text(surplus):
        scan_rows(source, text, heading, len(heading.names))


def _locate(text: Text, heading: Heading, lines: Ints | None) -> Callable[[Sequence[int]], list[str]]:
    def locate(rows: Sequence[int]) -> list[str]:
        numbers = [int(lines[row]) if lines is not None else heading.lines + 1 + row for row in rows]
        return [f"line {text.line(number):,}" for number in numbers]

    return locate
