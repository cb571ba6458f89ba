"""One table written as csv, as a workbook and as Parquet gives one data set, and every cell is accounted for.

The generator knows of each cell what it means (a value, nothing, missing by declaration, unreadable), so what an import
should say is worked out here without the code that is tested.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from itertools import takewhile
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest
import yaml
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from icsml.errors import InputError
from icsml.portfolio.checks import load_check_config
from icsml.portfolio.importer import ImportReport, import_dataset

EXACT = 2**53
TODAY = date(2024, 1, 1)
SENTINELS = ["-", "缺失", -999, date(1900, 1, 1)]


@dataclass(frozen=True)
class Cell:
    """What is written, and what it means."""

    text: str | None
    kind: str  # value, empty, missing, unreadable
    value: Any = None
    native: Any = None  # the same as a number or date, where it is one
    own_unit: bool = False
    grouped: bool = False  # its thousands are parted: a number only if no other cell parts digits otherwise
    unsettles: bool = False

    def lost(self) -> Cell:
        return replace(self, kind="unreadable", value=None)


EMPTY = Cell(None, "empty")
SPACE = Cell("  ", "empty")
DASH = Cell("-", "missing")
WORD = Cell(" 缺失", "missing")
SENTINEL = Cell("-999", "missing", native=-999)


def garbage(*texts: str) -> list[Cell]:
    return [Cell(text, "unreadable") for text in texts]


Draw = Callable[[Random], Cell]


def one_of(cells: list[Cell]) -> Draw:
    return lambda random: random.choice(cells)


def some(*values: Draw, others: list[Cell]) -> Draw:
    """Mostly values: a column of garbage is refused, which is another path."""
    return lambda random: random.choice(values)(random) if random.random() < 0.75 else random.choice(others)


# ids: whole numbers, also where a float no longer tells them apart; leading zeros; one firm written in several ways
def whole_id(random: Random) -> Cell:
    first, last = random.choice([(1, 9), (EXACT - 2, EXACT + 3), (1234567890123456788, 1234567890123456791)])
    number = random.randint(first, last)
    return Cell(str(number), "value", str(number), native=number)


TEXT_ID = one_of(
    [
        *(Cell(text, "value", text) for text in ("007", "07", "企业,甲", 'a"b', "x;y", "0.50", "1e5", "None", "NA")),
        Cell("7.0", "value", "7", native=7.0),
        Cell(" 7 ", "value", "7", native=7),
        Cell("7", "value", "7", native=7),
        Cell("9007199254740993", "value", "9007199254740993"),
        Cell("91350100M000100Y43", "value", "91350100M000100Y43"),
    ]
)
BROKEN_ID = garbage("1.23457E+18", "1,2E+12", "1E+16", "#REF!")


def plain(random: Random) -> Cell:
    number = random.randint(-(10**9), 10**12) if random.random() < 0.5 else random.randint(1, 10**10) / 10**4
    return Cell(repr(number), "value", float(number), native=number)


WRITTEN = one_of(
    [
        Cell("1,234.5", "value", 1234.5, grouped=True),
        Cell("-12,345,678", "value", -12345678.0, grouped=True),
        Cell("(1,234)", "value", -1234.0, grouped=True),
        Cell("(12.5)", "value", -12.5),
        Cell("１２３", "value", 123.0),
        Cell("12.5%", "value", 0.125, own_unit=True),
        Cell("-3 %", "value", -0.03, own_unit=True),
        Cell("3.5万", "value", 35000.0, own_unit=True),
        Cell("1,250万元", "value", 12500000.0, own_unit=True, grouped=True),
        Cell("0.2亿", "value", 20000000.0, own_unit=True),
        Cell("¥100", "value", 100.0),
    ]
)
WRONG_NUMBERS = [
    *garbage("soon", "#DIV/0!", "1.2.3", "nan", "12abc", "--"),
    Cell("1,23", "unreadable", unsettles=True),
    Cell("0,125", "unreadable", unsettles=True),
]


def iso(random: Random) -> Cell:
    day = date(2015, 1, 1) + timedelta(days=random.randrange(365))
    return Cell(day.isoformat(), "value", day, native=day)


def dated(random: Random) -> Cell:
    cell = iso(random)
    return replace(cell, text=cell.value.strftime(random.choice(PATTERNS)))


PATTERNS = ["%Y-%m-%d", "%Y-%m-%dT23:30:00+08:00", "%Y-%m-%d 00:15:00", "%d.%m.%Y", "%Y年%m月%d日", "%Y/%m/%d"]
NO_DAY = Cell("1900-01-01", "missing", native=date(1900, 1, 1))
WRONG_DAYS = garbage("2015", "2015-02-30", "31.04.2015", "soon", "#N/A", "15-01-02", "２０１５-01-02")

FLAGS = {"Y": True, "否": False, 1: True, "u": None}
FLAG = one_of(
    [
        Cell("Y", "value", 1.0),
        Cell(" 否", "value", 0.0),
        Cell("1", "value", 1.0, native=1),
        Cell("1.00", "value", 1.0, native=1.0),
        Cell("u", "missing"),
    ]
)


def words(random: Random) -> Cell:
    text = "".join(random.choices("ab甲乙,;\"' " + "\n" * (random.random() < 0.1), k=random.randint(1, 6)))
    return Cell(text, "value", text.strip()) if text.strip() else SPACE


LABEL = one_of(
    [
        Cell("1", "value", 1.0, native=1),
        Cell("1.0", "value", 1.0, native=1.0),
        Cell("Y ", "value", 1.0),
        Cell("0", "value", 0.0, native=0),
        Cell("0.00", "value", 0.0, native=0.0),
        Cell("N", "value", 0.0),
        Cell("?", "value", np.nan),
    ]
)
BAD_LABELS = [Cell("2", "value", "undeclared", native=2), Cell("#N/A", "unreadable")]


def blanks(*more: Cell) -> list[Cell]:
    return [EMPTY, EMPTY, SPACE, DASH, WORD, *more]


TEXT_COLUMNS: dict[str, Draw] = {
    "firm": some(whole_id, TEXT_ID, TEXT_ID, others=[*blanks(SENTINEL), *BROKEN_ID]),
    "day": some(dated, others=[*blanks(NO_DAY), *WRONG_DAYS]),
    "money": some(plain, WRITTEN, others=[*blanks(SENTINEL), *WRONG_NUMBERS]),
    "share": some(plain, WRITTEN, others=[*blanks(SENTINEL), *WRONG_NUMBERS]),
    "flag": some(FLAG, others=[*blanks(), *garbage("maybe", "#VALUE!")]),
    "name": some(words, others=[*blanks(), *garbage("#NAME?")]),
    "bad": some(LABEL, others=[*blanks(), *BAD_LABELS]),
}
TYPED_COLUMNS = {
    "firm": some(whole_id, others=[EMPTY, SENTINEL]),
    "day": some(iso, others=[EMPTY, NO_DAY]),
    "money": some(plain, others=[EMPTY, SENTINEL]),
    "share": some(plain, others=[EMPTY, SENTINEL]),
    "bad": one_of([Cell("1", "value", 1.0, native=1), Cell("0", "value", 0.0, native=0), EMPTY]),
}
COLUMNS = list(TEXT_COLUMNS)
NUMBERS = ("money", "share")


@dataclass(frozen=True)
class Table:
    """Cells by column, which columns are typed, and a column that the mapping ignores."""

    cells: dict[str, list[Cell]]
    typed: frozenset[str]
    note: list[str]

    @property
    def rows(self) -> int:
        return len(self.note)


def table_of(random: Random, rows: int) -> Table:
    """Return a table that random numbers fill: Hypothesis likes to repeat values, and would leave many out."""
    typed = frozenset(name for name in TYPED_COLUMNS if random.random() < 0.5)
    blank = [random.random() < 0.1 for _ in range(rows)]
    cells = {}
    for name in COLUMNS:
        draw = (TYPED_COLUMNS if name in typed else TEXT_COLUMNS)[name]
        nothing = [EMPTY] if name in typed else [EMPTY, SPACE]
        cells[name] = [random.choice(nothing) if blank[row] else draw(random) for row in range(rows)]
    if random.random() < 0.8:  # what ends an import as a whole is seldom of interest
        cells["bad"] = [EMPTY if cell in BAD_LABELS else cell for cell in cells["bad"]]
        cells["firm"][0] = Cell("1", "value", "1", native=1)
        cells["day"][0] = Cell("2015-06-30", "value", date(2015, 6, 30), native=date(2015, 6, 30))
        cells["bad"][0] = Cell("1", "value", 1.0, native=1)
    note = ["".join(random.choices("ab甲,;\"'\t \n", k=random.randint(0, 4))) for _ in range(rows)]
    return Table(cells, typed, note)


TABLES = st.builds(lambda seed, rows: table_of(Random(seed), rows), st.integers(0, 2**32), st.integers(1, 25))


# what an import should say


@dataclass(frozen=True)
class Expected:
    code: str | None
    rows: list[tuple[Any, ...]]
    cells: dict[str, tuple[int, int, int, int]]
    refused_by: dict[str, int]
    duplicates: int


FIELDS = {"firm": "enterprise_id", "day": "as_of", "money": "revenue_cny", "flag": "high_tech_enterprise"}
FIELDS |= {"name": "legal_representative", "share": "extra.share", "bad": "outcome"}


def settled(cells: list[Cell]) -> list[Cell]:
    """No thousands are parted where another cell shows that the comma may be a decimal mark."""
    if any(cell.unsettles for cell in cells):
        return [cell.lost() if cell.grouped else cell for cell in cells]
    return cells


def counted(cells: list[Cell]) -> tuple[int, int, int, int]:
    kinds = Counter(cell.kind for cell in cells)
    return kinds["value"], kinds["empty"], kinds["missing"], kinds["unreadable"]


def refusal(cells: dict[str, list[Cell]]) -> str | None:
    """Return the code of the first column that is refused as a whole."""
    if not cells["firm"]:
        return "ICS-DAT-003"
    values, _, _, lost = counted(cells["day"])
    if lost and not values:
        return "ICS-DAT-006"
    for name in NUMBERS:
        values, _, _, lost = counted(cells[name])
        if lost > values:
            return "ICS-DAT-007"
    if not any(cell.kind == "value" or cell.text == "u" for cell in cells["flag"]) and counted(cells["flag"])[3]:
        return "ICS-DAT-007"
    labels = [cell.value for cell in cells["bad"] if cell.kind == "value"]
    if any(cell.kind == "unreadable" for cell in cells["bad"]):
        return "ICS-DAT-012"
    if 1.0 not in labels:
        return "ICS-DAT-009"
    return "ICS-DAT-012" if "undeclared" in labels else None


def scaled(cell: Cell) -> float:
    if cell.kind != "value":
        return np.nan
    if cell.own_unit:
        return cell.value
    exact = Decimal(repr(cell.value)) * 10000
    to_the_fen = exact == round(exact, 2) and abs(exact) < 10**13
    return float(exact) if to_the_fen else cell.value * 10000.0


def expect(table: Table, *, numbers_in_cells: bool = False) -> Expected:
    cells = table.cells
    if numbers_in_cells:  # of a workbook, which holds every number as a float
        great = [
            cell.lost() if isinstance(cell.native, int) and cell.native >= EXACT else cell for cell in cells["firm"]
        ]
        cells = cells | {"firm": great}
    filled = [row for row in range(table.rows) if any(each[row].kind != "empty" for each in cells.values())]
    cells = {name: settled([each[row] for row in filled]) for name, each in cells.items()}
    code = refusal(cells)
    counts = {FIELDS[name]: counted(each) for name, each in cells.items()}
    if code is not None:
        return Expected(code, [], counts, {}, 0)
    rows = []
    by: Counter[str] = Counter()
    for place in range(len(filled)):
        row = {name: each[place] for name, each in cells.items()}
        faults = [FIELDS[name] for name in ("firm", "day") if row[name].kind != "value"]
        if row["name"].kind == "value" and "\n" in row["name"].value:
            faults.append("legal_representative")
        by.update(faults)
        known = {name: cell.value if cell.kind == "value" else None for name, cell in row.items()}
        if not faults:
            numbers = [
                scaled(row["money"]),
                *(np.nan if known[k] is None else known[k] for k in ("share", "flag", "bad")),
            ]
            rows.append((known["firm"], known["day"], known["name"], *map(str, numbers)))
    unlike: dict[Any, set[Any]] = {}
    for row in rows:
        unlike.setdefault(row[:2], set()).add(row)
    kept = list(dict.fromkeys(row for row in rows if len(unlike[row[:2]]) == 1))
    if not kept:
        return Expected("ICS-DAT-010", [], counts, {}, 0)
    return Expected(None, kept, counts, dict(by), len(rows) - len(kept))


# the formats


def swapped(text: str) -> str:
    return text.translate(str.maketrans({",": ".", ".": ","}))


@dataclass(frozen=True)
class Dialect:
    separator: str
    encoding: str
    line_end: str
    zipped: bool
    decimal: str
    quote_all: bool


DIALECTS = st.builds(
    Dialect,
    separator=st.sampled_from([",", ";", "\t"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]),
    line_end=st.sampled_from(["\n", "\r\n"]),
    zipped=st.booleans(),
    decimal=st.sampled_from([".", ".", ","]),
    quote_all=st.booleans(),
)


def write_csv(table: Table, folder: Path, dialect: Dialect) -> dict[str, Any]:
    out = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if dialect.quote_all else csv.QUOTE_MINIMAL
    writer = csv.writer(out, delimiter=dialect.separator, lineterminator=dialect.line_end, quoting=quoting)
    writer.writerow([*COLUMNS, "note"])
    for row in range(table.rows):
        texts = [table.cells[name][row].text or "" for name in COLUMNS]
        if dialect.decimal == ",":
            texts = [swapped(text) if name in NUMBERS else text for name, text in zip(COLUMNS, texts, strict=True)]
        writer.writerow([*texts, table.note[row]])
    data = out.getvalue().encode(dialect.encoding)
    name = "firms.csv.gz" if dialect.zipped else "firms.csv"
    (folder / name).write_bytes(gzip.compress(data, 1) if dialect.zipped else data)
    source: dict[str, Any] = {"file": name, "decimal": dialect.decimal}
    if not dialect.encoding.startswith("utf-8"):
        source["encoding"] = dialect.encoding
    return source


def write_workbook(table: Table, folder: Path, *, native: bool) -> dict[str, Any]:
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("data")
    sheet.append([*COLUMNS, "note"])
    for row in range(table.rows):
        cells = [table.cells[name][row] for name in COLUMNS]
        sheet.append(
            [
                *(cell.native if native and cell.native is not None else cell.text for cell in cells),
                table.note[row] or None,
            ]
        )
    book.save(folder / "firms.xlsx")
    return {"file": "firms.xlsx"}


Typing = Callable[[list[Any]], arrow.Array]
CHINA = timezone(timedelta(hours=8))


def in_china(days: list[date | None]) -> arrow.Array:
    """Return a moment of each day that is on another day in London, or would be if the zone were added twice."""
    clock = (time(0, 30), time(23, 30))
    late = [None if day is None else int(datetime.combine(day, clock[day.day % 2], CHINA).timestamp()) for day in days]
    return arrow.array(late, arrow.int64()).cast(arrow.timestamp("s", "+08:00"))


DAY_TYPES: list[Typing] = [
    lambda days: arrow.array(days, arrow.date32()),
    lambda days: arrow.array(days, arrow.date64()),
    lambda days: arrow.array(days, arrow.date32()).cast(arrow.timestamp("ns")),
    in_china,
]
NUMBER_TYPES: list[Typing] = [
    lambda values: arrow.array(values, arrow.float64()),
    lambda values: arrow.array(
        [None if each is None else Decimal(repr(each)) for each in values], arrow.decimal128(24, 4)
    ),
]


def whole(values: list[Any]) -> bool:
    return all(value is None or isinstance(value, int) for value in values)


TEXT_TYPES: list[Typing] = [
    lambda texts: arrow.array(texts, arrow.string()),
    lambda texts: arrow.array(texts, arrow.large_string()),
    lambda texts: arrow.array(texts, arrow.string()).dictionary_encode(),
]


@dataclass(frozen=True)
class Typings:
    text: Typing
    day: Typing
    number: Typing
    cut: int


TYPINGS = st.builds(
    Typings, st.sampled_from(TEXT_TYPES), st.sampled_from(DAY_TYPES), st.sampled_from(NUMBER_TYPES), st.integers(0, 9)
)


def as_arrow(table: Table, typings: Typings) -> arrow.Table:
    columns = {}
    for name in COLUMNS:
        cells = table.cells[name]
        values = [cell.native for cell in cells]
        if name not in table.typed:
            columns[name] = typings.text([cell.text for cell in cells])
        elif name == "day":
            columns[name] = typings.day(values)
        elif whole(values):
            columns[name] = arrow.array(values, arrow.int64())
        else:
            columns[name] = typings.number(values)
    return arrow.table(columns | {"note": typings.text(table.note)})


def write_parquet(table: Table, folder: Path, typings: Typings) -> dict[str, Any]:
    parquet.write_table(as_arrow(table, typings), folder / "firms.parquet")
    return {"file": "firms.parquet"}


def write_parts(table: Table, folder: Path, typings: Typings) -> dict[str, Any]:
    whole_table = as_arrow(table, typings)
    (folder / "parts.parquet").mkdir()
    (folder / "parts.parquet" / "_SUCCESS").touch()
    parquet.write_table(whole_table.slice(0, typings.cut), folder / "parts.parquet" / "part-0.parquet")
    parquet.write_table(whole_table.slice(typings.cut), folder / "parts.parquet" / "part-1.parquet")
    return {"file": "parts.parquet"}


MAPPING = {
    "name": "formats",
    "licence": "internal",
    "missing": SENTINELS,
    "enterprise_id": "firm",
    "as_of": {"column": "day", "formats": ["ISO8601", "%d.%m.%Y", "%Y年%m月%d日", "%Y/%m/%d"]},
    "outcome": {"column": "bad", "positive": [1, "Y"], "negative": ["0", "N"], "unknown": ["?"]},
    "fields": {
        "revenue_cny": {"column": "money", "scale": 10000},
        "legal_representative": "name",
        "high_tech_enterprise": {"column": "flag", "values": FLAGS},
    },
    "extra_features": [{"column": "share", "group": "g"}],
    "ignore": ["note"],
}
CONFIG = load_check_config()


def imported(folder: Path, source: dict[str, Any]) -> tuple[str | None, ImportReport | None, list[tuple[Any, ...]]]:
    (folder / "m.yaml").write_text(yaml.safe_dump(MAPPING | {"source": source}, allow_unicode=True), "utf-8")
    try:
        report = import_dataset(folder / "m.yaml", folder / "out", checks=CONFIG, today=TODAY)
    except InputError as error:
        return error.code, None, []
    frame, outcomes = (pd.read_parquet(folder / "out" / f"{name}.parquet") for name in ("enterprises", "outcomes"))
    names = ["enterprise_id", "as_of", "legal_representative", "revenue_cny", "extra.share", "high_tech_enterprise"]
    columns = [frame[name].astype(object).where(frame[name].notna(), None).tolist() for name in names]
    assert outcomes["enterprise_id"].tolist() == columns[0]
    assert outcomes["as_of"].tolist() == frame["as_of"].tolist()
    columns.append(outcomes["bad"].astype(object).where(outcomes["bad"].notna(), None).tolist())
    return None, report, [_row(*values) for values in zip(*columns, strict=True)]


def _row(firm: str, day: pd.Timestamp, name: str | None, *numbers: Any) -> tuple[Any, ...]:
    return (firm, day.date(), name, *(str(np.nan if value is None else float(value)) for value in numbers))


def empty_end(table: Table) -> list[int]:
    """Return the rows after the last that holds anything: to a workbook they are no rows."""
    rows = reversed(range(table.rows))
    return list(
        takewhile(
            lambda row: not table.note[row].strip() and all(each[row].kind == "empty" for each in table.cells.values()),
            rows,
        )
    )


def check(table: Table, folder: Path, source: dict[str, Any], expected: Expected, *, format_: str) -> None:
    code, report, rows = imported(folder, source)
    assert code == expected.code, format_
    if report is None:
        return
    assert rows == expected.rows, format_
    counts = {name: (c.values, c.empty, c.missing, c.unreadable) for name, c in report.cells.items()}
    assert counts == expected.cells, format_
    assert report.refused_by == expected.refused_by, format_
    assert report.duplicates == expected.duplicates, format_
    assert report.unreadable == {name: each[3] for name, each in expected.cells.items() if each[3]}, format_
    read = report.rows + report.refused
    assert {sum(each) for each in counts.values()} == {read}, format_
    at_the_end = len(empty_end(table)) if format_.startswith("workbook") else 0
    assert report.blank == table.rows - read - at_the_end, format_


@settings(max_examples=45, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(table=TABLES, dialect=DIALECTS, typings=TYPINGS)
def test_a_table_is_the_same_data_set_in_every_format_and_no_cell_is_lost(tmp_path_factory, table, dialect, typings):
    expected = expect(table)
    event(expected.code or "a data set")
    in_cells = expect(table, numbers_in_cells=True)
    for format_, write, meant in (
        ("csv", lambda folder: write_csv(table, folder, dialect), expected),
        ("parquet", lambda folder: write_parquet(table, folder, typings), expected),
        ("parquet parts", lambda folder: write_parts(table, folder, typings), expected),
        ("workbook of texts", lambda folder: write_workbook(table, folder, native=False), expected),
        ("workbook of numbers", lambda folder: write_workbook(table, folder, native=True), in_cells),
    ):
        folder = tmp_path_factory.mktemp("format")
        check(table, folder, write(folder), meant, format_=format_)


@pytest.mark.parametrize("column", COLUMNS)
def test_the_generator_reaches_every_kind_of_cell(column):
    """A generator that never makes a kind of cell would prove nothing of it."""
    made = [table_of(Random(seed), 12).cells[column] for seed in range(45)]
    assert {cell.kind for cells in made for cell in cells} == {"value", "empty", "missing", "unreadable"}


def test_the_generator_makes_data_sets_and_every_refusal():
    codes = Counter(expect(table_of(Random(seed), 1 + seed % 12)).code for seed in range(300))
    assert codes[None] > 150
    assert set(codes) == {None, *(f"ICS-DAT-0{number}" for number in ("06", "07", "09", "10", "12"))}
