"""One page of one decision, for a file: made of the decision object alone, so that a replay gives the same page.

What a decision does not hold, because an earlier version recorded it or its model has no such part, is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from icsml.features.catalogue import FEATURE_BY_NAME
from icsml.reports.page import render, write
from icsml.reports.stability import StabilityFigures, recourse_held
from icsml.reports.values import shown_value
from icsml.reports.wording import Lang, phrase, rule_text, rulebook_name

__all__ = ["decision_page", "write_page"]

_LATER: Final[Mapping[str, Any]] = {
    "adverse_reasons": [],
    "adverse_coverage": None,
    "groups": [],
    "pd_if_withheld": None,
    "recourse": None,
    "refer": None,
    "to_provide": None,
    "warnings": [],
}
"""What decisions recorded by earlier versions do not hold."""
_NOTICE: Final[Mapping[str, Any]] = {"field": None, "text": None}

_SAID = {"yes", "no", "missing"}
"""Rules that say the value."""


def decision_page(decision: Mapping[str, Any], lang: Lang, stability: StabilityFigures | None = None) -> str:
    """Return the page of a decision.

    Parameters
    ----------
    decision : mapping
        The decision as JSON: from ``decide``, the service or the ledger.
    lang : {'en', 'zh'}
        Language.
    stability : StabilityFigures, optional
        As ``icsml stability`` found it: how much of the model's recourse other models answer too.

    Raises
    ------
    InputError
        ``ICS-RPT-004`` if the stability is of other bundles.
    """
    if stability is not None:
        stability.require_of(decision["model"]["bundle_sha256"])
    decision = dict(_LATER) | dict(decision)
    decision["warnings"] = [dict(_NOTICE) | dict(each) for each in decision["warnings"]]
    points = decision["innovation"]
    facts: dict[str, Any] = {
        "decision": decision,
        "model": decision["model"],
        "innovation": {"valid_until": None} | dict(points) if points else None,
        "rulebook": rulebook_name(points["rulebook"], points["provenance"], lang) if points else None,
        "terms": _terms(decision, lang),
        "log_odds": _total(decision),
        "contradicting": any(each.get("contradicts") for each in decision["reasons"]),
        "indicators": [_indicator(each, lang) for each in points["indicators"]] if points else [],
        "causes": _causes(decision, lang),
        "recourse": decision["recourse"],
        "held": _held(stability, lang),
        "no_recourse": _no_recourse(decision, lang),
        "adverse": [each for each in decision["adverse_reasons"] if each.get("kind") != "neutral"],
        "neutral": [each for each in decision["adverse_reasons"] if each.get("kind") == "neutral"],
        "told": {each["code"] for each in decision["reasons"]},
        "assumed": bool(points) and points["provenance"] == "assumed",
        "warnings": _besides(decision["warnings"], decision["refer"] or []),
        "groups": decision["groups"],
    }
    return render("decision.html", lang, facts)


def write_page(decision: Mapping[str, Any], path: Path, lang: Lang, stability: StabilityFigures | None = None) -> None:
    """Write the page of a decision; it appears whole or not at all."""
    write(path, decision_page(decision, lang, stability))


def _held(stability: StabilityFigures | None, lang: Lang) -> list[str]:
    """Return in sentences whether the recourse holds under other models, where that was measured."""
    if stability is None:
        return [phrase("recourse_robustness", lang)]
    found = {"data": stability.dataset, "rows": f"{stability.rows:,}", "count": len(stability.comparisons)}
    said = [phrase("recourse_measured", lang, **found), *recourse_held(stability, lang)]
    return [*said, phrase("simulated", lang)] if stability.synthetic else said


def _besides(warnings: Sequence[Mapping[str, Any]], referrals: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the warnings that are not told as referrals already."""
    referred = {(each["code"], each["field"]) for each in referrals}
    return [each for each in warnings if (each["code"], each["field"]) not in referred]


def _no_recourse(decision: Mapping[str, Any], lang: Lang) -> str:
    """Return why no step is proposed, as the decision itself says it where it does."""
    told = [str(each["text"][lang]) for each in decision["warnings"] if each["code"] == "NO_RECOURSE" and each["text"]]
    return told[0] if told else phrase("no_recourse", lang)


def _total(decision: Mapping[str, Any]) -> float:
    """Return the logit of the PD as base and terms give it."""
    shown = sum(float(each["log_odds"]) for each in decision["reasons"])
    return float(decision["base_log_odds"]) + shown + float(decision["other_log_odds"])


def _terms(decision: Mapping[str, Any], lang: Lang) -> list[dict[str, Any]]:
    widest = max((abs(each["log_odds"]) for each in decision["reasons"]), default=0.0) or 1.0
    return [_term(each, widest, lang) for each in decision["reasons"]]


def _term(reason: Mapping[str, Any], widest: float, lang: Lang) -> dict[str, Any]:
    return {
        "code": reason["code"],
        "text": reason["text"][lang],
        "value": _value(reason["feature"], reason["value"], lang),
        "reference_value": _value(reason["feature"], reason.get("reference_value"), lang),
        "log_odds": reason["log_odds"],
        "points": reason["points"],
        "pd_effect": reason["pd_effect"],
        "contradicts": bool(reason.get("contradicts")),
        "also": [each["code"] for each in reason.get("also") or ()],
        "width": round(50.0 * abs(reason["log_odds"]) / widest, 1),
    }


def _value(feature: str, value: float | None, lang: Lang) -> str:
    known = FEATURE_BY_NAME.get(feature)
    return shown_value(value, known.unit if known else "", lang)


def _indicator(each: Mapping[str, Any], lang: Lang) -> dict[str, Any]:
    label, unit = each.get("label"), "fraction" if "%" in each["rule"] else ""
    return {
        "label": label[lang] if label else each["id"],
        "value": None if each["rule"] in _SAID else shown_value(each["value"], unit, lang),
        "rule": rule_text(each["rule"], lang),
        "points": each["points"],
        "max": each["max"],
        "domain": each["domain"],
        "provenance": each["provenance"],
    }


def _causes(decision: Mapping[str, Any], lang: Lang) -> list[dict[str, Any]]:
    """Return how the reason of the innovation score is shared among its indicators."""
    points = decision["innovation"]
    labels = {each["id"]: each.get("label") for each in points["indicators"]} if points else {}
    return [
        {
            "label": (labels.get(part["indicator"]) or {lang: part["indicator"]})[lang],
            "points": part["points"],
            "reference_points": part["reference_points"],
            "log_odds": part["log_odds"],
        }
        for reason in decision["reasons"]
        for part in reason.get("indicators") or ()
    ]
