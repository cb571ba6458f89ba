"""The manifest: SHA-256 of every file of a bundle; its own SHA-256 identifies the bundle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from icsml.core.canonical import canonical_bytes, sha256_hex
from icsml.errors import MissingError, ModelError

__all__ = [
    "BUNDLE",
    "CARD",
    "COMPANION",
    "MANIFEST",
    "MODEL",
    "PEERS",
    "REFERENCE",
    "RULEBOOK",
    "manifest_bytes",
    "verified_files",
]

MODEL: Final = "model.txt"
COMPANION: Final = "companion.txt"
BUNDLE: Final = "bundle.json"
RULEBOOK: Final = "rulebook.yaml"
PEERS: Final = "peers.json"
REFERENCE: Final = "reference.npy"
CARD: Final = "model_card.md"
MANIFEST: Final = "manifest.json"

_REQUIRED: Final = frozenset({MODEL, BUNDLE, CARD})
_KNOWN: Final = _REQUIRED | {COMPANION, RULEBOOK, PEERS, REFERENCE}
_REMEDY: Final = "fetch the bundle again, or train again"


def manifest_bytes(files: Mapping[str, bytes]) -> bytes:
    """Return the canonical JSON of file names and their SHA-256."""
    return canonical_bytes({"files": {name: sha256_hex(content) for name, content in files.items()}})


def verified_files(folder: Path) -> tuple[dict[str, bytes], str]:
    """Read a bundle's files once and check them against its manifest.

    Parameters
    ----------
    folder : Path
        The bundle.

    Returns
    -------
    files : dict of str to bytes
        Every file but the manifest; only these bytes are to be used, not the disk again.
    sha256 : str
        SHA-256 of the manifest.

    Raises
    ------
    MissingError
        ``ICS-MOD-010`` if there is no such folder or it has no manifest.
    ModelError
        ``ICS-MOD-011`` for a file that is missing, ``ICS-MOD-012`` for one that does not belong, ``ICS-MOD-013`` for
        one whose content is not what the manifest states, or a manifest that cannot be read.
    """
    if not (folder / MANIFEST).is_file():
        raise MissingError(
            "ICS-MOD-010", "no bundle here (no manifest.json)", field=str(folder), remedy="check the path, or train"
        )
    manifest = (folder / MANIFEST).read_bytes()
    listed = _listed(manifest)
    present = {entry.name for entry in folder.iterdir()} - {MANIFEST}
    for name in sorted((_REQUIRED | listed.keys()) - present):
        raise ModelError("ICS-MOD-011", "this file of the bundle is missing", field=name, remedy=_REMEDY)
    for name in sorted((present - listed.keys()) | (present - _KNOWN)):
        raise ModelError(
            "ICS-MOD-012", "this file does not belong to the bundle", field=name, remedy="remove it, or " + _REMEDY
        )
    files = {name: _content(folder / name) for name in sorted(present)}
    for name, content in files.items():
        if sha256_hex(content) != listed[name]:
            raise _changed(name, "the file is not the one the manifest describes")
    if manifest_bytes(files) != manifest:
        raise _changed(MANIFEST, "not in canonical form")
    return files, sha256_hex(manifest)


def _listed(manifest: bytes) -> dict[str, str]:
    try:
        listed = json.loads(manifest)["files"]
    except (ValueError, KeyError, TypeError) as error:
        raise _changed(MANIFEST, "cannot be read") from error
    if not isinstance(listed, dict):
        raise _changed(MANIFEST, "cannot be read")
    return listed


def _content(path: Path) -> bytes:
    if path.is_symlink() or not path.is_file():
        raise _changed(path.name, "not a regular file")
    return path.read_bytes()


def _changed(name: str, message: str) -> ModelError:
    return ModelError("ICS-MOD-013", message, field=name, remedy=_REMEDY)
