"""Actionable fields: what a firm can change in a year, at what cost, and how far its peers did.

The bundle contains the actions in use and the limits fitted on the training rows, so that a decision made again on the
same bundle proposes the same. The actionable fields are fixed here, not in the file. No file can make age, the past, a
prior year or somebody else's decision actionable, or let a part grow without its whole. In the file and in the bundle
an action is called a lever.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from functools import cached_property
from math import isnan
from pathlib import Path
from typing import Annotated, Final, Literal, Self, cast

import numpy as np
from pydantic import Field, model_validator

from icsml.core.arithmetic import growth
from icsml.core.arrays import Floats, Ints
from icsml.core.formulas import Formulas, Symbol, Trace
from icsml.core.immutable_model import ImmutableModel
from icsml.core.yaml import load_model
from icsml.records.columns import Columns
from icsml.records.fields import FIELD_BY_NAME
from icsml.texts.label import Label

__all__ = [
    "ACTIONABLE",
    "PRIOR_YEAR",
    "Account",
    "Action",
    "ActionSet",
    "FieldLimit",
    "GroupLimit",
    "RecoursePolicy",
    "limited_fields",
    "load_recourse_policy",
    "size_class",
]


Account = Literal["research", "expense", "sales"]
"""Account of the cost of a step: R&D expense, other expense, or the cost of additional sales."""

ACTIONABLE: Final[Mapping[str, tuple[str, ...]]] = {
    "rd_expense_cny": (),
    "staff_rd": ("staff_st", "staff_total"),
    "staff_st": ("staff_total",),
    "staff_postgraduate": ("staff_total",),
    "graduates_hired": ("staff_total",),
    "staff_total": (),
    "invention_applications": (),
    "pct_applications": (),
    "ip_class1": ("ip_class1_self_developed",),
    "ip_class1_self_developed": ("ip_class1",),
    "tech_contract_turnover_cny": (),
    "hightech_revenue_cny": (),
}
"""Every field that an action may raise, with the fields that must rise with it."""

_SALES: Final = frozenset({"tech_contract_turnover_cny", "hightech_revenue_cny"})
_PENDING: Final = {"ip_class1": "invention_applications", "pct_applications": "invention_applications"}

PRIOR_YEAR: Final[Mapping[str, str]] = {
    name.replace("_prev_cny", "_cny"): name for name in FIELD_BY_NAME if name.endswith("_prev_cny")
}
"""Fields whose year before is a field of the same record."""

_Share = Annotated[float, Field(gt=0.0, le=1.0)]
_Grid = Annotated[tuple[_Share, ...], Field(min_length=1, max_length=20)]


class Action(ImmutableModel):
    """One thing a firm can increase; no action lowers a field.

    Parameters
    ----------
    id : str
        Stable name.
    label, unit : Label
        What is raised, and in what it is counted.
    field : str
        The field a proposal names; the step is in its unit.
    adds : tuple of str
        Fields that rise by the step; empty where the account alone moves ``field``.
    round_to : float
        Steps are rounded down to whole multiples of it.
    grid : tuple of float
        Steps to try, as fractions of the peers' yearly change.
    account : {'research', 'expense', 'sales'}
        What the step does to the accounts (:mod:`icsml.recourse.actions`).
    unit_cost_cny : float
        Cost of one unit of the step, in yuan.
    within : str, optional
        A step is no larger than the value of this field.
    effort : Label
        Why it is real effort.
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
    label: Label
    unit: Label
    field: str
    adds: tuple[str, ...]
    round_to: Annotated[float, Field(gt=0.0)]
    grid: _Grid
    account: Account
    unit_cost_cny: Annotated[float, Field(gt=0.0)]
    within: str | None = None
    effort: Label

    @model_validator(mode="after")
    def _real(self) -> Self:
        spends = self.field == "rd_expense_cny" and not self.adds
        if not spends and self.field not in self.adds:
            raise ValueError(f"{self.id}: `field` is none of the fields it adds to")
        if spends and (self.account != "research" or self.unit_cost_cny != 1.0):
            raise ValueError(f"{self.id}: R&D expense moves by the account `research`, one yuan for one")
        for name in self.adds:
            self._check(name)
        if self.within is not None and self.within not in FIELD_BY_NAME:
            raise ValueError(f"{self.id}: `within` names no field")
        return self

    def _check(self, name: str) -> None:
        if name not in ACTIONABLE or (name == "rd_expense_cny"):
            raise ValueError(f"{self.id}: `{name}` is nothing a lever may move")
        left_out = [whole for whole in ACTIONABLE[name] if whole not in self.adds]
        if left_out:
            raise ValueError(f"{self.id}: `{name}` cannot rise without `{left_out[0]}`")
        if (name in _SALES) != (self.account == "sales"):
            raise ValueError(f"{self.id}: `{name}` and the account `{self.account}` do not go together")
        if name in _SALES and self.unit_cost_cny != 1.0:
            raise ValueError(f"{self.id}: what is sold more is sold at cost, one yuan for one")
        if self.within != _PENDING.get(name, self.within):
            raise ValueError(f"{self.id}: `{name}` needs `within: {_PENDING[name]}`")


class RecoursePolicy(ImmutableModel):
    """Content of ``configs/policy/recourse.yaml``, where the keys are explained.

    Parameters
    ----------
    quantile : float
        No step is larger than this quantile of the peers' yearly changes.
    min_pairs : int
        So many changes make a group of peers.
    size_edges : tuple of float
        Persons on the staff at which a size class begins.
    most : int
        Proposals at most.
    least_points : int
        Points of score that a proposal gains at least.
    pair_grid : tuple of float
        Steps to try where two actions are taken together.
    limits : dict of str to str or None
        Fields that are limited, and the field of the year before that a change is measured per.
    watch : tuple of str
        Fields compared with their own year before.
    levers : tuple of Action
        The actions.
    """

    quantile: Annotated[float, Field(ge=0.5, lt=1.0)]
    min_pairs: Annotated[int, Field(ge=10)]
    size_edges: tuple[float, ...]
    most: Annotated[int, Field(ge=1, le=10)]
    least_points: Annotated[int, Field(ge=1)]
    pair_grid: _Grid
    limits: dict[str, str | None]
    watch: tuple[str, ...]
    levers: tuple[Action, ...]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if list(self.size_edges) != sorted(set(self.size_edges)):
            raise ValueError("size_edges: each edge must be above the one before")
        for name, per in self.limits.items():
            if name not in FIELD_BY_NAME or (per is not None and per not in FIELD_BY_NAME):
                raise ValueError(f"limits: `{name}` or what it is measured per is no field")
        for name in self.watch:
            if name not in PRIOR_YEAR:
                raise ValueError(f"watch: `{name}` has no field of the year before")
        ids = [action.id for action in self.levers]
        if len(set(ids)) != len(ids):
            raise ValueError("levers: an id is given twice")
        for action in self.levers:
            unlimited = [name for name in limited_fields(action) if name not in self.limits]
            if unlimited:
                raise ValueError(f"limits: `{action.id}` moves `{unlimited[0]}`, which is not limited")
        return self


def limited_fields(action: Action) -> tuple[str, ...]:
    """Return the fields of an action that are limited: what it adds to, and what its account raises but costs."""
    by_account = {"research": ("rd_expense_cny",), "expense": (), "sales": ("revenue_cny", "main_revenue_cny")}
    return tuple(dict.fromkeys((*action.adds, *by_account[action.account])))


class GroupLimit(ImmutableModel):
    """The peers' quantile in one group; None stands for any technical field or size.

    Parameters
    ----------
    technical_field : str or None
    size : int or None
        Size class (:func:`size_class`).
    pairs : int
        Changes it rests on.
    step : float
        The quantile of the yearly change.
    """

    technical_field: str | None
    size: int | None
    pairs: Annotated[int, Field(ge=1)]
    step: Annotated[float, Field(allow_inf_nan=False)]


class FieldLimit(ImmutableModel):
    """Change of a field by the peers in a year.

    Parameters
    ----------
    per : str or None
        The change is a share of this field.
    groups : tuple of GroupLimit
        From fine to coarse; the first that an enterprise belongs to counts.
    """

    per: str | None
    groups: Annotated[tuple[GroupLimit, ...], Field(min_length=1)]

    def step(self, technical_field: str | None, size: int) -> float:
        """Return the quantile of an enterprise's peers, a share where ``per`` is named; NaN where it has none."""
        for group in self.groups:
            if group.size in (None, size) and group.technical_field in (None, technical_field):
                return group.step
        return float("nan")

    def most(self, base: float, technical_field: str | None, size: int) -> float:
        """Return the peers' yearly change in the field's unit; NaN where what it is a share of is not above zero."""
        return base * self.step(technical_field, size) if base > 0.0 else float("nan")


class ActionSet(ImmutableModel):
    """The recourse part of a bundle: the policy with the actions in use, and the limits fitted on the training rows.

    Parameters
    ----------
    policy : RecoursePolicy
    limits : dict of str to FieldLimit
        For each limited field with enough data.
    jumps : dict of str to FieldLimit
        For each watched field, its change as a share of its own year before.
    """

    policy: RecoursePolicy
    limits: dict[str, FieldLimit]
    jumps: dict[str, FieldLimit]

    @cached_property
    def watched(self) -> tuple[str, ...]:
        """The fields whose growth is limited."""
        return tuple(name for name in self.policy.watch if name in self.jumps)

    @cached_property
    def growths(self) -> Formulas:
        """Growth of the watched fields since the year before."""
        trace = Trace()
        columns = cast(Columns, trace)
        return trace.formulas([cast(Symbol, growth(columns[name], columns[PRIOR_YEAR[name]])) for name in self.watched])

    def most_growth(self, technical_field: str | None) -> Floats:
        """Return the limits of growth, shape (watched, size classes); the last class is that of an unknown size."""
        if technical_field not in self._most_growth:
            sizes = (*range(len(self.policy.size_edges) + 1), -1)
            steps = [[self.jumps[name].step(technical_field, size) for size in sizes] for name in self.watched]
            self._most_growth[technical_field] = np.array(steps).reshape(len(self.watched), len(sizes))
        return self._most_growth[technical_field]

    @cached_property
    def _most_growth(self) -> dict[str | None, Floats]:
        return {}


def size_class(staff: Floats, edges: tuple[float, ...]) -> Ints:
    """Return the size class of each row by its staff, shape (n,): the number of edges reached; -1 where unknown."""
    if len(staff) == 1:  # one record: a look-up is faster than arrays of one
        return np.array([-1 if isnan(staff.item()) else bisect_right(edges, staff.item())])
    classes = np.searchsorted(np.array(edges, dtype=np.float64), staff, side="right")
    return np.where(np.isnan(staff), -1, classes).astype(np.int64)


def load_recourse_policy(path: Path) -> RecoursePolicy:
    """Read the policy from YAML; errors (``ICS-RCR-001``) name file, line and key."""
    return load_model(path, RecoursePolicy, code="ICS-RCR-001")
