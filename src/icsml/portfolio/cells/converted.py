"""A converted column, with the result of each of its cells."""

from __future__ import annotations

from dataclasses import dataclass

from icsml.core.arrays import Array, Flags

__all__ = ["Cells", "Converted"]


@dataclass(frozen=True, slots=True)
class Cells:
    """Counts of a column's cells by result; the four sum to its length.

    Parameters
    ----------
    values : int
        Read as a value.
    empty : int
        Empty in the source.
    missing : int
        Declared to mean that the value is not known.
    unreadable : int
        Neither: no number, no such date, a value that ``values`` does not list, an error of a workbook.
    """

    values: int
    empty: int
    missing: int
    unreadable: int


@dataclass(frozen=True, slots=True)
class Converted:
    """A converted column of shape (n,).

    Parameters
    ----------
    values : ndarray of shape (n,)
        float64 (NaN), datetime64[D] (NaT) or text (None) where there is no value.
    cells : Cells
        What became of the cells.
    unreadable : ndarray of bool of shape (n,), optional
        The cells that could not be read; None where all could.
    units : int
        Numbers that name a unit of their own, such as 12 % or 3 万.
    bare : int
        Numbers other than zero that name none.
    """

    values: Array
    cells: Cells
    unreadable: Flags | None = None
    units: int = 0
    bare: int = 0

    @classmethod
    def of(
        cls, values: Array, empty: Flags, missing: Flags, wrong: Flags, *, units: int = 0, bare: int = 0
    ) -> Converted:
        """Count the cells; a cell counts as the first of empty, missing and wrong that applies."""
        none, declared, lost = int(empty.sum()), int((missing & ~empty).sum()), int((wrong & ~missing & ~empty).sum())
        cells = Cells(len(values) - none - declared - lost, none, declared, lost)
        return cls(values, cells, wrong & ~missing & ~empty if lost else None, units, bare)
