"""Erasing what was recorded of a firm: its keys are deleted, and the chain still verifies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, select, union, update

from icsml.core.canonical import canonical_bytes, sha256_hex
from icsml.errors import LedgerError
from icsml.ledger.sealing import is_sealed
from icsml.ledger.store.chain_tables import (
    CHAIN,
    DECISION_INDEX,
    ERASED_REQUEST,
    EVENT,
    IDEMPOTENCY,
    PAYLOAD,
    PAYLOAD_KEY,
)
from icsml.ledger.store.database import lock
from icsml.ledger.store.indexing import remove_from_index
from icsml.ledger.store.reasons import REASONS_LOCK

__all__ = ["damaged_of", "forget", "names_before", "names_of_enterprise"]

_AT_ONCE: Final = 1000
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
_KNOWN = union(select(PAYLOAD_KEY.c.decision_id), select(DECISION_INDEX.c.decision_id))
_BEFORE = select(CHAIN.c.tenant, CHAIN.c.decision_id).where(
    CHAIN.c.recorded_at < bindparam("before"), CHAIN.c.decision_id.in_(_KNOWN)
)
_STORED = (
    select(PAYLOAD.c.decision_id, PAYLOAD.c.bytes, CHAIN.c.payload_sha256)
    .join_from(PAYLOAD, CHAIN, CHAIN.c.decision_id == PAYLOAD.c.decision_id)
    .where(PAYLOAD.c.decision_id.in_(bindparam("names", expanding=True)))
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


def damaged_of(connection: Connection, names: Sequence[str]) -> list[str]:
    """Return those of which the stored payload is not what was recorded."""
    return sorted(row.decision_id for row in _stored(connection, names) if _sha256(row.bytes) != row.payload_sha256)


def forget(connection: Connection, names: Sequence[str]) -> None:
    """Delete the keys of decisions and events, and payloads that could be read without one.

    Those are what an earlier release recorded, and what is damaged so that it does not show whether it is sealed. The
    hash of the request goes too: of few unknown values it could be found by trying.
    """
    if not names:
        return
    lock(connection, REASONS_LOCK)
    readable = [name for name, _ in _in_the_clear(connection, names)]
    for some in _parts(names):
        connection.execute(delete(PAYLOAD_KEY).where(PAYLOAD_KEY.c.decision_id.in_(some)))
        connection.execute(
            update(IDEMPOTENCY).where(IDEMPOTENCY.c.decision_id.in_(some)).values(request_sha256=ERASED_REQUEST)
        )
        for name in some:
            remove_from_index(connection, name)
    for some in _parts(readable):
        connection.execute(delete(PAYLOAD).where(PAYLOAD.c.decision_id.in_(some)))


def _stored(connection: Connection, names: Sequence[str]) -> Iterator[Any]:
    for some in _parts(names):
        yield from connection.execute(_STORED, {"names": some})


def _in_the_clear(connection: Connection, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield those of some payloads that need no key, and what is stored of each."""
    for row in _stored(connection, names):
        if not _needs_key(row.bytes):
            yield row.decision_id, row.bytes if isinstance(row.bytes, bytes) else str(row.bytes).encode()


def _needs_key(stored: object) -> bool:
    """Return whether stored bytes are sealed; SQLite may hold a value of any type where somebody changed it."""
    try:
        return isinstance(stored, bytes) and is_sealed(stored)
    except (LedgerError, RecursionError):
        return False


def _sha256(stored: object) -> str | None:
    return sha256_hex(stored) if isinstance(stored, bytes) else None


def _parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), _AT_ONCE):
        yield names[start : start + _AT_ONCE]
