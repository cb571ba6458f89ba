"""What is said in each language, by dotted key such as ``decision.UNDATED``; one file of ``configs/texts`` each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Final

import yaml

from icsml.core.flatten import flattened
from icsml.core.paths import configs_dir
from icsml.texts.label import Label, lower_first
from icsml.texts.languages import languages

__all__ = ["Part", "has_text", "joined", "keys", "phrase", "text"]

Part = Label | str | int | float
"""What a text may be filled in with: a label gives its text of the language."""

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WITHIN: Final[Mapping[str, Callable[[str], str]]] = {"as_is": str, "lower_first": lower_first}


class _Word(str):
    """A part that knows how it stands within a sentence."""

    __slots__ = ("within",)
    within: str


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
        If a language has no such text, or the text asks for a part that is not given.
    """
    return Label(**{language: phrase(key, language, **parts) for language in languages()})


def phrase(key: str, language: str, /, **parts: Part) -> str:
    """Return a text in one language, its parts filled in; parameters and errors are those of :func:`text`."""
    return _texts(language)[key].format_map({name: _part(part, language) for name, part in parts.items()})


def has_text(key: str) -> bool:
    """Tell whether there is a text of that key."""
    return key in _texts(languages()[0])


def keys(language: str) -> tuple[str, ...]:
    """Return the keys of all texts of a language."""
    return tuple(_texts(language))


def joined(labels: Iterable[Label], separator: str) -> Label:
    """Return labels as one, with the separator of each language that ``joined.SEPARATOR`` names."""
    held = list(labels)
    return Label(
        **{
            language: _texts(language)[f"joined.{separator}"].join(label.text(language) for label in held)
            for language in languages()
        }
    )


def _part(part: Part, language: str) -> str | int | float:
    if not isinstance(part, Label):
        return part
    word = _Word(part.text(language))
    word.within = _WITHIN[_texts(language)["language.within"]](word)
    return word


@cache
def _texts(language: str) -> dict[str, str]:
    """Read a language's file: every text by its dotted key."""
    path = configs_dir() / "texts" / f"{language}.yaml"
    content = yaml.load(path.read_text("utf-8"), Loader=_LOADER)  # noqa: S506 - both are safe loaders
    return {key: str(value) for key, value in flattened(content).items() if value is not None}
