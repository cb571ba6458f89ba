"""Request bodies: bounded in size and time, JSON without the corners where two readers disagree."""

from __future__ import annotations

import asyncio
import json
import math
from http import HTTPStatus
from typing import Any, NoReturn

from fastapi import Request

from icsml.serving.problems import RequestError

__all__ = ["parse_json", "read_json"]

_MAX_SAFE_INTEGER = 2**53 - 1
_SAFE_DIGITS = 15


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
    try:
        async with asyncio.timeout(seconds):
            data = await _read(request, max_bytes)
    except TimeoutError as error:
        raise RequestError(HTTPStatus.REQUEST_TIMEOUT, "ICS-SRV-007", "the body took too long to arrive") from error
    return parse_json(data)


def parse_json(data: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Parse I-JSON (RFC 7493): UTF-8, no name twice in an object, numbers that a double holds.

    An integer that a double cannot hold exactly is read as that double, as RFC 8785 does.

    Raises
    ------
    RequestError
        400, ``ICS-SRV-010``.
    """
    try:
        parsed = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_float=_double,
            parse_int=_integer,
        )
        json.dumps(parsed, ensure_ascii=False).encode("utf-8")
    except _NotInterchangeableError as error:
        raise RequestError(HTTPStatus.BAD_REQUEST, "ICS-SRV-010", str(error)) from error
    except UnicodeError as error:
        raise RequestError(HTTPStatus.BAD_REQUEST, "ICS-SRV-010", "the body is not UTF-8 text") from error
    except (ValueError, RecursionError) as error:
        raise RequestError(HTTPStatus.BAD_REQUEST, "ICS-SRV-010", "the body is not JSON") from error
    return parsed


class _NotInterchangeableError(Exception):
    """JSON by its grammar, but read differently by different readers."""


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


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise _NotInterchangeableError("a name appears twice in one object")
    return content


def _refuse_constant(name: str) -> NoReturn:
    raise _NotInterchangeableError("NaN and Infinity are not JSON; leave out what is not known")


def _double(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise _NotInterchangeableError("a number lies beyond what a double holds")
    return value


def _integer(text: str) -> int | float:
    if len(text) <= _SAFE_DIGITS:
        return int(text)
    value = _double(text)
    return int(value) if abs(value) <= _MAX_SAFE_INTEGER else value
