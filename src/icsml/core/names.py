"""Names from outside: suggestions for misspelt ones, and which may be repeated."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["nearest", "shown_path"]

_PLAIN_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_\-]{0,63}(\.([A-Za-z0-9_][A-Za-z0-9_\-]{0,63}|\[key\]))*")


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``did you mean X?`` for the known name most similar to this one, or an empty text if none is close."""
    matches = get_close_matches(name, list(known), n=1)
    return f"did you mean {matches[0]}?" if matches else ""


def shown_path(path: str) -> str:
    """Return the path of a field if it looks like one; anything else may be a value that somebody put in its place.

    Examples
    --------
    >>> shown_path("extra.utility_arrears"), shown_path("Example Co.")
    ('extra.utility_arrears', '(a field that is not shown)')
    """
    return path if _PLAIN_PATH.fullmatch(path) else "(a field that is not shown)"
