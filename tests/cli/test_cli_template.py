"""A template filled in and imported is the records that were written into it."""

from __future__ import annotations

import json
from datetime import date

import pandas as pd
import pytest
import yaml
from openpyxl import load_workbook

from icsml.cli import main
from icsml.innovation import list_rulebooks
from icsml.portfolio.importer import import_dataset
from icsml.records.dataset import read_dataset
from icsml.records.enterprise import example_record, frame_records
from icsml.records.field import Kind
from icsml.records.fields import FIELD_BY_NAME
from icsml.records.uscc import check_character

DIGITS_ONLY = next(
    code for n in range(31) if (code := (body := f"9135010078{n:07d}") + check_character(body)).isdigit()
)
RULEBOOKS = {rulebook.id: rulebook for rulebook in list_rulebooks()}


@pytest.fixture
def icsml(capsys):
    """Run a command in this process; returns its exit code, stdout and stderr."""

    def run(*argv):
        code = main._run([str(argument) for argument in argv])
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture
def template(icsml, tmp_path):
    """Write a template; returns what the command says with --json."""

    def write(*argv):
        code, out, err = icsml("records", "template", *argv, "--out", tmp_path / "firms.xlsx", "--json")
        assert (code, err) == (0, "")
        return json.loads(out)

    return write


def typed(name, value):
    """A value as a person leaves it in a cell: dates are dates."""
    return date.fromisoformat(value) if FIELD_BY_NAME[name].kind is Kind.DATE and value else value


def fill(file, rows, cell=typed):
    """Write rows under the headers; a field that a row does not have stays empty."""
    book = load_workbook(file)
    sheet = book["records"]
    for number, row in enumerate(rows, start=2):
        for head in sheet[1]:
            sheet.cell(number, head.column).value = cell(head.value, row.get(head.value))
    book.save(file)


def imported(written, out):
    """Import a filled-in template; returns the report and the records without what is missing."""
    report = import_dataset(out.parent / written["mapping"], out)
    records = frame_records(read_dataset(out).enterprises)
    return report, [record.model_dump(mode="json", exclude_none=True, exclude={"extra"}) for record in records]


def firms(fields):
    """Three records: complete, complete with other values, and only what every record needs."""
    first = example_record(only=fields)
    second = first | {
        "enterprise_id": "000002",
        "uscc": DIGITS_ONLY,
        "as_of": "2026-03-31",
        "statement_published_at": "2026-03-30",
    }
    second |= {name: not value for name, value in first.items() if isinstance(value, bool)}
    second |= {"staff_total": 1200, "revenue_cny": 98_765_432.1, "net_profit_cny": -1_250_000.5, "region": "110000"}
    return [first, second, {"enterprise_id": "3", "as_of": "2026-06-30"}]


def test_a_filled_in_template_comes_back_field_by_field(template, tmp_path):
    written = template()
    rows = firms(written["fields"])
    assert set(rows[0]) == set(written["fields"])
    assert {type(value) for value in rows[0].values()} == {str, int, float, bool}
    fill(tmp_path / "firms.xlsx", rows)
    report, records = imported(written, tmp_path / "book")
    assert records == rows
    assert (report.rows, report.refused, report.unreadable, report.out_of_range) == (3, 0, {}, {})


@pytest.mark.parametrize("words", [("TRUE", "FALSE"), ("是", "否"), (1, 0), ("1", "0")], ids=str)
def test_texts_are_read_as_what_they_say(template, tmp_path, words):
    def pasted(name, value):
        return words[0] if value is True else words[1] if value is False else value

    written = template()
    rows = firms(written["fields"])
    fill(tmp_path / "firms.xlsx", rows, cell=pasted)
    report, records = imported(written, tmp_path / "book")
    assert records == rows
    assert report.unreadable == {}


def test_dates_and_texts_of_dates_may_be_mixed_and_blank_rows_are_counted(template, tmp_path):
    written = template("--rulebook", "national-2025")
    first, second, last = firms(written["fields"])
    second = {name: typed(name, value) for name, value in second.items()}
    fill(tmp_path / "firms.xlsx", [first, {}, second, last], cell=lambda _, value: value)
    report, records = imported(written, tmp_path / "book")
    assert [record["as_of"] for record in records] == ["2026-06-30", "2026-03-31", "2026-06-30"]
    assert (report.refused, report.blank) == (0, 1)


def test_a_flag_that_says_nothing_known_is_missing_and_counted(template, tmp_path):
    written = template("--rulebook", "national-2025")
    rows = firms(written["fields"])
    rows[0]["high_growth_list"] = "perhaps"
    fill(tmp_path / "firms.xlsx", rows)
    report, records = imported(written, tmp_path / "book")
    assert report.unreadable == {"high_growth_list": 1}
    assert "high_growth_list" not in records[0]
    assert records[1]["high_growth_list"] is True


@pytest.mark.parametrize("identifier", RULEBOOKS)
def test_a_template_asks_for_all_that_its_rulebook_reads(identifier, template, icsml, tmp_path):
    written = template("--rulebook", identifier)
    assert written["rulebook"] == identifier
    assert set(RULEBOOKS[identifier].inputs()) <= set(written["fields"])
    sheet = load_workbook(written["file"])["records"]
    assert [cell.value for cell in sheet[1]] == written["fields"]
    row = example_record(only=written["fields"])
    fill(tmp_path / "firms.xlsx", [row])
    assert imported(written, tmp_path / "book")[1] == [row]


def test_the_fields_by_which_peers_are_grouped_are_asked_for(template, icsml, tmp_path):
    content = yaml.safe_load(RULEBOOKS["national-2024"].source_text)
    content["peers"]["groups"] = [["industry", "stage"], ["stage"]]
    (tmp_path / "national-2024.yaml").write_text(yaml.safe_dump(content, sort_keys=False), "utf-8")
    assert "industry" not in RULEBOOKS["national-2024"].inputs()
    assert "industry" in template("--rulebook", tmp_path / "national-2024.yaml")["fields"]


def test_the_text_leads_from_the_empty_table_to_points(icsml, tmp_path):
    file, mapping, book = tmp_path / "firms.xlsx", tmp_path / "firms.mapping.yaml", tmp_path / "book"
    code, out, err = icsml("records", "template", "--rulebook", "tech-sme-2017", "--out", file)
    assert (code, err) == (0, "")
    fields = [cell.value for cell in load_workbook(file)["records"][1]]
    assert out.startswith(f"{len(fields)} fields in {file}")
    assert f"icsml data import --mapping {mapping} --out DIR" in out
    code, _, err = icsml("data", "import", "--mapping", mapping, "--out", book)
    assert code == 2
    assert err.strip().splitlines()[-1].startswith("icsml: ICS-DAT-003 firms.xlsx: the table has no rows")
    fill(file, firms(fields))
    assert icsml("data", "import", "--mapping", mapping, "--out", book)[0] == 0
    scored = tmp_path / "points.parquet"
    chosen = ("--rulebook", "tech-sme-2017", "--in", book / "enterprises.parquet")
    assert icsml("points", *chosen, "--out", scored)[0] == 0
    assert len(pd.read_parquet(scored)) == 3


def test_a_filled_in_template_is_not_overwritten(icsml, template, tmp_path):
    template()
    before = (tmp_path / "firms.xlsx").read_bytes()
    code, out, err = icsml("records", "template", "--out", tmp_path / "firms.xlsx")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("icsml: ICS-REC-021 ")
    assert "—" in err
    assert (tmp_path / "firms.xlsx").read_bytes() == before


def test_an_unknown_rulebook_is_named_in_one_line_and_nothing_is_written(icsml, tmp_path):
    code, out, err = icsml("records", "template", "--rulebook", "national-2052", "--out", tmp_path / "firms.xlsx")
    assert (code, out, err.count("\n")) == (3, "", 1)
    assert err.startswith("icsml: ICS-RUL-002 ")
    assert "national-2025" in err
    assert not list(tmp_path.glob("firms*"))
