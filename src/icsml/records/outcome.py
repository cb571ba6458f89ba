"""Outcome of an enterprise after its decision date."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["OUTCOME_COLUMNS", "OutcomeEvent", "OutcomeMeaning"]

OUTCOME_COLUMNS = ("enterprise_id", "as_of", "bad", "event", "event_date")
"""Columns of ``outcomes.parquet``; ``bad`` is null where the outcome was never seen."""


class OutcomeEvent(StrEnum):
    """What happened first inside the window."""

    DEFAULT = "default"
    BANKRUPTCY = "bankruptcy"
    CHARGE_OFF = "charge_off"
    MERGER = "merger"
    CLOSURE = "closure"


class OutcomeMeaning(BaseModel):
    """What ``bad`` means: the event and the horizon in months, each None where it is not known."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    event: Literal["default", "bankruptcy", "charge_off"] | None = None
    horizon_months: int | None = Field(default=None, ge=1, le=600)
    meaning: str | None = None
