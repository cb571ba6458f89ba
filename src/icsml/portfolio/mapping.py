"""The mapping file: how anybody's table becomes a data set."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path
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
from icsml.core.yaml import load_model
from icsml.errors import ConfigError
from icsml.portfolio.aggregates import AGGREGATES
from icsml.records.dataset import FoldSplit, OutOfTimeSplit
from icsml.records.extra import EXTRA_NAME, ExtraFeature
from icsml.records.field import Kind
from icsml.records.fields import FIELD_BY_NAME

__all__ = [
    "ISO",
    "DateSource",
    "Derived",
    "FieldSource",
    "InvoiceColumns",
    "MappedFeature",
    "Mapping",
    "OutcomeSource",
    "Source",
    "TableSource",
    "load_mapping",
]

MAPPING_CODE = "ICS-DAT-001"
_ADVICE = re.compile(r"(?P<fault>.*); (?P<remedy>take it out.*?)(?P<more> \(and \d+ more\))?")
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


def _plain_column(value: object) -> object:
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
    try:
        datetime.strptime(datetime(2024, 11, 28, tzinfo=UTC).strftime(form), form)
    except ValueError as error:
        raise ValueError('no format that can be read; write one as of strptime, such as "%Y-%m-%d"') from error
    return form


DateFormat = Annotated[str, AfterValidator(_strptime_format)]
Separator = Annotated[str, AfterValidator(_separator)]


def _comparable(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Strict):
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
        Line of a csv file or row of a sheet that holds the headings, counted from 1; what stands above is left out.
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


class InvoiceColumns(_Strict):
    """Which column of an invoice table holds what; None is recognised by its usual English or Chinese heading."""

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
        Its column that holds the firm, as ``enterprise_id`` does in the main table.
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


class DateSource(_Strict):
    """A column of dates.

    Parameters
    ----------
    column : str
        Its name.
    format, formats : str or list of str, optional
        As of ``strptime``, or ``ISO8601``; a year or month stands for its last day. Full ISO dates need none. Each text
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
    def formats_tried(self) -> tuple[str, ...]:
        """The formats by which a text is read."""
        return self.formats or ((self.format,) if self.format else (ISO,))


class FieldSource(DateSource):
    """Where a canonical field comes from.

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
        """Let the column's own name serve as name and label where none is given."""
        if not isinstance(given, dict) or not isinstance(given.get("column"), str):
            return given
        column = given["column"].strip()
        name = {} if "name" in given or not re.fullmatch(EXTRA_NAME, column) else {"name": column}
        return {"label": {"en": column, "zh": column}} | name | given

    @property
    def declared(self) -> ExtraFeature:
        """The feature as ``dataset.yaml`` and the bundle declare it."""
        return ExtraFeature(**{name: getattr(self, name) for name in ExtraFeature.model_fields})


class OutcomeSource(_Strict):
    """What bad means and where it stands.

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
    event_date: Annotated[DateSource | None, BeforeValidator(_plain_column)] = None
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


class Derived(_Strict):
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


class Mapping(_Strict):
    """A mapping file; ``configs/datasets`` holds examples."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    licence: Annotated[str, Field(min_length=1)]
    source: Source
    missing: tuple[Token, ...] = ()
    max_refused: float = Field(default=0.005, ge=0, le=1)
    tables: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], TableSource] = {}
    # ahead of all that reads columns, which is checked against them
    outcome: OutcomeSource | None
    known_after: tuple[Column, ...] = ()
    ignore: tuple[Column, ...] = ()
    enterprise_id: Column | None
    as_of: Annotated[DateSource | None, BeforeValidator(_plain_column)]
    derived: tuple[Derived, ...] = ()
    fields: dict[Canonical, Annotated[FieldSource, BeforeValidator(_plain_column)]] = {}
    extra_features: tuple[MappedFeature, ...] = ()
    split: OutOfTimeSplit | FoldSplit | None = None

    @field_validator("tables")
    @classmethod
    def _tables(cls, tables: dict[str, TableSource]) -> dict[str, TableSource]:
        for name, table in tables.items():
            if table.against is not None and (table.against == name or table.against not in tables):
                raise ValueError(f"{name}.against names {table.against}, which is no other table of this mapping")
        return tables

    @field_validator("enterprise_id")
    @classmethod
    def _firms_of_tables(cls, column: str | None, info: ValidationInfo) -> str | None:
        if column is None and info.data.get("tables"):
            raise ValueError("tables are joined by firm; name the column that identifies it")
        if column is not None:
            _refuse_late({"enterprise_id": column}, info)
        return column

    @field_validator("as_of")
    @classmethod
    def _decided_in_time(cls, source: DateSource | None, info: ValidationInfo) -> DateSource | None:
        if source is not None:
            _refuse_late({"as_of": source.column}, info)
        return source

    @field_validator("ignore")
    @classmethod
    def _ignored_once(cls, columns: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        both = sorted(set(columns) & set(info.data.get("known_after", ())))
        if both:
            raise ValueError(f"{', '.join(both)} also stands under known_after; list it once")
        return columns

    @field_validator("derived")
    @classmethod
    def _derived_known_in_time(cls, derived: tuple[Derived, ...], info: ValidationInfo) -> tuple[Derived, ...]:
        names = [each.name for each in derived]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} is derived twice; give each a name of its own")
        for each in derived:
            inner = set(each.parts) & set(names)
            if inner:
                raise ValueError(f"{each.name} reads {min(inner)}, which is itself derived; name columns of the table")
            for part in each.parts:
                _refuse_late({each.name: part}, info)
        return derived

    @field_validator("fields")
    @classmethod
    def _fields_known_in_time(cls, fields: dict[str, FieldSource], info: ValidationInfo) -> dict[str, FieldSource]:
        _refuse_late({name: field.column for name, field in fields.items()}, info)
        for name, field in fields.items():
            _refuse_idle_keys(name, field)
        return fields

    @field_validator("extra_features")
    @classmethod
    def _features_known_in_time(
        cls, features: tuple[MappedFeature, ...], info: ValidationInfo
    ) -> tuple[MappedFeature, ...]:
        names = [feature.name for feature in features]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} is declared twice; give each feature a name of its own")
        _refuse_late({feature.name: feature.source for feature in features}, info)
        return features

    @field_validator("split", mode="before")
    @classmethod
    def _split_keys(cls, split: object) -> object:
        """Name a mistyped key; else the key that it stands for would be said to be absent."""
        known = [*OutOfTimeSplit.model_fields, *FoldSplit.model_fields]
        for key in split if isinstance(split, dict) else ():
            if key not in known:
                raise ValueError(f"unknown key {key}; {nearest(str(key), known) or 'there are ' + ', '.join(known)}")
        return split

    @field_validator("split")
    @classmethod
    def _split_has_dates(
        cls, split: OutOfTimeSplit | FoldSplit | None, info: ValidationInfo
    ) -> OutOfTimeSplit | FoldSplit | None:
        if isinstance(split, OutOfTimeSplit) and info.data.get("as_of") is None:
            raise ValueError("an out-of-time split needs dated rows; give as_of, or split by folds")
        return split

    @property
    def declared(self) -> tuple[ExtraFeature, ...]:
        """The extra features as ``dataset.yaml`` declares them."""
        return tuple(feature.declared for feature in self.extra_features)

    def number_columns(self) -> set[str]:
        """Columns that the mapping reads as numbers and in no other way."""
        fields = [source for name, source in self.fields.items() if FIELD_BY_NAME[name].numeric]
        read = {each.column for each in fields if each.values is None}
        read |= {each.source for each in self.extra_features if each.values is None}
        read |= {part for each in self.derived for part in each.parts}
        others = [each.column for name, each in self.fields.items() if not FIELD_BY_NAME[name].numeric or each.values]
        others += [each.source for each in self.extra_features if each.values is not None]
        others += [self.enterprise_id or ""]
        others += [self.as_of.column] if self.as_of else []
        if self.outcome is not None:
            others += [self.outcome.column, self.outcome.event_date.column if self.outcome.event_date else ""]
        return read - set(others)

    def columns_used(self) -> dict[str, str]:
        """Every column that the mapping reads, with the key that reads it; a derived one is none of the table's."""
        used = {feature.source: f"extra_features.{feature.name}" for feature in self.extra_features}
        used |= {field.column: f"fields.{name}" for name, field in self.fields.items()}
        for each in self.derived:
            used.pop(each.name, None)
            used |= dict.fromkeys(each.parts, f"derived.{each.name}")
        if self.outcome is not None:
            if self.outcome.event_date is not None:
                used[self.outcome.event_date.column] = "outcome.event_date"
            used[self.outcome.column] = "outcome"
        if self.as_of is not None:
            used[self.as_of.column] = "as_of"
        if self.enterprise_id is not None:
            used[self.enterprise_id] = "enterprise_id"
        return used


def _refuse_late(columns: dict[str, str], info: ValidationInfo) -> None:
    """Refuse what reads columns that exist only once the outcome is known, or that are ignored."""
    outcome: OutcomeSource | None = info.data.get("outcome")
    label = {outcome.column} if outcome else set()
    if outcome and outcome.event_date:
        label.add(outcome.event_date.column)
    here = f"take it out of {info.field_name}"
    for name, column in columns.items():
        if column in info.data.get("known_after", ()):
            late = "known_after: it exists only once the outcome is known"
            raise ValueError(f"{name} reads {column}, which is {late}; {here} or out of known_after")
        if column in label:
            raise ValueError(f"{name} reads {column}, which is the outcome; {here}")
        if column in info.data.get("ignore", ()):
            raise ValueError(f"{name} reads {column}, which is listed under ignore; {here} or out of ignore")


def _refuse_idle_keys(name: str, source: FieldSource) -> None:
    field = FIELD_BY_NAME[name]
    of_dates, of_numbers = ("format", "formats", "unit", "origin"), ("scale", "values")
    for key in of_numbers if field.kind is Kind.DATE else of_dates if field.numeric else (*of_dates, "scale"):
        if getattr(source, key) is not None:
            raise ValueError(f"{name}.{key} means nothing for a {field.kind}; take it out")


def load_mapping(path: Path) -> Mapping:
    """Read and check a mapping file.

    Raises
    ------
    MissingError
        If there is no such file.
    ConfigError
        If it is no valid mapping; ``field`` reads ``file:line: key``.
    """
    try:
        return load_model(path, Mapping, code=MAPPING_CODE)
    except ConfigError as error:
        advised = _ADVICE.fullmatch(error.message)
        if advised is None:
            raise
        message = advised["fault"] + (advised["more"] or "")
        raise ConfigError(error.code, message, field=error.field, remedy=advised["remedy"]) from error
