"""Connections: choice of the database, and settings that make SQLite and PostgreSQL durable."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, make_url, select
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.exc import ArgumentError

from icsml.core.canonical import digest
from icsml.core.paths import home
from icsml.core.private_files import private_files
from icsml.errors import InputError, LedgerError

__all__ = [
    "LOCK_SECONDS",
    "OPENING_SECONDS",
    "READ_SECONDS",
    "URL_VARIABLE",
    "DatabaseFile",
    "find_file",
    "lock",
    "make_engine",
    "prepare_file",
    "write_transaction",
    "writing_connection",
]

URL_VARIABLE = "ICSML_LEDGER_URL"
LOCK_SECONDS = 2.0
"""How long a writer waits for a lock."""
OPENING_SECONDS = 15.0
"""How long opening waits for another process that makes the tables."""
READ_SECONDS = 0.7
"""How long a reader waits for a lock, or for its answer."""
_REMEDY = "use sqlite:////path/to/ledger.db or postgresql://user@host/database"
_LOCK_SECONDS = "icsml_lock_seconds"
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_PAUSE = 0.002
_TEXT = partial(str, encoding="utf-8", errors="replace")  # or one damaged text could not even be named
_CONNECTION = {
    "connect_timeout": 2,
    # A server that is cut off is noticed within seconds, not after the quarter of an hour that TCP tries by itself.
    "tcp_user_timeout": 5000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
}


@dataclass(frozen=True)
class DatabaseFile:
    """SQLite file; detects that it was moved or deleted.

    Parameters
    ----------
    path : Path
        Where it was.
    device, inode : int
        Which file it was.
    """

    path: Path
    device: int
    inode: int

    @classmethod
    def at(cls, path: Path) -> DatabaseFile:
        """Return the present file; raise OSError if there is none."""
        stat = os.stat(path)  # noqa: PTH116 - half the time of Path.stat, twice for each group of decisions
        return cls(path, stat.st_dev, stat.st_ino)

    def require(self, code: str) -> None:
        """Raise LedgerError of this code unless the same file is still there."""
        try:
            in_place = DatabaseFile.at(self.path) == self
        except OSError:
            in_place = False
        if not in_place:
            raise LedgerError(
                code,
                "the ledger's file was moved, removed or replaced while it was open",
                field=URL_VARIABLE,
                remedy="put the same file back; restart the service if it was replaced",
            )


def make_engine(url: str | None, *, reading: bool = False) -> Engine:
    """Return the engine of a URL, by default of ``ICSML_LEDGER_URL``, else of ``ledger.db`` under ``ICSML_HOME``.

    Parameters
    ----------
    url : str, optional
        SQLAlchemy URL of SQLite or PostgreSQL.
    reading : bool
        Whether its connections only read. They are refused any change, and give up before a reader has waited a
        second.

    Raises
    ------
    InputError
        If the address is neither SQLite in a file nor PostgreSQL.
    """
    address = _address(url or os.environ.get(URL_VARIABLE))
    if address.get_backend_name() == "sqlite":
        return _sqlite(address, reading)
    engine = create_engine(
        address,
        hide_parameters=True,
        paramstyle="format",  # by position, as SQLite's
        # A writer finds out by itself whether its connection is dead, and tries again.
        pool_pre_ping=reading,
        pool_timeout=READ_SECONDS if reading else LOCK_SECONDS,
        connect_args={name: value for name, value in _CONNECTION.items() if name not in address.query},
    )
    event.listen(engine, "connect", _configure_postgresql_reader if reading else _configure_postgresql)
    return engine


@contextmanager
def write_transaction(engine: Engine, *, lock_seconds: float = LOCK_SECONDS) -> Iterator[Connection]:
    """Commit all changes of the block, or none; wait at most so long for a lock of somebody else."""
    with writing_connection(engine, lock_seconds=lock_seconds) as connection, connection.begin():
        if connection.dialect.name == "postgresql" and lock_seconds != LOCK_SECONDS:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(lock_seconds * 1000)}")
        yield connection


def writing_connection(engine: Engine, *, lock_seconds: float = LOCK_SECONDS) -> Connection:
    """Return a connection whose transactions write; on SQLite each begins by taking the lock."""
    return engine.connect().execution_options(**{_LOCK_SECONDS: lock_seconds})


def lock(connection: Connection, *names: Sequence[str]) -> None:
    """Lock these names until the transaction ends; SQLite has one writer at a time anyway."""
    if connection.dialect.name == "postgresql":
        for name in names:
            number = int.from_bytes(bytes.fromhex(digest(["icsml", *name]))[:8], "big", signed=True)
            connection.execute(select(func.pg_advisory_xact_lock(number)))


def prepare_file(engine: Engine) -> None:
    """Make SQLite's file, readable by its owner alone, and turn on write-ahead logging, which stays with the file."""
    if engine.dialect.name != "sqlite":
        return
    path = _path(engine.url)
    with private_files(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600, exist_ok=True)
    with closing(_connect(path)) as connection:
        _enable_wal(connection)


def find_file(engine: Engine) -> DatabaseFile | None:
    """Return SQLite's file, None for a server; raise LedgerError if there is no file."""
    if engine.dialect.name != "sqlite":
        return None
    try:
        return DatabaseFile.at(_path(engine.url))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise LedgerError(
            "ICS-LED-002",
            "there is no ledger here, so there is no such decision",
            field=URL_VARIABLE,
            remedy="check ICSML_HOME and ICSML_LEDGER_URL; the first decision recorded makes a ledger",
        ) from error


def _path(address: URL) -> Path:
    return Path(address.database or "").absolute()


def _sqlite(address: URL, reading: bool) -> Engine:
    path = _path(address)
    engine = create_engine(
        address,
        hide_parameters=True,
        pool_timeout=READ_SECONDS if reading else LOCK_SECONDS,
        creator=lambda: _connect(path, wait=READ_SECONDS if reading else 0),
    )
    event.listen(engine, "connect", _configure_sqlite_reader if reading else _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    engine.dialect.statement_compiler = _WithHints
    return engine


class _WithHints(SQLiteCompiler):
    """Writes hints, such as INDEXED BY, after the table, which SQLAlchemy leaves out for SQLite."""

    def get_from_hint_text(self, table: Any, text: str | None) -> str | None:  # noqa: ANN401 - SQLAlchemy's own
        return text


def _connect(path: Path, *, wait: float = 0) -> sqlite3.Connection:
    # mode=rw: SQLite would otherwise put an empty file where the ledger was removed.
    connection = sqlite3.connect(
        f"{path.as_uri()}?mode=rw", uri=True, timeout=wait, isolation_level=None, check_same_thread=False
    )
    connection.text_factory = _TEXT
    return connection


def _enable_wal(connection: sqlite3.Connection) -> None:
    _when_free(connection, "PRAGMA journal_mode=WAL", OPENING_SECONDS)


def _when_free(connection: sqlite3.Connection, statement: str, seconds: float) -> None:
    """Run a statement as soon as no other process holds the lock.

    SQLite's own waiting looks ever more rarely, up to ten times a second: a process that records without a pause
    would keep the others out for seconds.
    """
    end = time.monotonic() + seconds
    while True:
        try:
            connection.execute(statement)
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _BUSY or time.monotonic() > end:
                raise
            time.sleep(_PAUSE)


def _address(text: str | None) -> URL:
    if not text:
        return URL.create("sqlite", database=str(home() / "ledger.db"))
    try:
        address = make_url(text)
    except ArgumentError:
        raise InputError("ICS-LED-001", "not a database URL", field=URL_VARIABLE, remedy=_REMEDY) from None
    backend = address.get_backend_name()
    if backend == "sqlite" and address.database and address.database != ":memory:":
        return URL.create("sqlite", database=str(Path(address.database).absolute()))
    if backend in ("postgresql", "postgres"):
        return address.set(drivername="postgresql+psycopg")
    raise InputError("ICS-LED-001", "neither SQLite in a file nor PostgreSQL", field=URL_VARIABLE, remedy=_REMEDY)


def _configure_sqlite(connection: sqlite3.Connection, _: object) -> None:
    # FULL: a committed decision survives a power cut, which write-ahead logging alone does not promise.
    connection.execute("PRAGMA synchronous=FULL")
    # What is deleted is overwritten, also what stays behind where rows are moved, and an erased key is not found in
    # the file. Debian's SQLite is built so, others are not.
    connection.execute("PRAGMA secure_delete=ON")
    connection.execute("PRAGMA foreign_keys=ON")


def _configure_sqlite_reader(connection: sqlite3.Connection, _: object) -> None:
    connection.execute("PRAGMA query_only=ON")


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock before it reads the head of its chain; Python's own BEGIN would come too late.
    driver = cast(sqlite3.Connection, connection.connection.driver_connection)
    seconds = connection.get_execution_options().get(_LOCK_SECONDS)
    if seconds is None:
        driver.execute("BEGIN")
    else:
        _when_free(driver, "BEGIN IMMEDIATE", seconds)


def _configure_postgresql(connection: Any, _: object) -> None:  # noqa: ANN401 - psycopg's connection
    # The last: a process that stands still within a transaction does not keep its locks.
    _set(
        connection,
        lock_timeout=LOCK_SECONDS,
        statement_timeout=OPENING_SECONDS,
        idle_in_transaction_session_timeout=OPENING_SECONDS,
    )


def _configure_postgresql_reader(connection: Any, _: object) -> None:  # noqa: ANN401 - psycopg's connection
    from psycopg import IsolationLevel

    _set(connection, lock_timeout=READ_SECONDS, statement_timeout=READ_SECONDS)
    connection.isolation_level = IsolationLevel.REPEATABLE_READ  # what one answer is made of fits together
    connection.read_only = True


def _set(connection: Any, **seconds: float) -> None:  # noqa: ANN401 - psycopg's connection
    connection.autocommit = True
    for name, value in seconds.items():
        connection.execute(f"SET {name} = {int(value * 1000)}")
    connection.autocommit = False
