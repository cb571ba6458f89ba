"""One page of one decision, for a file: made of the decision object alone, so that a replay gives the same page.

What a decision does not hold, because an earlier version recorded it or its model has no such part, is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from icsml.features.catalogue import FEATURE_BY_NAME
from icsml.innovation.rulebooks.recorded_rules import recorded_rules
from icsml.innovation.rulebooks.rule_hit import RuleHit, RuleKind
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.records.decision import Decision, InputSummary
from icsml.records.fields import FIELD_BY_NAME
from icsml.reports.naming import field_name, in_language, rulebook_name
from icsml.reports.page import render, write
from icsml.reports.stability_figures import StabilityFigures, bundle_robustness_sentences
from icsml.reports.value_text import shown_beside
from icsml.texts.catalogue import phrase
from icsml.texts.languages import FALLBACK

__all__ = ["decision_page", "write_page"]

_FIRST_FORMAT_LACKS: Final[Mapping[str, Any]] = {"adverse_reasons": [], "groups": [], "warnings": []}
"""What a decision of today always holds, and one of the first format may not."""
_WARNING: Final[Mapping[str, Any]] = {"field": None, "text": None}

_STATES_VALUE: Final = {RuleKind.YES, RuleKind.NO, RuleKind.MISSING}
"""Rules that are the value itself."""


@dataclass(frozen=True, slots=True)
class WarningRow:
    """A warning or referral: its code, its text, and the name of its field where the text does not contain it."""

    code: str
    text: str
    about: str | None


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """An adverse reason, and the names of the features merged into it."""

    code: str
    text: str
    also: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TermRow:
    """A reason with its value and term; ``width`` is the length of its bar, in per cent of the widest pair of bars."""

    code: str
    text: str
    value: str
    log_odds: float
    points: int
    pd_effect: float
    contradicts: bool
    also: list[str]
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorRow:
    """An innovation indicator: its value, the row of its rule, and its points."""

    label: str
    value: str | None
    rule: str
    points: float
    max: float
    domain: str
    provenance: str


@dataclass(frozen=True, slots=True)
class IndicatorShare:
    """The part that an indicator has in the reason of the innovation score."""

    label: str
    points: float
    reference_points: float
    log_odds: float


def decision_page(
    decision: Mapping[str, Any],
    lang: str,
    stability: StabilityFigures | None = None,
    rulebook: Rulebook | None = None,
) -> str:
    """Return the page of a decision.

    Parameters
    ----------
    decision : mapping
        The decision as JSON: from ``decide``, the service or the ledger.
    lang : str
        Language.
    stability : StabilityFigures, optional
        As ``icsml stability`` measured it: how much of the model's recourse other models answer too.
    rulebook : Rulebook, optional
        That of the model's bundle, where it is at hand: rules are worded by it. Without it they are those of the
        rulebook of that name, and where there is none, as recorded.

    Raises
    ------
    InputError
        ``ICS-RPT-004`` if the stability is of other bundles.
    """
    if stability is not None:
        stability.require_of(decision["model"]["bundle_sha256"])
    decision = {**_FIRST_FORMAT_LACKS, **_optional(Decision), **decision}
    decision["warnings"] = [dict(_WARNING) | dict(warning) for warning in decision["warnings"]]
    points = decision["innovation"]
    rules = recorded_rules(points["rulebook"], rulebook) if points else {}
    facts = {
        "decision": decision,
        "model": decision["model"],
        "innovation": {"valid_until": None} | dict(points) if points else None,
        "rulebook": rulebook_name(points["rulebook"], points["provenance"], lang) if points else None,
        "decided_at": _to_the_second(decision["decided_at"]),
        "input": {**_optional(InputSummary), **decision["input"]},
        "not_given": _not_given(decision),
        "terms": _terms(decision, lang),
        "log_odds": _total(decision),
        "contradicting": any(reason.get("contradicts") for reason in decision["reasons"]),
        "indicators": [_indicator(indicator, rules, lang) for indicator in points["indicators"]] if points else [],
        "causes": _causes(decision, lang),
        "recourse": decision["recourse"],
        "robustness": bundle_robustness_sentences(stability, decision["model"]["bundle_sha256"], lang),
        "no_recourse": _no_recourse(decision, lang),
        "adverse": _reason_rows(decision, lang, neutral=False),
        "neutral": _reason_rows(decision, lang, neutral=True),
        "coverage": _coverage(decision, lang),
        "assumed": bool(points) and points["provenance"] == "assumed",
        "referrals": [_warning_row(referral, lang) for referral in decision["refer"] or []],
        "warnings": [_warning_row(warning, lang) for warning in _besides(decision)],
        "groups": decision["groups"],
    }
    return render("decision.html", lang, facts)


def write_page(
    decision: Mapping[str, Any],
    path: Path,
    lang: str,
    stability: StabilityFigures | None = None,
    rulebook: Rulebook | None = None,
) -> None:
    """Write the page of a decision; it appears whole or not at all."""
    write(path, decision_page(decision, lang, stability, rulebook))


def _optional(model: type[BaseModel]) -> dict[str, Any]:
    """Return the fields that decisions recorded by earlier versions may lack, with their defaults."""
    fields = model.model_fields.items()
    return {name: field.get_default(call_default_factory=True) for name, field in fields if not field.is_required()}


def _not_given(decision: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the absent fields that are not named already as to be provided."""
    named = {field["field"] for field in decision["to_provide"] or []}
    return [field for field in decision["input"].get("absent") or [] if field["field"] not in named]


def _coverage(decision: Mapping[str, Any], lang: str) -> str | None:
    """Return the share that the adverse reasons cover; None where there are none, or a referral contains it."""
    share = decision["adverse_coverage"]
    if share is None or not decision["adverse_reasons"] or _is_referred(decision, "REASONS_INCOMPLETE"):
        return None
    return shown_beside(share, [1.0], "fraction", lang)


def _is_referred(decision: Mapping[str, Any], code: str) -> bool:
    return any(referral["code"] == code for referral in decision["refer"] or [])


def _besides(decision: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the warnings that the page does not display elsewhere: as referrals, or in place of recourse."""
    referred = {(referral["code"], referral["field"]) for referral in decision["refer"] or []}
    elsewhere = set() if decision["recourse"] is None else {"NO_RECOURSE"}
    return [
        warning
        for warning in decision["warnings"]
        if (warning["code"], warning["field"]) not in referred and warning["code"] not in elsewhere
    ]


def _warning_row(warning: Mapping[str, Any], lang: str) -> WarningRow:
    """Return a warning with the name of its field unless its text contains it; without a text there is the path."""
    text = in_language(warning["text"], lang) if warning["text"] else ""
    # The text of INSUFFICIENT_DATA names its group of information, whose id may be a feature's name too.
    label = None if warning["code"] == "INSUFFICIENT_DATA" else _label(warning["field"], lang)
    named = label is not None and label.casefold() in text.casefold()
    about = label or (None if text else warning["field"])
    return WarningRow(warning["code"], text, None if named else about)


def _label(path: str | None, lang: str) -> str | None:
    """Return the name of a field or a feature by the end of its path; None where it is neither."""
    name = (path or "").rpartition(".")[2]
    if name in FIELD_BY_NAME:
        return field_name(name, lang)
    return FEATURE_BY_NAME[name].label.text(lang) if name in FEATURE_BY_NAME else None


def _to_the_second(moment: str) -> str:
    """Return a time with its zone, as a reader writes it; any other text is returned unchanged."""
    try:
        return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except ValueError:
        return moment


def _no_recourse(decision: Mapping[str, Any], lang: str) -> str:
    """Return why no step is proposed, in the decision's words where it has some."""
    texts = [
        in_language(warning["text"], lang)
        for warning in decision["warnings"]
        if warning["code"] == "NO_RECOURSE" and warning["text"]
    ]
    return texts[0] if texts else phrase("pages.no_recourse", lang)


def _total(decision: Mapping[str, Any]) -> float:
    """Return the logit of the PD as base and terms give it."""
    displayed = sum(float(reason["log_odds"]) for reason in decision["reasons"])
    return float(decision["base_log_odds"]) + displayed + float(decision["other_log_odds"])


def _terms(decision: Mapping[str, Any], lang: str) -> list[TermRow]:
    widest = max((abs(reason["log_odds"]) for reason in decision["reasons"]), default=0.0) or 1.0
    return [_term(reason, widest, lang) for reason in decision["reasons"]]


def _term(reason: Mapping[str, Any], widest: float, lang: str) -> TermRow:
    return TermRow(
        code=reason["code"],
        text=in_language(reason["text"], lang),
        value=_value(reason, lang),
        log_odds=reason["log_odds"],
        points=reason["points"],
        pd_effect=reason["pd_effect"],
        contradicts=bool(reason.get("contradicts")),
        also=_also(reason, lang),
        width=round(50.0 * abs(reason["log_odds"]) / widest, 1),
    )


def _reason_rows(decision: Mapping[str, Any], lang: str, *, neutral: bool) -> list[ReasonRow]:
    """Return the adverse reasons of which a fault is stated, or those of which none is."""
    return [
        ReasonRow(reason["code"], in_language(reason["text"], lang), _also(reason, lang))
        for reason in decision["adverse_reasons"]
        if (reason.get("kind") == "neutral") is neutral
    ]


def _also(reason: Mapping[str, Any], lang: str) -> list[str]:
    """Return the names of the features merged into a reason; the code where an earlier version recorded no name."""
    return [
        in_language(feature["label"], lang)
        if feature.get("label")
        else _label(feature.get("feature"), lang) or feature["code"]
        for feature in reason.get("also") or ()
    ]


def _value(reason: Mapping[str, Any], lang: str) -> str:
    """Return the value of a reason, with the digits of its text."""
    known = FEATURE_BY_NAME.get(reason["feature"])
    unit = reason.get("unit") or (known.unit if known else "")
    reference = reason.get("reference_value")
    return shown_beside(reason["value"], [] if reference is None else [reference], unit, lang)


def _indicator(indicator: Mapping[str, Any], rules: Mapping[str, RuleHit], lang: str) -> IndicatorRow:
    label, rule = indicator.get("label"), rules.get(indicator["rule"])
    unit = indicator.get("unit") or ("fraction" if rule is not None and rule.percent else "")
    thresholds = [] if rule is None else [float(bound) for bound in rule.bounds]
    return IndicatorRow(
        label=in_language(label, lang) if label else indicator["id"],
        value=None
        if rule is not None and rule.kind in _STATES_VALUE
        else shown_beside(indicator["value"], thresholds, unit, lang),
        rule=indicator["rule"] if rule is None else rule.text(lang, unit),
        points=indicator["points"],
        max=indicator["max"],
        domain=indicator["domain"],
        provenance=indicator["provenance"],
    )


def _causes(decision: Mapping[str, Any], lang: str) -> list[IndicatorShare]:
    """Return how the reason of the innovation score is shared among its indicators."""
    points = decision["innovation"]
    labels = {indicator["id"]: indicator.get("label") for indicator in points["indicators"]} if points else {}
    return [
        IndicatorShare(
            in_language(labels.get(part["indicator"]) or {FALLBACK: part["indicator"]}, lang),
            part["points"],
            part["reference_points"],
            part["log_odds"],
        )
        for reason in decision["reasons"]
        for part in reason.get("indicators") or ()
    ]
