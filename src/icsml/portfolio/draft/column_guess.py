"""The draft of a mapping: the guesses for a table and for each of its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TypedDict

from icsml.portfolio.mapping import Source

__all__ = ["ColumnGuess", "Draft", "EntryKeys", "Role", "Type"]


class EntryKeys(TypedDict, total=False):
    """The keys of a column's entry in the mapping, beside its name; see :mod:`icsml.portfolio.mapping_parts`."""

    format: str
    formats: list[str]
    unit: str
    origin: date
    values: Mapping[str, bool | int]
    scale: float
    missing: Sequence[str]


class Type(StrEnum):
    """Type of the cells of a column."""

    TEXT = "text"
    WHOLE = "whole number"
    NUMBER = "number"
    DATE = "date"
    FLAG = "flag"
    PERCENT = "percent"
    EMPTY = "empty"
    OTHER = "other"
    """lists, bytes, times: nothing that an import reads"""


class Role(StrEnum):
    """The key of the mapping that lists a column."""

    ID = "enterprise_id"
    AS_OF = "as_of"
    OUTCOME = "outcome"
    EVENT_DATE = "event_date"
    FIELD = "fields"
    FEATURE = "extra_features"
    KNOWN_AFTER = "known_after"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """Guess for one column.

    Parameters
    ----------
    name : str
        Its heading.
    type : Type
        What its cells hold.
    role : Role
        Its key in the mapping.
    evidence : str
        Its evidence.
    empty : float
        Share of rows that hold nothing, or only a word for it.
    distinct : int
        Number of values that differ.
    target : str, optional
        The canonical field, or the name of the extra feature.
    decide : str, optional
        What a person has to settle.
    keys : EntryKeys
        Further keys of its entry in the mapping, such as ``scale``.
    skeleton : tuple of str
        Values that a person may want to translate.
    """

    name: str
    type: Type
    role: Role
    evidence: str
    empty: float
    distinct: int
    target: str | None = None
    decide: str | None = None
    keys: EntryKeys = field(default_factory=EntryKeys)
    skeleton: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A drafted mapping.

    Parameters
    ----------
    file : Path
        The table.
    mapping : Path
        The mapping that was written.
    rows : int
        Rows of the table.
    source : Source
        How the table is read, its file relative to the mapping.
    reading : dict of str to str
        Why a key of ``source`` is as it is.
    columns : tuple of ColumnGuess
        In the order of the table.
    missing : dict of str to int
        Words that mean "not known" throughout the table, with their counts.
    decide : tuple of str
        What a person has to settle, each beginning with the key or column.
    """

    file: Path
    mapping: Path
    rows: int
    source: Source
    reading: dict[str, str]
    columns: tuple[ColumnGuess, ...]
    missing: dict[str, int]
    decide: tuple[str, ...]

    def under(self, role: Role) -> list[ColumnGuess]:
        """Return the columns of a role."""
        return [column for column in self.columns if column.role is role]
