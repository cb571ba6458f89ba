"""Reading JSON piece by piece, so that a part keeps the bytes in which it was received."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

__all__ = ["JsonSpans"]

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\n\r]*")


class JsonSpans:
    """A text of JSON that is read once, from its beginning to its end.

    Parameters
    ----------
    text : str
        The text.

    Notes
    -----
    Whoever iterates over members or items must read each value, with one of the methods, before asking for the next.
    All raise ValueError if the text is not JSON of that form.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def value(self) -> Any:  # noqa: ANN401 - any JSON value
        """Read a value."""
        return self.span()[0]

    def span(self) -> tuple[Any, str]:
        """Read a value; return it and its text."""
        self._skip_space()
        start = self._at
        value, self._at = _DECODER.raw_decode(self._text, start)
        return value, self._text[start : self._at]

    def members(self) -> Iterator[str]:
        """Read an object; give the name of each member."""
        for _ in self._parts("{", "}"):
            name = self.value()
            if not isinstance(name, str) or not self._take(":"):
                raise ValueError("no member of an object")
            yield name

    def items(self) -> Iterator[None]:
        """Read an array; stop before each item."""
        return self._parts("[", "]")

    def end(self) -> None:
        """Raise ValueError if anything follows."""
        self._skip_space()
        if self._at != len(self._text):
            raise ValueError("something follows the value")

    def _parts(self, opening: str, closing: str) -> Iterator[None]:
        if not self._take(opening):
            raise ValueError("another kind of value")
        if self._take(closing):
            return
        yield
        while self._take(","):
            yield
        if not self._take(closing):
            raise ValueError("not closed")

    def _take(self, mark: str) -> bool:
        self._skip_space()
        taken = self._text.startswith(mark, self._at)
        self._at += taken
        return taken

    def _skip_space(self) -> None:
        space = _SPACE.match(self._text, self._at)
        self._at = space.end() if space else self._at
