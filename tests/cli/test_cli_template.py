"""A template filled in and imported is the records that were written into it."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import numpy as np
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
    """Write rows under the headings; a field that a row does not have stays empty."""
    book = load_workbook(file)
    sheet, names = book["records"], [row[1] for row in book["fields"].iter_rows(min_row=2, values_only=True)]
    for number, row in enumerate(rows, start=2):
        for column, name in enumerate(names, start=1):
            sheet.cell(number, column).value = cell(name, row.get(name))
    book.save(file)


def asked_for(file):
    """The canonical fields of a template, in the order of its columns."""
    return [row[1] for row in load_workbook(file)["fields"].iter_rows(min_row=2, values_only=True)]


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


FORMS = [(lang, unit) for lang in ("en", "zh") for unit in ("yuan", "wan")]
# What a person chooses, in either language.
CHOSEN = {"en": ("yes", "no", "Electronics and information"), "zh": ("是", "否", "电子信息")}
AMOUNTS = (4_301_200.0, 0.07, 1_234_567.89, 98_765_432_109.01, 90_000.3, 0.0)


@pytest.mark.parametrize(("lang", "unit"), FORMS)
def test_a_template_of_either_language_and_unit_gives_the_same_records(template, tmp_path, lang, unit):
    written = template("--lang", lang, "--unit", unit)
    yes, no, electronics = CHOSEN[lang]

    def by_hand(name, value):
        if FIELD_BY_NAME[name].unit == "CNY" and value is not None:
            return float(Decimal(repr(value)) / {"yuan": 1, "wan": 10_000}[unit])
        if isinstance(value, bool):
            return yes if value else no
        return electronics if name == "technical_field" and value else typed(name, value)

    rows = firms(written["fields"])
    assert {row.get("technical_field") for row in rows} == {"electronics_information", None}
    for row, amount in zip(rows * 2, AMOUNTS, strict=True):
        row["cash_cny" if "rd_expense_cny" in row and row is rows[0] else "inventory_cny"] = amount
    fill(tmp_path / "firms.xlsx", rows, cell=by_hand)
    report, records = imported(written, tmp_path / "book")
    assert records == rows
    assert (report.rows, report.refused, report.unreadable) == (3, 0, {})
    assert (written["lang"], written["unit"]) == (lang, unit)


def test_every_amount_in_wan_is_read_to_the_fen(template, tmp_path):
    """Multiplied in binary, one in five of these is off in its last bit."""
    written = template("--unit", "wan")
    fen = [int(each) for each in np.random.default_rng(3).integers(1, 10**12, 300)]
    rows = [{"enterprise_id": f"E{n}", "as_of": "2026-06-30", "revenue_cny": each / 100} for n, each in enumerate(fen)]
    assert any(float(Decimal(each) / 1_000_000) * 10_000 != each / 100 for each in fen)

    def in_wan(name, value):
        return float(Decimal(repr(value)) / 10_000) if name == "revenue_cny" else typed(name, value)

    fill(tmp_path / "firms.xlsx", rows, cell=in_wan)
    assert [each["revenue_cny"] for each in imported(written, tmp_path / "book")[1]] == [each / 100 for each in fen]


def test_a_table_in_wan_is_not_read_by_the_mapping_of_one_in_yuan(template, icsml, tmp_path):
    template("--unit", "wan", "--lang", "zh")
    code, _, _ = icsml("records", "template", "--lang", "zh", "--out", tmp_path / "yuan" / "firms.xlsx")
    assert code == 0
    fill(tmp_path / "firms.xlsx", [{"enterprise_id": "E1", "as_of": "2026-06-30"}])
    (tmp_path / "firms.xlsx").replace(tmp_path / "yuan" / "firms.xlsx")
    code, _, err = icsml(
        "data", "import", "--mapping", tmp_path / "yuan" / "firms.mapping.yaml", "--out", tmp_path / "b"
    )
    assert code == 2
    assert "（元）" in err


def test_a_draft_of_a_filled_in_template_reads_the_unit_in_its_headings(template, icsml, tmp_path):
    """Should the mapping be lost, one that is drafted from the headings has the factor too."""
    template("--unit", "wan", "--lang", "zh", "--rulebook", "tech-sme-2017")
    row = example_record(only=asked_for(tmp_path / "firms.xlsx"))
    fill(tmp_path / "firms.xlsx", [row, row | {"enterprise_id": "E2", "revenue_cny": 7.0}])
    assert icsml("data", "draft", tmp_path / "firms.xlsx", "--out", tmp_path / "drafted.yaml")[0] == 0
    drafted = yaml.safe_load((tmp_path / "drafted.yaml").read_text("utf-8"))["fields"]
    assert drafted["revenue_cny"] == {"column": "营业收入（万元）", "scale": 10_000.0}


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
    assert asked_for(written["file"]) == written["fields"]
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
    fields = asked_for(file)
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
