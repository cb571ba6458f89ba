"""Full-width characters where YAML wants ASCII: a colon, comma, quote or digit of a Chinese keyboard."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

__all__ = ["full_width"]

_QUOTES: Final = {"“": '"', "”": '"', "‘": "'", "’": "'", "「": '"', "」": '"'}
_OUTSIDE: Final = (
    # in each the one character between the parentheses is at fault; texts in Chinese hold these characters rightly
    re.compile(r"^\s*(?:- )?(?:\{ ?)?[A-Za-z_][\w.-]*(：)"),
    re.compile(r"[,，{｛]\s*[A-Za-z_][\w.-]*(：)"),
    re.compile(r"(，)\s*[A-Za-z_][\w.-]*\s*[:：]"),
    re.compile(r"[:：]\s*([“”‘’「])[ -~]*[“”‘’」]"),  # around ASCII: a text in Chinese may begin with a quotation
    re.compile(r"[:：]\s*[“”‘’「][ -~]*([“”‘’」])"),
    re.compile(r"(［|］|｛|｝)"),
    re.compile(r"[:：\[,，]\s*[-－+]?[0-9.]*([０-９．％])"),
    re.compile(r"^\s*(－)\s"),
    re.compile(r"^(　)"),
    re.compile(r"^\s*(＃)"),
)


def full_width(text: str) -> Iterator[tuple[int, int, str, str]]:
    """Find full-width characters that stand for YAML's own.

    Parameters
    ----------
    text : str
        A YAML document.

    Yields
    ------
    line, column : int
        Counted from 1.
    found, meant : str
        The character, and the ASCII one to write instead.
    """
    for number, line in enumerate(text.splitlines(), start=1):
        bare = _without_comment(line)
        places = {match.start(1): match[1] for pattern in _OUTSIDE for match in pattern.finditer(bare)}
        for place, found in sorted(places.items()):
            yield number, place + 1, found, _QUOTES.get(found) or unicodedata.normalize("NFKC", found)


def _without_comment(line: str) -> str:
    """Return a line up to its comment, and with what stands in quotes blanked."""
    blanked = re.sub(r"\"[^\"]*\"|'[^']*'", lambda quoted: " " * len(quoted[0]), line)
    return re.split(r"(?:^|\s)#", blanked, maxsplit=1)[0]
