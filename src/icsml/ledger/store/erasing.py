"""Erasing what was recorded of a firm: its keys are deleted, and the chain still verifies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, select, union

from icsml.core.canonical import sha256_hex
from icsml.errors import LedgerError
from icsml.ledger.sealing import container, is_sealed
from icsml.ledger.store.chain_tables import CHAIN, DECISION_INDEX, EVENT, PAYLOAD, PAYLOAD_KEY
from icsml.ledger.store.database import lock
from icsml.ledger.store.indexing import remove_from_index
from icsml.ledger.store.reasons import REASONS_LOCK

__all__ = ["damaged_of", "erased_names", "forget", "names_before", "names_of_enterprise"]

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
_ERASURES = (
    select(PAYLOAD.c.bytes).join(EVENT, EVENT.c.event_id == PAYLOAD.c.decision_id).where(EVENT.c.kind == "erasure")
)
_STORED = (
    select(PAYLOAD.c.decision_id, PAYLOAD.c.bytes, CHAIN.c.payload_sha256)
    .join_from(PAYLOAD, CHAIN, CHAIN.c.decision_id == PAYLOAD.c.decision_id)
    .where(PAYLOAD.c.decision_id.in_(bindparam("names", expanding=True)))
)


def names_of_enterprise(connection: Connection, tenant: str, enterprise_id: str) -> list[str]:
    """Return the decisions and events of a firm that are not erased."""
    return sorted(connection.scalars(_OF_ENTERPRISE, {"tenant": tenant, "enterprise_id": enterprise_id}))


def names_before(connection: Connection, before: str, tenant: str | None) -> list[tuple[str, str]]:
    """Return tenant and identifier of what was recorded before a time and is not erased, by tenant."""
    query = _BEFORE if tenant is None else _BEFORE.where(CHAIN.c.tenant == tenant)
    return sorted((owner, name) for owner, name in connection.execute(query, {"before": before}))


def damaged_of(connection: Connection, names: Sequence[str]) -> list[str]:
    """Return those of which the stored payload is not what was recorded."""
    return sorted(row.decision_id for row in _stored(connection, names) if sha256_hex(row.bytes) != row.payload_sha256)


def erased_names(connection: Connection) -> frozenset[str]:
    """Return whose keys were deleted, as the erasures say."""
    names: set[str] = set()
    for stored in connection.scalars(_ERASURES):
        try:
            names.update(map(str, container(stored)["erased"]))
        except (LedgerError, KeyError, TypeError):
            continue  # verifying names it
    return frozenset(names)


def forget(connection: Connection, names: Sequence[str]) -> None:
    """Delete the keys of decisions and events, and payloads that could be read without one.

    Those are what an earlier release recorded, and what is damaged so that it does not show whether it is sealed.
    """
    if not names:
        return
    lock(connection, REASONS_LOCK)
    unsealed = [row.decision_id for row in _stored(connection, names) if not _needs_key(row.bytes)]
    for some in _parts(names):
        connection.execute(delete(PAYLOAD_KEY).where(PAYLOAD_KEY.c.decision_id.in_(some)))
        remove_from_index(connection, some)
    for some in _parts(unsealed):
        connection.execute(delete(PAYLOAD).where(PAYLOAD.c.decision_id.in_(some)))


def _stored(connection: Connection, names: Sequence[str]) -> Iterator[Any]:
    for some in _parts(names):
        yield from connection.execute(_STORED, {"names": some})


def _needs_key(stored: bytes) -> bool:
    """Return whether stored bytes are sealed; damaged ones may not show it."""
    try:
        return is_sealed(stored)
    except LedgerError:
        return False


def _parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), _AT_ONCE):
        yield names[start : start + _AT_ONCE]
