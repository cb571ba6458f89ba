"""The languages of texts: one for each file of ``configs/texts``."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

from icsml.core.paths import configs_dir

__all__ = ["FALLBACK", "Language", "languages"]

FALLBACK = "en"
"""The language used where data have no text of another."""


@cache
def languages() -> tuple[str, ...]:
    """Return the languages by their codes, English first."""
    codes = sorted(path.stem for path in (configs_dir() / "texts").glob("*.yaml"))
    return (FALLBACK, *(code for code in codes if code != FALLBACK))


if TYPE_CHECKING:
    Language = str
else:
    Language = Literal[languages()]
    """The code of one of the languages, for what checks an option or a parameter by its type."""
