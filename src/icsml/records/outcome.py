"""Outcome of an enterprise after its decision date."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["OUTCOME_COLUMNS", "OutcomeEvent", "OutcomeMeaning", "last_day"]

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


def last_day(as_of: date, horizon_months: int) -> date:
    """Return the last day of the horizon of a decision: the same day so many months later, or the last of that month.

    Examples
    --------
    >>> last_day(date(2024, 2, 29), 12), last_day(date(2025, 10, 31), 13)
    (datetime.date(2025, 2, 28), datetime.date(2026, 11, 30))
    """
    years, month = divmod(as_of.month - 1 + horizon_months, 12)
    year = as_of.year + years
    return date(year, month + 1, min(as_of.day, monthrange(year, month + 1)[1]))
