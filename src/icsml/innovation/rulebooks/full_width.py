"""Full-width characters typed by a Chinese input method where YAML reads only ASCII."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import yaml

__all__ = ["Misplaced", "misplaced", "misplaced_in_values", "quoted_texts"]

_ASCII: Final = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "。": ".",
    "、": ",",
    "【": "[",
    "】": "]",
    "〔": "[",
    "〕": "]",
    "「": '"',
    "」": '"',
    "『": '"',
    "』": '"',
    "《": '"',
    "》": '"',
    "–": "-",
    "—": "-",
    "−": "-",
    "\u3000": "a space",
    "\u00a0": "a space",
}
_TEXT: Final = "zh|en|title|where|note|edition"
_TEXTS: Final = frozenset(_TEXT.split("|"))
_QUOTES: Final = "“”‘’"
_QUOTED = re.compile(r"""(?<=[\s:,\[{])("(?:[^"\\]|\\.)*"|'(?:[^']|'')*')""")
_COMMENT = re.compile(r"(^|\s)#.*$")
_VALUE = re.compile(
    rf"(?<!\w)(?:{_TEXT})\s*[:：]\s*([^\s{{｛,，、].*?)(?=\s*$|\s*[}}｝]|\s*】\s*$|\s*[,，、]\s*[A-Za-z_]\w*\s*[:：])"
)
_BLOCK = re.compile(rf"^(\s*(?:-\s+)?)(?:[A-Za-z_]\w*)\s*:\s*[>|][-+\d]*\s*$|^(\s*(?:-\s+)?)(?:{_TEXT})\s*:")
_NEW = re.compile(r"^\s*(-\s|[A-Za-z_]\w*\s*[:：]|[{}\[\]])")


@dataclass(frozen=True, slots=True)
class Misplaced:
    """A full-width character that YAML does not understand.

    Parameters
    ----------
    line, column : int
        Its position, both from 1.
    character, write : str
        The character, and what to write instead.
    """

    line: int
    column: int
    character: str
    write: str


def misplaced(text: str) -> list[Misplaced]:
    """Return every full-width character outside of quotes, comments and running text, in order.

    Parameters
    ----------
    text : str
        A rulebook file that could not be read; in one that can be, such a character is where it belongs.
    """
    return [
        Misplaced(number, column, character, _ASCII[character])
        for number, line in enumerate(_masked(text), start=1)
        for column, character in enumerate(line, start=1)
        if character in _ASCII
    ]


def misplaced_in_values(node: yaml.Node | None, name: str) -> list[Misplaced]:
    """Return every full-width character in the values of a readable document, except in running text.

    ``[a、b]`` is one value to YAML, and ``“a”`` is no ``a``. Only values of the file of that name are looked at.
    """
    return [
        _misplaced_at(value, index, character)
        for key, value in _values(node)
        if key not in _TEXTS and value.start_mark.name == name
        for index, character in enumerate(value.value)
        if character in _ASCII
    ]


def quoted_texts(node: yaml.Node | None, name: str) -> list[Misplaced]:
    """Return the opening quote of every running text that is enclosed in full-width quotes as a whole.

    They do not quote, but belong to the text; quotes around a part of it are as they should be.
    """
    return [
        _misplaced_at(value, 0, value.value[0])
        for key, value in _values(node)
        if key in _TEXTS and value.start_mark.name == name and _wrapped(value.value)
    ]


def _wrapped(text: str) -> bool:
    """Return whether the first and the last quote of a text are a pair: those of ``“a” and “b”`` are not."""
    if len(text) < 2 or text[0] not in _QUOTES or text[-1] not in _QUOTES:
        return False
    depth = 0
    for character in text[1:-1]:
        depth += (character in "“‘") - (character in "”’")
        if depth < 0:
            return False
    return depth == 0


def _values(node: yaml.Node | None, key: str = "") -> Iterator[tuple[str, yaml.ScalarNode]]:
    """Return every value of a document with its key, or that of its list."""
    if isinstance(node, yaml.ScalarNode):
        yield key, node
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _values(item, key)
    elif isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            yield from _values(value, name.value)


def _misplaced_at(value: yaml.ScalarNode, index: int, character: str) -> Misplaced:
    mark = value.start_mark
    one_line = mark.line == value.end_mark.line
    column = mark.column + 1 + (index if one_line else 0) + (value.style is not None)
    return Misplaced(mark.line + 1, column, character, _ASCII[character])


def _masked(text: str) -> Iterator[str]:
    """Return the lines with everything that allows any character blanked out."""
    block_indent: int | None = None  # the indentation of a key whose text runs on over the lines below
    literal = False
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip(" "))
        if block_indent is not None and line.strip() and (indent <= block_indent or (not literal and _NEW.match(line))):
            block_indent = None
        if block_indent is not None:
            yield ""
            continue
        block = _BLOCK.match(line)
        if block is not None:
            block_indent, literal = len(block[1] if block[1] is not None else block[2]), block[1] is not None
        yield _line(line)


def _line(line: str) -> str:
    for pattern in (_QUOTED, _COMMENT):
        line = pattern.sub(lambda match: " " * len(match[0]), line)
    return _VALUE.sub(_text_value, line)


def _text_value(match: re.Match[str]) -> str:
    """Blank out a text, except Chinese quotes around the whole of an English one: they quote nothing."""
    value = match[1]
    around = value[:1] + " " * (len(value) - 2) + value[-1:] if _wrapped(value) else " " * len(value)
    kept = around if not match[0].startswith("zh") else " " * len(value)
    return match[0][: -len(value)] + kept
