"""The ledger in SQL: SQLite by default, PostgreSQL in production, through the same statements and migrations."""

from __future__ import annotations

from icsml.ledger.store.ledger import Ledger, Recorded
from icsml.ledger.store.schema import metadata

__all__ = ["Ledger", "Recorded", "metadata"]
