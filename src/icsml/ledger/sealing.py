"""What lies in the column ``payload.bytes``: who decided in the clear, and all that is about a firm encrypted.

The chain holds the hash of these bytes, so it verifies without any key, and still does when a key was deleted. Each
content has a key of its own, filed under its enterprise: whoever deletes the keys of an enterprise erases what was
recorded of it, also in copies of the payloads.
"""

from __future__ import annotations

import json
import secrets
import threading
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson

from icsml.core.canonical import joined_object, sha256_hex, written
from icsml.errors import LedgerError

if TYPE_CHECKING:
    from zstandard import ZstdCompressor

__all__ = [
    "FORMAT",
    "Sealed",
    "altered",
    "clear_parts",
    "container",
    "erased",
    "is_sealed",
    "opened",
    "seal",
]

FORMAT: Final = 3
_NOT_COMPRESSED: Final = 2
"""An earlier format, which encrypts the content as it is."""
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_SALT_BYTES: Final = 16
_CLEAR: Final = ("bundle_sha256", "code_version", "key_id", "rulebook_sha256")
_FORMAT: Final = {"format": written(FORMAT)}
_LEVEL: Final = 1  # a third of the time of zlib; higher levels gain little
_of_thread = threading.local()  # a compressor serves one thread at a time, and takes longer to make than to use


class Sealed(NamedTuple):
    """The stored bytes of a content, and the key that opens them.

    Parameters
    ----------
    stored : bytes
        RFC 8785 JSON: ``sealed`` is salt and content, compressed (Zstandard, RFC 8878) and encrypted (Base64 of nonce,
        ciphertext and tag of AES-256-GCM, which binds it to its identifier), ``content_sha256`` the SHA-256 of salt
        and content; beside them what is about no firm.
    key : bytes or None
        32 bytes, used for nothing else; None of what is not sealed.
    """

    stored: bytes
    key: bytes | None


def seal(name: str, content: bytes, clear: Mapping[str, bytes]) -> Sealed:
    """Encrypt a content under a new key.

    Parameters
    ----------
    name : str
        Identifier of the decision or event.
    content : bytes
        RFC 8785 JSON.
    clear : mapping of str to bytes
        What stays readable, as RFC 8785 JSON by its key.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    drawn = secrets.token_bytes(_KEY_BYTES + _NONCE_BYTES + _SALT_BYTES)
    key, nonce, salt = drawn[:_KEY_BYTES], drawn[_KEY_BYTES:-_SALT_BYTES], drawn[-_SALT_BYTES:]
    salted = salt + content
    sealed = b64encode(nonce + AESGCM(key).encrypt(nonce, _compressor().compress(salted), name.encode()))
    own = {"content_sha256": b'"%b"' % sha256_hex(salted).encode(), "sealed": b'"%b"' % sealed}
    return Sealed(joined_object({**clear, **_FORMAT, **own}.items()), key)


def _compressor() -> ZstdCompressor:
    found: ZstdCompressor | None = getattr(_of_thread, "compressor", None)
    if found is None:
        from zstandard import ZstdCompressor

        found = _of_thread.compressor = ZstdCompressor(level=_LEVEL)
    return found


def _decompressed(data: bytes) -> bytes:
    from zstandard import ZstdDecompressor, ZstdError

    found: ZstdDecompressor | None = getattr(_of_thread, "decompressor", None)
    if found is None:
        found = _of_thread.decompressor = ZstdDecompressor()
    try:
        return found.decompress(data)
    except ZstdError as error:
        raise ValueError from error


def _from_base64(text: str) -> bytes:
    """Return decoded bytes; looking at every character takes twice as long as seeing that none was passed over."""
    data = b64decode(text)
    if len(text) != 4 * -(-len(data) // 3):
        raise ValueError
    return data


def clear_parts(parts: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return those parts of a payload that are about no firm and stay readable."""
    return {name: parts[name] for name in _CLEAR if name in parts}


def container(stored: bytes) -> dict[str, Any]:
    """Return what stored bytes show without a key; of a payload of an earlier release that is all of it.

    Raises
    ------
    LedgerError
        ``ICS-LED-008`` if they are no JSON object.
    """
    try:
        found = orjson.loads(stored)
    except ValueError:
        found = _loads(stored)
    if not isinstance(found, dict):
        raise altered()
    return found


def _loads(stored: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Return what the other parser does not take, such as a long integer."""
    try:
        return json.loads(stored)
    except (ValueError, RecursionError):
        raise altered() from None


def is_sealed(stored: bytes) -> bool:
    """Return whether stored bytes need a key; those of earlier releases, and those about no firm, do not."""
    return "sealed" in container(stored)


def opened(
    name: str, stored: bytes, key: bytes | None, shown: dict[str, Any] | None = None
) -> tuple[bytes, bytes] | None:
    """Return content and salt of stored bytes; None if they are sealed and the key is gone.

    Parameters
    ----------
    name : str
        Identifier of the decision or event.
    stored : bytes
        What is stored.
    key : bytes or None
        What opens it.
    shown : dict, optional
        Its `container`, by whoever has read it already.

    Raises
    ------
    LedgerError
        ``ICS-LED-008`` if the key does not open them, or another content comes out than was sealed.
    """
    found = container(stored) if shown is None else shown
    if "sealed" not in found:
        return stored, b""
    if key is None:
        return None
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        sealed = _from_base64(found["sealed"])
        salted = AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], name.encode())
        if found.get("format") != _NOT_COMPRESSED:
            salted = _decompressed(salted)
    except (InvalidTag, ValueError, TypeError):
        raise altered() from None
    if sha256_hex(salted) != found.get("content_sha256"):
        raise altered()
    return salted[_SALT_BYTES:], salted[:_SALT_BYTES]


def altered() -> LedgerError:
    """Return the error of a payload that is not what was recorded."""
    return LedgerError(
        "ICS-LED-008", "the payload is not what was recorded", field="decision_id", remedy="restore it from a backup"
    )


def erased() -> LedgerError:
    """Return the error of a payload whose key, or which itself, was deleted."""
    return LedgerError(
        "ICS-LED-026",
        "what was recorded of it was erased",
        field="decision_id",
        remedy="restore it from a backup if it was not erased on purpose",
    )
