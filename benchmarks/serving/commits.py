"""What a durable row costs on this disk now: insert and commit of 12 kB in SQLite, write-ahead log, FULL."""

from __future__ import annotations

import sqlite3
import statistics
import time
from contextlib import closing
from pathlib import Path

__all__ = ["commit_ms"]

_BYTES, _COMMITS = 12_000, 200


def commit_ms(folder: Path) -> float:
    """Return the median of one commit after another, in milliseconds."""
    file = folder / "commits.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE IF NOT EXISTS row (bytes BLOB)")
        payload = bytes(_BYTES)
        seconds = [_commit(connection, payload) for _ in range(_COMMITS)]
    for path in folder.glob("commits.db*"):
        path.unlink()
    return statistics.median(seconds) * 1000


def _commit(connection: sqlite3.Connection, payload: bytes) -> float:
    started = time.perf_counter()
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO row VALUES (?)", (payload,))
    connection.execute("COMMIT")
    return time.perf_counter() - started
