"""Profile of a column: facts from its cells and its heading."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from icsml.core.arrays import Flags, Floats, Ints
from icsml.portfolio.draft.column_guess import Type
from icsml.portfolio.draft.date_formats import DayGuess, Words
from icsml.portfolio.draft.headings import Heading
from icsml.portfolio.reading.table import Column

__all__ = ["FEW", "Profile"]


FEW = 12
"""Up to so many distinct values are listed one by one."""
_YEARS = (1900, 2100)


@dataclass(frozen=True, slots=True)
class Profile:
    """A column.

    Parameters
    ----------
    column : Column
        Its cells.
    heading : Heading
        Its heading.
    type : Type
        What the cells hold.
    filled : ndarray of bool of shape (n,)
        Rows that hold a value; words that mean "not known" are none.
    distinct : int
        Number of values that differ.
    words : Words
        The values, the most frequent first; empty where there are too many numbers.
    codes : ndarray of int of shape (n,), optional
        Index of the value of each row in ``words``, -1 where there is none; None where there are too many.
    values : ndarray of float of shape (n,), optional
        The numbers of a column of numbers.
    days : DayGuess, optional
        How the dates of a column of dates are read.
    missing : dict of str to int
        Words and numbers that seem to mean "not known", with their counts.
    lost : int
        Cells that could not be read.
    """

    column: Column
    heading: Heading
    type: Type
    filled: Flags
    distinct: int = 0
    words: Words = field(default_factory=lambda: Words([], np.zeros(0, dtype=np.int64)))
    codes: Ints | None = None
    values: Floats | None = None
    days: DayGuess | None = None
    missing: dict[str, int] = field(default_factory=dict)
    lost: int = 0

    @property
    def name(self) -> str:
        """Its heading."""
        return self.column.name

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.filled)

    @property
    def empty(self) -> float:
        """Share of rows without a value."""
        return 1 - float(self.filled.mean())

    @property
    def numeric(self) -> bool:
        """Whether it is read as numbers."""
        return self.values is not None

    @property
    def counts(self) -> dict[str, int]:
        """Rows of each value, where there are few."""
        few = self.distinct <= FEW
        return dict(zip(self.words.texts, self.words.counts.tolist(), strict=True)) if few else {}

    @property
    def is_year(self) -> bool:
        """Whether every number is a year."""
        known = self.values[np.isfinite(self.values)] if self.values is not None else np.zeros(0)
        whole = len(known) > 0 and bool((known == np.floor(known)).all())
        return whole and bool(known.min() >= _YEARS[0]) and bool(known.max() <= _YEARS[1])
