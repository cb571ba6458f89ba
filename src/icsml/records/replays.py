"""What became of a recorded decision that was made again, as it leaves the system: without a value of the record."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["Replay", "ReplayDifference"]


class ReplayDifference(BaseModel):
    """A value that came out otherwise: where, and what sort of value was recorded and came out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Annotated[str, Field(examples=["decision.reasons[0].points"])]
    kinds: Annotated[str, Field(examples=["number → null"])]


class Replay(BaseModel):
    """Whether features and decision came out as they were recorded, byte for byte.

    ``code`` and ``message`` say why not, and are null if they did. The versions are those of icsml, null where the
    request could not be decided on again. At most fifty differences are listed.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    decision_id: str
    identical: bool
    code: str | None
    message: str | None
    recorded_by: str | None
    repeated_by: str | None
    differences: list[ReplayDifference]
