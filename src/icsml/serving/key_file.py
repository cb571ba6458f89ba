"""The key file: what it holds, and how it is read and replaced."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    PlainSerializer,
    StringConstraints,
    ValidationError,
    model_validator,
)

from icsml.core.clock import timestamp
from icsml.core.paths import home
from icsml.core.private_files import is_writable_by_others, private_files
from icsml.errors import ConfigError
from icsml.serving.roles import Role

__all__ = [
    "KEY_ID",
    "TENANT",
    "KeyEntry",
    "KeyFile",
    "OpenKeys",
    "State",
    "hash_of",
    "keys_path",
    "locked",
    "open_keys",
    "replacing",
]

TENANT = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
KEY_ID = r"^[0-9a-f]{12}$"
_Moment = Annotated[AwareDatetime, PlainSerializer(timestamp)]


class State(StrEnum):
    """Whether a key works."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


class KeyEntry(BaseModel):
    """A key as stored; without ``expires_at``, as in files of format 1, it works until it is revoked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, StringConstraints(pattern=KEY_ID)]
    tenant: Annotated[str, StringConstraints(pattern=TENANT)]
    role: Role
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
    created_at: str
    expires_at: _Moment | None = None
    revoked_at: _Moment | None = None

    def state(self, now: datetime) -> State:
        """Return whether the key works at a moment."""
        if self.revoked_at is not None:
            return State.REVOKED
        return State.EXPIRED if self.expires_at is not None and self.expires_at <= now else State.ACTIVE


class KeyFile(BaseModel):
    """The content of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1, 2] = 2
    keys: tuple[KeyEntry, ...]

    @model_validator(mode="after")
    def _ids_are_unique(self) -> KeyFile:
        if len({entry.id for entry in self.keys}) != len(self.keys):
            raise ValueError("an id stands twice")
        return self


def keys_path() -> Path:
    """Return the key file: ``keys.json`` under ``ICSML_HOME``."""
    return home() / "keys.json"


def hash_of(key: str) -> str:
    """Return the SHA-256 of a key, in hexadecimal.

    A slow hash protects passwords, which can be guessed. A key is 256 random bits, which cannot, and it is checked on
    every request.
    """
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class OpenKeys:
    """A key file as opened.

    Parameters
    ----------
    descriptor : int
        Of the open file.
    stat : os.stat_result
        Of the file, from before it was read: a change since then has other times.
    content : KeyFile
        What was read.
    """

    descriptor: int
    stat: os.stat_result
    content: KeyFile


@contextmanager
def open_keys(path: Path) -> Iterator[OpenKeys]:
    """Open and read a key file; the file is closed at the end of the block.

    Raises
    ------
    FileNotFoundError, NotADirectoryError
        If it is absent.
    ConfigError
        ``ICS-SRV-021`` if it is damaged or cannot be read, ``ICS-SRV-030`` if others could have written it.
    """
    try:
        stream = path.open("rb", buffering=0)
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError as error:
        raise _damaged(path, "cannot be read") from error
    with stream:
        stat = os.fstat(stream.fileno())
        _refuse_written_by_others(path, stat.st_mode)
        _refuse_written_by_others(path.parent, path.parent.stat().st_mode)
        yield OpenKeys(stream.fileno(), stat, _parsed(path, stream.read()))


@contextmanager
def locked(path: Path) -> Iterator[KeyFile]:
    """Make the folder of a key file if need be, keep other processes out, and yield what the file holds.

    Raises
    ------
    ConfigError
        As :func:`open_keys` raises it.
    """
    with private_files():
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.with_name(path.name + ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                with open_keys(path) as opened:
                    content = opened.content
            except FileNotFoundError:
                _refuse_written_by_others(path.parent, path.parent.stat().st_mode)
                content = KeyFile(keys=())
            yield content


@contextmanager
def replacing(path: Path, keys: tuple[KeyEntry, ...]) -> Iterator[None]:
    """Replace a key file in one step after the block, so that a reader sees the old keys or the new ones.

    The new file is on disk before the block begins. If the block fails, the old file stays.
    """
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(KeyFile(keys=keys).model_dump_json(indent=1, exclude_none=True) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        yield
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _parsed(path: Path, content: bytes) -> KeyFile:
    try:
        return KeyFile.model_validate_json(content)
    except ValidationError as error:
        raise _damaged(path, "not a key file") from error


def _damaged(path: Path, wrong: str) -> ConfigError:
    return ConfigError("ICS-SRV-021", wrong, field=str(path), remedy="restore it, or remove it and create new keys")


def _refuse_written_by_others(path: Path, mode: int) -> None:
    if is_writable_by_others(mode):
        raise ConfigError(
            "ICS-SRV-030",
            "others than its owner can write it, so its keys cannot be trusted",
            field=str(path),
            remedy=f"check what is in it, then run `chmod go-w {path}`",
        )
