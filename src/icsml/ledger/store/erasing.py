"""Erasing what was recorded of a firm: its keys are deleted, and the chain still verifies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import Connection, Engine, bindparam, delete, select, union

from icsml.ledger.sealing import is_sealed
from icsml.ledger.store.chain_tables import CHAIN, DECISION_INDEX, DECISION_REASON, PAYLOAD, PAYLOAD_KEY
from icsml.ledger.store.database import lock
from icsml.ledger.store.indexing import remove_from_index
from icsml.ledger.store.reasons import REASONS_LOCK

__all__ = ["forget", "names_before", "names_of_enterprise", "overwrite_freed"]

_AT_ONCE: Final = 500
_OF_ENTERPRISE = union(
    *(
        select(table.c.decision_id).where(
            table.c.tenant == bindparam("tenant"), table.c.enterprise_id == bindparam("enterprise_id")
        )
        for table in (PAYLOAD_KEY, DECISION_INDEX)  # what an earlier release recorded has no key
    )
)
_KNOWN = union(select(PAYLOAD_KEY.c.decision_id), select(DECISION_INDEX.c.decision_id))
_BEFORE = select(CHAIN.c.tenant, CHAIN.c.decision_id).where(
    CHAIN.c.recorded_at < bindparam("before"), CHAIN.c.decision_id.in_(_KNOWN)
)


def names_of_enterprise(connection: Connection, tenant: str, enterprise_id: str) -> list[str]:
    """Return the decisions and events of a firm that are not erased."""
    return sorted(connection.scalars(_OF_ENTERPRISE, {"tenant": tenant, "enterprise_id": enterprise_id}))


def names_before(connection: Connection, before: str, tenant: str | None) -> list[tuple[str, str]]:
    """Return tenant and identifier of what was recorded before a time and is not erased, by tenant."""
    query = _BEFORE if tenant is None else _BEFORE.where(CHAIN.c.tenant == tenant)
    return sorted((owner, name) for owner, name in connection.execute(query, {"before": before}))


def forget(connection: Connection, names: Sequence[str]) -> None:
    """Delete the keys of decisions and events, and payloads that an earlier release recorded without one."""
    if not names:
        return
    lock(connection, REASONS_LOCK)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")  # a deleted key is overwritten in the file
    for some in _parts(names):
        unsealed = [
            row.decision_id
            for row in connection.execute(
                select(PAYLOAD.c.decision_id, PAYLOAD.c.bytes).where(PAYLOAD.c.decision_id.in_(some))
            )
            if not is_sealed(row.bytes)
        ]
        connection.execute(delete(PAYLOAD_KEY).where(PAYLOAD_KEY.c.decision_id.in_(some)))
        connection.execute(delete(PAYLOAD).where(PAYLOAD.c.decision_id.in_(unsealed)))
        for name in some:
            remove_from_index(connection, name)


def overwrite_freed(engine: Engine) -> None:
    """Let nothing of deleted rows stay in the files of the database, as far as its server allows."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET statement_timeout = 0")
            for table in (PAYLOAD_KEY, DECISION_INDEX, DECISION_REASON):
                connection.exec_driver_sql(f"VACUUM {table.name}")
        else:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")


def _parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), _AT_ONCE):
        yield names[start : start + _AT_ONCE]
