"""Content and hash of a chain row: rows can be verified with RFC 8785 and SHA-256 alone."""

from __future__ import annotations

from typing import NamedTuple

from icsml.core.canonical import sha256_hex, written

__all__ = ["GENESIS", "ChainRow"]

GENESIS = "0" * 64


class ChainRow(NamedTuple):
    """One link of the chain of one writer and tenant.

    Parameters
    ----------
    tenant : str
        Whose decision it is.
    writer : str
        The process that recorded it; each has a chain of its own, so that writers do not queue on one another.
    sequence : int
        Position in the chain, from 1 without gaps.
    recorded_at : str
        ISO 8601 in UTC.
    decision_id : str
        The decision.
    payload_sha256 : str
        SHA-256 of the payload's canonical bytes; it stays when the payload is erased.
    previous_sha256 : str
        ``sha256`` of the row before, or `GENESIS`.
    """

    tenant: str
    writer: str
    sequence: int
    recorded_at: str
    decision_id: str
    payload_sha256: str
    previous_sha256: str

    @property
    def sha256(self) -> str:
        """SHA-256 of the RFC 8785 bytes of all seven fields."""
        return sha256_hex(written(self._asdict()))
