"""Canonical bytes (RFC 8785) and SHA-256 digests: the same content gives the same bytes wherever it is computed."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any

from icsml.errors import InputError

__all__ = [
    "Rendered",
    "Template",
    "canonical_bytes",
    "digest",
    "joined_object",
    "rendered",
    "sha256_file",
    "sha256_hex",
]

_LARGEST_INTEGER = 2**53 - 1
_FIRST_LARGE_EXPONENT = 21
_LAST_SMALL_EXPONENT = -7


class _NotCanonicalError(ValueError):
    """Something that JSON cannot represent; without its value."""


class Rendered(str):
    """Canonical JSON of a value, made earlier; within another value it is taken as it is."""

    __slots__ = ()


class Template:
    """Canonical JSON of objects that differ in some of their values only.

    Parameters
    ----------
    fixed : mapping of str to JSON value
        What they have in common.
    varying : sequence of str
        The other keys.
    """

    def __init__(self, fixed: Mapping[str, Any], varying: Sequence[str]) -> None:
        texts = {key: _text(value).replace("%", "%%") for key, value in fixed.items()} | dict.fromkeys(varying, "%s")
        keys = _ordered(texts)
        self._varying = tuple(key for key in keys if key in set(varying))
        self._format = (
            "{" + ",".join(encode_basestring(key).replace("%", "%%") + ":" + texts[key] for key in keys) + "}"
        )

    def filled(self, **values: Any) -> Rendered:  # noqa: ANN401 - any JSON value
        """Return the object with a value for each varying key."""
        return Rendered(self._format % tuple([_text(values[key]) for key in self._varying]))


def rendered(value: Any) -> Rendered:  # noqa: ANN401 - any JSON value
    """Return the canonical JSON of a value that will occur within others.

    Raises
    ------
    InputError
        As :func:`canonical_bytes`.
    """
    return Rendered(canonical_bytes(value).decode())


def canonical_bytes(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Return the RFC 8785 (JCS) bytes of a JSON value.

    Raises
    ------
    InputError
        If the value contains something JSON cannot: NaN, infinity, a date, an integer beyond 2**53, half a character,
        a key that is no text.
    """
    try:
        return _text(value).encode()
    except (_NotCanonicalError, UnicodeEncodeError):
        # Without the cause, whose message contains the value.
        raise InputError(
            "ICS-CFG-001",
            "not representable as canonical JSON",
            remedy="give finite numbers, integers within 2**53, and text that is valid Unicode",
        ) from None


def joined_object(parts: Iterable[tuple[str, bytes]]) -> bytes:
    """Return the RFC 8785 bytes of an object from its keys and the RFC 8785 bytes of its values, in any order."""
    known = dict(parts)
    return b"{" + b",".join([encode_basestring(key).encode() + b":" + known[key] for key in _ordered(known)]) + b"}"


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


def _text(value: Any) -> str:  # noqa: ANN401 - any JSON value
    # Exact types first, the frequent ones before the others: this runs for every value of every decision.
    kind = type(value)
    if kind is str:
        return encode_basestring(value)
    if kind is float:
        return _float(value)
    if kind is Rendered:
        return value  # type: ignore[no-any-return]
    if value is None:
        return "null"
    if kind is dict:
        return _object(value)
    if kind is list:
        return "[" + ",".join([_text(item) for item in value]) + "]"
    return _other(value)


def _other(value: Any) -> str:  # noqa: ANN401 - any JSON value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return _integer(value)
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, float):
        return _float(value)
    if isinstance(value, list | tuple):
        return "[" + ",".join([_text(item) for item in value]) + "]"
    if isinstance(value, dict):
        return _object(value)
    raise _NotCanonicalError


def _object(value: dict[str, Any]) -> str:
    return "{" + ",".join([encode_basestring(key) + ":" + _text(value[key]) for key in _ordered(value)]) + "}"


def _ordered(keys: Iterable[str]) -> list[str]:
    """Sort by UTF-16 code units; up to U+D7FF, and so in ASCII, that is the order of code points."""
    try:
        if "".join(keys).isascii():
            return sorted(keys)
    except TypeError:
        raise _NotCanonicalError from None
    return sorted(keys, key=lambda key: key.encode("utf-16-be"))


def _integer(value: int) -> str:
    if not -_LARGEST_INTEGER <= value <= _LARGEST_INTEGER:
        raise _NotCanonicalError
    return int.__repr__(value)


def _float(value: float) -> str:
    """Write a double as ECMAScript does: Python has the same shortest digits, in another layout."""
    if not math.isfinite(value):
        raise _NotCanonicalError
    text = float.__repr__(value)
    if "e" in text:
        return _exponential(text)
    if text.endswith(".0"):
        return text[:-2] if value else "0"
    return text


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
