"""What both clients make of their arguments, and of the failure of an attempt."""

from __future__ import annotations

from typing import Any, TypedDict

import httpx

from icsml.client.arguments import base_url, bearer, require_timeout
from icsml.client.call import Call, NoAnswer, Outcome
from icsml.client.retries import seconds_to_wait

__all__ = ["HttpSettings", "asked_to_wait", "http_settings", "no_answer", "request_arguments"]

_HOPELESS = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)


class HttpSettings(TypedDict):
    """What an HTTP client is made with."""

    base_url: httpx.URL
    headers: dict[str, str]
    timeout: float


def http_settings(url: str, key: str, timeout: float) -> HttpSettings:
    """Return what an HTTP client is made with; errors are those of the arguments."""
    return {
        "base_url": base_url(url),
        "headers": {"Authorization": bearer(key), "Accept-Encoding": "identity", "User-Agent": "icsml-client"},
        "timeout": require_timeout(timeout),
    }


def request_arguments(call: Call[Any], timeout: float) -> dict[str, Any]:
    """Return the arguments of one attempt."""
    return {
        "method": call.method,
        "url": call.path,
        "params": dict(call.params) or None,
        "content": call.body,
        "headers": call.headers,
        "timeout": timeout,
    }


def no_answer(error: httpx.HTTPError) -> NoAnswer:
    """Return how an attempt failed: the name only, since the message may contain a header."""
    repeatable = isinstance(error, httpx.TransportError) and not isinstance(error, _HOPELESS)
    return NoAnswer(type(error).__name__, repeatable)


def asked_to_wait(outcome: Outcome) -> float | None:
    """Return the seconds that the service asked to wait."""
    return None if isinstance(outcome, NoAnswer) else seconds_to_wait(outcome.headers.get("Retry-After"))
