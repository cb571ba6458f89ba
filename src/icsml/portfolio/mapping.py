"""The mapping file: how a table becomes a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from icsml.core.names import nearest
from icsml.core.pydantic_errors import fault
from icsml.core.yaml import load_model
from icsml.portfolio.mapping_parts import (
    ISO,
    Canonical,
    Column,
    DateSource,
    Derived,
    FieldSource,
    InvoiceColumns,
    MappedFeature,
    OutcomeSource,
    Source,
    StrictModel,
    TableSource,
    Token,
    plain_column,
)
from icsml.records.dataset import FoldSplit, OutOfTimeSplit
from icsml.records.extra import ExtraFeature
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


class Mapping(StrictModel):
    """A mapping file; ``configs/datasets`` contains examples."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    licence: Annotated[str, Field(min_length=1)]
    source: Source
    missing: tuple[Token, ...] = ()
    max_refused: float = Field(default=0.005, ge=0, le=1)
    tables: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], TableSource] = Field(default={})
    # ahead of all that reads columns, which is checked against them
    outcome: OutcomeSource | None
    known_after: tuple[Column, ...] = ()
    ignore: tuple[Column, ...] = ()
    enterprise_id: Column | None
    as_of: Annotated[DateSource | None, BeforeValidator(plain_column)]
    derived: tuple[Derived, ...] = ()
    fields: dict[Canonical, Annotated[FieldSource, BeforeValidator(plain_column)]] = Field(default={})
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
        names = [column.name for column in derived]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} is derived twice; give each a name of its own")
        for column in derived:
            inner = set(column.parts) & set(names)
            if inner:
                raise ValueError(
                    f"{column.name} reads {min(inner)}, which is itself derived; name columns of the table"
                )
            for part in column.parts:
                _refuse_late({column.name: part}, info)
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
        """Report a mistyped key; else the key that it was meant to be would be reported missing."""
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
        read = {reader.column for reader in fields if reader.values is None}
        read |= {reader.source for reader in self.extra_features if reader.values is None}
        read |= {part for reader in self.derived for part in reader.parts}
        others = [
            reader.column for name, reader in self.fields.items() if not FIELD_BY_NAME[name].numeric or reader.values
        ]
        others += [reader.source for reader in self.extra_features if reader.values is not None]
        others += [self.enterprise_id or ""]
        others += [self.as_of.column] if self.as_of else []
        if self.outcome is not None:
            others += [self.outcome.column, self.outcome.event_date.column if self.outcome.event_date else ""]
        return read - set(others)

    def columns_used(self) -> dict[str, str]:
        """Every column that the mapping reads, with the key that reads it; a derived one is none of the table's."""
        used = {feature.source: f"extra_features.{feature.name}" for feature in self.extra_features}
        used |= {field.column: f"fields.{name}" for name, field in self.fields.items()}
        for derived in self.derived:
            used.pop(derived.name, None)
            used |= dict.fromkeys(derived.parts, f"derived.{derived.name}")
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
            raise fault((), f"{name} reads {column}, which is {late}", remedy=f"{here} or out of known_after")
        if column in label:
            raise fault((), f"{name} reads {column}, which is the outcome", remedy=here)
        if column in info.data.get("ignore", ()):
            ignored = f"{name} reads {column}, which is listed under ignore"
            raise fault((), ignored, remedy=f"{here} or out of ignore")


def _refuse_idle_keys(name: str, source: FieldSource) -> None:
    field = FIELD_BY_NAME[name]
    of_dates, of_numbers = ("format", "formats", "unit", "origin"), ("scale", "values")
    for key in of_numbers if field.kind is Kind.DATE else of_dates if field.numeric else (*of_dates, "scale"):
        if getattr(source, key) is not None:
            raise fault((), f"{name}.{key} means nothing for a {field.kind}", remedy="take it out")


def load_mapping(path: Path) -> Mapping:
    """Read and check a mapping file.

    Raises
    ------
    MissingError
        If there is no such file.
    ConfigError
        If it is no valid mapping; ``field`` reads ``file:line: key``.
    """
    return load_model(path, Mapping, code=MAPPING_CODE)
