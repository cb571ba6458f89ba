"""Errors as RFC 9457 problem details: a stable code and field paths, never values, in the language asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from icsml.core.names import shown_path
from icsml.core.pydantic_errors import within_sentence
from icsml.errors import AccessError, ConfigError, ConflictError, IcsmlError, InputError, LedgerError, MissingError
from icsml.serving.language import asked_language
from icsml.serving.logs import failure
from icsml.serving.problem_words import Words
from icsml.texts.error_texts import error_codes, sentences
from icsml.texts.languages import FALLBACK, Language

__all__ = [
    "MEDIA_TYPE",
    "FieldFault",
    "Problem",
    "RequestError",
    "install",
    "no_such_assessment",
    "problem_response",
    "refusal",
    "unexpected",
]

MEDIA_TYPE = "application/problem+json"
_MOST_FAULTS = 50
_RETRY_SECONDS = 5
_NOT_THERE = "what the service needs is not there now; nothing was decided — try again later"
_OUTCOME_NOT_KNOWN = (
    "recording takes too long; whether it succeeded is not known — send it again with its Idempotency-Key"
)


class FieldFault(BaseModel):
    """One field at fault."""

    model_config = ConfigDict(extra="forbid")

    field: str = Field(description="path of the field")
    message: str = Field(
        description="what is wrong with it, without its value; in the language asked for or in English"
    )


class Problem(BaseModel):
    """Problem details (RFC 9457) with a stable code and the fields at fault."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="URN of the code", examples=["urn:icsml:error:ICS-REC-001"])
    title: str = Field(
        description="what the code means, in the language asked for", examples=["Field of the record not acceptable"]
    )
    status: int = Field(examples=[422])
    detail: str = Field(
        description="what is wrong and the remedy, in the language asked for or in English",
        examples=["unknown field — see `icsml records schema` and `icsml records example`"],
    )
    code: str = Field(description="stable code", examples=["ICS-REC-001"])
    errors: list[FieldFault] = Field(examples=[[{"field": "revenu_cny", "message": "unknown field"}]])
    instance: str = Field(
        description="URN of this request, as in the access log",
        examples=["urn:uuid:6b2f0c5e-9a1d-4d3b-8f57-2f4f8a6c1e90"],
    )


class RequestError(IcsmlError):
    """A request that is rejected with the HTTP ``status``; ``retry_after`` is in seconds."""

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        message: str,
        *,
        field: str = "body",
        remedy: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(code, message, field=field, remedy=remedy)
        self.status = status
        self.retry_after = retry_after


def no_such_assessment() -> RequestError:
    """Return the refusal of an identifier that no decision of the tenant has, whoever else has one of it."""
    return RequestError(
        HTTPStatus.NOT_FOUND,
        "ICS-SRV-005",
        "no such assessment",
        field="id",
        remedy="check the identifier, and that the key is of the tenant that asked for it",
    )


def install(app: FastAPI) -> None:
    """Let an application answer every error with problem details; their texts are read now, not at the first error."""
    error_codes()
    sentences()
    app.add_exception_handler(IcsmlError, _on_icsml_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)


def problem_response(
    request_id: str,
    status: HTTPStatus,
    code: str,
    detail: str,
    *,
    remedy: str | None = None,
    errors: Iterable[tuple[str, str]] = (),
    headers: Mapping[str, str] | None = None,
    language: Language | None = None,
) -> Response:
    """Return problem details as a response.

    Parameters
    ----------
    request_id : str
        UUID of the request, the ``instance``.
    status : HTTPStatus
        Status.
    code : str
        Stable code, which also gives the title.
    detail : str
        One sentence in English, without values of the record.
    remedy : str, optional
        What to do about it, in English.
    errors : iterable of (str, str)
        Fields at fault with what is wrong; at most 50 are shown, and names nobody declared are not repeated
        unless they look like names.
    headers : mapping, optional
        More headers.
    language : str, optional
        The language that the request asked for; None if it was not read, and then it is English.
    """
    words = Words(language or FALLBACK)
    content = {
        "type": f"urn:icsml:error:{code}",
        "title": words.title(code, status),
        "status": int(status),
        "detail": words.sentence(detail, remedy),
        "code": code,
        "errors": [
            {"field": shown_path(field), "message": words.sentence(message)}
            for field, message in list(errors)[:_MOST_FAULTS]
        ],
        "instance": f"urn:uuid:{request_id}",
    }
    body = json.dumps(content, ensure_ascii=False).encode()
    answer = Response(body, status, headers=dict(headers or {}), media_type=MEDIA_TYPE)
    answer.headers["Content-Language"] = words.languages
    if language is not None:
        answer.headers["Vary"] = "Accept-Language"
    return answer


def unexpected(request: Request) -> Response:
    """Return the 500 that contains only the id of the request."""
    return _answer(
        request, HTTPStatus.INTERNAL_SERVER_ERROR, "ICS-SRV-012", "an error inside the service; nothing was decided"
    )


def _answer(
    request: Request,
    status: HTTPStatus,
    code: str,
    detail: str,
    *,
    remedy: str | None = None,
    errors: Iterable[tuple[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    return problem_response(
        request.state.request_id,
        status,
        code,
        detail,
        remedy=remedy,
        errors=errors,
        headers=headers,
        language=asked_language(request),
    )


async def _on_icsml_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, IcsmlError)  # noqa: S101 - registered for this class
    status = _status(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        request.state.failure = failure(error)  # here, where it still knows where it happened
    if status is HTTPStatus.INTERNAL_SERVER_ERROR:
        return unexpected(request)
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        detail = _OUTCOME_NOT_KNOWN if error.code == "ICS-SRV-051" else _NOT_THERE
        return _answer(request, status, error.code, detail, headers=_headers(error, status))
    return refusal(request, error)


def refusal(request: Request, error: IcsmlError) -> Response:
    """Return the answer to a request that is refused, with the fields at fault."""
    status = _status(error)
    faults = error.details or ([(error.field, error.message)] if error.field else [])
    return _answer(
        request,
        status,
        error.code,
        error.message,
        remedy=error.remedy or None,
        errors=faults,
        headers=_headers(error, status),
    )


def _headers(error: IcsmlError, status: HTTPStatus) -> dict[str, str]:
    if status is HTTPStatus.UNAUTHORIZED:
        return {"WWW-Authenticate": 'Bearer realm="icsml"'}
    seconds = error.retry_after if isinstance(error, RequestError) else None
    if seconds is None and status is HTTPStatus.SERVICE_UNAVAILABLE:
        seconds = _RETRY_SECONDS
    return {} if seconds is None else {"Retry-After": str(seconds)}


def _status(error: IcsmlError) -> HTTPStatus:
    match error:
        case RequestError():
            return error.status
        case AccessError(code="ICS-SRV-001"):
            return HTTPStatus.UNAUTHORIZED
        case AccessError():
            return HTTPStatus.FORBIDDEN
        case ConflictError():
            return HTTPStatus.CONFLICT
        case LedgerError(code="ICS-LED-026"):
            return HTTPStatus.GONE
        case LedgerError() | MissingError() | ConfigError():
            return HTTPStatus.SERVICE_UNAVAILABLE
        case InputError():
            return HTTPStatus.UNPROCESSABLE_ENTITY
    return HTTPStatus.INTERNAL_SERVER_ERROR


_OF_HTTP = {
    HTTPStatus.NOT_FOUND: ("ICS-SRV-004", "no such path", "see the paths in /openapi.json"),
    HTTPStatus.METHOD_NOT_ALLOWED: ("ICS-SRV-006", "this path does not take this method", "see the header `Allow`"),
}


async def _on_http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    status = HTTPStatus(error.status_code)
    code, detail, remedy = _OF_HTTP.get(status, ("ICS-SRV-011", "the request is not acceptable", None))
    headers = dict(error.headers or {})
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(sorted(_methods(request)))
    return _answer(request, status, code, detail, remedy=remedy, headers=headers)


def _methods(request: Request) -> set[str]:
    """Return the documented methods of a path; a router knows those of its first route alone."""
    paths = request.app.openapi()["paths"].items()
    return {
        method.upper()
        for path, operations in paths
        if compile_path(path)[0].match(request.url.path)
        for method in operations
    }


def _sentence(error: Mapping[str, Any]) -> str:
    if error["type"] == "string_pattern_mismatch":  # of our headers and parameters, a name for a request has one
        return "contains something else than visible ASCII characters"
    return within_sentence(error)


async def _on_invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    faults = [(".".join(str(part) for part in item["loc"]), _sentence(item)) for item in error.errors()]
    return _answer(
        request,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "ICS-SRV-011",
        "a header or parameter is not acceptable",
        remedy="correct what `errors` names, as /openapi.json describes it",
        errors=faults,
    )
