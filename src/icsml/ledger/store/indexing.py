"""The index of decisions: its rows, written in the transaction that records a decision."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from sqlalchemy import Connection, Engine, bindparam, delete, insert, select

from icsml.ledger.entry import Entry
from icsml.ledger.store.chain_tables import DECISION_INDEX, DECISION_REASON

__all__ = ["IndexWriter", "remove_from_index"]

_ROW = select(DECISION_INDEX).where(DECISION_INDEX.c.decision_id == bindparam("decision_id"))


class IndexWriter:
    """Inserts into the index, with statements compiled once.

    Parameters
    ----------
    engine : Engine
        Whose dialect the statements are in.
    """

    def __init__(self, engine: Engine) -> None:
        self._into_index, self._into_reason = (
            str(insert(table).compile(dialect=engine.dialect)) for table in (DECISION_INDEX, DECISION_REASON)
        )

    def insert(self, connection: Connection, entries: Sequence[Entry]) -> None:
        """Insert the rows of the entries that have facets."""
        rows: list[tuple[object, ...]] = []
        reasons: list[tuple[str, ...]] = []
        for entry in entries:
            if (facets := entry.facets) is None:
                continue
            decided_at, *others, codes = facets
            rows.append((entry.tenant, decided_at, entry.decision_id, *others, orjson.dumps(codes).decode()))
            reasons += [(entry.tenant, code, facets.decided_at, entry.decision_id) for code in facets.reasons]
        if rows:
            connection.exec_driver_sql(self._into_index, rows)
        if reasons:
            connection.exec_driver_sql(self._into_reason, reasons)


def remove_from_index(connection: Connection, decision_id: str) -> bool:
    """Delete the rows of a decision, each found by its key, and return whether there were any."""
    row = connection.execute(_ROW, {"decision_id": decision_id}).first()
    if row is None:
        return False
    of_reason = DECISION_REASON.c
    connection.execute(
        delete(DECISION_REASON).where(
            of_reason.tenant == row.tenant,
            of_reason.code.in_(orjson.loads(row.reasons)),
            of_reason.decided_at == row.decided_at,
            of_reason.decision_id == decision_id,
        )
    )
    connection.execute(delete(DECISION_INDEX).where(DECISION_INDEX.c.decision_id == decision_id))
    return True
