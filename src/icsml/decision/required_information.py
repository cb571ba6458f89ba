"""Whether a record has enough data for a grade, and what to request."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from math import ceil
from typing import TYPE_CHECKING, Final

import numpy as np

from icsml.core.arrays import Flags
from icsml.model.assessment_policy import InformationGroup
from icsml.model.bundle import BundleParts
from icsml.records.columns import Table, layout, rows

if TYPE_CHECKING:
    from icsml.decision.required_kernel import Required

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


def lacking(bundle: BundleParts, columns: Table) -> dict[str, Flags]:
    """Return the rows with too few fields, shape (n,), by group; without groups that all rows satisfy.

    Where every amount of the statements is zero or left out, none counts as given: a form that is filled in with zeros
    must not earn a grade that leaving the fields out does not.

    Parameters
    ----------
    bundle : BundleParts
        The model.
    columns : Table
        Screened records.
    """
    from icsml.decision.required_kernel import find_lacking  # numba: not before the first row

    flags = np.empty((len(demands(bundle)), rows(columns)), dtype=np.bool_)
    find_lacking(columns.numbers, bundle.derived(_required), flags)
    return {
        demand.group.id: of_group for demand, of_group in zip(demands(bundle), flags, strict=True) if of_group.any()
    }


def _required(bundle: BundleParts) -> Required:
    from icsml.decision.required_kernel import Required

    asked = [(demand, name) for demand in demands(bundle) for name in demand.fields]
    return Required(
        fields=layout(bundle.extras).indices([name for _, name in asked]),
        starts=np.array([0, *accumulate(len(demand.fields) for demand in demands(bundle))], dtype=np.int64),
        amount=np.array([name in demand.amounts for demand, name in asked], dtype=np.bool_),
        required=np.array([name in demand.required for demand, name in asked], dtype=np.bool_),
        least=np.array([demand.least for demand in demands(bundle)], dtype=np.int64),
    )
