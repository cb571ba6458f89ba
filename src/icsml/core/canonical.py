"""Canonical bytes (RFC 8785) and SHA-256 digests: the same content gives the same bytes wherever it is computed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import rfc8785

from icsml.errors import InputError

__all__ = ["canonical_bytes", "digest", "sha256_file", "sha256_hex"]


def canonical_bytes(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Return the RFC 8785 (JCS) bytes of a JSON value.

    Raises
    ------
    InputError
        If the value contains something JSON cannot: NaN, infinity, a date, an integer beyond 2**53, half a character.
    """
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        # Without the cause, whose message contains the value.
        raise InputError(
            "ICS-CFG-001",
            "not representable as canonical JSON",
            remedy="give finite numbers, integers within 2**53, and text that is valid Unicode",
        ) from None


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
