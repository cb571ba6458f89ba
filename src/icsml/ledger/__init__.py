"""No record, no decision: every decision is committed here, hashed and chained, before its answer leaves."""

from __future__ import annotations

from icsml.ledger.chain_row import GENESIS, ChainRow
from icsml.ledger.payload import PAYLOAD_KEYS, parse_payload, payload_bytes
from icsml.ledger.store import Ledger, Recorded

__all__ = ["GENESIS", "PAYLOAD_KEYS", "ChainRow", "Ledger", "Recorded", "parse_payload", "payload_bytes"]
