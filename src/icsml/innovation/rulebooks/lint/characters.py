"""Full-width characters where YAML reads ASCII, with line, column and replacement."""

from __future__ import annotations

from collections.abc import Iterable

import yaml

from icsml.errors import ConfigError
from icsml.innovation.rulebooks.full_width import Misplaced, misplaced, misplaced_in_values, quoted_texts
from icsml.innovation.rulebooks.lint.lint import Finding

__all__ = ["in_readable", "in_unreadable"]


def in_unreadable(error: ConfigError, text: str, name: str) -> list[Finding]:
    """Return the full-width characters of a file that could not be read, each as a fault.

    Parameters
    ----------
    error : ConfigError
        Why it could not be read; an error in another file is ignored.
    text, name : str
        The file.
    """
    if error.code not in ("ICS-RUL-001", "ICS-RUL-019", "ICS-RUL-020") or not (error.field or "").startswith(
        f"{name}:"
    ):
        return []
    return _faults(misplaced(text), name)


def in_readable(node: yaml.Node | None, name: str) -> list[Finding]:
    """Return the full-width characters of a file that can be read.

    Those in numbers, identifiers and names of fields are faults. Quotes around the whole of a text are a warning.
    """
    quoted = [
        Finding(
            "ICS-RUL-038",
            _location(quote, name),
            f"the full-width quotes {quote.character} around this text belong to it, they do not quote it",
            f"write {quote.write} instead, or leave them if they are to be printed",
            "warning",
        )
        for quote in quoted_texts(node, name)
    ]
    return [*_faults(misplaced_in_values(node, name), name), *quoted]


def _faults(characters: Iterable[Misplaced], name: str) -> list[Finding]:
    return [
        Finding(
            "ICS-RUL-038",
            _location(entry, name),
            f"the full-width character {entry.character} (U+{ord(entry.character):04X}), where YAML reads ASCII",
            f"write {entry.write} instead" + (", and a space after it" if entry.write in ":," else ""),
        )
        for entry in characters
    ]


def _location(entry: Misplaced, name: str) -> str:
    return f"{name}:{entry.line}: column {entry.column}"
