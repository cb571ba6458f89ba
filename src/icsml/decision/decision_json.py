"""A decision as canonical JSON: written once, for the answer, the ledger and its hash.

What does not depend on the record is rendered once for a bundle. The keys are those of
:class:`icsml.records.decision.Decision`, which reads it back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final

from icsml.core.canonical import Rendered, Template, rendered
from icsml.core.strict_json import JsonObject
from icsml.decision.missing_information import field_label, field_labels
from icsml.decision.reasons import RowReasons, StatedReason, reference
from icsml.decision.record_findings import Finding
from icsml.innovation.scoring.describe import InnovationTemplates
from icsml.model.bundle import Bundle, BundleParts
from icsml.records.decision import AlsoReason, DecisionWarning, GroupTerm, Referral
from icsml.texts.label import Label

__all__ = ["fields_json", "identity_json", "innovation_templates", "reasons_json", "referral_json", "warning_json"]

_VALUES: Final = ("value", "reference_value", "log_odds", "points", "contradicts", "kind", "text", "also")
_STATED: Final = (*_VALUES, "pd_effect", "form", "indicators")


def reasons_json(bundle: BundleParts, reasons: RowReasons) -> JsonObject:
    """Return the parts of a decision that its reasons make up."""
    stated, told, groups = bundle.derived(_reasons), bundle.derived(_adverse_reasons), bundle.derived(_groups)
    return {
        "base_log_odds": reasons.base_log_odds,
        "base_points": reasons.base_points,
        "reasons": [_stated(stated[reason.index], reason) for reason in reasons.reasons],
        "other_log_odds": reasons.other_log_odds,
        "other_points": reasons.other_points,
        "groups": [_group(groups[term.group], term) for term in reasons.groups],
        "adverse_reasons": [_stated(told[reason.index], reason) for reason in reasons.adverse_reasons],
        "adverse_coverage": reasons.adverse_coverage,
        "reference": bundle.derived(_reference),
    }


def identity_json(bundle: Bundle, version: str | None) -> Rendered:
    """Return which model decided."""
    return bundle.derived(_identities)(version)


def fields_json(bundle: BundleParts, labels: Iterable[tuple[str, Label]]) -> list[Rendered]:
    """Return fields with their labels."""
    known = bundle.derived(_fields)
    return [known[name] if label == field_label(bundle, name) else _field(name, label) for name, label in labels]


def warning_json(warning: DecisionWarning | Referral) -> JsonObject:
    """Return a warning or a referral."""
    return {"code": warning.code, "field": warning.field, "text": warning.text.by_language}


def referral_json(finding: Finding) -> JsonObject:
    """Return a finding as a warning or a referral."""
    return {"code": finding.code, "field": finding.field, "text": finding.text.by_language}


def innovation_templates(bundle: BundleParts) -> InnovationTemplates | None:
    """Return the templates of the bundle's rulebook; None without one."""
    return bundle.derived(_innovation)


def _field(name: str, label: Label) -> Rendered:
    return rendered({"field": name, "label": label.by_language})


def _fields(bundle: BundleParts) -> dict[str, Rendered]:
    return {name: _field(name, label) for name, label in field_labels(bundle).items()}


def _stated(template: Template, reason: StatedReason) -> Rendered:
    return template.filled(
        value=reason.value,
        reference_value=reason.reference_value,
        log_odds=reason.log_odds,
        points=reason.points,
        contradicts=reason.contradicts,
        kind=reason.kind,
        text=dict(reason.statement.texts),
        also=[_also(also) for also in reason.also],
        pd_effect=reason.pd_effect,
        form=reason.form,
        indicators=None if reason.indicators is None else [dict(split.__dict__) for split in reason.indicators],
    )


def _also(also: AlsoReason) -> JsonObject:
    return also.__dict__ | {"label": also.label.by_language if also.label is not None else None}


def _group(template: Template, term: GroupTerm) -> Rendered:
    return template.filled(log_odds=term.log_odds, points=term.points, pd_effect=term.pd_effect)


def _reasons(bundle: BundleParts) -> list[Template]:
    return [
        Template(
            {
                "code": feature.code,
                "feature": feature.name,
                "group": feature.group,
                "unit": feature.unit,
                "direction": str(feature.direction),
            },
            _STATED,
        )
        for feature in bundle.features
    ]


def _adverse_reasons(bundle: BundleParts) -> list[Template]:
    return [Template({"code": feature.code, "feature": feature.name}, _VALUES) for feature in bundle.features]


def _groups(bundle: BundleParts) -> dict[str, Template]:
    names = dict.fromkeys(feature.group for feature in bundle.features)
    return {name: Template({"group": name}, ("log_odds", "points", "pd_effect")) for name in names}


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


def _innovation(bundle: BundleParts) -> InnovationTemplates | None:
    return None if bundle.rulebook is None else InnovationTemplates(bundle.rulebook)
