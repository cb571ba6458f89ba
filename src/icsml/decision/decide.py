"""decide(): from a record and a bundle to a decision; pure, no clock, no disk, no network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from math import isnan
from typing import NamedTuple

from icsml.core.arrays import Floats
from icsml.core.canonical import Rendered, number, rendered, written
from icsml.core.clock import timestamp
from icsml.core.strict_json import JsonObject
from icsml.decision.assess import assess
from icsml.decision.decision_json import (
    fields_json,
    identity_json,
    innovation_parts,
    reasons_json,
    warning_json,
)
from icsml.decision.decision_warnings import decision_warnings, recourse_warnings
from icsml.decision.extra_features import refuse_undeclared
from icsml.decision.missing_information import absent_inputs, field_label, fields_read, required_for_a_grade
from icsml.decision.pd_if_withheld import pd_if_withheld
from icsml.decision.ranked_terms import RankedTerms, ranked_terms
from icsml.decision.reasons import RowReasons, row_reasons
from icsml.decision.record_findings import Finding, findings
from icsml.decision.recourse import RecourseResult, recourse
from icsml.decision.row import Row
from icsml.errors import InputError
from icsml.model.bundle import Bundle
from icsml.records.columns import record_columns, records_columns
from icsml.records.decision import Decision, DecisionWarning
from icsml.records.enterprise import EnterpriseRecord
from icsml.records.events import RefersTo
from icsml.records.facets import DecisionFacets
from icsml.texts.catalogue import text
from icsml.texts.quantity import apart, quantity

__all__ = ["DEFAULT_REASONS", "Decided", "DecisionSettings", "decide", "decide_all"]

DEFAULT_REASONS = 8


class DecisionSettings(NamedTuple):
    """What a decision depends on beside model, record and time.

    Parameters
    ----------
    reasons : int
        How many reasons it shows at most.
    recourse : bool
        Whether recourse is looked for.
    recourse_from : str or None
        The best grade for which it is; None for every grade.
    """

    reasons: int
    recourse: bool
    recourse_from: str | None


@dataclass(frozen=True)
class Decided:
    """A decision and its feature vector.

    Parameters
    ----------
    decision_id : str
        Identifier of the decision.
    decision_bytes : bytes
        The decision as canonical JSON (RFC 8785).
    grade : str or None
        Its grade.
    features : dict of str to float or None
        The row as the model saw it; None where a feature has no value.
    settings : DecisionSettings
        What else it depends on.
    facets : DecisionFacets
        What it can be found by once it is recorded.
    """

    decision_id: str
    decision_bytes: bytes
    grade: str | None
    features: dict[str, float | None]
    settings: DecisionSettings
    facets: DecisionFacets

    @cached_property
    def decision(self) -> Decision:
        """The decision, read from its bytes."""
        return Decision.model_validate_json(self.decision_bytes)


def decide(
    bundle: Bundle,
    record: EnterpriseRecord,
    *,
    decision_id: str,
    decided_at: datetime,
    version: str | None = None,
    reasons: int = DEFAULT_REASONS,
    with_recourse: bool = True,
    recourse_from: str | None = None,
    refers_to: RefersTo | None = None,
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
    recourse_from : str, optional
        The best grade for which recourse is looked for; None looks for every grade, as does a bundle without grades.
    refers_to : RefersTo, optional
        The earlier decision that this one corrects, or answers an objection to; the decision states it.

    Raises
    ------
    InputError
        If the record is not acceptable to this bundle; the error names the field.
    """
    stated = _Stated(decided_at, version, reasons, with_recourse, recourse_from, refers_to)
    refuse_undeclared(bundle, record)
    ranked = ranked_terms(bundle, assess(bundle, record_columns(record, bundle.extras)), reasons)
    return _decided(bundle, ranked, 0, record, decision_id, stated)


def decide_all(
    bundle: Bundle,
    records: Sequence[EnterpriseRecord],
    *,
    decision_ids: Sequence[str],
    decided_at: datetime | Sequence[datetime],
    refers_to: Sequence[RefersTo | None] = (),
    version: str | None = None,
    reasons: int = DEFAULT_REASONS,
    with_recourse: bool = True,
    recourse_from: str | None = None,
) -> Iterator[Decided | InputError]:
    """Decide on several records, each as :func:`decide` does alone; they are assessed together, which is faster.

    Parameters
    ----------
    bundle : Bundle
        The model.
    records : sequence of EnterpriseRecord
        The enterprises, each at its decision date.
    decision_ids : sequence of str
        An identifier for each.
    decided_at : datetime or sequence of datetime
        The time to state, of all or of each.
    refers_to : sequence of RefersTo or None
        The earlier decision that each refers to; by default none does.
    version, reasons, with_recourse, recourse_from
        As of :func:`decide`.

    Yields
    ------
    Decided or InputError
        The decision on each record in turn, or why it is not acceptable.
    """
    times = [decided_at] * len(records) if isinstance(decided_at, datetime) else decided_at
    links = refers_to or [None] * len(records)
    stated = [
        _Stated(time, version, reasons, with_recourse, recourse_from, link)
        for time, link in zip(times, links, strict=True)
    ]
    try:
        for record in records:
            refuse_undeclared(bundle, record)
        assessment = assess(bundle, records_columns(records, bundle.extras))
    except InputError as error:
        if len(records) == 1:
            yield error
            return
        for record, decision_id, each in zip(records, decision_ids, stated, strict=True):
            # One at fault does not spoil the others.
            how = asdict(each) | {"refers_to": [each.refers_to]}
            yield from decide_all(bundle, [record], decision_ids=[decision_id], **how)
        return
    ranked = ranked_terms(bundle, assessment, reasons)
    for row, (record, decision_id, each) in enumerate(zip(records, decision_ids, stated, strict=True)):
        yield _decided(bundle, ranked, row, record, decision_id, each)


@dataclass(frozen=True, slots=True)
class _Stated:
    """What is stated for several records; the parameters of :func:`decide`."""

    decided_at: datetime
    version: str | None
    reasons: int
    with_recourse: bool
    recourse_from: str | None
    refers_to: RefersTo | None


def _decided(
    bundle: Bundle,
    ranked: RankedTerms,
    index: int,
    record: EnterpriseRecord,
    decision_id: str,
    stated: _Stated,
) -> Decided:
    assessment, decided_on = ranked.assessment, stated.decided_at.astimezone(UTC).date()
    row = Row(bundle, assessment, index)
    result = recourse(row, stated.recourse_from) if stated.with_recourse else RecourseResult(None, None)
    explained, on_record = row_reasons(row, ranked), findings(row)
    warnings: list[DecisionWarning | Finding] = [
        *on_record,
        *decision_warnings(row, record.as_of, decided_on),
        *recourse_warnings(row, result.reason),
    ]
    document = reasons_json(bundle, explained) | {
        "decision_id": decision_id,
        "decided_at": timestamp(stated.decided_at),
        "enterprise_id": record.enterprise_id,
        "enterprise_name": record.enterprise_name,
        "as_of": record.as_of.isoformat() if record.as_of else None,
        "model": identity_json(bundle, stated.version),
        "input": _input(row),
        "innovation": _innovation(row, record.as_of),
        "pd": number(row.pd),
        "grade": assessment.grade[index],
        "score": assessment.score.item(index),
        "scale": {"offset": bundle.scale.offset, "pdo": bundle.scale.pdo},
        "innovation_log_odds": _of_row(assessment.innovation_log_odds(bundle, index), 0),
        "pd_without_innovation": _of_row(assessment.pd_without_innovation, index),
        "innovation_evidence": bundle.innovation_evidence if bundle.companion else None,
        "recourse": _recourse(result),
        "to_provide": _to_provide(row, explained.not_provided) or None,
        "refer": _referrals(bundle, on_record, explained) or None,
        "pd_if_withheld": _withheld(row),
        "warnings": [warning_json(each) for each in warnings],
    }
    if stated.refers_to is not None:
        document["refers_to"] = stated.refers_to.model_dump()
    settings = DecisionSettings(stated.reasons, stated.with_recourse, stated.recourse_from)
    facets = DecisionFacets(
        document["decided_at"],
        record.enterprise_id,
        document["as_of"],
        document["grade"],
        row.pd,
        document["score"],
        bundle.name,
        stated.version,
        bundle.sha256,
        tuple(dict.fromkeys(each.feature.code for each in (*explained.adverse_reasons, *explained.reasons))),
    )
    return Decided(decision_id, written(document), document["grade"], _feature_vector(row), settings, facets)


def _input(row: Row) -> JsonObject:
    screening = row.assessment.screening
    return {
        "present": screening.present.item(row.row),
        "missing": screening.missing.item(row.row),
        "out_of_range": row.out_of_range,
        "read": len(fields_read(row.bundle)),
        "absent": fields_json(row.bundle, absent_inputs(row).items()),
    }


def _innovation(row: Row, as_of: date | None) -> JsonObject | None:
    parts, points = innovation_parts(row.bundle), row.assessment.innovation
    return None if parts is None or points is None else parts.of_row(points, row.row, as_of)


def _recourse(result: RecourseResult) -> list[Rendered] | None:
    if result.proposals is None:
        return None
    return [rendered(proposal.model_dump(mode="json")) for proposal in result.proposals]


def _to_provide(row: Row, not_provided: list[str]) -> list[Rendered]:
    """List the fields to request: those that a grade requires, and those absent from features that raised the PD."""
    asked_for = dict.fromkeys([*required_for_a_grade(row), *not_provided])
    return fields_json(row.bundle, ((name, field_label(row.bundle, name)) for name in asked_for))


def _referrals(bundle: Bundle, on_record: list[Finding], explained: RowReasons) -> list[JsonObject]:
    """List the matters that need manual review before any decision."""
    referred = [warning_json(finding) for finding in on_record if finding.then == "refer"]
    if explained.principal_left_out and explained.adverse_coverage is not None:
        referred.append(_incomplete(explained.adverse_coverage, bundle.catalogue.adverse_coverage_at_least))
    return referred


def _incomplete(coverage: float, least: float) -> JsonObject:
    parts = apart(coverage, least, "fraction") or (quantity(coverage, "fraction"), quantity(least, "fraction"))
    code = "REASONS_INCOMPLETE"
    stated = text(f"decision.{code}", coverage=parts[0], least=parts[1])
    return {"code": code, "field": "adverse_reasons", "text": stated.by_language}


def _withheld(row: Row) -> JsonObject | None:
    withheld = pd_if_withheld(row)
    if withheld is None:
        return None
    return withheld.__dict__ | {"quantile": number(withheld.quantile), "pd": number(withheld.pd)}


def _of_row(values: Floats | None, row: int) -> float | int | Rendered | None:
    return None if values is None else number(values.item(row))


def _feature_vector(row: Row) -> dict[str, float | None]:
    pairs = zip(row.bundle.features, row.features, strict=True)
    return {feature.name: None if isnan(value) else value for feature, value in pairs}
