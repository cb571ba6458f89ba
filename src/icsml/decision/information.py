"""Whether a record says enough to grade by, and what to ask for where it does not."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from icsml.model.bundle import BundleParts
from icsml.model.policy import InformationGroup
from icsml.records.columns import Columns, rows
from icsml.records.screening import is_present

__all__ = ["Demand", "demands", "lacking"]

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Demand:
    """What one group of fields must hold for this model.

    Parameters
    ----------
    group : InformationGroup
        The group.
    fields : tuple of str
        Those of its fields that the model reads.
    least : int
        How many of them a record must hold.
    """

    group: InformationGroup
    fields: tuple[str, ...]
    least: int


def demands(bundle: BundleParts) -> tuple[Demand, ...]:
    """Return what the bundle's policy demands of a record; a group of which the model reads nothing demands nothing."""
    read = set(bundle.encoder.inputs)
    found = []
    for group in bundle.assessment_policy.information:
        fields = tuple(name for name in group.fields if name in read)
        if fields:
            found.append(Demand(group, fields, ceil(group.share * len(fields) - 1e-9)))
    return tuple(found)


def lacking(bundle: BundleParts, columns: Columns) -> dict[str, Flags]:
    """Return, by id of a group, the rows that hold too little of it, shape (n,); groups held by all are left out.

    Parameters
    ----------
    bundle : BundleParts
        The model.
    columns : Columns
        Screened records.
    """
    found = {}
    for demand in demands(bundle):
        held = np.zeros(rows(columns), dtype=np.int64)
        for name in demand.fields:
            held += is_present(columns[name])
        flags = held < demand.least
        if flags.any():
            found[demand.group.id] = flags
    return found
