"""Flatten nested mappings, with dotted keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["flattened"]


def flattened(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested mappings as one with dotted keys; a mapping without keys is kept as it is."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        flat |= (
            flattened(value, f"{prefix}{key}.") if isinstance(value, Mapping) and value else {f"{prefix}{key}": value}
        )
    return flat
