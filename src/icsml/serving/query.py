"""Query parameters: a path takes those that it documents, each of them once."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from urllib.parse import unquote_to_bytes

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
    _require_text(request.scope["query_string"])
    known = {parameter.alias for parameter in route.dependant.query_params}
    for name, times in sent.items():
        if name not in known:
            remedy = f"it takes {', '.join(sorted(known))}" if known else "it takes none"
            raise _fault(name, "this path takes no such parameter", remedy)
        if times > 1:
            raise _fault(name, "stands more than once", "send it once")


def _require_text(query: bytes) -> None:
    """Refuse bytes that are no text: they would be read as another one, which nothing has."""
    for pair in query.split(b"&"):
        name, _, value = (unquote_to_bytes(part) for part in pair.partition(b"="))
        try:
            (name + value).decode()
        except UnicodeDecodeError:
            raise _fault(
                name.decode(errors="replace"),
                "is not text in UTF-8, percent-encoded",
                "encode the UTF-8 bytes of the text, as in %E4%B8%AD",
            ) from None


def _fault(name: str, message: str, remedy: str) -> RequestError:
    return RequestError(HTTPStatus.UNPROCESSABLE_ENTITY, "ICS-SRV-011", message, field=f"query.{name}", remedy=remedy)
