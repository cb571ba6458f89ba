"""Request bodies: bounded in size and time, and strict JSON; or none, where a path takes none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, NoReturn

from anyio.to_thread import run_sync
from fastapi import Request

from icsml.core.strict_json import StrictJsonError, parse_json
from icsml.serving.problems import RequestError

__all__ = ["read_json", "require_no_body"]

_SAFE_DIGITS = 15
_LARGE = 1 << 17
"""Larger bodies are parsed in a thread, so that the event loop goes on meanwhile."""


async def read_json(request: Request, *, max_bytes: int, seconds: float) -> Any:  # noqa: ANN401 - any JSON value
    """Read and parse the body of a request.

    Parameters
    ----------
    request : Request
        The request; its body may be chunked and without a length.
    max_bytes : int
        Largest body.
    seconds : float
        How long it may take to arrive.

    Raises
    ------
    RequestError
        415 for another media type, 413 for a body too large, 408 for one too slow, 400 for what is not JSON.
    """
    _require_json(request.headers.get("content-type", ""))
    async with _in_time(seconds):
        data = await _read(request, max_bytes)
    if len(data) > _LARGE:
        return await run_sync(_parse, data)
    return _parse(data)


async def require_no_body(request: Request, *, seconds: float) -> None:
    """Refuse a body where the path takes none: it would change nothing, in silence.

    Parameters
    ----------
    request : Request
        The request; a body of no bytes is none.
    seconds : float
        How long the first byte, or the end, may take to arrive.

    Raises
    ------
    RequestError
        422 ``ICS-SRV-061``; 408 if nothing arrives.
    """
    if request.headers.get("content-length", "0").strip("0"):
        raise _unwanted()
    async with _in_time(seconds):
        async for chunk in request.stream():
            if chunk:
                raise _unwanted()


@asynccontextmanager
async def _in_time(seconds: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise RequestError(HTTPStatus.REQUEST_TIMEOUT, "ICS-SRV-007", "the body took too long to arrive") from error


def _unwanted() -> RequestError:
    return RequestError(
        HTTPStatus.UNPROCESSABLE_ENTITY, "ICS-SRV-061", "this path takes no body", remedy="send the request without one"
    )


def _parse(data: bytes) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return parse_json(data)
    except StrictJsonError as error:
        raise RequestError(
            HTTPStatus.BAD_REQUEST, "ICS-SRV-010", f"the body is not valid JSON: {error.fault}"
        ) from error


def _require_json(content_type: str) -> None:
    media_type, _, parameters = content_type.partition(";")
    charset = parameters.strip().lower().replace('"', "")
    if media_type.strip().lower() != "application/json" or charset not in ("", "charset=utf-8"):
        raise RequestError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "ICS-SRV-009",
            "the body must be application/json in UTF-8",
            field="Content-Type",
        )


async def _read(request: Request, max_bytes: int) -> bytes:
    """Count what arrives: a stated length may lie or be absent."""
    stated = request.headers.get("content-length", "")
    if stated.isascii() and stated.isdigit() and (len(stated) > _SAFE_DIGITS or int(stated) > max_bytes):
        _refuse_size(max_bytes)
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > max_bytes:
            _refuse_size(max_bytes)
    return bytes(data)


def _refuse_size(max_bytes: int) -> NoReturn:
    raise RequestError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "ICS-SRV-008", f"the body is larger than {max_bytes:,} bytes"
    )
