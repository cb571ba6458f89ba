"""Deciding anew on a firm because its record was corrected, or because it objects."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Literal

from icsml.core.canonical import canonical_bytes, digest
from icsml.core.strict_json import JsonObject
from icsml.errors import IcsmlError
from icsml.ledger import parse_payload
from icsml.ledger.entry import Entry, Recorded
from icsml.records.enterprise import parse_record
from icsml.records.events import RefersTo
from icsml.serving.deciding import Asked, Because
from icsml.serving.keys import Caller
from icsml.serving.problems import RequestError, no_such_assessment
from icsml.serving.service import Service

__all__ = ["decide_again", "recorded_decision"]


async def recorded_decision(service: Service, caller: Caller, decision_id: str) -> JsonObject:
    """Return the payload of a decision of one's own tenant.

    Raises
    ------
    RequestError
        404 ``ICS-SRV-005`` if there is none.
    """
    found = await service.readers.run(lambda: service.ledger.find_bytes(decision_id, caller.tenant))
    if found is None:
        raise no_such_assessment()
    return dict(parse_payload(found[1]))


async def decide_again(
    service: Service,
    caller: Caller,
    decision_id: str,
    kind: Literal["correction", "objection"],
    *,
    record: Any,  # noqa: ANN401 - any JSON value
    told: JsonObject,
    key: str | None,
) -> Recorded:
    """Decide on a corrected record, or on the earlier one, and record the decision as one that refers to the earlier.

    Parameters
    ----------
    service, caller
        Who asks whom.
    decision_id : str
        The earlier decision, of the caller's tenant.
    kind : str
        Why.
    record : JSON value
        The record as received; None for that of the earlier decision.
    told : dict
        What was said about it; recorded with the decision.
    key : str, optional
        The caller's name for the request.

    Raises
    ------
    RequestError
        404 if there is no such decision, 422 ``ICS-SRV-057`` if the record is of another firm.
    InputError
        If the record is not acceptable.
    ConflictError, LedgerError
        As of an assessment.
    """
    service.recorder.require_open()
    earlier = await recorded_decision(service, caller, decision_id)
    body = earlier["request"] if record is None else record
    parsed = parse_record(body)
    if parsed.enterprise_id != earlier["decision"]["enterprise_id"]:
        raise RequestError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "ICS-SRV-057",
            "is not the firm of the earlier decision",
            field="record.enterprise_id",
            remedy="send the record of that firm",
        )
    because = Because(RefersTo(kind=kind, decision_id=decision_id), told, digest([decision_id, kind, record, told]))
    if key is not None:
        known = await service.readers.run(lambda: service.ledger.earlier(caller.tenant, key, because.request_sha256))
        if known is not None:
            return known
    (entry,) = service.decider.entries([Asked(caller, parsed, canonical_bytes(body), key, None, because)])
    if not isinstance(entry, Entry):
        raise entry
    (outcome,) = await service.recorder.record_all([entry])
    if isinstance(outcome, IcsmlError):
        raise outcome
    return outcome
