"""A text in several languages."""

from __future__ import annotations

import re
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from icsml.texts.languages import languages

__all__ = ["Label", "lower_first"]


def lower_first(text: str) -> str:
    """Return an English text as it is within a sentence; R&D, PCT and Class I keep their capitals."""
    return re.sub(r"^[A-Z](?=[a-z][\w-]*\b(?! [IVX]+\b))", lambda first: first[0].lower(), text)


def _closed(schema: dict[str, Any]) -> None:
    for language in languages():
        schema["properties"].setdefault(language, {"title": language.capitalize(), "type": "string"})
    schema |= {"additionalProperties": False, "description": "A text in English and Chinese."}


class Label(BaseModel):
    """A text in English, in Chinese, and in any further language of ``configs/texts``.

    Data such as fields and rulebooks need no text in a further language: English replaces it.
    """

    model_config = ConfigDict(extra="allow", frozen=True, json_schema_extra=_closed)
    __pydantic_extra__: dict[str, str]

    en: str
    zh: str

    @model_validator(mode="after")
    def _languages_only(self) -> Self:
        for language in self.__pydantic_extra__:
            if language not in languages():
                raise PydanticCustomError("extra_forbidden", "Extra inputs are not permitted")
        return self

    def text(self, language: str) -> str:
        """Return the text of a language; that of English where it has none."""
        text: str = getattr(self, language, self.en)
        return text

    @property
    def by_language(self) -> dict[str, str]:
        """The texts of all its languages, as in JSON."""
        return {"en": self.en, "zh": self.zh, **self.__pydantic_extra__}

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages in which it has a text."""
        return ("en", "zh", *self.__pydantic_extra__)

    @property
    def texts(self) -> tuple[str, ...]:
        """The texts of all its languages."""
        return (self.en, self.zh, *self.__pydantic_extra__.values())
