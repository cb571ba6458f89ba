"""Outcomes of firms, which are filed under their firm: also those that name no decision."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, select

from icsml.core.strict_json import JsonObject
from icsml.ledger.store.chain_tables import CHAIN, EVENT, PAYLOAD, PAYLOAD_KEY
from icsml.ledger.store.reading import content_of

__all__ = ["recorded_outcomes"]

_OF_FIRMS: Final = (
    select(EVENT.c.event_id, CHAIN.c.recorded_at, PAYLOAD_KEY.c.enterprise_id, PAYLOAD_KEY.c.key)
    .add_columns(PAYLOAD.c.bytes, CHAIN.c.payload_sha256)
    .select_from(PAYLOAD_KEY)
    .join(EVENT, EVENT.c.event_id == PAYLOAD_KEY.c.decision_id)
    .join(CHAIN, CHAIN.c.decision_id == EVENT.c.event_id)
    .join(PAYLOAD, PAYLOAD.c.decision_id == EVENT.c.event_id)
    .where(
        PAYLOAD_KEY.c.tenant == bindparam("tenant"),
        PAYLOAD_KEY.c.enterprise_id.in_(bindparam("firms", expanding=True)),
        EVENT.c.kind == "outcome",
    )
    .order_by(CHAIN.c.recorded_at, CHAIN.c.writer, CHAIN.c.sequence)
)


def recorded_outcomes(connection: Connection, tenant: str, enterprise_ids: Sequence[str]) -> list[JsonObject]:
    """Return the outcomes of firms as events with the time recorded, in that order.

    Raises
    ------
    LedgerError
        ``ICS-LED-008`` if one is not what was recorded.
    """
    rows = connection.execute(_OF_FIRMS, {"tenant": tenant, "firms": list(enterprise_ids)})
    return [
        json.loads(content_of(row.event_id, row.bytes, row.payload_sha256, row.key))["event"]
        | {"enterprise_id": row.enterprise_id, "recorded_at": row.recorded_at}
        for row in rows
    ]
