"""A model card as part of a page: the parts of Markdown that a card uses, and no more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from markupsafe import Markup, escape

__all__ = ["card_html"]


def card_html(text: str) -> Markup:
    """Return a model card as HTML.

    Parameters
    ----------
    text : str
        As :func:`icsml.model.card.render_card` writes it: headings, paragraphs, lists, quotes and tables; bold and code
        within. Anything else, such as HTML, is displayed as it is written.
    """
    blocks = re.split(r"\n{2,}", text.strip())
    return Markup("\n").join(_block(block) for block in blocks)


def _block(block: str) -> Markup:
    if heading := re.fullmatch(r"(#{1,6}) (.+)", block):
        level = min(len(heading[1]) + 2, 6)
        return Markup("<h{0}>{1}</h{0}>").format(level, _words(heading[2]))
    parts = [_lines(kind, list(lines)) for kind, lines in groupby(block.splitlines(), _kind)]
    return Markup("\n").join(parts)


def _kind(line: str) -> str:
    return {"- ": "list", "> ": "quote", "| ": "table", "|-": "table"}.get(line[:2], "text")


def _lines(kind: str, lines: list[str]) -> Markup:
    match kind:
        case "list":
            return Markup("<ul>{}</ul>").format(
                _joined(Markup("<li>{}</li>").format(_words(line[2:])) for line in lines)
            )
        case "quote":
            return Markup('<p class="warn">{}</p>').format(_words(" ".join(line[2:] for line in lines)))
        case "table":
            return Markup('<div class="wide"><table>{}</table></div>').format(_joined(_table(lines)))
    return Markup("<p>{}</p>").format(_words(" ".join(lines)))


def _table(lines: list[str]) -> Iterator[Markup]:
    rows = [line for line in lines if not re.fullmatch(r"[|\-: ]+", line)]
    for index, line in enumerate(rows):
        cells = line.strip().strip("|").split("|")
        tag = "td" if index else "th"
        row = Markup("<tr>{}</tr>").format(
            _joined(Markup("<{0}>{1}</{0}>").format(tag, _words(cell.strip())) for cell in cells)
        )
        yield row if index else Markup("<thead>{}</thead>").format(row)


def _words(text: str) -> Markup:
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text)))
    return Markup(re.sub(r"\*\*([^*]+)\*\*", r"<b>\1</b>", marked))  # noqa: S704 - escaped first


def _joined(parts: Iterator[Markup]) -> Markup:
    return Markup("").join(parts)
