"""Bilingual labels and directions of risk."""

from __future__ import annotations

import re
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

__all__ = ["Direction", "Label"]


class Label(BaseModel):
    """A text in English and Chinese."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    en: str
    zh: str

    @property
    def en_within(self) -> str:
        """The English text as it stands within a sentence; R&D, PCT and Class I keep their capitals."""
        return re.sub(r"^[A-Z](?=[a-z][\w-]*\b(?! [IVX]+\b))", lambda first: first[0].lower(), self.en)


class Direction(StrEnum):
    """What a rising value does to the PD, all else equal."""

    RAISES_RISK = "raises_risk"
    LOWERS_RISK = "lowers_risk"
    FREE = "free"

    @property
    def sign(self) -> int:
        """+1, -1 or 0, as LightGBM's ``monotone_constraints`` wants it."""
        return {Direction.RAISES_RISK: 1, Direction.LOWERS_RISK: -1, Direction.FREE: 0}[self]
