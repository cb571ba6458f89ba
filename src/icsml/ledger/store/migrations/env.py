"""Alembic's environment: it uses the connection and transaction of the code that opens the ledger."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
