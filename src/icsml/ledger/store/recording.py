"""The ledger: recording, erasing, signing, and the proof that writing and reading are possible."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, bindparam, select
from sqlalchemy.exc import SQLAlchemyError

from icsml.core.clock import Clock, utc_now
from icsml.core.progress import Progress, silent
from icsml.errors import IcsmlError, LedgerError
from icsml.ledger.checkpoints import Checkpoint, Head, add_checkpoints
from icsml.ledger.entry import Entry, Recorded, require_names
from icsml.ledger.payload import payload_parts
from icsml.ledger.store.chain_tables import CHAIN, HEARTBEAT
from icsml.ledger.store.database import (
    OPENING_SECONDS,
    URL_VARIABLE,
    find_file,
    lock,
    make_engine,
    prepare_file,
    write_transaction,
)
from icsml.ledger.store.eraser import Erased, Erasure
from icsml.ledger.store.failures import not_readable, not_recorded
from icsml.ledger.store.ledger_reading import LedgerReading
from icsml.ledger.store.migrations import require_newest, upgrade
from icsml.ledger.store.overwriting import rewrite
from icsml.ledger.store.reasons import fill_reasons
from icsml.ledger.store.reindexing import Reindexed, reindex
from icsml.ledger.store.scanning import chain_heads, ledger_identity
from icsml.ledger.store.writing import Outcome, Writer
from icsml.records.facets import facets_of

__all__ = ["Ledger"]

_PROOF_BYTES = 16
_LEAST_FREE_BYTES = 1 << 20
_PROOF = select(HEARTBEAT.c.proof).where(HEARTBEAT.c.writer == bindparam("writer"))
_ANY_DECISION = select(CHAIN.c.sequence).limit(1)


class Ledger(LedgerReading):
    """Records decisions; safe to share between threads, and to open in several processes at once.

    Made by `Ledger.open`; close it, or use it in a ``with`` statement. Reading has connections of its own: nobody
    who records can keep a reader waiting.
    """

    def __init__(self, engine: Engine, readers: Engine, writer: str | None, clock: Clock) -> None:
        super().__init__(engine, readers)
        self._writer = Writer(engine, writer, clock)
        self._clock = clock
        self._signed: dict[str, Head] = {}

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
            If the database cannot be opened, was made by a newer release, or is not there or of an earlier release and
            must not be changed.
        """
        engine = make_engine(url)
        ledger = cls(engine, make_engine(url, reading=True), writer, clock)
        try:
            if create:
                ledger._prepare()
            ledger._file = find_file(engine)
            if not create:
                with engine.connect() as connection:
                    require_newest(connection)
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            ledger.close()
            raise LedgerError(
                "ICS-LED-002",
                "the ledger cannot be opened",
                field=URL_VARIABLE,
                remedy="check that it is there and writable",
            ) from error
        except LedgerError:
            ledger.close()
            raise
        return ledger

    @property
    def writer(self) -> str:
        """Name of the chains this ledger writes."""
        return self._writer.name

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
            If it could not be recorded.
        """
        require_names(tenant, decision_id, idempotency_key)
        parts = payload_parts(decision_id, payload)
        entry = Entry.of(
            tenant,
            decision_id,
            parts,
            enterprise_id=payload["decision"].get("enterprise_id"),
            idempotency_key=idempotency_key,
            request_sha256=request_sha256,
            facets=facets_of(payload["decision"]),
        )
        (outcome,) = self.record_all([entry])
        if isinstance(outcome, IcsmlError):
            raise outcome
        return outcome

    def record_all(self, entries: Sequence[Entry]) -> list[Outcome]:
        """Commit decisions in one transaction, with one sync for all of them.

        Parameters
        ----------
        entries : sequence of Entry
            The decisions, of any tenants.

        Returns
        -------
        list of Recorded or IcsmlError
            For each entry, in order: what is in the ledger now, or the error that :meth:`record` would raise. An
            entry that conflicts with an earlier one does not keep the others from being recorded. If the database
            fails, it is the same error for all.
        """
        if not entries:
            return []
        try:
            self._check_file("ICS-LED-003")
            outcomes = self._writer.append(entries)
            self._check_file("ICS-LED-003")  # it may have been taken away meanwhile
        except LedgerError as error:
            return [LedgerError(error.code, error.message, field=error.field, remedy=error.remedy) for _ in entries]
        return outcomes

    def erase_enterprise(
        self, tenant: str, enterprise_id: str, *, reason: str, by: str, progress: Progress = silent
    ) -> Erased:
        """Delete the keys of all that is recorded of a firm, also while this goes on, and record that.

        Parameters
        ----------
        tenant, enterprise_id : str
            The firm.
        reason, by : str
            Why, and who asked for it; they stay readable, so they must not name the firm.
        progress : callable
            Told how far it is.

        Raises
        ------
        InputError
            If reason or name is not acceptable.
        LedgerError
            If it could not be recorded, or not be overwritten (``ICS-LED-027``); what was erased until then stays
            erased, and the same call erases the rest.
        """
        return self._erasure(reason, by, progress).of_enterprise(tenant, enterprise_id)

    def erase_before(
        self, moment: datetime, *, tenant: str | None, reason: str, by: str, progress: Progress = silent
    ) -> Erased:
        """Delete the keys of all that was recorded before a moment, of one tenant or of all, and record that.

        Raises
        ------
        InputError, LedgerError
            As :meth:`erase_enterprise`.
        """
        return self._erasure(reason, by, progress).of_all_before(moment, tenant)

    def overwrite(self) -> None:
        """Let nothing of what was erased stay in the database's files; nobody can record meanwhile.

        Raises
        ------
        LedgerError
            ``ICS-LED-027`` if that is not possible now.
        """
        rewrite(self._engine)

    def _erasure(self, reason: str, by: str, progress: Progress) -> Erasure:
        return Erasure(self._engine, self._scanning, lambda entry: self.record_all([entry])[0], reason, by, progress)

    def prove(self, size: int = _PROOF_BYTES) -> None:
        """Write a row of so many bytes to this writer's heartbeat, commit it, and read it back.

        Raises
        ------
        LedgerError
            If that is not possible: the database does not answer, is locked or full, lacks its tables, or its file
            was moved.
        """
        self._check_file("ICS-LED-003")
        self._check_space()
        try:
            proof = self._writer.prove(size)
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            raise not_recorded() from error
        with self._reading() as connection:
            connection.execute(_ANY_DECISION)
            if connection.scalar(_PROOF, {"writer": self.writer}) != proof:
                raise not_readable()

    def ready(self) -> bool:
        """Return whether a row can be written and read back; see :meth:`prove`."""
        try:
            self.prove()
        except LedgerError:
            return False
        return True

    def checkpoint(self) -> Checkpoint | None:
        """Sign where the chains of this writer end, and return the last checkpoint; None if none has grown since.

        Raises
        ------
        ConfigError, MissingError
            As `icsml.ledger.checkpoints.add_checkpoints`.
        LedgerError
            If the ledger cannot be read.
        """
        grown = [head for head in self._writer.heads() if self._signed.get(head.tenant) != head]
        if not grown or (ledger := self.identity()) is None:
            return None
        checkpoint = add_checkpoints(ledger, grown, self._clock())
        self._signed |= {head.tenant: head for head in grown}
        return checkpoint

    def checkpoint_all(self) -> Checkpoint | None:
        """Sign where every chain ends, and return the last checkpoint; None if there is none. Verify it first.

        Raises
        ------
        ConfigError, MissingError, LedgerError
            As :meth:`checkpoint`.
        """
        with self._reading() as connection:
            ledger, heads = ledger_identity(connection), chain_heads(connection)
        return add_checkpoints(ledger, heads, self._clock()) if ledger and heads else None

    def reindex(self, progress: Progress = silent) -> Reindexed:
        """Put right, from what was recorded, the tables by which decisions are found, listed and erased.

        Others may record meanwhile. What cannot be read is named, and its index stays as it is.

        Parameters
        ----------
        progress : callable
            Told how far it is.

        Raises
        ------
        LedgerError
            If the ledger cannot be read or written.
        """
        self._check_file("ICS-LED-003")
        try:
            return reindex(self._engine, self._scanning, progress)
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            raise not_recorded() from error

    def catch_up(self) -> None:
        """Do what need not be done while somebody waits: put reasons into the index, by which decisions are found.

        Raises
        ------
        LedgerError
            If that is not possible; what is recorded is found all the same.
        """
        self._writer.catch_up()

    def close(self) -> None:
        """Close all connections."""
        self._writer.close()
        self._engine.dispose()
        self._readers.dispose()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _prepare(self) -> None:
        prepare_file(self._engine)
        with write_transaction(self._engine, lock_seconds=OPENING_SECONDS) as connection:
            lock(connection, ["migrations"])
            upgrade(connection)
            fill_reasons(connection)  # what a process left that was killed

    def _check_space(self) -> None:
        """Look at the disk: what SQLite writes next fits into its log, which may have room when the disk has none."""
        if self._file is None:
            return
        disk = os.statvfs(self._file.path)
        if disk.f_bavail * disk.f_frsize < _LEAST_FREE_BYTES:
            raise LedgerError(
                "ICS-LED-010", "the disk of the ledger is full", field=URL_VARIABLE, remedy="make room on it"
            )
