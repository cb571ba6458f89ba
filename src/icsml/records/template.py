"""A table to fill in: a workbook of canonical fields, and the mapping by which `icsml data import` reads it back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal
from unicodedata import east_asian_width

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
from icsml.records.fields import CHOICES, FIELD_BY_NAME, FIELDS
from icsml.texts.catalogue import has_text, phrase
from icsml.texts.label import Label

__all__ = ["LEADING", "SHEET", "Template", "Unit", "usable_names", "write_template"]

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

Unit = Literal["yuan", "wan"]

_WAN: Final = 10_000
_FORMATS = {Kind.TEXT: "@", Kind.CATEGORY: "@", Kind.DATE: "yyyy-mm-dd"}
_MONEY_FORMAT = "#,##0.00"
_CODES = ("uscc", "region", "industry")
_TRUTH = {"TRUE": True, "FALSE": False, "true": True, "false": False, "是": True, "否": False, "1": True, "0": False}
_TRUTH |= {"yes": True, "no": False}
_HEAD_FILL = PatternFill("solid", fgColor="DDEBF7")
_REQUIRED_FILL = PatternFill("solid", fgColor="F8CBAD")
_ABOUT = {
    # heading: width, of the sheet that explains the fields
    "heading": 40,
    "name": 30,
    "label_zh": 28,
    "label_en": 48,
    "unit": 12,
    "kind": 10,
    "range": 40,
    "required": 10,
    "example": 24,
}


@dataclass(frozen=True, slots=True)
class Template:
    """A template that was written.

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


@dataclass(frozen=True, slots=True)
class _Form:
    """Language of a table's headings and choices, and unit of its amounts."""

    lang: str
    unit: Unit

    def say(self, key: str, **parts: str) -> str:
        return phrase(f"template.{key}", self.lang, **parts)

    def label(self, field: Field) -> str:
        return Label(en=field.en, zh=field.zh).text(self.lang)

    def unit_of(self, field: Field) -> str:
        key = f"units.{self.unit if field.unit == 'CNY' else field.unit}"
        return self.say(key) if has_text(f"template.{key}") else ""

    def scale(self, field: Field) -> int:
        return _WAN if field.unit == "CNY" and self.unit == "wan" else 1

    def heading(self, field: Field) -> str:
        """Return the heading of a column: it names the unit of an amount or a share, which could be mistaken."""
        label = self.label(field)
        if field.unit not in ("CNY", "fraction"):
            return label
        return phrase("names.with_note", self.lang, text=label, note=self.unit_of(field))

    @property
    def flags(self) -> dict[str, bool]:
        """What may be chosen in the column of a flag, and what each choice means."""
        return {self.say("choose.yes"): True, self.say("choose.no"): False}

    def choices(self, field: Field) -> dict[str, str | bool]:
        """Return what may be chosen in a column, and what each choice means."""
        if field.kind is Kind.FLAG:
            return dict(self.flags)
        return {CHOICES[choice].text(self.lang): choice for choice in field.choices}


def usable_names() -> tuple[str, ...]:
    """Return, in order, the fields that may be scored or feed features, or that identify and date a record.

    What is personal, follows from an earlier decision or is the bank's own rating is left out.
    """
    return tuple(field.name for field in FIELDS if field.purpose not in _NEVER_USED)


def write_template(path: Path, names: Iterable[str], *, title: str, lang: str = "en", unit: Unit = "yuan") -> Template:
    """Write a workbook to fill in, one enterprise a row, and beside it the mapping that reads it.

    The sheet ``records`` contains the headings and no row; the sheet ``fields`` explains them. The mapping lies in
    ``F.mapping.yaml`` beside ``F.xlsx``. The unit of amounts stands in their headings, by which the mapping finds them,
    so that a table in one unit is never read as one in the other.

    Parameters
    ----------
    path : Path
        The workbook, an ``.xlsx`` file that is not there yet.
    names : iterable of str
        Canonical fields to ask for, in any order; those of :data:`LEADING` are always asked for, and come first.
    title : str
        What the table is for, in one line.
    lang : str
        Language of headings, choices and notes.
    unit : {'yuan', 'wan'}
        Whether amounts are filled in in 元 or in 万元.

    Raises
    ------
    InputError
        If a name is no canonical field, the path is no ``.xlsx`` file or cannot become a file, or the workbook or the
        mapping is there already: it may have been filled in, so it is never replaced.
    """
    fields, form = _ordered(names), _Form(lang, unit)
    mapping = path.with_suffix(".mapping.yaml")
    _check_new(path, mapping)
    with whole_file(path) as workbook, whole_file(mapping) as text:
        text.write_text(_mapping(path, mapping, fields, title, form), "utf-8")
        _workbook(fields, title, form).save(workbook)
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


def _workbook(fields: Sequence[Field], title: str, form: _Form) -> Workbook:
    book = Workbook()
    book.properties.title, book.properties.creator = title, "icsml"
    records = book.active
    records.title = SHEET
    for number, field in enumerate(fields, start=1):
        _add_column(records, number, field, form)
    records.freeze_panes = "B2"
    _explain(book.create_sheet("fields"), fields, form)
    return book


def _add_column(sheet: Worksheet, number: int, field: Field, form: _Form) -> None:
    letter = get_column_letter(number)
    heading = form.heading(field)
    head = sheet.cell(1, number, heading)
    head.font, head.fill = Font(bold=True), _REQUIRED_FILL if _required(field) else _HEAD_FILL
    head.comment = Comment(_note(field, form), "icsml", width=380, height=190)
    # The style of the whole column is what a cell takes that is not there yet.
    column = sheet.column_dimensions[letter]
    column.width = max(14, _width(heading) + 3)
    column.number_format = _MONEY_FORMAT if field.unit == "CNY" else _FORMATS.get(field.kind, "General")
    rule = _validation(field, form)
    if rule is not None:
        rule.add(f"{letter}2:{letter}{_LAST_ROW}")
        sheet.add_data_validation(rule)


def _width(text: str) -> int:
    """Return how many letters wide a text is; a Chinese character is two."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _validation(field: Field, form: _Form) -> DataValidation | None:
    """Return the rule of a cell; a value that the import accepts with a report gives a warning, others are stopped."""
    asked = _asked(field, form)
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
        errorTitle=form.label(field)[:32],
        error=form.say("write.within_range", write=_write(field, form), range=_range(field, form))
        if field.kind in (Kind.NUMBER, Kind.COUNT) and _range(field, form)
        else _write(field, form),
    )


def _asked(field: Field, form: _Form) -> tuple[str, str | None, str, str | None] | None:
    """Return type, operator and operands of the rule of a column, in the terms of a workbook."""
    if form.choices(field):
        return "list", None, f'"{",".join(form.choices(field))}"', None
    if field.kind is Kind.DATE:
        return "date", "between", "DATE(1900,1,1)", "DATE(2199,12,31)"
    kind = "whole" if field.kind is Kind.COUNT else "decimal"
    match _bounds(field, form):
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


def _bounds(field: Field, form: _Form) -> tuple[float | None, float | None]:
    """Return the declared range in the unit of the column."""
    low, high = (None if bound is None else bound / form.scale(field) for bound in (field.low, field.high))
    return low, high


def _write(field: Field, form: _Form) -> str:
    if field.unit == "CNY":
        return form.say(f"write.{form.unit}")
    if field.name in _CODES:
        return form.say(f"write.{field.name}")
    return form.say("write.fraction" if field.unit == "fraction" else f"write.{field.kind}")


def _range(field: Field, form: _Form) -> str:
    if field.choices or field.pattern:
        return field.pattern or form.say("between_choices").join(form.choices(field))
    match _bounds(field, form):
        case None, None:
            return ""
        case low, None:
            return f"≥ {low:,.15g}"
        case None, high:
            return f"≤ {high:,.15g}"
        case low, high:
            return f"{low:,.15g} – {high:,.15g}"


def _note(field: Field, form: _Form) -> str:
    unit, allowed = form.unit_of(field), _range(field, form)
    lines = [form.label(field), field.name]
    lines += [form.say("note.unit", unit=unit)] if unit else []
    lines += [form.say("note.range", range=allowed)] if allowed else []
    lines.append(form.say("note.write", write=_write(field, form)))
    return "\n".join([*lines, form.say("note.required" if _required(field) else "note.empty")])


def _explain(sheet: Worksheet, fields: Sequence[Field], form: _Form) -> None:
    sheet.append([form.say(f"columns.{heading}") for heading in _ABOUT])
    for number, width in enumerate(_ABOUT.values(), start=1):
        sheet.cell(1, number).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(number)].width = width
    for field in fields:
        kind, allowed = form.say(f"kinds.{field.kind}"), _range(field, form)
        about = (form.heading(field), field.name, field.zh, field.en, form.unit_of(field), kind, allowed)
        required = form.say("choose.yes" if _required(field) else "choose.no")
        sheet.append([*about, required, _example(field, form)])
    sheet.freeze_panes = "B2"


def _example(field: Field, form: _Form) -> str | float | int | bool | None:
    """Return the example as it would be filled in."""
    chosen = {meant: choice for choice, meant in form.choices(field).items()}
    if field.example is None or chosen:
        return chosen.get(field.example) if field.example is not None else None  # type: ignore[arg-type]
    return field.example / _WAN if isinstance(field.example, float) and form.scale(field) == _WAN else field.example


def _mapping(path: Path, mapping: Path, fields: Sequence[Field], title: str, form: _Form) -> str:
    # One object for every flag: in YAML an anchor, so that a bank's own word for yes is added in one place.
    truth = _TRUTH | form.flags
    content = {
        "name": path.stem if _NAME.fullmatch(path.stem) else SHEET,
        "licence": "internal",
        "source": {"file": path.name, "sheet": SHEET},
        "enterprise_id": form.heading(FIELD_BY_NAME["enterprise_id"]),
        "as_of": form.heading(FIELD_BY_NAME["as_of"]),
        "outcome": None,
        "fields": {field.name: _source(field, form, truth) for field in fields if field.name not in _REQUIRED},
    }
    command = f"icsml data import --mapping {mapping.name} --out DIR"
    return f"# {' '.join(title.split())}\n# Fill in {path.name}, then: {command}\n{dump_yaml(content)}"


def _source(field: Field, form: _Form, truth: Mapping[str, bool]) -> object:
    column = form.heading(field)
    if field.kind is Kind.FLAG:
        return {"column": column, "values": truth}
    if field.choices:
        # What was chosen, and the canonical words themselves where somebody pastes them.
        return {"column": column, "values": form.choices(field) | {choice: choice for choice in field.choices}}
    return {"column": column, "scale": _WAN} if form.scale(field) == _WAN else column
