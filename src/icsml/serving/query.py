"""Query parameters: a path takes those that it documents, each of them once."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus

from fastapi import Request
from fastapi.routing import APIRoute

from icsml.serving.problems import RequestError

__all__ = ["require_known_parameters"]


def require_known_parameters(request: Request) -> None:
    """Refuse a parameter that the path does not take, or that stands twice: it would change nothing, in silence.

    Raises
    ------
    RequestError
        422 ``ICS-SRV-011``.
    """
    sent = Counter(name for name, _ in request.query_params.multi_items())
    if not sent:
        return
    route: APIRoute = request.scope["route"]
    known = {parameter.alias for parameter in route.dependant.query_params}
    for name, times in sent.items():
        if name not in known:
            remedy = f"it takes {', '.join(sorted(known))}" if known else "it takes none"
            raise _fault(name, "this path takes no such parameter", remedy)
        if times > 1:
            raise _fault(name, "stands more than once", "send it once")


def _fault(name: str, message: str, remedy: str) -> RequestError:
    return RequestError(HTTPStatus.UNPROCESSABLE_ENTITY, "ICS-SRV-011", message, field=f"query.{name}", remedy=remedy)
