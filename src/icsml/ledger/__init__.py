"""The ledger: every decision is hashed, chained and committed before it is answered."""

from __future__ import annotations

from icsml.ledger.chain_row import GENESIS, ChainRow
from icsml.ledger.entry import Entry, Recorded
from icsml.ledger.payload import PAYLOAD_KEYS, parse_payload, payload_bytes
from icsml.ledger.store import Ledger, Outcome

__all__ = [
    "GENESIS",
    "PAYLOAD_KEYS",
    "ChainRow",
    "Entry",
    "Ledger",
    "Outcome",
    "Recorded",
    "parse_payload",
    "payload_bytes",
]
