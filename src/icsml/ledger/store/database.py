"""Connections: choice of the database, and settings that make SQLite and PostgreSQL durable."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from icsml.core.paths import home
from icsml.core.private_files import private_files
from icsml.errors import InputError, LedgerError

__all__ = ["URL_VARIABLE", "DatabaseFile", "find_file", "make_engine", "prepare_file", "write_transaction"]

URL_VARIABLE = "ICSML_LEDGER_URL"
_REMEDY = "use sqlite:////path/to/ledger.db or postgresql://user@host/database"
_IMMEDIATE = "icsml_immediate"
_LOCK_SECONDS = 15
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


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
        stat = path.stat()
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
                remedy="put it back, and restart the service",
            )


def make_engine(url: str | None) -> Engine:
    """Return the engine of a URL, by default of ``ICSML_LEDGER_URL``, else of ``ledger.db`` under ``ICSML_HOME``.

    Raises
    ------
    InputError
        If the address is neither SQLite in a file nor PostgreSQL.
    """
    address = _address(url or os.environ.get(URL_VARIABLE))
    if address.get_backend_name() == "sqlite":
        path = _path(address)
        engine = create_engine(address, hide_parameters=True, creator=lambda: _connect(path))
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    engine = create_engine(
        address,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_timeout=_LOCK_SECONDS,
        connect_args={"connect_timeout": 5},
    )
    event.listen(engine, "connect", _configure_postgresql)
    return engine


@contextmanager
def write_transaction(engine: Engine) -> Iterator[Connection]:
    """Commit all changes of the block, or none."""
    with engine.connect().execution_options(**{_IMMEDIATE: True}) as connection, connection.begin():
        yield connection


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


def _connect(path: Path) -> sqlite3.Connection:
    # mode=rw: SQLite would otherwise put an empty file where the ledger was removed.
    return sqlite3.connect(
        f"{path.as_uri()}?mode=rw", uri=True, timeout=_LOCK_SECONDS, isolation_level=None, check_same_thread=False
    )


def _enable_wal(connection: sqlite3.Connection) -> None:
    end = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            # This statement does not wait for another process by itself.
            if error.sqlite_errorcode & 0xFF not in _BUSY or time.monotonic() > end:
                raise
            time.sleep(0.02)


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
    connection.execute("PRAGMA foreign_keys=ON")


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes the lock before it reads the head of its chain; Python's own BEGIN would come too late.
    immediate = connection.get_execution_options().get(_IMMEDIATE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _configure_postgresql(connection: Any, _: object) -> None:  # noqa: ANN401 - psycopg's connection
    connection.autocommit = True
    connection.execute(f"SET lock_timeout = '{_LOCK_SECONDS}s'")
    connection.autocommit = False
