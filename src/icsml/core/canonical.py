"""Canonical bytes (RFC 8785) and SHA-256 digests: the same content gives the same bytes wherever it is computed."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any

import orjson

from icsml.errors import InputError

__all__ = [
    "Rendered",
    "canonical_bytes",
    "digest",
    "joined_object",
    "number",
    "rendered",
    "sha256_file",
    "sha256_hex",
    "written",
]

Rendered = orjson.Fragment
"""Canonical JSON of a value, made earlier; within another value it is taken as it is."""

_LARGEST = sys.float_info.max
_FIRST_LARGE_EXPONENT = 21
_LAST_SMALL_EXPONENT = -7


class _NotCanonicalError(ValueError):
    """Something that JSON cannot represent; without its value."""


def canonical_bytes(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Return the RFC 8785 (JCS) bytes of a JSON value.

    Raises
    ------
    InputError
        If the value contains something JSON cannot: NaN, infinity, a date, an integer beyond 2**53, half a character,
        a key that is no text.
    """
    try:
        return orjson.dumps(_ordered(value), option=orjson.OPT_STRICT_INTEGER)
    except (_NotCanonicalError, orjson.JSONEncodeError, RecursionError):
        # Without the cause, whose message contains the value.
        raise InputError(
            "ICS-CFG-001",
            "not representable as canonical JSON",
            remedy="give finite numbers, integers within 2**53, and text that is valid Unicode",
        ) from None


def rendered(value: Any) -> Rendered:  # noqa: ANN401 - any JSON value
    """Return the canonical JSON of a value that will occur within others; errors are those of `canonical_bytes`."""
    return Rendered(canonical_bytes(value))


def written(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Return what :func:`canonical_bytes` does, in a tenth of the time, of a value that was made for it.

    Its keys are ASCII, and each of its numbers is an integer or comes from :func:`number`.
    """
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER)


def number(value: float) -> float | int | Rendered:
    """Return a double in a form that is written as ECMAScript does: the shortest digits, whole numbers without ``.0``.

    Raises
    ------
    ValueError
        If it is not finite.
    """
    size = abs(value)
    if 1e-4 <= size < 1e15:
        return int(value) if value.is_integer() else value
    if size == 0.0:
        return 0
    if not size <= _LARGEST:
        raise _NotCanonicalError
    return Rendered(_float(value))


def joined_object(parts: Iterable[tuple[str, bytes]]) -> bytes:
    """Return the RFC 8785 bytes of an object from its keys and the RFC 8785 bytes of its values, in any order."""
    known = dict(parts)
    return b"{" + b",".join([encode_basestring(key).encode() + b":" + known[key] for key in _keys(known)]) + b"}"


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of some bytes as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def digest(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return the SHA-256 of the canonical bytes of a JSON value."""
    return sha256_hex(canonical_bytes(value))


def _ordered(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a value with its keys in order and its numbers as they are written."""
    # Exact types first, the frequent ones before the others: this runs for every value of every request.
    kind = type(value)
    if kind is str or value is None or kind is int or kind is bool:
        return value
    if kind is float:
        return number(value)
    if kind is dict:
        return _members(value)
    if kind is list:
        return [_ordered(item) for item in value]
    return _other(value)


def _members(content: dict[str, Any]) -> dict[str, Any]:
    """Return an object as :func:`_ordered`; what is most of a record is not worth a call for each value."""
    ordered = {}
    for key in _keys(content):
        value = content[key]
        kind = type(value)
        if kind is float:
            size = abs(value)
            if 1e-4 <= size < 1e15:
                value = int(value) if value.is_integer() else value
            else:
                value = number(value)
        elif kind is not str and value is not None:
            value = _ordered(value)
        ordered[key if type(key) is str else _plain(key)] = value
    return ordered


def _other(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, Rendered):
        return value
    if isinstance(value, str):
        return _plain(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return number(float(value))
    if isinstance(value, list | tuple):
        return [_ordered(item) for item in value]
    if isinstance(value, dict):
        return _members(value)
    raise _NotCanonicalError


def _keys(keys: Iterable[str]) -> list[str]:
    """Sort by UTF-16 code units; up to U+D7FF, and so in ASCII, that is the order of code points."""
    try:
        if "".join(keys).isascii():
            return sorted(keys)
        return sorted(keys, key=lambda key: key.encode("utf-16-be"))
    except (TypeError, UnicodeEncodeError):
        raise _NotCanonicalError from None


def _plain(text: str) -> str:
    """Return a text of a subclass, such as a member of an enumeration, as a text."""
    return str.__str__(text)


def _float(value: float) -> str:
    """Write a double as ECMAScript does: Python has the same shortest digits, in another layout."""
    text = float.__repr__(value)
    if "e" in text:
        return _exponential(text)
    return text.removesuffix(".0")


def _exponential(text: str) -> str:
    mantissa, _, written = text.partition("e")
    exponent = int(written)
    if not _LAST_SMALL_EXPONENT < exponent < _FIRST_LARGE_EXPONENT:
        return f"{mantissa}e{exponent:+d}"
    sign = "-" if mantissa.startswith("-") else ""
    digits = mantissa.lstrip("-").replace(".", "")
    if exponent < 0:
        return f"{sign}0.{digits.rjust(len(digits) - exponent - 1, '0')}"
    return sign + digits.ljust(exponent + 1, "0")
