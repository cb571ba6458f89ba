"""Store a bundle atomically; replace a damaged one. Several processes may do so at the same time."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

from icsml.errors import IcsmlError, MissingError
from icsml.model.manifest import verified_files

__all__ = ["is_intact", "move_in"]

_ATTEMPTS = 5


def is_intact(folder: Path, sha256: str | None = None) -> bool:
    """Return whether a folder is an undamaged bundle, and of that SHA-256 if one is given."""
    try:
        _, actual = verified_files(folder)
    except (IcsmlError, OSError):
        return False
    return sha256 in (None, actual)


def move_in(made: Path, target: Path) -> None:
    """Install a bundle, replacing anything else in its place.

    Parameters
    ----------
    made : Path
        A bundle on the same file system; it stays where it is if the folder has the same.
    target : Path
        Its folder; the parent exists.

    Raises
    ------
    MissingError
        ``ICS-MOD-010`` if there is no bundle to move, or its folder cannot be written.
    ModelError
        ``ICS-MOD-011`` to ``ICS-MOD-013`` if the bundle to move is itself damaged; the folder is left as it is.
    """
    _, sha256 = verified_files(made)
    for _ in range(_ATTEMPTS):
        try:
            made.rename(target)
        except OSError as error:  # something is there, maybe from another process just now
            failure = error
        else:
            return
        if is_intact(target, sha256):
            return
        _take_away(target)
    raise MissingError(
        "ICS-MOD-010", "the bundle cannot be put here", field=str(target), remedy="check that it may be written"
    ) from failure


def _take_away(target: Path) -> None:
    """Clear a folder in one step, so that nobody reads half of its content; the caller sees whether it worked."""
    with (
        suppress(OSError),
        tempfile.TemporaryDirectory(prefix=".old-", dir=target.parent, ignore_cleanup_errors=True) as scratch,
    ):
        target.rename(Path(scratch) / "old")
