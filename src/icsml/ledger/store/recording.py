"""Recording and reading decisions, one transaction per decision."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from icsml.core.canonical import digest, sha256_hex
from icsml.core.clock import Clock, timestamp, utc_now
from icsml.core.strict_json import JsonObject
from icsml.errors import ConflictError, InputError, LedgerError
from icsml.ledger.chain_row import GENESIS, ChainRow
from icsml.ledger.payload import Payload, joined, parse_decision, parse_payload, payload_parts, stored_decision
from icsml.ledger.store.chain_tables import CHAIN, IDEMPOTENCY, PAYLOAD
from icsml.ledger.store.database import (
    URL_VARIABLE,
    DatabaseFile,
    find_file,
    make_engine,
    prepare_file,
    write_transaction,
)
from icsml.ledger.store.migrations import upgrade

__all__ = ["Ledger", "Recorded"]

_ATTEMPTS = 5
_LONGEST_NAME = 255


@dataclass(frozen=True)
class Recorded:
    """A recorded decision.

    Parameters
    ----------
    decision_id : str
        Its identifier.
    decision_bytes : bytes
        The decision as RFC 8785 JSON: two answers to one idempotency key are equal to the byte.
    replayed : bool
        Whether it had been recorded before under the same idempotency key.
    """

    decision_id: str
    decision_bytes: bytes
    replayed: bool

    @property
    def decision(self) -> JsonObject:
        """The decision, read back from its bytes."""
        return parse_decision(self.decision_bytes)


@dataclass(frozen=True)
class _Entry:
    """The content that one call of `Ledger.record` writes."""

    tenant: str
    decision_id: str
    decision: bytes
    data: bytes
    sha256: str
    key: str | None
    request_sha256: str


class Ledger:
    """Records decisions; safe to share between threads, and to open in several processes at once.

    Made by `Ledger.open`; close it, or use it in a ``with`` statement.
    """

    def __init__(self, engine: Engine, writer: str, clock: Clock) -> None:
        self._engine = engine
        self._writer = writer
        self._clock = clock
        self._file: DatabaseFile | None = None

    @classmethod
    def open(
        cls, url: str | None = None, *, writer: str | None = None, clock: Clock = utc_now, create: bool = True
    ) -> Ledger:
        """Open a ledger, make it where there is none, and bring its tables up to date.

        Parameters
        ----------
        url : str, optional
            SQLAlchemy URL of SQLite or PostgreSQL; by default ``ICSML_LEDGER_URL``, else ``ledger.db`` under
            ``ICSML_HOME``.
        writer : str, optional
            Names this process's chains; by default a new random name.
        clock : callable
            Gives the time of recording.
        create : bool
            False to look only: nothing is made and no table is changed.

        Raises
        ------
        InputError
            If the address is neither SQLite in a file nor PostgreSQL.
        LedgerError
            If the database cannot be opened, was made by a newer release, or is not there and must not be made.
        """
        engine = make_engine(url)
        ledger = cls(engine, writer or f"w-{secrets.token_hex(8)}", clock)
        try:
            if create:
                ledger._prepare()
            ledger._file = find_file(engine)
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            engine.dispose()
            raise LedgerError(
                "ICS-LED-002",
                "the ledger cannot be opened",
                field=URL_VARIABLE,
                remedy="check that it is there and writable",
            ) from error
        except LedgerError:
            engine.dispose()
            raise
        return ledger

    @property
    def writer(self) -> str:
        """Name of the chains this ledger writes."""
        return self._writer

    def record(
        self,
        tenant: str,
        decision_id: str,
        payload: Mapping[str, Any],
        *,
        idempotency_key: str | None = None,
        request_sha256: str | None = None,
    ) -> Recorded:
        """Commit a decision: payload, chain row and idempotency key in one transaction.

        Parameters
        ----------
        tenant : str
            Whose decision it is.
        decision_id : str
            Identifier of the decision, never used before.
        payload : mapping
            See `icsml.ledger.payload.payload_bytes`.
        idempotency_key : str, optional
            The caller's name for this request, at most 255 characters.
        request_sha256 : str, optional
            Hash of the request's body; by default that of ``payload["request"]``.

        Returns
        -------
        Recorded
            This decision, or the one recorded earlier for the same key and request.

        Raises
        ------
        InputError
            If the payload or a name is not acceptable.
        ConflictError
            If the key was used with another request, or the identifier for another decision.
        LedgerError
            If nothing could be recorded; then nothing was.
        """
        _check_names(tenant, decision_id, idempotency_key)
        parts = payload_parts(decision_id, payload)
        data = joined(parts)
        entry = _Entry(
            tenant,
            decision_id,
            parts["decision"],
            data,
            sha256_hex(data),
            idempotency_key,
            request_sha256 or sha256_hex(parts["request"]),
        )
        for _ in range(_ATTEMPTS):
            try:
                return self._commit(entry)
            except IntegrityError:
                continue  # another writer committed the same key or position first: look again
        raise _not_recorded() from None

    def earlier(self, tenant: str, idempotency_key: str, request_sha256: str) -> Recorded | None:
        """Return what was recorded for this key and request, or None; lets a service answer without deciding again.

        Raises
        ------
        ConflictError
            If the key was used with another request.
        LedgerError
            If the ledger cannot be read.
        """
        _check_names(tenant, "-", idempotency_key)
        with self._reading() as connection:
            return _earlier(connection, tenant, idempotency_key, request_sha256)

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

    def _payload(self, tenant: str, decision_id: str) -> bytes | None:
        if not _is_name(decision_id):
            return None
        with self._reading() as connection:
            return _read(connection, tenant, decision_id)

    def find(self, decision_id: str) -> Payload | None:
        """Return the payload of any tenant's decision: for the operator of the database, never for a tenant.

        Raises
        ------
        LedgerError
            If the ledger cannot be read, or the payload is not what was recorded.
        """
        if not _is_name(decision_id):
            return None
        with self._reading() as connection:
            tenant = connection.scalar(select(CHAIN.c.tenant).where(CHAIN.c.decision_id == decision_id))
            data = None if tenant is None else _read(connection, tenant, decision_id)
            return None if data is None else parse_payload(data)

    def count(self, tenant: str | None = None) -> int:
        """Return how many decisions are recorded, for one tenant or for all."""
        query = select(func.count()).select_from(CHAIN)
        with self._reading() as connection:
            return int(connection.scalar(query if tenant is None else query.where(CHAIN.c.tenant == tenant)) or 0)

    def ready(self) -> bool:
        """Return whether the database answers, has its tables, and was not moved."""
        try:
            with self._reading() as connection:
                connection.execute(select(CHAIN.c.sequence).limit(1))
        except LedgerError:
            return False
        return True

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _prepare(self) -> None:
        prepare_file(self._engine)
        with write_transaction(self._engine) as connection:
            _lock(connection, "migrations")
            upgrade(connection)

    def _commit(self, entry: _Entry) -> Recorded:
        self._check_file("ICS-LED-003")
        try:
            with write_transaction(self._engine) as connection:
                recorded = self._append(connection, entry)
        except IntegrityError:
            raise
        except SQLAlchemyError as error:
            raise _not_recorded() from error
        self._check_file("ICS-LED-003")  # it may have been taken away meanwhile
        return recorded

    def _check_file(self, code: str) -> None:
        if self._file is not None:
            self._file.require(code)

    def _append(self, connection: Connection, entry: _Entry) -> Recorded:
        _lock(connection, "chain", entry.tenant, self._writer)
        if entry.key is not None:
            earlier = _earlier(connection, entry.tenant, entry.key, entry.request_sha256)
            if earlier:
                return earlier
        if connection.scalar(select(CHAIN.c.decision_id).where(CHAIN.c.decision_id == entry.decision_id)):
            raise ConflictError("ICS-LED-006", "already recorded", field="decision_id", remedy="use a new identifier")
        row = self._next_row(connection, entry)
        connection.execute(insert(CHAIN).values(**asdict(row), row_sha256=row.sha256))
        connection.execute(
            insert(PAYLOAD).values(
                decision_id=entry.decision_id, tenant=entry.tenant, bytes=entry.data, sha256=entry.sha256
            )
        )
        if entry.key is not None:
            connection.execute(
                insert(IDEMPOTENCY).values(
                    tenant=entry.tenant,
                    key=entry.key,
                    request_sha256=entry.request_sha256,
                    decision_id=entry.decision_id,
                )
            )
        return Recorded(entry.decision_id, entry.decision, replayed=False)

    def _next_row(self, connection: Connection, entry: _Entry) -> ChainRow:
        head = connection.execute(
            select(CHAIN.c.sequence, CHAIN.c.row_sha256)
            .where(CHAIN.c.tenant == entry.tenant, CHAIN.c.writer == self._writer)
            .order_by(CHAIN.c.sequence.desc())
            .limit(1)
        ).first()
        return ChainRow(
            tenant=entry.tenant,
            writer=self._writer,
            sequence=head.sequence + 1 if head else 1,
            recorded_at=timestamp(self._clock()),
            decision_id=entry.decision_id,
            payload_sha256=entry.sha256,
            previous_sha256=head.row_sha256 if head else GENESIS,
        )

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        self._check_file("ICS-LED-004")
        try:
            with self._engine.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise LedgerError(
                "ICS-LED-004", "the ledger cannot be read", field=URL_VARIABLE, remedy="check that the database answers"
            ) from error


def _earlier(connection: Connection, tenant: str, key: str, request_sha256: str) -> Recorded | None:
    row = connection.execute(
        select(IDEMPOTENCY.c.request_sha256, IDEMPOTENCY.c.decision_id).where(
            IDEMPOTENCY.c.tenant == tenant, IDEMPOTENCY.c.key == key
        )
    ).first()
    if row is None:
        return None
    if row.request_sha256 != request_sha256:
        raise ConflictError(
            "ICS-LED-007", "used before with another body", field="Idempotency-Key", remedy="use a new key"
        )
    data = _read(connection, tenant, row.decision_id)
    if data is None:
        raise LedgerError(
            "ICS-LED-004", "the recorded payload is gone", field="Idempotency-Key", remedy="use a new key"
        )
    return Recorded(row.decision_id, stored_decision(data), replayed=True)


def _read(connection: Connection, tenant: str, decision_id: str) -> bytes | None:
    row = connection.execute(
        select(PAYLOAD.c.bytes, CHAIN.c.payload_sha256)
        .join_from(PAYLOAD, CHAIN)
        .where(CHAIN.c.decision_id == decision_id, CHAIN.c.tenant == tenant)
    ).first()
    if row is None:
        return None
    if sha256_hex(row.bytes) != row.payload_sha256:
        raise LedgerError(
            "ICS-LED-008",
            "the payload is not what was recorded",
            field="decision_id",
            remedy="restore it from a backup",
        )
    data: bytes = row.bytes
    return data


def _lock(connection: Connection, *names: str) -> None:
    """Lock until the transaction ends; SQLite has one writer at a time anyway."""
    if connection.dialect.name == "postgresql":
        number = int.from_bytes(bytes.fromhex(digest(["icsml", *names]))[:8], "big", signed=True)
        connection.execute(select(func.pg_advisory_xact_lock(number)))


def _is_name(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_NAME and text.isprintable()


def _check_names(tenant: str, decision_id: str, key: str | None) -> None:
    for field, name in (("tenant", tenant), ("decision_id", decision_id), ("Idempotency-Key", key)):
        if name is not None and not _is_name(name):
            raise InputError(
                "ICS-LED-009", f"must be 1 to {_LONGEST_NAME} printable characters", field=field, remedy="shorten it"
            )


def _not_recorded() -> LedgerError:
    return LedgerError(
        "ICS-LED-003",
        "the decision could not be recorded",
        field=URL_VARIABLE,
        remedy="check the database and send it again",
    )
