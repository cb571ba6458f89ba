"""Format of a file: its encoding, separator, decimal mark, heading row, and rows that are no data."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pyarrow as arrow
from openpyxl.utils.exceptions import InvalidFileException

from icsml.portfolio.draft.vocabulary import TITLES, TOTALS
from icsml.portfolio.mapping import Source
from icsml.portfolio.reading.table import SourceTable, is_text
from icsml.portfolio.source import read_source, source_kind

__all__ = ["Opened", "open_table"]

_SEPARATORS = (",", ";", "\t", "|")
_LOOKED_AT = 60
_LAST = 5
_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
_POINT = re.compile(r"[+-]?[0-9]+\.[0-9]+")
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+")

Rows = list[tuple[int, list[str]]]


@dataclass(frozen=True, slots=True)
class Opened:
    """A table that was read, how, and why so.

    Parameters
    ----------
    table : SourceTable
        All its columns.
    source : Source
        How it was read, its file by its bare name.
    reading : dict of str to str
        Why a key of ``source`` is as it is.
    money : float, optional
        Factor into 元 that a line above the heading states for the whole table.
    """

    table: SourceTable
    source: Source
    reading: dict[str, str]
    money: float | None = None


def open_table(file: Path, *, sheet: str | None, encoding: str | None) -> Opened:
    """Read a whole table, guessing the keys of its file in the mapping.

    Raises
    ------
    MissingError
        If there is no such file.
    InputError
        If it cannot be read, or contains no row.
    """
    source, reading = Source(file=file.name, sheet=sheet, encoding=encoding or "utf-8-sig"), dict[str, str]()
    head: Rows = []
    if file.is_file() and source_kind(file) == "csv":
        source, reading, head = _delimited(source, file, guess=encoding is None)
    elif file.is_file() and source_kind(file) == "xlsx":
        head = _sheet_head(file, sheet)
    row = _heading_row(head)
    if row is not None:
        source = source.model_copy(update={"header_row": row})
        reading["header_row"] = "the rows above it hold few cells, as a title does"
    table = read_source(source, file.parent, None, ())
    totals = _totals(table) if source_kind(file) != "parquet" else ()
    if totals:
        source = source.model_copy(update={"skip_rows": totals})
        reading["skip_rows"] = "a line of totals is no firm"
        table = read_source(source, file.parent, None, ())
    if table.sheet is not None:
        source = source.model_copy(update={"sheet": table.sheet})
    return Opened(table, source, reading, _money(head, source.header_row))


def _delimited(source: Source, file: Path, *, guess: bool) -> tuple[Source, dict[str, str], Rows]:
    raw = _raw(file)
    settings: dict[str, object] = {}
    reading: dict[str, str] = {}
    if guess and (guessed := _encoding(raw)) is not None:
        settings["encoding"], reading["encoding"] = guessed
    text = raw.decode(str(settings.get("encoding", source.encoding)), "replace").removeprefix("\ufeff")
    separator = _separator(text)
    if separator != ",":
        settings["separator"] = "tab" if separator == "\t" else separator
        reading["separator"] = "yields the most even lines"
    head = _lines(text, separator)
    if _decimal_comma(cell for _, row in head for cell in row):
        settings["decimal"], reading["decimal"] = ",", "numbers are written as 1,5"
    return source.model_validate(source.model_dump() | settings), reading, head


def _raw(file: Path) -> bytes:
    data = file.read_bytes()
    try:
        return gzip.decompress(data) if file.suffix.lower() == ".gz" else data
    except (OSError, EOFError):
        return b""  # the reading step reports the error


def _encoding(raw: bytes) -> tuple[str, str] | None:
    """Return an encoding other than UTF-8 with its reason; None where UTF-8 fits, or nothing does."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", "the file begins with its mark"
    for encoding in ("utf-8", "gb18030"):
        try:
            raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if encoding == "utf-8" else (encoding, "not UTF-8, but text in this encoding")
    return None


def _lines(text: str, separator: str) -> Rows:
    """Return the first lines that are not empty, each with its number."""
    rows: Rows = []
    reader = csv.reader(io.StringIO(text[: 1 << 20], newline=""), delimiter=separator)
    begins = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append((begins, row))
            begins = reader.line_num + 1
            if len(rows) == _LOOKED_AT:
                break
    except csv.Error:
        return rows
    return rows


def _separator(text: str) -> str:
    """Return the separator by which most of the first lines have the same number of fields, above one."""

    def evenness(separator: str) -> tuple[float, int]:
        widths = Counter(len(row) for _, row in _lines(text, separator))
        wide = {width: count for width, count in widths.items() if width > 1}
        if not wide:
            return 0.0, 0
        width = max(wide, key=lambda fields: (wide[fields], fields))
        return wide[width] / widths.total(), width

    return max(_SEPARATORS, key=evenness)


def _decimal_comma(cells: Iterator[str]) -> bool:
    commas = points = 0
    for cell in map(str.strip, cells):
        commas += bool(_COMMA.fullmatch(cell)) and not _THOUSANDS.fullmatch(cell)
        points += bool(_POINT.fullmatch(cell))
    return commas > points


def _sheet_head(file: Path, sheet: str | None) -> Rows:
    """Return the first filled rows of a sheet; none where it is no workbook, which the reading step reports."""
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, InvalidFileException):
        return []
    try:
        tabs = [tab for tab in book.worksheets if tab.title == sheet or (not sheet and tab.sheet_state == "visible")]
        if not tabs:
            return []
        tabs[0].reset_dimensions()
        rows = enumerate(tabs[0].iter_rows(values_only=True, max_row=_LOOKED_AT), 1)
        texts = [(number, ["" if cell is None else str(cell) for cell in row]) for number, row in rows]
    finally:
        book.close()
    return [(number, row) for number, row in texts if any(cell.strip() for cell in row)]


def _heading_row(head: Rows) -> int | None:
    """Return the row of the heading below titles: rows that fill one cell, or a third, of the width."""
    filled = [sum(bool(cell.strip()) for cell in row) for _, row in head]
    if len(head) < 3:
        return None
    width = Counter(filled[1:]).most_common(1)[0][0]
    first = next((index for index, cells in enumerate(filled) if cells > max(1, width // 3)), 0)
    return head[first][0] if 0 < first < len(head) - 1 and width > 1 else None


def _money(head: Rows, header_row: int) -> float | None:
    above = re.sub(r"[\s:：]+", "", "".join(cell for number, row in head if number < header_row for cell in row))
    for title in TITLES:
        if title.replace(":", "") in above:
            return 1e3 if "千" in title else 1e4
    return None


def _totals(table: SourceTable) -> tuple[str, ...]:
    """Return words for a total with which one of the last rows begins."""
    last = min(_LAST, table.rows - 1)
    firsts: list[str | None] = [None] * last
    for name in table.headings:
        values = table.columns[name].values
        cells = (
            values.slice(table.rows - last).cast(arrow.string()).to_pylist() if is_text(values.type) else [None] * last
        )
        for index, cell in enumerate(cells):
            firsts[index] = firsts[index] or (str(cell).strip() if cell and str(cell).strip() else None)
    return tuple(dict.fromkeys(first for first in firsts if first and first.lower() in TOTALS))
