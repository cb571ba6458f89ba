"""Reading all payloads in the order recorded, in constant memory and without a transaction that stays open."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, func, select, tuple_

from icsml.core.clock import timestamp
from icsml.errors import LedgerError
from icsml.ledger.store.chain_tables import CHAIN, DECISION_INDEX, EVENT, PAYLOAD, PAYLOAD_KEY
from icsml.ledger.store.indexing import require_sound
from icsml.ledger.store.reading import NOT_DECISIONS, content_of

__all__ = ["Walked", "chain_and_index", "walk"]

_PAGE: Final = 4096
_GROUP: Final = 128
_SECONDS: Final = 120
_STORED: Final = (
    select(PAYLOAD.c.decision_id, PAYLOAD.c.bytes, PAYLOAD_KEY.c.key)
    .join_from(PAYLOAD, PAYLOAD_KEY, PAYLOAD_KEY.c.decision_id == PAYLOAD.c.decision_id, isouter=True)
    .where(PAYLOAD.c.decision_id.in_(bindparam("names", expanding=True)))
)
_INDEXED: Final = tuple(
    name for name in map(str, DECISION_INDEX.columns.keys()) if name not in ("tenant", "decision_id")
)
_BY_NAME: Final = (
    select(CHAIN, *(DECISION_INDEX.c[name] for name in _INDEXED))
    .join_from(CHAIN, DECISION_INDEX, DECISION_INDEX.c.decision_id == CHAIN.c.decision_id, isouter=True)
    .where(CHAIN.c.decision_id.in_(bindparam("names", expanding=True)))
)
_ORDER: Final = (CHAIN.c.recorded_at, CHAIN.c.tenant, CHAIN.c.writer, CHAIN.c.sequence)


class Walked(NamedTuple):
    """A recorded decision.

    Parameters
    ----------
    decision_id, tenant : str
        Which, and whose.
    data : bytes or None
        Its payload.
    error : LedgerError or None
        Why there is none: it was erased, or is not what was recorded.
    """

    decision_id: str
    tenant: str
    data: bytes | None
    error: LedgerError | None


def walk(
    reading: Callable[[], AbstractContextManager[Connection]], tenant: str | None, since: datetime | None
) -> Iterator[list[Walked]]:
    """Yield what was recorded until now in groups, in the order of the time recorded."""
    no_decision = select(EVENT.c.event_id).where(EVENT.c.kind.in_(NOT_DECISIONS))
    wanted: list[ColumnElement[bool]] = [CHAIN.c.decision_id.not_in(no_decision)]
    if tenant is not None:
        wanted.append(CHAIN.c.tenant == tenant)
    if since is not None:
        wanted.append(CHAIN.c.recorded_at >= timestamp(since))
    with reading() as connection:
        _allow_time(connection)
        last = connection.scalar(select(func.max(CHAIN.c.recorded_at)).where(*wanted))
    if last is None:
        return
    wanted.append(CHAIN.c.recorded_at <= last)  # what is recorded meanwhile would have no end
    columns = (*_ORDER, CHAIN.c.decision_id, CHAIN.c.payload_sha256)
    after: list[ColumnElement[bool]] = []
    while True:
        with reading() as connection:
            _allow_time(connection)
            page = connection.execute(select(*columns).where(*wanted, *after).order_by(*_ORDER).limit(_PAGE)).all()
        for start in range(0, len(page), _GROUP):
            group = page[start : start + _GROUP]
            with reading() as connection:
                rows = connection.execute(_STORED, {"names": [row.decision_id for row in group]})
                stored = {row.decision_id: (row.bytes, row.key) for row in rows}
            yield [_walked(row.decision_id, row.tenant, row.payload_sha256, stored) for row in group]
        if len(page) < _PAGE:
            return
        after = [tuple_(*_ORDER) > tuple_(*page[-1][: len(_ORDER)])]


def chain_and_index(connection: Connection, names: Sequence[str]) -> dict[str, dict[str, object]]:
    """Return by identifier the columns of the chain and of the index; the latter are None where it has no row."""
    rows = connection.execute(_BY_NAME, {"names": list(names)}).mappings()
    found = {}
    for row in rows:
        found[row["decision_id"]] = dict(row)
        if row["decided_at"] is not None:
            require_sound({name: row[name] for name in _INDEXED})
    return found


def _walked(
    decision_id: str, tenant: str, sha256: str, stored: Mapping[str, tuple[bytes | None, bytes | None]]
) -> Walked:
    data, key = stored.get(decision_id, (None, None))
    try:
        return Walked(decision_id, tenant, content_of(decision_id, data, sha256, key), None)
    except LedgerError as error:
        return Walked(decision_id, tenant, None, error)


def _allow_time(connection: Connection) -> None:
    """Let this transaction sort a whole ledger, for which a reader who answers a request has no time."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {_SECONDS * 1000}")
