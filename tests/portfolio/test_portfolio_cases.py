"""Files as people send them: what is wrong is named or counted, and what is right is read as it was meant."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest
import yaml

from icsml.cli import main
from icsml.errors import ConfigError, IcsmlError, InputError
from icsml.portfolio.checks import load_check_config
from icsml.portfolio.importer import ImportReport, import_dataset

Sheet = Any


class Written(NamedTuple):
    enterprises: pd.DataFrame
    outcomes: pd.DataFrame


Imported = tuple[ImportReport, Written]
CONFIG = load_check_config()

TODAY = date(2025, 6, 30)
X = [{"column": "x", "group": "g"}]
LABELS = {"column": "bad", "positive": ["1"], "negative": ["0"]}


def feature(**more: Any) -> list[dict[str, Any]]:
    return [X[0] | more]


def save(folder: Path, source: dict[str, Any], **changes: Any) -> Path:
    mapping = {
        "name": "case",
        "licence": "internal",
        "source": source,
        "enterprise_id": "firm",
        "as_of": None,
        "outcome": None,
    }
    (folder / "m.yaml").write_text(yaml.safe_dump(mapping | changes, allow_unicode=True), "utf-8")
    return folder / "m.yaml"


def take(folder: Path, source: str | dict[str, Any], **changes: Any) -> Imported:
    source = {"file": source} if isinstance(source, str) else source
    report = import_dataset(save(folder, source, **changes), folder / "out", checks=CONFIG, today=TODAY)
    for name, cells in report.cells.items():
        counted = cells.values + cells.empty + cells.missing + cells.unreadable
        assert counted == report.rows + report.refused, name
    return report, Written(*(pd.read_parquet(folder / "out" / f"{name}.parquet") for name in Written._fields))


def text(folder: Path, content: str | bytes, *, source: dict[str, Any] | None = None, **changes: Any) -> Imported:
    data = content if isinstance(content, bytes) else content.encode()
    (folder / "f.csv").write_bytes(data)
    return take(folder, {"file": "f.csv"} | (source or {}), **changes)


def sheet(
    folder: Path,
    rows: Sequence[Sequence[Any]],
    *,
    then: Callable[[Sheet], object] | None = None,
    source: dict[str, Any] | None = None,
    **changes: Any,
) -> Imported:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if then is not None:
        then(book.active)
    book.save(folder / "f.xlsx")
    return take(folder, {"file": "f.xlsx"} | (source or {}), **changes)


def columns(folder: Path, table: dict[str, Any] | arrow.Table, **changes: Any) -> Imported:
    parquet.write_table(table if isinstance(table, arrow.Table) else arrow.table(table), folder / "f.parquet")
    return take(folder, "f.parquet", **changes)


def firms(data: Written) -> list[str]:
    return data.enterprises["enterprise_id"].tolist()


def values(data: Written, name: str = "extra.x") -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in data.enterprises[name]]


def days(data: Written) -> list[str]:
    return data.enterprises["as_of"].dt.strftime("%Y-%m-%d").tolist()


def bad(data: Written) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in data.outcomes["bad"].astype(float)]


def refused(make: Callable[..., Imported], folder: Path, content: Any, **changes: Any) -> IcsmlError:
    with pytest.raises(IcsmlError) as error:
        make(folder, content, **changes)
    assert not (folder / "out").exists()
    return error.value


# csv: lines and fields


def test_text_after_a_closing_quotation_mark_is_refused_and_one_within_a_value_is_read(tmp_path):
    error = refused(text, tmp_path, 'firm,x\n"a",1\n"b"c,2\n', extra_features=X)
    assert (error.code, error.message[:7]) == ("ICS-DAT-002", "line 3:")
    _, data = text(tmp_path, 'firm,x\n5"pipe,1\n"a, ""b""",2\n', extra_features=X)
    assert (firms(data), values(data)) == (['5"pipe', 'a, "b"'], [1, 2])


@pytest.mark.parametrize("heading", ["firm,x", "firm,x,"])
def test_a_separator_at_the_end_of_every_line_shifts_nothing(tmp_path, heading):
    _, data = text(tmp_path, f"{heading}\n1000,2000,\n1001,2001,\n", extra_features=X)
    assert (firms(data), values(data)) == (["1000", "1001"], [2000, 2001])


def test_a_column_without_a_heading_that_holds_something_is_not_left_out(tmp_path):
    error = refused(text, tmp_path, "firm,x,\na,1,\nb,2,7\n", extra_features=X)
    assert (error.code, error.field) == ("ICS-DAT-005", "column 3")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("firm,x\na,1\nb\nc,3\n", 3),
        ("firm,x\na,1\nb,2,\nc,3\n", 3),
        ("firm,x\na,1\nb,2,3\nc,3\n", 3),
        ("firm,x\na,1,9\nb,2\nc,3\n", 2),
        ("firm,x\na,1,\nb,2,9\nc,3,\n", 2),
        ('firm,x\n"a\nb",1\nc,2,3\n', 4),
        ("firm,x\n\na,1\n\nb,2,3\n", 5),
    ],
)
def test_a_line_that_does_not_fit_the_heading_is_named(tmp_path, content, line):
    error = refused(text, tmp_path, content, extra_features=X)
    assert (error.code, error.field) == ("ICS-DAT-002", "f.csv")
    assert error.message.startswith(f"line {line} has ")


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ('firm,x\n"a,1\nb,2\nc,3\n', 2),
        ('x,firm\n1,"a\n2,b\n3,c\n', 2),
        ('x,firm\n1,a\n2,"cut', 3),
        ('x,firm\n1,a\n2,"cut\n', 3),
        ('firm,x,note\na,1,\nb,2,"cut\n', 3),
        ('firm,x\n"a "b", c",1\nc,3\n', 2),
    ],
)
def test_a_quotation_mark_that_is_never_closed_is_named(tmp_path, content, line):
    ignored = {"ignore": ["note"]} if "note" in content else {}
    error = refused(text, tmp_path, content, extra_features=X, **ignored)
    assert error.code == "ICS-DAT-002"
    assert error.message.startswith(f"line {line}: ")


def test_quoted_line_ends_separators_and_marks_stay_within_their_value(tmp_path):
    content = 'firm,note,x\n"a,""b""","one\ntwo",1\n甲,"x\r\n\r\ny",2\nc,,#\n'
    report, data = text(tmp_path, content, extra_features=X, ignore=["note"])
    assert (firms(data), values(data)) == (['a,"b"', "甲", "c"], [1, 2, None])
    assert report.places["unreadable.extra.x"] == ["line 7"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_every_line_end_and_a_byte_order_mark_are_read(tmp_path, end, mark):
    _, data = text(tmp_path, mark + end.join(["firm,x", "a,1", "b,2", ""]), extra_features=X)
    assert (firms(data), values(data)) == (["a", "b"], [1, 2])


def test_blank_lines_and_rows_of_separators_are_left_out_and_counted(tmp_path):
    report, data = text(tmp_path, "firm,x\na,1\n,\n\nb,\n , \n,3\n", extra_features=X)
    assert (firms(data), values(data)) == (["a", "b"], [1, None])
    assert (report.refused_by, report.places["refused.enterprise_id"]) == ({"enterprise_id": 1}, ["line 7"])
    assert report.blank >= 2


def test_a_row_with_a_blank_id_is_refused_not_taken_for_blank(tmp_path):
    report, _ = columns(tmp_path, {"firm": ["a", " ", None], "x": [1.0, 2.0, None]}, extra_features=X)
    assert (report.rows, report.refused, report.blank) == (1, 1, 1)


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_another_separator_is_found_by_the_columns_of_the_mapping(tmp_path, separator):
    _, data = text(tmp_path, separator.join(["firm", "x"]) + "\n" + separator.join(["a", "1"]), extra_features=X)
    assert (firms(data), values(data)) == (["a"], [1])


def test_text_in_another_encoding_names_its_line(tmp_path):
    error = refused(text, tmp_path, b"firm,x\na,1\n" + "甲,2\n".encode("gb18030"), extra_features=X)
    assert error.message == "not text in utf-8-sig, see line 3"


def test_the_wrong_separator_and_a_title_row_are_told_from_a_missing_column(tmp_path):
    error = refused(text, tmp_path, "List of firms\nfirm,x\na,1\n", extra_features=X)
    assert "the heading in line 1 has 1" in error.message
    assert "header_row" in str(error.remedy)
    error = refused(text, tmp_path, "List of firms,\nfirm,x\na,1\n", extra_features=X)
    assert error.code == "ICS-DAT-004"
    assert "line 1, read as the heading" in error.message
    error = refused(text, tmp_path, "firm;x\na;1\n", source={"separator": ","}, extra_features=X)
    assert "parted by a comma, has 1 column" in error.message


@pytest.mark.parametrize("make", [text, sheet])
def test_title_rows_and_total_rows_are_left_out_as_declared(tmp_path, make):
    rows = [["List", None], [None, None], ["firm", "x"], ["a", 1], ["b", 2], ["合计", 3], ["note", None]]
    content = "".join(f"{a or ''},{'' if b is None else b}\n" for a, b in rows) if make is text else rows
    for skips in ([6, 7], [6, -1], [-1, -2], ["合计", "note"], ["合计", -1]):
        source = {"header_row": 3, "skip_rows": skips}
        report, data = make(tmp_path, content, source=source, extra_features=X)
        assert (firms(data), values(data), report.skipped) == (["a", "b"], [1, 2], 2)


@pytest.mark.parametrize("end", ["", "\n", "\n\n", "\n,,\n,,\n"])
@pytest.mark.parametrize("total", ["合计,3", "合计,3,", "合计", '"合计",3,'])
def test_a_ragged_total_line_is_skipped_before_its_fields_are_counted(tmp_path, end, total):
    for skips in (["合计"], [-1], [4]):
        report, data = text(
            tmp_path,
            f"firm,x,y\na,1,\nb,2,\n{total}{end}",
            source={"skip_rows": skips},
            extra_features=X,
            ignore=["y"],
        )
        assert (firms(data), report.skipped) == (["a", "b"], 1)


@pytest.mark.parametrize("skip", [1, 0, 9, -9])
@pytest.mark.parametrize("make", [text, sheet])
def test_a_row_to_skip_that_is_not_there_is_said(tmp_path, make, skip):
    content = "firm,x\na,1\nb,2\n" if make is text else [["firm", "x"], ["a", 1], ["b", 2]]
    error = refused(make, tmp_path, content, source={"skip_rows": [skip]}, extra_features=X)
    assert error.code == "ICS-DAT-002"
    assert f"skip_rows names {'line' if make is text else 'row'} {skip}" in error.message


def test_rows_to_skip_in_parquet_are_refused_not_ignored(tmp_path):
    parquet.write_table(arrow.table({"firm": ["a", "合计"], "x": [1, 1]}), tmp_path / "f.parquet")
    for more in ({"skip_rows": ["合计"]}, {"header_row": 2}):
        error = refused(take, tmp_path, {"file": "f.parquet"} | more, extra_features=X)
        assert (error.code, error.field) == ("ICS-DAT-002", "f.parquet")


# headings


def test_a_doubled_heading_is_refused_in_every_format(tmp_path):
    doubled = arrow.Table.from_arrays([arrow.array(["a"]), arrow.array([1]), arrow.array([2])], ["firm", "x", "x"])
    errors = [
        refused(text, tmp_path, "firm,x,x\na,1,2\n", extra_features=X),
        refused(text, tmp_path, "firm,x, x \na,1,2\n", extra_features=X),
        refused(sheet, tmp_path, [["firm", "x", "x"], ["a", 1, 2]], extra_features=X),
        refused(columns, tmp_path, doubled, extra_features=X),
        refused(columns, tmp_path, doubled.rename_columns(["firm", "x", "x "]), extra_features=X),
    ]
    assert {(error.code, error.field) for error in errors} == {("ICS-DAT-002", "x")}


def test_blanks_around_a_heading_are_no_part_of_it(tmp_path):
    for make, content in (
        (text, " firm ,x \na,1\n"),
        (sheet, [[" firm", "x "], ["a", 1]]),
        (columns, {" firm": ["a"], "x ": [1]}),
    ):
        _, data = make(tmp_path, content, extra_features=X)
        assert (firms(data), values(data)) == (["a"], [1])


# numbers


@pytest.mark.parametrize("odd", ["0,125", "1,23", "12,5%", "1,5万", "(1,5)", "1,2345"])
def test_commas_are_no_thousands_where_one_of_them_parts_otherwise(tmp_path, odd):
    rows = [odd, "1,234", "1,234%", "(1,234)", "5", "6", "7", "8"]
    content = "firm,x\n" + "".join(f'{place},"{each}"\n' for place, each in enumerate(rows))
    report, data = text(tmp_path, content, extra_features=X)
    assert values(data) == [None] * 4 + [5, 6, 7, 8]
    assert report.unreadable == {"extra.x": 4}


def test_a_decimal_comma_is_read_where_it_is_declared(tmp_path):
    content = "firm;x\na;1,5\nb;1.234,5\nc;0,125\nd;12,5 %\ne;1.5\nf;7\n"
    report, data = text(
        tmp_path, content.replace("b;1.234,5\n", "").replace("e;1.5\n", ""), source={"decimal": ","}, extra_features=X
    )
    assert values(data) == [1.5, 0.125, 0.125, 7]
    report, data = text(tmp_path, content.replace("e;1.5\n", ""), source={"decimal": ","}, extra_features=X)
    assert values(data) == [1.5, 1234.5, 0.125, 0.125, 7]
    report, data = text(tmp_path, content, source={"decimal": ","}, extra_features=X)
    assert values(data) == [1.5, None, 0.125, 0.125, None, 7]
    assert report.unreadable == {"extra.x": 2}


def test_a_declared_decimal_comma_holds_for_texts_of_workbooks_and_parquet(tmp_path):
    source = {"decimal": ","}
    rows = [["firm", "x"], ["a", "1,234"], ["b", "2,5"], ["c", 3.25], ["d", 4]]
    _, data = sheet(tmp_path, rows, source=source, extra_features=X)
    assert values(data) == [1.234, 2.5, 3.25, 4]
    parquet.write_table(arrow.table({"firm": ["a", "b"], "x": ["1,234", "2,345"]}), tmp_path / "f.parquet")
    _, data = take(tmp_path, {"file": "f.parquet"} | source, extra_features=X)
    assert values(data) == [1.234, 2.345]


def test_a_cell_with_its_own_unit_is_not_scaled(tmp_path):
    content = "firm,rev\na,12\nb,3.5万\nc,0.2亿元\nd,100元\n"
    _, data = text(tmp_path, content, fields={"revenue_cny": {"column": "rev", "scale": 10000}})
    assert values(data, "revenue_cny") == [120000, 35000, 20000000, 100]


def test_decimals_of_parquet_are_the_numbers_that_a_csv_file_would_give(tmp_path):
    written = ["-63931873.9325", "0.1", "33333.3333", "12345678.9012", "0.0003"]
    exact = arrow.array(written).cast(arrow.decimal128(20, 4))
    _, data = columns(tmp_path, {"firm": list("abcde"), "x": exact}, extra_features=X)
    assert values(data) == [float(each) for each in written]


def test_a_sentinel_is_found_in_single_precision(tmp_path):
    floats = arrow.array([-999.9, 2.5], arrow.float32())
    report, data = columns(tmp_path, {"firm": ["a", "b"], "x": floats}, extra_features=X, missing=[-999.9])
    assert (values(data), report.cells["extra.x"].missing) == ([None, 2.5], 1)


def test_a_sentinel_is_compared_before_the_scale_and_not_with_another_unit(tmp_path):
    report, data = text(
        tmp_path, "firm,x\na,-999\nb,-999.0\nc,-999 %\nd,-9.99\n", extra_features=feature(scale=100), missing=[-999]
    )
    assert (values(data), report.cells["extra.x"].missing) == ([None, None, -9.99, -999], 2)


def test_words_for_nothing_are_values_where_they_are_listed(tmp_path):
    content = "firm,bad,guar\nA,1,None\nB,0,Personal\nC,0,NA\nnull,0,None\n"
    field = {"column": "guar", "values": {"None": "none", "Personal": "personal", "NA": None}}
    report, data = text(tmp_path, content, outcome=LABELS, fields={"guarantee_type": field}, missing=["None"])
    assert firms(data) == ["A", "B", "C", "null"]
    assert data.enterprises["guarantee_type"].fillna("-").tolist() == ["none", "personal", "-", "none"]
    assert (report.cells["guarantee_type"].missing, report.unreadable) == (1, {})


# identifiers


def test_whole_numbers_beyond_floats_stay_apart(tmp_path):
    ids = [1234567890123456789, 1234567890123456790, None, 1234567890123456791]
    report, data = columns(tmp_path, {"firm": arrow.array(ids, arrow.int64()), "x": [1, 2, 3, 4]}, extra_features=X)
    assert firms(data) == ["1234567890123456789", "1234567890123456790", "1234567890123456791"]
    assert (report.refused_by, report.places["refused.enterprise_id"]) == ({"enterprise_id": 1}, ["row 3"])
    _, data = text(tmp_path, "firm,x\n9007199254740993,1\n9007199254740992,2\n", extra_features=X)
    assert firms(data) == ["9007199254740993", "9007199254740992"]
    _, data = sheet(tmp_path, [["firm", "x"], ["9007199254740993", 1], ["9007199254740992", 2]], extra_features=X)
    assert firms(data) == ["9007199254740993", "9007199254740992"]


@pytest.mark.parametrize("first", ["A", 1])
def test_a_number_of_a_workbook_that_lost_digits_identifies_nobody(tmp_path, first):
    rows = [["firm", "x"], [first, 1], [9007199254740993, 2], [9007199254740992, 3], [10**16, 4], [-(10**18), 5]]
    report, data = sheet(tmp_path, rows, extra_features=X)
    assert firms(data) == [str(first)]
    assert report.unreadable == {"enterprise_id": 4}
    assert report.places["unreadable.enterprise_id"] == ["row 3", "row 4", "row 5"]


@pytest.mark.parametrize(("kind", "limit"), [(arrow.float64(), 2**53), (arrow.float32(), 2**24)])
def test_a_float_that_stands_for_several_numbers_identifies_nobody(tmp_path, kind, limit):
    ids = arrow.array([float(limit - 1), float(limit), float(limit + 2)], arrow.float64()).cast(kind)
    report, data = columns(tmp_path, {"firm": ids, "x": [1, 2, 3]}, extra_features=X)
    assert (firms(data), report.unreadable) == ([str(limit - 1)], {"enterprise_id": 2})


@pytest.mark.parametrize("written", ["1.23457E+18", "1,23457E+18", "1E+18", "9.1e+17", "+1.2E+10"])
def test_an_id_that_a_spreadsheet_rounded_is_unreadable(tmp_path, written):
    for make, content in (
        (text, f'firm,x\n"{written}",1\nb,2\n'),
        (sheet, [["firm", "x"], [written, 1], ["b", 2]]),
        (columns, {"firm": [written, "b"], "x": [1, 2]}),
    ):
        report, data = make(tmp_path, content, extra_features=X)
        assert (firms(data), report.unreadable) == (["b"], {"enterprise_id": 1})


def test_equal_numbers_are_one_firm_and_leading_zeros_another(tmp_path):
    report, data = text(tmp_path, "firm,x\n7,1\n7.0,1\n007,1\n 7 ,1\n1e5,1\n", extra_features=X)
    assert (firms(data), report.duplicates) == (["7", "007", "1e5"], 2)


# what a column cannot be

UNFIT = {
    "list": arrow.array([[1], [2]]),
    "struct": arrow.array([{"q": 1}, {"q": 2}]),
    "map": arrow.array([[("a", 1)], [("b", 2)]], arrow.map_(arrow.string(), arrow.int64())),
    "bytes": arrow.array([b"a", b"b"]),
    "fixed": arrow.array([b"ab", b"cd"], arrow.binary(2)),
    "time": arrow.array([time(12), time(13)]),
    "duration": arrow.array([1, 2], arrow.duration("s")),
}


@pytest.mark.parametrize("kind", UNFIT)
def test_lists_structures_bytes_and_times_are_refused_wherever_they_are_read(tmp_path, kind):
    table = {"firm": ["a", "b"], "x": [1, 2], "bad": ["1", "0"], "d": [date(2020, 1, 1)] * 2}
    roles = {
        "x": {"extra_features": X},
        "firm": {},
        "bad": {"outcome": LABELS},
        "d": {"as_of": "d"},
    }
    for column, changes in roles.items():
        used = {"firm", column}
        given = {name: UNFIT[kind] if name == column else each for name, each in table.items() if name in used}
        error = refused(columns, tmp_path, given, **changes)
        assert (error.code, repr(column) in error.message) == ("ICS-DAT-007", True)
    _, data = columns(tmp_path, {"firm": ["a", "b"], "other": UNFIT[kind]}, ignore=["other"])
    assert firms(data) == ["a", "b"]


@pytest.mark.parametrize(
    "kind", [arrow.string_view(), arrow.large_string(), arrow.dictionary(arrow.int8(), arrow.string())]
)
def test_every_kind_of_text_is_text(tmp_path, kind):
    table = {"firm": arrow.array(["007", "b"]).cast(kind), "x": arrow.array(["1,234", ""]).cast(kind)}
    _, data = columns(tmp_path, table, extra_features=X)
    assert (firms(data), values(data)) == (["007", "b"], [1234, None])


# workbooks


def test_the_first_sheet_that_is_not_hidden_is_read(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["firm", "x"])
    book.active.append(["old", 1])
    book.active.sheet_state = "hidden"
    book.create_sheet("now").append(["firm", "x"])
    book["now"].append(["new", 2])
    book.save(tmp_path / "f.xlsx")
    report, data = take(tmp_path, "f.xlsx", extra_features=X)
    assert (firms(data), report.sheet) == (["new"], "now")
    _, data = take(tmp_path, {"file": "f.xlsx", "sheet": "Sheet"}, extra_features=X)
    assert firms(data) == ["old"]


def edited(path: Path, change: Callable[[str], str], name: str = "xl/worksheets/sheet1.xml") -> None:
    """Rewrite the first sheet of a workbook, or another part."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    before = parts[name].decode()
    parts[name] = change(before).encode()
    assert parts[name].decode() != before
    with zipfile.ZipFile(path, "w") as archive:
        for each, data in parts.items():
            archive.writestr(each, data)


def test_a_wrong_dimension_hides_no_cell(tmp_path):
    sheet(tmp_path, [["firm", "x"], ["a", 1], ["b", 2]], extra_features=X)
    edited(tmp_path / "f.xlsx", lambda xml: xml.replace('<dimension ref="A1:B3"', '<dimension ref="A1:A2"'))
    _, data = take(tmp_path, "f.xlsx", extra_features=X)
    assert (firms(data), values(data)) == (["a", "b"], [1, 2])


def test_merged_cells_below_the_heading_are_refused_and_above_it_are_not(tmp_path):
    rows = [["List", None], ["firm", "x"], ["a", 1], [None, 2]]
    source = {"header_row": 2}
    error = refused(sheet, tmp_path, rows, then=lambda tab: tab.merge_cells("A3:A4"), source=source, extra_features=X)
    assert (error.code, "A3:A4" in error.message) == ("ICS-DAT-002", True)
    rows[3][0] = "b"
    _, data = sheet(tmp_path, rows, then=lambda tab: tab.merge_cells("A1:B1"), source=source, extra_features=X)
    assert firms(data) == ["a", "b"]


UNSAVED = [["firm", "x"], ["a", 1], ["b", "=B2*2"], ["c", 3]]


def test_a_formula_whose_value_was_never_saved_is_refused(tmp_path):
    error = refused(sheet, tmp_path, UNSAVED, extra_features=X)
    assert (error.code, error.field, error.message[-2:]) == ("ICS-DAT-007", "x", "B3")
    for empty in ("<v></v>", "<v/>", "<v />", ""):
        sheet(tmp_path, [["firm", "x"], ["a", 1]], extra_features=X)
        edited(tmp_path / "f.xlsx", lambda xml, empty=empty: xml.replace("<v>1</v>", f"<f>A1</f>{empty}"))
        with pytest.raises(InputError, match="never saved"):
            take(tmp_path, "f.xlsx", extra_features=X)
    edited(tmp_path / "f.xlsx", lambda xml: xml.replace(' r="B2"', ""))
    with pytest.raises(InputError, match="the first in B2"):
        take(tmp_path, "f.xlsx", extra_features=X)


def test_a_row_of_formulas_alone_is_no_blank_row(tmp_path):
    rows = [["firm", "x"], ["a", 1], ["=A2", "=B2"]]
    assert refused(sheet, tmp_path, rows, extra_features=X).code == "ICS-DAT-007"


def test_a_formula_in_a_row_or_column_that_is_left_out_does_no_harm(tmp_path):
    rows = [["=NOW()", "=1+1", None], ["firm", "x", "y"], ["a", 1, "=B3"], ["合计", "=SUM(B3:B3)", None]]
    source = {"header_row": 2, "skip_rows": ["合计"]}
    _, data = sheet(tmp_path, rows, source=source, extra_features=X, ignore=["y"])
    assert (firms(data), values(data)) == (["a"], [1])


def test_a_saved_formula_is_its_value_and_an_empty_text_is_one(tmp_path):
    sheet(tmp_path, [["firm", "x"], ["a", 1], ["b", 2]], extra_features=X)
    edited(tmp_path / "f.xlsx", lambda xml: xml.replace("<v>1</v>", "<f>2*3</f><v>6</v>"))
    edited(
        tmp_path / "f.xlsx",
        lambda xml: xml.replace('r="B3" t="n"><v>2</v>', 'r="B3" t="str"><f>""</f><v></v>'),
    )
    with pytest.raises(InputError, match="never saved"):  # the workbook still says that nothing was computed
        take(tmp_path, "f.xlsx", extra_features=X)
    edited(tmp_path / "f.xlsx", lambda xml: xml.replace(' fullCalcOnLoad="1"', ""), "xl/workbook.xml")
    _, data = take(tmp_path, "f.xlsx", extra_features=X)
    assert values(data) == [6, None]


def test_error_cells_are_unreadable_wherever_they_stand(tmp_path):
    day = datetime(2024, 1, 1)
    rows = [
        ["firm", "x", "d", "name"],
        ["#REF!", 1, day, "q"],
        ["b", "#DIV/0!", day, "q"],
        ["c", 2, "#N/A", "q"],
        ["d", 3, day, "#VALUE!"],
        ["e", 3, "2024-02-02", "r"],
    ]
    report, data = sheet(tmp_path, rows, extra_features=X, as_of="d", fields={"legal_representative": "name"})
    assert firms(data) == ["b", "d", "e"]
    assert values(data) == [None, 3, 3]
    assert data.enterprises["legal_representative"].fillna("-").tolist() == ["q", "-", "r"]
    assert report.unreadable == {"as_of": 1, "enterprise_id": 1, "legal_representative": 1, "extra.x": 1}


def test_an_error_among_labels_ends_the_import(tmp_path):
    error = refused(sheet, tmp_path, [["firm", "bad"], ["a", 1], ["b", 0], ["c", "#N/A"]], outcome=LABELS)
    assert (error.code, error.field) == ("ICS-DAT-012", "outcome.column")


@pytest.mark.parametrize("key", ["missing", "values"])
def test_an_error_that_is_listed_means_what_the_mapping_says(tmp_path, key):
    changes = {"missing": ["#N/A"]} if key == "missing" else {}
    given = feature(values={"#N/A": 0, 2: 5}) if key == "values" else X
    for make, content in ((text, "firm,x\na,#N/A\nb,2\n"), (sheet, [["firm", "x"], ["a", "#N/A"], ["b", 2]])):
        report, data = make(tmp_path, content, extra_features=given, **changes)
        assert values(data) == ([None, 2] if key == "missing" else [0, 5])
        assert (report.cells["extra.x"].missing, report.unreadable) == (int(key == "missing"), {})


def test_cells_that_are_dates_are_no_numbers(tmp_path):
    day = datetime(2024, 1, 1)
    assert refused(sheet, tmp_path, [["firm", "x"], ["a", day]], extra_features=X).code == "ICS-DAT-007"
    rows = [["firm", "x"], ["a", day], ["b", 2], ["c", 3], ["d", time(12)], ["e", 4]]
    report, data = sheet(tmp_path, rows, extra_features=X)
    assert (values(data), report.unreadable) == ([None, 2, 3, None, 4], {"extra.x": 2})


# parquet folders


def parts(folder: Path, **tables: dict[str, Any]) -> None:
    for name, table in tables.items():
        path = folder / "f.parquet" / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        parquet.write_table(arrow.table(table), path.with_suffix(".parquet"))


def test_the_parts_of_a_folder_are_one_table_with_the_keys_of_its_folders(tmp_path):
    first, last = tmp_path / "f.parquet" / "region=110100", tmp_path / "f.parquet" / "region=__HIVE_DEFAULT_PARTITION__"
    for folder, ids in ((first, ["a", "b"]), (last, ["c"])):
        folder.mkdir(parents=True)
        parquet.write_table(arrow.table({"firm": ids, "x": [1] * len(ids)}), folder / "part-0.parquet")
        (folder / ".part-0.parquet.crc").write_bytes(b"x")
    (tmp_path / "f.parquet" / "_SUCCESS").touch()
    report, data = take(tmp_path, "f.parquet", extra_features=X, fields={"region": "region"})
    assert firms(data) == ["a", "b", "c"]
    assert data.enterprises["region"].fillna("-").tolist() == ["110100", "110100", "-"]
    assert report.cells["region"].empty == 1


@pytest.mark.parametrize(
    ("second", "column", "said"),
    [
        ({"firm": ["b"], "x": ["2"]}, "x", "another type"),
        ({"firm": ["b"]}, "x", "not in every part"),
        ({"firm": ["b"], "x": [2], "y": [3]}, "y", "not in every part"),
    ],
)
def test_parts_that_differ_are_refused(tmp_path, second, column, said):
    parts(tmp_path, one={"firm": ["a"], "x": [1]}, two=second)
    error = refused(take, tmp_path, "f.parquet", extra_features=X)
    assert (error.code, error.field) == ("ICS-DAT-002", column)
    assert said in error.message


def test_a_row_of_a_part_is_named_by_its_file(tmp_path):
    parts(tmp_path, one={"firm": ["a", "b"], "x": [1, 2]}, two={"x": [3, 4], "firm": ["c", None]})
    report, data = take(tmp_path, "f.parquet", extra_features=X)
    assert (firms(data), values(data)) == (["a", "b", "c"], [1, 2, 3])
    assert report.places["refused.enterprise_id"] == ["row 2 of two.parquet"]


# dates


def test_a_day_is_the_day_of_its_sender(tmp_path):
    content = (
        "firm,d\na,2024-06-30T00:00:00+08:00\nb,2024-06-29T16:00:00Z\nc,2024-06-30\nd,2024-06-30 23:59:59.5-11:00\n"
    )
    _, data = text(tmp_path, content, as_of="d")
    assert days(data) == ["2024-06-30", "2024-06-29", "2024-06-30", "2024-06-30"]
    moments = arrow.array([datetime(2024, 6, 29, 16), datetime(2024, 6, 30, 15, 59)], arrow.timestamp("us"))
    for zone in ("+08:00", "Asia/Shanghai"):
        zoned = moments.cast(arrow.int64()).cast(arrow.timestamp("us", zone))
        _, data = columns(tmp_path, {"firm": ["a", "b"], "d": zoned}, as_of="d")
        assert days(data) == ["2024-06-30", "2024-06-30"]


@pytest.mark.parametrize("form", ["mixed", "%d/%m", "yyyy-mm-dd"])
def test_a_format_that_guesses_or_lacks_the_year_is_refused(tmp_path, form):
    with pytest.raises(ConfigError) as error:
        text(tmp_path, "firm,d\na,2024-06-30\n", as_of={"column": "d", "format": form})
    assert error.value.code == "ICS-DAT-001"


def test_formats_may_be_listed_and_a_text_that_two_read_differently_is_unreadable(tmp_path):
    content = "firm,d\na,2024-06-30\nb,30.06.2024\nc,2024年6月30日\nd,20240630\ne,06/30/24\n"
    formats = ["ISO8601", "%d.%m.%Y", "%Y年%m月%d日", "%Y%m%d"]
    report, data = text(tmp_path, content, as_of={"column": "d", "formats": formats})
    assert (days(data), report.unreadable) == (["2024-06-30"] * 4, {"as_of": 1})
    content = "firm,d\na,01/02/2024\nb,13/02/2024\nc,02/13/2024\nd,02/02/2024\n"
    report, data = text(tmp_path, content, as_of={"column": "d", "formats": ["%d/%m/%Y", "%m/%d/%Y"]})
    assert (firms(data), days(data)) == (["b", "c", "d"], ["2024-02-13", "2024-02-13", "2024-02-02"])
    assert report.places["unreadable.as_of"] == ["line 2"]


@pytest.mark.parametrize("form", ["%d/%m/%Y", "%m/%d/%Y", "%m/%d/%y"])
@pytest.mark.parametrize(("days_written", "warned"), [(["01/02/", "03/04/"], True), (["01/01/", "12/12/"], False)])
def test_days_and_months_that_could_be_swapped_are_told(tmp_path, form, days_written, warned):
    year = "24" if form.endswith("y") else "2024"
    content = "firm,d\n" + "".join(f"{place},{each}{year}\n" for place, each in enumerate(days_written))
    report, _ = text(tmp_path, content, as_of={"column": "d", "format": form})
    assert ("date_order" in {finding.id for finding in report.checks}) == warned


@pytest.mark.parametrize(("day", "warned"), [("01/02/2024", True), ("13/02/2024", False), ("02/02/2024", False)])
def test_of_several_formats_the_one_that_could_be_swapped_is_told(tmp_path, day, warned):
    content = f"firm,d\na,2024-06-30\nb,{day}\n"
    report, _ = text(tmp_path, content, as_of={"column": "d", "formats": ["ISO8601", "%d/%m/%Y"]})
    assert ("date_order" in {finding.id for finding in report.checks}) is warned


def test_a_format_may_hold_an_offset_and_gives_the_sender_s_day(tmp_path):
    content = "firm,d\na,30/06/2024 00:30 +0800\nb,30/06/2024 23:30 -0500\n"
    _, data = text(tmp_path, content, as_of={"column": "d", "format": "%d/%m/%Y %H:%M %z"})
    assert days(data) == ["2024-06-30", "2024-06-30"]


def test_a_truth_value_may_mean_missing(tmp_path):
    report, data = text(tmp_path, "firm,x\na,FALSE\nb,1\nc,2\n", missing=["FALSE"], extra_features=X)
    assert (values(data), report.cells["extra.x"].missing) == ([None, 1, 2], 1)


def test_a_good_firm_with_an_event_date_is_told(tmp_path):
    content = "firm,d,bad,e\na,2020-01-01,1,2020-03-01\nb,2020-01-01,0,2020-03-01\nc,2020-01-01,0,2022-03-01\n"
    outcome = LABELS | {"horizon_months": 12, "event_date": "e"}
    report, data = text(tmp_path, content, as_of="d", outcome=outcome)
    assert bad(data) == [1, 0, 0]
    assert report.labels is not None
    assert report.labels.good_with_event == 1
    assert "good_with_event" in {finding.id for finding in report.checks}


def test_a_date_that_no_calendar_holds_is_counted_and_its_number_is_not_shown(tmp_path, recwarn):
    sheet(tmp_path, [["firm", "d"], ["a", datetime(2024, 1, 1)], ["b", datetime(2024, 1, 2)]], as_of="d")
    edited(tmp_path / "f.xlsx", lambda xml: xml.replace("<v>45293</v>", "<v>99999999</v>"))
    report, data = take(tmp_path, "f.xlsx", as_of="d", max_refused=1)
    assert (firms(data), report.unreadable) == (["a"], {"as_of": 1})
    assert not recwarn.list


def test_serial_days_with_the_wrong_origin_are_refused(tmp_path):
    content = "firm,d\na,45291\nb,45292.75\n"
    error = refused(text, tmp_path, content, as_of={"column": "d", "unit": "D", "origin": "1970-01-01"})
    assert (error.code, "1899-12-30" in str(error.remedy)) == ("ICS-DAT-006", True)
    _, data = text(tmp_path, content, as_of={"column": "d", "unit": "D", "origin": "1899-12-30"})
    assert days(data) == ["2023-12-31", "2024-01-01"]


def test_counts_in_nanoseconds_are_exact(tmp_path):
    counts = [1719705599999999999, 1719705600000000000]
    for make, content in (
        (columns, {"firm": ["a", "b"], "d": arrow.array(counts)}),
        (text, f"firm,d\na,{counts[0]}\nb,{counts[1]}\n"),
    ):
        _, data = make(tmp_path, content, as_of={"column": "d", "unit": "ns"})
        assert days(data) == ["2024-06-29", "2024-06-30"]


def test_a_count_is_rounded_down_also_before_its_origin(tmp_path):
    _, data = text(tmp_path, "firm,d\na,-0.5\nb,0.5\n", as_of={"column": "d", "unit": "D", "origin": "2000-01-01"})
    assert days(data) == ["1999-12-31", "2000-01-01"]


@pytest.mark.parametrize("form", [None, "%d/%m/%Y"])
def test_a_day_that_means_not_known_is_found_however_it_is_written(tmp_path, form):
    as_of = {"column": "d", "missing": ["1900-01-01", date(9999, 12, 31)]} | ({"format": form} if form else {})
    written = (
        ["01/01/1900", "31/12/9999", "30/06/2024"] if form else ["1900-01-01 00:00:00", "9999-12-31", "2024-06-30"]
    )
    content = "firm,d\n" + "".join(f"{place},{each}\n" for place, each in enumerate(written))
    report, data = text(tmp_path, content, as_of=as_of)
    assert (days(data), report.cells["as_of"].missing) == (["2024-06-30"], 2)
    moments = [datetime(1900, 1, 1), datetime(9999, 12, 31), datetime(2024, 6, 30, 12)]
    for make, table in (
        (columns, {"firm": ["a", "b", "c"], "d": moments}),
        (sheet, [["firm", "d"], *zip("abc", moments, strict=True)]),
    ):
        report, data = make(tmp_path, table, as_of=as_of)
        assert (days(data), report.cells["as_of"].missing) == (["2024-06-30"], 2)


def test_a_decision_after_the_day_of_import_is_refused(tmp_path):
    content = "firm,d\na,2025-06-30\nb,2025-07-01\nc,2025-07-02\nd,9999-12-31\n"
    report, data = text(tmp_path, content, as_of="d")
    assert (firms(data), report.refused_by) == (["a", "b"], {"as_of": 2})


def test_an_event_beyond_the_horizon_is_no_default_and_one_in_the_future_is_refused(tmp_path):
    content = (
        "firm,bad,day,e\nA,1,2023-06-30,2023-09-30\nB,1,2019-06-30,2024-06-30\nC,1,2024-06-30,9999-12-31\n"
        "D,0,2023-06-30,\nE,1,2023-06-30,2024-06-30\nF,1,2023-06-30,2024-07-01\nG,1,2025-01-31,2025-07-01\n"
        "H,1,2023-06-30,2023-06-29\n"
    )
    outcome = LABELS | {"event": "default", "horizon_months": 12, "event_date": "e"}
    report, data = text(tmp_path, content, as_of="day", outcome=outcome)
    assert dict(zip(firms(data), bad(data), strict=True)) == {"A": 1, "B": 0, "D": 0, "E": 1, "F": 0}
    assert report.labels is not None
    assert (report.labels.after_horizon, report.labels.defaults_refused) == (2, 3)
    assert report.refused_by == {"event_date": 3}
    assert data.outcomes["event_date"].notna().tolist() == [True, False, False, True, False]


# labels


def test_equal_labels_are_one_however_they_are_written(tmp_path):
    outcome = {"column": "bad", "positive": [1]}
    report, data = text(tmp_path, "firm,bad\nA,1.0\nB,0\nC, 1 \nD,1.00\nE,0.0\nF,\n", outcome=outcome)
    assert bad(data) == [1, 0, 1, 1, 0, None]
    assert report.labels is not None
    assert (report.labels.positive, report.labels.negative, report.labels.negative_inferred) == (
        {"1": 3},
        {"0": 2},
        True,
    )
    for given in ([1, 0], [1.0, 0.0], [True, False], ["1.0", " 0"]):
        positive = ["true"] if given == [True, False] and isinstance(given[0], bool) else [1]
        _, data = columns(tmp_path, {"firm": ["a", "b"], "bad": given}, outcome=outcome | {"positive": positive})
        assert bad(data) == [1, 0]


LABELLED = "firm,bad\nA,1\nB,0\nC,0\nD,2\nE,Reject\nF,Reject\nG,-\nH,\n"


def test_a_label_in_no_list_ends_the_import_and_each_is_told_with_its_count(tmp_path, capsys):
    for outcome in (LABELS, {"column": "bad", "positive": [1]}):
        (tmp_path / "f.csv").write_text(LABELLED)
        path = save(tmp_path, {"file": "f.csv"}, outcome=outcome, missing=["-"])
        code = main._run(["data", "import", "--mapping", str(path), "--out", str(tmp_path / "out")])
        said = capsys.readouterr().err
        assert code == 2
        assert "'2' 1" in said
        assert "'Reject' 2" in said
        assert ("'0' 2" in said) == ("negative" not in outcome)
        assert not (tmp_path / "out").exists()


def test_labels_that_are_unknown_or_missing_are_counted_apart(tmp_path):
    outcome = LABELS | {"unknown": ["Reject", 2], "missing": ["-"]}
    report, data = text(tmp_path, LABELLED, outcome=outcome)
    assert bad(data) == [1, 0, 0, None, None, None, None, None]
    assert report.labels is not None
    assert report.labels.unknown == {"": 2, "2": 1, "Reject": 2}
    cells = report.cells["outcome"]
    assert (cells.values, cells.empty, cells.missing) == (6, 1, 1)


def test_a_value_that_is_a_label_is_not_missing(tmp_path):
    report, data = text(tmp_path, LABELLED, outcome=LABELS | {"negative": ["0", "-", "2", "Reject"]}, missing=["-"])
    assert bad(data) == [1, 0, 0, 0, 0, 0, 0, None]
    assert report.cells["outcome"].missing == 0


def test_an_error_among_labels_may_be_listed(tmp_path):
    content = "firm,bad\na,#N/A\nb,1\nc,0\n"
    for key in ("unknown", "missing"):
        _, data = text(tmp_path, content, outcome=LABELS | {key: ["#N/A"]})
        assert bad(data) == [None, 1, 0]


# large files: plain numbers are read as such at once


@pytest.mark.parametrize(
    "late", ["7", "", " 8 ", "nan", "NaN", "inf", "0x1A", "1,5", '"1,234"', "12%", "n.a.", "#N/A", "-999", "1e3", "+4"]
)
def test_numbers_read_at_once_are_those_read_as_text(tmp_path, monkeypatch, late):
    """The last cell lies beyond the sample; whatever it holds, both ways give the same."""
    lines = "".join(f"f{place},{place / 7}\n" for place in range(400))
    content = f"firm,x\n{lines}last,{late}\n".replace("1,5\n", '"1,5"\n')
    changes = {"extra_features": X, "missing": [-999], "max_refused": 1}
    slow, expected = text(tmp_path, content, **changes)
    reader = "icsml.portfolio.reading.delimited"
    monkeypatch.setattr(f"{reader}._WORTHWHILE", 0)
    monkeypatch.setattr(f"{reader}._SAMPLE", 256)
    fast, found = text(tmp_path, content, **changes)
    assert fast == slow
    pd.testing.assert_frame_equal(found.enterprises, expected.enterprises, check_exact=True)


def test_numbers_are_read_at_once_only_where_no_other_key_reads_the_column(tmp_path, monkeypatch):
    monkeypatch.setattr("icsml.portfolio.reading.delimited._WORTHWHILE", 0)
    content = "firm,x,bad\n007,1.0,1\n08,2,0\n"
    more = {"column": "x", "name": "y", "group": "g", "values": {1: 5, 2: 6}}
    _, data = text(tmp_path, content, extra_features=[*X, more], outcome=LABELS)
    assert (firms(data), values(data), values(data, "extra.y"), bad(data)) == (["007", "08"], [1, 2], [5, 6], [1, 0])


# what a review found


@pytest.mark.parametrize("note", ["200¹", "300①", "5²", "5₂"])
def test_a_footnote_is_no_digit(tmp_path, note):
    report, data = text(tmp_path, f"firm,x\na,{note}\nb,1\nc,２\n", extra_features=X)
    assert (values(data), report.unreadable) == ([None, 1, 2], {"extra.x": 1})


@pytest.mark.parametrize(
    ("decimal", "cells"), [(".", ["12.345", "1.234.567", "7"]), (",", ["12,345", "1,234,567", "7"])]
)
def test_marks_that_part_thousands_are_no_decimal_marks(tmp_path, decimal, cells):
    content = "firm;x\n" + "".join(f"{place};{cell}\n" for place, cell in enumerate([*cells, "8", "9"]))
    report, data = text(tmp_path, content, source={"decimal": decimal}, extra_features=X)
    assert (values(data), report.unreadable) == ([None, None, 7, 8, 9], {"extra.x": 2})


@pytest.mark.parametrize("form", ["%Y-%W", "%Y-%W-%w", "%G-%V-%u", "%Y-%U-%w"])
def test_weeks_are_no_dates(tmp_path, form):
    with pytest.raises(ConfigError, match=r"counts weeks|holds a year"):
        text(tmp_path, "firm,d\na,2024-10-1\n", as_of={"column": "d", "format": form})


def test_a_decision_before_1950_is_refused(tmp_path):
    report, data = text(tmp_path, "firm,d\na,1900-01-01\nb,1950-01-01\n", as_of="d", max_refused=1)
    assert (firms(data), report.refused_by) == (["b"], {"as_of": 1})


def test_a_folder_with_a_history_is_refused(tmp_path):
    (tmp_path / "t.parquet" / "_delta_log").mkdir(parents=True)
    parquet.write_table(arrow.table({"firm": ["a"]}), tmp_path / "t.parquet" / "part.parquet")
    with pytest.raises(InputError, match="a table with a history"):
        take(tmp_path, "t.parquet")


def test_an_event_of_a_month_is_late_only_where_the_whole_month_is(tmp_path):
    content = "firm,d,bad,e\na,2020-01-15,1,2021-01\nb,2020-01-15,1,2021-02\nc,2025-06-01,1,2025-06\nz,2020-01-15,0,\n"
    outcome = LABELS | {"horizon_months": 12, "event_date": {"column": "e", "format": "%Y-%m"}}
    report, data = text(tmp_path, content, as_of="d", outcome=outcome, max_refused=1)
    assert bad(data) == [1, 0, 1, 0]
    told = data.outcomes["event_date"].dt.strftime("%Y-%m-%d").fillna("-").tolist()
    assert told == ["2021-01-15", "-", "2025-06-30", "-"]
    assert report.refused == 0


def test_a_derived_column_reads_its_parts_as_their_fields_do(tmp_path):
    content = "firm,rev,rd\na,-999,6\nb,100,5\nc,200,5万\n"
    fields = {"revenue_cny": {"column": "rev", "missing": [-999], "scale": 10000}, "rd_expense_cny": "rd"}
    derived = [{"name": "x", "ratio": ["rd", "rev"]}]
    report, data = text(tmp_path, content, fields=fields, derived=derived, extra_features=X)
    assert values(data) == [None, 5 / 1e6, 5e4 / 2e6]
    assert "mixed_units" in {finding.id for finding in report.checks}


def test_of_sheets_with_the_same_columns_none_is_chosen(tmp_path):
    def add(tab):
        other = tab.parent.create_sheet("2021")
        for row in (["firm", "x", "more"], ["c", 3, 1]):
            other.append(row)

    error = refused(sheet, tmp_path, [["firm", "x"], ["a", 1]], then=add, extra_features=X)
    assert error.message == "sheet 2021 has the same columns as sheet Sheet"
    _, data = sheet(tmp_path, [["firm", "x"], ["a", 1]], then=add, source={"sheet": "Sheet"}, extra_features=X)
    assert firms(data) == ["a"]


@pytest.mark.parametrize("word", ["合计：", "小计", "nan", "None", "-", "Total"])
def test_an_identifier_that_names_nobody_is_told(tmp_path, word):
    report, _ = text(tmp_path, f"firm,x\na,1\nb,2\n{word},3\n", extra_features=X)
    assert "identifier_words" in {finding.id for finding in report.checks}


def test_rows_of_another_table_that_find_no_firm_or_no_date_are_told(tmp_path):
    lines = "".join(f"7,2020年{month}月1日,10,作废\n" for month in range(1, 10))
    (tmp_path / "inv.csv").write_text(f"firm,date,amount,status\n{lines}8,2020-01-01,10,作废\n")
    tables = {"sales": {"file": "inv.csv", "key": "firm", "aggregate": "vat_sales"}}
    extra = [{"column": "sales.count", "name": "n", "group": "g"}]
    report, _ = text(tmp_path, "firm\n007\n8\n", tables=tables, extra_features=extra)
    said = [finding.found for finding in report.checks if finding.id == "table_rows"]
    assert len(said) == 3
    assert said[0].startswith("9 of 10 rows of sales belong to no firm")
