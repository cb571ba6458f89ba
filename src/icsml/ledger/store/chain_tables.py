"""Tables of the ledger; a test checks that they match the migrations."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    Double,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy import (
    text as sql_text,
)

__all__ = [
    "CHAIN",
    "DECISION_INDEX",
    "DECISION_REASON",
    "EVENT",
    "FORGOTTEN",
    "HEARTBEAT",
    "IDEMPOTENCY",
    "LEDGER",
    "PAYLOAD",
    "PAYLOAD_KEY",
    "REASON_BACKLOG",
    "metadata",
]


class StoredBytes(LargeBinary):
    """Bytes; SQLite keeps a value of any other type as well, which is read as no bytes: never what was recorded."""

    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[object], bytes | None]:
        """Return what makes a value of the driver one of Python."""
        return _as_bytes


def _as_bytes(value: object) -> bytes | None:
    return value if value is None or isinstance(value, bytes) else b""


metadata = MetaData()
FORGOTTEN = ""
"""Stands for the hash of a request whose decision was erased: by the hash, a guess of the request could be proved."""
_FILED = sql_text("enterprise_id IS NOT NULL")

CHAIN = Table(
    "chain",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("writer", Text, primary_key=True),
    Column("sequence", BigInteger, primary_key=True),
    Column("recorded_at", Text, nullable=False),
    Column("decision_id", Text, nullable=False),
    Column("payload_sha256", Text, nullable=False),
    Column("previous_sha256", Text, nullable=False),
    Column("row_sha256", Text, nullable=False),
    UniqueConstraint("decision_id", name="uq_chain_decision_id"),
)
PAYLOAD = Table(
    "payload",
    metadata,
    Column("decision_id", Text, ForeignKey("chain.decision_id", name="fk_payload_decision_id"), primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("bytes", StoredBytes, nullable=False),
    Column("sha256", Text, nullable=False),
)
PAYLOAD_KEY = Table(
    "payload_key",
    metadata,
    Column("decision_id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("enterprise_id", Text),  # where no row of the index has it
    Column("key", StoredBytes, nullable=False),
    Index("ix_payload_key_enterprise", "tenant", "enterprise_id", sqlite_where=_FILED, postgresql_where=_FILED),
    sqlite_with_rowid=False,
)
EVENT = Table(
    "event",
    metadata,
    Column("event_id", Text, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("decision_id", Text),
    Index("ix_event_decision", "tenant", "decision_id"),
)
IDEMPOTENCY = Table(
    "idempotency",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_sha256", Text, nullable=False),
    Column("decision_id", Text, ForeignKey("chain.decision_id", name="fk_idempotency_decision_id"), nullable=False),
)
LEDGER = Table("ledger", metadata, Column("id", Text, primary_key=True))
HEARTBEAT = Table(
    "heartbeat",
    metadata,
    Column("writer", Text, primary_key=True),
    Column("written_at", Text, nullable=False),
    Column("proof", StoredBytes, nullable=False),
)
DECISION_INDEX = Table(
    "decision_index",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("decided_at", Text, primary_key=True),
    Column("decision_id", Text, primary_key=True),
    Column("enterprise_id", Text),
    Column("as_of", Text),
    Column("grade", Text),
    Column("pd", Double),
    Column("score", BigInteger),
    Column("model_name", Text),
    Column("model_version", Text),
    Column("bundle_sha256", Text),
    Column("reasons", Text, nullable=False),
    UniqueConstraint("decision_id", name="uq_decision_index_decision_id"),
    Index("ix_decision_index_enterprise_id", "tenant", "enterprise_id", "decided_at", "decision_id"),
    sqlite_with_rowid=False,
)
# A row for each reason of a decision, and one of an empty code, by which it is found by its grade alone.
DECISION_REASON = Table(
    "decision_reason",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("code", Text, primary_key=True),
    Column("grade", Text, primary_key=True),  # so that a grade and a reason are found together; empty for none
    Column("decided_at", Text, primary_key=True),
    Column("decision_id", Text, primary_key=True),
    sqlite_with_rowid=False,
)
# Of a chain that is here, the reasons of what follows this row of it are not in `decision_reason` yet.
REASON_BACKLOG = Table(
    "reason_backlog",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("writer", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
