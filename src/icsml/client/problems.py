"""Answers that are refusals: problem details of the service, or something else in its place, as errors."""

from __future__ import annotations

import re
import uuid
from typing import Any, Final

import httpx

from icsml.client.answers import Problem
from icsml.client.errors import ClientError, error_of_status
from icsml.client.retries import REPEATABLE, seconds_to_wait

__all__ = ["SEND_AGAIN", "foreign", "media_type", "problem_of", "refused", "request_id_of"]

SEND_AGAIN: Final = "send the same request again, with the same idempotency key if it decides"
"""What to do where another attempt may succeed."""

_CODE: Final = re.compile(r"ICS-[A-Z]{3}-[0-9]{3}")


def request_id_of(answer: httpx.Response) -> str | None:
    """Return the identifier of a request, if it is one."""
    try:
        return str(uuid.UUID(answer.headers.get("X-Request-Id", "")))
    except ValueError:
        return None


def media_type(answer: httpx.Response) -> str:
    """Return the media type of an answer, without its parameters."""
    found: str = answer.headers.get("Content-Type", "")
    return found.partition(";")[0].strip().lower()


def problem_of(content: Any, status: int, request_id: str | None) -> Problem | None:  # noqa: ANN401 - any JSON value
    """Read problem details; None if they are not those of this service."""
    if not isinstance(content, dict):
        return None
    code, detail, faults = content.get("code"), content.get("detail"), content.get("errors", [])
    if not (isinstance(code, str) and _CODE.fullmatch(code) and isinstance(detail, str) and isinstance(faults, list)):
        return None
    errors = tuple((str(fault.get("field")), str(fault.get("message"))) for fault in faults if isinstance(fault, dict))
    return Problem(status, code, detail, errors, request_id)


def refused(answer: httpx.Response) -> ClientError:
    """Return the error of an answer that refuses what was asked."""
    problem = _told(answer)
    if problem is None:
        return foreign(answer)
    kind = error_of_status(answer.status_code, repeatable=answer.status_code in REPEATABLE)
    error = kind(problem.code, problem.detail, details=problem.errors)
    return _described(error, answer)


def _told(answer: httpx.Response) -> Problem | None:
    if media_type(answer) != "application/problem+json":
        return None
    try:
        return problem_of(answer.json(), answer.status_code, request_id_of(answer))
    except (ValueError, RecursionError):
        return None


def foreign(answer: httpx.Response) -> ClientError:
    """Return the error of an answer that is not the service's, such as a proxy's; without anything of it."""
    status, repeatable = answer.status_code, answer.status_code in REPEATABLE
    error = error_of_status(status, repeatable=repeatable)(
        "ICS-CLT-011",
        f"an answer with status {status} that is not one of the service",
        field="answer",
        remedy=SEND_AGAIN if repeatable else "check the address, and the proxy in front of the service",
    )
    return _described(error, answer)


def _described(error: ClientError, answer: httpx.Response) -> ClientError:
    error.status = answer.status_code
    error.request_id = request_id_of(answer)
    error.retry_after = seconds_to_wait(answer.headers.get("Retry-After"))
    return error
