"""Inserting rows into several tables, with statements compiled once: that takes longer than inserting a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Engine, Table, insert

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
        """Insert rows; a table that is not named gets none."""
        if self._at_once is not None:
            connection.exec_driver_sql(self._at_once, tuple(_arrays(self._tables, rows)))
            return
        for table in self._tables:
            if of_table := rows.get(table):
                connection.exec_driver_sql(self._each[table], list(of_table))


def _arrays(tables: Sequence[Table], rows: Rows) -> list[list[object]]:
    """Return an array for each column of each table."""
    return [
        list(column)
        for table in tables
        for column in (zip(*rows[table], strict=True) if rows.get(table) else [()] * len(table.columns))
    ]


def _insert_all(engine: Engine, tables: Sequence[Table], unless_there: Sequence[Table]) -> str:
    """Return a statement that takes an array for each column of each table."""
    each = [_insert_arrays(table, engine) + (_UNLESS_THERE if table in unless_there else "") for table in tables]
    parts = ", ".join(f"into_{table.name} AS ({one})" for table, one in zip(tables, each, strict=True))
    return f"WITH {parts} SELECT 1"


def _insert_arrays(table: Table, engine: Engine) -> str:
    names = ", ".join(column.name for column in table.columns)
    arrays = ", ".join(f"%s::{column.type.compile(engine.dialect)}[]" for column in table.columns)
    return f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({arrays})"  # noqa: S608 - names of columns
