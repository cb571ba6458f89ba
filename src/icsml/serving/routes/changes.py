"""``/v1/assessments/{id}/changes``: what moved since a firm's last decision."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from icsml.core.canonical import canonical_bytes
from icsml.ledger.recorded_changes import recorded_changes
from icsml.records.changes import Changes
from icsml.serving.comparisons import compared, responses
from icsml.serving.etag import NOT_MODIFIED, tagged
from icsml.serving.openapi import EXAMPLE_ID
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


async def read_changes(
    request: Request, caller: Reader, service: TheService, decision_id: _DecisionId, since: _Since = None
) -> Response:
    """Say what moved since the last decision on the same firm: data, rule, model, calibration."""
    found = await compared(service, lambda: _changes(service, caller.tenant, decision_id, since))
    return tagged(request, found, "application/json")


def changes_router() -> APIRouter:
    """Return the router of ``/v1/assessments/{id}/changes``."""
    router = APIRouter(tags=["assessments"])
    router.add_api_route(
        "/v1/assessments/{id}/changes",
        read_changes,
        methods=["GET"],
        response_model=Changes,
        summary="What moved since the last decision on the same firm",
        responses=NOT_MODIFIED | responses("The decisions cannot be compared; `code` says why."),
    )
    return router


def _changes(service: Service, tenant: str, decision_id: str, since: str | None) -> bytes | None:
    found = recorded_changes(service.ledger, service.bundles, decision_id, tenant, since)
    return None if found is None else canonical_bytes(found.model_dump(mode="json"))
