"""Compiled check of whether records have enough data for a grade."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from icsml.core.arrays import Flags, Floats, Ints
from icsml.core.compilation import compiled, inlined

__all__ = ["Required", "find_lacking"]


class Required(NamedTuple):
    """What d groups require of a record.

    Parameters
    ----------
    fields : ndarray of int of shape (f,)
        Rows of the table with the fields of all groups, group by group.
    starts : ndarray of int of shape (d + 1,)
        Where the fields of each group begin.
    amount, required : ndarray of bool of shape (f,)
        Whether the field is an amount of the statements; whether it must be there in any case.
    least : ndarray of int of shape (d,)
        How many fields of each group a record must have.
    """

    fields: Ints
    starts: Ints
    amount: Flags
    required: Flags
    least: Ints


@inlined
def _is_blank(table: Floats, row: int, group: int, required: Required) -> bool:
    """Return whether a group has amounts, and all of them are zero or left out."""
    amounts = 0
    for at in range(required.starts[group], required.starts[group + 1]):
        if required.amount[at]:
            amounts += 1
            if abs(table[required.fields[at], row]) > 0.0:
                return False
    return amounts > 0


@compiled
def find_lacking(table: Floats, required: Required, lacking: Flags) -> None:
    """Find the rows that have too few fields of a group.

    Parameters
    ----------
    table : ndarray of shape (fields, n)
        Screened records.
    required : Required
        What is required.
    lacking : ndarray of bool of shape (d, n)
        Whether each row has too little for each group.
    """
    for group in range(len(required.least)):
        for row in range(table.shape[1]):
            blank, given, complete = _is_blank(table, row, group, required), 0, True
            for at in range(required.starts[group], required.starts[group + 1]):
                is_given = not np.isnan(table[required.fields[at], row]) and not (blank and required.amount[at])
                given += is_given
                complete &= is_given or not required.required[at]
            lacking[group, row] = given < required.least[group] or not complete
