"""Files of their owner alone: the mode of what is made under ``ICSML_HOME``, and what others can reach there."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final

from icsml.core.paths import home

__all__ = ["Exposed", "exposed", "exposed_advice", "is_writable_by_others", "private_files"]

_OWNER_ALONE: Final = 0o077
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_OTHERS_WRITE: Final = stat.S_IWGRP | stat.S_IWOTH
_MOST_LOOKED_AT: Final = 50_000


class _Umask:
    """The umask of the process, while one block or several need it narrow; the last one out restores it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._blocks = 0
        self._before = 0

    def narrow(self) -> None:
        with self._lock:
            if not self._blocks:
                self._before = os.umask(_OWNER_ALONE)
            self._blocks += 1

    def restore(self) -> None:
        with self._lock:
            self._blocks -= 1
            if not self._blocks:
                os.umask(self._before)


_umask: Final = _Umask()


@contextmanager
def private_files(where: Path | None = None) -> Iterator[None]:
    """Make the files and folders of the block 0600 and 0700, whoever makes them: libraries and child processes too.

    The umask belongs to the whole process, so other threads make private files meanwhile, never wider ones. Only
    what lies under ``ICSML_HOME`` is made in such a block: a file that the user names keeps the user's umask.

    Parameters
    ----------
    where : Path, optional
        What the block writes to; if it does not lie under ``ICSML_HOME``, nothing is changed.
    """
    if where is not None and not where.absolute().is_relative_to(home()):
        yield
        return
    _umask.narrow()
    try:
        yield
    finally:
        _umask.restore()


@dataclass(frozen=True, slots=True)
class Exposed:
    """Files and folders whose mode lets others in.

    Parameters
    ----------
    first : Path
        The first one found, outer folders before what is in them.
    count : int
        How many there are.
    """

    first: Path
    count: int


def exposed(folder: Path) -> Exposed | None:
    """Return what group or others may read, write or enter in a folder, itself included; None if there is nothing.

    Links are not followed. At most 50,000 entries are looked at.
    """
    found = [path for path in _entries(folder.resolve()) if _mode(path) & _OTHERS]
    return Exposed(found[0], len(found)) if found else None


def exposed_advice(folder: Path) -> str | None:
    """Return one line that says what others can reach in a folder, and the command that closes it; or None."""
    found = exposed(folder)
    if found is None:
        return None
    more = f" and {found.count - 1:,} more" if found.count > 1 else ""
    remedy = f"run `chmod -R go= {shlex.quote(str(folder))}`"
    return f"warning: {found.first}{more}: others than the owner have access — {remedy}"


def is_writable_by_others(mode: int) -> bool:
    """Return whether a file of this mode can be changed by others than its owner, or a folder's content by them.

    In a folder with the sticky bit, such as ``/tmp``, others cannot replace a file.
    """
    return bool(mode & _OTHERS_WRITE) and not (stat.S_ISDIR(mode) and mode & stat.S_ISVTX)


def _entries(folder: Path) -> Iterator[Path]:
    if not folder.exists():
        return
    yield folder
    left = _MOST_LOOKED_AT
    for parent, folders, files in os.walk(folder):
        for name in sorted(folders + files):
            if not left:
                return
            left -= 1
            yield Path(parent, name)


def _mode(path: Path) -> int:
    """Return the mode; that of a link or of what has just gone counts as closed."""
    try:
        mode = path.lstat().st_mode
    except OSError:
        return 0
    return 0 if stat.S_ISLNK(mode) else mode
