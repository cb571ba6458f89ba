"""Names of a logged model in MLflow: its artifacts and the tag of its wheel."""

from __future__ import annotations

from typing import Final

__all__ = ["BUNDLE_ARTIFACT", "CHAMPION", "WHEEL_ARTIFACT", "WHEEL_SHA256"]

BUNDLE_ARTIFACT: Final = "bundle"
WHEEL_ARTIFACT: Final = "wheel"
WHEEL_SHA256: Final = "icsml_wheel_sha256"
CHAMPION: Final = "champion"
"""The alias of the version that is meant where none is named."""
