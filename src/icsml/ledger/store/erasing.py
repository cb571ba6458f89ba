"""Erasing what was recorded of a firm: its keys are deleted, and the chain still verifies."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import Connection, Engine, bindparam, delete, select, union, update

from icsml.core.canonical import canonical_bytes
from icsml.errors import LedgerError
from icsml.ledger.sealing import is_sealed
from icsml.ledger.store.chain_tables import (
    CHAIN,
    DECISION_INDEX,
    DECISION_REASON,
    ERASED_REQUEST,
    EVENT,
    IDEMPOTENCY,
    PAYLOAD,
    PAYLOAD_KEY,
)
from icsml.ledger.store.database import lock
from icsml.ledger.store.indexing import remove_from_index
from icsml.ledger.store.reasons import REASONS_LOCK

__all__ = ["forget", "names_before", "names_of_enterprise", "overwrite_freed"]

_AT_ONCE: Final = 1000
_PATIENCE: Final = 10.0
"""Seconds that whoever reads SQLite's file may keep its log from being emptied."""
_PAUSE: Final = 0.02
_OF_ENTERPRISE = union(
    *(
        select(table.c.decision_id).where(
            table.c.tenant == bindparam("tenant"), table.c.enterprise_id == bindparam("enterprise_id")
        )
        for table in (PAYLOAD_KEY, DECISION_INDEX)
    )
)
# What an earlier release recorded has no key, and no row in the index if it has no time of decision.
_UNFILED = (
    select(CHAIN.c.tenant, CHAIN.c.decision_id, CHAIN.c.recorded_at)
    .join_from(CHAIN, PAYLOAD_KEY, PAYLOAD_KEY.c.decision_id == CHAIN.c.decision_id, isouter=True)
    .join(DECISION_INDEX, DECISION_INDEX.c.decision_id == CHAIN.c.decision_id, isouter=True)
    .join(EVENT, EVENT.c.event_id == CHAIN.c.decision_id, isouter=True)
    .where(
        PAYLOAD_KEY.c.decision_id.is_(None),
        DECISION_INDEX.c.decision_id.is_(None),
        EVENT.c.kind.is_distinct_from("erasure"),
    )
)
_BYTES = select(PAYLOAD.c.decision_id, PAYLOAD.c.bytes).where(
    PAYLOAD.c.decision_id.in_(bindparam("names", expanding=True))
)
_KNOWN = union(select(PAYLOAD_KEY.c.decision_id), select(DECISION_INDEX.c.decision_id))
_BEFORE = select(CHAIN.c.tenant, CHAIN.c.decision_id).where(
    CHAIN.c.recorded_at < bindparam("before"), CHAIN.c.decision_id.in_(_KNOWN)
)


def names_of_enterprise(connection: Connection, tenant: str, enterprise_id: str) -> list[str]:
    """Return the decisions and events of a firm that are not erased."""
    filed = set(connection.scalars(_OF_ENTERPRISE, {"tenant": tenant, "enterprise_id": enterprise_id}))
    unfiled = [row.decision_id for row in connection.execute(_UNFILED.where(CHAIN.c.tenant == tenant))]
    firm = canonical_bytes(enterprise_id)
    return sorted(filed.union(name for name, data in _in_the_clear(connection, unfiled) if firm in data))


def names_before(connection: Connection, before: str, tenant: str | None) -> list[tuple[str, str]]:
    """Return tenant and identifier of what was recorded before a time and is not erased, by tenant."""
    known, unfiled = _BEFORE, _UNFILED.where(CHAIN.c.recorded_at < before)
    if tenant is not None:
        known, unfiled = known.where(CHAIN.c.tenant == tenant), unfiled.where(CHAIN.c.tenant == tenant)
    found = {(owner, name) for owner, name in connection.execute(known, {"before": before})}
    owners = {row.decision_id: row.tenant for row in connection.execute(unfiled)}
    return sorted(found.union((owners[name], name) for name, _ in _in_the_clear(connection, list(owners))))


def _in_the_clear(connection: Connection, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield those of some payloads that need no key, and what is stored of each."""
    for some in _parts(names):
        for row in connection.execute(_BYTES, {"names": some}):
            if not _needs_key(row.bytes):
                yield row.decision_id, row.bytes if isinstance(row.bytes, bytes) else str(row.bytes).encode()


def _needs_key(stored: object) -> bool:
    """Return whether stored bytes say nothing of a firm without a key; damaged ones may say something."""
    try:
        return isinstance(stored, bytes) and is_sealed(stored)
    except LedgerError:
        return False


def forget(connection: Connection, names: Sequence[str]) -> None:
    """Delete the keys of decisions and events, and payloads that can be read without one, or are damaged.

    The hash of the request goes too: of few unknown values it could be found by trying.
    """
    if not names:
        return
    lock(connection, REASONS_LOCK)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")  # a deleted key is overwritten in the file
    for some in _parts(names):
        readable = [name for name, _ in _in_the_clear(connection, some)]
        connection.execute(delete(PAYLOAD_KEY).where(PAYLOAD_KEY.c.decision_id.in_(some)))
        connection.execute(delete(PAYLOAD).where(PAYLOAD.c.decision_id.in_(readable)))
        connection.execute(
            update(IDEMPOTENCY).where(IDEMPOTENCY.c.decision_id.in_(some)).values(request_sha256=ERASED_REQUEST)
        )
        for name in some:
            remove_from_index(connection, name)


def overwrite_freed(engine: Engine) -> bool:
    """Let nothing of deleted rows stay in the files of the database, as far as its server allows.

    Returns
    -------
    bool
        Whether that was possible: not where somebody reads SQLite's file for so long that its log cannot be emptied.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET statement_timeout = 0")
            for table in (PAYLOAD_KEY, DECISION_INDEX, DECISION_REASON, IDEMPOTENCY):
                connection.exec_driver_sql(f"VACUUM {table.name}")
            return True
        end = time.monotonic() + _PATIENCE
        while connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar():  # 1: somebody was in the way
            if time.monotonic() > end:
                return False
            time.sleep(_PAUSE)
        return True


def _parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), _AT_ONCE):
        yield names[start : start + _AT_ONCE]
