"""The words of problem details in the language asked for, and in which languages they are."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus

from icsml.texts.catalogue import phrase
from icsml.texts.error_texts import error_title, in_other_words
from icsml.texts.languages import FALLBACK, Language

__all__ = ["Words"]


class Words:
    """Words in one language where there are such, else in English.

    Parameters
    ----------
    language : str
        The language wanted.
    """

    def __init__(self, language: Language) -> None:
        self._wanted = language
        self._used: set[str] = set()

    @property
    def languages(self) -> str:
        """In which languages the words are that were asked for so far, as ``Content-Language`` has it."""
        return ", ".join(sorted(self._used, key=lambda language: language != self._wanted))

    def title(self, code: str, status: HTTPStatus) -> str:
        """Return the title of a code; of a code that nobody declared, what its status is called."""
        title = error_title(code)
        if title is None:
            return self._chosen(None, status.phrase)
        return self._chosen(title.by_language.get(self._wanted), title.en)

    def sentence(self, english: str, remedy: str | None = None) -> str:
        """Return what is wrong, with the remedy; English as a whole if either is there in English only."""
        parts = [english] if remedy is None else [english, remedy]
        return self._chosen(self._other(parts), " — ".join(parts))

    def _other(self, parts: Sequence[str]) -> str | None:
        if self._wanted == FALLBACK:
            return None
        found = [words for part in parts if (words := in_other_words(part, self._wanted)) is not None]
        return phrase("joined.semicolon", self._wanted).join(found) if len(found) == len(parts) else None

    def _chosen(self, wanted: str | None, english: str) -> str:
        self._used.add(FALLBACK if wanted is None else self._wanted)
        return english if wanted is None else wanted
