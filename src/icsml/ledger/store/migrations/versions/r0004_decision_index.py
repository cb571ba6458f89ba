"""The index of decisions, filled from the payloads that are there."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from icsml.records.facets import DecisionFacets, facets_of

revision = "0004"
down_revision = "0003"

_LOG = logging.getLogger(__name__)
_PAGE = 500
_PAYLOADS = sa.text(
    "SELECT chain.decision_id, chain.tenant, chain.payload_sha256, payload.bytes FROM chain"
    " LEFT JOIN payload ON payload.decision_id = chain.decision_id"
    " WHERE chain.decision_id > :after ORDER BY chain.decision_id LIMIT :page"
)


def upgrade() -> None:
    """Create the tables, and fill them in constant memory; what is gone or is no decision is skipped and counted."""
    index = op.create_table(
        "decision_index",
        sa.Column("tenant", sa.Text, primary_key=True),
        sa.Column("decided_at", sa.Text, primary_key=True),
        sa.Column("decision_id", sa.Text, primary_key=True),
        sa.Column("enterprise_id", sa.Text),
        sa.Column("as_of", sa.Text),
        sa.Column("grade", sa.Text),
        sa.Column("pd", sa.Double),
        sa.Column("score", sa.BigInteger),
        sa.Column("model_name", sa.Text),
        sa.Column("model_version", sa.Text),
        sa.Column("bundle_sha256", sa.Text),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.UniqueConstraint("decision_id", name="uq_decision_index_decision_id"),
        sqlite_with_rowid=False,
    )
    reason = op.create_table(
        "decision_reason",
        sa.Column("tenant", sa.Text, primary_key=True),
        sa.Column("code", sa.Text, primary_key=True),
        sa.Column("grade", sa.Text, primary_key=True),
        sa.Column("decided_at", sa.Text, primary_key=True),
        sa.Column("decision_id", sa.Text, primary_key=True),
        sqlite_with_rowid=False,
    )
    _fill(op.get_bind(), index, reason)
    for facet in ("enterprise_id", "grade"):
        columns = ["tenant", facet, "decided_at", "decision_id"]
        op.create_index(f"ix_decision_index_{facet}", "decision_index", columns)


def downgrade() -> None:
    """Refuse: a record of decisions is never dropped by a migration."""
    raise RuntimeError("the ledger's tables are not dropped")


def _fill(connection: sa.Connection, index: sa.Table, reason: sa.Table) -> None:
    indexed = skipped = 0
    for page in _pages(connection):
        found = [(row, facets) for row in page if (facets := _facets(row)) is not None]
        rows = [_index_row(row, facets) for row, facets in found]
        reasons = [
            {"tenant": row.tenant, "code": code, "grade": facets.grade or "", "decided_at": facets.decided_at}
            | {"decision_id": row.decision_id}
            for row, facets in found
            for code in facets.reasons
        ]
        if rows:
            connection.execute(sa.insert(index), rows)
        if reasons:
            connection.execute(sa.insert(reason), reasons)
        indexed, skipped = indexed + len(rows), skipped + len(page) - len(rows)
    if indexed or skipped:
        _LOG.info("decisions indexed: %d, skipped: %d", indexed, skipped)


def _pages(connection: sa.Connection) -> Iterator[Sequence[sa.Row[Any]]]:
    after = ""
    while page := connection.execute(_PAYLOADS, {"after": after, "page": _PAGE}).all():
        yield page
        after = page[-1].decision_id


def _facets(row: sa.Row[Any]) -> DecisionFacets | None:
    if not isinstance(row.bytes, bytes) or hashlib.sha256(row.bytes).hexdigest() != row.payload_sha256:
        return None
    try:
        payload = json.loads(row.bytes)
    except ValueError:
        return None
    return facets_of(payload.get("decision")) if isinstance(payload, dict) else None


def _index_row(row: sa.Row[Any], facets: DecisionFacets) -> dict[str, Any]:
    named = facets._asdict() | {"reasons": json.dumps(facets.reasons)}
    return {"tenant": row.tenant, "decision_id": row.decision_id} | named
