"""The key that signs checkpoints: Ed25519 (RFC 8032), its private half in a file of its owner alone."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from icsml.core.paths import home
from icsml.core.private_files import is_writable_by_others, private_files
from icsml.errors import ConfigError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["PRIVATE_KEY", "PUBLIC_KEYS", "SigningKey", "is_signed", "signing_key", "trusted_keys"]

PRIVATE_KEY: Final = "signing.key"
PUBLIC_KEYS: Final = "signing.pub"
_HEX_DIGITS: Final = 64


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs.

    Parameters
    ----------
    private : Ed25519PrivateKey
        The private half.
    public : str
        The public half: its 32 bytes in hexadecimal.
    """

    private: Ed25519PrivateKey
    public: str

    def sign(self, data: bytes) -> str:
        """Return the signature of data, in hexadecimal."""
        return self.private.sign(data).hex()


def signing_key() -> SigningKey:
    """Return the key under ``ICSML_HOME``, made where there is none; callers keep other processes out meanwhile.

    Raises
    ------
    ConfigError
        ``ICS-LED-020`` if it is damaged, cannot be read, or others can write it.
    """
    path = home() / PRIVATE_KEY
    if not path.exists():
        _make(path)
    return _read(path)


def trusted_keys(path: Path | None = None) -> frozenset[str]:
    """Return the public keys whose signatures count: one a line of ``signing.pub`` under ``ICSML_HOME``, or of a file.

    Raises
    ------
    ConfigError
        ``ICS-LED-020`` if the file holds something else, or is not there although it was named.
    """
    file = path or home() / PUBLIC_KEYS
    try:
        lines = file.read_text("utf-8").split()
    except FileNotFoundError as error:
        if path is None:
            return frozenset()
        raise _wrong(file, "is not there", "name a file of public keys") from error
    except (OSError, UnicodeDecodeError) as error:
        raise _wrong(file, "cannot be read", "name a file of public keys") from error
    if not all(_is_key(line) for line in lines):
        raise _wrong(file, "holds something else than public keys", "give one key of 64 hexadecimal digits a line")
    return frozenset(lines)


def is_signed(public: str, data: bytes, signature: str) -> bool:
    """Return whether this is the signature of data by the key with this public half."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), data)
    except (InvalidSignature, ValueError):
        return False
    return True


def _make(path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    private = Ed25519PrivateKey.generate()
    with private_files():
        path.parent.mkdir(parents=True, exist_ok=True)
        with (path.parent / PUBLIC_KEYS).open("a", encoding="utf-8") as stream:  # first: an unknown key helps nobody
            stream.write(f"{private.public_key().public_bytes_raw().hex()}\n")
            stream.flush()
            os.fsync(stream.fileno())
        partial = path.with_name(path.name + ".partial")
        with partial.open("wb") as file:
            file.write(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)


def _read(path: Path) -> SigningKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        if is_writable_by_others(path.stat().st_mode):
            raise _wrong(path, "others than its owner can write it", "check the key, then run chmod 600 on it")
        private = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError) as error:
        raise _wrong(path, "cannot be read as a private key", "restore it, or remove it for a new one") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise _wrong(path, "is no Ed25519 key", "restore it, or remove it for a new one")
    return SigningKey(private, private.public_key().public_bytes_raw().hex())


def _is_key(line: str) -> bool:
    return len(line) == _HEX_DIGITS and all(digit in "0123456789abcdef" for digit in line)


def _wrong(path: Path, message: str, remedy: str) -> ConfigError:
    return ConfigError("ICS-LED-020", message, field=str(path), remedy=remedy)
