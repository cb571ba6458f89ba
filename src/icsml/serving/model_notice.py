"""Which bundle the workers are to use: a small file that ``icsml serve`` writes and each worker watches."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from icsml.core.canonical import digest
from icsml.core.paths import home
from icsml.errors import ModelError
from icsml.model.bundle_store import keep_bundle
from icsml.model.manifest import BUNDLE, verified_files

__all__ = ["NOTICE_VARIABLE", "ModelNotice", "last_notice", "notice_signature", "remember_notice"]

NOTICE_VARIABLE = "ICSML_MODEL_NOTICE"


class ModelNotice(BaseModel):
    """A bundle on disk.

    Parameters
    ----------
    folder : Path
        Its folder.
    name : str or None
        Name of the model; None where the bundle states none, which no process can read then.
    version : str or None
        Version in the registry; None for a folder.
    sha256 : str
        Hash of its manifest.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: Path
    name: str | None
    version: str | None
    sha256: str

    @property
    def identity(self) -> dict[str, str | None]:
        """Name, version and hash, for the log."""
        return {"name": self.name, "version": self.version, "bundle_sha256": self.sha256}

    @classmethod
    def of(cls, folder: Path, version: str | None) -> ModelNotice:
        """Verify the files of a bundle, and return its notice.

        Raises
        ------
        MissingError, ModelError
            As `icsml.model.manifest.verified_files`.
        """
        files, sha256 = verified_files(folder)
        name = None
        with suppress(ValueError, KeyError, TypeError):  # whoever reads the bundle says what is wrong with it
            name = str(json.loads(files[BUNDLE])["name"])
        return cls(folder=folder, name=name, version=version, sha256=sha256)

    def kept(self) -> ModelNotice:
        """Keep the bundle for ever, and return the notice of the kept copy, which nobody changes while it decides.

        Raises
        ------
        MissingError, ModelError
            As `icsml.model.bundle_store.keep_bundle`; ``ICS-MOD-013`` if the bundle was exchanged meanwhile.
        """
        folder = keep_bundle(self.folder)
        if folder.name != self.sha256:
            raise ModelError(
                "ICS-MOD-013", "the bundle was exchanged while it was read", field=str(self.folder), remedy="try again"
            )
        return self.model_copy(update={"folder": folder})

    @classmethod
    def read(cls, path: Path) -> ModelNotice:
        """Read a notice."""
        return cls.model_validate_json(path.read_bytes())

    def write(self, path: Path) -> None:
        """Replace a notice in one step."""
        partial = path.with_name(path.name + ".partial")
        partial.write_text(self.model_dump_json(), "utf-8")
        partial.replace(path)


def notice_signature(path: Path) -> tuple[int, ...]:
    """Return what differs after each `ModelNotice.write`; nothing where there is no file."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return ()
    return stat.st_ino, stat.st_mtime_ns


def last_notice(reference: str) -> ModelNotice | None:
    """Return what a reference named when the service last started: a guess at what it names now."""
    try:
        return ModelNotice.read(_last(reference))
    except (OSError, ValidationError):
        return None


def remember_notice(reference: str, notice: ModelNotice) -> None:
    """Keep what a reference names now for the next start."""
    path = _last(reference)
    path.parent.mkdir(parents=True, exist_ok=True)
    notice.write(path)


def _last(reference: str) -> Path:
    return home() / "cache" / f"served-{digest(reference)[:12]}.json"
