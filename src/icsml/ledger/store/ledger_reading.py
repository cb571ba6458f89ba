"""Reading a ledger: what a tenant asks for, what its operator asks for, and whether it is what was recorded."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, select
from sqlalchemy.exc import SQLAlchemyError

from icsml.core.progress import Progress, silent
from icsml.core.strict_json import JsonObject
from icsml.ledger.checkpoints import first_signed
from icsml.ledger.entry import DecisionRead, Recorded, is_name, require_names
from icsml.ledger.payload import Payload, parse_payload, stored_decision
from icsml.ledger.store.chain_tables import CHAIN, EVENT
from icsml.ledger.store.database import (
    DatabaseFile,
)
from icsml.ledger.store.evidence import Evidence, find_decision, not_signed, rows_until
from icsml.ledger.store.failures import not_readable
from icsml.ledger.store.indexing import indexed, previous_decision
from icsml.ledger.store.outcomes import recorded_outcomes
from icsml.ledger.store.reading import (
    NOT_DECISIONS,
    events_about,
    is_decision,
    recorded_decision,
    recorded_earlier,
    recorded_payload,
)
from icsml.ledger.store.scanning import ledger_identity, signed_outside, verified
from icsml.ledger.store.searching import Counted, IndexRow, Position, Wanted, count_index, search_index
from icsml.ledger.store.walking import Walked, chain_and_index, walk
from icsml.ledger.verification import Verification

__all__ = ["LedgerReading"]


class LedgerReading:
    """What can be read of a ledger; its connections are apart from those that write.

    Parameters
    ----------
    engine : Engine
        Connections that may take their time.
    readers : Engine
        Connections of those who wait for an answer.
    """

    def __init__(self, engine: Engine, readers: Engine) -> None:
        self._engine = engine
        self._readers = readers
        self._file: DatabaseFile | None = None

    def earlier(self, tenant: str, idempotency_key: str, request_sha256: str) -> Recorded | None:
        """Return what was recorded for this key and request, or None; lets a service answer without deciding again.

        Raises
        ------
        ConflictError
            If the key was used with another request.
        LedgerError
            If the ledger cannot be read.
        """
        require_names(tenant, "-", idempotency_key)
        with self._reading() as connection:
            return recorded_earlier(connection, tenant, idempotency_key, request_sha256)

    def get(self, tenant: str, decision_id: str) -> Payload | None:
        """Return the payload of a tenant's decision, or None where that tenant has no such decision.

        Raises
        ------
        LedgerError
            If the ledger cannot be read, or the payload is not what was recorded.
        """
        data = self._payload(tenant, decision_id)
        return None if data is None else parse_payload(data)

    def decision_bytes(self, tenant: str, decision_id: str) -> bytes | None:
        """Return a tenant's decision to the byte as it was given, or None where that tenant has no such decision.

        Raises
        ------
        LedgerError
            As :meth:`get`.
        """
        data = self._payload(tenant, decision_id)
        return None if data is None else stored_decision(data)

    def decision(self, tenant: str, decision_id: str) -> DecisionRead | None:
        """Return a tenant's decision with the identifiers of those that it corrects, and that correct it.

        None where that tenant has no such decision. An erased decision that corrects it is named too.

        Raises
        ------
        LedgerError
            As :meth:`get`.
        """
        if not is_name(decision_id):
            return None
        with self._reading() as connection:
            return recorded_decision(connection, tenant, decision_id)

    def previous(self, tenant: str, decision_id: str) -> str | None:
        """Return which of the tenant's decisions on the same enterprise came before this one.

        The order is that of the time decided, then of the identifier. None if there is none before it, the tenant has
        no such decision, or the decision is not in the index.

        Raises
        ------
        LedgerError
            If the ledger cannot be read.
        """
        if not is_name(decision_id):
            return None
        with self._reading() as connection:
            return previous_decision(connection, tenant, decision_id)

    def search(self, wanted: Wanted, *, after: Position | None = None, limit: int = 50) -> list[Row[Any]]:
        """Return at most so many of the wanted decisions, newest first, from the index.

        Parameters
        ----------
        wanted : Wanted
            Whose, and which.
        after : Position, optional
            Where the page before ended.
        limit : int
            The most rows.

        Raises
        ------
        LedgerError
            If the ledger cannot be read.
        """
        with self._reading() as connection:
            return search_index(connection, wanted, after, limit)

    def count_facets(self, wanted: Wanted) -> Counted:
        """Return how many of the wanted decisions have which grade, reason and version of the model.

        Raises
        ------
        LedgerError
            If the ledger cannot be read.
        """
        with self._reading() as connection:
            return count_index(connection, wanted)

    def find(self, decision_id: str) -> Payload | None:
        """Return the payload of any tenant's decision: for the operator of the database, never for a tenant.

        Raises
        ------
        LedgerError
            If the ledger cannot be read, or the payload is not what was recorded.
        """
        found = self.find_bytes(decision_id)
        return None if found is None else parse_payload(found[1])

    def find_bytes(self, decision_id: str, tenant: str | None = None) -> tuple[str, bytes] | None:
        """Return whose a decision is, and the bytes of its payload; None if there is none of the tenant.

        Without a tenant that is for the operator of the database.

        Raises
        ------
        LedgerError
            As :meth:`find`.
        """
        if not is_name(decision_id):
            return None
        with self._reading() as connection:
            owner = connection.scalar(select(CHAIN.c.tenant).where(CHAIN.c.decision_id == decision_id))
            if owner is None or tenant not in (None, owner):
                return None
            data = recorded_payload(connection, owner, decision_id)
            return None if data is None else (owner, data)

    def evidence(self, decision_id: str, tenant: str | None, trusted: frozenset[str]) -> Evidence | None:
        """Return what proves that a decision was recorded; None if there is none of the tenant.

        Parameters
        ----------
        decision_id : str
            The decision.
        tenant : str or None
            Whose it must be; None, for the operator, any tenant's.
        trusted : frozenset of str
            Public keys whose checkpoints count.

        Raises
        ------
        LedgerError
            ``ICS-LED-040`` if no checkpoint has signed it yet, ``ICS-LED-026`` if it was erased; and as :meth:`find`.
        """
        if not is_name(decision_id):
            return None
        with self._reading() as connection:
            found = find_decision(connection, decision_id, tenant)
            if found is None:
                return None
            ledger = ledger_identity(connection)
        signed = None if ledger is None else first_signed(ledger, found.row, trusted)
        if ledger is None or signed is None:
            raise not_signed()
        end, line = signed
        with self._reading() as connection:
            return Evidence(ledger, found, rows_until(connection, found.row, end), line)

    def walk(self, *, tenant: str | None = None, since: datetime | None = None) -> Iterator[list[Walked]]:
        """Yield what is recorded in groups, in the order recorded and in constant memory; for the operator.

        Parameters
        ----------
        tenant : str, optional
            Whose; all by default.
        since : datetime, optional
            The earliest time of recording.

        Raises
        ------
        LedgerError
            If the ledger cannot be read.
        """
        return walk(self._reading, tenant, since)

    def described(self, decision_ids: Sequence[str]) -> dict[str, dict[str, object]]:
        """Return by identifier what chain and index hold of decisions of any tenant; for the operator.

        Raises
        ------
        LedgerError
            If the ledger cannot be read.
        """
        with self._reading() as connection:
            return chain_and_index(connection, decision_ids)

    def has(self, tenant: str, decision_id: str) -> bool:
        """Return whether a tenant has this decision, erased or not.

        Raises
        ------
        LedgerError
            If the ledger cannot be read.
        """
        if not is_name(decision_id):
            return False
        with self._reading() as connection:
            return is_decision(connection, tenant, decision_id)

    def indexed(self, tenant: str, decision_ids: Sequence[str]) -> dict[str, IndexRow]:
        """Return by identifier the rows that the index has of a tenant's decisions; none of what was erased.

        Raises
        ------
        LedgerError
            If the ledger cannot be read.
        """
        with self._reading() as connection:
            return indexed(connection, tenant, [each for each in decision_ids if is_name(each)])

    def outcomes(self, tenant: str, enterprise_ids: Sequence[str]) -> list[JsonObject]:
        """Return the outcomes of a tenant's firms in the order recorded, of whatever decision; without what was erased.

        Raises
        ------
        LedgerError
            If the ledger cannot be read, or one is not what was recorded.
        """
        with self._reading() as connection:
            return recorded_outcomes(connection, tenant, enterprise_ids)

    def events(self, tenant: str, decision_id: str) -> list[JsonObject]:
        """Return what happened after a decision, in the order recorded; without what was erased.

        Raises
        ------
        LedgerError
            If the ledger cannot be read.
        """
        if not is_name(decision_id):
            return []
        with self._reading() as connection:
            return events_about(connection, tenant, decision_id)

    def count(self, tenant: str | None = None) -> int:
        """Return how many decisions are recorded, for one tenant or for all."""
        rows = select(func.count()).select_from(CHAIN)
        events = select(func.count()).select_from(EVENT).where(EVENT.c.kind.in_(NOT_DECISIONS))
        if tenant is not None:
            rows, events = rows.where(CHAIN.c.tenant == tenant), events.where(EVENT.c.tenant == tenant)
        with self._reading() as connection:
            return int(connection.scalar(rows) or 0) - int(connection.scalar(events) or 0)

    def identity(self) -> str | None:
        """Return what this ledger is known by outside its database; None if it has lost its identifier."""
        with self._reading() as connection:
            return ledger_identity(connection)

    def verify(self, trusted: frozenset[str], progress: Progress = silent) -> Verification:
        """Recompute every hash, and compare every chain with the checkpoints.

        Parameters
        ----------
        trusted : frozenset of str
            Public keys whose signatures count.
        progress : callable
            Told how far it is.

        Raises
        ------
        LedgerError
            If the ledger cannot be read.
        """
        self._check_file("ICS-LED-004")
        try:
            with self._scanning() as connection:
                signed = signed_outside(connection, trusted)
            with self._scanning() as connection:
                return verified(connection, signed, progress)
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise not_readable() from error

    def _check_file(self, code: str) -> None:
        if self._file is not None:
            self._file.require(code)

    def _payload(self, tenant: str, decision_id: str) -> bytes | None:
        if not is_name(decision_id):
            return None
        with self._reading() as connection:
            return recorded_payload(connection, tenant, decision_id)

    @contextmanager
    def _scanning(self) -> Iterator[Connection]:
        """Yield a connection that may take its time, and sees one state of the ledger."""
        with self._engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        self._check_file("ICS-LED-004")
        try:
            with self._readers.connect() as connection:
                yield connection
        except (SQLAlchemyError, sqlite3.Error) as error:
            raise not_readable() from error
