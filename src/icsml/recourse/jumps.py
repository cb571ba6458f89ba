"""Fields that grew faster than the peers' limit in the year before the application."""

from __future__ import annotations

import numpy as np

from icsml.core.arrays import Flags
from icsml.records.columns import Columns, numbers_of
from icsml.recourse.actionable_fields import ActionSet, size_class

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
    from icsml.core.formula_kernel import compute  # numba: not before the first row

    growths = action_set.growths
    table, read = numbers_of(columns, growths.columns)
    grown = np.empty((len(growths.results), table.shape[1]))
    compute(table, read, growths.constants, growths.steps, growths.results, grown)
    sizes = size_class(columns["staff_total"], action_set.policy.size_edges)
    technical_field = columns["technical_field"][0] if len(sizes) else None
    flags = grown > action_set.most_growth(technical_field)[:, sizes]
    return dict(zip(action_set.watched, flags, strict=True))
