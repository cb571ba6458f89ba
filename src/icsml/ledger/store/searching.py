"""Searching the index of decisions, newest first, page by page."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, select, tuple_

from icsml.ledger.store.chain_tables import DECISION_INDEX, DECISION_REASON

__all__ = ["Position", "Wanted", "search_index"]


class Position(NamedTuple):
    """Where a page ends: the next one starts after this decision."""

    decided_at: str
    decision_id: str


class Wanted(NamedTuple):
    """Which decisions are wanted, None for any; from ``since`` to before ``until``, as `timestamp` writes them."""

    tenant: str
    enterprise_id: str | None = None
    grade: str | None = None
    reason: str | None = None
    since: str | None = None
    until: str | None = None


def search_index(connection: Connection, wanted: Wanted, after: Position | None, limit: int) -> list[Row[Any]]:
    """Return at most so many rows of the index, newest first; of two at one time the higher identifier is first."""
    of = DECISION_INDEX.c
    conditions: list[ColumnElement[bool]] = [of.tenant == wanted.tenant]
    for column, value in ((of.enterprise_id, wanted.enterprise_id), (of.grade, wanted.grade)):
        if value is not None:
            conditions.append(column == value)
    order, query = (of.decided_at, of.decision_id), select(DECISION_INDEX)
    if wanted.reason is not None:
        has = DECISION_REASON.c
        same = (has.tenant == of.tenant) & (has.decided_at == of.decided_at) & (has.decision_id == of.decision_id)
        query = query.join(DECISION_REASON, same)
        conditions += [has.tenant == wanted.tenant, has.code == wanted.reason]
        if wanted.enterprise_id is None:
            order = (has.decided_at, has.decision_id)  # a rare reason is found by its own key
    if wanted.since is not None:
        conditions.append(order[0] >= wanted.since)
    if wanted.until is not None:
        conditions.append(order[0] < wanted.until)
    if after is not None:
        conditions.append(tuple_(*order) < tuple_(*after))
    found = query.where(*conditions).order_by(*(column.desc() for column in order)).limit(limit)
    return list(connection.execute(found).all())
