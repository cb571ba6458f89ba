"""Headers: which requests are refused for theirs, and which every answer has."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from icsml.serving.problems import RequestError, refusal

__all__ = ["HeaderRules", "add_security_headers"]

_ONCE = {
    name.lower().encode(): name
    for name in ("Authorization", "Content-Length", "Content-Type", "Host", "Idempotency-Key")
}
_NO_SOURCE = b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_ALWAYS = [
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
]
_DATA = [*_ALWAYS, (b"content-security-policy", _NO_SOURCE)]
# A page has its style sheet within itself and widths of bars in attributes; it loads nothing and runs nothing.
_PAGE = [*_ALWAYS, (b"content-security-policy", _NO_SOURCE + b"; style-src 'unsafe-inline'; img-src data:")]


class HeaderRules:
    """ASGI middleware: refuses a request that the proxy in front could have read in another way.

    Parameters
    ----------
    app : ASGIApp
        The application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        fault = _fault(scope["headers"]) if scope["type"] == "http" else None
        if fault is None:
            await self._app(scope, receive, send)
        else:
            await refusal(Request(scope), fault)(scope, receive, send)


def add_security_headers(message: Message) -> None:
    """Add the headers of every answer to a message that starts one."""
    headers = message["headers"] = list(message.get("headers", ()))
    is_page = any(name == b"content-type" and value.startswith(b"text/html") for name, value in headers)
    headers += _PAGE if is_page else _DATA


def _fault(headers: list[tuple[bytes, bytes]]) -> RequestError | None:
    seen = set()
    for name, value in headers:
        if name in _ONCE:
            if name in seen:
                return _twice(_ONCE[name])
            seen.add(name)
        elif name == b"content-encoding" and value.strip().lower() != b"identity":
            return RequestError(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
                "ICS-SRV-042",
                "a body that is compressed or otherwise encoded is not read",
                field="Content-Encoding",
                remedy="send the body as it is",
            )
    return None


def _twice(name: str) -> RequestError:
    return RequestError(
        HTTPStatus.BAD_REQUEST, "ICS-SRV-041", "stands more than once", field=name, remedy="send it once"
    )
