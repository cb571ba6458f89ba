"""Reading all that is recorded, to verify it: in order, without holding it in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, inspect, select, union

from icsml.core.progress import Progress
from icsml.errors import LedgerError
from icsml.ledger.chain_row import ChainRow
from icsml.ledger.checkpoints import Checkpoint, CheckpointFaultError, Head, read_checkpoints
from icsml.ledger.sealing import container
from icsml.ledger.store.chain_tables import CHAIN, EVENT, IDEMPOTENCY, LEDGER, PAYLOAD, PAYLOAD_KEY
from icsml.ledger.verification import Bad, Link, StoredRow, Verification, verify_rows

__all__ = ["chain_heads", "ledger_identity", "verified"]

_AT_ONCE = 1000
_COLUMNS = [CHAIN.c[name] for name in (*ChainRow._fields, "row_sha256")]
_ORDER = (CHAIN.c.tenant, CHAIN.c.writer, CHAIN.c.sequence)
_ROWS = (
    select(*_COLUMNS, PAYLOAD.c.bytes, PAYLOAD_KEY.c.key, EVENT.c.kind, EVENT.c.decision_id.label("about"))
    .join_from(CHAIN, PAYLOAD, PAYLOAD.c.decision_id == CHAIN.c.decision_id, isouter=True)
    .join(PAYLOAD_KEY, PAYLOAD_KEY.c.decision_id == CHAIN.c.decision_id, isouter=True)
    .join(EVENT, EVENT.c.event_id == CHAIN.c.decision_id, isouter=True)
    .order_by(*_ORDER)
)
_LINKS = (
    select(*_COLUMNS)
    .where(CHAIN.c.tenant == bindparam("tenant"), CHAIN.c.writer == bindparam("writer"))
    .order_by(CHAIN.c.sequence)
)
_RECORDED = select(CHAIN.c.decision_id)
_ORPHANS = union(
    select(PAYLOAD.c.decision_id).where(PAYLOAD.c.decision_id.not_in(_RECORDED)),
    select(IDEMPOTENCY.c.decision_id).where(IDEMPOTENCY.c.decision_id.not_in(_RECORDED)),
    select(PAYLOAD_KEY.c.decision_id).where(PAYLOAD_KEY.c.decision_id.not_in(_RECORDED)),
    select(EVENT.c.event_id).where(EVENT.c.event_id.not_in(_RECORDED)),
)
_ERASURES = (
    select(PAYLOAD.c.bytes).join(EVENT, EVENT.c.event_id == PAYLOAD.c.decision_id).where(EVENT.c.kind == "erasure")
)
_LAST = select(CHAIN.c.tenant, CHAIN.c.writer, func.max(CHAIN.c.sequence).label("last")).group_by(
    CHAIN.c.tenant, CHAIN.c.writer
)


def ledger_identity(connection: Connection) -> str | None:
    """Return the identifier of a ledger; None if its tables are of a release that gave none."""
    return connection.scalar(select(LEDGER.c.id)) if inspect(connection).has_table("ledger") else None


def chain_heads(connection: Connection) -> list[Head]:
    """Return the last row of every chain."""
    last = _LAST.subquery()
    ends = (CHAIN.c.tenant == last.c.tenant) & (CHAIN.c.writer == last.c.writer) & (CHAIN.c.sequence == last.c.last)
    query = select(CHAIN.c.tenant, CHAIN.c.writer, CHAIN.c.sequence, CHAIN.c.row_sha256, CHAIN.c.decision_id)
    return [Head(*row) for row in connection.execute(query.join(last, ends).order_by(*_ORDER))]


def verified(connection: Connection, trusted: frozenset[str], progress: Progress) -> Verification:
    """Verify a ledger; a checkpoint that is not as it was signed is the first that is bad, where the rows are whole."""
    ledger = ledger_identity(connection)
    checkpoints, fault = _checkpoints(ledger, trusted)
    orphans = list(connection.scalars(_ORPHANS))
    found = verify_rows(
        _rows(connection),
        checkpoints,
        lambda *chain: _links(connection, *chain),
        orphans,
        progress,
        erased=_erased(connection),
    )
    if fault is None:
        return found
    bad = [*found.bad, fault]
    return replace(found, ok=False, first_bad=bad[0], bad=bad)


def _checkpoints(ledger: str | None, trusted: frozenset[str]) -> tuple[list[Checkpoint], Bad | None]:
    if ledger is None:
        return [], None
    try:
        return read_checkpoints(ledger, trusted), None
    except CheckpointFaultError as fault:
        return fault.before, Bad("checkpoint", None, None, None, fault.line, fault.what)


def _erased(connection: Connection) -> frozenset[str]:
    """Return whose keys were deleted, as the erasures say; that these are as recorded, their own rows show."""
    names: set[str] = set()
    for stored in connection.scalars(_ERASURES):
        try:
            names.update(map(str, container(stored)["erased"]))
        except (LedgerError, KeyError, TypeError):
            continue
    return frozenset(names)


def _rows(connection: Connection) -> Iterator[StoredRow]:
    found = connection.execution_options(yield_per=_AT_ONCE).execute(_ROWS)
    for row in found:
        yield StoredRow(_link(row), row.bytes, row.key, row.kind, row.about)


def _links(connection: Connection, tenant: str, writer: str) -> Sequence[Link]:
    return [_link(row) for row in connection.execute(_LINKS, {"tenant": tenant, "writer": writer})]


def _link(row: Row[*tuple[Any, ...]]) -> Link:
    return Link(ChainRow(*row[: len(ChainRow._fields)]), row.row_sha256)
