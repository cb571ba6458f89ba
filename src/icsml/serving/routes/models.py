"""``/v1/models/current``: the model that decides now."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from icsml.serving.etag import NOT_MODIFIED, tagged
from icsml.serving.openapi import problems
from icsml.serving.service import AnyCaller, TheService

__all__ = ["CurrentModel", "models_router"]


class CurrentModel(BaseModel):
    """The model that decides in the process that answers."""

    name: str
    version: str | None = Field(description="version in the registry; null for a bundle folder")
    bundle_sha256: str
    event: str | None = Field(description="what the PD is the probability of; null if the model does not say")
    horizon_months: int | None = Field(description="within how many months; null if the model does not say")
    loaded_at: datetime = Field(description="when it was ready to decide, UTC")


async def current_model(request: Request, _: AnyCaller, service: TheService) -> Response:
    """Name the model that a request sent now is decided by."""
    model = CurrentModel.model_validate(service.models.live.description)
    return tagged(request, model.model_dump_json().encode(), "application/json")


def models_router() -> APIRouter:
    """Return the router of ``/v1/models``."""
    router = APIRouter(tags=["models"])
    router.add_api_route(
        "/v1/models/current",
        current_model,
        methods=["GET"],
        response_model=CurrentModel,
        summary="Which model decides now?",
        responses=NOT_MODIFIED | problems(HTTPStatus.UNAUTHORIZED, HTTPStatus.SERVICE_UNAVAILABLE),
    )
    return router
