"""Folders of embedded state and shipped configuration."""

from __future__ import annotations

import os
from pathlib import Path

from icsml.errors import MissingError

__all__ = ["configs_dir", "home", "rulebook_folders"]

_PACKAGE = Path(__file__).resolve().parents[1]


def home() -> Path:
    """Return the folder of all embedded state: ``ICSML_HOME``, by default ``./var``."""
    return Path(os.environ.get("ICSML_HOME") or "var").absolute()


def configs_dir() -> Path:
    """Return the shipped ``configs/``: of the installed package, else of the checkout."""
    packaged = _PACKAGE / "_configs"
    return packaged if packaged.is_dir() else _PACKAGE.parents[1] / "configs"


def rulebook_folders() -> list[Path]:
    """Return the folders of rulebooks: the shipped one, and the one that ``ICSML_RULEBOOKS`` names, if it is set.

    Raises
    ------
    MissingError
        If the variable names no folder.
    """
    configured = os.environ.get("ICSML_RULEBOOKS")
    folders = [configs_dir() / "rulebooks"]
    if configured:
        if not Path(configured).is_dir():
            raise MissingError(
                "ICS-CFG-004", "names no folder", field="ICSML_RULEBOOKS", remedy="set it to a folder of rulebooks"
            )
        folders += [Path(configured)] if Path(configured).resolve() != folders[0].resolve() else []
    return folders
