"""Rules on the values of one field, whole columns at a time; a single record has them as pydantic types."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from icsml.core.arrays import Array, Flags
from icsml.records.enterprise import TEXT, TEXT_FORM
from icsml.records.field import Field, Kind, Outside

__all__ = ["BrokenRule", "broken_field_rules", "outside_range"]


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """A rule that refuses, and the rows that break it (ndarray of bool of shape (n,))."""

    field: str
    flags: Flags
    wrong: str
    remedy: str


def broken_field_rules(field: Field, values: Array | pd.Series[Any]) -> Iterator[BrokenRule]:
    """Yield every rule of a field that some values break; a missing value breaks only that it is required.

    Parameters
    ----------
    field : Field
        Its definition.
    values : ndarray or Series of shape (n,)
        Its values, typed: numbers as floats.
    """
    for broken, wrong in _checked(field, values):
        flags = np.asarray(broken, dtype=np.bool_)
        if flags.any():
            yield BrokenRule(field.name, flags, wrong, "correct it or leave it out")


def _checked(field: Field, values: Array | pd.Series[Any]) -> Iterator[tuple[Flags | pd.Series[bool], str]]:
    """Yield every rule of a field, as the rows that break it and what is wrong with them."""
    if field.required:
        yield pd.isna(values), "absent"
    if field.numeric and field.outside is Outside.REFUSE:
        if field.low is not None:
            yield values < field.low, f"below {field.low:,.15g}"
        if field.high is not None:
            yield values > field.high, f"above {field.high:,.15g}"
    elif field.kind is Kind.CATEGORY:
        texts = pd.Series(values, dtype="str")
        yield texts.notna() & ~texts.isin(field.choices), f"not among {', '.join(field.choices)}"
    elif field.kind is Kind.TEXT:
        texts = pd.Series(values, dtype="str")
        yield texts.notna() & ~texts.str.fullmatch(field.pattern or TEXT.pattern), f"not {field.form or TEXT_FORM}"


def outside_range(values: Array, low: float | None, high: float | None) -> Flags:
    """Return which values are outside a range, bounds included in it; shape (n,)."""
    outside: Flags = np.zeros(len(values), dtype=np.bool_) if low is None else values < low
    return outside if high is None else outside | (values > high)
