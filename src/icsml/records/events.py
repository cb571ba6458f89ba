"""What happens after a decision: override, outcome, correction, objection."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from icsml.core.direction_marks import LINE_PATTERN
from icsml.core.pydantic_errors import fault

__all__ = [
    "OVERRIDE_REASONS",
    "Correction",
    "Event",
    "Events",
    "Objection",
    "Outcome",
    "Outcomes",
    "Override",
    "RecordedOutcomes",
    "RefersTo",
]

OVERRIDE_REASONS: Final = (
    "additional_collateral",
    "guarantee",
    "management_assessment",
    "new_information",
    "data_error",
    "policy_exception",
    "market_conditions",
    "other",
)
_MOST_OUTCOMES: Final = 1000


def _says_something(text: str) -> str:
    if not text.strip():
        raise fault((), "must not be blank")
    return text


def _same(name: str) -> str:
    """Return what is the same for all ways to write a name: case, width, spaces, what is not seen at all."""
    seen = (each for each in name if unicodedata.category(each) != "Cf")
    return "".join(unicodedata.normalize("NFKC", "".join(seen)).casefold().split())


Name = Annotated[
    str, StringConstraints(min_length=1, max_length=128, pattern=LINE_PATTERN), AfterValidator(_says_something)
]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4000), AfterValidator(_says_something)]
Record = Annotated[dict[str, Any], Field(description="A record, as `POST /v1/assessments` takes it")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Override(_Body):
    """An officer decides otherwise than the assessment suggests."""

    outcome: Literal["approve", "decline", "refer"] = Field(description="what was decided", examples=["approve"])
    reason_code: Literal[OVERRIDE_REASONS] = Field(description="why", examples=["guarantee"])  # type: ignore[valid-type]
    comment: Text | None = Field(
        None, description="needed with the reason `other`", examples=["Guarantee of the province"]
    )
    user: Name = Field(description="who overrides, as the bank names the officer", examples=["officer-17"])
    second_user: Name | None = Field(
        None, description="the second authority, needed above the limit of `override_limit_cny`", examples=["officer-4"]
    )
    amount_cny: Annotated[float, Field(ge=0, le=1e15, allow_inf_nan=False)] | None = Field(
        None, description="the amount decided on; without it the amount applied for counts", examples=[800000]
    )

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if self.reason_code == "other" and self.comment is None:
            raise fault(("comment",), "the reason 'other' needs a comment")
        if self.second_user is not None and _same(self.second_user) == _same(self.user):
            raise fault(("second_user",), "must be another person than `user`")
        return self


class Outcome(_Body):
    """What became of a firm."""

    enterprise_id: Name = Field(examples=["E-000001"])
    as_of: date = Field(description="decision date of the assessment it is the outcome of", examples=["2024-06-30"])
    bad: bool | None = Field(description="whether the event happened; null if it was never seen", examples=[False])
    event: Literal["default", "bankruptcy", "charge_off", "merger", "closure"] | None = Field(None, examples=[None])
    event_date: date | None = Field(None, examples=[None])
    decision_id: Name | None = Field(None, description="the assessment, if it is known", examples=[None])
    replaces: Name | None = Field(
        None, description="`event_id` of an earlier outcome of the same, if that one was wrong", examples=[None]
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.event_date is not None and self.event_date < self.as_of:
            raise fault(("event_date",), "must not be before as_of")
        if self.bad is not True and self.event in ("default", "bankruptcy", "charge_off"):
            raise fault(("event",), "is bad, and `bad` does not say so")
        if self.bad is not True and self.event is None and self.event_date is not None:
            raise fault(("event_date",), "is the date of an event, and no event is named")
        return self


class Outcomes(_Body):
    """Outcomes of firms."""

    outcomes: Annotated[list[Outcome], Field(min_length=1, max_length=_MOST_OUTCOMES)]


class Correction(_Body):
    """The data of a decision were wrong: a corrected record, on which is decided anew."""

    record: Record
    reason: Text = Field(description="what was wrong", examples=["Revenue was entered in thousands"])
    user: Name = Field(description="who corrects", examples=["officer-17"])


class Objection(_Body):
    """The firm objects, and is decided on anew."""

    statement: Text = Field(description="what the firm objects to", examples=["Our patents were not counted"])
    user: Name = Field(description="who received it", examples=["officer-17"])
    record: Record | None = Field(None, description="a corrected record; without it the earlier record is decided on")


class RefersTo(BaseModel):
    """The earlier decision that one corrects, or answers an objection to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["correction", "objection"]
    decision_id: str


class Event(BaseModel):
    """What happened after a decision; beside these keys, those of its kind."""

    model_config = ConfigDict(extra="allow", frozen=True)

    event_id: str = Field(description="identifier; of a correction or an objection that of the new decision")
    kind: Literal["override", "outcome", "correction", "objection"]
    decision_id: str | None = Field(description="the decision it is about; null if an outcome names none")


class Events(BaseModel):
    """What happened after a decision, in the order recorded."""

    decision_id: str
    events: list[Event]


class RecordedOutcomes(BaseModel):
    """Outcomes as they are recorded, in the order sent."""

    events: list[Event]
