"""Suggestions for misspelt names."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["nearest"]


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``did you mean X?`` for the known name most similar to this one, or an empty text if none is close."""
    matches = get_close_matches(name, list(known), n=1)
    return f"did you mean {matches[0]}?" if matches else ""
