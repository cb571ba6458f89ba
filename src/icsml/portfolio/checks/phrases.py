"""Words that the findings share."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["columns", "listed", "percent"]


def listed(names: Sequence[str], most: int = 4) -> str:
    """Return names in a sentence: all of a few, the first of many and how many more."""
    first = list(names[:most])
    if len(names) > most:
        return f"{', '.join(first)} and {len(names) - most} more"
    return " and ".join([", ".join(first[:-1]), first[-1]] if len(first) > 1 else first)


def columns(names: Sequence[str]) -> str:
    """Return ``1 column (a)`` or ``3 columns (a, b and c)``."""
    return f"{len(names)} column{'s' if len(names) != 1 else ''} ({listed(names)})"


def percent(share: float) -> str:
    """Return a share as per cent, with a decimal where it is small; never 0 for what is not."""
    if 0.0 < share < 0.001:
        return "under 0.1 %"
    return f"{share:.1%}".replace(".0%", "%").replace("%", " %")
