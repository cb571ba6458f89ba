"""The innovation points of one record by themselves, as the service answers them."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from icsml.records.decision import DecisionWarning, InnovationScore

__all__ = ["InnovationPoints"]


class InnovationPoints(BaseModel):
    """Points by a rulebook, with the rule behind each; no decision, and no PD."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    enterprise_id: str
    as_of: str | None
    rulebook_sha256: str = Field(description="of the rules that gave the points")
    innovation: InnovationScore = Field(description="as in a decision by the same rules, to the bit")
    out_of_range: list[str] = Field(description="fields outside their declared range, or above what they are part of")
    warnings: list[DecisionWarning]
