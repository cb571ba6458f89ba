"""Progress messages of long work."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Progress", "silent"]

Progress = Callable[[str], None]


def silent(message: str) -> None:
    """Ignore the message."""
