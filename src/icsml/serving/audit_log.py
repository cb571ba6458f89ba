"""The audit log: one line of JSON for each change of a key, on disk before the change takes effect."""

from __future__ import annotations

import json
import os
import pwd
from datetime import datetime
from pathlib import Path
from typing import Literal

from icsml.core.clock import timestamp
from icsml.errors import MissingError

__all__ = ["AUDIT_LOG", "Change", "record_change"]

AUDIT_LOG = "audit.log"
Change = Literal["created", "revoked", "rotated"]


def record_change(folder: Path, at: datetime, event: Change, facts: dict[str, str | None]) -> None:
    """Append an event to ``audit.log`` of a folder; when this returns, it is on disk.

    Parameters
    ----------
    folder : Path
        The folder of the key file, whose lock the caller holds.
    at : datetime
        When.
    event : str
        ``created``, ``revoked`` or ``rotated``.
    facts : dict
        The key's id, tenant, role and end, never the key. The user of the operating system is added.

    Raises
    ------
    MissingError
        ``ICS-SRV-033`` if it cannot be written.
    """
    path = folder / AUDIT_LOG
    text = json.dumps({"time": timestamp(at), "event": event, **facts, "operator": _operator()}) + "\n"
    try:
        _append(path, text.encode())
    except OSError as error:
        raise MissingError(
            "ICS-SRV-033",
            "cannot be written, so no key was changed",
            field=str(path),
            remedy="check the disk and the rights of the file",
        ) from error


def _append(path: Path, text: bytes) -> None:
    """Append a whole line; a line that a crash cut off is ended first."""
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        length = os.fstat(file).st_size
        if length and os.pread(file, 1, length - 1) != b"\n":
            text = b"\n" + text
        if os.write(file, text) != len(text):
            raise OSError("not written completely")
        os.fsync(file)
    finally:
        os.close(file)


def _operator() -> str:
    """Return the user who runs the process: not from the environment, which anyone can set."""
    user = os.getuid()
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:  # a container may run as a number without a name
        return str(user)
