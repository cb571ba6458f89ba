"""How a draft opens files, and what it refuses."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

from icsml.cli.main import app
from icsml.errors import InputError, MissingError
from icsml.portfolio.draft import draft_mapping
from icsml.portfolio.importer import import_dataset
from icsml.portfolio.mapping import Mapping, load_mapping

TEXT = "客户编号,资产总计,是否违约\n007,1200.5,是\n008,99000,否\n009,-,否\n"


def mapped(file: Path, **how: str) -> Mapping:
    draft_mapping(file, file.parent / "m.yaml", **how)
    return load_mapping(file.parent / "m.yaml")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_the_encoding_of_a_csv_file_is_guessed(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "t.csv").write_text(TEXT, encoding)
    mapping = mapped(tmp_path / "t.csv")
    assert mapping.enterprise_id == "客户编号"
    assert mapping.source.encoding == {"gb18030": "gb18030", "utf-16": "utf-16"}.get(encoding, "utf-8-sig")
    assert import_dataset(tmp_path / "m.yaml", tmp_path / "out").defaults == 1


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_separator_and_decimal_mark_are_guessed(tmp_path: Path, separator: str) -> None:
    text = TEXT.replace("1200.5", "1200_5").replace(",", separator).replace("_", ",")
    (tmp_path / "t.csv").write_text(text, "utf-8")
    mapping = mapped(tmp_path / "t.csv")
    assert (mapping.source.separator, mapping.source.decimal) == (separator, ",")
    assert import_dataset(tmp_path / "m.yaml", tmp_path / "out").rows == 3


def test_a_packed_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(TEXT.encode("gb18030")))
    assert mapped(tmp_path / "t.csv.gz").source.encoding == "gb18030"


def test_titles_above_the_heading_and_a_line_of_totals_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(f"企业清单,,\n单位：万元,,\n{TEXT}合计,100200,\n", "utf-8")
    mapping = mapped(tmp_path / "t.csv")
    assert (mapping.source.header_row, mapping.source.skip_rows) == (3, ("合计",))
    assert mapping.fields["total_assets_cny"].scale == 10000
    text = (tmp_path / "m.yaml").read_text("utf-8")
    assert "as a title does" in text
    assert "a line above the heading states the unit" in text
    assert import_dataset(tmp_path / "m.yaml", tmp_path / "out").skipped == 1


def test_a_workbook_with_a_title_keeps_its_sheet(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "封面"
    sheet = book.create_sheet("清单")
    sheet.append(["科技企业清单"])
    for line in TEXT.splitlines():
        sheet.append(line.split(","))
    sheet.merge_cells("A1:C1")
    book.save(tmp_path / "t.xlsx")
    mapping = mapped(tmp_path / "t.xlsx", sheet="清单")
    assert (mapping.source.sheet, mapping.source.header_row) == ("清单", 2)
    assert import_dataset(tmp_path / "m.yaml", tmp_path / "out").rows == 3


def test_a_heading_of_two_lines_stays_on_one_line_of_the_mapping(tmp_path: Path) -> None:
    frame = pd.DataFrame({"客户\n编号": ["a", "b"], "营业收入\n（万元）": [500, 600], "备\r\n注": ["x\ny", "z"]})
    frame.to_excel(tmp_path / "t.xlsx", index=False)
    mapping = mapped(tmp_path / "t.xlsx")
    assert mapping.fields["revenue_cny"].scale == 10000
    assert mapping.enterprise_id == "客户\n编号"
    assert 'enterprise_id: "客户\\n编号"' in (tmp_path / "m.yaml").read_text("utf-8")
    assert import_dataset(tmp_path / "m.yaml", tmp_path / "out").rows == 2


def test_a_folder_of_parquet_parts_is_a_table(tmp_path: Path) -> None:
    (tmp_path / "t.parquet").mkdir()
    for part in range(2):
        frame = pd.DataFrame({"firm_id": [f"F{part}{row}" for row in range(5)], "x": range(5)})
        frame.to_parquet(tmp_path / "t.parquet" / f"part-{part}.parquet")
    assert draft_mapping(tmp_path / "t.parquet", tmp_path / "m.yaml").rows == 10
    assert load_mapping(tmp_path / "m.yaml").enterprise_id == "firm_id"


def test_the_file_is_named_relative_to_the_mapping(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(TEXT, "utf-8")
    draft_mapping(tmp_path / "t.csv", tmp_path / "maps" / "bank" / "m.yaml")
    text = (tmp_path / "maps" / "bank" / "m.yaml").read_text("utf-8")
    assert "file: ../../t.csv\n" in text
    assert str(tmp_path) not in text
    assert import_dataset(tmp_path / "maps" / "bank" / "m.yaml", tmp_path / "out").rows == 3


def test_columns_that_no_import_reads_are_ignored(tmp_path: Path) -> None:
    pd.DataFrame({"id": ["a", "b"], "parts": [[1], [2, 3]], "raw": [b"x", b"y"]}).to_parquet(tmp_path / "t.parquet")
    assert mapped(tmp_path / "t.parquet").ignore == ("parts", "raw")


def test_a_mapping_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(TEXT, "utf-8")
    (tmp_path / "m.yaml").write_text("mine", "utf-8")
    with pytest.raises(InputError) as error:
        draft_mapping(tmp_path / "t.csv", tmp_path / "m.yaml")
    assert error.value.code == "ICS-DAT-031"
    assert error.value.remedy
    assert (tmp_path / "m.yaml").read_text("utf-8") == "mine"


def test_a_table_that_is_not_there_or_not_readable_leaves_no_mapping(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="no such file"):
        draft_mapping(tmp_path / "t.csv", tmp_path / "m.yaml")
    (tmp_path / "t.xlsx").write_bytes(b"no workbook")
    (tmp_path / "t.csv").write_text("a,b\n1,2,3\n", "utf-8")
    (tmp_path / "e.csv").write_bytes(b"")
    (tmp_path / "t.txt").write_text("x", "utf-8")
    for name in ("t.xlsx", "t.csv", "e.csv", "t.txt"):
        with pytest.raises(InputError):
            draft_mapping(tmp_path / name, tmp_path / "m.yaml")
    assert not (tmp_path / "m.yaml").exists()
    assert not list(tmp_path.glob("*.partial"))


def test_the_command_prints_json_or_a_table_and_the_next_command(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(TEXT, "utf-8")
    command = ["data", "draft", str(tmp_path / "t.csv"), "--out"]
    told = CliRunner().invoke(app, [*command, str(tmp_path / "m.yaml")])
    assert told.exit_code == 0, told.output
    assert f"icsml data import --mapping {tmp_path / 'm.yaml'} --out DIR" in told.output
    assert "客户编号" in told.output
    answer = CliRunner().invoke(app, [*command, str(tmp_path / "n.yaml"), "--json"])
    found = json.loads(answer.stdout)
    assert [column["name"] for column in found["columns"]] == ["客户编号", "资产总计", "是否违约"]
    assert {"name", "type", "role", "evidence"} <= set(found["columns"][0])
    assert found["decide"]
