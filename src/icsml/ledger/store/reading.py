"""Reading what was recorded, with statements made once."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, select, union_all

from icsml.core.canonical import sha256_hex
from icsml.core.strict_json import JsonObject
from icsml.errors import LedgerError
from icsml.ledger.entry import DecisionRead, Recorded
from icsml.ledger.payload import stored_answer, stored_decision
from icsml.ledger.sealing import altered, container, erased, opened
from icsml.ledger.store.chain_tables import CHAIN, EVENT, FORGOTTEN, IDEMPOTENCY, PAYLOAD, PAYLOAD_KEY
from icsml.ledger.store.failures import key_used

__all__ = [
    "NOT_DECISIONS",
    "content_of",
    "events_about",
    "is_decision",
    "recorded_decision",
    "recorded_earlier",
    "recorded_payload",
]

NOT_DECISIONS = ("override", "outcome", "erasure")
"""Kinds of entries that are no decision; others, such as a correction, are decisions about an earlier one."""

_STORED = (PAYLOAD.c.bytes, CHAIN.c.payload_sha256, PAYLOAD_KEY.c.key)
_WITH_KEY = CHAIN.outerjoin(PAYLOAD, PAYLOAD.c.decision_id == CHAIN.c.decision_id).outerjoin(
    PAYLOAD_KEY, PAYLOAD_KEY.c.decision_id == CHAIN.c.decision_id
)
_PAYLOAD = (
    select(*_STORED)
    .select_from(_WITH_KEY)
    .where(CHAIN.c.decision_id == bindparam("decision_id"), CHAIN.c.tenant == bindparam("tenant"))
)
_EARLIER = (
    select(IDEMPOTENCY.c.request_sha256, IDEMPOTENCY.c.decision_id, *_STORED)
    .select_from(_WITH_KEY.join(IDEMPOTENCY, IDEMPOTENCY.c.decision_id == CHAIN.c.decision_id))
    .where(IDEMPOTENCY.c.tenant == bindparam("tenant"), IDEMPOTENCY.c.key == bindparam("key"))
)
_ABOUT = (
    select(EVENT.c.event_id, EVENT.c.kind, CHAIN.c.recorded_at, *_STORED)
    .select_from(_WITH_KEY.join(EVENT, EVENT.c.event_id == CHAIN.c.decision_id))
    .where(EVENT.c.tenant == bindparam("tenant"), EVENT.c.decision_id == bindparam("decision_id"))
    .order_by(CHAIN.c.recorded_at, CHAIN.c.sequence)
)
_IS_EVENT = select(EVENT.c.event_id).where(
    EVENT.c.event_id == bindparam("decision_id"), EVENT.c.kind.in_(NOT_DECISIONS)
)
_MOST_SUCCESSORS: Final = 16
"""A header must stay small, however often a firm objects."""
_RELATED = select(EVENT.c.event_id, EVENT.c.kind, EVENT.c.decision_id, CHAIN.c.recorded_at, CHAIN.c.sequence).join_from(
    EVENT, CHAIN, CHAIN.c.decision_id == EVENT.c.event_id
)
_SUCCESSORS = (
    _RELATED.where(
        EVENT.c.tenant == bindparam("tenant"),
        EVENT.c.decision_id == bindparam("decision_id"),
        EVENT.c.kind.not_in(NOT_DECISIONS),
    )
    .order_by(CHAIN.c.recorded_at.desc(), CHAIN.c.sequence.desc())
    .limit(_MOST_SUCCESSORS)
    .subquery()
)
_ITSELF_AND_SUCCESSORS = union_all(_RELATED.where(EVENT.c.event_id == bindparam("decision_id")), select(_SUCCESSORS))


def recorded_decision(connection: Connection, tenant: str, decision_id: str) -> DecisionRead | None:
    """Return a tenant's decision with those it is tied to, None where there is no such decision.

    Raises
    ------
    LedgerError
        As :func:`recorded_payload`.
    """
    wanted = {"tenant": tenant, "decision_id": decision_id}
    row = connection.execute(_PAYLOAD, wanted).first()
    if row is None:
        return None
    related = connection.execute(_ITSELF_AND_SUCCESSORS, wanted).all()
    itself = next((each for each in related if each.event_id == decision_id), None)
    if itself is not None and itself.kind in NOT_DECISIONS:
        return None
    content = content_of(decision_id, row.bytes, row.payload_sha256, row.key)
    later = sorted((each for each in related if each is not itself), key=_when_recorded, reverse=True)
    return DecisionRead(
        stored_decision(content),
        None if itself is None else itself.decision_id,
        tuple(each.event_id for each in later),
    )


def _when_recorded(related: Row[Any]) -> tuple[str, int]:
    return related.recorded_at, related.sequence


def recorded_payload(connection: Connection, tenant: str, decision_id: str) -> bytes | None:
    """Return the payload of a tenant's decision, None where there is no such decision.

    Raises
    ------
    LedgerError
        ``ICS-LED-008`` if it is not what was recorded, ``ICS-LED-026`` if it was erased.
    """
    row = connection.execute(_PAYLOAD, {"tenant": tenant, "decision_id": decision_id}).first()
    if row is None or connection.execute(_IS_EVENT, {"decision_id": decision_id}).first() is not None:
        return None
    return content_of(decision_id, row.bytes, row.payload_sha256, row.key)


def recorded_earlier(connection: Connection, tenant: str, key: str, request_sha256: str) -> Recorded | None:
    """Return what was recorded for an idempotency key and this request, None where the key is new.

    Raises
    ------
    ConflictError
        ``ICS-LED-007`` if the key was used with another request.
    LedgerError
        As :func:`recorded_payload`.
    """
    row = connection.execute(_EARLIER, {"tenant": tenant, "key": key}).first()
    if row is None:
        return None
    if row.request_sha256 == FORGOTTEN:
        raise erased()
    if row.request_sha256 != request_sha256:
        raise key_used()
    content = content_of(row.decision_id, row.bytes, row.payload_sha256, row.key)
    return Recorded(row.decision_id, stored_answer(content), replayed=True)


def is_decision(connection: Connection, tenant: str, decision_id: str) -> bool:
    """Return whether this is a decision of the tenant, erased or not."""
    row = connection.execute(_PAYLOAD, {"tenant": tenant, "decision_id": decision_id}).first()
    return row is not None and connection.execute(_IS_EVENT, {"decision_id": decision_id}).first() is None


def events_about(connection: Connection, tenant: str, decision_id: str) -> list[JsonObject]:
    """Return what happened after a decision, in the order recorded; of later decisions kind and identifier.

    Raises
    ------
    LedgerError
        ``ICS-LED-008`` if one is not what was recorded.
    """
    found: list[JsonObject] = []
    for row in connection.execute(_ABOUT, {"tenant": tenant, "decision_id": decision_id}):
        shown = {"event_id": row.event_id, "kind": row.kind, "decision_id": decision_id, "recorded_at": row.recorded_at}
        try:
            content = container(content_of(row.event_id, row.bytes, row.payload_sha256, row.key))
        except LedgerError as error:
            if error.code != erased().code:
                raise
            found.append(shown | {"erased": True})
        else:
            found.append(shown | _told(content))
    return found


def _told(content: JsonObject) -> JsonObject:
    told = content.get("event") or content.get("because") or {}
    if not isinstance(told, dict):
        raise altered()
    return told


def content_of(decision_id: str, stored: bytes | None, sha256: str, key: bytes | None) -> bytes:
    """Return the content of stored bytes.

    Raises
    ------
    LedgerError
        As :func:`recorded_payload`.
    """
    if stored is None:
        raise erased()
    if sha256_hex(stored) != sha256:
        raise altered()
    found = opened(decision_id, stored, key)
    if found is None:
        raise erased()
    return found[0]
