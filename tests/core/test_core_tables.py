"""Tables as Parquet, CSV and workbooks: what a spreadsheet shows is what was computed, and no cell is a formula."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime

import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest
from openpyxl import load_workbook

from icsml.core import tables
from icsml.core.tables import check_table, table_file, write_table
from icsml.errors import InputError

TABLE = arrow.table(
    {
        "enterprise_id": ["000123456789012345", "=1+1", "@a", "+b", "-c", None],
        "name": ["示例公司", '"A", B', "line\nbreak", "#N/A", "\tx", ""],
        "score": [1.5, float("nan"), None, -0.1, 1e-17, float("inf")],
        "rank": arrow.array([1, 2, None, 4, 5, 6]),
        "listed": [True, False, None, True, True, True],
        "decided_on": arrow.array([datetime(2025, 6, 30)] * 5 + [None], arrow.timestamp("us")),
        "at": arrow.array([datetime(2025, 6, 30, 8, 15)] * 6, arrow.timestamp("us")),
        "early": arrow.array([date(1899, 1, 1)] * 6, arrow.date32()),
    }
)
FORMULAS = ["=1+1", "@a", "+b", "-c"]


def refusal(path, **more):
    with pytest.raises(InputError) as caught:
        check_table(path, **more)
    return caught.value


def test_a_parquet_table_keeps_its_types(tmp_path):
    write_table(tmp_path / "t.parquet", TABLE)
    assert parquet.read_table(tmp_path / "t.parquet").schema.equals(TABLE.schema)


def test_a_csv_file_is_utf8_with_a_byte_order_mark_and_holds_no_formula(tmp_path):
    write_table(tmp_path / "t.csv", TABLE)
    content = (tmp_path / "t.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    head, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    assert head == TABLE.schema.names
    assert [row[0] for row in rows] == ["000123456789012345", "'=1+1", "'@a", "'+b", "'-c", ""]
    assert [row[1] for row in rows] == ["示例公司", '"A", B', "line\nbreak", "#N/A", "'\tx", ""]
    assert [row[2] for row in rows] == ["1.5", "", "", "-0.1", "1e-17", "inf"]
    assert rows[0][3:] == ["1", "TRUE", "2025-06-30", "2025-06-30T08:15:00", "1899-01-01"]


def test_a_workbook_holds_identifiers_as_text_dates_as_dates_and_no_formula(tmp_path):
    write_table(tmp_path / "t.XLSX", TABLE)
    sheet = load_workbook(tmp_path / "t.XLSX").active
    head, *rows = sheet.iter_rows()
    assert [cell.value for cell in head] == TABLE.schema.names
    assert rows[0][0].value == "000123456789012345"
    assert {(row[0].data_type, row[0].number_format) for row in rows[:5]} == {("s", "@")}
    assert [row[0].value for row in rows[1:5]] == FORMULAS
    assert all(row[0].quotePrefix for row in rows[1:5])
    assert not rows[0][0].quotePrefix
    assert (rows[3][1].value, rows[3][1].data_type) == ("#N/A", "s")
    assert [row[2].value for row in rows] == [1.5, None, None, -0.1, 1e-17, "inf"]
    assert rows[0][4].value is True
    assert rows[0][5].is_date
    assert rows[0][5].value == datetime(2025, 6, 30)
    assert "h" not in rows[0][5].number_format
    assert rows[0][6].value == datetime(2025, 6, 30, 8, 15)
    assert rows[0][7].value == "1899-01-01"


def test_a_heading_is_no_formula_either(tmp_path):
    for suffix in ("csv", "xlsx"):
        write_table(tmp_path / f"t.{suffix}", arrow.table({"=a": [1]}))
    assert (tmp_path / "t.csv").read_text("utf-8-sig").startswith("'=a")
    assert load_workbook(tmp_path / "t.xlsx").active["A1"].data_type == "s"


@pytest.mark.parametrize("name", ["t", "t.xls", "t.csv.gz", "t.json", ".csv"])
def test_another_ending_is_refused_with_what_can_be_written(tmp_path, name):
    error = refusal(tmp_path / name)
    assert (error.code, error.field) == ("ICS-CFG-010", str(tmp_path / name))
    assert all(suffix in error.remedy for suffix in (".parquet", ".csv", ".xlsx"))


def test_more_rows_than_a_sheet_holds_are_refused_and_of_another_kind_are_not_counted(tmp_path):
    assert refusal(tmp_path / "t.xlsx", rows=lambda: 1_048_576).code == "ICS-CFG-011"
    check_table(tmp_path / "t.xlsx", rows=lambda: 1_048_575)
    check_table(tmp_path / "t.csv", rows=lambda: pytest.fail("counted"))


def test_what_does_not_fit_leaves_nothing_behind(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="32,767 characters"):
        write_table(tmp_path / "t.xlsx", arrow.table({"a": ["x" * 32_768]}))
    monkeypatch.setattr(tables, "MOST_ROWS", 3)
    many = arrow.table({"a": [1, 2, 3, 4]})
    with pytest.raises(InputError, match="a sheet holds 3 rows"), table_file(tmp_path / "t.xlsx", many.schema) as write:
        write(many)
    assert list(tmp_path.iterdir()) == []
