"""Liveness and readiness; neither requires a key, neither returns anything of a tenant or the model."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from icsml.serving.openapi import problems
from icsml.serving.problems import RequestError
from icsml.serving.service import TheService

__all__ = ["Health", "health_router"]


class Health(BaseModel):
    """State of the process."""

    status: Literal["ok"]


async def live() -> Health:
    """Answer as long as the process lives."""
    return Health(status="ok")


async def _ledger_answers(service: TheService) -> None:
    if not service.recorder.ready():
        raise RequestError(HTTPStatus.SERVICE_UNAVAILABLE, "ICS-SRV-013", "the ledger does not answer", field="ledger")


async def ready(_: Annotated[None, Depends(_ledger_answers)]) -> Health:
    """Answer once the model is loaded and as long as the ledger does: send traffic only then."""
    return Health(status="ok")


def health_router() -> APIRouter:
    """Return the router of ``/healthz`` and ``/readyz``."""
    router = APIRouter(tags=["health"])
    router.add_api_route("/healthz", live, methods=["GET"], summary="Does the process live?")
    router.add_api_route(
        "/readyz",
        ready,
        methods=["GET"],
        summary="Can it decide and record?",
        responses=problems(HTTPStatus.SERVICE_UNAVAILABLE),
    )
    return router
