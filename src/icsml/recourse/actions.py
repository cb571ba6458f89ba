"""Steps on the raw record: direct changes, effects on the accounts, and feasibility.

A step is made on the record itself, so that every feature and every indicator derived from it follows. Whatever is not
on file stays missing, and what a step costs is paid from cash: no borrowing, which would be a lender's decision, and no
tax saved, which would be the tax office's. What is sold more is sold at cost, and its buyers pay as late as today's.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from icsml.core.arithmetic import product, ratio, scale
from icsml.core.arrays import Flags, Floats
from icsml.records.columns import Columns, numbers_of, take, with_columns
from icsml.records.fields import FIELD_BY_NAME
from icsml.recourse.actionable_fields import Action, ActionSet, limited_fields, size_class
from icsml.recourse.jumps import jumped

__all__ = ["apply_steps", "changed_fields", "feasible", "step_limits"]


_FALL_BY_COST = (
    "operating_profit_cny",
    "net_profit_cny",
    "cash_cny",
    "current_assets_cny",
    "total_assets_cny",
    "retained_earnings_cny",
    "equity_cny",
    "operating_cash_flow_cny",
)
_RISE_BY_SALES = ("revenue_cny", "main_revenue_cny", "operating_cost_cny")
_FALL_BY_CREDIT = ("cash_cny", "operating_cash_flow_cny")
_FEN = 100.0


@np.errstate(over="ignore", invalid="ignore")  # an amount beyond all bounds is infinite, and screened out
def apply_steps(columns: Columns, actions: Sequence[Action], steps: Floats) -> Columns:
    """Return the record after each row of steps.

    Parameters
    ----------
    columns : Columns
        One record, arrays of length 1.
    actions : sequence of Action
        k actions.
    steps : ndarray of shape (m, k)
        Steps of each action, in its unit and never below zero.

    Returns
    -------
    Columns
        m records, equal but for what the actions change and what follows.
    """
    spread = take(columns, np.zeros(len(steps), dtype=np.intp))
    risen: dict[str, Floats] = {}
    costs = {"research": np.zeros(len(steps)), "expense": np.zeros(len(steps)), "sales": np.zeros(len(steps))}
    for column, action in enumerate(actions):
        for name in action.adds:
            risen[name] = risen.get(name, spread[name]) + steps[:, column]
        costs[action.account] = costs[action.account] + steps[:, column] * action.unit_cost_cny
    spread = with_columns(spread, risen)
    return with_columns(spread, _accounts(spread, **costs))


def _accounts(columns: Columns, research: Floats, expense: Floats, sales: Floats) -> dict[str, Floats]:
    """Return the accounts after R&D expense, other expense and sales at cost have grown."""
    spent, credit = research + expense, _credit(columns, sales)
    after = {name: columns[name] - spent for name in _FALL_BY_COST}
    after |= {name: columns[name] + sales for name in _RISE_BY_SALES}
    after |= {name: after[name] - credit for name in _FALL_BY_CREDIT}
    after["receivables_cny"] = columns["receivables_cny"] + credit
    after["total_cost_cny"] = columns["total_cost_cny"] + spent + sales
    after["rd_expense_cny"] = columns["rd_expense_cny"] + research
    after["rd_super_deduction_cny"] = _deduction(columns, after["rd_expense_cny"])
    return after


def _credit(columns: Columns, sales: Floats) -> Floats:
    """Return the receivables from additional sales: the same share as of today's revenue."""
    owed = _to_fen(product(sales, ratio(columns["receivables_cny"], columns["revenue_cny"])))
    return np.where(sales > 0.0, owed, 0.0)


def _to_fen(amount: Floats) -> Floats:
    return np.rint(scale(amount, _FEN)) / _FEN


def _deduction(columns: Columns, spent: Floats) -> Floats:
    """Return the super-deduction if the tax office accepts the same share of R&D as today."""
    deducted, before = columns["rd_super_deduction_cny"], columns["rd_expense_cny"]
    grown = _to_fen(product(deducted, ratio(spent, before)))
    return np.where((spent > before) & (grown > deducted), grown, deducted)


def changed_fields(actions: Sequence[Action]) -> tuple[str, ...]:
    """Return every field that some actions and their accounts may change, in the order of the record."""
    accounts = {action.account for action in actions}
    names = {name for action in actions for name in limited_fields(action)}
    if accounts - {"sales"}:
        names |= {*_FALL_BY_COST, "total_cost_cny"}
    if "research" in accounts:
        names.add("rd_super_deduction_cny")
    if "sales" in accounts:
        names |= {*_RISE_BY_SALES, *_FALL_BY_CREDIT, "receivables_cny", "total_cost_cny"}
    return tuple(name for name in FIELD_BY_NAME if name in names)


def step_limits(action_set: ActionSet, columns: Columns) -> dict[str, float]:
    """Return, by limited field, the peers' yearly change for this record; 0 where there is none."""
    size = int(size_class(columns["staff_total"], action_set.policy.size_edges)[0])
    technical_field = columns["technical_field"][0]
    steps = {}
    for name, limit in action_set.limits.items():
        step = limit.most(1.0 if limit.per is None else float(columns[limit.per][0]), technical_field, size)
        steps[name] = step if step > 0.0 else 0.0
    return steps


def feasible(
    action_set: ActionSet, columns: Columns, actions: Sequence[Action], steps: Floats, after: Columns
) -> Flags:
    """Return which rows of steps a firm could take within a year, shape (m,).

    Every limited field stays within its peers' yearly change and no watched one jumps; what is paid for is paid from
    cash on file; nothing leaves its declared range. That no part outgrows its whole is left to screening.

    Parameters
    ----------
    action_set : ActionSet
        Actions and limits of the bundle.
    columns : Columns
        The record, arrays of length 1.
    actions : sequence of Action
        k actions.
    steps : ndarray of shape (m, k)
    after : Columns
        What :func:`apply_steps` made of them.
    """
    possible: Flags = np.ones(len(steps), dtype=np.bool_)
    most = step_limits(action_set, columns)
    for name in {name for action in actions for name in limited_fields(action)}:
        possible &= ~(after[name] - columns[name] > most.get(name, 0.0))
    for column, action in enumerate(actions):
        if action.within is not None:
            possible &= (steps[:, column] == 0.0) | (steps[:, column] <= columns[action.within])
    possible &= after["cash_cny"] >= 0.0  # false where cash, or what buyers owe, is not on file
    possible &= _in_range(columns, after, changed_fields(actions))
    before = jumped(action_set, columns)
    for name, jumps in jumped(action_set, after).items():
        possible &= ~jumps | before[name]
    return possible


def _in_range(columns: Columns, after: Columns, names: tuple[str, ...]) -> Flags:
    low, high = _declared(names)
    numbers, read = numbers_of(after, names)
    before, here = numbers_of(columns, names)
    values = numbers[read]
    outside = (values < low) | (values > high)
    inside: Flags = ~((values != before[here]) & outside).any(axis=0)
    return inside


@lru_cache(maxsize=64)
def _declared(names: tuple[str, ...]) -> tuple[Floats, Floats]:
    """Return the bounds of fields, shape (fields, 1) each; infinite where there is none."""
    fields = [FIELD_BY_NAME[name] for name in names]
    low = np.array([[-np.inf if field.low is None else field.low] for field in fields])
    return low, np.array([[np.inf if field.high is None else field.high] for field in fields])
