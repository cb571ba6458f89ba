"""What is checked before anything is sent; no error repeats a value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

import httpx

from icsml.core.canonical import canonical_bytes
from icsml.core.names import shown_path
from icsml.errors import InputError

__all__ = [
    "Moment",
    "base_url",
    "batch_key",
    "bearer",
    "body_of",
    "moment_text",
    "path_part",
    "require_key",
    "require_size",
    "require_timeout",
]

MOST_RECORDS = 1000
MOST_FOUND = 200
LONGEST_KEY = 255
LONGEST_BATCH_KEY = 250
Moment = date | datetime | str
"""A day in UTC, or an instant with its offset; as text as the service takes it."""
_VISIBLE = re.compile(r"[!-~]+")
_IDENTIFIERS = {
    "decision_id": ("decision", "give `decision_id` as the decision states it"),
    "rulebook_id": ("rulebook", "give `id` as the list of rulebooks states it"),
}
_PATH_PART = re.compile(r"[0-9A-Za-z_-]{1,255}")


def base_url(url: str) -> httpx.URL:
    """Return the address of a service; a name or password within it would be written to logs."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        parsed = httpx.URL()
    usable = parsed.scheme in ("http", "https") and parsed.host and not (parsed.userinfo or parsed.query)
    if not usable:
        raise InputError(
            "ICS-CLT-001",
            "not the address of a service",
            field="url",
            remedy="give it as https://host or http://host:port, without name, password and parameters",
        )
    return parsed


def bearer(key: str) -> str:
    """Return the header of a key."""
    if not _VISIBLE.fullmatch(key):
        raise InputError(
            "ICS-CLT-001",
            "not a key: empty, or with something else than visible ASCII characters",
            field="key",
            remedy="give the line that `icsml keys create` printed, without space around it",
        )
    return f"Bearer {key}"


def require_timeout(timeout: float) -> float:
    """Return a number of seconds above 0."""
    if not 0 < timeout < float("inf"):
        raise InputError("ICS-CLT-001", "not a finite number above 0", field="timeout", remedy="give seconds")
    return timeout


def require_key(key: str, longest: int = LONGEST_KEY) -> str:
    """Return an idempotency key that the service takes."""
    if len(key) > longest or not _VISIBLE.fullmatch(key):
        raise InputError(
            "ICS-CLT-002",
            f"not 1 to {longest} visible ASCII characters",
            field="idempotency_key",
            remedy="shorten it, or leave it out",
        )
    return key


def batch_key(key: str, start: int) -> str:
    """Return the key of the batch that begins at this position of a list."""
    return f"{key}#{start}" if start else key


def require_size(size: int) -> int:
    """Return a number of records that a batch may have."""
    if not 1 <= size <= MOST_RECORDS:
        raise InputError(
            "ICS-CLT-002", f"not from 1 to {MOST_RECORDS}", field="batch_size", remedy="give such a number"
        )
    return size


def path_part(identifier: str, name: str = "decision_id") -> str:
    """Return an identifier as a part of a path; errors call it by its name."""
    if not _PATH_PART.fullmatch(identifier):
        what, remedy = _IDENTIFIERS[name]
        raise InputError("ICS-CLT-002", f"not the identifier of a {what}", field=name, remedy=remedy)
    return quote(identifier, safe="")


def moment_text(name: str, moment: Moment) -> str:
    """Return a day or an instant as the service takes it."""
    if isinstance(moment, str):
        return moment
    if isinstance(moment, datetime) and moment.utcoffset() is None:
        raise InputError(
            "ICS-CLT-002", "an instant without an offset", field=name, remedy="give it with a time zone, or a date"
        )
    return moment.isoformat()


def body_of(record: Mapping[str, Any], position: int | None = None) -> bytes:
    """Return a record as canonical JSON.

    Raises
    ------
    InputError
        If it is no mapping, or a value is nothing that JSON has, such as NaN or a date; names the fields.
    """
    where = "" if position is None else f"records.{position}"
    if not isinstance(record, Mapping):
        raise InputError("ICS-CLT-003", "not a mapping", field=where or "record", remedy="give a dict of fields")
    content = _plain(record)
    body = _written(content)
    if body is None:
        raise _not_json(content, where)
    return body


def _plain(value: Any) -> Any:  # noqa: ANN401 - any value
    """Return a value with dictionaries and lists for whatever mappings and sequences it consists of."""
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        return [_plain(item) for item in value]
    return value


def _written(value: Any) -> bytes | None:  # noqa: ANN401 - any value
    try:
        return canonical_bytes(value)
    except InputError:
        return None


def _not_json(content: dict[str, Any], where: str) -> InputError:
    names = [str(name) for name, value in content.items() if _written({name: value}) is None]
    prefix = f"{where}." if where else ""
    message = "a value that JSON does not have"
    details = [(prefix + shown_path(name), message) for name in names]
    return InputError(
        "ICS-CLT-003",
        message,
        field=details[0][0] if details else where or "record",
        remedy="give finite numbers, valid text and dates as YYYY-MM-DD; leave out what is not known",
        details=details,
    )
