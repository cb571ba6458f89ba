"""Reading Excel workbooks: each cell exactly as stored."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import numpy as np
import openpyxl
import pyarrow as arrow
from openpyxl.utils import get_column_letter, range_boundaries
from openpyxl.utils.exceptions import InvalidFileException

from icsml.errors import InputError
from icsml.portfolio.mapping import Source
from icsml.portfolio.reading.table import EXACT, Column, SourceTable, skipped_lines

__all__ = ["read_workbook"]

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


_Row = tuple[int, tuple[Any, ...]]


class _Unsaved(NamedTuple):
    """A formula whose value was never saved; row from 1, column from 0."""

    row: int
    column: int
    cell: str


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet's rows with their numbers, and facts that its cells alone do not show."""

    title: str
    rows: list[_Row]
    unsaved: list[_Unsaved]
    merged: tuple[str, ...]


def read_workbook(source: Source, path: Path, wanted: Collection[str] | None) -> SourceTable:
    """Read a sheet: the one named, else the first that is not hidden.

    Raises
    ------
    InputError
        If it is no workbook, has no such sheet, merges cells below the heading, or a column holds a formula whose value
        was never saved.
    """
    sheet = _sheet(source, path, wanted)
    names = _headings(source, sheet)
    _refuse_merged(source, sheet)
    body = [(number, row) for number, row in sheet.rows if number > source.header_row]
    kept = _kept(source, body)
    if not kept:
        what = f"the table has no rows below the heading of sheet {sheet.title}"
        remedy = "fill it in, or name another sheet with source.sheet"
        raise InputError("ICS-DAT-003", what, field=source.file, remedy=remedy)
    numbers = [number for number, _ in kept]
    skipped = {number for number, _ in body} - set(numbers)
    unsaved = [formula for formula in sheet.unsaved if formula.row > source.header_row and formula.row not in skipped]
    columns = {}
    for index, name in enumerate(names):
        if wanted is not None and name not in wanted:
            continue
        for formula in unsaved:
            if formula.column == index:
                raise _unsaved(name, formula.cell)
        cells = [row[index] if index < len(row) else None for _, row in kept]
        columns[name] = _column(name, cells, source.decimal)

    def locate(rows: Sequence[int]) -> list[str]:
        return [f"row {numbers[row]:,}" for row in rows]

    return SourceTable(
        source.file,
        names,
        columns,
        len(kept),
        locate,
        blank=body[-1][0] - source.header_row - len(body),
        skipped=len(body) - len(kept),
        sheet=sheet.title,
        hint=_hint(source, sheet, names),
    )


def _sheet(source: Source, path: Path, wanted: Collection[str] | None) -> _Sheet:
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, InvalidFileException) as error:
        raise InputError(
            "ICS-DAT-002", "not a workbook", field=source.file, remedy="save it as .xlsx once more"
        ) from error
    try:
        tab = _chosen(source, book)
        _refuse_twins(source, tab, book, wanted)
        tab.reset_dimensions()  # what the file states of its size is often wrong
        with warnings.catch_warnings():
            # openpyxl prints the value of a date that cannot be; it becomes an error cell, which is counted.
            warnings.simplefilter("ignore", UserWarning)
            rows = [(number, row) for number, row in enumerate(tab.iter_rows(values_only=True), 1)]
        unsaved, merged = _hidden_facts(path, tab._worksheet_path)
    finally:
        book.close()
    filled = [(number, row) for number, row in rows if any(_is_filled(cell) for cell in row)]
    return _Sheet(tab.title, filled, unsaved, merged)


def _chosen(source: Source, book: openpyxl.Workbook) -> Any:  # noqa: ANN401 - openpyxl has no types
    tabs = {tab.title: tab for tab in book.worksheets}
    if source.sheet is not None:
        if source.sheet not in tabs:
            raise InputError(
                "ICS-DAT-002",
                "no such sheet",
                field=f"{source.file}: {source.sheet}",
                remedy=f"there are {', '.join(tabs)}",
            )
        return tabs[source.sheet]
    seen = [tab for tab in tabs.values() if tab.sheet_state == "visible"]
    if not seen:
        raise InputError("ICS-DAT-002", "every sheet is hidden", field=source.file, remedy="name one with source.sheet")
    return seen[0]


def _refuse_twins(source: Source, chosen: Any, book: openpyxl.Workbook, wanted: Collection[str] | None) -> None:  # noqa: ANN401
    """Refuse to choose where another visible sheet has the same columns, such as one for each year."""
    if source.sheet is not None:
        return
    words = _heading_words(source, chosen)
    needed = words if wanted is None else words & set(wanted)
    twins = [
        tab.title
        for tab in book.worksheets
        if tab is not chosen and tab.sheet_state == "visible" and needed and needed <= _heading_words(source, tab)
    ]
    if twins:
        raise InputError(
            "ICS-DAT-002",
            f"sheet {', '.join(twins)} has the same columns as sheet {chosen.title}",
            field=source.file,
            remedy="name one with source.sheet, or bring them together",
        )


def _heading_words(source: Source, tab: Any) -> set[str]:  # noqa: ANN401 - openpyxl has no types
    tab.reset_dimensions()
    row = next(tab.iter_rows(min_row=source.header_row, max_row=source.header_row, values_only=True), ())
    return {_heading(cell) for cell in row} - {""}


def _hidden_facts(path: Path, part: str) -> tuple[list[_Unsaved], tuple[str, ...]]:
    """Return formulas without a saved value, and merged ranges: openpyxl's values show neither."""
    unsaved: list[_Unsaved] = []
    merged: list[str] = []
    row = column = 0
    with zipfile.ZipFile(path) as archive, archive.open(part.removeprefix("/")) as xml:
        never_computed = _asks_to_compute(archive)
        for event, element in ElementTree.iterparse(xml, ("start", "end")):  # noqa: S314 - as openpyxl parsed it
            tag = element.tag.removeprefix(_MAIN)
            if event == "start":
                if tag == "row":
                    row, column = int(element.get("r", row + 1)), 0
            elif tag == "c":
                column = range_boundaries(element.attrib["r"])[0] if "r" in element.attrib else column + 1
                if _is_unsaved(element, never_computed):
                    unsaved.append(_Unsaved(row, column - 1, f"{get_column_letter(column)}{row}"))
                element.clear()
            elif tag == "mergeCell":
                merged.append(element.attrib["ref"])
            elif tag == "row":
                element.clear()
    return unsaved, tuple(merged)


def _asks_to_compute(archive: zipfile.ZipFile) -> bool:
    """Return whether a program that cannot compute wrote the workbook: it may give 0 as the value of every formula."""
    root = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 - as openpyxl parsed it
    asked = root.find(f"{_MAIN}calcPr")
    return asked is not None and asked.get("fullCalcOnLoad") in ("1", "true")


def _is_unsaved(cell: ElementTree.Element, never_computed: bool) -> bool:
    """Return whether a formula has no value; an empty text is one, and then the cell's type is text."""
    if cell.find(f"{_MAIN}f") is None:
        return False
    value = cell.find(f"{_MAIN}v")
    return never_computed or value is None or (not value.text and cell.get("t") != "str")


def _is_filled(cell: object) -> bool:
    return cell is not None and not (isinstance(cell, str) and not cell.strip())


def _headings(source: Source, sheet: _Sheet) -> tuple[str, ...]:
    heading = next((row for number, row in sheet.rows if number == source.header_row), None)
    if heading is None:
        raise InputError(
            "ICS-DAT-003",
            f"no heading in row {source.header_row} of sheet {sheet.title}",
            field=source.file,
            remedy="set source.header_row",
        )
    below = (row for number, row in sheet.rows if number > source.header_row)
    width = max((_width(row) for row in (heading, *below)), default=0)
    cells = [heading[index] if index < len(heading) else None for index in range(width)]
    return tuple(_heading(cell) or f"column {index}" for index, cell in enumerate(cells, 1))


def _heading(cell: object) -> str:
    """Return a heading as text; the number 2015 reads 2015."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return str(cell).strip() if _is_filled(cell) else ""


def _width(row: tuple[Any, ...]) -> int:
    return max((index for index, cell in enumerate(row, 1) if _is_filled(cell)), default=0)


def _hint(source: Source, sheet: _Sheet, names: tuple[str, ...]) -> str:
    filled = len(names) - sum(name == f"column {index}" for index, name in enumerate(names, 1))
    question = (
        f"row {source.header_row} of sheet {sheet.title}, read as the heading, names {filled} of {len(names)} columns"
    )
    return f"{question}: set source.header_row or sheet if that is wrong"


def _refuse_merged(source: Source, sheet: _Sheet) -> None:
    for area in sheet.merged:
        if range_boundaries(area)[3] > source.header_row:
            raise InputError(
                "ICS-DAT-002",
                f"cells {area} of sheet {sheet.title} are merged, so that all but the first are empty",
                field=source.file,
                remedy="unmerge them and fill each cell",
            )


def _kept(source: Source, body: list[_Row]) -> list[_Row]:
    """Leave out the rows that the mapping skips, by number or by the text of their first filled cell."""
    numbers = skipped_lines(source, [number for number, _ in body], heading=source.header_row, unit="row")
    return [(number, row) for number, row in body if number not in numbers and _first(row) not in source.skip_rows]


def _first(row: tuple[Any, ...]) -> str | None:
    return next((str(cell).strip() for cell in row if _is_filled(cell)), None)


def _unsaved(name: str, cell: str) -> InputError:
    return InputError(
        "ICS-DAT-007",
        f"the column holds formulas whose value was never saved, the first in {cell}",
        field=name,
        remedy="open the workbook in a spreadsheet program and save it, or write values",
    )


def _column(name: str, cells: list[Any], decimal: str) -> Column:
    """Give a column its exact type; where kinds are mixed, numbers become text and dates are separate."""
    filled = [cell if _is_filled(cell) else None for cell in cells]
    kinds = {_kind(cell) for cell in filled if cell is not None}
    match kinds:
        case _ if kinds <= {"whole"}:
            return Column(name, _chunked([None if cell is None else int(cell) for cell in filled], arrow.int64()))
        case _ if kinds <= {"whole", "number"}:
            return Column(name, _chunked([None if cell is None else float(cell) for cell in filled], arrow.float64()))
        case _ if kinds == {"flag"}:
            return Column(name, _chunked(filled, arrow.bool_()))
        case _ if kinds == {"day"}:
            return Column(name, _chunked(filled, arrow.timestamp("us")))
    texts = [None if cell is None or _kind(cell) == "day" else _written(cell, decimal) for cell in filled]
    if "day" not in kinds:
        return Column(name, _chunked(texts, arrow.string()), decimal=decimal)
    days = np.array([_day(cell) for cell in filled], dtype="datetime64[D]")
    return Column(name, _chunked(texts, arrow.string()), days, decimal)


def _chunked(values: list[Any], kind: arrow.DataType) -> arrow.ChunkedArray:
    return arrow.chunked_array([arrow.array(values, kind)])


def _kind(cell: object) -> str:
    match cell:
        case bool():
            return "flag"
        case int() | float():
            return "whole" if float(cell).is_integer() and abs(cell) < EXACT else "number"
        case date():
            return "day"
    return "text"


def _written(cell: object, decimal: str) -> str:
    """Return a cell as text; a whole number too great to be exact has a power of ten, so that it is no identifier."""
    match cell:
        case bool():
            return "true" if cell else "false"
        case int() | float():
            if _kind(cell) == "whole":
                return str(int(cell))
            written = format(float(cell), ".16e") if abs(cell) >= EXACT else repr(float(cell))
            return written.replace(".", decimal)
        case time() | timedelta():
            return f"{cell} (a time of day)"
    return str(cell)


def _day(cell: object) -> np.datetime64:
    if isinstance(cell, datetime):
        cell = cell.date()
    return np.datetime64(cell, "D") if isinstance(cell, date) else np.datetime64("NaT", "D")
