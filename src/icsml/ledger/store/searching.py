"""Searching the index of decisions, newest first, page by page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    CursorResult,
    Row,
    Select,
    Subquery,
    func,
    select,
    tuple_,
    union_all,
)
from sqlalchemy import (
    text as sql_text,
)
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from icsml.ledger.store.chain_tables import DECISION_INDEX, DECISION_REASON
from icsml.ledger.store.failures import index_altered
from icsml.ledger.store.indexing import require_sound
from icsml.ledger.store.reasons import has_reason, not_filled

__all__ = ["MOST_COUNTED", "Counted", "IndexRow", "Position", "Wanted", "count_index", "search_index"]

IndexRow = Row[Any]
"""A row of the index, its columns as attributes."""

MOST_COUNTED: Final = 5_000
"""How many decisions, the newest, are counted by their facets."""

# Jumps from one grade to the next; DISTINCT would read every row of the reason.
_GRADES: Final = sql_text(
    "WITH RECURSIVE found(grade) AS (SELECT min(grade) FROM decision_reason WHERE tenant = :tenant AND code = :code"
    " UNION ALL SELECT (SELECT min(grade) FROM decision_reason WHERE tenant = :tenant AND code = :code"
    " AND grade > found.grade) FROM found WHERE found.grade IS NOT NULL)"
    " SELECT grade FROM found WHERE grade IS NOT NULL"
)
# Rows are wanted in the order of a key, and a few of them. A plan that reads a whole table first, which PostgreSQL
# may choose where its statistics are old, takes seconds.
_OFF: Final = ("enable_hashjoin", "enable_mergejoin", "enable_seqscan", "enable_bitmapscan", "enable_sort", "jit")
_PLAN: Final = "SELECT set_config('max_parallel_workers_per_gather', '0', true), " + ", ".join(
    f"set_config('{name}', 'off', true)" for name in _OFF
)


class Position(NamedTuple):
    """Where a page ends: the next one starts after this decision."""

    decided_at: str
    decision_id: str


class Wanted(NamedTuple):
    """Which decisions are wanted, None for any; from ``since`` to before ``until``, as `timestamp` writes them."""

    tenant: str
    enterprise_id: str | None = None
    grade: str | None = None
    reason: str | None = None
    since: str | None = None
    until: str | None = None


class Counted(NamedTuple):
    """How many of the wanted decisions have which grade and reason, the most frequent first.

    Parameters
    ----------
    grade, reason : list of (str or None, int)
        Values and numbers. Those of a facet are of the decisions that meet all other conditions.
    counted : int
        How many decisions meet all conditions, at most `MOST_COUNTED`.
    complete : bool
        Whether all decisions are in all numbers; if not, the newest are.
    """

    grade: list[tuple[str | None, int]]
    reason: list[tuple[str | None, int]]
    counted: int
    complete: bool


def search_index(connection: Connection, wanted: Wanted, after: Position | None, limit: int) -> list[IndexRow]:
    """Return at most so many rows of the index, newest first; of two at one time the higher identifier is first."""
    rows = list(_newest(connection, wanted, DECISION_INDEX.c.keys(), limit, after).all())
    for row in rows:
        require_sound(row._asdict())
    return rows


def count_index(connection: Connection, wanted: Wanted, most: int = MOST_COUNTED) -> Counted:
    """Return how many of the newest wanted decisions have which facet."""
    if wanted.grade is None and wanted.reason is None:
        found = _newest(connection, wanted, ("grade", "reasons"), most + 1).all()
        grades, lists = [row.grade for row in found], [row.reasons for row in found]
    else:
        grades = list(_newest(connection, wanted._replace(grade=None), ("grade",), most + 1).scalars())
        lists = list(_newest(connection, wanted._replace(reason=None), ("reasons",), most + 1).scalars())
    if wanted.grade is None:
        matching = len(grades)
    elif wanted.reason is None:
        matching = len(lists)
    else:
        matching = len(_newest(connection, wanted, ("grade",), most + 1).all())
    # All are read as one array: as many lists would wake the garbage collector, which takes longer than the search.
    try:
        codes = orjson.loads(f"[{','.join(each[1:-1] for each in lists[:most] if each != '[]')}]")
    except (ValueError, TypeError):
        raise index_altered() from None
    complete = max(len(grades), len(lists), matching) <= most
    return Counted(_ordered(Counter(grades[:most])), _ordered(Counter(codes)), min(matching, most), complete)


def _ordered(counts: Counter[str | None]) -> list[tuple[str | None, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0] or ""))


def _newest(
    connection: Connection, wanted: Wanted, names: Sequence[str], limit: int, after: Position | None = None
) -> CursorResult[Any]:
    """Read columns of the newest wanted rows of the index."""
    dialect = connection.dialect.name
    on_server = dialect == "postgresql"
    if on_server:
        connection.exec_driver_sql(_PLAN)
    if (wanted.reason is None and wanted.grade is None) or wanted.enterprise_id is not None:
        return connection.execute(_by_index(wanted, names, limit, after, dialect))
    grades = [wanted.grade]
    if wanted.grade is None:
        grades = list(connection.scalars(_GRADES, {"tenant": wanted.tenant, "code": wanted.reason}))
    keys = _with_reason(wanted, grades, limit, after, dialect)
    if list(names) == ["grade"]:
        return connection.execute(select(func.nullif(keys.c.grade, "")).select_from(keys))
    return connection.execute(_rows_of(keys, wanted.tenant, names, on_server=on_server))


def _by_index(wanted: Wanted, names: Sequence[str], limit: int, after: Position | None, dialect: str) -> Select[Any]:
    of = DECISION_INDEX.c
    query = select(*(of[name] for name in names)).where(of.tenant == wanted.tenant)
    if wanted.enterprise_id is not None:  # without statistics SQLite takes the order of time, and reads all
        query = query.where(of.enterprise_id == wanted.enterprise_id)
        query = query.with_hint(DECISION_INDEX, "INDEXED BY ix_decision_index_enterprise_id", "sqlite")
    if wanted.grade is not None:
        query = query.where(of.grade == wanted.grade)
    if wanted.reason is not None:
        query = query.where(has_reason(wanted.reason, dialect))
    query = _between(query, of, wanted, after)
    return query.order_by(*_newest_first(of)).limit(limit)


def _with_reason(
    wanted: Wanted, grades: Iterable[str | None], limit: int, after: Position | None, dialect: str
) -> Subquery:
    """Merge the newest rows of a reason, which lie in the order of time for each grade, and those not there yet."""
    has, code = DECISION_REASON.c, wanted.reason or ""
    waiting = not_filled(wanted.tenant, code, dialect)
    if wanted.grade is not None:
        waiting = waiting.where(DECISION_INDEX.c.grade == wanted.grade)
    streams: list[Select[Any]] = [_between(waiting, DECISION_INDEX.c, wanted, after)]
    for grade in grades:
        stream: Select[Any] = select(has.decided_at, has.decision_id, has.grade).where(
            has.tenant == wanted.tenant, has.code == code, has.grade == grade
        )
        stream = _between(stream, has, wanted, after)
        if (
            dialect == "postgresql"
        ):  # or it reads all of them and sorts; SQLite would, if they had an order of their own
            stream = stream.order_by(*_newest_first(has)).limit(limit)
        streams.append(stream)
    merged = union_all(*streams)
    return merged.order_by(*_newest_first(merged.selected_columns)).limit(limit).subquery()


def _rows_of(keys: Subquery, tenant: str, names: Sequence[str], *, on_server: bool) -> Select[Any]:
    """Return the rows of the index to keys, each found by its primary key."""
    of, key = DECISION_INDEX.c, keys.c
    here, there = tuple_(of.decided_at, of.decision_id), tuple_(key.decided_at, key.decision_id)
    same = (of.decided_at == key.decided_at) & (of.decision_id == key.decision_id)
    if on_server:  # of two equalities PostgreSQL takes the index of the identifiers, whose rows lie anywhere
        same = (here >= there) & (here <= there)
    # An outer join keeps SQLite from reading the index first.
    query = select(*(of[name] for name in names)).select_from(
        keys.outerjoin(DECISION_INDEX, (of.tenant == tenant) & same)
    )
    return query.order_by(*_newest_first(key))


def _newest_first(of: Any) -> tuple[ColumnElement[Any], ColumnElement[Any]]:  # noqa: ANN401 - columns of any kind
    return of.decided_at.desc(), of.decision_id.desc()


def _between(
    query: Select[Any], of: ReadOnlyColumnCollection[str, Column[Any]], wanted: Wanted, after: Position | None
) -> Select[Any]:
    if wanted.since is not None:
        query = query.where(of.decided_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(of.decided_at < wanted.until)
    if after is not None:
        query = query.where(tuple_(of.decided_at, of.decision_id) < tuple_(*after))
    return query
