"""Decisions that a search found, as they leave the system."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue

__all__ = ["FacetCount", "Facets", "FoundDecision", "FoundDecisions", "FoundModel"]

_EXAMPLE: dict[str, JsonValue] = {
    "items": [
        {
            "decision_id": "6b2f0c5e-9a1d-4d3b-8f57-2f4f8a6c1e90",
            "decided_at": "2026-07-01T09:30:00.000000Z",
            "enterprise_id": "E0000001",
            "as_of": "2026-06-30",
            "grade": "BB",
            "pd": 0.021,
            "score": 612,
            "model": {"name": "icsml-pd", "version": "3", "bundle_sha256": "b" * 64},
            "reasons": ["debt_to_assets"],
        }
    ],
    "next": "WyIyMDI2LTA3LTAxVDA5OjMwOjAwLjAwMDAwMFoiLCI2YjJmIiwiM2YiXQ",
    "facets": {"grade": [{"value": "BB", "count": 1}], "reason": [{"value": "debt_to_assets", "count": 1}]},
    "counted": 1,
    "complete": True,
}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FoundModel(_Part):
    """Which model decided; null where the decision does not say so."""

    name: str | None
    version: str | None
    bundle_sha256: str | None


class FoundDecision(_Part):
    """What a list shows of a decision; null where the decision does not say it."""

    decision_id: str
    decided_at: str
    enterprise_id: str | None
    as_of: str | None
    grade: str | None
    pd: float | None
    score: int | None
    model: FoundModel
    reasons: Annotated[list[str], Field(description="codes: the adverse ones, then the others")]


class FacetCount(_Part):
    """How many decisions have a value; the value is null for decisions without one."""

    value: str | None
    count: int


class Facets(_Part):
    """How many decisions have which grade and which reason, the most frequent first.

    The counts of a facet are of the decisions that meet all other conditions, so that they show what else there is.
    """

    grade: list[FacetCount]
    reason: list[FacetCount]


class FoundDecisions(_Part):
    """One page of the decisions that were asked for, newest first.

    ``facets``, ``counted`` and ``complete`` are null on all pages but the first.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"example": _EXAMPLE})

    items: list[FoundDecision]
    next: Annotated[str | None, Field(description="cursor of the page after this one; null on the last")]
    facets: Facets | None
    counted: Annotated[int | None, Field(description="how many decisions meet all conditions, at most 5,000")]
    complete: Annotated[
        bool | None,
        Field(description="whether all decisions are in the counts; if not, each is of the newest 5,000"),
    ]
