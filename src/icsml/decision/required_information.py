"""Whether a record has enough data for a grade, and what to request."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np

from icsml.core.arrays import Flags
from icsml.model.assessment_policy import InformationGroup
from icsml.model.bundle import BundleParts
from icsml.records.columns import Columns, take
from icsml.records.screening import is_present

__all__ = ["SIZES", "Demand", "blank_amounts", "demands", "lacking"]


SIZES: Final = ("revenue_cny", "total_assets_cny", "total_cost_cny")
"""The amounts that show the size of an enterprise; a group with one of them is that of its statements."""


@dataclass(frozen=True, slots=True)
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

    def given(self, columns: Columns) -> Flags:
        """Return which of the fields are present, shape (n, number of fields).

        Where every amount of the statements is zero or left out, none counts as given: a form that is filled in with
        zeros must not earn a grade that leaving the fields out does not.
        """
        given = np.stack([is_present(columns[name]) for name in self.fields], axis=1)
        blank = self.blank(columns)
        given[np.ix_(blank, np.isin(self.fields, self.amounts))] = False
        return given

    @property
    def amounts(self) -> tuple[str, ...]:
        """Return the amounts among the fields if the group is that of the statements; else none."""
        return tuple(name for name in self.fields if name.endswith("_cny")) if set(self.fields) & set(SIZES) else ()

    def blank(self, columns: Columns) -> Flags:
        """Return which records have only zero amounts in the statements, shape (n,)."""
        amounts = [columns[name].astype(np.float64) for name in self.amounts]
        if not amounts:
            return np.zeros(len(columns[self.fields[0]]), dtype=np.bool_)
        table = np.stack(amounts)
        blank: Flags = (np.isnan(table) | (table == 0.0)).all(axis=0)
        return blank

    def absent(self, columns: Columns, row: int) -> list[str]:
        """Return the fields absent from one record."""
        given = self.given(take({name: columns[name] for name in self.fields}, np.array([row])))[0]
        return [name for name, present in zip(self.fields, given, strict=True) if not present]


def demands(bundle: BundleParts) -> tuple[Demand, ...]:
    """Return the bundle's requirements of a record; a group of which the model reads nothing has none."""
    read = set(bundle.model.encoder.inputs)
    demanded = []
    for group in bundle.assessment_policy.information:
        fields = tuple(name for name in group.fields if name in read)
        if fields:
            required = tuple(name for name in group.required if name in read)
            demanded.append(Demand(group, fields, ceil(group.share * len(fields) - 1e-9), required))
    return tuple(demanded)


def blank_amounts(bundle: BundleParts, columns: Columns, row: int) -> frozenset[str]:
    """Return the amounts of one record that count as absent because all of them are zero or left out."""
    record = take(columns, np.array([row]))
    return frozenset(name for demand in demands(bundle) if demand.blank(record)[0] for name in demand.amounts)


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
        given = demand.given(columns)
        flags = given.sum(axis=1) < demand.least
        flags |= ~given[:, np.isin(demand.fields, demand.required)].all(axis=1)
        if flags.any():
            insufficient[demand.group.id] = flags
    return insufficient
