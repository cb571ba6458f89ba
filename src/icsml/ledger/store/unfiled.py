"""What is recorded and filed under no firm: what earlier releases recorded without a time, and what is damaged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import orjson
from sqlalchemy import Connection, bindparam, select

from icsml.core.canonical import canonical_bytes
from icsml.errors import LedgerError
from icsml.ledger.sealing import opened
from icsml.ledger.store.chain_tables import CHAIN, DECISION_INDEX, EVENT, PAYLOAD, PAYLOAD_KEY
from icsml.ledger.store.erasing import erased_names

__all__ = ["Unfiled", "unfiled"]

_AT_ONCE: Final = 500
_UNFILED: Final = (
    select(CHAIN.c.tenant, CHAIN.c.decision_id)
    .join(DECISION_INDEX, DECISION_INDEX.c.decision_id == CHAIN.c.decision_id, isouter=True)
    .join(PAYLOAD_KEY, PAYLOAD_KEY.c.decision_id == CHAIN.c.decision_id, isouter=True)
    .join(EVENT, EVENT.c.event_id == CHAIN.c.decision_id, isouter=True)
    .where(
        DECISION_INDEX.c.decision_id.is_(None),
        PAYLOAD_KEY.c.enterprise_id.is_(None),
        EVENT.c.kind.is_distinct_from("erasure"),
    )
)
_STORED: Final = (
    select(PAYLOAD.c.decision_id, PAYLOAD.c.bytes, PAYLOAD_KEY.c.key)
    .join_from(PAYLOAD, PAYLOAD_KEY, PAYLOAD_KEY.c.decision_id == PAYLOAD.c.decision_id, isouter=True)
    .where(PAYLOAD.c.decision_id.in_(bindparam("names", expanding=True)))
)
_PARTS: Final = ("decision", "event", "request")  # the first that names a firm tells


class Unfiled(NamedTuple):
    """A decision or event that no table files under a firm.

    Parameters
    ----------
    tenant, decision_id : str
        Whose, and which.
    stored : bytes
        What is stored of it, as it is.
    content : dict or None
        What was recorded; None if that cannot be read.
    """

    tenant: str
    decision_id: str
    stored: bytes
    content: dict[str, Any] | None

    def is_of(self, enterprise_id: str) -> bool:
        """Return whether it is of a firm; of what cannot be read, whether the firm's name is in it."""
        if self.content is None:
            return canonical_bytes(enterprise_id) in self.stored
        parts = [part for name in _PARTS if isinstance(part := self.content.get(name), dict)]
        firms = (firm for part in parts if (firm := part.get("enterprise_id")) is not None)
        return next(firms, None) == enterprise_id


def unfiled(connection: Connection, tenant: str | None, before: str | None = None) -> Iterator[Unfiled]:
    """Yield what is filed under no firm and not erased, of one tenant or of all, before a time or ever."""
    query = _UNFILED if tenant is None else _UNFILED.where(CHAIN.c.tenant == tenant)
    query = query if before is None else query.where(CHAIN.c.recorded_at < before)
    owners = {name: owner for owner, name in connection.execute(query)}
    erased = erased_names(connection) if owners else frozenset()
    names = [name for name in owners if name not in erased]
    for start in range(0, len(names), _AT_ONCE):
        for name, stored, key in connection.execute(_STORED, {"names": names[start : start + _AT_ONCE]}):
            try:
                content = _content(name, stored, key)
            except (LedgerError, ValueError):
                yield Unfiled(owners[name], name, stored, None)
            else:
                if content is not None:
                    yield Unfiled(owners[name], name, stored, content)


def _content(name: str, stored: bytes, key: bytes | None) -> dict[str, Any] | None:
    """Return what was recorded; None of what is sealed and has no key, which nobody can read."""
    found = opened(name, stored, key)
    if found is None:
        return None
    content = orjson.loads(found[0])
    if not isinstance(content, dict):
        raise ValueError
    return content
