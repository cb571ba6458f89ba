"""Overwriting what was deleted, so that no file of the database holds it any more."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Engine, bindparam, select, update
from sqlalchemy.exc import SQLAlchemyError

from icsml.errors import LedgerError
from icsml.ledger.store.chain_tables import (
    DECISION_INDEX,
    DECISION_REASON,
    FORGOTTEN,
    IDEMPOTENCY,
    PAYLOAD,
    PAYLOAD_KEY,
)
from icsml.ledger.store.database import URL_VARIABLE, write_transaction
from icsml.ledger.store.erasing import erased_names

__all__ = ["OVERWRITE_SECONDS", "finish", "rewrite"]

OVERWRITE_SECONDS: Final = 15.0
"""How long to wait for readers who still see what was deleted."""
_PAUSE: Final = 0.05
_LOCK_SECONDS: Final = 60
_TABLES: Final = tuple(table.name for table in (PAYLOAD_KEY, DECISION_INDEX, DECISION_REASON, IDEMPOTENCY, PAYLOAD))
_AT_ONCE: Final = 1000
_WITHOUT_KEY: Final = select(IDEMPOTENCY.c.tenant, IDEMPOTENCY.c.key, IDEMPOTENCY.c.decision_id).where(
    IDEMPOTENCY.c.request_sha256 != FORGOTTEN, IDEMPOTENCY.c.decision_id.not_in(select(PAYLOAD_KEY.c.decision_id))
)
_FORGET: Final = (
    update(IDEMPOTENCY)
    .where(IDEMPOTENCY.c.tenant == bindparam("owner"), IDEMPOTENCY.c.key == bindparam("name"))
    .values(request_sha256=FORGOTTEN)
)
_DEAD: Final = "SELECT pg_stat_get_dead_tuples(to_regclass(%s))"


def finish(engine: Engine, seconds: float | None = None) -> None:
    """Forget the hashes of requests whose decisions were erased, and let no deleted row stay that could still be read.

    Waits `OVERWRITE_SECONDS` at most for those who still see it. SQLite's log is emptied into its file, in which
    deleted rows are zeros. PostgreSQL gives the space of the rows free.

    Raises
    ------
    LedgerError
        ``ICS-LED-027`` if somebody reads all that time, or the database fails.
    """
    with _errors(engine):
        _forget_requests(engine)
    with _connection(engine) as connection:
        _overwrite(engine, connection, seconds)


def rewrite(engine: Engine, seconds: float | None = None) -> None:
    """Write the tables anew of which something may be erased; nobody can record meanwhile.

    After it the free space within the files holds nothing either that was deleted, by whatever release.

    Raises
    ------
    LedgerError
        As :func:`finish`.
    """
    finish(engine, seconds)
    with _connection(engine) as connection:
        if engine.dialect.name == "postgresql":
            for table in _TABLES:
                connection.execute(f"VACUUM FULL {table}")
        else:
            connection.execute(f"PRAGMA busy_timeout = {_LOCK_SECONDS * 1000}")
            connection.execute("VACUUM")
            _overwrite(engine, connection, seconds)


@contextmanager
def _connection(engine: Engine) -> Iterator[Any]:
    """Yield a connection of the driver in no transaction, closed after use: its settings must reach nobody else."""
    with _errors(engine):
        raw = engine.raw_connection()
        try:
            connection: Any = raw.driver_connection
            if engine.dialect.name == "postgresql":
                connection.autocommit = True
                connection.execute("SET statement_timeout = 0")
                connection.execute(f"SET lock_timeout = '{_LOCK_SECONDS}s'")
            yield connection
        finally:
            raw.invalidate()


@contextmanager
def _errors(engine: Engine) -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, engine.dialect.loaded_dbapi.Error) as error:
        raise _not_overwritten("the database fails, or is in use") from error


def _forget_requests(engine: Engine) -> None:
    """Replace the hashes of requests, also after erasures by an earlier release, which left them.

    There is no index by decision, which would cost every decision: the table is read once, while others write.
    """
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        without_key = connection.execute(_WITHOUT_KEY).all()
        erased = erased_names(connection) if without_key else frozenset()
    found = [{"owner": row.tenant, "name": row.key} for row in without_key if row.decision_id in erased]
    for start in range(0, len(found), _AT_ONCE):
        with write_transaction(engine) as connection:
            connection.execute(_FORGET, found[start : start + _AT_ONCE])


def _overwrite(engine: Engine, connection: Any, seconds: float | None) -> None:  # noqa: ANN401 - of the driver
    until = time.monotonic() + (OVERWRITE_SECONDS if seconds is None else seconds)
    overwritten = _vacuumed if engine.dialect.name == "postgresql" else _emptied
    while not overwritten(connection):
        if time.monotonic() > until:
            raise _not_overwritten("somebody still reads an earlier state of the ledger")
        time.sleep(_PAUSE)


def _emptied(connection: Any) -> bool:  # noqa: ANN401 - sqlite3's connection
    """Try to empty SQLite's log; who reads an earlier state, or writes, keeps it from that."""
    connection.execute("PRAGMA busy_timeout = 0")  # while it waits for readers, nobody can write
    busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def _vacuumed(connection: Any) -> bool:  # noqa: ANN401 - psycopg's connection
    """Vacuum, and return whether no dead row stays; those do that a transaction which goes on may still see."""
    left = 0
    for table in _TABLES:
        connection.execute(f"VACUUM {table}")
        left += connection.execute(_DEAD, (table,)).fetchone()[0] or 0
    return not left


def _not_overwritten(why: str) -> LedgerError:
    return LedgerError(
        "ICS-LED-027",
        f"the keys are deleted, and not yet overwritten: {why}",
        field=URL_VARIABLE,
        remedy="run `icsml ledger overwrite` when nobody reads",
    )
