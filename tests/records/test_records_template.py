"""The table to fill in: its columns, what a cell may hold, what explains it, and that it is never lost."""

from __future__ import annotations

import re

import pytest
import yaml
from openpyxl import load_workbook

from icsml.errors import InputError
from icsml.portfolio.mapping import load_mapping
from icsml.records.field import Kind, Outside, Purpose
from icsml.records.fields import CHOICES, FIELD_BY_NAME, FIELDS, TECHNICAL_FIELDS
from icsml.records.template import LEADING, usable_names, write_template
from icsml.texts.catalogue import text

USABLE = [FIELD_BY_NAME[name] for name in usable_names()]


FORMS = [(lang, unit) for lang in ("en", "zh") for unit in ("yuan", "wan")]
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture(scope="module", params=FORMS, ids="-".join)
def form(request):
    """Language and unit of a template."""
    return request.param


@pytest.fixture(scope="module")
def written(tmp_path_factory, form):
    lang, unit = form
    path = tmp_path_factory.mktemp("template") / "firms.xlsx"
    return write_template(path, usable_names(), title="firms", lang=lang, unit=unit)


@pytest.fixture(scope="module")
def book(written):
    return load_workbook(written.file)


@pytest.fixture(scope="module")
def columns(book, written):
    """Letter of the column of each field."""
    return {name: cell.column_letter for name, cell in zip(written.fields, book["records"][1], strict=True)}


@pytest.fixture(scope="module")
def factor(form):
    """Yuan in the unit of amounts."""
    return {"yuan": 1.0, "wan": 10_000.0}[form[1]]


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
    assert [cell.value for cell in sheet[1]][-3:] == ["Date of founding", "R&D staff", "Total assets (yuan)"]
    assert sorted(path.name for path in template.file.parent.iterdir()) == ["a.mapping.yaml", "a.xlsx"]


def test_all_usable_fields_are_those_that_follow_from_no_decision_and_name_no_person(written):
    left_out = {field for field in FIELDS if field.name not in written.fields}
    assert {field.purpose for field in left_out} == {Purpose.CONSEQUENCE, Purpose.BANK_RATING, Purpose.PERSONAL}
    assert {field.purpose for field in USABLE} == {Purpose.FEATURE, Purpose.RECORD}


def test_there_is_no_row_that_an_import_would_take_for_a_record(book):
    assert book.sheetnames == ["records", "fields"]
    assert book["records"].max_row == 1
    assert book["records"].freeze_panes == "B2"


def test_headings_are_in_their_language_differ_and_name_the_unit_of_every_amount(book, columns, form):
    lang, _ = form
    headings = {name: book["records"][f"{letter}1"].value for name, letter in columns.items()}
    assert len(set(headings.values())) == len(headings)
    assert all(bool(CHINESE.search(each)) == (lang == "zh") for each in headings.values())
    said = {
        ("en", "yuan"): " (yuan)",
        ("en", "wan"): " (10,000 yuan)",
        ("zh", "yuan"): "（元）",
        ("zh", "wan"): "（万元）",
    }
    amounts = {name for name, each in headings.items() if each.endswith(said[form])}
    assert amounts == {field.name for field in USABLE if field.unit == "CNY"}
    assert headings["rd_expense_cny"] == {"en": "R&D expense", "zh": "研发费用"}[lang] + said[form]
    assert headings["enterprise_name"] == {"en": "Enterprise name", "zh": "企业名称"}[lang]


@pytest.mark.parametrize("field", USABLE, ids=lambda field: field.name)
def test_a_header_explains_its_column(field, book, columns, form):
    sheet, letter = book["records"], columns[field.name]
    note = sheet[f"{letter}1"].comment.text
    assert {getattr(field, form[0]), field.name} <= set(note.splitlines())
    assert bool(CHINESE.search(note)) == (form[0] == "zh")
    required = {"en": "required", "zh": "必填"}[form[0]]
    assert (required in note) == (field.name in ("enterprise_id", "as_of"))
    for part in (*(getattr(CHOICES[choice], form[0]) for choice in field.choices), field.pattern or ""):
        assert part in note
    if field.unit == "CNY":
        assert {"yuan": ("in yuan,", "以元为"), "wan": ("in 10,000 yuan,", "以万元为")}[form[1]][
            form[0] == "zh"
        ] in note
    assert sheet.column_dimensions[letter].width > len(sheet[f"{letter}1"].value)


@pytest.mark.parametrize("field", USABLE, ids=lambda field: field.name)
def test_a_column_takes_what_its_field_may_hold(field, rules, book, columns, form, factor):
    letter = columns[field.name]
    shape = book["records"].column_dimensions[letter].number_format
    rule = rules.get(letter)
    if field.kind is Kind.TEXT:
        assert (shape, rule) == ("@", None)
        return
    assert str(rule.sqref) == f"{letter}2:{letter}1048576"
    assert rule.allow_blank
    assert rule.showErrorMessage
    scale = factor if field.unit == "CNY" else 1.0
    bounds = [None if bound is None else bound / scale for bound in (field.low, field.high)]
    words = [getattr(CHOICES[choice], form[0]) for choice in field.choices]
    match field.kind:
        case Kind.CATEGORY:
            assert (shape, rule.type, rule.formula1) == ("@", "list", f'"{",".join(words)}"')
        case Kind.FLAG:
            assert (rule.type, rule.formula1) == ("list", {"en": '"yes,no"', "zh": '"是,否"'}[form[0]])
        case Kind.DATE:
            assert (shape, rule.type) == ("yyyy-mm-dd", "date")
        case _:
            assert rule.type == ("whole" if field.kind is Kind.COUNT else "decimal")
            stated = [float(bound) for bound in (rule.formula1, rule.formula2) if bound is not None]
            assert stated == [bound for bound in bounds if bound is not None]
            assert rule.operator == ("lessThanOrEqual" if bounds[0] is None else "between")
            assert (rule.errorStyle == "stop") == (field.outside is Outside.REFUSE)


def test_rules_keep_to_the_limits_of_a_workbook(rules, form):
    for rule in rules.values():
        assert len(rule.formula1) <= 255
        assert len(rule.error) <= 225
        assert (": " in rule.error) <= (form[0] == "en")
        assert len(rule.errorTitle) <= 32


def test_the_second_sheet_lists_every_field(book, written, form, factor):
    head, *rows = book["fields"].iter_rows(values_only=True)
    assert (
        head
        == {
            "en": ("heading", "name", "label_zh", "label_en", "unit", "type", "range", "required", "example"),
            "zh": ("列标题", "字段名", "中文名称", "英文名称", "单位", "类型", "取值范围", "是否必填", "示例"),
        }[form[0]]
    )
    assert [row[0] for row in rows] == [cell.value for cell in book["records"][1]]
    assert tuple(row[1] for row in rows) == written.fields
    about = {row[1]: row[2:] for row in rows}
    no, yes, persons = {"en": ("no", "yes", "persons"), "zh": ("否", "是", "人")}[form[0]]
    count, day = {"en": ("count", "date"), "zh": ("整数", "日期")}[form[0]]
    assert about["staff_rd"] == ("研发人员数", "R&D staff", persons, count, "0 – 1,000,000", no, 22)
    assert about["net_profit_cny"][4] == f"≤ {1e13 / factor:,.0f}"
    assert about["net_profit_cny"][-1] == 3_600_000 / factor
    assert about["as_of"][3:] == (day, None, yes, "2026-06-30")
    if form[0] == "zh":  # of what is told in Chinese nothing but codes is left in Latin letters
        told = [value for row in rows for value in (row[0], row[4], row[5], row[7]) if value]
        own = {field.zh for field in USABLE}
        assert [value for value in told if not CHINESE.search(value) and value not in own] == []
        assert "、" in about["technical_field"][4]
    assert about["uscc"][-1] == "91350100M000100Y43"
    assert about["strategic_field"][-1] == yes
    assert about["technical_field"][-1] == getattr(CHOICES["electronics_information"], form[0])


def test_the_mapping_reads_every_column_and_no_other(written, book, factor):
    mapping = load_mapping(written.mapping)
    assert (mapping.source.file, mapping.source.sheet) == ("firms.xlsx", "records")
    assert (mapping.name, mapping.outcome) == ("firms", None)
    assert set(mapping.columns_used()) == {cell.value for cell in book["records"][1]}
    scales = {name: source.scale for name, source in mapping.fields.items() if source.scale is not None}
    amounts = [field.name for field in USABLE if field.unit == "CNY"]
    assert scales == ({} if factor == 1.0 else dict.fromkeys(amounts, factor))


def test_every_value_of_every_category_has_a_name():
    values = {choice for field in FIELDS for choice in field.choices}
    assert values == set(CHOICES)
    for value in TECHNICAL_FIELDS:
        named = text(f"names.technical_field.{value}")
        assert (CHOICES[value].en, CHOICES[value].zh) == (named.en, named.zh)


def test_a_template_of_a_further_language_has_its_words_and_english_labels(with_french, tmp_path):
    template = write_template(tmp_path / "f.xlsx", ["high_tech_enterprise", "total_assets_cny"], title="t", lang="fr")
    book = load_workbook(template.file)
    assert [cell.value for cell in book["records"][1]][-2:] == ["Certified high-tech enterprise", "Total assets (yuan)"]
    assert [cell.value for cell in book["fields"][1]][:2] == ["intitulé", "name"]
    assert '"oui,no"' in {rule.formula1 for rule in book["records"].data_validations.dataValidation}
    assert (
        yaml.safe_load(template.mapping.read_text("utf-8"))["fields"]["high_tech_enterprise"]["values"]["oui"] is True
    )


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
