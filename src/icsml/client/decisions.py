"""Decisions as they are asked for and read, alone or in a batch."""

from __future__ import annotations

import json
import uuid
from typing import Any, Final

from icsml.client.answers import Assessment

__all__ = ["ASSESSMENTS", "assessment_of", "decision_id_of", "new_key", "recourse_parameter"]

ASSESSMENTS: Final = "v1/assessments"
"""Path of decisions."""


def new_key() -> str:
    """Return a new idempotency key."""
    return uuid.uuid4().hex


def recourse_parameter(recourse: bool | None) -> dict[str, str]:
    """Return the parameter by which recourse is looked for or not."""
    return {} if recourse is None else {"recourse": "true" if recourse else "false"}


def assessment_of(content: bytes, status: int, request_id: str | None, key: str | None) -> Assessment:
    """Read a decision; raises ValueError if it is none."""
    return Assessment(decision_id_of(json.loads(content)), content, status, request_id, key)


def decision_id_of(decision: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return the identifier of a decision; raises ValueError if it is none."""
    found = decision.get("decision_id") if isinstance(decision, dict) else None
    if not isinstance(found, str):
        raise ValueError("not a decision")
    return found
