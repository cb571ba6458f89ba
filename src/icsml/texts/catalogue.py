"""Texts in each language, by dotted key such as ``decision.UNDATED``; one file of ``configs/texts`` per language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, Final

import yaml

from icsml.core.flatten import flattened
from icsml.core.paths import configs_dir
from icsml.texts.label import Label, lower_first
from icsml.texts.languages import languages

__all__ = ["Part", "filled", "has_text", "joined", "keys", "phrase", "section", "text", "within"]

Part = Label | str | int | float | tuple[int, ...]
"""What a text may be filled in with: a label gives its text of the language, a named tuple its members."""

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WITHIN: Final[Mapping[str, Callable[[str], str]]] = {"as_is": str, "lower_first": lower_first}


class _Word(str):
    """A name in one language, with its forms within a sentence."""

    __slots__ = ("language",)
    language: str

    @property
    def within(self) -> str:
        return _WITHIN[_texts(self.language)["language.within"]](self)

    @property
    def subject(self) -> str:
        """The same before its verb: an apposition, as in "total assets, year before", is closed by a comma."""
        return f"{self.within}," if "," in self else self.within


def text(key: str, /, **parts: Part) -> Label:
    """Return a text in every language, its parts filled in.

    Parameters
    ----------
    key : str
        Dotted key of the text.
    **parts : Label or str or number
        What fills its parts.

    Raises
    ------
    KeyError
        If a language has no such text, or the text needs a part that is not given.
    """
    return Label(**{language: phrase(key, language, **parts) for language in languages()})


def phrase(key: str, language: str, /, **parts: Part) -> str:
    """Return a text in one language, its parts filled in; parameters and errors are those of :func:`text`."""
    template = _texts(language)[key]
    as_part = _part if ".within" in template or ".subject" in template else _plain  # forms of a name take time to make
    return template.format_map({name: as_part(part, language) for name, part in parts.items()})


def has_text(key: str) -> bool:
    """Return whether there is a text of that key."""
    return key in _texts(languages()[0])


def keys(language: str) -> tuple[str, ...]:
    """Return the keys of all texts of a language."""
    return tuple(_texts(language))


def filled(template: Label, /, **parts: Part) -> Label:
    """Return a text stored with its data, such as that of a reason code, its parts filled in.

    It has the languages of the template: in any other the whole sentence is read in English, and no English sentence
    holds parts of another language.
    """
    return Label(
        **{
            language: template.text(language).format_map({name: _part(part, language) for name, part in parts.items()})
            for language in template.languages
        }
    )


def joined(labels: Iterable[Label], separator: str) -> Label:
    """Return labels as one, with the separator of each language that ``joined.SEPARATOR`` names."""
    items = list(labels)
    return Label(
        **{
            language: _texts(language)[f"joined.{separator}"].join(label.text(language) for label in items)
            for language in languages()
        }
    )


def within(label: Label) -> Label:
    """Return a name in its form within a sentence."""
    return Label(**{language: _word(label, language).within for language in languages()})


def section(name: str, language: str) -> Any:  # noqa: ANN401 - any YAML value
    """Return a section of a language's file, unchanged."""
    return _content(language)[name]


def _part(part: Part, language: str) -> str | int | float | tuple[int, ...]:
    return _word(part, language) if isinstance(part, Label) else part


def _plain(part: Part, language: str) -> str | int | float | tuple[int, ...]:
    return part.text(language) if isinstance(part, Label) else part


def _word(label: Label, language: str) -> _Word:
    word = _Word(label.text(language))
    word.language = language
    return word


@cache
def _texts(language: str) -> dict[str, str]:
    """Return every text of a language by its dotted key; lists, as of units, are none."""
    texts = flattened(_content(language))
    return {key: str(value) for key, value in texts.items() if value is not None and not isinstance(value, list)}


@cache
def _content(language: str) -> dict[str, Any]:
    path = configs_dir() / "texts" / f"{language}.yaml"
    content: dict[str, Any] = yaml.load(path.read_text("utf-8"), Loader=_LOADER)  # noqa: S506 - both are safe loaders
    return content
