"""Tables for people and programs: Parquet, CSV as a spreadsheet opens it, or a workbook."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Final

import pyarrow as arrow
import pyarrow.parquet as parquet

from icsml.core.files import check_target, whole_file
from icsml.errors import InputError

__all__ = ["SUFFIXES", "check_table", "is_spreadsheet", "table_file", "write_table"]

SUFFIXES: Final = (".parquet", ".csv", ".xlsx")
"""What a table can be written as, by the end of its file's name."""

MOST_ROWS: Final = 1_048_575
"""Rows of a sheet below its heading."""
_LONGEST: Final = 32_767
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_FIRST_YEAR: Final = 1900

Write = Callable[[arrow.Table], None]


def is_spreadsheet(path: Path) -> bool:
    """Return whether spreadsheets open a file of this kind, whose cells contain one value each."""
    return path.suffix.lower() in (".csv", ".xlsx")


def check_table(path: Path, *, rows: Callable[[], int] | None = None) -> None:
    """Refuse an unknown file extension, and more rows than a sheet can contain.

    Parameters
    ----------
    path : Path
        The table to write.
    rows : callable, optional
        Returns the number of rows; called only where it matters.

    Raises
    ------
    InputError
        ``ICS-CFG-010`` if the ending is none of :data:`SUFFIXES`, ``ICS-CFG-011`` if there are too many rows,
        ``ICS-CFG-003`` if it cannot become a file.
    """
    check_target(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(
            "ICS-CFG-010",
            f"no table can be written as {suffix or 'a file without an ending'}",
            field=str(path),
            remedy=f"end its name in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}",
        )
    if suffix == ".xlsx" and rows is not None:
        _check_rows(path, rows())


def _check_rows(path: Path, rows: int) -> None:
    if rows > MOST_ROWS:
        raise InputError(
            "ICS-CFG-011",
            f"a sheet holds {MOST_ROWS:,} rows below its heading, and there are {rows:,}",
            field=str(path),
            remedy="write it as .parquet or .csv, or divide the input",
        )


def write_table(path: Path, table: arrow.Table) -> None:
    """Write a table in the format of the file extension, atomically.

    Raises
    ------
    InputError
        As :func:`check_table`, or if a text is too long for a cell of a workbook.
    """
    check_table(path, rows=lambda: table.num_rows)
    with table_file(path, table.schema) as write:
        write(table)


@contextmanager
def table_file(path: Path, schema: arrow.Schema, **parquet_options: Any) -> Iterator[Write]:  # noqa: ANN401
    """Yield a function that adds rows to a table, which is written atomically.

    Parameters
    ----------
    path : Path
        The table, in the format of its extension.
    schema : pyarrow.Schema
        Its columns; for a CSV file or a workbook each has plain values.
    **parquet_options
        Options of a Parquet file.
    """
    kinds = {".csv": _csv, ".xlsx": _workbook}
    with whole_file(path) as partial:
        open_ = kinds.get(path.suffix.lower())
        if open_ is not None:
            with open_(partial, path, schema) as write:
                yield write
            return
        with parquet.ParquetWriter(partial, schema, **parquet_options) as writer:
            yield writer.write_table


@contextmanager
def _csv(partial: Path, path: Path, schema: arrow.Schema) -> Iterator[Write]:
    """Write UTF-8 with a byte order mark, without which spreadsheets assume a local encoding."""
    with partial.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([_csv_cell(name) for name in schema.names])

        def write(table: arrow.Table) -> None:
            writer.writerows([_csv_cell(value) for value in row] for row in _rows(table))

        yield write


def _csv_cell(value: object) -> str:
    """Return a value as text, with an apostrophe before what a spreadsheet would take for a formula."""
    match value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case float():
            return repr(value)
        case date():
            return value.isoformat()
        case str() if value.startswith(_FORMULA):
            return f"'{value}"
        case _:
            return str(value)


@contextmanager
def _workbook(partial: Path, path: Path, schema: arrow.Schema) -> Iterator[Write]:
    from openpyxl import Workbook  # only who writes a workbook waits for it
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("table")
    sheet.freeze_panes = "A2"
    written = 0

    def cell(value: object) -> object:
        if isinstance(value, str):
            return _text_cell(sheet, value, path)
        if isinstance(value, date) and value.year < _FIRST_YEAR:  # a workbook knows no earlier day
            return value.isoformat()
        return str(value) if isinstance(value, float) and math.isinf(value) else value

    def write(table: arrow.Table) -> None:
        nonlocal written
        written += table.num_rows
        _check_rows(path, written)
        for row in _rows(table):
            sheet.append([cell(value) for value in row])

    heading = [WriteOnlyCell(sheet, name) for name in schema.names]
    for label in heading:
        label.font, label.data_type = Font(bold=True), "s"
    sheet.append(heading)
    try:
        yield write
    except BaseException:
        sheet.close()  # else its open stream causes a warning much later
        raise
    workbook.save(partial)


def _text_cell(sheet: Any, text: str, path: Path) -> Any:  # noqa: ANN401 - openpyxl has no types
    """Return a cell that is always text: identifiers are kept whole, and no formula is computed."""
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if len(text) > _LONGEST:
        raise InputError(
            "ICS-CFG-011",
            f"a cell holds {_LONGEST:,} characters, and a text has {len(text):,}",
            field=str(path),
            remedy="write it as .parquet or .csv",
        )
    cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("\N{REPLACEMENT CHARACTER}", text))
    cell.data_type, cell.number_format = "s", "@"
    if text.startswith(_FORMULA):
        cell.quotePrefix = True
    return cell


def _rows(table: arrow.Table) -> Iterator[tuple[object, ...]]:
    for batch in table.to_batches(max_chunksize=10_000):
        columns = [[_plain(value) for value in column.to_pylist()] for column in batch.columns]
        yield from zip(*columns, strict=True)


def _plain(value: object) -> object:
    """Return a value as a cell contains it: an empty cell for no number, a date for a day without a time."""
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, datetime) and value.time() == time():
        return value.date()
    return value
