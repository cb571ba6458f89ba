"""Which recorded outcomes hold, and which contradict one another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from icsml.core.strict_json import JsonObject

__all__ = ["Settled", "contradicted", "in_force", "of_decision", "same_matter", "settled"]


class Settled(NamedTuple):
    """What is known of an outcome; all is None where nothing is, or where recorded outcomes contradict one another.

    Parameters
    ----------
    outcome_id : str or None
        The outcome that holds.
    bad : bool or None
        Whether the event happened.
    event, event_date : str or None
        What happened, and when.
    contradictory : bool
        Whether recorded outcomes contradict one another, and none is said to replace another.
    """

    outcome_id: str | None = None
    bad: bool | None = None
    event: str | None = None
    event_date: str | None = None
    contradictory: bool = False


def settled(outcomes: Sequence[JsonObject]) -> Settled:
    """Return what outcomes of one decision, in the order recorded, say together."""
    holding = in_force(outcomes)
    if not holding:
        return Settled()
    if any(contradicted(one, later) for at, one in enumerate(holding) for later in holding[at + 1 :]):
        return Settled(contradictory=True)
    last = holding[-1]
    return Settled(last["event_id"], last["bad"], last.get("event"), last.get("event_date"))


def in_force(outcomes: Sequence[JsonObject]) -> list[JsonObject]:
    """Return the outcomes that no other one replaces."""
    replaced = {one["replaces"] for one in outcomes if one.get("replaces") is not None}
    return [one for one in outcomes if one["event_id"] not in replaced]


def same_matter(one: JsonObject, other: JsonObject) -> bool:
    """Return whether two outcomes of a firm are of one decision, or of one date where either names no decision."""
    if one.get("decision_id") is not None and other.get("decision_id") is not None:
        return bool(one["decision_id"] == other["decision_id"])
    return bool(one["as_of"] == other["as_of"])


def of_decision(outcomes: Iterable[JsonObject], decision_id: str, as_of: str | None) -> list[JsonObject]:
    """Return the outcomes of a firm that are of this decision: they name it, or no decision and its date."""
    itself: JsonObject = {"decision_id": decision_id, "as_of": as_of}
    return [one for one in outcomes if same_matter(itself, one)]


def contradicted(earlier: JsonObject, later: JsonObject) -> str | None:
    """Return the field in which a later outcome says otherwise than an earlier one, None if it only adds to it."""
    if earlier["bad"] is None:
        return None
    if earlier["bad"] != later["bad"]:
        return "bad"
    for name in ("event", "event_date"):
        if earlier.get(name) is not None and earlier[name] != later.get(name):
            return name
    return None
