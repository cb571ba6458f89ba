"""Directions of risk."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Direction"]


class Direction(StrEnum):
    """What a rising value does to the PD, all else equal."""

    RAISES_RISK = "raises_risk"
    LOWERS_RISK = "lowers_risk"
    FREE = "free"

    @property
    def sign(self) -> int:
        """+1, -1 or 0, as LightGBM's ``monotone_constraints`` wants it."""
        return _SIGNS[self]


_SIGNS = {Direction.RAISES_RISK: 1, Direction.LOWERS_RISK: -1, Direction.FREE: 0}
