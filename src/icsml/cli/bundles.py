"""Bundles that commands name by a reference."""

from __future__ import annotations

from icsml.model.bundle import Bundle, read_bundle
from icsml.registry.resolve import fetch_bundle

__all__ = ["load_bundle"]


def load_bundle(reference: str) -> tuple[Bundle, str | None]:
    """Return the bundle a reference names and its version in the register (None for a folder)."""
    fetched = fetch_bundle(reference)
    return read_bundle(fetched.folder), fetched.version
