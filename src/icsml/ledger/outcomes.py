"""Which recorded outcomes hold, and which contradict one another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from icsml.core.strict_json import JsonObject

__all__ = ["contradicted", "in_force", "of_decision", "same_matter"]


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
