"""Editions of one series that are in force on the same days."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from icsml.innovation.rulebooks.fault import Fault
from icsml.innovation.rulebooks.rulebook import Edition, Scope

__all__ = ["series_faults"]

_YEAR = re.compile(r"-(19|20)\d\d(-\d+)?$")


def series_faults(edition: Edition, others: Iterable[Edition]) -> Iterator[Fault]:
    """Return overlaps of an edition with others of its series.

    All national editions are one series; otherwise editions of one scope whose ids differ by the year at the end are. A
    scenario is never in force, and a correction takes the place of what it corrects.
    """
    rivals = [other for other in others if other.id != edition.id]
    replaced = {rival.corrects for rival in (*rivals, edition) if rival.corrects is not None}
    if edition.id in replaced:
        return
    for other in sorted(rivals, key=lambda rival: rival.id):
        if other.id not in replaced and _one_series(edition, other) and (days := _shared(edition, other)):
            yield Fault(
                "ICS-RUL-037",
                ("in_force", "from"),
                f"{other.id} of the same series is in force too, {days}",
                _remedy(edition, other),
            )


def _one_series(a: Edition, b: Edition) -> bool:
    if a.scope is not b.scope or a.scope is Scope.VARIANT:
        return False
    return a.scope is Scope.NATIONAL or _YEAR.sub("", a.id) == _YEAR.sub("", b.id)


def _shared(a: Edition, b: Edition) -> str:
    """Return the days on which both are in force, in words; empty if there are none."""
    if a.in_force.since is None or b.in_force.since is None:
        return ""
    start = max(a.in_force.since, b.in_force.since)
    end = min(a.in_force.until or date.max, b.in_force.until or date.max)
    if start > end:
        return ""
    return f"from {start}" if end == date.max else f"{start} to {end}"


def _remedy(edition: Edition, other: Edition) -> str:
    a, b = edition.in_force.since, other.in_force.since
    if a is None or b is None or a == b:
        return f"write `corrects: {other.id}` if it replaces it, or correct the dates"
    earlier, later = (other.id, a) if b < a else (edition.id, b)
    return f"end {earlier} with `to: {later - timedelta(days=1)}`, or write `corrects:` if one replaces the other"
