"""The short way of the one request that is sent most: a record to decide on, in the form that clients send.

FastAPI resolves, for each request, what a route depends on; that costs as much as a decision. So a request that needs
no explanation is taken here. Any other (a header or a parameter that may be wrong, another way to write a key) is left
to FastAPI's route of the same path, which also describes it in the OpenAPI document.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.requests import Request
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from icsml.serving.admission import admit
from icsml.serving.assessing import assess
from icsml.serving.keys import Operation
from icsml.serving.routes.assessments import PATH, created
from icsml.serving.service import Service, receive_record

__all__ = ["DirectRoute"]

_KEY = re.compile(rb"[Bb]earer ([!-~]+)")
_NAME = re.compile(rb"[!-~]{1,255}")
_RECOURSE = {b"": None, b"recourse=true": True, b"recourse=false": False}


@dataclass(frozen=True, slots=True)
class _Plain:
    """What is said of a record in header and query."""

    key: str
    idempotency_key: str | None
    recourse: bool | None

    @classmethod
    def of(cls, scope: Scope) -> _Plain | None:
        """Return it, or None if FastAPI should look at it."""
        query, key, name = scope["query_string"], None, None
        for header, value in scope["headers"]:
            if header == b"authorization":
                key = _KEY.fullmatch(value)
            elif header == b"idempotency-key":
                name = value
        if key is None or query not in _RECOURSE or not (name is None or _NAME.fullmatch(name)):
            return None
        return cls(key[1].decode(), name and name.decode(), _RECOURSE[query])


class DirectRoute(BaseRoute):
    """``POST /v1/assessments`` of a plain request.

    Parameters
    ----------
    service : Service
        The parts of the process.
    """

    path = PATH

    def __init__(self, service: Service) -> None:
        self._service = service

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Take a request that is plain; no other."""
        here = scope["type"] == "http" and scope["path"] == PATH and not scope.get("root_path")
        if here and scope["method"] == "POST":
            plain = _Plain.of(scope)
            if plain is not None:
                return Match.FULL, {"route": self, "icsml.plain": plain}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Decide, as `icsml.serving.routes.assessments.create_assessment` does."""
        request, plain, service = Request(scope, receive), scope["icsml.plain"], self._service
        caller = admit(request, service.keys, plain.key)
        caller.require(Operation.ASSESS)
        body = await receive_record(request, service)
        recorded = await assess(service, caller, body, plain.idempotency_key, recourse=plain.recourse)
        await created(scope, recorded)(scope, receive, send)
