"""Values of the keys of a mapping file: tables, dates, fields, features, outcomes."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from icsml.core.names import nearest
from icsml.portfolio.aggregates import AGGREGATES
from icsml.records.extra import EXTRA_NAME, ExtraFeature
from icsml.records.fields import FIELD_BY_NAME

__all__ = [
    "ISO",
    "Canonical",
    "Column",
    "DateSource",
    "Derived",
    "FieldSource",
    "InvoiceColumns",
    "MappedFeature",
    "OutcomeSource",
    "Source",
    "StrictModel",
    "TableSource",
    "Token",
    "plain_column",
]

_KEYS_OF_THEIR_OWN = ("enterprise_id", "as_of")


def _as_written(value: object) -> object:
    """YAML reads an unquoted yes, no, on or off as a truth value (no text equals it), and a date as a date."""
    if isinstance(value, bool):
        raise ValueError("an unquoted yes, no, on, off, true or false; write it in quotes")
    return value.isoformat() if isinstance(value, date) else value


def _canonical(name: str) -> str:
    if name in _KEYS_OF_THEIR_OWN:
        raise ValueError(f"{name} has a key of its own at the top of the mapping")
    if name not in FIELD_BY_NAME:
        raise ValueError("; ".join(filter(None, [f"{name} is no canonical field", nearest(name, FIELD_BY_NAME)])))
    return name


def plain_column(value: object) -> object:
    """Accept a column's name in place of the object with that name."""
    return {"column": value} if isinstance(value, str) else value


Column = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Canonical = Annotated[str, AfterValidator(_canonical)]
Token = Annotated[str | int | float, BeforeValidator(_as_written)]
LabelValue = Annotated[
    str | bool | int | float, BeforeValidator(lambda value: str(value) if isinstance(value, date) else value)
]
Unit = Literal["D", "s", "ms", "us", "ns"]


ISO = "ISO8601"
"""The format of full ISO dates, with or without a time and an offset."""


def _separator(value: str) -> str:
    separator = {"tab": "\t", "\\t": "\t"}.get(value, value)
    if len(separator) != 1 or separator in '"\r\n':
        raise ValueError('one character, such as ";", or tab')
    return separator


def _strptime_format(form: str) -> str:
    if form == ISO:
        return form
    parts = re.findall(r"%(.?)", form)
    if not {"Y", "y", "c", "x"} & set(parts):
        raise ValueError('no format that holds a year; write one as of strptime, such as "%Y-%m-%d", or ISO8601')
    weeks = sorted({"W", "U", "V", "G", "w", "u"} & set(parts))
    if weeks:
        raise ValueError(f"%{weeks[0]} counts weeks, and a week is no day; give a column of dates")
    try:
        datetime.strptime(datetime(2024, 11, 28, tzinfo=UTC).strftime(form), form)
    except ValueError as error:
        raise ValueError('no format that can be read; write one as of strptime, such as "%Y-%m-%d"') from error
    return form


_DAY_PARTS = frozenset({"%d", "%j", "%x", "%c", "%D", "%F"})
DateFormat = Annotated[str, AfterValidator(_strptime_format)]
Separator = Annotated[str, AfterValidator(_separator)]


def _comparable(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


class StrictModel(BaseModel):
    """A part of a mapping: no other key, no change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(StrictModel):
    """A table in a file.

    Parameters
    ----------
    file : str
        ``.csv`` or ``.tsv`` (gzipped as ``.csv.gz``), ``.parquet`` (a file or a folder of parts) or ``.xlsx``, relative
        to the mapping file.
    sheet : str, optional
        Sheet of a workbook; the first that is not hidden by default.
    encoding : str
        Encoding of a csv file, such as ``gb18030``.
    separator : str, optional
        What parts the fields of a csv file, one character or ``tab``; by default the comma, semicolon, tab or bar that
        yields the columns of the mapping.
    decimal : {'.', ','}
        Decimal mark of numbers that are written as text.
    header_row : int
        Line of a csv file or row of a sheet with the headings, counted from 1; rows above are left out.
    skip_rows : list of int or str
        Lines or rows below the heading to leave out: by number in the file (-1 is the last), or by the text of their
        first filled cell, such as 合计.
    """

    file: Annotated[str, Field(min_length=1)]
    sheet: str | None = None
    encoding: str = "utf-8-sig"
    separator: Separator | None = None
    decimal: Literal[".", ","] = "."
    header_row: int = Field(default=1, ge=1, le=1000)
    skip_rows: tuple[int | str, ...] = ()


class InvoiceColumns(StrictModel):
    """The columns of an invoice table; None is recognised by its usual English or Chinese heading."""

    date: Column | None = None
    partner: Column | None = None
    amount: Column | None = None
    tax: Column | None = None
    status: Column | None = None
    voided_on: Column | None = None


class TableSource(Source):
    """Another table with many rows a firm, aggregated by a named function.

    Parameters
    ----------
    key : str
        Its column of the firm, as ``enterprise_id`` does in the main table.
    aggregate : str
        Name of the function.
    columns : InvoiceColumns
        Its columns by meaning.
    void : list of str
        Values of the status column that mark a void invoice; blanks around them are of no matter.
    against : str, optional
        Another table whose totals the function may compare with (purchases against sales).
    """

    key: Column
    aggregate: str
    columns: InvoiceColumns = InvoiceColumns()
    void: tuple[str, ...] = ("void", "作废发票")
    against: str | None = None

    @field_validator("aggregate")
    @classmethod
    def _known_aggregate(cls, name: str) -> str:
        if name not in AGGREGATES:
            raise ValueError(f"{name} is no aggregate; there are {', '.join(sorted(AGGREGATES))}")
        return name


class DateSource(StrictModel):
    """A column of dates.

    Parameters
    ----------
    column : str
        Its name.
    format, formats : str or list of str, optional
        As of ``strptime``, or ``ISO8601``; a year or month means its last day. Full ISO dates need none. Each text
        is read by the one format of the list that fits it.
    unit, origin : optional
        For counts of ``unit`` since ``origin``.
    missing : list, optional
        Values of this column that mean "not known", beside those of the whole table.
    """

    column: Column
    format: DateFormat | None = None
    formats: Annotated[tuple[DateFormat, ...], Field(min_length=1)] | None = None
    unit: Unit | None = None
    origin: date | None = None
    missing: tuple[Token, ...] = ()

    @field_validator("origin")
    @classmethod
    def _unit_with_origin(cls, origin: date | None, info: ValidationInfo) -> date | None:
        if origin is not None and info.data.get("unit") is None:
            raise ValueError("an origin needs a unit; add unit: D")
        return origin

    @model_validator(mode="after")
    def _one_way_to_read(self) -> DateSource:
        given = [key for key in ("format", "formats", "unit") if getattr(self, key) is not None]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} exclude one another; keep one")
        return self

    @property
    def period(self) -> Literal["D", "M", "Y"]:
        """Period of a date: a day, or the last day of a month or year; of several formats the longest."""
        forms = [] if self.unit else [form for form in self.formats_tried if form != ISO]
        if any(not {"%m", "%b", "%B", *_DAY_PARTS} & set(re.findall(r"%.", form)) for form in forms):
            return "Y"
        return "M" if any(not _DAY_PARTS & set(re.findall(r"%.", form)) for form in forms) else "D"

    @property
    def formats_tried(self) -> tuple[str, ...]:
        """The formats by which a text is read."""
        return self.formats or ((self.format,) if self.format else (ISO,))


class FieldSource(DateSource):
    """The source of a canonical field.

    Parameters
    ----------
    scale : float, optional
        Factor that turns the column into the canonical unit.
    values : dict, optional
        Canonical value of each value of the column (null: missing), ``*`` for all others; without it, what is
        not listed becomes missing, and is counted.
    """

    scale: float | None = Field(default=None, allow_inf_nan=False)
    values: dict[Token, str | bool | float | None] | None = None


class MappedFeature(ExtraFeature):
    """An extra feature with the column that it comes from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Column = Field(alias="column")
    scale: float | None = Field(default=None, allow_inf_nan=False)
    values: dict[Token, float | None] | None = None
    missing: tuple[Token, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _named_by_column(cls, given: object) -> object:
        """Use the column's name as name and label where none is given."""
        if not isinstance(given, dict) or not isinstance(given.get("column"), str):
            return given
        column = given["column"].strip()
        name = {} if "name" in given or not re.fullmatch(EXTRA_NAME, column) else {"name": column}
        return {"label": {"en": column, "zh": column}} | name | given

    @property
    def declared(self) -> ExtraFeature:
        """The feature as ``dataset.yaml`` and the bundle declare it."""
        return ExtraFeature(**{name: getattr(self, name) for name in ExtraFeature.model_fields})


class OutcomeSource(StrictModel):
    """The column of the outcome, and its values that mean bad.

    Parameters
    ----------
    column : str
        The label; an empty cell means that the outcome was never seen.
    positive : list
        Values that mean bad.
    negative : list, optional
        Values that mean good. It may be left out where the column holds exactly one value besides ``positive``,
        ``unknown`` and missing ones; a value in none of them ends the import.
    unknown : list
        Values that mean that the outcome was not seen.
    missing : list
        The same, and counted as missing.
    event, horizon_months : optional
        None is not known.
    event_date : DateSource, optional
        When the event happened; the column may be a ``known_after`` one.
    meaning : str, optional
        In words.
    """

    column: Column
    positive: Annotated[tuple[LabelValue, ...], Field(min_length=1)]
    negative: Annotated[tuple[LabelValue, ...], Field(min_length=1)] | None = None
    unknown: tuple[LabelValue, ...] = ()
    missing: tuple[Token, ...] = ()
    event: Literal["default", "bankruptcy", "charge_off"] | None = None
    horizon_months: int | None = Field(default=None, ge=1, le=600)
    event_date: Annotated[DateSource | None, BeforeValidator(plain_column)] = None
    meaning: str | None = None

    @model_validator(mode="after")
    def _labels_apart(self) -> OutcomeSource:
        seen: dict[str, str] = {}
        for key in ("positive", "negative", "unknown"):
            for value in {_comparable(label) for label in getattr(self, key) or ()}:
                if value in seen:
                    raise ValueError(f"{value!r} stands under {seen[value]} and under {key}; list it once")
                seen[value] = key
        return self


class Derived(StrictModel):
    """A column made of two others of the main table.

    Parameters
    ----------
    name : str
        Its name, usable like a column.
    ratio : (str, str)
        Numerator and denominator; missing where either is, or the denominator is not above zero.
    share : (str, str)
        A part and the whole that it is part of; missing also where the part is below zero or above the whole.
    """

    name: Column
    ratio: tuple[Column, Column] | None = None
    share: tuple[Column, Column] | None = None

    @model_validator(mode="after")
    def _of_one_kind(self) -> Derived:
        if (self.ratio is None) == (self.share is None):
            raise ValueError("give either ratio: [numerator, denominator] or share: [part, whole]")
        return self

    @property
    def parts(self) -> tuple[str, str]:
        """The two columns, the base last."""
        parts = self.ratio or self.share
        assert parts is not None  # noqa: S101 - the validator saw to it
        return parts
