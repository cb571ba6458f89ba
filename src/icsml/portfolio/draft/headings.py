"""Parts of a heading: its words, the unit that it names, and its canonical field."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from icsml.portfolio.draft.synonyms import SYNONYMS
from icsml.portfolio.draft.vocabulary import FOREIGN, UNITS
from icsml.records.extra import EXTRA_NAME
from icsml.records.fields import FIELD_BY_NAME, FIELDS

__all__ = ["Heading", "NamedBy", "canonical_name", "feature_names", "index_among"]

_BRACKETS = re.compile(r"[(\[【<]\s*(?:单位\s*[:：]?\s*|in\s+)?([^()\[\]【】<>]*?)\s*[)\]】>]")
_TRAILING = re.compile(r"[\s_\-/,，、:]+([^\s_\-/,，、:]+)$")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LATIN = re.compile(r"[a-z0-9]+")
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_NAME_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading.

    Parameters
    ----------
    text : str
        As the table has it.
    key, bare : str
        Letters and digits alone, in small letters, with and without the unit.
    spaced : str
        Its Latin words in small letters, a blank around each.
    unit : str or None
        The unit that it names, in small letters.
    """

    text: str
    key: str
    bare: str
    spaced: str
    unit: str | None

    @classmethod
    def of(cls, text: str) -> Heading:
        """Take a heading apart."""
        plain = unicodedata.normalize("NFKC", text).strip()
        unit, rest = _unit(plain)
        words = _LATIN.findall(_CAMEL.sub(" ", rest).lower().replace("_", " "))
        return cls(text, _key(plain), _key(rest), f" {' '.join(words)} ", unit)

    @property
    def scale(self) -> float | None:
        """Factor into 元, fractions or counts; None where no unit is named or it is 1."""
        factor = UNITS.get(self.unit or "", 1.0)
        return None if factor == 1.0 else factor

    @property
    def foreign(self) -> bool:
        """Whether it names another currency."""
        return self.unit in FOREIGN

    def speaks_of(self, phrase: str) -> bool:
        """Return whether the heading contains a phrase: Latin word by word, Chinese as a part; after = as a whole."""
        if phrase.startswith("="):
            return self.bare == _key(phrase)
        if _CHINESE.search(phrase):
            return phrase in self.key
        return f" {phrase} " in self.spaced or (len(phrase) > 2 and phrase.replace(" ", "") == self.bare)


def index_among(heading: Heading, phrases: Sequence[str]) -> int | None:
    """Return the index of the first phrase that a heading contains, None if it contains none."""
    return next((index for index, phrase in enumerate(phrases) if heading.speaks_of(phrase)), None)


class NamedBy(StrEnum):
    """Ways in which a heading names a canonical field, the surest first."""

    NAME = "its name"
    LABEL = "its label"
    SYNONYM = "a usual word for it"


def canonical_name(heading: Heading) -> tuple[str, NamedBy] | None:
    """Return the canonical field that a heading names, and how."""
    for key in (heading.key, heading.bare):
        if key in _known():
            return _known()[key]
    return None


def feature_names(headings: Sequence[Heading]) -> list[str]:
    """Return a valid name for each heading, unique in small letters; a Chinese heading is named by its position."""
    taken: set[str] = set()
    names = []
    for index, heading in enumerate(headings, 1):
        name = next(proposal for proposal in _proposals(heading.text, index) if proposal.lower() not in taken)
        taken.add(name.lower())
        names.append(name)
    return names


def _proposals(text: str, index: int) -> Iterator[str]:
    slug = re.sub(r"[^a-z0-9]+", "_", unicodedata.normalize("NFKC", text).lower()).strip("_")[:_NAME_LENGTH]
    if re.fullmatch(EXTRA_NAME, text):
        yield text
    elif slug and not _CHINESE.search(text) and re.fullmatch(EXTRA_NAME, slug):
        yield slug
    yield f"x_{index}"
    yield from (f"x_{index}_{again}" for again in range(2, 1_000_000))


def _unit(text: str) -> tuple[str | None, str]:
    """Return the unit of a heading and the heading without it; other brackets are left alone."""
    for match in _BRACKETS.finditer(text):
        unit = match[1].strip().lower()
        if unit in UNITS or unit in FOREIGN:
            return unit, (text[: match.start()] + text[match.end() :]).strip()
    trailing = _TRAILING.search(text)
    if trailing and trailing[1].lower() in {unit for unit in (*UNITS, *FOREIGN) if len(unit) > 1}:
        return trailing[1].lower(), text[: trailing.start()]
    if text.endswith("%") and len(text) > 1:
        return "%", text[:-1].strip()
    return None, text


def _key(text: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


@cache
def _known() -> dict[str, tuple[str, NamedBy]]:
    """Return canonical fields by key; a name goes before a label, a label before another word."""
    by_key: dict[str, tuple[str, NamedBy]] = {}
    for how, pairs in ((NamedBy.NAME, _names()), (NamedBy.LABEL, _labels()), (NamedBy.SYNONYM, _words())):
        for name, text in pairs:
            by_key.setdefault(_key(text), (name, how))
    return by_key


def _names() -> Iterable[tuple[str, str]]:
    yield from ((name, name) for name in FIELD_BY_NAME)
    yield from ((name, name.removesuffix("_cny")) for name in FIELD_BY_NAME)


def _labels() -> Iterable[tuple[str, str]]:
    for field in FIELDS:
        yield from ((field.name, text) for text in (field.zh, field.en, _BRACKETS.sub("", field.en)))


def _words() -> Iterable[tuple[str, str]]:
    yield from ((name, word) for name, words in SYNONYMS.items() for word in words)
