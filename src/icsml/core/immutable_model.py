"""Base of immutable models that keep what is derived from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

__all__ = ["ImmutableModel"]


class ImmutableModel(BaseModel):
    """A model without unknown keys that does not change, so that its cached properties hold; a copy has none yet.

    Pydantic's own copy keeps them, although what they were derived from may be another in the copy.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy, some fields changed."""
        copied = super().model_copy(update=update, deep=deep)
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[name]
        return copied
