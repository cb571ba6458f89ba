"""The index of decisions: a row for each, written in the transaction that records it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Connection, Row, bindparam, delete, select, tuple_

from icsml.ledger.entry import Entry
from icsml.ledger.filing import index_values
from icsml.ledger.store.chain_tables import DECISION_INDEX, DECISION_REASON
from icsml.ledger.store.failures import index_altered

__all__ = ["index_row", "indexed", "previous_decision", "remove_from_index", "require_sound"]

_ROWS = select(DECISION_INDEX).where(
    DECISION_INDEX.c.decision_id.in_(bindparam("names", expanding=True)), DECISION_INDEX.c.tenant == bindparam("tenant")
)
_ANY_ROWS = select(DECISION_INDEX).where(DECISION_INDEX.c.decision_id.in_(bindparam("names", expanding=True)))
_REMOVE_REASON = delete(DECISION_REASON).where(
    DECISION_REASON.c.tenant == bindparam("of_tenant"),
    DECISION_REASON.c.code == bindparam("of_code"),
    DECISION_REASON.c.grade == bindparam("of_grade"),
    DECISION_REASON.c.decided_at == bindparam("at"),
    DECISION_REASON.c.decision_id == bindparam("of"),
)
_TYPES = {"pd": float, "score": int}
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


def require_sound(row: Mapping[str, Any]) -> None:
    """Refuse a row whose values are of another type than any that was recorded: SQLite keeps whatever it is given.

    Raises
    ------
    LedgerError
        ``ICS-LED-033``.
    """
    for name, value in row.items():
        if name == "reasons":
            sound = _codes(value) is not None
        else:
            sound = value is None or isinstance(value, _TYPES.get(name, str))
        if not sound:
            raise index_altered()


def remove_from_index(connection: Connection, decision_ids: Sequence[str]) -> int:
    """Delete the rows of decisions, those of reasons by their keys; return how many were there."""
    by_key: list[dict[str, str]] = []
    for row in connection.execute(_ANY_ROWS, {"names": decision_ids}).all():
        if (codes := _codes(row.reasons)) is None:
            connection.execute(delete(DECISION_REASON).where(DECISION_REASON.c.decision_id == row.decision_id))
            continue
        of = {"of_tenant": row.tenant, "of_grade": row.grade or "", "at": row.decided_at, "of": row.decision_id}
        by_key += [of | {"of_code": code} for code in ("", *codes)]
    if by_key:
        connection.execute(_REMOVE_REASON, by_key)
    removed = delete(DECISION_INDEX).where(DECISION_INDEX.c.decision_id.in_(decision_ids))
    return connection.execute(removed).rowcount


def _codes(reasons: object) -> list[str] | None:
    """Return the codes of an index row; None if it is damaged, so that they must be looked for by the decision."""
    try:
        codes = orjson.loads(reasons) if isinstance(reasons, str) else None
    except orjson.JSONDecodeError:
        return None
    return codes if isinstance(codes, list) and all(isinstance(code, str) for code in codes) else None
