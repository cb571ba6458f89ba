"""The ledger in SQL: SQLite by default, PostgreSQL in production, through the same statements and migrations."""

from __future__ import annotations

from icsml.ledger.entry import Entry, Recorded
from icsml.ledger.store.chain_tables import metadata
from icsml.ledger.store.recording import Ledger
from icsml.ledger.store.writing import Outcome

__all__ = ["Entry", "Ledger", "Outcome", "Recorded", "metadata"]
