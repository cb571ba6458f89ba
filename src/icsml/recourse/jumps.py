"""Fields that grew faster than the peers' limit in the year before the application."""

from __future__ import annotations

import numpy as np

from icsml.core.arithmetic import growth
from icsml.core.arrays import Flags, Floats, Ints, Objects
from icsml.records.columns import Columns
from icsml.recourse.actionable_fields import PRIOR_YEAR, ActionSet, FieldLimit, size_class

__all__ = ["jumped"]


def jumped(action_set: ActionSet, columns: Columns) -> dict[str, Flags]:
    """Return, by watched field, which versions of a record grew beyond their peers' quantile since the year before.

    Parameters
    ----------
    action_set : ActionSet
        Actions and limits of the bundle.
    columns : Columns
        n versions of one record: they may differ in what an action changes, and so in their size.

    Returns
    -------
    dict of str to ndarray of bool of shape (n,)
        False where a value is missing, or the year before was not above zero.
    """
    sizes, technical = size_class(columns["staff_total"], action_set.policy.size_edges), columns["technical_field"]
    return {
        name: growth(columns[name], columns[PRIOR_YEAR[name]]) > _steps(action_set.jumps[name], technical, sizes)
        for name in action_set.policy.watch
        if name in action_set.jumps
    }


def _steps(limit: FieldLimit, technical: Objects, sizes: Ints) -> Floats:
    steps = np.full(len(sizes), np.nan)
    for size in np.unique(sizes):
        steps[sizes == size] = limit.step(technical[0], int(size))
    return steps
