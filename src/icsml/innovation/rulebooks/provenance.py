"""Provenance of the parts of a rulebook."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

__all__ = ["Provenance", "weakest"]


class Provenance(StrEnum):
    """How far a name, weight, definition or points function may be trusted, strongest first."""

    OFFICIAL = "official"
    """read in the issuing body's own text"""
    PUBLISHED = "published"
    """found in a named public source"""
    ASSUMED = "assumed"
    """everything else: recalled, inferred, a third party's prototype, our own choice"""


_ORDER = tuple(Provenance)


def weakest(parts: Iterable[Provenance]) -> Provenance:
    """Return the provenance of a whole: that of its weakest part."""
    return max(parts, key=_ORDER.index)
