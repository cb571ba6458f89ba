"""The decision: one object for the command line, the service, the ledger and replay."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from icsml.records.direction import Direction
from icsml.records.events import RefersTo
from icsml.texts.label import Label

__all__ = [
    "AdverseReason",
    "AlsoReason",
    "CategoryPoints",
    "Decision",
    "DecisionWarning",
    "EligibilityCondition",
    "GroupTerm",
    "IndicatorPoints",
    "IndicatorReason",
    "InnovationScore",
    "InputSummary",
    "InterventionalReference",
    "ModelIdentity",
    "Reason",
    "ReasonForm",
    "ReasonKind",
    "RecordChange",
    "Recourse",
    "RecourseStep",
    "Reference",
    "ReferenceId",
    "Referral",
    "ScoreScale",
    "ToProvide",
    "Withheld",
]

Provenance = Literal["official", "published", "assumed"]
ReasonForm = Literal["adverse", "favourable"]
"""Whether a term adds to the risk or takes from it."""

ReasonKind = Literal["comparison", "neutral", "not_provided", "not_computable"]
"""What a reason states: the value is on the worse or better side of the median; value and median alone, no fault of the
firm; a field was not provided; a ratio has no base."""

ReferenceId = Literal["training-applicants", "approval-margin", "training-cover"]
"""Compared with whom: training rows, training rows nearest to the cut-off, or all training rows by the trees' cover."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelIdentity(_Part):
    """Which model decided; ``event`` and ``horizon_months`` say what its PD is a PD of, null where not known."""

    name: str
    version: str | None
    bundle_sha256: str
    event: str | None
    horizon_months: int | None
    synthetic: bool


class ToProvide(_Part):
    """A field that the record does not hold; ``label`` is its name."""

    field: str
    label: Label


class InputSummary(_Part):
    """How many fields were present and missing, and which lay outside their declared range.

    These count every field there is. ``read`` counts those that the model reads, ``absent`` names the ones among them
    that the record does not hold; both are null in decisions recorded earlier.
    """

    present: int
    missing: int
    out_of_range: list[str]
    read: int | None = None
    absent: list[ToProvide] | None = None


class CategoryPoints(_Part):
    """Points of one category of the rulebook."""

    id: str
    points: float | None
    max: float


class IndicatorPoints(_Part):
    """Points of one indicator, with the rule that gave them; decisions recorded earlier have no label and no unit."""

    id: str
    label: Label | None = None
    domain: Literal["innovation", "financial"]
    value: float | None
    unit: str | None = None
    points: float | None
    max: float
    rule: str
    provenance: Provenance


class EligibilityCondition(_Part):
    """Whether one condition of the rulebook is met; null where it cannot be known."""

    id: str
    met: bool | None
    rule: str | None
    provenance: Provenance
    text: Label


class InnovationScore(_Part):
    """The rulebook's points of this enterprise; null where a missing value is a reason to give none.

    ``valid_until`` is the last day on which the score counts, null where the rulebook or the record does not say.
    """

    rulebook: str
    edition: str
    provenance: Provenance
    score_provenance: Provenance
    stage: str | None
    score: float | None
    max_score: float
    valid_until: str | None
    eligible: bool | None
    eligibility: list[EligibilityCondition]
    categories: list[CategoryPoints]
    indicators: list[IndicatorPoints]


class ScoreScale(_Part):
    """score = round(offset − pdo / ln 2 · logit(pd))."""

    offset: int
    pdo: int


class IndicatorReason(_Part):
    """One indicator's share of the innovation score's reason, with the rule that gave its points.

    ``points`` and ``reference_points`` are points of the rulebook, the latter the reference population's mean;
    ``log_odds`` and ``score_points`` add up to those of the reason, ``pd_effect`` does not.
    """

    indicator: str
    points: float
    reference_points: float
    log_odds: float
    score_points: int
    pd_effect: float
    rule: str


class AlsoReason(_Part):
    """A feature that says the same as the reason it is merged into; its terms are part of the reason's."""

    code: str
    feature: str
    label: Label | None = None
    value: float | None
    reference_value: float | None
    log_odds: float
    points: int


class Reason(_Part):
    """What one feature did to this PD.

    ``log_odds`` and score ``points`` add up; ``pd_effect`` is the PD minus what it would be if this term alone were
    zero, and does not. ``reference_value`` is the reference population's median. ``contradicts`` tells of a free
    feature whether the term has another sign than the effect of the feature taken alone; null where that is not asked.
    Of a merged reason it speaks of the feature named, with that feature's own term before merging. ``unit`` is that of
    both values, null in decisions recorded earlier.
    """

    code: str
    feature: str
    group: str
    unit: str | None = None
    value: float | None
    reference_value: float | None
    log_odds: float
    points: int
    pd_effect: float
    direction: Direction
    form: ReasonForm
    kind: ReasonKind | None = None
    contradicts: bool | None
    text: Label
    indicators: list[IndicatorReason] | None
    also: list[AlsoReason]


class AdverseReason(_Part):
    """A main reason against the applicant, in words that may be given to the applicant.

    ``contradicts`` and ``also`` are as in a reason. ``kind`` classifies the statement of the text; it is null in
    decisions recorded earlier. Comparisons come first, then missing values, then neutral statements, each by size.
    """

    code: str
    feature: str
    kind: ReasonKind | None = None
    value: float | None = None
    reference_value: float | None = None
    log_odds: float
    points: int
    contradicts: bool | None
    text: Label
    also: list[AlsoReason]


class Referral(_Part):
    """What a person must look at before any decision; ``field`` names what it is about."""

    code: str
    field: str
    text: Label


class Withheld(_Part):
    """The PD if the absent fields were filled in.

    The features that lack a field are filled in together, from single reference rows that have their values. ``pd`` is
    the ``quantile`` of the resulting ``rows`` PDs; ``groups`` names the groups filled.
    """

    groups: list[str]
    quantile: float
    rows: int
    pd: float


class GroupTerm(_Part):
    """What all features of one group did together; ``pd_effect`` does not add up."""

    group: str
    log_odds: float
    points: int
    pd_effect: float


class Reference(_Part):
    """Compared with whom the reasons are meant: all training rows, as the cover of the trees weighs them."""

    kind: Literal["path_dependent"]
    id: ReferenceId
    text: Label


class InterventionalReference(_Part):
    """Compared with whom the reasons are meant: ``n`` rows that the bundle holds, by the hash of their file."""

    kind: Literal["interventional"]
    id: ReferenceId
    text: Label
    n: int
    sha256: str


class RecordChange(BaseModel):
    """A field of the record before and after; in JSON the keys are ``field``, ``from`` and ``to``."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, validate_by_name=True, validate_by_alias=True, serialize_by_alias=True
    )

    field: str
    before: float = Field(alias="from")
    after: float = Field(alias="to")


class RecourseStep(RecordChange):
    """One action of a proposal; its key is ``lever``.

    ``step`` is the change, ``step_limit`` the limit by the peers' yearly changes, ``effort`` the first divided by the
    second. ``indicator`` is the indicator that reads the field, null where none does; ``rule_from`` and ``rule_to`` are
    its matched rule before and after.
    """

    lever: str
    label: Label
    unit: Label
    step: float
    step_limit: float
    effort: float
    indicator: str | None
    rule_from: str | None
    rule_to: str | None
    points_gain: float | None


class Recourse(RecourseStep):
    """What the model would answer to another record, within a year's steps of the firm's peers; nothing causal.

    Its own step comes first, what moves with it stands in ``also``, and ``record`` lists every field that changes, with
    what follows in the accounts. ``total_effort`` and ``total_points_gain`` are of the whole.
    """

    also: list[RecourseStep]
    total_effort: float
    total_points_gain: float | None
    pd_after: float
    grade_after: str | None
    score_after: int
    verified: bool
    record: list[RecordChange]
    text: Label


class DecisionWarning(_Part):
    """Something the reader must know; ``field`` names what it is about."""

    code: str
    field: str | None
    text: Label


class Decision(_Part):
    """A supplementary credit-risk assessment of one enterprise at one date.

    ``adverse_coverage`` is the share of the positive log-odds that ``adverse_reasons`` cover, null where nothing raised
    the PD. ``to_provide`` lists what to ask the applicant for, ``refer`` what a person must look at before any
    decision; both are null where there is nothing. ``grade`` is null below the declared minimum of information.
    ``enterprise_name`` is null where the record holds none. ``refers_to`` is there only in a decision that corrects an
    earlier one, or answers an objection to it.
    """

    decision_id: str
    decided_at: str
    enterprise_id: str
    enterprise_name: str | None = None
    as_of: str | None
    model: ModelIdentity
    input: InputSummary
    innovation: InnovationScore | None
    pd: float
    grade: str | None
    score: int
    scale: ScoreScale
    base_log_odds: float
    base_points: int
    reasons: list[Reason]
    other_log_odds: float
    other_points: int
    groups: list[GroupTerm]
    adverse_reasons: list[AdverseReason]
    reference: Annotated[Reference | InterventionalReference, Field(discriminator="kind")]
    innovation_log_odds: float | None
    pd_without_innovation: float | None
    innovation_evidence: Literal["supported", "equivalent", "not_shown", "not_tested"] | None
    recourse: list[Recourse] | None = None
    adverse_coverage: float | None = None
    to_provide: list[ToProvide] | None = None
    refer: list[Referral] | None = None
    pd_if_withheld: Withheld | None = None
    warnings: list[DecisionWarning]
    refers_to: Annotated[RefersTo | None, Field(exclude_if=lambda value: value is None)] = None
