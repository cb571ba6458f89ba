"""decide(): from a record and a bundle to a decision; pure, no clock, no disk, no network."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np

from icsml.core.arrays import Floats
from icsml.core.clock import timestamp
from icsml.decision.assess import Assessment, assess
from icsml.decision.decision_warnings import decision_warnings, recourse_warnings
from icsml.decision.extra_features import refuse_undeclared
from icsml.decision.missing_information import absent_inputs, field_label, fields_read, required_for_a_grade
from icsml.decision.pd_if_withheld import pd_if_withheld
from icsml.decision.reasons import RowReasons, row_reasons
from icsml.decision.record_findings import Finding, findings
from icsml.decision.recourse import RecourseResult, recourse
from icsml.innovation.scoring.describe import innovation_score
from icsml.model.bundle import Bundle
from icsml.records.columns import record_columns
from icsml.records.decision import (
    Decision,
    InnovationScore,
    InputSummary,
    ModelIdentity,
    Referral,
    ScoreScale,
    ToProvide,
)
from icsml.records.enterprise import EnterpriseRecord
from icsml.texts.catalogue import text
from icsml.texts.quantity import apart, quantity

__all__ = ["DEFAULT_REASONS", "Decided", "decide"]

DEFAULT_REASONS = 8


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision and its feature vector (None where a feature has no value)."""

    decision: Decision
    features: dict[str, float | None]


def decide(
    bundle: Bundle,
    record: EnterpriseRecord,
    *,
    decision_id: str,
    decided_at: datetime,
    version: str | None = None,
    reasons: int = DEFAULT_REASONS,
    with_recourse: bool = True,
) -> Decided:
    """Decide on one record.

    Parameters
    ----------
    bundle : Bundle
        The model.
    record : EnterpriseRecord
        The enterprise at its decision date.
    decision_id : str
        Identifier of the decision.
    decided_at : datetime
        The time to state, aware.
    version : str, optional
        The register's version of the model; None for a bundle folder.
    reasons : int
        How many reasons to show at most.
    with_recourse : bool
        Whether to look for recourse; ``recourse`` is null without.

    Raises
    ------
    InputError
        If the record is not acceptable to this bundle; the error names the field.
    """
    refuse_undeclared(bundle, record)
    assessment = assess(bundle, record_columns(record, bundle.extras))
    result = recourse(bundle, assessment) if with_recourse else RecourseResult(None, None)
    explained = row_reasons(bundle, assessment, 0, reasons)
    on_record = findings(bundle, assessment, 0)
    decision = Decision(
        decision_id=decision_id,
        decided_at=timestamp(decided_at),
        enterprise_id=record.enterprise_id,
        enterprise_name=record.enterprise_name,
        as_of=record.as_of.isoformat() if record.as_of else None,
        model=_identity(bundle, version),
        input=_input(bundle, assessment),
        innovation=_innovation(bundle, assessment, record.as_of),
        pd=float(assessment.pd[0]),
        grade=assessment.grade[0],
        score=int(assessment.score[0]),
        scale=ScoreScale(offset=bundle.scale.offset, pdo=bundle.scale.pdo),
        base_log_odds=explained.base_log_odds,
        base_points=explained.base_points,
        reasons=explained.reasons,
        other_log_odds=explained.other_log_odds,
        other_points=explained.other_points,
        groups=explained.groups,
        adverse_reasons=explained.adverse_reasons,
        adverse_coverage=explained.adverse_coverage,
        reference=explained.reference,
        innovation_log_odds=_first(assessment.innovation_log_odds(bundle)),
        pd_without_innovation=_first(assessment.pd_without_innovation),
        innovation_evidence=bundle.innovation_evidence if bundle.companion else None,
        recourse=result.proposals,
        to_provide=_to_provide(bundle, assessment, explained.not_provided) or None,
        refer=_referrals(bundle, on_record, explained) or None,
        pd_if_withheld=pd_if_withheld(bundle, assessment, 0),
        warnings=[
            *(finding.warning for finding in on_record),
            *decision_warnings(bundle, assessment, 0, record.as_of, decided_at.astimezone(UTC).date()),
            *recourse_warnings(bundle, assessment, result.reason),
        ],
    )
    return Decided(decision, _feature_vector(bundle, assessment))


def _to_provide(bundle: Bundle, assessment: Assessment, not_provided: list[str]) -> list[ToProvide]:
    """List the fields to request: those that a grade requires, and those absent from features that raised the PD."""
    asked_for = dict.fromkeys([*required_for_a_grade(bundle, assessment, 0), *not_provided])
    return [ToProvide(field=name, label=field_label(bundle, name)) for name in asked_for]


def _referrals(bundle: Bundle, on_record: list[Finding], explained: RowReasons) -> list[Referral]:
    """List the matters that need manual review before any decision."""
    referred = [finding.referral for finding in on_record if finding.then == "refer"]
    if explained.principal_left_out and explained.adverse_coverage is not None:
        referred.append(_incomplete(explained.adverse_coverage, bundle.catalogue.adverse_coverage_at_least))
    return referred


def _incomplete(coverage: float, least: float) -> Referral:
    parts = apart(coverage, least, "fraction") or (quantity(coverage, "fraction"), quantity(least, "fraction"))
    code = "REASONS_INCOMPLETE"
    return Referral(
        code=code, field="adverse_reasons", text=text(f"decision.{code}", coverage=parts[0], least=parts[1])
    )


def _identity(bundle: Bundle, version: str | None) -> ModelIdentity:
    return ModelIdentity(
        name=bundle.name,
        version=version,
        bundle_sha256=bundle.sha256,
        event=bundle.event,
        horizon_months=bundle.horizon_months,
        synthetic=bundle.synthetic,
    )


def _input(bundle: Bundle, assessment: Assessment) -> InputSummary:
    absent = absent_inputs(bundle, assessment, 0)
    return InputSummary(
        present=int(assessment.screening.present[0]),
        missing=int(assessment.screening.missing[0]),
        out_of_range=assessment.screening.out_of_range_in(0),
        read=len(fields_read(bundle)),
        absent=[ToProvide(field=name, label=label) for name, label in absent.items()],
    )


def _innovation(bundle: Bundle, assessment: Assessment, as_of: date | None) -> InnovationScore | None:
    if bundle.rulebook is None or assessment.innovation is None:
        return None
    return innovation_score(assessment.innovation, bundle.rulebook, 0, as_of)


def _first(values: Floats | None) -> float | None:
    return None if values is None else float(values[0])


def _feature_vector(bundle: Bundle, assessment: Assessment) -> dict[str, float | None]:
    values = assessment.features[0]
    return {
        feature.name: None if np.isnan(value) else float(value)
        for feature, value in zip(bundle.features, values, strict=True)
    }
