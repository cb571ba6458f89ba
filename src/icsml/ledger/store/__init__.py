"""The ledger in SQL: SQLite by default, PostgreSQL in production, through the same statements and migrations."""

from __future__ import annotations

from icsml.ledger.store.chain_tables import metadata
from icsml.ledger.store.recording import Ledger, Recorded

__all__ = ["Ledger", "Recorded", "metadata"]
