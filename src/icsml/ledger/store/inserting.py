"""Inserting rows into several tables, with statements compiled once: that takes longer than inserting a row."""

from __future__ import annotations

import sqlite3
from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import cache
from typing import cast

import orjson
from sqlalchemy import Connection, Engine, LargeBinary, Table, insert

__all__ = ["Inserter", "Rows"]

Rows = Mapping[Table, Sequence[tuple[object, ...]]]
"""Rows by their table, each with a value for every column."""

_UNLESS_THERE = " ON CONFLICT DO NOTHING"


class Inserter:
    """Inserts into these tables.

    Parameters
    ----------
    engine : Engine
        Whose dialect the statements are in.
    tables : sequence of Table
        In the order of their references.
    unless_there : collection of Table
        Those of them in which a row whose key is there already is left as it is.
    """

    def __init__(self, engine: Engine, tables: Sequence[Table], unless_there: Sequence[Table] = ()) -> None:
        self._tables = tables
        self._each = {table: str(insert(table).compile(dialect=engine.dialect)) for table in tables}
        for table in unless_there:
            self._each[table] += _UNLESS_THERE
        # PostgreSQL takes the rows of all tables in one statement: each more costs a turn to the server.
        self._at_once = _insert_all(engine, tables, unless_there) if engine.dialect.name == "postgresql" else None

    def insert(self, connection: Connection, rows: Rows) -> None:
        """Insert rows; a table that is not named gets none.

        Raises
        ------
        SQLAlchemyError, sqlite3.Error
            If one cannot be inserted.
        """
        if self._at_once is not None:
            connection.exec_driver_sql(self._at_once, (_as_json(rows),))
            return
        # SQLAlchemy would take longer for each statement than SQLite.
        driver = cast(sqlite3.Connection, connection.connection.driver_connection)
        for table in self._tables:
            if of_table := rows.get(table):
                driver.executemany(self._each[table], of_table)


def _as_json(rows: Rows) -> str:
    """Return rows as one JSON object: arrays of values would be written by Python, which takes longer than all else."""
    given = {
        str(table.name): [dict(zip(_names(table), map(_json_value, row), strict=True)) for row in of_table]
        for table, of_table in rows.items()
    }
    return orjson.dumps(given).decode()


@cache
def _names(table: Table) -> tuple[str, ...]:
    return tuple(map(str, table.columns.keys()))


def _json_value(value: object) -> object:
    return b64encode(value).decode() if isinstance(value, bytes) else value


def _insert_all(engine: Engine, tables: Sequence[Table], unless_there: Sequence[Table]) -> str:
    """Return a statement that takes the rows of all tables as one JSON object."""
    each = [_insert_json(table, engine) + (_UNLESS_THERE if table in unless_there else "") for table in tables]
    parts = ", ".join(f"into_{table.name} AS ({one})" for table, one in zip(tables, each, strict=True))
    return f"WITH given AS (SELECT %s::json AS rows), {parts} SELECT 1"


def _insert_json(table: Table, engine: Engine) -> str:
    binary = {column.name for column in table.columns if isinstance(column.type, LargeBinary)}
    names = _names(table)
    values = ", ".join(f"decode({name}, 'base64')" if name in binary else name for name in names)
    kinds = ", ".join(
        f"{column.name} {'TEXT' if column.name in binary else column.type.compile(engine.dialect)}"
        for column in table.columns
    )
    return (
        f"INSERT INTO {table.name} ({', '.join(names)}) SELECT {values}"  # noqa: S608 - names of columns
        f" FROM given, json_to_recordset(given.rows -> '{table.name}') AS each({kinds})"
    )
