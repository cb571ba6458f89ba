"""Groups for figures: stage, technical field, province, size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Final

import numpy as np

from icsml.core.arrays import Array, Floats, Indices
from icsml.innovation.scoring.points import Points
from icsml.records.columns import Columns

__all__ = ["PROVINCE_DIGITS", "Groups", "StaffClass", "group_order", "population_groups", "provinces", "staff_classes"]

Groups = dict[str, Array]

PROVINCE_DIGITS: Final = 2
"""How many digits of a region (GB/T 2260) name the province."""

_STAFF: Final = (20.0, 100.0, 300.0)


class StaffClass(StrEnum):
    """Size class by staff: its name in data, and by its member's name the key of its text."""

    BELOW_20 = "staff < 20"
    FROM_20 = "staff 20–99"
    FROM_100 = "staff 100–299"
    FROM_300 = "staff ≥ 300"
    NOT_KNOWN = "staff not known"


_STAFF_CLASSES: Final = np.array([str(group) for group in StaffClass])


def provinces(columns: Columns) -> Array:
    """Return the province of every row, shape (n,); None where the region is missing."""
    return np.array([None if code is None else code[:PROVINCE_DIGITS] for code in columns["region"]], dtype=object)


def staff_classes(columns: Columns) -> Array:
    """Return the size class by staff of every row, shape (n,)."""
    return _STAFF_CLASSES[_staff_class(columns["staff_total"])].astype(object)


def population_groups(columns: Columns, points: Points) -> Groups:
    """Return the groups for figures, each as an object array of shape (n,); None where unknown."""
    groups: Groups = {
        "technical_field": columns["technical_field"],
        "province": provinces(columns),
        "size": staff_classes(columns),
    }
    return {"stage": points.stage_names()} | groups if points.stages else groups


def group_order(kind: str, stages: Sequence[str]) -> Callable[[str | None], tuple[int, str]]:
    """Return a sort key for the groups of a kind: stages and sizes in their own order, others by name."""
    known = {"stage": list(stages), "size": _STAFF_CLASSES.tolist()}.get(kind, [])
    order = {name: index for index, name in enumerate(known)}

    def key(name: str | None) -> tuple[int, str]:
        return (len(order) + 1, "") if name is None else (order.get(name, len(order)), name)

    return key


def _staff_class(staff: Floats) -> Indices:
    return np.where(np.isnan(staff), len(_STAFF) + 1, np.searchsorted(_STAFF, staff, side="right"))
