"""A table to fill in: a workbook of canonical fields, and the mapping by which `icsml data import` reads it back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from icsml.core.files import check_target, whole_file
from icsml.core.names import nearest
from icsml.core.yaml import dump_yaml
from icsml.errors import InputError
from icsml.records.field import Field, Kind, Outside, Purpose
from icsml.records.fields import FIELD_BY_NAME, FIELDS

__all__ = ["LEADING", "SHEET", "Template", "usable_names", "write_template"]

SHEET: Final = "records"
"""The sheet to fill in."""
LEADING: Final = (
    "enterprise_id",
    "enterprise_name",
    "as_of",
    "uscc",
    "region",
    "technical_field",
    "statement_period_end",
    "statement_published_at",
)
"""The first columns of every template: who, when, among whom, and what was known by then."""

_REQUIRED = ("enterprise_id", "as_of")
_NEVER_USED = (Purpose.CONSEQUENCE, Purpose.PERSONAL, Purpose.BANK_RATING)
_SUFFIX = ".xlsx"
_LAST_ROW = 1_048_576
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

_FORMATS = {Kind.TEXT: "@", Kind.CATEGORY: "@", Kind.DATE: "yyyy-mm-dd"}
_MONEY_FORMAT = "#,##0.00"
_WRITE = {
    Kind.TEXT: "文本，保留前导零 / text; leading zeros are kept",
    Kind.CATEGORY: "从下拉列表中选择 / choose from the list",
    Kind.DATE: "日期，如 2026-06-30 / a date, such as 2026-06-30",
    Kind.NUMBER: "数值 / a number",
    Kind.COUNT: "整数 / a whole number",
    Kind.FLAG: "TRUE（是）或 FALSE（否） / TRUE or FALSE",
}
_WRITE_UNIT = {
    "CNY": "以元为单位，不是万元 / a number in yuan, not in 万元",
    "fraction": "小数，5% 写作 0.05 / a fraction, 0.05 for 5 %",
}
_WRITE_CODE = {
    "uscc": "18 位，数字和大写字母，末位是校验码 / 18 digits and capitals, of which the last checks the others",
    "region": "6 位数字，文本格式 / six digits, as text",
    "industry": "门类字母加至多 4 位数字，如 C3990 / a letter and up to four digits, such as C3990",
}
_TRUTH = {"TRUE": True, "FALSE": False, "true": True, "false": False, "是": True, "否": False, "1": True, "0": False}
_HEAD_FILL = PatternFill("solid", fgColor="DDEBF7")
_REQUIRED_FILL = PatternFill("solid", fgColor="F8CBAD")
_ABOUT = (
    # (heading, width) of the sheet that explains the fields
    ("name", 30),
    ("label_zh", 28),
    ("label_en", 48),
    ("unit", 10),
    ("type", 10),
    ("range", 40),
    ("required", 10),
    ("example", 24),
)


@dataclass(frozen=True, slots=True)
class Template:
    """What was written.

    Parameters
    ----------
    file : Path
        The workbook to fill in.
    mapping : Path
        The mapping file beside it.
    fields : tuple of str
        Its columns, in order.
    """

    file: Path
    mapping: Path
    fields: tuple[str, ...]


def usable_names() -> tuple[str, ...]:
    """Return, in order, the fields that may be scored or feed features, or that identify and date a record.

    What is personal, follows from an earlier decision or is the bank's own rating is left out.
    """
    return tuple(field.name for field in FIELDS if field.purpose not in _NEVER_USED)


def write_template(path: Path, names: Iterable[str], *, title: str) -> Template:
    """Write a workbook to fill in, one enterprise a row, and beside it the mapping that reads it.

    The sheet ``records`` holds the names of the fields and no row; the sheet ``fields`` explains them. The mapping lies
    in ``F.mapping.yaml`` beside ``F.xlsx``.

    Parameters
    ----------
    path : Path
        The workbook, an ``.xlsx`` file that is not there yet.
    names : iterable of str
        Canonical fields to ask for, in any order; those of :data:`LEADING` are always asked for, and come first.
    title : str
        What the table is for, in one line.

    Raises
    ------
    InputError
        If a name is no canonical field, the path is no ``.xlsx`` file or cannot become a file, or the workbook or the
        mapping is there already: it may have been filled in, so it is never replaced.
    """
    fields = _ordered(names)
    mapping = path.with_suffix(".mapping.yaml")
    _check_new(path, mapping)
    with whole_file(path) as workbook, whole_file(mapping) as text:
        text.write_text(_mapping(path, mapping, fields, title), "utf-8")
        _workbook(fields, title).save(workbook)
    return Template(path, mapping, tuple(field.name for field in fields))


def _ordered(names: Iterable[str]) -> list[Field]:
    asked = set(names)
    unknown = sorted(asked - set(FIELD_BY_NAME))
    if unknown:
        remedy = nearest(unknown[0], FIELD_BY_NAME) or "see `icsml records schema`"
        raise InputError("ICS-REC-001", "unknown field", field=unknown[0], remedy=remedy)
    rest = [field for field in FIELDS if field.name in asked and field.name not in LEADING]
    return [*(FIELD_BY_NAME[name] for name in LEADING), *rest]


def _check_new(path: Path, mapping: Path) -> None:
    if path.suffix.lower() != _SUFFIX:
        raise InputError("ICS-REC-020", f"is no {_SUFFIX} file", field=str(path), remedy=f"name it F{_SUFFIX}")
    for target in (path, mapping):
        check_target(target)
        if target.exists() or target.is_symlink():
            raise InputError(
                "ICS-REC-021",
                "is there already; neither a filled-in table nor its mapping is ever replaced",
                field=str(target),
                remedy="name another file, or move this one away",
            )


def _workbook(fields: Sequence[Field], title: str) -> Workbook:
    book = Workbook()
    book.properties.title, book.properties.creator = title, "icsml"
    records = book.active
    records.title = SHEET
    for number, field in enumerate(fields, start=1):
        _add_column(records, number, field)
    records.freeze_panes = "B2"
    _explain(book.create_sheet("fields"), fields)
    return book


def _add_column(sheet: Worksheet, number: int, field: Field) -> None:
    letter = get_column_letter(number)
    head = sheet.cell(1, number, field.name)
    head.font, head.fill = Font(bold=True), _REQUIRED_FILL if _required(field) else _HEAD_FILL
    head.comment = Comment(_note(field), "icsml", width=380, height=190)
    # The style of the whole column is what a cell takes that is not there yet.
    column = sheet.column_dimensions[letter]
    column.width = max(14, len(field.name) + 3)
    column.number_format = _MONEY_FORMAT if field.unit == "CNY" else _FORMATS.get(field.kind, "General")
    rule = _validation(field)
    if rule is not None:
        rule.add(f"{letter}2:{letter}{_LAST_ROW}")
        sheet.add_data_validation(rule)


def _validation(field: Field) -> DataValidation | None:
    """Return what a cell may hold; a value that the import keeps and reports is warned of, any other is stopped."""
    asked = _asked(field)
    if asked is None:
        return None
    kind, operator, first, second = asked
    lenient = field.numeric and field.outside is not Outside.REFUSE
    return DataValidation(
        type=kind,
        operator=operator,
        formula1=first,
        formula2=second,
        allow_blank=True,
        showErrorMessage=True,
        errorStyle="warning" if lenient else "stop",
        errorTitle=field.name[:32],
        error=f"{_write(field)}: {_range(field)}" if field.numeric and _range(field) else _write(field),
    )


def _asked(field: Field) -> tuple[str, str | None, str, str | None] | None:
    """Return type, operator and operands of the rule of a column, in the terms of a workbook."""
    if field.kind is Kind.FLAG:
        return "list", None, '"TRUE,FALSE"', None
    if field.choices:
        return "list", None, f'"{",".join(field.choices)}"', None
    if field.kind is Kind.DATE:
        return "date", "between", "DATE(1900,1,1)", "DATE(2199,12,31)"
    kind = "whole" if field.kind is Kind.COUNT else "decimal"
    match field.low, field.high:
        case None, None:
            return None
        case low, None:
            return kind, "greaterThanOrEqual", f"{low:.15g}", None
        case None, high:
            return kind, "lessThanOrEqual", f"{high:.15g}", None
        case low, high:
            return kind, "between", f"{low:.15g}", f"{high:.15g}"


def _required(field: Field) -> bool:
    # The mapping dates the rows, so one without a date would be refused.
    return field.name in _REQUIRED


def _write(field: Field) -> str:
    return _WRITE_CODE.get(field.name) or _WRITE_UNIT.get(field.unit, _WRITE[field.kind])


def _range(field: Field) -> str:
    if field.choices or field.pattern:
        return field.pattern or ", ".join(field.choices)
    match field.low, field.high:
        case None, None:
            return ""
        case low, None:
            return f"≥ {low:,.15g}"
        case None, high:
            return f"≤ {high:,.15g}"
        case low, high:
            return f"{low:,.15g} – {high:,.15g}"


def _note(field: Field) -> str:
    allowed = _range(field)
    empty = (
        "必填 / required" if _required(field) else "未知则留空，不要填 0 / leave empty what is not known; 0 is a value"
    )
    lines = [field.zh, field.en, f"单位 / unit: {field.unit}"]
    lines += [f"范围 / range: {allowed}"] if allowed else []
    return "\n".join([*lines, f"填写 / write: {_write(field)}", empty])


def _explain(sheet: Worksheet, fields: Sequence[Field]) -> None:
    sheet.append([heading for heading, _ in _ABOUT])
    for number, (_, width) in enumerate(_ABOUT, start=1):
        sheet.cell(1, number).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(number)].width = width
    for field in fields:
        required = "yes" if _required(field) else "no"
        sheet.append(
            [field.name, field.zh, field.en, field.unit, str(field.kind), _range(field), required, field.example]
        )
    sheet.freeze_panes = "B2"


def _mapping(path: Path, mapping: Path, fields: Sequence[Field], title: str) -> str:
    content = {
        "name": path.stem if _NAME.fullmatch(path.stem) else SHEET,
        "licence": "internal",
        "source": {"file": path.name, "sheet": SHEET},
        "enterprise_id": "enterprise_id",
        "as_of": "as_of",
        "outcome": None,
        "fields": {field.name: _source(field) for field in fields if field.name not in _REQUIRED},
    }
    head = (
        f"{' '.join(title.split())}\n# Fill in {path.name}, then: icsml data import --mapping {mapping.name} --out DIR"
    )
    return f"# {head}\n{dump_yaml(content)}"


def _source(field: Field) -> object:
    # One object for every flag: in YAML an anchor, so that a bank's own word for yes is added in one place.
    return {"column": field.name, "values": _TRUTH} if field.kind is Kind.FLAG else field.name
