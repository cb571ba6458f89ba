"""Where embedded state and shipped configuration live."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["configs_dir", "home"]

_PACKAGE = Path(__file__).resolve().parents[1]


def home() -> Path:
    """Return the folder of all embedded state: ``ICSML_HOME``, by default ``./var``."""
    return Path(os.environ.get("ICSML_HOME") or "var").absolute()


def configs_dir() -> Path:
    """Return the shipped ``configs/``: inside an installed package, else at the top of the checkout."""
    packaged = _PACKAGE / "_configs"
    return packaged if packaged.is_dir() else _PACKAGE.parents[1] / "configs"
