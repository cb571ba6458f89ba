"""``/metrics``: what the service measures, for Prometheus."""

from __future__ import annotations

from http import HTTPStatus

from anyio.to_thread import run_sync
from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse

from icsml.serving.metrics import MEDIA_TYPE
from icsml.serving.openapi import problems
from icsml.serving.service import Monitor, TheService

__all__ = ["metrics_router"]


async def metrics(_: Monitor, service: TheService) -> Response:
    """Return the measures of all processes in the text format of Prometheus; none names a tenant."""
    return Response(await run_sync(service.metrics.exposition), media_type=MEDIA_TYPE)


def metrics_router() -> APIRouter:
    """Return the router of ``/metrics``."""
    router = APIRouter(tags=["metrics"])
    router.add_api_route(
        "/metrics",
        metrics,
        methods=["GET"],
        response_class=PlainTextResponse,
        summary="Measures for Prometheus",
        responses=problems(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.SERVICE_UNAVAILABLE),
    )
    return router
