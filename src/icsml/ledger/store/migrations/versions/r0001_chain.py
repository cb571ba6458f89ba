"""Chain, payload and idempotency."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the first tables."""
    op.create_table(
        "chain",
        sa.Column("tenant", sa.Text, primary_key=True),
        sa.Column("writer", sa.Text, primary_key=True),
        sa.Column("sequence", sa.BigInteger, primary_key=True),
        sa.Column("recorded_at", sa.Text, nullable=False),
        sa.Column("decision_id", sa.Text, nullable=False),
        sa.Column("payload_sha256", sa.Text, nullable=False),
        sa.Column("previous_sha256", sa.Text, nullable=False),
        sa.Column("row_sha256", sa.Text, nullable=False),
        sa.UniqueConstraint("decision_id", name="uq_chain_decision_id"),
    )
    op.create_table(
        "payload",
        sa.Column(
            "decision_id", sa.Text, sa.ForeignKey("chain.decision_id", name="fk_payload_decision_id"), primary_key=True
        ),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("bytes", sa.LargeBinary, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
    )
    op.create_table(
        "idempotency",
        sa.Column("tenant", sa.Text, primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("request_sha256", sa.Text, nullable=False),
        sa.Column(
            "decision_id",
            sa.Text,
            sa.ForeignKey("chain.decision_id", name="fk_idempotency_decision_id"),
            nullable=False,
        ),
    )


def downgrade() -> None:
    """Refuse: a record of decisions is never dropped by a migration."""
    raise RuntimeError("the ledger's tables are not dropped")
