"""``/v1/rulebooks``: the rules by which points are given."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from anyio.to_thread import run_sync
from fastapi import APIRouter, Path, Request, Response

from icsml.core.canonical import canonical_bytes
from icsml.innovation.rulebooks.rulebook import Outline, Rulebook
from icsml.records.rulebook_list import RulebookList
from icsml.serving.etag import NOT_MODIFIED, tagged
from icsml.serving.openapi import problems
from icsml.serving.problems import RequestError
from icsml.serving.rulebooks import Rulebooks
from icsml.serving.service import Reader, Service, TheService

__all__ = ["no_such_rulebook", "rulebooks_of", "rulebooks_router"]

PATH = "/v1/rulebooks"
_NO_SUCH = "ICS-RUL-002"
_RulebookId = Annotated[str, Path(alias="rulebook", description="`id` of the rulebook", examples=["national-2025"])]


async def list_rulebooks(request: Request, _: Reader, service: TheService) -> Response:
    """List every edition that is known here, those that are documented only included."""
    content = await run_sync(lambda: _bytes(rulebooks_of(service).listing()))
    return tagged(request, content, "application/json")


async def read_rulebook(request: Request, _: Reader, service: TheService, rulebook: _RulebookId) -> Response:
    """Return an edition as JSON: what its YAML file states, every part with its provenance."""
    content = await run_sync(lambda: _edition_bytes(service, rulebook))
    return tagged(request, content, "application/json")


def rulebooks_router() -> APIRouter:
    """Return the router of ``/v1/rulebooks``."""
    router = APIRouter(tags=["rulebooks"])
    router.add_api_route(
        PATH,
        list_rulebooks,
        methods=["GET"],
        response_model=RulebookList,
        summary="Which rulebooks are there?",
        responses=NOT_MODIFIED | _problems(),
    )
    router.add_api_route(
        PATH + "/{rulebook}",
        read_rulebook,
        methods=["GET"],
        response_model=Rulebook | Outline,
        summary="A rulebook",
        responses=NOT_MODIFIED | _problems(HTTPStatus.NOT_FOUND),
    )
    return router


def rulebooks_of(service: Service) -> Rulebooks:
    """Return the rulebooks, that of the live model among them; it may read files, so not on the event loop."""
    return service.rulebooks.beside(service.models.live.bundle.rulebook)


def no_such_rulebook(field: str) -> RequestError:
    """Return the refusal of an id that no rulebook has."""
    return RequestError(HTTPStatus.NOT_FOUND, _NO_SUCH, "no such rulebook", field=field, remedy="see GET /v1/rulebooks")


def _problems(*more: HTTPStatus) -> dict[int | str, dict[str, object]]:
    responses = problems(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.SERVICE_UNAVAILABLE, *more)
    if HTTPStatus.NOT_FOUND in more:
        responses[int(HTTPStatus.NOT_FOUND)]["description"] = "There is no such rulebook."
    return responses


def _edition_bytes(service: Service, name: str) -> bytes:
    edition = rulebooks_of(service).editions.get(name)
    if edition is None:
        raise no_such_rulebook("rulebook")
    return _bytes(edition)


def _bytes(content: RulebookList | Rulebook | Outline) -> bytes:
    return canonical_bytes(content.model_dump(mode="json", by_alias=True))
