"""The rulebooks of an installation, as the service lists them."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from icsml.texts.label import Label

__all__ = ["ListedRulebook", "RulebookInForce", "RulebookList", "UnreadableRulebook"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True, serialize_by_alias=True)


class RulebookInForce(_Part):
    """When the rules apply: both days included, null where not known or without end."""

    since: date | None = Field(alias="from")
    until: date | None = Field(alias="to")


class ListedRulebook(_Part):
    """What an edition states of itself, in short."""

    id: str
    scope: Literal["national", "regional", "scorecard", "variant"]
    edition: str
    title: Label
    issuer: Label
    in_force: RulebookInForce
    known_since: date = Field(description="from when on the rules were public")
    corrects: str | None = Field(description="id of the edition that this one replaces")
    evaluable: bool = Field(description="false: documented only, no points can be given by it")
    max_score: float | None = Field(description="null if it cannot be evaluated")
    provenance: Literal["official", "published", "assumed"] | None = Field(
        description="of the weakest part that points and eligibility depend on; null if it cannot be evaluated"
    )
    sha256: str | None = Field(description="of the rules, as in the ledger; null if it cannot be evaluated")
    decides: bool = Field(description="whether the model that decides now gives points by these rules")


class UnreadableRulebook(_Part):
    """A file that is not listed: it is not sound."""

    id: str
    code: str = Field(description="what `icsml rulebook lint` says of it")


class RulebookList(_Part):
    """Every edition, in the order of the ids, and the files that cannot be read."""

    rulebooks: list[ListedRulebook]
    unreadable: list[UnreadableRulebook]
