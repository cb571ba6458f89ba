"""A column as texts, and its values translated."""

from __future__ import annotations

from collections.abc import Mapping as Dict
from typing import Any

import numpy as np
import pyarrow.compute as compute

from icsml.errors import InputError
from icsml.portfolio.cells.converted import Converted
from icsml.portfolio.cells.missing import NOT_MISSING, Missing
from icsml.portfolio.cells.tokens import token, tokens
from icsml.portfolio.reading.table import Column

__all__ = ["OTHERS", "texts", "translated"]

OTHERS = "*"
"""The key of ``values`` for all values not listed."""


def texts(
    column: Column, key: str, *, values: Dict[Any, Any] | None = None, missing: Missing = NOT_MISSING
) -> Converted:
    """Return an object array of texts of shape (n,), None where there is none; values not listed are unreadable."""
    if values is not None:
        return translated(column, {written: token(to) for written, to in values.items()}, key, missing)
    cells = tokens(column, key, listed=missing.tokens)
    declared = missing.among(cells)
    out = cells.objects().copy()
    out[declared] = None
    return Converted.of(out, cells.empty, declared, cells.broken)


def translated(column: Column, values: Dict[Any, Any], key: str, missing: Missing = NOT_MISSING) -> Converted:
    """Return an object array of shape (n,): what ``values`` gives for each cell, None for null and where it lists none.

    Raises
    ------
    InputError
        If it lists not one value of the column.
    """
    meaning = {token(written): to for written, to in values.items()}
    cells = tokens(column, key, decimals=True, listed=missing.tokens | set(meaning))
    declared = missing.among(cells)
    coded = compute.dictionary_encode(cells.values.combine_chunks())
    words = coded.dictionary.to_pylist()
    listed = np.array([*(OTHERS in meaning or word in meaning for word in words), False])
    rest = meaning.get(OTHERS)
    given = np.array([*(meaning.get(word, rest) for word in words), None], dtype=object)
    codes = coded.indices.fill_null(len(words)).to_numpy()
    known = listed[codes] & ~declared
    present = ~cells.empty & ~declared
    if present.any() and not known.any():
        raise InputError(
            "ICS-DAT-007",
            f"values: lists not one value that column {column.name!r} holds",
            field=key,
            remedy="compare values: with the column",
        )
    out = given[codes]
    out[~known] = None
    emptied = known & np.array([written is None for written in given])[codes]
    return Converted.of(out, cells.empty, declared | emptied, ~known)
