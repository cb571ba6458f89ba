"""The index of decisions: its rows, written in the transaction that records a decision."""

from __future__ import annotations

from collections.abc import Sequence

import orjson
from sqlalchemy import Connection, Engine, Table, bindparam, delete, insert, select, tuple_

from icsml.ledger.entry import Entry
from icsml.ledger.store.chain_tables import DECISION_INDEX, DECISION_REASON

__all__ = ["IndexWriter", "indexed_firm", "previous_decision", "remove_from_index"]

_ROW = select(DECISION_INDEX).where(DECISION_INDEX.c.decision_id == bindparam("decision_id"))
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
        # PostgreSQL takes all rows of both tables in one statement: a statement for each row takes most of the time.
        self._at_once = _insert_both(engine) if engine.dialect.name == "postgresql" else None

    def insert(self, connection: Connection, entries: Sequence[Entry]) -> None:
        """Insert the rows of the entries that have facets."""
        rows: list[tuple[object, ...]] = []
        reasons: list[tuple[str, ...]] = []
        for entry in entries:
            if (facets := entry.facets) is None:
                continue
            decided_at, *others, codes = facets
            rows.append((entry.tenant, decided_at, entry.decision_id, *others, orjson.dumps(codes).decode()))
            key = (facets.grade or "", decided_at, entry.decision_id)
            reasons += [(entry.tenant, code, *key) for code in facets.reasons]
        if self._at_once is not None and rows:
            of_reasons = zip(*reasons, strict=True) if reasons else [()] * len(DECISION_REASON.columns)
            arrays = [list(column) for columns in (zip(*rows, strict=True), of_reasons) for column in columns]
            connection.exec_driver_sql(self._at_once, tuple(arrays))
            return
        if rows:
            connection.exec_driver_sql(self._into_index, rows)
        if reasons:
            connection.exec_driver_sql(self._into_reason, reasons)


def _insert_both(engine: Engine) -> str:
    """Return a statement that takes an array for each column of both tables."""
    into_index, into_reason = (_insert_arrays(table, engine) for table in (DECISION_INDEX, DECISION_REASON))
    return f"WITH indexed AS ({into_index}) {into_reason}"


def _insert_arrays(table: Table, engine: Engine) -> str:
    names = ", ".join(column.name for column in table.columns)
    arrays = ", ".join(f"%s::{column.type.compile(engine.dialect)}[]" for column in table.columns)
    return f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({arrays})"  # noqa: S608 - names of columns


def previous_decision(connection: Connection, tenant: str, decision_id: str) -> str | None:
    """Return the decision on the same enterprise before this one; of two at one time the lower identifier is before."""
    found: str | None = connection.scalar(_PREVIOUS, {"tenant": tenant, "decision_id": decision_id})
    return found


def indexed_firm(connection: Connection, tenant: str, decision_id: str) -> str | None:
    """Return the enterprise of a decision."""
    row = connection.execute(_ROW, {"decision_id": decision_id}).first()
    return None if row is None or row.tenant != tenant else row.enterprise_id


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
            of_reason.grade == (row.grade or ""),
            of_reason.decided_at == row.decided_at,
            of_reason.decision_id == decision_id,
        )
    )
    connection.execute(delete(DECISION_INDEX).where(DECISION_INDEX.c.decision_id == decision_id))
    return True
