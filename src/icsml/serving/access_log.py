"""Access log in JSON, and the handler of unexpected errors; neither contains a value of a record."""

from __future__ import annotations

import logging
import time
import uuid
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from icsml.serving.headers import add_security_headers
from icsml.serving.logs import ACCESS_LOGGER, FAILURE_LOGGER, failure, line
from icsml.serving.metrics import Metrics
from icsml.serving.problems import unexpected

__all__ = ["AccessLog"]

_ACCESS, _FAILURE = logging.getLogger(ACCESS_LOGGER), logging.getLogger(FAILURE_LOGGER)
_CLIENT_CLOSED_REQUEST = 499
_ONE_DECISION, _CREATED = "/v1/assessments", 201
_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"})


class AccessLog:
    """ASGI middleware: gives each request an id, logs it, and turns an unexpected error into a bare 500.

    Parameters
    ----------
    app : ASGIApp
        The application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state: dict[str, Any] = scope.setdefault("state", {})
        state["request_id"] = str(uuid.uuid4())
        answer = _Answer(send, state["request_id"])
        started = time.perf_counter()
        try:
            await self._app(scope, receive, answer)
        except ClientDisconnect:
            answer.status = _CLIENT_CLOSED_REQUEST
        except Exception as error:
            state["failure"] = failure(error)
            if not answer.status:
                await unexpected(Request(scope))(scope, receive, answer)
        finally:
            _log_failure(state)
            seconds = time.perf_counter() - started
            _log_access(scope, answer.status, seconds)
            _measure(scope, answer.status, seconds)


def _measure(scope: Scope, status: int, seconds: float) -> None:
    metrics: Metrics = scope["app"].state.service.metrics
    route = getattr(scope.get("route"), "path", None)
    metrics.request(route, status)
    if route == _ONE_DECISION and status == _CREATED:
        metrics.stage("whole", seconds)


class _Answer:
    """Passes an answer on, notes its status and adds the headers that every answer has."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id.encode()
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            add_security_headers(message)
            message["headers"].append((b"x-request-id", self._request_id))
        await self._send(message)


def _log_access(scope: Scope, status: int, seconds: float) -> None:
    state, method = scope["state"], scope["method"]
    refused = {"refused": state["refused"]} if "refused" in state else {}
    if not _ACCESS.isEnabledFor(logging.INFO):
        return
    written = line(
        "request",
        request_id=state["request_id"],
        tenant=state.get("tenant"),
        key_id=state.get("key_id"),
        method=method if method in _METHODS else "other",
        route=getattr(scope.get("route"), "path", None),
        status=status,
        ms=round(seconds * 1000, 3),
        **refused,
    )
    # Not by `info`, which looks for the place of the call.
    _ACCESS.handle(logging.LogRecord(ACCESS_LOGGER, logging.INFO, "", 0, written, None, None))


def _log_failure(state: dict[str, Any]) -> None:
    if (facts := state.get("failure")) is not None:
        _FAILURE.error(line("failure", "error", request_id=state["request_id"], **facts))
