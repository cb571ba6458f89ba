"""A text in every language that it is shown in."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict

__all__ = ["Label"]


class Label(BaseModel):
    """A text in English and Chinese."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    en: str
    zh: str

    @property
    def en_within(self) -> str:
        """The English text as it stands within a sentence; R&D, PCT and Class I keep their capitals."""
        return re.sub(r"^[A-Z](?=[a-z][\w-]*\b(?! [IVX]+\b))", lambda first: first[0].lower(), self.en)
