"""What moved between two decisions on one firm, as it leaves the system."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from icsml.records.decision import ModelIdentity
from icsml.texts.label import Label

__all__ = ["ChangeNote", "Changes", "Contribution", "DataChanges", "DecisionFacts", "FieldChange", "Step", "StepName"]

StepName = Literal["data", "rule", "model", "rule_and_model", "calibration", "scale"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DecisionFacts(_Part):
    """One of the two decisions; ``log_odds`` are those behind its PD, null where nothing is compared with it."""

    decision_id: str
    decided_at: str
    as_of: str | None
    log_odds: float | None
    pd: float
    score: int
    grade: str | None
    model: ModelIdentity
    rulebook_sha256: str | None


class Step(_Part):
    """One step from the earlier decision to the later: the difference of two evaluations.

    ``points`` is the score after the step minus the score before it. So the points of all steps add up to the
    difference of the scores, and the log-odds to the difference of the log-odds.
    """

    step: StepName
    label: Label
    log_odds: float
    points: int
    pd_before: float
    pd_after: float
    score_before: int
    score_after: int


class Contribution(_Part):
    """What one feature adds to step ``data``: its term of the later record minus its term of the earlier one."""

    code: str
    feature: str
    group: str
    label: Label
    unit: str
    before: float | None
    after: float | None
    log_odds: float
    points: int
    text: Label


class DataChanges(_Part):
    """Step ``data`` by feature: contributions, ``other`` and ``base`` add up to it.

    ``base`` is zero unless the model scores one of the records and its companion the other.
    """

    contributions: Annotated[list[Contribution], Field(description="the largest first")]
    other_log_odds: float
    other_points: int
    base_log_odds: float
    base_points: int


class FieldChange(_Part):
    """A field of the record that differs; null where it was not given."""

    field: str
    before: JsonValue
    after: JsonValue


class ChangeNote(_Part):
    """What a reader must know of the steps."""

    code: str
    text: Label


class Changes(_Part):
    """What moved since an earlier decision on the same firm.

    In the first decision on a firm ``previous``, ``log_odds``, ``points`` and ``data`` are null, and there are no
    steps.
    """

    enterprise_id: str
    decision: DecisionFacts
    previous: DecisionFacts | None = None
    log_odds: float | None = None
    points: int | None = None
    steps: list[Step] = []
    data: DataChanges | None = None
    record: list[FieldChange] = []
    notes: list[ChangeNote] = []
