"""A table as read: exact types, nothing blanked, cast or re-indexed, and the position of each row in its file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as arrow
import pyarrow.compute as compute

from icsml.core.arrays import Dates, Flags, Objects
from icsml.errors import InputError
from icsml.portfolio.mapping import Source

__all__ = ["EXACT", "Column", "Locate", "SourceTable", "is_text", "skipped_lines"]

EXACT = 2**53
"""From here on one float stands for several whole numbers; a workbook contains every number as a float."""

Locate = Callable[[Sequence[int]], list[str]]
"""Returns the positions of rows (0-based, ascending) in their file, such as ``line 7``."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Parameters
    ----------
    name : str
        Its heading.
    values : pyarrow.ChunkedArray of length n
        Text, whole numbers, floats, decimals, truth values, dates or instants; null where the source contains nothing.
    days : ndarray of datetime64[D] of shape (n,), optional
        Cells of a workbook that are dates, among others that are not; NaT elsewhere, and ``values`` null there.
    decimal : {'.', ','}
        The decimal mark of numbers written as text.
    """

    name: str
    values: arrow.ChunkedArray
    days: Dates | None = None
    decimal: str = "."


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A table of n rows.

    Parameters
    ----------
    file : str
        Its name, for messages.
    headings : tuple of str
        All its headings, in order, those of columns that were not read too.
    columns : dict of str to Column
        The columns that were read.
    rows : int
        n, without rows that are blank or were skipped.
    locate : callable
        Where rows stand in the file.
    blank, skipped : int
        Rows left out because every cell is empty, and because the mapping skips them.
    sheet : str, optional
        The sheet of a workbook that was read.
    hint : str
        What may be wrong if a heading is not found.
    parts : ndarray of str of shape (n,), optional
        The file that each row comes from, where there are several.
    """

    file: str
    headings: tuple[str, ...]
    columns: dict[str, Column]
    rows: int
    locate: Locate
    blank: int = 0
    skipped: int = 0
    sheet: str | None = None
    hint: str = ""
    parts: Objects | None = None

    def without_blank_rows(self) -> SourceTable:
        """Return the table without rows in which every cell that was read is empty."""
        if not self.columns:
            return self
        filled = np.zeros(self.rows, dtype=bool)
        for column in self.columns.values():
            filled |= _filled(column)
            if filled.all():
                return self
        kept = np.flatnonzero(filled)
        columns = {
            name: Column(
                name,
                column.values.take(arrow.array(kept)),
                None if column.days is None else column.days[kept],
                column.decimal,
            )
            for name, column in self.columns.items()
        }
        locate = self.locate
        return replace(
            self,
            columns=columns,
            rows=len(kept),
            locate=lambda rows: locate([int(kept[row]) for row in rows]),
            blank=self.blank + self.rows - len(kept),
            parts=None if self.parts is None else self.parts[kept],
        )

    def emptied(self) -> SourceTable:
        """Return the facts of the table, without its columns."""
        return replace(self, columns={})

    def with_headings(self, more: Iterable[str]) -> SourceTable:
        """Return the table as if it had further headings."""
        return replace(self, headings=(*self.headings, *more))


def skipped_lines(source: Source, filled: Sequence[int], *, heading: int, unit: str) -> set[int]:
    """Return the lines that the mapping skips by number; a negative one counts back from the last that is filled.

    Raises
    ------
    InputError
        If a number names the heading or no line of the file: the line that was meant would stay.
    """
    skipped = set()
    for given in source.skip_rows:
        if isinstance(given, int):
            line = filled[given] if -len(filled) <= given < 0 else given
            if line < 1 or line == heading or line > max(filled, default=0):
                raise InputError(
                    "ICS-DAT-002",
                    f"skip_rows names {unit} {given:,}, which is no filled {unit} below the heading",
                    field=source.file,
                    remedy=f"count {unit}s from 1, the heading and what stands above it too, or back from -1",
                )
            skipped.add(line)
    return skipped


def is_text(kind: arrow.DataType) -> bool:
    """Return whether an Arrow type is text."""
    return bool(arrow.types.is_string(kind) or arrow.types.is_large_string(kind) or arrow.types.is_string_view(kind))


def _filled(column: Column) -> Flags:
    present = compute.is_valid(column.values)
    if is_text(column.values.type):
        texts = compute.utf8_trim_whitespace(column.values)
        present = compute.fill_null(compute.not_equal(texts, ""), False)
    flags: Flags = present.to_numpy()
    return flags if column.days is None else flags | ~np.isnat(column.days)
