"""By which reasons and grade a decision is found: rows put into the index many at a time, after it is recorded.

A decision has some ten reasons, each at another place of the index. With the decision they cost as much as all else
that is recorded of it; many at a time they share their pages. Until then they are read from the row of the decision.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, cast, delete, func, select
from sqlalchemy import text as sql_text
from sqlalchemy.dialects.postgresql import JSONB

from icsml.ledger.store.chain_tables import CHAIN, DECISION_INDEX, REASON_BACKLOG
from icsml.ledger.store.database import lock

__all__ = ["REASONS_LOCK", "fill_reasons", "has_reason", "not_filled"]

REASONS_LOCK: Final = ("reasons",)
"""Who puts reasons into the index or takes them out, takes turns: none comes back that was erased meanwhile."""

_CODES: Final = {
    "sqlite": "json_each(found.reasons) AS each",
    "postgresql": "jsonb_array_elements_text(CAST(found.reasons AS jsonb)) AS each(value)",
}
_FILL: Final = (
    "WITH found AS (SELECT decision_index.* FROM chain"
    " JOIN decision_index ON decision_index.decision_id = chain.decision_id"
    " WHERE chain.tenant = :tenant AND chain.writer = :writer AND chain.sequence > :after AND chain.sequence <= :end)"
    " INSERT INTO decision_reason (tenant, code, grade, decided_at, decision_id)"
    " SELECT found.tenant, each.value, coalesce(found.grade, ''), found.decided_at, found.decision_id"
    " FROM found CROSS JOIN {codes}"
    " UNION ALL SELECT tenant, '', grade, decided_at, decision_id FROM found WHERE grade IS NOT NULL"
    " ORDER BY 1, 2, 3, 4, 5 ON CONFLICT DO NOTHING"
)
_BEHIND: Final = sql_text(
    "SELECT tenant, writer, sequence, (SELECT max(sequence) FROM chain WHERE chain.tenant = reason_backlog.tenant"
    # SQLite keeps a text as well, which is greater than any number.
    " AND chain.writer = reason_backlog.writer AND chain.sequence <= 9223372036854775807) AS newest"
    " FROM reason_backlog WHERE sequence <= 9223372036854775807"
)
_DONE: Final = sql_text(
    "UPDATE reason_backlog SET sequence = :end WHERE tenant = :tenant AND writer = :writer AND sequence < :end"
)


def fill_reasons(connection: Connection, writer: str | None = None, *, last: bool = False) -> None:
    """Put into the index the reasons of all that is recorded and not there yet.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    writer : str, optional
        Of the chains of this name only.
    last : bool
        Whether nobody will ever write under this name again.
    """
    lock(connection, REASONS_LOCK)
    fill = sql_text(_FILL.format(codes=_CODES[connection.dialect.name]))
    for row in connection.execute(_BEHIND).all():
        if row.newest is None or row.newest <= row.sequence or writer not in (None, row.writer):
            continue
        chain = {"tenant": row.tenant, "writer": row.writer, "end": row.newest}
        connection.execute(fill, chain | {"after": row.sequence})
        connection.execute(_DONE, chain)
    if last:
        connection.execute(delete(REASON_BACKLOG).where(REASON_BACKLOG.c.writer == writer))


def not_filled(tenant: str, code: str, dialect: str) -> Select[Any]:
    """Return time, identifier and grade of the decisions that are not in the index yet, of a reason unless empty."""
    of = DECISION_INDEX.c
    behind = REASON_BACKLOG.join(
        CHAIN,
        (CHAIN.c.tenant == REASON_BACKLOG.c.tenant)
        & (CHAIN.c.writer == REASON_BACKLOG.c.writer)
        & (CHAIN.c.sequence > REASON_BACKLOG.c.sequence),
    ).join(DECISION_INDEX, of.decision_id == CHAIN.c.decision_id)
    query = (
        select(of.decided_at, of.decision_id, func.coalesce(of.grade, "").label("grade"))
        .select_from(behind)
        .where(REASON_BACKLOG.c.tenant == tenant)
    )
    return query.where(has_reason(code, dialect)) if code else query


def has_reason(code: str, dialect: str) -> ColumnElement[bool]:
    """Return whether a row of the index names a reason."""
    column = DECISION_INDEX.c.reasons
    codes = (
        func.jsonb_array_elements_text(cast(column, JSONB)).table_valued("value")
        if dialect == "postgresql"
        else func.json_each(column).table_valued("value")
    )
    return select(codes.c.value).where(codes.c.value == code).exists()
