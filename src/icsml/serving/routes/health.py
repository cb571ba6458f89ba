"""Liveness and readiness; neither requires a key, neither returns anything of a tenant."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from icsml.serving.openapi import problems
from icsml.serving.problems import RequestError
from icsml.serving.service import TheService

__all__ = ["Health", "ModelIdentity", "Readiness", "health_router"]


class Health(BaseModel):
    """State of the process."""

    status: Literal["ok"]


class ModelIdentity(BaseModel):
    """A model: its name, its version in the registry (null for a bundle folder) and the hash of its bundle."""

    name: str
    version: str | None
    bundle_sha256: str


class Readiness(BaseModel):
    """State of the process, and the model that decides in it."""

    status: Literal["ok"]
    model: ModelIdentity


async def live() -> Health:
    """Answer as long as the process lives."""
    return Health(status="ok")


async def _can_decide(service: TheService) -> None:
    service.keys.require_keys()
    if not service.recorder.ready():
        raise RequestError(HTTPStatus.SERVICE_UNAVAILABLE, "ICS-SRV-013", "the ledger does not answer", field="ledger")


async def ready(_: Annotated[None, Depends(_can_decide)], service: TheService) -> Readiness:
    """Answer as long as a model is loaded, somebody has a key, and a decision can be recorded: send traffic then."""
    return Readiness(status="ok", model=ModelIdentity.model_validate(service.models.live.identity))


def health_router() -> APIRouter:
    """Return the router of ``/healthz`` and ``/readyz``."""
    router = APIRouter(tags=["health"])
    router.add_api_route("/healthz", live, methods=["GET"], summary="Does the process live?")
    for path, answer in (("/healthz", live), ("/readyz", ready)):  # some probes send HEAD
        router.add_api_route(path, answer, methods=["HEAD"], include_in_schema=False)
    router.add_api_route(
        "/readyz",
        ready,
        methods=["GET"],
        summary="Can it decide and record?",
        responses=problems(HTTPStatus.SERVICE_UNAVAILABLE),
    )
    return router
