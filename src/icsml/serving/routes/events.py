"""What happens after a decision: overrides, outcomes, corrections and objections, each recorded in the chain."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from icsml.core.canonical import canonical_bytes, digest
from icsml.core.strict_json import JsonObject
from icsml.errors import IcsmlError
from icsml.ledger.entry import Entry, Recorded
from icsml.model.bundle import Bundle
from icsml.records.decision import Decision
from icsml.records.events import Correction, Event, Events, Objection, Outcomes, Override, RecordedOutcomes
from icsml.serving.etag import NOT_MODIFIED, tagged
from icsml.serving.keys import Caller
from icsml.serving.openapi import model_body, problems
from icsml.serving.outcomes import key_of, require_acceptable, told_of
from icsml.serving.problems import RequestError, no_such_assessment
from icsml.serving.redeciding import decide_again, recorded_decision
from icsml.serving.routes.assessments import CREATING, PATH, DecisionId, IdempotencyKey, created
from icsml.serving.service import Assessor, BatchBody, Body, Reader, Service, TheService
from icsml.serving.validated import validated

__all__ = ["events_router"]

_OF_DECISION: Final = (*CREATING, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.GONE)


async def override_assessment(
    caller: Assessor,
    service: TheService,
    decision_id: DecisionId,
    body: Body,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Record that an officer decides otherwise than the assessment suggests; the assessment stays as it is."""
    override = validated(Override, body)
    payload = await recorded_decision(service, caller, decision_id)
    _require_second(override, payload, service.settings.override_limit_cny)
    told = override.model_dump(mode="json", exclude_none=True)
    entry = _entry(
        service, caller, "override", decision_id, payload["decision"]["enterprise_id"], told, idempotency_key
    )
    (recorded,) = await _recorded(service, [entry])
    return _json(recorded.decision_bytes, recorded.replayed)


async def record_outcomes(
    caller: Assessor, service: TheService, body: BatchBody, idempotency_key: IdempotencyKey = None
) -> Response:
    """Record what became of firms: all of them, or none where one is not acceptable."""
    outcomes = validated(Outcomes, body).outcomes
    live, now = service.models.live, service.clock()
    all_of_them = digest([told_of(one) for one in outcomes])
    requests = [{"outcomes": all_of_them, "position": position} for position in range(len(outcomes))]

    def require() -> None:
        key = key_of(idempotency_key, 0)
        if key is None or service.ledger.earlier(caller.tenant, key, digest(requests[0])) is None:
            require_acceptable(service.ledger, caller.tenant, outcomes, now=now, live=live)

    await service.readers.run(require)
    first: str | None = None
    entries: list[Entry] = []
    for position, one in enumerate(outcomes):
        told = {name: value for name, value in told_of(one).items() if name != "decision_id"}
        key, request = key_of(idempotency_key, position), requests[position]
        entry = _entry(service, caller, "outcome", one.decision_id, one.enterprise_id, told, key, request, first)
        first = first or entry.decision_id
        entries.append(entry)
    recorded = await _recorded(service, entries)
    content = b'{"events":[' + b",".join(one.decision_bytes for one in recorded) + b"]}"
    return _json(content, all(one.replayed for one in recorded))


async def correct_assessment(
    request: Request,
    caller: Assessor,
    service: TheService,
    decision_id: DecisionId,
    body: Body,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Decide on a corrected record; both decisions are kept, and the new one refers to the earlier."""
    correction = validated(Correction, body)
    told = {"reason": correction.reason, "user": correction.user}
    recorded = await decide_again(
        service, caller, decision_id, "correction", record=correction.record, told=told, key=idempotency_key
    )
    return created(request.scope, recorded)


async def object_to_assessment(
    request: Request,
    caller: Assessor,
    service: TheService,
    decision_id: DecisionId,
    body: Body,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Record an objection of the firm and decide anew; both decisions are kept, and the new one refers to the other."""
    objection = validated(Objection, body)
    told = {"statement": objection.statement, "user": objection.user}
    recorded = await decide_again(
        service, caller, decision_id, "objection", record=objection.record, told=told, key=idempotency_key
    )
    return created(request.scope, recorded)


async def read_events(request: Request, caller: Reader, service: TheService, decision_id: DecisionId) -> Response:
    """Return what happened after a decision of one's own tenant, in the order recorded."""

    def read() -> list[JsonObject] | None:
        known = service.ledger.has(caller.tenant, decision_id)
        return service.ledger.events(caller.tenant, decision_id) if known else None

    events = await service.readers.run(read)
    if events is None:
        raise no_such_assessment()
    return tagged(request, canonical_bytes({"decision_id": decision_id, "events": events}), "application/json")


def events_router(bundle: Bundle) -> APIRouter:
    """Return the router of what happens after a decision; documented records are what this bundle accepts."""
    router = APIRouter(tags=["after a decision"])
    again = problems(*_OF_DECISION)
    router.add_api_route(
        PATH + "/{id}/override",
        override_assessment,
        methods=["POST"],
        status_code=HTTPStatus.CREATED,
        response_model=Event,
        summary="Override an assessment",
        responses={int(HTTPStatus.OK): _again(Event), **again},
        openapi_extra=model_body(Override),
    )
    for name, endpoint, model, summary in (
        ("correction", correct_assessment, Correction, "Correct the record of an assessment"),
        ("objection", object_to_assessment, Objection, "Object to an assessment"),
    ):
        router.add_api_route(
            f"{PATH}/{{id}}/{name}",
            endpoint,
            methods=["POST"],
            status_code=HTTPStatus.CREATED,
            response_model=Decision,
            summary=summary,
            responses={int(HTTPStatus.OK): _again(Decision), **again},
            openapi_extra=model_body(model, extras=bundle.extras, dated=bundle.dated),
        )
    router.add_api_route(
        PATH + "/{id}/events",
        read_events,
        methods=["GET"],
        response_model=Events,
        summary="What happened after an assessment",
        responses=NOT_MODIFIED
        | problems(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE),
    )
    router.add_api_route(
        "/v1/outcomes",
        record_outcomes,
        methods=["POST"],
        status_code=HTTPStatus.CREATED,
        response_model=RecordedOutcomes,
        summary="Record what became of firms",
        responses={
            int(HTTPStatus.OK): _again(RecordedOutcomes),
            **problems(*CREATING, HTTPStatus.CONFLICT, HTTPStatus.GONE),
        },
        openapi_extra=model_body(Outcomes),
    )
    return router


def _again(model: type) -> JsonObject:
    return {"model": model, "description": "Recorded earlier under the same idempotency key and body."}


def _require_second(override: Override, payload: JsonObject, limit: float) -> None:
    """Ask for a second authority above the limit, and where nothing says how much is decided on."""
    amount = override.amount_cny
    if amount is None:
        amount = payload["request"].get("application_amount_cny")
    if override.second_user is not None or (amount is not None and amount <= limit):
        return
    if amount is None:
        message = f"the amount is not known: a second authority is needed, or an amount up to {limit:,.16g} yuan"
        remedy = "name the second authority, or the amount in amount_cny"
    else:
        message = f"a second authority is needed above {limit:,.16g} yuan"
        remedy = "name another person, who decides with `user`"
    raise RequestError(HTTPStatus.UNPROCESSABLE_ENTITY, "ICS-SRV-058", message, field="second_user", remedy=remedy)


def _entry(
    service: Service,
    caller: Caller,
    kind: str,
    decision_id: str | None,
    enterprise_id: str | None,
    told: JsonObject,
    key: str | None,
    request: JsonObject | None = None,
    first: str | None = None,
) -> Entry:
    about = {"kind": kind, "decision_id": decision_id}
    event = {**told, **about, "event_id": service.new_id(), "key_id": caller.key_id}
    return Entry.of_event(
        caller.tenant,
        event,
        enterprise_id=enterprise_id,
        idempotency_key=key,
        request=request or {**told, **about},
        first=first,
    )


async def _recorded(service: Service, entries: Sequence[Entry]) -> list[Recorded]:
    service.recorder.require_open()
    recorded: list[Recorded] = []
    for outcome in await service.recorder.record_all(entries):
        if isinstance(outcome, IcsmlError):
            raise outcome
        recorded.append(outcome)
    return recorded


def _json(content: bytes, known: Any) -> Response:  # noqa: ANN401 - truth of it
    return Response(content, HTTPStatus.OK if known else HTTPStatus.CREATED, media_type="application/json")
