"""A key for each payload, filed under its enterprise, and the entries that are about an earlier decision."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the tables; payloads that are there stay readable without a key."""
    op.create_table(
        "payload_key",
        sa.Column("decision_id", sa.Text, primary_key=True),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("enterprise_id", sa.Text),
        sa.Column("key", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_payload_key_enterprise", "payload_key", ["tenant", "enterprise_id"])
    op.create_table(
        "event",
        sa.Column("event_id", sa.Text, primary_key=True),
        sa.Column("tenant", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("decision_id", sa.Text),
    )
    op.create_index("ix_event_decision", "event", ["tenant", "decision_id"])


def downgrade() -> None:
    """Refuse: a record of decisions is never dropped by a migration."""
    raise RuntimeError("the ledger's tables are not dropped")
