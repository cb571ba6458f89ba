"""Yearly changes of actionable fields in the training rows: the limits of recourse."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
import pandas as pd

from icsml.core.arithmetic import ratio, subtract
from icsml.core.arrays import Flags, Floats, Indices, Ints, Objects
from icsml.core.paths import configs_dir
from icsml.records.columns import Columns, rows, take
from icsml.recourse.actionable_fields import (
    PRIOR_YEAR,
    Action,
    ActionSet,
    FieldLimit,
    GroupLimit,
    RecoursePolicy,
    limited_fields,
    load_recourse_policy,
    size_class,
)

__all__ = ["fit_action_set", "successive", "yearly_changes"]


_YEAR_DAYS = (270, 460)
"""Two decision dates so many days apart are a year apart."""


def fit_action_set(columns: Columns, train: Indices, read: Collection[str]) -> ActionSet | None:
    """Return the actionable fields that a model reads, and their yearly changes in the training rows.

    Parameters
    ----------
    columns : Columns
        Rows.
    train : ndarray of int
        Indices of the training rows; no other row is looked at. An enterprise drawn twice counts twice.
    read : collection of str
        Fields that the model or its rulebook reads.

    Returns
    -------
    ActionSet or None
        None without an action that has data.
    """
    policy = load_recourse_policy(configs_dir() / "policy" / "recourse.yaml")
    training_rows = take(columns, train)
    pairs = successive(training_rows, _copies(train))
    limits = {name: _limit(policy, training_rows, pairs, name, per) for name, per in policy.limits.items()}
    known = {name: limit for name, limit in limits.items() if limit is not None}
    actions = tuple(action for action in policy.levers if action.field in known and action.field in read)
    if not actions:
        return None
    jumps = {name: _limit(policy, training_rows, pairs, name, name) for name in policy.watch}
    return ActionSet(
        policy=policy.model_copy(update={"levers": actions, "limits": _of(policy, actions)}),
        limits={name: limit for name, limit in known.items() if name in _of(policy, actions)},
        jumps={name: limit for name, limit in jumps.items() if limit is not None},
    )


def _of(policy: RecoursePolicy, actions: tuple[Action, ...]) -> dict[str, str | None]:
    """Return the limited fields of some actions, each with its denominator."""
    needed = {name for action in actions for name in limited_fields(action)}
    return {name: per for name, per in policy.limits.items() if name in needed}


def successive(columns: Columns, copies: Indices | None = None) -> tuple[Indices, Indices]:
    """Return the rows of the same enterprise a year apart, the earlier and the later ones.

    Two decisions on the same statements are no year apart, whatever their dates.

    Parameters
    ----------
    columns : Columns
        Rows.
    copies : ndarray of int, optional
        Which copy of itself each row is; rows of the same copy alone belong together. None where no row comes twice.
    """
    n = rows(columns)
    codes, _ = pd.factorize(columns["enterprise_id"])
    if copies is not None:
        codes = codes * (copies.max(initial=0) + 1) + copies
    order = np.lexsort((np.arange(n), columns["as_of"].astype(np.int64), codes))
    earlier, later = order[:-1], order[1:]
    days = (columns["as_of"][later] - columns["as_of"][earlier]) / np.timedelta64(1, "D")
    apart = (days >= _YEAR_DAYS[0]) & (days <= _YEAR_DAYS[1])  # false of an undated row, whose days are NaN
    period = columns["statement_period_end"]
    kept = (codes[earlier] == codes[later]) & apart & (period[earlier] != period[later])
    return earlier[kept], later[kept]


def _copies(indices: Indices) -> Indices:
    """Return which occurrence of its value each index is, from 0."""
    return pd.Series(indices).groupby(indices).cumcount().to_numpy().astype(np.intp)


def yearly_changes(
    columns: Columns, pairs: tuple[Indices, Indices], name: str, per: str | None
) -> tuple[Floats, Indices]:
    """Return the yearly changes of a field, and for each the row that determines its peers.

    Where the year before is a field of the same record it is taken from there, else from the enterprise's earlier
    record.

    Parameters
    ----------
    columns : Columns
        Rows.
    pairs : tuple of ndarray of int
        From :func:`successive`.
    name, per : str, str or None
        The field, and the field whose value of the year before a change is a share of.
    """
    within = name in PRIOR_YEAR and (per is None or per in PRIOR_YEAR)
    earlier, later = (np.arange(rows(columns)),) * 2 if within else pairs
    change = subtract(columns[name][later], _before(columns, name, earlier, within=within))
    if per is not None:
        change = ratio(change, _before(columns, per, earlier, within=within))
    known = ~np.isnan(change)
    return change[known], earlier[known]


def _before(columns: Columns, name: str, earlier: Indices, *, within: bool) -> Floats:
    values: Floats = columns[PRIOR_YEAR[name] if within else name][earlier]
    return values


def _limit(
    policy: RecoursePolicy, columns: Columns, pairs: tuple[Indices, Indices], name: str, per: str | None
) -> FieldLimit | None:
    """Return the limit of a field by groups of peers, from fine to coarse; None without enough changes."""
    change, row = yearly_changes(columns, pairs, name, per)
    size = size_class(columns["staff_total"], policy.size_edges)[row]
    technical = columns["technical_field"][row]
    groups = [
        GroupLimit(
            technical_field=field, size=level, pairs=int(peers.sum()), step=_quantile(change[peers], policy.quantile)
        )
        for field, level, peers in _groups(technical, size)
        if peers.sum() >= policy.min_pairs
    ]
    return FieldLimit(per=per, groups=tuple(groups)) if groups else None


def _groups(technical: Objects, size: Ints) -> Iterator[tuple[str | None, int | None, Flags]]:
    """Yield technical field × size, then size, then all."""
    sizes = sorted({int(level) for level in size} - {-1})
    fields = sorted({str(field) for field in technical if field is not None})
    for field in fields:
        for level in sizes:
            yield field, level, (technical == field) & (size == level)
    for level in sizes:
        yield None, level, size == level
    yield None, None, np.ones(len(size), dtype=np.bool_)


def _quantile(change: Floats, share: float) -> float:
    """Return a change that was made: the largest with no more than ``share`` of the changes below it."""
    return float(np.quantile(change, share, method="lower"))
