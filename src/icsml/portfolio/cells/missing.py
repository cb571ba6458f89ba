"""Words and numbers that a table writes for an unknown value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as arrow
import pyarrow.compute as compute

from icsml.core.arrays import Dates, Flags, Floats
from icsml.portfolio.cells.tokens import Tokens, token

__all__ = ["NOT_MISSING", "Missing"]


@dataclass(frozen=True, slots=True)
class Missing:
    """The declared words and numbers that mean "not known", as tokens."""

    tokens: frozenset[str] = frozenset()

    @classmethod
    def of(cls, declared: Iterable[object], *, but: Iterable[Any] = ()) -> Missing:
        """Return what is declared, without those values that are listed to mean something in this column."""
        kept = {token(value) for value in but}
        forms = [(str(value).strip(), text) for value in declared if (text := token(value)) is not None]
        # As written too: a token of a label is in lower case where it reads TRUE or FALSE.
        return cls(frozenset(form for written, text in forms if text not in kept for form in (written, text)))

    def among(self, cells: Tokens) -> Flags:
        """Return which tokens mean "not known", shape (n,)."""
        if not self.tokens:
            return np.zeros(len(cells.values), dtype=bool)
        flags: Flags = self.words(cells.values)
        return flags & ~cells.empty

    def words(self, texts: arrow.ChunkedArray) -> Flags:
        """Return which trimmed texts are written exactly so, shape (n,)."""
        listed = arrow.array(sorted(self.tokens), arrow.string())
        flags: Flags = compute.is_in(texts, listed).to_numpy()
        return flags

    def numbers(self) -> Floats:
        """Return those that are numbers."""
        return np.array([value for value in map(_number, self.tokens) if value is not None], dtype=np.float64)

    def days(self) -> Dates:
        """Return those that are full ISO dates."""
        return np.array([day for day in map(_day, self.tokens) if day is not None], dtype="datetime64[D]")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


NOT_MISSING = Missing()
"""Nothing is declared."""
