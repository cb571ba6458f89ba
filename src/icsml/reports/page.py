"""Render a template as one HTML file without other files."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from icsml.core.direction_marks import with_marks_shown
from icsml.core.files import whole_file
from icsml.reports.naming import (
    compared_with,
    group_name,
    in_language,
    pd_meaning,
    reference_name,
    value_name,
    with_note,
)
from icsml.texts.catalogue import Part, phrase
from icsml.texts.label import Label

__all__ = ["render", "script", "write"]


def render(template: str, lang: str, facts: Mapping[str, Any], stages: Mapping[str, Label] | None = None) -> str:
    """Return a page; the same facts give the same text.

    Parameters
    ----------
    template : str
        Name of the template.
    lang : str
        Language.
    facts : mapping
        What the template shows. Everything in it is escaped; marks of direction are shown as their numbers.
    stages : mapping of str to Label, optional
        Names of the stages.
    """
    words = _words(lang, dict(stages or {}))
    return with_marks_shown(_environment().get_template(template).render(**facts, **words, lang=lang))


def _words(lang: str, stages: Mapping[str, Label]) -> dict[str, Any]:
    """Return the texts, names and separators of templates."""

    def say(key: str, **parts: Part) -> str:
        return _commands(phrase(key, lang, **parts))

    return {
        "say": say,
        "name": lambda kind, group: group_name(kind, group, lang, stages),
        "value": partial(value_name, lang=lang),
        "event": partial(pd_meaning, lang=lang),
        "reference": partial(reference_name, lang=lang),
        "compared": partial(compared_with, lang=lang),
        "noted": partial(with_note, lang=lang),
        "gap": phrase("pages.between_sentences", lang),
        "colon": phrase("pages.colon", lang),
        "comma": phrase("joined.comma", lang),
        "semicolon": phrase("joined.semicolon", lang),
    }


def script(name: str) -> dict[str, Any]:
    """Return the facts of a page that runs one of our scripts: its text, and the hash that the page's policy allows.

    Parameters
    ----------
    name : str
        Name of the file.
    """
    text = (files("icsml.reports") / "scripts" / name).read_text("utf-8")
    allowed = "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return {"script": Markup(text), "script_hash": allowed}  # noqa: S704 - our own file


def write(path: Path, page: str) -> None:
    """Write a page; it appears whole or not at all."""
    with whole_file(path) as partial:
        partial.write_text(page, "utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("icsml.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"whole": _whole, "share": _share, "signed": _signed, "decimals": _decimals}
    environment.filters |= {"way": _way, "tiny": _tiny, "css_string": _css_string, "own": in_language}
    environment.filters |= {"breakable_code": _breakable_code, "plus": _plus, "bound": _bound, "commands": _commands}
    return environment


def _commands(text: str) -> str:
    """Mark text between backticks, such as commands, as code."""
    if "`" not in text:
        return text
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text)))
    return Markup(marked)  # noqa: S704 - escaped before


def _tiny(value: float | None) -> str:
    """Show a deviation: zero as zero, anything else by its size."""
    return "–" if value is None else "0" if value == 0 else f"{value:.1e}"


def _whole(value: float) -> str:
    return f"{value:,.0f}"


def _share(value: float, digits: int = 1) -> str:
    return f"{value:.{digits}%}"


def _bound(value: float) -> str:
    """Show a bound of PDs with the digits it has, so that no two read the same."""
    return f"{100.0 * value:.6g}%"


def _signed(value: float, digits: int = 1) -> str:
    """Show a share as signed percentage points; a minus sign as wide as the plus, and none where it rounds to zero."""
    points = round(100.0 * value, digits)
    return f"{points:+.{digits}f}".replace("-", "\N{MINUS SIGN}") if points else f"{0.0:.{digits}f}"


def _plus(value: float, digits: int) -> str:
    """Show a number with its sign; none where it rounds to zero."""
    rounded = round(float(value), digits)
    return f"{rounded:+,.{digits}f}".replace("-", "\N{MINUS SIGN}") if rounded else f"{0.0:.{digits}f}"


def _way(value: float) -> str:
    """Return the class of a change: up, down, or none where it is shown as zero."""
    return {"+": "up", "\N{MINUS SIGN}": "down"}.get(_signed(value)[0], "")


def _breakable_code(code: str) -> Markup:
    """Let a line break after the low lines of a reason code."""
    return Markup("_<wbr>").join(code.split("_"))


def _css_string(text: str) -> Markup:
    """Return a text as a string of a style sheet: everything but plain letters and digits by its number."""
    return Markup('"{}"').format(Markup("").join(_css_letter(letter) for letter in text))


def _css_letter(letter: str) -> Markup:
    plain = letter.isascii() and letter.isalnum()
    return Markup(letter if plain else f"\\{ord(letter):06x}")  # noqa: S704 - a letter, a digit, or a number


def _decimals(value: float | None, digits: int = 1) -> str:
    return "–" if value is None else f"{value:,.{digits}f}".replace("-", "\N{MINUS SIGN}")
