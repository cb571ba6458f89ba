"""Writing decisions in groups: one transaction and one sync for all that wait."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Lock
from typing import NamedTuple

from sqlalchemy import Connection, Engine, bindparam, delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from icsml.core.clock import Clock, timestamp
from icsml.errors import IcsmlError
from icsml.ledger.chain_row import GENESIS, ChainRow
from icsml.ledger.checkpoints import Head
from icsml.ledger.entry import Entry, Recorded
from icsml.ledger.store.chain_tables import (
    CHAIN,
    DECISION_INDEX,
    EVENT,
    HEARTBEAT,
    IDEMPOTENCY,
    PAYLOAD,
    PAYLOAD_KEY,
    REASON_BACKLOG,
)
from icsml.ledger.store.database import LOCK_SECONDS, lock, writing_connection
from icsml.ledger.store.erasing import forget
from icsml.ledger.store.failures import Failure, identifier_used, key_used, kind_of, not_recorded
from icsml.ledger.store.indexing import index_row
from icsml.ledger.store.inserting import Inserter, Rows
from icsml.ledger.store.reading import recorded_earlier
from icsml.ledger.store.reasons import fill_reasons

__all__ = ["Outcome", "Writer"]

Outcome = Recorded | IcsmlError
"""What became of an entry."""

_ATTEMPTS = 5
_ALONE_FROM = 2
_ERRORS = (SQLAlchemyError, sqlite3.Error, OSError)
_FORGOTTEN = timedelta(days=1)

_HEAD = (
    select(CHAIN.c.sequence, CHAIN.c.row_sha256, CHAIN.c.decision_id)
    .where(CHAIN.c.tenant == bindparam("tenant"), CHAIN.c.writer == bindparam("writer"))
    .order_by(CHAIN.c.sequence.desc())
    .limit(1)
)
_OF_DECISION = select(CHAIN.c.tenant, CHAIN.c.writer, CHAIN.c.payload_sha256).where(
    CHAIN.c.decision_id == bindparam("decision_id")
)
_TABLES = (CHAIN, PAYLOAD, PAYLOAD_KEY, EVENT, DECISION_INDEX, IDEMPOTENCY, REASON_BACKLOG)
_MOST_BEHIND = 512
"""How many decisions are recorded before their reasons are put into the index."""
_BEAT = update(HEARTBEAT).where(HEARTBEAT.c.writer == bindparam("of"))


class Writer:
    """Appends to the chains of one name, whose ends it keeps in memory.

    Another process may write under the same name all the same: its rows violate a key, and then the ends are read
    again. Threads take turns.

    Parameters
    ----------
    engine : Engine
        Connections that write.
    name : str, optional
        Names the chains; by default a new random name, which nobody else has.
    clock : callable
        Gives the time of recording.
    """

    def __init__(self, engine: Engine, name: str | None, clock: Clock) -> None:
        self.name = name or f"w-{secrets.token_hex(8)}"
        self._own_name = name is None
        self._engine = engine
        self._clock = clock
        self._inserter = Inserter(engine, _TABLES, unless_there=[REASON_BACKLOG])
        self._connection: Connection | None = None
        self._heads: dict[str, Head] = {}
        self._committed: dict[str, Head] = {}
        self._shared = False
        self._behind = 0
        self._turn = Lock()

    def append(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Commit entries in one transaction, and return what became of each, in order.

        An entry that conflicts with an earlier one does not keep the others from being recorded.
        """
        try:
            with self._in_turn():
                outcomes = self._attempts(entries)
                self._behind += len(entries)
                if self._behind >= _MOST_BEHIND:
                    with suppress(*_ERRORS):
                        self._catch_up()
                return outcomes
        except TimeoutError as error:
            return [not_recorded(error) for _ in entries]

    def catch_up(self) -> None:
        """Put the reasons of what was recorded into the index, if there is time for it.

        Raises
        ------
        LedgerError
            If that is not possible. They are found all the same, and it is tried again when as many more wait.
        """
        try:
            with self._in_turn():
                if self._behind:
                    self._catch_up()
        except TimeoutError:
            return
        except _ERRORS as error:
            raise not_recorded(error) from error

    def prove(self, size: int) -> bytes:
        """Commit so many bytes of chance into this writer's row of the heartbeat, and return them.

        Raises
        ------
        SQLAlchemyError, sqlite3.Error, OSError
            If they cannot be written.
        """
        now = self._clock()
        proof = secrets.token_bytes(size)
        beat = {"written_at": timestamp(now), "proof": proof}
        with self._in_turn(), self._transaction() as connection:
            if not connection.execute(_BEAT, beat | {"of": self.name}).rowcount:
                connection.execute(delete(HEARTBEAT).where(HEARTBEAT.c.written_at < timestamp(now - _FORGOTTEN)))
                connection.execute(insert(HEARTBEAT), beat | {"writer": self.name})
        return proof

    def heads(self) -> list[Head]:
        """Return where the chains ended after their last commits; a failure since does not take these back."""
        return sorted(self._committed.copy().values())

    def close(self) -> None:
        """Leave nothing behind, and give the connection back, unless a thread that is stuck has it."""
        with suppress(TimeoutError), self._in_turn():
            if self._heads:
                with suppress(*_ERRORS):
                    self._catch_up(last=self._own_name)
            self._disconnect()

    def _catch_up(self, *, last: bool = False) -> None:
        self._behind = 0
        with self._transaction() as connection:
            fill_reasons(connection, self.name, last=last)

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=LOCK_SECONDS):
            raise TimeoutError
        try:
            yield
        finally:
            self._turn.release()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """Commit the block on the connection that is kept, and start anew with another one if that fails."""
        if self._connection is None:
            self._connection = writing_connection(self._engine)
        try:
            with self._connection.begin():
                yield self._connection
        except BaseException:
            self._heads.clear()
            self._disconnect()
            raise

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _attempts(self, entries: Sequence[Entry]) -> list[Outcome]:
        cause: Exception | None = None
        in_doubt = False
        # Which of two with one identifier is at fault may depend on their keys.
        careful = len({entry.decision_id for entry in entries}) < len(entries)
        for attempt in range(_ATTEMPTS):
            try:
                return self._commit(entries, careful=careful, in_doubt=in_doubt, alone=attempt >= _ALONE_FROM)
            except _ERRORS as error:
                cause, failure = error, kind_of(error)
                if failure is Failure.OTHER or (failure is Failure.CUT_OFF and in_doubt):
                    break
                careful = True
                in_doubt = in_doubt or failure is Failure.CUT_OFF
        return [not_recorded(cause) for _ in entries]

    def _commit(self, entries: Sequence[Entry], *, careful: bool, in_doubt: bool, alone: bool) -> list[Outcome]:
        """Insert at once; look before only if that failed, when one of the entries is known or a chain has grown.

        Whoever inserts at once asks for no lock, and can be first again and again: so in the end all others wait.
        """
        known = _Known({}, {})
        with self._transaction() as connection:
            if careful or self._shared:
                lock(connection, *(("chain", tenant, self.name) for tenant in sorted({one.tenant for one in entries})))
            if alone:
                _lock_out(connection)
            if careful:
                known = _known(connection, entries, self.name if in_doubt else None)
            outcomes, new = _take(entries, known)
            # No entry is at fault, so somebody else writes under this name.
            self._shared = self._shared or (careful and not in_doubt and len(new) == len(entries))
            heads = self._insert(connection, new) if new else {}
            found = {}
            if in_doubt:  # what the commit before this wrote
                tenants = {entry.tenant for entry in entries} - heads.keys()
                found = {head.tenant: head for tenant in tenants if (head := self._head(connection, tenant)).sequence}
        self._heads |= heads
        self._committed |= heads | found
        return outcomes

    def _insert(self, connection: Connection, new: Sequence[Entry]) -> dict[str, Head]:
        recorded_at = timestamp(self._clock())
        heads: dict[str, Head] = {}
        chain, begun = [], []
        for entry in new:
            head = heads.get(entry.tenant) or self._head(connection, entry.tenant)
            if entry.tenant not in heads and entry.tenant not in self._heads:
                begun.append((head.tenant, head.writer, head.sequence))
            row = _chain_row(head, recorded_at, entry)
            heads[entry.tenant] = Head(row.tenant, row.writer, row.sequence, row.sha256, row.decision_id)
            chain.append((*row, heads[entry.tenant].row_sha256))
        rows: Rows = {
            CHAIN: chain,
            PAYLOAD: [_payload_row(entry) for entry in new],
            PAYLOAD_KEY: [_key_row(entry) for entry in new if entry.sealed.key is not None],
            EVENT: [_event_row(entry) for entry in new if entry.kind is not None],
            DECISION_INDEX: [indexed for entry in new if (indexed := index_row(entry)) is not None],
            IDEMPOTENCY: [_idempotency_row(entry) for entry in new if entry.idempotency_key is not None],
            REASON_BACKLOG: begun,
        }
        self._inserter.insert(connection, rows)
        for entry in new:
            forget(connection, entry.erased)
        return heads

    def _head(self, connection: Connection, tenant: str) -> Head:
        if not self._shared and (known := self._heads.get(tenant)):
            return known
        row = connection.execute(_HEAD, {"tenant": tenant, "writer": self.name}).first()
        return Head(tenant, self.name, *(row or (0, GENESIS, "")))


def _lock_out(connection: Connection) -> None:
    """Let nobody else insert into a chain until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"LOCK TABLE {CHAIN.name} IN SHARE ROW EXCLUSIVE MODE")


class _Known(NamedTuple):
    """What the ledger says of entries, by position: of their keys, and of their identifiers."""

    keys: dict[int, Outcome]
    identifiers: dict[int, Outcome]


def _known(connection: Connection, entries: Sequence[Entry], in_doubt: str | None) -> _Known:
    """Look up the keys and identifiers of entries.

    ``in_doubt`` names the writer if the commit before this may have succeeded: then an entry may be there by itself.
    """
    known = _Known({}, {})
    for position, entry in enumerate(entries):
        if (outcome := _by_key(connection, entry, in_doubt)) is not None:
            known.keys[position] = outcome
        elif (outcome := _by_identifier(connection, entry, in_doubt)) is not None:
            known.identifiers[position] = outcome
    return known


def _by_key(connection: Connection, entry: Entry, in_doubt: str | None) -> Outcome | None:
    if entry.idempotency_key is None:
        return None
    try:
        earlier = recorded_earlier(connection, entry.tenant, entry.idempotency_key, entry.request_sha256)
    except IcsmlError as error:
        return error
    if earlier and in_doubt and earlier.decision_id == entry.decision_id:
        return _recorded(entry)
    return earlier


def _by_identifier(connection: Connection, entry: Entry, in_doubt: str | None) -> Outcome | None:
    row = connection.execute(_OF_DECISION, {"decision_id": entry.decision_id}).first()
    if row is None:
        return None
    return _recorded(entry) if tuple(row) == (entry.tenant, in_doubt, entry.sha256) else identifier_used()


def _take(entries: Sequence[Entry], known: _Known) -> tuple[list[Outcome], list[Entry]]:
    """Return what becomes of each entry, and those to write: of two with one key that is the first."""
    outcomes: list[Outcome] = []
    new: dict[str, Entry] = {}
    by_key: dict[tuple[str, str], Entry] = {}
    refused: dict[str, IcsmlError] = {}
    for position, entry in enumerate(entries):
        key = None if entry.idempotency_key is None else (entry.tenant, entry.idempotency_key)
        if entry.first in refused:
            outcomes.append(refused[entry.first])
        elif position in known.keys:
            outcomes.append(known.keys[position])
        elif key in by_key:
            outcomes.append(_again(by_key[key], entry))
        elif position in known.identifiers:
            outcomes.append(known.identifiers[position])
        elif entry.decision_id in new:
            outcomes.append(identifier_used())
        else:
            outcomes.append(_recorded(entry))
            new[entry.decision_id] = entry
            if key is not None:
                by_key[key] = entry
        if isinstance(last := outcomes[-1], IcsmlError):
            refused[entry.decision_id] = last
    return outcomes, list(new.values())


def _again(first: Entry, entry: Entry) -> Outcome:
    if first.request_sha256 != entry.request_sha256:
        return key_used()
    return Recorded(first.decision_id, first.answer, replayed=True)


def _recorded(entry: Entry) -> Recorded:
    return Recorded(entry.decision_id, entry.answer, replayed=False)


def _chain_row(head: Head, recorded_at: str, entry: Entry) -> ChainRow:
    position, previous = head.sequence + 1, head.row_sha256
    return ChainRow(head.tenant, head.writer, position, recorded_at, entry.decision_id, entry.sha256, previous)


def _payload_row(entry: Entry) -> tuple[str, str, bytes, str]:
    return entry.decision_id, entry.tenant, entry.sealed.stored, entry.sha256


def _key_row(entry: Entry) -> tuple[str, str, str | None, bytes | None]:
    filed = entry.facets is not None and entry.facets.enterprise_id == entry.enterprise_id  # in the index
    return entry.decision_id, entry.tenant, None if filed else entry.enterprise_id, entry.sealed.key


def _event_row(entry: Entry) -> tuple[str, str, str | None, str | None]:
    return entry.decision_id, entry.tenant, entry.kind, entry.about


def _idempotency_row(entry: Entry) -> tuple[str, str | None, str, str]:
    return entry.tenant, entry.idempotency_key, entry.request_sha256, entry.decision_id
