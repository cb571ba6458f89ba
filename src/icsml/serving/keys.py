"""Keys of the service: made once, stored as hashes, checked in constant time, ended at once."""

from __future__ import annotations

import hmac
import os
import re
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from icsml.core.clock import Clock, utc_now
from icsml.errors import AccessError, MissingError
from icsml.serving.key_changes import NewKey, create_key
from icsml.serving.key_file import KeyEntry, State, hash_of, keys_path, open_keys
from icsml.serving.roles import Caller, Operation, Role

__all__ = ["Caller", "KeyStore", "NewKey", "Operation", "RefusedKeyError", "Role", "Why", "create_key", "keys_path"]

_KEY = re.compile(r"icsml_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")
_NO_SUCH_KEY = "0" * 64
_REMEDY = "run `icsml keys create --tenant T --role score`"
# Longer than the clock of any file system stands still: two changes within one tick may carry the same times.
_SETTLED_NS = 2_000_000_000

Why = Literal["absent", "unknown", "expired", "revoked"]


class RefusedKeyError(AccessError):
    """A key that lets nobody in. The caller is told the same in each case; ``why`` and ``key_id`` are for the log.

    Parameters
    ----------
    why : str
        ``absent``, ``unknown``, ``expired`` or ``revoked``.
    key_id : str, optional
        Id of the key, if it is one that was made here.
    """

    def __init__(self, why: Why, key_id: str | None = None) -> None:
        super().__init__(
            "ICS-SRV-001",
            "no key, or a key that is not known",
            field="Authorization",
            remedy="send 'Authorization: Bearer <key>'",
        )
        self.why = why
        self.key_id = key_id


class KeyStore:
    """The keys of a file, read again whenever the file changes.

    A change is seen by one ``stat``. The file that was read is kept open, so its inode is not used again, and each
    file that takes its place has another. A file edited in place has other times, once two seconds have passed; until
    then it is read on every request.

    Parameters
    ----------
    path : Path
        The file that :func:`create_key` writes.
    clock : callable
        Gives the time that ends of keys are compared with.
    """

    def __init__(self, path: Path, clock: Clock = utc_now) -> None:
        self._path = path
        self._clock = clock
        self._release: Callable[[], object] = lambda: None
        self._signature: tuple[int, ...] = ()
        self._entries: dict[str, KeyEntry] = {}

    @classmethod
    def load(cls, path: Path, clock: Clock = utc_now) -> KeyStore:
        """Read a key file.

        Raises
        ------
        MissingError
            ``ICS-SRV-020`` if the file is absent or contains no key that works: without keys there is no service.
        ConfigError
            ``ICS-SRV-021`` if the file is damaged, ``ICS-SRV-030`` if others can write it or its folder.
        """
        store = cls(path, clock)
        store.require_keys()
        return store

    def require_keys(self) -> None:
        """Read the file again if it changed, and raise as :meth:`load` where nobody could be let in by it."""
        if not len(self):
            raise MissingError("ICS-SRV-020", "no key that works is configured", field=str(self._path), remedy=_REMEDY)

    def __len__(self) -> int:
        """Return how many keys work now; raise ConfigError as :meth:`load`."""
        self._refresh()
        now = self._clock()
        return sum(entry.state(now) is State.ACTIVE for entry in self._entries.values())

    def authenticate(self, key: str | None) -> Caller:
        """Return the caller of a key.

        Raises
        ------
        RefusedKeyError
            ``ICS-SRV-001`` if there is no key, it is not known, expired or revoked.
        ConfigError
            As :meth:`load`; nobody is let in then.
        """
        self._refresh()
        match = _KEY.fullmatch(key or "")
        entry = self._entries.get(match[1]) if match else None
        expected = entry.sha256 if entry else _NO_SUCH_KEY
        if not hmac.compare_digest(expected, hash_of(key or "")) or entry is None:
            raise RefusedKeyError("unknown" if key else "absent")
        match entry.state(self._clock()):
            case State.REVOKED:
                raise RefusedKeyError("revoked", entry.id)
            case State.EXPIRED:
                raise RefusedKeyError("expired", entry.id)
        return Caller(entry.id, entry.tenant, entry.role)

    def _refresh(self) -> None:
        """Read the file if it changed; without a file no key is valid."""
        if self._signature and not self._has_changed():
            return
        try:
            self._read()
        except (FileNotFoundError, NotADirectoryError):
            self._entries = {}

    def _has_changed(self) -> bool:
        try:
            return _signature(os.stat(self._path)) != self._signature  # noqa: PTH116 - half the time of Path.stat
        except OSError:
            return True

    def _read(self) -> None:
        self._signature = ()  # what cannot be read lets nobody in, and is tried again
        with open_keys(self._path) as opened:
            kept = os.dup(opened.descriptor)
        self._release()
        self._release = weakref.finalize(self, os.close, kept)
        self._entries = {entry.id: entry for entry in opened.content.keys}
        if abs(time.time_ns() - opened.stat.st_ctime_ns) > _SETTLED_NS:
            self._signature = _signature(opened.stat)


def _signature(stat: os.stat_result) -> tuple[int, ...]:
    return stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size
