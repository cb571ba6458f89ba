"""Overwriting what was deleted, so that no file of the database holds it any more."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from icsml.errors import LedgerError
from icsml.ledger.store.chain_tables import DECISION_INDEX, DECISION_REASON, IDEMPOTENCY, PAYLOAD, PAYLOAD_KEY
from icsml.ledger.store.database import URL_VARIABLE

__all__ = ["OVERWRITE_SECONDS", "overwrite_freed", "rewrite"]

OVERWRITE_SECONDS: Final = 15.0
"""How long to wait for readers who still see what was deleted."""
_PAUSE: Final = 0.05
_LOCK_SECONDS: Final = 60
_TABLES: Final = tuple(table.name for table in (PAYLOAD_KEY, DECISION_INDEX, DECISION_REASON, IDEMPOTENCY, PAYLOAD))
_DEAD: Final = "SELECT pg_stat_get_dead_tuples(to_regclass(%s))"


def overwrite_freed(engine: Engine, seconds: float | None = None) -> None:
    """Let no deleted row stay that could still be read; wait `OVERWRITE_SECONDS` at most for those who still see it.

    SQLite's log is emptied into its file, in which deleted rows are zeros. PostgreSQL gives the space of the rows free.

    Raises
    ------
    LedgerError
        ``ICS-LED-027`` if somebody reads all that time, or the database fails.
    """
    with _connection(engine) as connection:
        _overwrite(engine, connection, seconds)


def rewrite(engine: Engine, seconds: float | None = None) -> None:
    """Write the tables anew of which something may be erased; nobody can record meanwhile.

    After it the free space within the files holds nothing either that was deleted, by whatever release.

    Raises
    ------
    LedgerError
        As :func:`overwrite_freed`.
    """
    with _connection(engine) as connection:
        _overwrite(engine, connection, seconds)
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
    try:
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
    except (SQLAlchemyError, engine.dialect.loaded_dbapi.Error) as error:
        raise _not_overwritten("the database fails, or is in use") from error


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
