"""``/v1/innovation-scores``: points by a rulebook, without a decision."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date
from http import HTTPStatus
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Response

from icsml.decision.innovation_only import innovation_only
from icsml.errors import InputError, MissingError
from icsml.innovation.rulebooks.rulebook import Outline, Rulebook
from icsml.innovation.rulebooks.timeline import in_force_on
from icsml.model.bundle import Bundle
from icsml.records.enterprise import parse_record
from icsml.records.innovation_points import InnovationPoints
from icsml.serving.openapi import problems, record_body
from icsml.serving.problems import RequestError
from icsml.serving.routes.assessments import CREATING
from icsml.serving.routes.rulebooks import no_such_rulebook, rulebooks_of
from icsml.serving.service import Assessor, Body, Service, TheService

__all__ = ["innovation_scores_router"]

_DOCUMENTED_ONLY = "ICS-RUL-021"
_RulebookId = Annotated[
    str | None,
    Query(
        alias="rulebook",
        description="`id` of the rules. By default those of the model that decides; if it has none, the national rules "
        "in force on `as_of`.",
        examples=["national-2025"],
    ),
]


async def score_innovation(_: Assessor, service: TheService, body: Body, rulebook: _RulebookId = None) -> Response:
    """Give one record points by a rulebook. Nothing is decided, recorded or kept, and there is no PD."""
    content = await run_sync(lambda: _points(service, body, rulebook))
    return Response(content, media_type="application/json")


def innovation_scores_router(bundle: Bundle) -> APIRouter:
    """Return the router of ``/v1/innovation-scores``; its documented body is what this bundle accepts."""
    refusals = problems(*CREATING, HTTPStatus.NOT_FOUND)
    refusals[int(HTTPStatus.NOT_FOUND)]["description"] = "There is no such rulebook."
    router = APIRouter(tags=["rulebooks"])
    router.add_api_route(
        "/v1/innovation-scores",
        score_innovation,
        methods=["POST"],
        response_model=InnovationPoints,
        summary="Innovation points of one enterprise; nothing is recorded",
        responses=refusals,
        openapi_extra=record_body(bundle.extras, dated=bundle.dated or bundle.rulebook is None),
    )
    return router


def _points(service: Service, body: Any, name: str | None) -> bytes:  # noqa: ANN401 - any JSON value
    bundle, record = service.models.live.bundle, parse_record(body)
    rules = bundle.rulebook if name is None else None
    rules = rules or _rules(service, name, record.as_of)
    return innovation_only(bundle, record, rules, service.clock().astimezone(UTC).date())


def _rules(service: Service, name: str | None, as_of: date | None) -> Rulebook:
    editions = rulebooks_of(service).editions
    if name is None:
        if as_of is None:
            raise InputError(
                "ICS-RUL-011",
                "absent, and the model has no rulebook of its own",
                field="as_of",
                remedy="give the date, whose rules are then used, or name a `rulebook`",
            )
        return _in_force(editions.values(), as_of)
    if name not in editions:
        raise no_such_rulebook("query.rulebook")
    edition = editions[name]
    if isinstance(edition, Outline):
        raise _documented_only("query.rulebook")
    return edition


def _in_force(editions: Iterable[Rulebook | Outline], as_of: date) -> Rulebook:
    try:
        return in_force_on(editions, as_of)
    except MissingError as error:
        raise _documented_only("as_of") from error


def _documented_only(field: str) -> RequestError:
    return RequestError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        _DOCUMENTED_ONLY,
        "these rules are documented only: no points can be given by them",
        field=field,
        remedy="name a `rulebook` that is `evaluable` in GET /v1/rulebooks",
    )
