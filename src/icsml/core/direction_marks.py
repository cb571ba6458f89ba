"""Characters that change the direction of the text after them, so that it reads as something else than it is."""

from __future__ import annotations

from typing import Final

__all__ = ["CONTROLS", "DIRECTION_MARKS", "LINE_PATTERN", "with_marks_shown"]

DIRECTION_MARKS: Final = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""The bidirectional control characters of Unicode (UAX 9)."""

CONTROLS: Final = r"\x00-\x1f\x7f"
"""Control characters, as a class of characters writes them."""

_ESCAPED: Final = "".join(rf"\u{ord(mark):04x}" for mark in DIRECTION_MARKS)
LINE_PATTERN: Final = rf"^[^{CONTROLS}{_ESCAPED}]+$"
"""A line of a schema: no control character, and no mark that changes its direction."""

_SHOWN: Final = {ord(mark): f"[U+{ord(mark):04X}]" for mark in DIRECTION_MARKS}


def with_marks_shown(text: str) -> str:
    """Return a text with each direction mark as its number, so that it is displayed in the order of its letters.

    Examples
    --------
    >>> with_marks_shown("approved\N{RIGHT-TO-LEFT OVERRIDE}deifirev ton")
    'approved[U+202E]deifirev ton'
    """
    return text.translate(_SHOWN)
