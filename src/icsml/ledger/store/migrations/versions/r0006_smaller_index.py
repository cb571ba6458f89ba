"""Less to write with each decision: reasons and grades are indexed many at a time, and a firm is filed once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_KEYS = "payload_key"
_GRADES = (
    "INSERT INTO decision_reason (tenant, code, grade, decided_at, decision_id)"
    " SELECT tenant, '', grade, decided_at, decision_id FROM decision_index WHERE grade IS NOT NULL ORDER BY 1, 3, 4, 5"
)


def upgrade() -> None:
    """Create the table of what is not indexed yet, index the grades as the reasons are, and file keys by themselves."""
    op.create_table(
        "reason_backlog",
        sa.Column("tenant", sa.Text, primary_key=True),
        sa.Column("writer", sa.Text, primary_key=True),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.execute(_GRADES)
    op.drop_index("ix_decision_index_grade", "decision_index")
    op.drop_index("ix_payload_key_enterprise", _KEYS)
    if op.get_bind().dialect.name == "sqlite":
        _without_rowid()
    filed = sa.text("enterprise_id IS NOT NULL")
    op.create_index(
        "ix_payload_key_enterprise", _KEYS, ["tenant", "enterprise_id"], sqlite_where=filed, postgresql_where=filed
    )


def downgrade() -> None:
    """Refuse: a record of decisions is never dropped by a migration."""
    raise RuntimeError("the ledger's tables are not dropped")


def _without_rowid() -> None:
    op.rename_table(_KEYS, "payload_key_before")
    op.create_table(
        _KEYS,
        sa.Column("decision_id", sa.Text, primary_key=True),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("enterprise_id", sa.Text),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.execute("PRAGMA secure_delete=ON")  # keys of the table that is dropped are overwritten
    op.execute(f"INSERT INTO {_KEYS} SELECT decision_id, tenant, enterprise_id, key FROM payload_key_before")  # noqa: S608
    op.drop_table("payload_key_before")
