"""Reading what proves that a decision was recorded: its stored bytes, and the rows up to one that was signed."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, bindparam, select

from icsml.core.canonical import sha256_hex
from icsml.errors import LedgerError
from icsml.ledger.chain_row import ChainRow
from icsml.ledger.checkpoints import Head
from icsml.ledger.sealing import altered, erased, opened
from icsml.ledger.store.chain_tables import CHAIN, EVENT, PAYLOAD, PAYLOAD_KEY
from icsml.ledger.store.reading import NOT_DECISIONS

__all__ = ["Evidence", "Found", "find_decision", "not_signed", "rows_until"]

_COLUMNS = [CHAIN.c[name] for name in ChainRow._fields]
_DECISION = (
    select(*_COLUMNS, PAYLOAD.c.bytes, PAYLOAD_KEY.c.key, EVENT.c.kind)
    .join_from(CHAIN, PAYLOAD, PAYLOAD.c.decision_id == CHAIN.c.decision_id, isouter=True)
    .join(PAYLOAD_KEY, PAYLOAD_KEY.c.decision_id == CHAIN.c.decision_id, isouter=True)
    .join(EVENT, EVENT.c.event_id == CHAIN.c.decision_id, isouter=True)
    .where(CHAIN.c.decision_id == bindparam("decision_id"))
)
_ROWS = (
    select(*_COLUMNS)
    .where(
        CHAIN.c.tenant == bindparam("tenant"),
        CHAIN.c.writer == bindparam("writer"),
        CHAIN.c.sequence.between(bindparam("first"), bindparam("last")),
    )
    .order_by(CHAIN.c.sequence)
)


class Found(NamedTuple):
    """A decision as stored: its row, its stored bytes, and the content and salt in them."""

    row: ChainRow
    stored: bytes
    content: bytes
    salt: bytes


class Evidence(NamedTuple):
    """What proves that a decision was recorded.

    Parameters
    ----------
    ledger : str
        Identifier of the ledger.
    found : Found
        The decision.
    rows : list of ChainRow
        Its row and those after it in its chain, up to the first that a checkpoint signed.
    checkpoint : bytes
        The line of that checkpoint.
    """

    ledger: str
    found: Found
    rows: list[ChainRow]
    checkpoint: bytes


def find_decision(connection: Connection, decision_id: str, tenant: str | None) -> Found | None:
    """Return a decision of a tenant, or of any; None if there is none.

    Raises
    ------
    LedgerError
        ``ICS-LED-008`` if it is not what was recorded, ``ICS-LED-026`` if it was erased.
    """
    one = connection.execute(_DECISION, {"decision_id": decision_id}).first()
    if one is None or tenant not in (None, one.tenant) or one.kind in NOT_DECISIONS:
        return None
    row = _row(one)
    if one.bytes is None:
        raise erased()
    if sha256_hex(one.bytes) != row.payload_sha256:
        raise altered()
    content = opened(decision_id, one.bytes, one.key)
    if content is None:
        raise erased()
    return Found(row, bytes(one.bytes), *content)


def rows_until(connection: Connection, row: ChainRow, end: Head) -> list[ChainRow]:
    """Return a row and those after it in its chain, up to a signed end."""
    chain = {"tenant": row.tenant, "writer": row.writer, "first": row.sequence, "last": end.sequence}
    return [_row(each) for each in connection.execute(_ROWS, chain)]


def not_signed() -> LedgerError:
    """Return the error of a decision whose chain no checkpoint has signed since."""
    return LedgerError(
        "ICS-LED-040",
        "no checkpoint has signed the decision yet",
        field="decision_id",
        remedy="ask again in a minute; the operator can sign with `icsml ledger checkpoint`",
    )


def _row(found: Row[*tuple[Any, ...]]) -> ChainRow:
    return ChainRow(*found[: len(ChainRow._fields)])
