"""Reading what was recorded, with statements made once."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select

from icsml.core.canonical import sha256_hex
from icsml.errors import LedgerError
from icsml.ledger.entry import Recorded
from icsml.ledger.payload import stored_decision
from icsml.ledger.store.chain_tables import CHAIN, IDEMPOTENCY, PAYLOAD
from icsml.ledger.store.failures import key_used

__all__ = ["recorded_earlier", "recorded_payload"]

_PAYLOAD = (
    select(PAYLOAD.c.bytes, CHAIN.c.payload_sha256)
    .join_from(PAYLOAD, CHAIN)
    .where(CHAIN.c.decision_id == bindparam("decision_id"), CHAIN.c.tenant == bindparam("tenant"))
)
_EARLIER = (
    select(IDEMPOTENCY.c.request_sha256, IDEMPOTENCY.c.decision_id, PAYLOAD.c.bytes, CHAIN.c.payload_sha256)
    .join_from(IDEMPOTENCY, CHAIN, CHAIN.c.decision_id == IDEMPOTENCY.c.decision_id)
    .outerjoin(PAYLOAD, PAYLOAD.c.decision_id == CHAIN.c.decision_id)
    .where(IDEMPOTENCY.c.tenant == bindparam("tenant"), IDEMPOTENCY.c.key == bindparam("key"))
)


def recorded_payload(connection: Connection, tenant: str, decision_id: str) -> bytes | None:
    """Return the payload of a tenant's decision, None where there is none.

    Raises
    ------
    LedgerError
        ``ICS-LED-008`` if it is not what was recorded.
    """
    row = connection.execute(_PAYLOAD, {"tenant": tenant, "decision_id": decision_id}).first()
    return None if row is None else _verified(row.bytes, row.payload_sha256)


def recorded_earlier(connection: Connection, tenant: str, key: str, request_sha256: str) -> Recorded | None:
    """Return what was recorded for an idempotency key and this request, None where the key is new.

    Raises
    ------
    ConflictError
        ``ICS-LED-007`` if the key was used with another request.
    LedgerError
        ``ICS-LED-004`` if the payload was erased, ``ICS-LED-008`` if it is not what was recorded.
    """
    row = connection.execute(_EARLIER, {"tenant": tenant, "key": key}).first()
    if row is None:
        return None
    if row.request_sha256 != request_sha256:
        raise key_used()
    if row.bytes is None:
        raise LedgerError(
            "ICS-LED-004", "the recorded payload is gone", field="Idempotency-Key", remedy="use a new key"
        )
    return Recorded(row.decision_id, stored_decision(_verified(row.bytes, row.payload_sha256)), replayed=True)


def _verified(data: bytes, sha256: str) -> bytes:
    if sha256_hex(data) != sha256:
        raise LedgerError(
            "ICS-LED-008",
            "the payload is not what was recorded",
            field="decision_id",
            remedy="restore it from a backup",
        )
    return data
