"""``/v1/assessments``: decide on a record, read a decision back, as JSON or as a page to file."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import HTMLResponse
from starlette.types import Scope

from icsml.core.strict_json import JsonObject
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.ledger.entry import Recorded
from icsml.ledger.payload import parse_decision
from icsml.model.bundle import Bundle
from icsml.records.decision import Decision
from icsml.serving.assessing import assess
from icsml.serving.etag import NOT_MODIFIED, tagged
from icsml.serving.language import IN_LANGUAGE, asked_language, in_language
from icsml.serving.links import LINKS, with_links
from icsml.serving.openapi import EXAMPLE_ID, problems, record_body
from icsml.serving.problems import no_such_assessment
from icsml.serving.service import Assessor, Auditor, Body, Reader, Service, TheService
from icsml.texts.languages import Language

__all__ = [
    "CREATING",
    "NO_ACCESS",
    "PATH",
    "DecisionId",
    "IdempotencyKey",
    "WithRecourse",
    "assessments_router",
    "created",
    "wanted",
]

PATH = "/v1/assessments"
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        examples=["loan-4711"],
        min_length=1,
        max_length=255,
        pattern=r"^[!-~]+$",
        description="Names this request: sent again with the same body, it gives the recorded decision again.",
    ),
]
DecisionId = Annotated[str, Path(alias="id", description="`decision_id` of the decision", examples=[EXAMPLE_ID])]
WithRecourse = Annotated[
    Literal["true", "false"] | None,
    Query(
        alias="recourse",
        examples=["true"],
        description="Whether the decision looks for recourse, whatever the grade. By default as the service is set.",
    ),
]
_Lang = Annotated[
    Language | None,
    Query(description="Language of the page; by default as `Accept-Language` asks.", examples=["zh"]),
]
_AcceptLanguage = Annotated[
    str | None,
    Header(alias="Accept-Language", description="Languages, with quality values.", examples=["zh-CN,zh;q=0.9"]),
]
_CREATED = {
    "description": "Decided and recorded.",
    "headers": {"Location": {"description": "Path of the decision.", "schema": {"type": "string"}}},
}
NO_ACCESS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
CREATING = (
    *NO_ACCESS,
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
"""Errors of a path that takes a body and decides."""
_READING = (*NO_ACCESS, HTTPStatus.NOT_FOUND, HTTPStatus.GONE, HTTPStatus.SERVICE_UNAVAILABLE)
_NOT_MODIFIED: dict[int | str, JsonObject] = {
    status: {**documented, "headers": documented["headers"] | LINKS} for status, documented in NOT_MODIFIED.items()
}
_AGAIN = {**_CREATED, "model": Decision, "description": "Recorded earlier under the same idempotency key and body."}


async def create_assessment(
    request: Request,
    caller: Assessor,
    service: TheService,
    body: Body,
    idempotency_key: IdempotencyKey = None,
    recourse: WithRecourse = None,
) -> Response:
    """Decide on one record; the decision is in the ledger before this answer leaves."""
    recorded = await assess(service, caller, body, idempotency_key, recourse=wanted(recourse))
    return created(request.scope, recorded)


async def read_assessment(
    request: Request,
    caller: Reader,
    service: TheService,
    decision_id: DecisionId,
) -> Response:
    """Read a decision of one's own tenant, byte for byte as it was given."""
    found = await service.readers.run(lambda: service.ledger.decision(caller.tenant, decision_id))
    if found is None:
        raise no_such_assessment()
    return with_links(tagged(request, found.decision_bytes, "application/json"), request.scope, PATH, found)


async def report_assessment(
    request: Request,
    caller: Auditor,
    service: TheService,
    decision_id: DecisionId,
    lang: _Lang = None,
    accepted: _AcceptLanguage = None,
) -> Response:
    """Return a decision of one's own tenant as a page that opens offline, the same bytes each time."""
    decision = await _recorded(service, caller.tenant, decision_id)
    language = lang or asked_language(request)
    page = await run_sync(_page, decision, language, service.models.live.bundle.rulebook)
    return in_language(tagged(request, page.encode(), "text/html"), language)


def created(scope: Scope, recorded: Recorded) -> Response:
    """Return the answer that a decision was recorded."""
    return _json(
        recorded.decision_bytes,
        HTTPStatus.OK if recorded.replayed else HTTPStatus.CREATED,
        {"Location": f"{scope.get('root_path', '')}{PATH}/{recorded.decision_id}"},
    )


def wanted(recourse: str | None) -> bool | None:
    """Return what a parameter ``recourse`` asks for; None without it."""
    return None if recourse is None else recourse == "true"


def assessments_router(bundle: Bundle) -> APIRouter:
    """Return the router of ``/v1/assessments``; its documented body is what this bundle accepts."""
    router = APIRouter(tags=["assessments"])
    _add_create(router, bundle)
    router.add_api_route(
        PATH + "/{id}",
        read_assessment,
        methods=["GET"],
        response_model=Decision,
        summary="Read a decision",
        responses={int(HTTPStatus.OK): {"headers": LINKS}} | _NOT_MODIFIED | problems(*_READING),
    )
    router.add_api_route(
        PATH + "/{id}/report",
        report_assessment,
        methods=["GET"],
        response_class=HTMLResponse,
        summary="A decision as a page to file",
        responses={int(HTTPStatus.OK): {"headers": IN_LANGUAGE}} | NOT_MODIFIED | problems(*_READING),
    )
    return router


def _add_create(router: APIRouter, bundle: Bundle) -> None:
    refusals = problems(*CREATING, HTTPStatus.CONFLICT, HTTPStatus.GONE)
    router.add_api_route(
        PATH,
        create_assessment,
        methods=["POST"],
        status_code=HTTPStatus.CREATED,
        response_model=Decision,
        summary="Assess one enterprise",
        responses={int(HTTPStatus.CREATED): _CREATED, int(HTTPStatus.OK): _AGAIN, **refusals},
        openapi_extra=record_body(bundle.extras, dated=bundle.dated),
    )


async def _recorded(service: Service, tenant: str, decision_id: str) -> bytes:
    decision = await service.readers.run(lambda: service.ledger.decision_bytes(tenant, decision_id))
    if decision is None:
        raise no_such_assessment()
    return decision


def _page(decision: bytes, lang: Language, rulebook: Rulebook | None) -> str:
    from icsml.reports.decision_page import decision_page  # the first request for a page loads what renders it

    return decision_page(parse_decision(decision), lang, rulebook=rulebook)


def _json(content: bytes, status: HTTPStatus, headers: dict[str, str] | None = None) -> Response:
    return Response(content, status, headers=headers, media_type="application/json")
