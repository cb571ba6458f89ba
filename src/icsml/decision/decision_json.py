"""A decision as canonical JSON: written once, for the answer, the ledger and its hash.

What does not depend on the record is rendered once for a bundle. The keys are those of
:class:`icsml.records.decision.Decision`, which reads it back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from icsml.core.canonical import Rendered, number, rendered
from icsml.core.strict_json import JsonObject
from icsml.decision.indicator_parts import IndicatorPart
from icsml.decision.missing_information import field_label, field_labels
from icsml.decision.reasons import GroupSum, RowReasons, StatedReason, reference
from icsml.decision.record_findings import Finding
from icsml.innovation.scoring.describe import InnovationParts
from icsml.model.bundle import Bundle, BundleParts
from icsml.records.decision import AlsoReason, DecisionWarning
from icsml.texts.label import Label

__all__ = [
    "fields_json",
    "identity_json",
    "innovation_parts",
    "optional",
    "reasons_json",
    "warning_json",
]


def reasons_json(bundle: BundleParts, reasons: RowReasons) -> JsonObject:
    """Return the parts of a decision that its reasons make up."""
    return {
        "base_log_odds": number(reasons.base_log_odds),
        "base_points": reasons.base_points,
        "reasons": [_reason(reason) for reason in reasons.reasons],
        "other_log_odds": number(reasons.other_log_odds),
        "other_points": reasons.other_points,
        "groups": [_group(term) for term in reasons.groups],
        "adverse_reasons": [_stated(reason) for reason in reasons.adverse_reasons],
        "adverse_coverage": optional(reasons.adverse_coverage),
        "reference": bundle.derived(_reference),
    }


def optional(value: float | None) -> float | int | Rendered | None:
    """Return a number that may be missing as it is written."""
    return None if value is None else number(value)


def identity_json(bundle: Bundle, version: str | None) -> Rendered:
    """Return which model decided."""
    return bundle.derived(_identities)(version)


def fields_json(bundle: BundleParts, labels: Iterable[tuple[str, Label]]) -> list[Rendered]:
    """Return fields with their labels."""
    known = bundle.derived(_fields)
    return [known[name] if label is field_label(bundle, name) else _field(name, label) for name, label in labels]


def warning_json(found: DecisionWarning | Finding) -> JsonObject:
    """Return a warning, or a finding as a warning or a referral."""
    return {"code": found.code, "field": found.field, "text": found.text.by_language}


def innovation_parts(bundle: BundleParts) -> InnovationParts | None:
    """Return the fixed parts of the bundle's points; None without a rulebook."""
    return bundle.derived(_innovation)


def _field(name: str, label: Label) -> Rendered:
    return rendered({"field": name, "label": label.by_language})


def _fields(bundle: BundleParts) -> dict[str, Rendered]:
    return {name: _field(name, label) for name, label in field_labels(bundle).items()}


def _reason(reason: StatedReason) -> JsonObject:
    feature, split = reason.feature, reason.indicators
    return {
        **_stated(reason),
        "group": feature.group,
        "unit": feature.unit,
        "direction": feature.direction,
        "pd_effect": number(reason.pd_effect),
        "form": reason.form,
        "indicators": None if split is None else [_indicator(part) for part in split],
    }


def _stated(reason: StatedReason) -> JsonObject:
    """Return what a reason has whether it is for the applicant or not."""
    return {
        "code": reason.feature.code,
        "feature": reason.feature.name,
        "kind": reason.statement.kind,
        "value": optional(reason.value),
        "reference_value": optional(reason.reference_value),
        "log_odds": number(reason.log_odds),
        "points": reason.points,
        "contradicts": reason.contradicts,
        "text": reason.statement.texts,
        "also": [_also(also) for also in reason.also],
    }


def _indicator(part: IndicatorPart) -> JsonObject:
    return {
        "indicator": part.indicator,
        "points": number(part.points),
        "reference_points": number(part.reference_points),
        "log_odds": number(part.log_odds),
        "score_points": part.score_points,
        "pd_effect": number(part.pd_effect),
        "rule": part.rule,
    }


def _also(also: AlsoReason) -> JsonObject:
    return {
        "code": also.code,
        "feature": also.feature,
        "label": None if also.label is None else also.label.by_language,
        "value": optional(also.value),
        "reference_value": optional(also.reference_value),
        "log_odds": number(also.log_odds),
        "points": also.points,
    }


def _group(term: GroupSum) -> JsonObject:
    return {
        "group": term.group,
        "log_odds": number(term.log_odds),
        "points": term.points,
        "pd_effect": number(term.pd_effect),
    }


def _reference(bundle: BundleParts) -> Rendered:
    return rendered(reference(bundle).model_dump(mode="json"))


def _identities(bundle: Bundle) -> Callable[[str | None], Rendered]:
    @lru_cache(maxsize=8)
    def identity(version: str | None) -> Rendered:
        stated: dict[str, Any] = {
            "name": bundle.name,
            "version": version,
            "bundle_sha256": bundle.sha256,
            "event": bundle.event,
            "horizon_months": bundle.horizon_months,
            "synthetic": bundle.synthetic,
        }
        return rendered(stated)

    return identity


def _innovation(bundle: BundleParts) -> InnovationParts | None:
    return None if bundle.rulebook is None else InnovationParts(bundle.rulebook)
