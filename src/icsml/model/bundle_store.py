"""Store a bundle atomically; replace a damaged one. Several processes may do so at the same time.

A bundle that decides is kept under its whole SHA-256: a recorded decision names only this hash, and cannot be repeated
without the bundle. Unlike a cache, what is kept is never removed or fetched again.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from icsml.core.paths import home
from icsml.core.private_files import private_files
from icsml.errors import IcsmlError, MissingError
from icsml.model.manifest import MANIFEST, manifest_bytes, verified_files

__all__ = ["is_intact", "keep_bundle", "kept_folder", "move_in"]

_ATTEMPTS = 5


def is_intact(folder: Path, sha256: str | None = None) -> bool:
    """Return whether a folder is an undamaged bundle, and of that SHA-256 if one is given."""
    try:
        _, actual = verified_files(folder)
    except (IcsmlError, OSError):
        return False
    return sha256 in (None, actual)


def kept_folder(sha256: str) -> Path:
    """Return where the bundle of a SHA-256 is kept, whether or not it is there."""
    return home() / "bundles" / sha256


def keep_bundle(folder: Path) -> Path:
    """Copy a bundle to where bundles that decide are kept, and return its folder there.

    The copy is on the disk when this returns. A damaged copy is replaced, an intact one left as it is.

    Parameters
    ----------
    folder : Path
        The bundle.

    Raises
    ------
    MissingError
        ``ICS-MOD-022`` if it cannot be kept, ``ICS-MOD-010`` if there is no bundle.
    ModelError
        ``ICS-MOD-011`` to ``ICS-MOD-013`` if the bundle is damaged.
    """
    files, sha256 = verified_files(folder)
    target = kept_folder(sha256)
    if is_intact(target, sha256):
        return target
    try:
        with private_files(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".new-", dir=target.parent) as scratch:
                partial = Path(scratch) / "bundle"
                partial.mkdir()
                for name, content in {**files, MANIFEST: manifest_bytes(files)}.items():
                    (partial / name).write_bytes(content)
                    _sync(partial / name)
                _sync(partial)
                move_in(partial, target)
        _sync(target.parent)
    except (OSError, IcsmlError) as error:
        raise MissingError(
            "ICS-MOD-022",
            "the bundle cannot be kept, so its decisions could not be repeated",
            field=str(target),
            remedy="make room there, and let it be written",
        ) from error
    return target


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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
