"""The identity of a ledger: what is kept outside the database, such as its checkpoints, is found by it."""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the table, with its one row."""
    table = op.create_table("ledger", sa.Column("id", sa.Text, primary_key=True))
    op.bulk_insert(table, [{"id": str(uuid.uuid4())}])


def downgrade() -> None:
    """Refuse: a record of decisions is never dropped by a migration."""
    raise RuntimeError("the ledger's tables are not dropped")
