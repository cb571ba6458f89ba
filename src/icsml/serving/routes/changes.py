"""``/v1/assessments/{id}/changes``: what moved since a firm's last decision."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Response

from icsml.core.canonical import canonical_bytes
from icsml.errors import IcsmlError, MissingError, ModelError
from icsml.ledger.recorded_changes import recorded_changes
from icsml.records.changes import Changes
from icsml.serving.openapi import EXAMPLE_ID, problems
from icsml.serving.problems import RequestError
from icsml.serving.service import Reader, Service, TheService

__all__ = ["changes_router"]

_DecisionId = Annotated[str, Path(alias="id", description="`decision_id` of the later decision", examples=[EXAMPLE_ID])]
_Since = Annotated[
    str | None,
    Query(
        description="`decision_id` of an earlier decision on the same firm; by default the last one before.",
        examples=["2f4f8a6c-9a1d-4d3b-8f57-6b2f0c5e1e90"],
    ),
]
_STATUSES: Final = {
    "ICS-LED-024": HTTPStatus.CONFLICT,
    "ICS-LED-025": HTTPStatus.CONFLICT,
    "ICS-LED-026": HTTPStatus.GONE,
    "ICS-LED-030": HTTPStatus.NOT_FOUND,
    "ICS-LED-032": HTTPStatus.CONFLICT,
}


async def read_changes(caller: Reader, service: TheService, decision_id: _DecisionId, since: _Since = None) -> Response:
    """Say what moved since the last decision on the same firm: data, rule, model, calibration."""
    found = await service.comparisons.run(lambda: _compared(service, caller.tenant, decision_id, since))
    if found is None:
        raise RequestError(HTTPStatus.NOT_FOUND, "ICS-SRV-005", "no such assessment", field="id")
    return Response(found, media_type="application/json")


def changes_router() -> APIRouter:
    """Return the router of ``/v1/assessments/{id}/changes``."""
    router = APIRouter(tags=["assessments"])
    router.add_api_route(
        "/v1/assessments/{id}/changes",
        read_changes,
        methods=["GET"],
        response_model=Changes,
        summary="What moved since the last decision on the same firm",
        responses=_responses(),
    )
    return router


def _responses() -> dict[int | str, dict[str, object]]:
    responses = problems(
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.CONFLICT,
        HTTPStatus.GONE,
        HTTPStatus.SERVICE_UNAVAILABLE,
    )
    responses[int(HTTPStatus.CONFLICT)]["description"] = "The decisions cannot be compared; `code` says why."
    return responses


def _compared(service: Service, tenant: str, decision_id: str, since: str | None) -> bytes | None:
    with _as_answer():
        found = recorded_changes(service.ledger, service.bundles, decision_id, tenant, since)
    return None if found is None else canonical_bytes(found.model_dump(mode="json"))


@contextmanager
def _as_answer() -> Iterator[None]:
    """Give errors of this comparison their status; what a bundle lacks is no fault of the caller."""
    try:
        yield
    except (MissingError, ModelError) as error:
        raise _refused(error, _STATUSES.get(error.code, HTTPStatus.SERVICE_UNAVAILABLE)) from error
    except IcsmlError as error:
        if error.code not in _STATUSES:
            raise
        raise _refused(error, _STATUSES[error.code]) from error


def _refused(error: IcsmlError, status: HTTPStatus) -> RequestError:
    return RequestError(status, error.code, error.message, field=error.field or "id", remedy=error.remedy)
