"""Whether the index fits together: `decision_reason` follows from `decision_index`, which follows from the contents.

The second is looked at row by row when the contents are read, see `icsml.ledger.filing`; here is what the database can
compare by itself.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, Row, select
from sqlalchemy import text as sql_text
from sqlalchemy.exc import DataError

from icsml.ledger.chain_row import ChainRow
from icsml.ledger.filing import FilingKind, index_detail
from icsml.ledger.store.chain_tables import REASON_BACKLOG
from icsml.ledger.verification import Bad
from icsml.records.facets import DecisionFacets

__all__ = ["EXPECTED_REASONS", "MISSING_REASON", "STRAY_REASON", "Reasons", "check_index", "reason_lists"]

_LISTS: Final = {
    "sqlite": "json_each(CASE WHEN json_valid(found.reasons) THEN found.reasons ELSE '[]' END) AS each",
    "postgresql": "jsonb_array_elements_text(CAST(found.reasons AS jsonb)) AS each(value)",
}
_FOUND: Final = (
    "SELECT decision_index.* FROM decision_index"
    " JOIN chain ON chain.decision_id = decision_index.decision_id"
    " LEFT JOIN reason_backlog AS behind ON behind.tenant = chain.tenant AND behind.writer = chain.writer"
    " WHERE (behind.sequence IS NULL OR chain.sequence <= behind.sequence)"
)
EXPECTED_REASONS: Final = (
    f"WITH found AS ({_FOUND}), expected AS ("  # noqa: S608 - constants
    "SELECT found.tenant, each.value AS code, coalesce(found.grade, '') AS grade, found.decided_at, found.decision_id"
    " FROM found CROSS JOIN {lists}"
    " UNION ALL SELECT tenant, '', grade, decided_at, decision_id FROM found WHERE grade IS NOT NULL)"
)
"""The rows that `decision_reason` must have."""
_PAIRED: Final = (
    " FROM expected LEFT JOIN decision_reason AS there ON there.tenant = expected.tenant"
    " AND there.code = expected.code AND there.grade = expected.grade AND there.decided_at = expected.decided_at"
    " AND there.decision_id = expected.decision_id"
)
STRAY_REASON: Final = (
    f"NOT EXISTS (SELECT 1 FROM ({_FOUND} AND decision_index.decision_id = there.decision_id) AS found"  # noqa: S608
    " WHERE found.tenant = there.tenant AND found.decided_at = there.decided_at"
    " AND coalesce(found.grade, '') = there.grade"
    " AND (there.code = '' AND found.grade IS NOT NULL"
    " OR there.code <> '' AND EXISTS (SELECT 1 FROM {lists} WHERE each.value = there.code)))"
)
"""Whether a row of `decision_reason`, named ``there``, is one that it must not have."""
MISSING_REASON: Final = " SELECT expected.*" + _PAIRED + " WHERE there.decision_id IS NULL"
_MISSING: Final = EXPECTED_REASONS + MISSING_REASON + " LIMIT 1"
_BACKLOG: Final = select(REASON_BACKLOG)
_BETWEEN, _AFTER = "\x1f", "\x1e"
_GROUPS: Final = {
    dialect: sql_text(
        f"SELECT tenant, code, grade, {together}(decided_at || '{_BETWEEN}' || decision_id, '{_AFTER}')"  # noqa: S608
        " FROM decision_reason GROUP BY tenant, code, grade"
    )
    for dialect, together in (("sqlite", "group_concat"), ("postgresql", "string_agg"))
}
"""Many rows in one, which is read in a fifth of the time."""
_STRAY: Final = f"SELECT there.* FROM decision_reason AS there WHERE {STRAY_REASON} LIMIT 1"  # noqa: S608
_REASONS: Final[tuple[tuple[FilingKind, str], ...]] = (("deleted", _MISSING), ("inserted", _STRAY))
_ROWS: Final[tuple[tuple[FilingKind, str, str], ...]] = (
    (
        "inserted",
        "decision_index",
        "SELECT tenant, decision_id, NULL AS writer FROM decision_index AS at"
        " WHERE NOT EXISTS (SELECT 1 FROM chain WHERE chain.decision_id = at.decision_id)",
    ),
    (
        "edited",
        "idempotency.tenant",
        "SELECT chain.tenant, chain.decision_id, chain.writer FROM idempotency"
        " JOIN chain ON chain.decision_id = idempotency.decision_id WHERE idempotency.tenant <> chain.tenant",
    ),
    (
        "edited",
        "reason_backlog",
        "SELECT tenant, NULL AS decision_id, writer FROM reason_backlog AS at WHERE at.sequence > coalesce((SELECT"
        " max(chain.sequence) FROM chain WHERE chain.tenant = at.tenant AND chain.writer = at.writer), -1)",
    ),
)


class Reasons:
    """The rows that `decision_reason` must have, as a sum of hashes for each tenant, code and grade, in any order.

    A decision whose reasons were not put there yet, as `reason_backlog` says, must have none there.
    """

    def __init__(self, connection: Connection) -> None:
        self._behind = {(row.tenant, row.writer): row.sequence for row in connection.execute(_BACKLOG)}
        self._sums: dict[tuple[str, str, str], int] = {}

    def add(self, row: ChainRow, facets: DecisionFacets) -> None:
        """Add those of a decision."""
        behind = self._behind.get((row.tenant, row.writer))
        if behind is not None and not (isinstance(behind, int) and row.sequence <= behind):
            return
        sums, tenant, grade = self._sums, row.tenant, facets.grade or ""
        one = _hash(facets.decided_at + _BETWEEN + row.decision_id)
        for code in facets.reasons if facets.grade is None else ("", *facets.reasons):
            key = (tenant, code, grade)
            sums[key] = sums.get(key, 0) + one

    def are_there(self, connection: Connection) -> bool:
        """Return whether the table has these rows and no others."""
        groups = connection.execution_options(yield_per=1).execute(_GROUPS[connection.dialect.name])
        found = {tuple(key): sum(map(_hash, rows.split(_AFTER))) for *key, rows in groups}
        return found == self._sums


def _hash(text: str) -> int:
    """Return a hash with which no others cancel out: of this process, and not zero."""
    return hash(text) | 1 << 64


def reason_lists(statement: str, connection: Connection) -> str:
    """Return a statement with the expression that makes rows of a list of reasons."""
    return statement.format(lists=_LISTS[connection.dialect.name])


def check_index(connection: Connection, reasons: Reasons | None) -> list[Bad]:
    """Return the first rows that do not fit.

    Parameters
    ----------
    connection : Connection
        That sees one state.
    reasons : Reasons or None
        Those that must be there; None if not every decision was looked at.
    """
    bad = [_bad(kind, where, row) for kind, where, query in _ROWS if (row := _first(connection, query)) is not None]
    if bad or (reasons is not None and reasons.are_there(connection)):
        return bad
    try:
        for kind, query in _REASONS:
            if (row := _first(connection, reason_lists(query, connection))) is not None:
                return [_bad(kind, "decision_reason", row)]
    except DataError:  # a list of reasons that is none, of a row that was not judged
        return [_bad("edited", "decision_index.reasons", None)]
    return []


def _first(connection: Connection, query: str) -> Row[Any] | None:
    return connection.execute(sql_text(query)).first()


def _bad(kind: FilingKind, where: str, row: Row[Any] | None) -> Bad:
    facts = {} if row is None else {name: _text(value) for name, value in row._mapping.items()}
    return Bad(kind, facts.get("decision_id"), facts.get("tenant"), facts.get("writer"), None, index_detail(where))


def _text(value: object) -> str | None:
    return value if value is None or isinstance(value, str) else str(value)
