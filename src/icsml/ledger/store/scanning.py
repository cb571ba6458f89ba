"""Reading all that is recorded, to verify it: in order, without holding it in memory."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, func, inspect, select, union

from icsml.core.progress import Progress
from icsml.ledger.chain_row import ChainRow
from icsml.ledger.checkpoints import Checkpoint, CheckpointFaultError, Head, read_checkpoints
from icsml.ledger.filing import Filed
from icsml.ledger.other_checkpoints import other_checkpoints
from icsml.ledger.store.chain_tables import CHAIN, DECISION_INDEX, EVENT, IDEMPOTENCY, LEDGER, PAYLOAD, PAYLOAD_KEY
from icsml.ledger.store.erasing import erased_names
from icsml.ledger.store.index_checking import Reasons, check_index
from icsml.ledger.verification import Bad, Link, StoredRow, Verification, verify_rows

__all__ = ["Signed", "chain_heads", "ledger_identity", "signed_outside", "stored_rows", "verified"]

_AT_ONCE = 1000
_IDENTIFIER = re.compile(r"[0-9A-Za-z-]{1,64}")  # it becomes the name of a file
_COLUMNS = [CHAIN.c[name] for name in (*ChainRow._fields, "row_sha256")]
_ORDER = (CHAIN.c.tenant, CHAIN.c.writer, CHAIN.c.sequence)
_ABOUT_INDEX, _ABOUT_KEY = DECISION_INDEX.alias("about_index"), PAYLOAD_KEY.alias("about_key")
_FILED = len(_COLUMNS) + 4  # where the columns of a row begin that are no more than filed
_INDEXED = _FILED + 6  # and those of the index
_ROWS = (
    select(
        *_COLUMNS,
        PAYLOAD.c.bytes,
        PAYLOAD_KEY.c.key,
        EVENT.c.kind,
        EVENT.c.decision_id.label("about"),
        PAYLOAD.c.tenant.label("payload_tenant"),
        PAYLOAD.c.sha256.label("payload_sha256_beside"),
        PAYLOAD_KEY.c.tenant.label("key_tenant"),
        PAYLOAD_KEY.c.enterprise_id.label("key_firm"),
        EVENT.c.tenant.label("event_tenant"),
        func.coalesce(_ABOUT_INDEX.c.enterprise_id, _ABOUT_KEY.c.enterprise_id).label("about_firm"),
        *DECISION_INDEX.c,
    )
    .join_from(CHAIN, PAYLOAD, PAYLOAD.c.decision_id == CHAIN.c.decision_id, isouter=True)
    .join(PAYLOAD_KEY, PAYLOAD_KEY.c.decision_id == CHAIN.c.decision_id, isouter=True)
    .join(EVENT, EVENT.c.event_id == CHAIN.c.decision_id, isouter=True)
    .join(DECISION_INDEX, DECISION_INDEX.c.decision_id == CHAIN.c.decision_id, isouter=True)
    .join(_ABOUT_INDEX, _ABOUT_INDEX.c.decision_id == EVENT.c.decision_id, isouter=True)
    .join(_ABOUT_KEY, _ABOUT_KEY.c.decision_id == EVENT.c.decision_id, isouter=True)
    .order_by(*_ORDER)
)
_LINKS = (
    select(*_COLUMNS)
    .where(CHAIN.c.tenant == bindparam("tenant"), CHAIN.c.writer == bindparam("writer"))
    .order_by(CHAIN.c.sequence)
)
_WRITERS = select(CHAIN.c.writer).distinct()
_HASH = select(CHAIN.c.row_sha256).where(
    CHAIN.c.tenant == bindparam("tenant"),
    CHAIN.c.writer == bindparam("writer"),
    CHAIN.c.sequence == bindparam("sequence"),
)
_RECORDED = select(CHAIN.c.decision_id)
_ORPHANS = union(
    select(PAYLOAD.c.decision_id).where(PAYLOAD.c.decision_id.not_in(_RECORDED)),
    select(IDEMPOTENCY.c.decision_id).where(IDEMPOTENCY.c.decision_id.not_in(_RECORDED)),
    select(PAYLOAD_KEY.c.decision_id).where(PAYLOAD_KEY.c.decision_id.not_in(_RECORDED)),
    select(EVENT.c.event_id).where(EVENT.c.event_id.not_in(_RECORDED)),
)
_LAST = select(CHAIN.c.tenant, CHAIN.c.writer, func.max(CHAIN.c.sequence).label("last")).group_by(
    CHAIN.c.tenant, CHAIN.c.writer
)


class Signed(NamedTuple):
    """What is signed outside of the database, and what is wrong with it."""

    checkpoints: list[Checkpoint]
    bad: list[Bad]


def ledger_identity(connection: Connection) -> str | None:
    """Return the identifier of a ledger; None if the database has none that can be one."""
    identifiers = connection.scalars(select(LEDGER.c.id)).all() if inspect(connection).has_table("ledger") else []
    found = identifiers[0] if len(identifiers) == 1 else None
    return found if isinstance(found, str) and _IDENTIFIER.fullmatch(found) else None


def chain_heads(connection: Connection) -> list[Head]:
    """Return the last row of every chain."""
    last = _LAST.subquery()
    ends = (CHAIN.c.tenant == last.c.tenant) & (CHAIN.c.writer == last.c.writer) & (CHAIN.c.sequence == last.c.last)
    query = select(CHAIN.c.tenant, CHAIN.c.writer, CHAIN.c.sequence, CHAIN.c.row_sha256, CHAIN.c.decision_id)
    return [Head(*row) for row in connection.execute(query.join(last, ends).order_by(*_ORDER))]


def signed_outside(connection: Connection, trusted: frozenset[str]) -> Signed:
    """Read the checkpoints of a ledger, also those that lie under another identifier than it has now."""
    ledger = ledger_identity(connection)
    checkpoints, bad = list[Checkpoint](), list[Bad]()
    if ledger is None:
        bad.append(_fault(None, "the database has lost its identifier, by which its checkpoints are found"))
    else:
        try:
            checkpoints = read_checkpoints(ledger, trusted)
        except CheckpointFaultError as fault:
            checkpoints = fault.before
            bad.append(_fault(fault.line, fault.what))
    writers = frozenset(name for name in connection.scalars(_WRITERS) if isinstance(name, str))
    other = other_checkpoints(ledger, writers, trusted, lambda head: _is_here(connection, head))
    if other is not None:
        detail = (
            f"the identifier of the ledger was changed: checkpoints of {other[0]} sign rows of this database;"
            f" if it is that ledger, set `id` in the table `ledger` back"
        )
        bad.insert(0, _fault(None, detail))
        checkpoints = sorted([*other[1], *checkpoints], key=attrgetter("at"))
    return Signed(checkpoints, bad)


def verified(connection: Connection, signed: Signed, progress: Progress) -> Verification:
    """Verify a ledger; what is wrong with the checkpoints is the first that is bad, where the rows are whole.

    The checkpoints were read before: those signed since would name rows that this connection does not see.
    """
    reasons = Reasons(connection)
    orphans = list(connection.scalars(_ORPHANS))
    found = verify_rows(
        stored_rows(connection),
        signed.checkpoints,
        lambda *chain: _links(connection, *chain),
        orphans,
        progress,
        found=reasons.add,
        erased=erased_names(connection),
    )
    index = [] if found.misfiled else check_index(connection, None if found.bad else reasons)
    bad = [*found.bad, *index, *signed.bad]
    return replace(found, ok=not bad, first_bad=bad[0] if bad else None, bad=bad)


def _fault(line: int | None, detail: str) -> Bad:
    return Bad("checkpoint", None, None, None, line, detail)


def _is_here(connection: Connection, head: Head) -> bool:
    place = {"tenant": head.tenant, "writer": head.writer, "sequence": head.sequence}
    return connection.scalar(_HASH, place) == head.row_sha256


def stored_rows(connection: Connection) -> Iterator[StoredRow]:
    """Yield all rows by tenant, writer and sequence."""
    found: Iterable[Sequence[Any]] = connection.execution_options(yield_per=_AT_ONCE).execute(_ROWS)
    for row in found:
        index = tuple(row[_INDEXED:])
        filed = Filed._make([*row[_FILED:_INDEXED], index if index[1] is not None else None])
        yield StoredRow._make([_link(row), *row[len(_COLUMNS) : _FILED], filed])


def _links(connection: Connection, tenant: str, writer: str) -> Sequence[Link]:
    return [_link(row) for row in connection.execute(_LINKS, {"tenant": tenant, "writer": writer})]


def _link(row: Sequence[Any]) -> Link:
    fields = len(ChainRow._fields)
    return Link(ChainRow(*row[:fields]), row[fields])
