"""The index of decisions: a row for each, written in the transaction that records it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Connection, Row, bindparam, delete, select, tuple_

from icsml.ledger.entry import Entry
from icsml.ledger.filing import index_values
from icsml.ledger.store.chain_tables import DECISION_INDEX, DECISION_REASON

__all__ = ["index_row", "indexed", "previous_decision", "remove_from_index"]

_ROW = select(DECISION_INDEX).where(DECISION_INDEX.c.decision_id == bindparam("decision_id"))
_ROWS = select(DECISION_INDEX).where(
    DECISION_INDEX.c.decision_id.in_(bindparam("names", expanding=True)), DECISION_INDEX.c.tenant == bindparam("tenant")
)
_EARLIER = DECISION_INDEX.alias("earlier")
_PREVIOUS = (
    select(_EARLIER.c.decision_id)
    .join(
        DECISION_INDEX,
        (_EARLIER.c.tenant == DECISION_INDEX.c.tenant) & (_EARLIER.c.enterprise_id == DECISION_INDEX.c.enterprise_id),
    )
    .where(
        DECISION_INDEX.c.tenant == bindparam("tenant"),
        DECISION_INDEX.c.decision_id == bindparam("decision_id"),
        tuple_(_EARLIER.c.decided_at, _EARLIER.c.decision_id)
        < tuple_(DECISION_INDEX.c.decided_at, DECISION_INDEX.c.decision_id),
    )
    .order_by(_EARLIER.c.decided_at.desc(), _EARLIER.c.decision_id.desc())
    .limit(1)
)


def index_row(entry: Entry) -> tuple[object, ...] | None:
    """Return the row of an entry; None if it cannot be found by search."""
    if (facets := entry.facets) is None:
        return None
    return index_values(entry.tenant, entry.decision_id, facets)


def previous_decision(connection: Connection, tenant: str, decision_id: str) -> str | None:
    """Return the decision on the same enterprise before this one; of two at one time the lower identifier is before."""
    found: str | None = connection.scalar(_PREVIOUS, {"tenant": tenant, "decision_id": decision_id})
    return found


def indexed(connection: Connection, tenant: str, decision_ids: Sequence[str]) -> dict[str, Row[Any]]:
    """Return the rows of a tenant's decisions by identifier; without those that are not there."""
    rows = connection.execute(_ROWS, {"tenant": tenant, "names": list(decision_ids)})
    return {row.decision_id: row for row in rows}


def remove_from_index(connection: Connection, decision_id: str) -> bool:
    """Delete the rows of a decision, each found by its key, and return whether there were any."""
    row = connection.execute(_ROW, {"decision_id": decision_id}).first()
    if row is None:
        return False
    of_reason = DECISION_REASON.c
    by_key: list[ColumnElement[bool]] = []
    if (codes := _codes(row.reasons)) is not None:
        by_key = [
            of_reason.tenant == row.tenant,
            of_reason.code.in_(["", *codes]),
            of_reason.grade == (row.grade or ""),
            of_reason.decided_at == row.decided_at,
        ]
    connection.execute(delete(DECISION_REASON).where(*by_key, of_reason.decision_id == decision_id))
    connection.execute(delete(DECISION_INDEX).where(DECISION_INDEX.c.decision_id == decision_id))
    return True


def _codes(reasons: object) -> list[str] | None:
    """Return the codes of an index row; None if it is damaged, so that they must be looked for by the decision."""
    try:
        codes = orjson.loads(reasons) if isinstance(reasons, str) else None
    except orjson.JSONDecodeError:
        return None
    return codes if isinstance(codes, list) and all(isinstance(code, str) for code in codes) else None
