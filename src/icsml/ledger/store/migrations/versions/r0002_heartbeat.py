"""One row for each writer, written while it is idle, to know that it can write."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "heartbeat",
        sa.Column("writer", sa.Text, primary_key=True),
        sa.Column("written_at", sa.Text, nullable=False),
        sa.Column("proof", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """Refuse: a record of decisions is never dropped by a migration."""
    raise RuntimeError("the ledger's tables are not dropped")
