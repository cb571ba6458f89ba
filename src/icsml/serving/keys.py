"""Keys of the service: made once, stored as hashes, checked in constant time."""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from icsml.core.clock import Clock, timestamp, utc_now
from icsml.core.paths import home
from icsml.errors import AccessError, ConfigError, InputError, MissingError

__all__ = ["Caller", "KeyStore", "NewKey", "Operation", "Role", "create_key", "keys_path"]

_TENANT = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
_KEY = re.compile(r"icsml_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")
_NO_SUCH_KEY = "0" * 64
_REMEDY = "run `icsml keys create --tenant T --role score`"


class Operation(StrEnum):
    """Operation that a caller may request."""

    ASSESS = "assess"
    READ = "read"
    REPORT = "report"


class Role(StrEnum):
    """Purpose of a key."""

    SCORE = "score"
    AUDIT = "audit"
    ADMIN = "admin"


_ALLOWED = {
    Role.SCORE: frozenset({Operation.ASSESS, Operation.READ}),
    Role.AUDIT: frozenset({Operation.READ, Operation.REPORT}),
    Role.ADMIN: frozenset(Operation),
}


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12}$")]
    tenant: Annotated[str, StringConstraints(pattern=_TENANT)]
    role: Role
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    created_at: str


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    keys: list[_Entry] = []


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made: ``key`` is displayed once and never stored."""

    id: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller: tenant and role of an accepted key."""

    key_id: str
    tenant: str
    role: Role

    def require(self, operation: Operation) -> None:
        """Raise AccessError ``ICS-SRV-002`` if the role does not allow the operation."""
        if operation not in _ALLOWED[self.role]:
            raise AccessError(
                "ICS-SRV-002",
                f"the role of this key does not allow the operation '{operation}'",
                field="Authorization",
                remedy="use a key of another role",
            )


class KeyStore:
    """The keys of a file, read again whenever the file changes.

    Parameters
    ----------
    path : Path
        The file that :func:`create_key` writes.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._signature: tuple[int, ...] = ()
        self._entries: dict[str, _Entry] = {}

    @classmethod
    def load(cls, path: Path) -> KeyStore:
        """Read a key file.

        Raises
        ------
        MissingError
            ``ICS-SRV-020`` if the file is absent or contains no key: without keys there is no service.
        ConfigError
            ``ICS-SRV-021`` if the file is damaged.
        """
        store = cls(path)
        store._refresh()
        if not store._entries:
            raise MissingError("ICS-SRV-020", "no key is configured", field=str(path), remedy=_REMEDY)
        return store

    def __len__(self) -> int:
        return len(self._entries)

    def authenticate(self, key: str | None) -> Caller:
        """Return the caller of a key.

        Raises
        ------
        AccessError
            ``ICS-SRV-001`` if there is no key or it is not known.
        """
        self._refresh()
        match = _KEY.fullmatch(key or "")
        entry = self._entries.get(match[1]) if match else None
        expected = entry.sha256 if entry else _NO_SUCH_KEY
        if not hmac.compare_digest(expected, _hash(key or "")) or entry is None:
            raise AccessError(
                "ICS-SRV-001",
                "no key, or a key that is not known",
                field="Authorization",
                remedy="send 'Authorization: Bearer <key>'",
            )
        return Caller(entry.id, entry.tenant, entry.role)

    def _refresh(self) -> None:
        """Read the file if it changed; without a file no key is valid."""
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            self._signature, self._entries = (), {}
            return
        signature = (stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size)
        if signature != self._signature:
            self._entries = {entry.id: entry for entry in _read(self._path).keys}
            self._signature = signature


def keys_path() -> Path:
    """Return the key file: ``keys.json`` under ``ICSML_HOME``."""
    return home() / "keys.json"


def create_key(path: Path, tenant: str, role: str, clock: Clock = utc_now) -> NewKey:
    """Make a key and add its hash to a key file.

    Parameters
    ----------
    path : Path
        The key file; made with mode 0600 if absent.
    tenant : str
        Whose records the key reads and writes: up to 64 letters, digits, dots, dashes and underscores.
    role : str
        ``score``, ``audit`` or ``admin``.
    clock : callable
        Gives the time to note.

    Returns
    -------
    NewKey
        256 random bits; only their SHA-256 is kept, so the key cannot be shown again.

    Raises
    ------
    InputError
        ``ICS-SRV-022`` for a tenant's name that is not acceptable, ``ICS-SRV-023`` for an unknown role.
    ConfigError
        ``ICS-SRV-021`` if the file is damaged.
    """
    _check(tenant, role)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _locked(path):
        known = _read(path).keys if path.exists() else []
        new = _new_key({entry.id for entry in known})
        entry = _Entry(id=new.id, tenant=tenant, role=Role(role), sha256=_hash(new.key), created_at=timestamp(clock()))
        _write(path, _File(keys=[*known, entry]))
    return new


def _check(tenant: str, role: str) -> None:
    if not re.fullmatch(_TENANT, tenant) or "\n" in tenant:
        raise InputError(
            "ICS-SRV-022",
            "not a tenant's name",
            field="tenant",
            remedy="use up to 64 letters, digits, dots, dashes and underscores, a letter or digit first",
        )
    if role not in set(Role):
        raise InputError("ICS-SRV-023", "unknown role", field="role", remedy=f"use one of {', '.join(Role)}")


def _new_key(taken: set[str]) -> NewKey:
    while (key_id := secrets.token_hex(6)) in taken:
        pass
    return NewKey(key_id, f"icsml_{key_id}_{secrets.token_urlsafe(32)}")


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _read(path: Path) -> _File:
    try:
        return _File.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise ConfigError(
            "ICS-SRV-021", "not a key file", field=str(path), remedy="restore it, or remove it and create new keys"
        ) from error


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.with_name(path.name + ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write(path: Path, content: _File) -> None:
    """Replace the file in one step, so that a reader sees the old keys or the new ones."""
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(content.model_dump_json(indent=1) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    partial.replace(path)
