"""``/v1/assessments/{id}:replay``: decide again on a recorded request, and compare byte for byte."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response

from icsml.core.canonical import canonical_bytes
from icsml.ledger.recorded_replay import replay_one
from icsml.ledger.replay import Replayed
from icsml.records.replays import Replay, ReplayDifference
from icsml.serving.body import require_no_body
from icsml.serving.comparisons import compared, responses
from icsml.serving.openapi import EXAMPLE_ID, problems
from icsml.serving.service import Auditor, Service, TheService

__all__ = ["replays_router"]

_DecisionId = Annotated[str, Path(alias="id", description="`decision_id` of the decision", examples=[EXAMPLE_ID])]
# Of these nothing was decided again, so there is nothing to compare.
_NOT_REPEATABLE: Final = frozenset({"ICS-LED-023", "ICS-LED-025"})


async def replay_assessment(
    request: Request, caller: Auditor, service: TheService, decision_id: _DecisionId
) -> Response:
    """Decide again with the bundle that decided, and compare features and decision; nothing is recorded."""
    await require_no_body(request, seconds=service.settings.body_seconds)
    found = await compared(service, lambda: _replayed(service, caller.tenant, decision_id))
    return Response(found, media_type="application/json")


def replays_router() -> APIRouter:
    """Return the router of ``/v1/assessments/{id}:replay``."""
    router = APIRouter(tags=["assessments"])
    router.add_api_route(
        "/v1/assessments/{id}:replay",
        replay_assessment,
        methods=["POST"],
        response_model=Replay,
        summary="Decide again, and compare byte for byte",
        responses=responses("The payload has no form that can be repeated.") | problems(HTTPStatus.REQUEST_TIMEOUT),
    )
    return router


def _replayed(service: Service, tenant: str, decision_id: str) -> bytes | None:
    found = replay_one(service.ledger, service.bundles, decision_id, tenant)
    return None if found is None else canonical_bytes(_told(found).model_dump(mode="json"))


def _told(found: Replayed) -> Replay:
    error = found.error
    if error is not None and error.code in _NOT_REPEATABLE:
        raise error
    return Replay(
        decision_id=found.decision_id,
        identical=found.identical,
        code=None if error is None else error.code,
        message=None if error is None else error.message + (f" — {error.remedy}" if error.remedy else ""),
        recorded_by=found.recorded_by,
        repeated_by=found.repeated_by,
        differences=[ReplayDifference(path=each.path, kinds=each.kinds) for each in found.differences],
    )
