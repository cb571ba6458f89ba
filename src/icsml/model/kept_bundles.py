"""Bundles that decided, found again by their hash."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Final

from icsml.core.canonical import sha256_hex
from icsml.core.paths import home
from icsml.errors import IcsmlError, MissingError, ModelError
from icsml.model.bundle import Bundle, read_bundle
from icsml.model.bundle_store import kept_folder
from icsml.model.manifest import MANIFEST

__all__ = ["KeptBundles"]

_MOST_LOADED: Final = 8


class KeptBundles:
    """Bundles by their hash, each read and verified once. Threads may share it.

    Parameters
    ----------
    folder : Path, optional
        A bundle that lies elsewhere; it is used for the decisions of its hash.
    elsewhere : callable, optional
        Looks for the folder of a hash where none is kept. It may take long, so what is not found is not looked for
        again. Without it a bundle that is restored meanwhile is found.
    most : int
        How many are held in memory.

    Raises
    ------
    MissingError, ModelError
        If there is no bundle in that folder, or it is damaged.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        elsewhere: Callable[[str], Path | None] | None = None,
        most: int = _MOST_LOADED,
    ) -> None:
        self._loaded: OrderedDict[str, Bundle | IcsmlError] = OrderedDict()
        self._given = None if folder is None else read_bundle(folder)
        self._elsewhere = elsewhere
        self._most = most
        self._reading = Lock()

    def get(self, sha256: str) -> Bundle:
        """Return the bundle of a hash.

        Raises
        ------
        MissingError
            ``ICS-LED-022`` if it is nowhere.
        ModelError
            If it was altered: the code and the file are those of the bundle.
        """
        if self._given is not None and self._given.sha256 == sha256:
            return self._given
        with self._reading:
            found = self._held(sha256)
        if isinstance(found, IcsmlError):
            raise found
        return found

    def _held(self, sha256: str) -> Bundle | IcsmlError:
        if sha256 not in self._loaded:
            try:
                self._loaded[sha256] = _read(sha256, self._elsewhere)
            except IcsmlError as error:
                if self._elsewhere is None:
                    return error
                self._loaded[sha256] = error
        self._loaded.move_to_end(sha256)
        if len(self._loaded) > self._most:
            self._loaded.popitem(last=False)
        return self._loaded[sha256]


def _read(sha256: str, elsewhere: Callable[[str], Path | None] | None) -> Bundle:
    folder = _found(sha256, elsewhere)
    try:
        bundle = read_bundle(folder)
    except ModelError as error:
        remedy = "restore the kept copy from a backup, or give an intact one with --bundle"
        raise ModelError(error.code, error.message, field=f"{folder}: {error.field}", remedy=remedy) from error
    if bundle.sha256 != sha256:
        raise ModelError(
            "ICS-LED-023",
            "another bundle lies where the one that decided was kept",
            field=str(folder),
            remedy="restore it from a backup, or give it with --bundle",
        )
    return bundle


def _found(sha256: str, elsewhere: Callable[[str], Path | None] | None) -> Path:
    """Return the folder of a bundle: kept by the service, else in another store of this home, else elsewhere."""
    kept = kept_folder(sha256)
    if kept.exists():
        return kept
    for manifest in sorted([*home().glob(f"bundles/*/{MANIFEST}"), *home().glob(f"cache/bundles/*/{MANIFEST}")]):
        if sha256_hex(manifest.read_bytes()) == sha256:
            return manifest.parent
    folder = elsewhere(sha256) if elsewhere is not None else None
    if folder is not None:
        return folder
    raise MissingError(
        "ICS-LED-022",
        "the bundle that decided is not kept here",
        field=f"bundle_sha256 {sha256}",
        remedy=f"restore {kept} from a backup, or give the bundle with --bundle",
    )
