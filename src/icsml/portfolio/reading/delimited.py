"""Reading csv: every column as text; a line that does not fit the heading is named."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import mmap
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as arrow
import pyarrow.compute as compute
import pyarrow.csv as arrow_csv
from numpy.typing import NDArray

from icsml.errors import InputError
from icsml.portfolio.mapping import Source
from icsml.portfolio.reading.table import Column, SourceTable, is_text, skipped_lines

__all__ = ["read_delimited"]

SEPARATORS = (",", ";", "\t", "|")
_NAMES = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
_WORTHWHILE = 1 << 23  # bytes of a file from which on it pays to look whether its numbers are plain
_SAMPLE = 1 << 18
_BLOCKS = (1 << 20, 1 << 28)  # the second for values longer than the first
_TAIL = 1 << 24
_UTF8 = frozenset({"utf-8", "utf-8-sig"})
_REQUOTE = "close or double the quotation mark in this line"


@dataclass(frozen=True, slots=True)
class _Heading:
    names: tuple[str, ...]
    separator: str
    lines: int  # physical lines up to and with the heading


@dataclass(frozen=True, slots=True)
class _Text:
    """The bytes of a file in UTF-8 without the lines that the mapping skips, and the numbers of those that are left."""

    data: memoryview
    kept: NDArray[np.int64] | None = None

    def stream(self) -> io.TextIOWrapper:
        raw = io.BufferedReader(_Window(self.data))
        return io.TextIOWrapper(raw, "utf-8", newline="")

    def line(self, number: int) -> int:
        """Return the number in the file of a line of this text, both counted from 1."""
        return number if self.kept is None else int(self.kept[number - 1])


class _Window(io.RawIOBase):
    """Read-only bytes as a raw stream, without a copy of the whole."""

    def __init__(self, data: memoryview) -> None:
        super().__init__()
        self._data, self._at = data, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = self._data[self._at : self._at + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


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
        Headings that tell the right separator where none is stated.
    numeric : collection of str
        Headings of columns that the mapping reads as numbers: where every cell is empty or a plain number, the column
        comes as floats, else as text.

    Raises
    ------
    InputError
        If it is not text in the encoding, or a line does not have the fields of the heading; names the line.
    """
    text = _text(source, path)
    heading = _heading(source, text, expected)
    skipped = 0
    if source.skip_rows:
        text, skipped = _without(source, text, heading)
    table, begins, blank = _parsed(source, text, heading, numeric if source.decimal == "." else ())
    names = _without_blank_end(heading.names, table)
    chosen = [place for place, name in enumerate(names) if wanted is None or name in wanted]
    columns = {names[i]: Column(names[i], table.column(i), decimal=source.decimal) for i in chosen}
    return SourceTable(
        source.file,
        names,
        columns,
        len(table),
        _places(text, heading, begins),
        blank=blank,
        skipped=skipped,
        hint=_hint(heading),
    )


def _without_blank_end(names: tuple[str, ...], table: arrow.Table) -> tuple[str, ...]:
    """Leave out columns at the end with neither heading nor value: each line ends with a separator, the heading too."""
    while len(names) > 1 and names[-1] == f"column {len(names)}" and not _has_text(table.column(len(names) - 1)):
        names = names[:-1]
    return names


def _has_text(column: arrow.ChunkedArray) -> bool:
    if not is_text(column.type):
        return bool(column.null_count < len(column))
    return bool(compute.any(compute.not_equal(compute.utf8_trim_whitespace(column), "")).as_py())


def _text(source: Source, path: Path) -> _Text:
    raw: bytes | mmap.mmap
    with path.open("rb") as file:
        if path.suffix.lower() == ".gz":
            try:
                raw = gzip.decompress(file.read())
            except (OSError, EOFError) as error:
                raise _unreadable(source, "not a sound gzip file", "compress it again") from error
        else:
            raw = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if path.stat().st_size else b""
    if not len(raw):
        raise InputError("ICS-DAT-003", "the file is empty", field=source.file, remedy="check the export")
    if _codec(source) in _UTF8:
        start = 3 if raw[:3] == codecs.BOM_UTF8 else 0
        return _Text(_trimmed(memoryview(raw)[start:]))
    try:
        decoded = bytes(raw).decode(source.encoding)
    except UnicodeDecodeError as error:
        raise _wrong_encoding(source, raw[: error.start].count(b"\n") + 1) from error
    return _Text(_trimmed(memoryview(decoded.removeprefix("\ufeff").encode("utf-8"))))


def _trimmed(data: memoryview) -> memoryview:
    """Return the bytes without the line ends that follow the last line; lines may all end by a carriage return."""
    end = len(data)
    while end and data[end - 1] in b"\r\n":
        end -= 1
    return data[:end] if _line_count(data) > 1 else memoryview(bytes(data[:end]).replace(b"\r", b"\n"))


def _codec(source: Source) -> str:
    try:
        return codecs.lookup(source.encoding).name
    except LookupError as error:
        raise _unreadable(source, f"no such encoding as {source.encoding}", "set source.encoding") from error


def _wrong_encoding(source: Source, line: int) -> InputError:
    remedy = "set source.encoding, for instance gb18030"
    return _unreadable(source, f"not text in {source.encoding}, see line {line:,}", remedy)


def _unreadable(source: Source, what: str, remedy: str) -> InputError:
    return InputError("ICS-DAT-002", what, field=source.file, remedy=remedy)


def _heading(source: Source, text: _Text, expected: Collection[str]) -> _Heading:
    """Read the heading by the separator stated, else by the one that yields most of the columns that are expected."""
    candidates = (source.separator,) if source.separator else SEPARATORS
    found = [_heading_by(source, text, separator) for separator in candidates]
    return max(found, key=lambda heading: len(set(heading.names) & set(expected)))


def _heading_by(source: Source, text: _Text, separator: str) -> _Heading:
    try:
        with text.stream() as stream:
            for _ in range(source.header_row - 1):
                stream.readline()
            reader = csv.reader(stream, delimiter=separator)
            cells = next(reader, None)
    except UnicodeDecodeError as error:
        raise _wrong_encoding(source, _bad_line(text)) from error
    except csv.Error as error:
        raise _unreadable(source, f"line {source.header_row}: no readable heading", _REQUOTE) from error
    if not cells:
        raise InputError(
            "ICS-DAT-003", f"no heading in line {source.header_row}", field=source.file, remedy="check the export"
        )
    names = tuple(cell.strip() or f"column {place}" for place, cell in enumerate(cells, 1))
    return _Heading(names, separator, source.header_row - 1 + reader.line_num)


def _hint(heading: _Heading) -> str:
    at = f"line {heading.lines}, read as the heading and parted by {_NAMES.get(heading.separator, heading.separator)}"
    return f"{at}, has {len(heading.names)} column{'s' if len(heading.names) > 1 else ''}"


def _without(source: Source, text: _Text, heading: _Heading) -> tuple[_Text, int]:
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
    return _Text(memoryview(data), np.array(kept, dtype=np.int64)), len(lines) - len(kept)


def _begins(line: bytes, starts: Sequence[str], separator: str) -> bool:
    cells = line.decode("utf-8", "replace").split(separator) if starts else []
    first = next((cell.strip().strip('"').strip() for cell in cells if cell.strip()), None)
    return first in starts


def _parsed(
    source: Source, text: _Text, heading: _Heading, numeric: Collection[str]
) -> tuple[arrow.Table, NDArray[np.int64] | None, int]:
    """Return the table as text, the line of each row where rows are not simply lines, and how many lines are blank.

    One field more than the heading has is left out where it is empty in every line, as some programs end each line with
    a separator. Arrow's reader is fast but names no line, and takes a quotation mark that is never closed for one long
    value; so wherever it fails, or rows and lines do not tally, every line is read again by the strict reader.
    """
    width, lines = len(heading.names), _line_count(text.data)
    if lines <= heading.lines:
        raise InputError("ICS-DAT-003", "the table has no rows", field=source.file, remedy="check the export")
    extra = _first_width(text, heading) == width + 1
    table = _arrow(text, heading, width + extra, numeric)
    if table is None:
        _scan(source, text, heading, width)
        raise _unreadable(source, "not a readable csv file", "check separator and quotation marks")
    if extra:
        _refuse_filled(source, text, heading, table.column(width))
    if lines == heading.lines + len(table) and _last_is_closed(text, heading):
        return table, None, 0
    begins, blank = _scan(source, text, heading, width + extra)
    if len(begins) != len(table):
        raise _unreadable(source, "rows and lines do not tally", "check its quotation marks")
    return table, begins, blank


def _last_is_closed(text: _Text, heading: _Heading) -> bool:
    """Tell whether the last line, a row of its own, ends outside quotation marks; Arrow closes them in silence."""
    last = bytes(text.data[max(0, len(text.data) - _TAIL) :]).rpartition(b"\n")[2].decode("utf-8", "replace")
    try:
        list(csv.reader([last], delimiter=heading.separator, strict=True))
    except csv.Error:
        return False
    return True


def _first_width(text: _Text, heading: _Heading) -> int:
    with text.stream() as stream:
        for _ in range(heading.lines):
            stream.readline()
        try:
            return len(next((row for row in csv.reader(stream, delimiter=heading.separator) if row), ()))
        except (csv.Error, UnicodeDecodeError):
            return 0


def _arrow(text: _Text, heading: _Heading, width: int, numeric: Collection[str]) -> arrow.Table | None:
    """Return every column as text, or as floats where that loses nothing; None where Arrow cannot read the file."""
    types = dict.fromkeys((str(place) for place in range(width)), arrow.string())
    # Only a quoted value can hold a line end; to look for one costs half of the time.
    quoted = _count(text.data, b'"') > 0
    floats = _plain_floats(text, heading, types, quoted, numeric)
    if floats:
        table = _read_csv(text.data, heading, types | dict.fromkeys(floats, arrow.float64()), quoted, _BLOCKS[0])
        if table is not None and not any(_reads_nan(table.column(int(name))) for name in floats):
            return table
    tables = (_read_csv(text.data, heading, types, quoted, block) for block in _BLOCKS)
    return next((table for table in tables if table is not None), None)


def _read_csv(
    data: memoryview, heading: _Heading, types: dict[str, arrow.DataType], quoted: bool, block: int
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
    text: _Text, heading: _Heading, types: dict[str, arrow.DataType], quoted: bool, numeric: Collection[str]
) -> list[str]:
    """Return the columns of numbers that hold nothing else in the first lines, so that reading them as such may do."""
    chosen = [str(place) for place, name in enumerate(heading.names) if name in numeric]
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
    """Tell whether Arrow took a text such as nan for a number that is none."""
    return bool(compute.any(compute.is_nan(column)).as_py())


def _refuse_filled(source: Source, text: _Text, heading: _Heading, surplus: arrow.ChunkedArray) -> None:
    """Refuse one field more than the heading has, unless it is empty in every line."""
    if _has_text(surplus):
        _scan(source, text, heading, len(heading.names))


def _line_count(data: memoryview) -> int:
    """Return the number of lines by their line feeds; the last line has none."""
    return _count(data, b"\n") + 1


def _count(data: memoryview, byte: bytes) -> int:
    values = np.frombuffer(data, dtype=np.uint8)
    step = 1 << 22
    return sum(int(np.count_nonzero(values[at : at + step] == byte[0])) for at in range(0, len(values), step))


def _scan(source: Source, text: _Text, heading: _Heading, width: int) -> tuple[NDArray[np.int64], int]:
    """Return the line on which each row begins, and how many lines are blank; refuse the first row of another width."""
    begins: list[int] = []
    blank = 0
    for line, row in _rows(source, text, heading):
        if not row:
            blank += 1
            continue
        if len(row) != width:
            raise _unreadable(
                source,
                f"line {text.line(line):,} has {len(row)} fields, the heading in line {heading.lines} has"
                f" {len(heading.names)}",
                "correct the line, or set source.separator, header_row or skip_rows",
            )
        begins.append(line)
    return np.array(begins, dtype=np.int64), blank


def _rows(source: Source, text: _Text, heading: _Heading) -> Iterator[tuple[int, list[str]]]:
    """Yield the line on which each row begins, with its fields: none in a blank line."""
    limit = csv.field_size_limit(1 << 30)
    line = heading.lines + 1
    try:
        with text.stream() as stream:
            for _ in range(heading.lines):
                stream.readline()
            reader = csv.reader(stream, delimiter=heading.separator, strict=True)
            for row in reader:
                yield line, row
                line = heading.lines + reader.line_num + 1
    except UnicodeDecodeError as error:
        raise _wrong_encoding(source, _bad_line(text)) from error
    except csv.Error as error:
        raise _unreadable(source, f"line {text.line(line):,}: {error}", _REQUOTE) from error
    finally:
        csv.field_size_limit(limit)


def _bad_line(text: _Text) -> int:
    try:
        bytes(text.data).decode("utf-8")
    except UnicodeDecodeError as error:
        return bytes(text.data[: error.start]).count(b"\n") + 1
    return 1


def _places(text: _Text, heading: _Heading, lines: NDArray[np.int64] | None) -> Callable[[Sequence[int]], list[str]]:
    def told(rows: Sequence[int]) -> list[str]:
        numbers = [int(lines[row]) if lines is not None else heading.lines + 1 + row for row in rows]
        return [f"line {text.line(number):,}" for number in numbers]

    return told
