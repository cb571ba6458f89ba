"""Errors in words: what each code means, and in other languages what the service says of one.

English sentences stand in the code that raises an error. A sentence in another language is found by the English one,
so that an error needs no more than its English message; what is not found stays English.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from icsml.core.paths import configs_dir
from icsml.texts.catalogue import phrase
from icsml.texts.label import Label
from icsml.texts.languages import FALLBACK

__all__ = ["ErrorCode", "error_codes", "error_title", "in_other_words", "sentences"]

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NOT_SHOWN: Final = "(a field that is not shown)"
_NAME: Final = rf"[A-Za-z0-9_][A-Za-z0-9_.\[\]-]*|{re.escape(_NOT_SHOWN)}"
_PARTS: Final = {
    "number": r"-?[0-9][0-9,]*(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?",
    "name": _NAME,
    "names": rf"(?:{_NAME})(?:, (?:{_NAME}))*(?:, …)?",
    "choices": r"'[^']*'(?:, '[^']*')*(?: or '[^']*')?",
    "sentence": r".+",
}
"""What a part of a sentence may be; anything else may be English, and then the whole sentence stays English."""
_PART = re.compile(r"\\\{((number|names?|choices|sentence)2?)\\\}")
_SEPARATORS: Final = {"names": re.compile(r", "), "choices": re.compile(r", | or ")}


class ErrorCode(BaseModel):
    """A code: its title, what it means and what to do; the HTTP status where it belongs to the service alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Label
    meaning: str
    remedy: str
    status: int | str | None = None


_Code = Annotated[str, Field(pattern=r"^ICS-[A-Z]{3}-[0-9]{3}$")]
_CODES = TypeAdapter(dict[str, dict[_Code, ErrorCode]])
_SENTENCES = TypeAdapter(list[Label])


@cache
def error_codes() -> dict[str, dict[str, ErrorCode]]:
    """Return every code by the section of the reference page, in its order."""
    return _CODES.validate_python(_content("codes"))


@cache
def sentences() -> tuple[Label, ...]:
    """Return every sentence that is there in another language than English."""
    return tuple(_SENTENCES.validate_python(_content("sentences")))


def error_title(code: str) -> Label | None:
    """Return the title of a code; None where there is no such code."""
    return _titles().get(code)


def in_other_words(english: str, language: str) -> str | None:
    """Return a sentence about an error in another language; None where there is none, or a part of it has none.

    Parameters
    ----------
    english : str
        The sentence, its parts filled in.
    language : str
        The language wanted.

    Examples
    --------
    >>> in_other_words("the body is larger than 65,536 bytes", "zh")
    '请求体超过65,536字节'
    >>> in_other_words("the moon is full", "zh")
    """
    if language == FALLBACK:
        return english
    found = _whole().get(english)
    if found is not None:
        return found.by_language.get(language)
    return next(_filled_in(english, language), None)


def _filled_in(english: str, language: str) -> Iterator[str]:
    for pattern, label in _patterns():
        template, match = label.by_language.get(language), pattern.fullmatch(english)
        if template is None or match is None:
            continue
        parts = {name: _part(name.rstrip("2"), text, language) for name, text in match.groupdict().items()}
        if None not in parts.values():
            yield template.format_map(parts)


def _part(kind: str, text: str, language: str) -> str | None:
    if kind == "sentence":
        return in_other_words(text, language)
    if kind not in _SEPARATORS:
        return text
    shown = text.replace(_NOT_SHOWN, in_other_words(_NOT_SHOWN, language) or _NOT_SHOWN)
    return _SEPARATORS[kind].sub(phrase("joined.comma", language), shown)


@cache
def _titles() -> dict[str, Label]:
    return {code: entry.title for section in error_codes().values() for code, entry in section.items()}


@cache
def _whole() -> dict[str, Label]:
    return {label.en: label for label in sentences() if not _PART.search(re.escape(label.en))}


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], Label], ...]:
    """Return the sentences that have parts, each with its pattern."""
    escaped = ((re.escape(label.en), label) for label in sentences())
    return tuple((re.compile(_PART.sub(_group, each)), label) for each, label in escaped if _PART.search(each))


def _group(part: re.Match[str]) -> str:
    return f"(?P<{part[1]}>{_PARTS[part[2]]})"


def _content(name: str) -> Any:  # noqa: ANN401 - any YAML value
    text = (configs_dir() / "errors" / f"{name}.yaml").read_text("utf-8")
    return yaml.load(text, Loader=_LOADER)  # noqa: S506 - both are safe loaders
