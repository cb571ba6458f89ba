"""Whether a record has enough data for a grade, and what to request."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import Final

import numpy as np

from icsml.core.arrays import Flags, Ints
from icsml.model.assessment_policy import InformationGroup
from icsml.model.bundle import BundleParts
from icsml.records.columns import Columns, count_known, rows

__all__ = ["SIZES", "Demand", "demands", "lacking"]


SIZES: Final = ("revenue_cny", "total_assets_cny", "total_cost_cny")
"""The amounts that show the size of an enterprise; a group with one of them is that of its statements."""


@dataclass(frozen=True, eq=False)
class Demand:
    """The fields of one group that this model requires.

    Parameters
    ----------
    group : InformationGroup
        The group.
    fields : tuple of str
        Those of its fields that the model reads.
    least : int
        How many of them a record must have.
    required : tuple of str
        Those of them that it must have in any case.
    """

    group: InformationGroup
    fields: tuple[str, ...]
    least: int
    required: tuple[str, ...]

    @cached_property
    def amounts(self) -> tuple[str, ...]:
        """The amounts among the fields if the group is that of the statements; else none."""
        return tuple(name for name in self.fields if name.endswith("_cny")) if set(self.fields) & set(SIZES) else ()

    def blank(self, columns: Columns) -> Flags:
        """Return which records have only zero amounts in the statements, shape (n,)."""
        if not self.amounts:
            return np.zeros(rows(columns), dtype=np.bool_)
        blank: Flags = count_known(columns, self.amounts, zeros=False) == 0
        return blank

    def lacking(self, columns: Columns) -> Flags:
        """Return which records have too few of the fields, shape (n,).

        Where every amount of the statements is zero or left out, none counts as given: a form that is filled in with
        zeros must not earn a grade that leaving the fields out does not.
        """
        blank = self.blank(columns)
        given, required = self._given(columns, self.fields, blank), self._given(columns, self.required, blank)
        return (given < self.least) | (required < len(self.required))

    def _given(self, columns: Columns, names: tuple[str, ...], blank: Flags) -> Ints:
        given = count_known(columns, names)
        if blank.any():
            given -= blank * count_known(columns, tuple(name for name in names if name in self.amounts))
        return given


def demands(bundle: BundleParts) -> tuple[Demand, ...]:
    """Return the bundle's requirements of a record; a group of which the model reads nothing has none."""
    return bundle.derived(_demands)


def _demands(bundle: BundleParts) -> tuple[Demand, ...]:
    read = set(bundle.model.encoder.inputs)
    demanded = []
    for group in bundle.assessment_policy.information:
        fields = tuple(name for name in group.fields if name in read)
        if fields:
            required = tuple(name for name in group.required if name in read)
            demanded.append(Demand(group, fields, ceil(group.share * len(fields) - 1e-9), required))
    return tuple(demanded)


def lacking(bundle: BundleParts, columns: Columns) -> dict[str, Flags]:
    """Return the rows with too few fields, shape (n,), by group; without groups that all rows satisfy.

    Parameters
    ----------
    bundle : BundleParts
        The model.
    columns : Columns
        Screened records.
    """
    insufficient = {}
    for demand in demands(bundle):
        flags = demand.lacking(columns)
        if flags.any():
            insufficient[demand.group.id] = flags
    return insufficient
