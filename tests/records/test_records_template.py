"""The table to fill in: its columns, what a cell may hold, what explains it, and that it is never lost."""

from __future__ import annotations

import pytest
from openpyxl import load_workbook

from icsml.errors import InputError
from icsml.portfolio.mapping import load_mapping
from icsml.records.field import Kind, Outside, Purpose
from icsml.records.fields import FIELD_BY_NAME, FIELDS
from icsml.records.template import LEADING, usable_names, write_template

USABLE = [FIELD_BY_NAME[name] for name in usable_names()]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return write_template(tmp_path_factory.mktemp("template") / "firms.xlsx", usable_names(), title="firms")


@pytest.fixture(scope="module")
def book(written):
    return load_workbook(written.file)


@pytest.fixture(scope="module")
def columns(book):
    """Letter of the column of each field."""
    return {cell.value: cell.column_letter for cell in book["records"][1]}


@pytest.fixture(scope="module")
def rules(book):
    """The rule of each column by its letter."""
    found = book["records"].data_validations.dataValidation
    return {str(rule.sqref).partition("2:")[0]: rule for rule in found}


def refusal(path, names=()):
    with pytest.raises(InputError) as error:
        write_template(path, names, title="t")
    return error.value


def test_what_identifies_comes_first_and_the_rest_in_canonical_order(tmp_path):
    asked = ["total_assets_cny", "region", "staff_rd", "founded_on", "staff_rd"]
    template = write_template(tmp_path / "new" / "a.xlsx", asked, title="t")
    assert template.fields == (*LEADING, "founded_on", "staff_rd", "total_assets_cny")
    sheet = load_workbook(template.file)["records"]
    assert [cell.value for cell in sheet[1]] == list(template.fields)
    assert sorted(path.name for path in template.file.parent.iterdir()) == ["a.mapping.yaml", "a.xlsx"]


def test_all_usable_fields_are_those_that_follow_from_no_decision_and_name_no_person(written):
    left_out = {field for field in FIELDS if field.name not in written.fields}
    assert {field.purpose for field in left_out} == {Purpose.CONSEQUENCE, Purpose.BANK_RATING, Purpose.PERSONAL}
    assert {field.purpose for field in USABLE} == {Purpose.FEATURE, Purpose.RECORD}


def test_there_is_no_row_that_an_import_would_take_for_a_record(book):
    assert book.sheetnames == ["records", "fields"]
    assert book["records"].max_row == 1
    assert book["records"].freeze_panes == "B2"


@pytest.mark.parametrize("field", USABLE, ids=lambda field: field.name)
def test_a_header_explains_its_column(field, book, columns):
    sheet, letter = book["records"], columns[field.name]
    note = sheet[f"{letter}1"].comment.text
    assert {field.zh, field.en, f"单位 / unit: {field.unit}"} <= set(note.splitlines())
    assert ("required" in note) == (field.name in ("enterprise_id", "as_of"))
    for part in (*field.choices, field.pattern or ""):
        assert part in note
    assert field.pattern is None or "位" in note, "a person does not read regular expressions"
    assert sheet.column_dimensions[letter].width > len(field.name)


@pytest.mark.parametrize("field", USABLE, ids=lambda field: field.name)
def test_a_column_takes_what_its_field_may_hold(field, rules, book, columns):
    letter = columns[field.name]
    shape = book["records"].column_dimensions[letter].number_format
    rule = rules.get(letter)
    if field.kind is Kind.TEXT:
        assert (shape, rule) == ("@", None)
        return
    assert str(rule.sqref) == f"{letter}2:{letter}1048576"
    assert rule.allow_blank
    assert rule.showErrorMessage
    bounds = [None if bound is None else float(bound) for bound in (field.low, field.high)]
    match field.kind:
        case Kind.CATEGORY:
            assert (shape, rule.type, rule.formula1) == ("@", "list", f'"{",".join(field.choices)}"')
        case Kind.FLAG:
            assert (rule.type, rule.formula1) == ("list", '"TRUE,FALSE"')
        case Kind.DATE:
            assert (shape, rule.type) == ("yyyy-mm-dd", "date")
        case _:
            assert rule.type == ("whole" if field.kind is Kind.COUNT else "decimal")
            stated = [float(bound) for bound in (rule.formula1, rule.formula2) if bound is not None]
            assert stated == [bound for bound in bounds if bound is not None]
            assert rule.operator == ("lessThanOrEqual" if bounds[0] is None else "between")
            assert (rule.errorStyle == "stop") == (field.outside is Outside.REFUSE)


def test_rules_keep_to_the_limits_of_a_workbook(rules):
    for rule in rules.values():
        assert len(rule.formula1) <= 255
        assert len(rule.error) <= 225
        assert len(rule.errorTitle) <= 32


def test_the_second_sheet_lists_every_field(book, written):
    head, *rows = book["fields"].iter_rows(values_only=True)
    assert head == ("name", "label_zh", "label_en", "unit", "type", "range", "required", "example")
    assert tuple(row[0] for row in rows) == written.fields
    about = {row[0]: row[1:] for row in rows}
    assert about["staff_rd"] == ("研发人员数", "R&D staff", "persons", "count", "0 – 1,000,000", "no", 22)
    assert about["net_profit_cny"][4] == "≤ 10,000,000,000,000"
    assert about["as_of"][2:] == ("date", "date", None, "yes", "2026-06-30")
    assert about["uscc"][-1] == "91350100M000100Y43"
    assert about["strategic_field"][-1] is True


def test_the_mapping_reads_every_column_and_no_other(written):
    mapping = load_mapping(written.mapping)
    assert (mapping.source.file, mapping.source.sheet) == ("firms.xlsx", "records")
    assert (mapping.name, mapping.outcome) == ("firms", None)
    used = mapping.columns_used()
    assert set(used) == set(written.fields)
    assert all(key.removeprefix("fields.") == column for column, key in used.items())


def test_a_name_that_no_data_set_may_have_is_left_in_the_file_name(tmp_path):
    template = write_template(tmp_path / "企业 1.xlsx", [], title="two\nlines")
    mapping = load_mapping(template.mapping)
    assert (template.mapping.name, mapping.name, mapping.source.file) == (
        "企业 1.mapping.yaml",
        "records",
        "企业 1.xlsx",
    )


@pytest.mark.parametrize("taken", ["firms.xlsx", "firms.mapping.yaml"])
def test_what_may_have_been_filled_in_is_never_replaced(tmp_path, taken):
    (tmp_path / taken).write_text("filled in")
    error = refusal(tmp_path / "firms.xlsx")
    assert (error.code, error.field) == ("ICS-REC-021", str(tmp_path / taken))
    assert "another file" in str(error.remedy)
    assert [path.name for path in tmp_path.iterdir()] == [taken]
    assert (tmp_path / taken).read_text() == "filled in"


def test_a_link_is_not_replaced_either(tmp_path):
    (tmp_path / "firms.xlsx").symlink_to(tmp_path / "elsewhere.xlsx")
    assert refusal(tmp_path / "firms.xlsx").code == "ICS-REC-021"


@pytest.mark.parametrize("name", ["firms.xls", "firms.csv", "firms"])
def test_only_a_workbook_that_the_import_reads_is_written(tmp_path, name):
    assert refusal(tmp_path / name).code == "ICS-REC-020"
    assert not any(tmp_path.iterdir())


def test_a_folder_is_refused_and_nothing_is_left(tmp_path):
    (tmp_path / "firms.mapping.yaml").mkdir()
    assert refusal(tmp_path / "firms.xlsx").code == "ICS-CFG-003"
    assert [path.name for path in tmp_path.iterdir()] == ["firms.mapping.yaml"]


def test_an_unknown_field_is_named_with_the_nearest(tmp_path):
    error = refusal(tmp_path / "firms.xlsx", ["revenu_cny"])
    assert (error.code, error.field, error.remedy) == ("ICS-REC-001", "revenu_cny", "did you mean revenue_cny?")
