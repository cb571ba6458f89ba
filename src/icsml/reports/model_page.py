"""The page of the auditor's report of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, Final

import numpy as np

from icsml.model.certificate import DirectionProof, Violation
from icsml.records.field import Domain
from icsml.reports.card_html import card_html
from icsml.reports.firm_lookup import firm_columns, firm_data, firm_rows, usage_name
from icsml.reports.model_card import card_in
from icsml.reports.model_figures import ROWS, model_figures
from icsml.reports.naming import event_name, rulebook_name, with_note
from icsml.reports.page import render, script
from icsml.reports.rationale import rationale
from icsml.reports.report_findings import Example, Findings, GroupFigures, Origin, Pair, Thresholds
from icsml.reports.stability_figures import Spread, StabilityFigures, model_name, recourse_held
from icsml.reports.validation_figures import Evidence, Gain, SampleFigures
from icsml.texts.catalogue import Part, phrase

__all__ = ["model_page"]

_CODES: Final = 8
_SHORT: Final = 7
_VIOLATIONS: Final = 3
_FIRMS: Final = 20
_DIGITS: Final = 12
_PERFORMANCE: Final = {
    "rows": "rows",
    "events": "defaults",
    "auc": "auc",
    "low": "auc_low",
    "high": "auc_high",
    "ks": "ks",
    "slope": "calibration_slope",
    "intercept": "calibration_intercept",
}
_MOVES: Final = ("overlap", "rank_biased_overlap", "sign_flips")


def model_page(findings: Findings, lang: str) -> str:
    """Return the page.

    Parameters
    ----------
    findings : Findings
        What it says.
    lang : str
        Language.
    """
    drawings = model_figures(findings, lang)
    facts: dict[str, Any] = {
        "findings": findings,
        "origin": findings.origin,
        "rulebook": rulebook_name(*findings.origin.rulebook, lang) if findings.origin.rulebook else None,
        "drawings": drawings,
        "of": {kind: [each for each in drawings if each.startswith(kind)] for kind in ("dependence", "interaction")},
        "features": [_feature(findings, index, lang) for index in findings.order[:ROWS]],
        "unused": len(findings.features) - len(findings.order),
        "pairs": [
            _pair(findings, pair, lang) for pair in (findings.interactions.pairs if findings.interactions else ())
        ],
        "decisions": [_decision(each, lang) for each in findings.examples],
        "codes": _codes(findings, lang),
        "kinds": [kind for kind in findings.segments if kind != "all"],
        "failed": [check for check in findings.checks if not check.passed],
        "card": card_html(_card(findings, lang)),
        "card_notes": _card_notes(findings, lang),
        "proofs": (proofs := _proofs(findings, lang)),
        "absent": any(None in each["by_file"] for each in proofs),
        "broken": [
            _violation(findings, name, first, lang)
            for name, each in findings.certificates.items()
            for first in each.violations[:_VIOLATIONS]
        ],
        "against": _against(findings, lang),
        "contradictions_unknown": _contradictions_unknown(findings, lang),
        "groups": _groups(findings),
        "levels": _levels(findings),
        "stability": _compared(findings.stability, lang) if findings.stability else None,
        "held": recourse_held(findings.stability, lang) if findings.stability else [],
    }
    facts["segments"] = {
        kind: [_group(each, facts["codes"]) for each in findings.segments[kind]] for kind in facts["kinds"]
    }
    return render("model.html", lang, facts | _evidence(findings, lang), findings.stages)


def _evidence(findings: Findings, lang: str) -> dict[str, Any]:
    """Return what a validator looks for first, as the template shows it."""
    evidence, scale = findings.evidence, findings.evidence.bands
    grades = [band.name for band in scale.bands] if scale.graded else []
    share = findings.innovation.share if findings.innovation else findings.segments["all"][0].innovation_share
    return {
        "evidence": evidence,
        "sample": evidence.sample,
        "definition": _event(findings.origin, lang),
        "trained_said": _trained(evidence.sample, lang),
        "relation_said": _relation(findings, lang),
        "split_said": _split(evidence.sample, lang),
        "gain": evidence.gain,
        "gain_said": _gain(evidence.gain, lang),
        "innovation_share": share,
        "performance": _performance(evidence.figures),
        "figures_where": phrase(f"report.figures_where_{evidence.sample.split or 'unstated'}", lang),
        "scale": scale,
        "ungraded": sum(grade is None for grade in evidence.firms.grade) if scale.graded else 0,
        "scale_of": phrase(
            "report.scale_of", lang, event=event_name(scale.scale_event, lang), months=scale.scale_months
        ),
        "sides": [side for side in ("held_out", "trained") if getattr(scale, side).rows],
        "side_names": {
            "held_out": phrase(
                "report.held_out_rows" if evidence.sample.relation == "same" else "report.other_rows", lang
            ),
            "trained": phrase("report.trained_rows", lang),
        },
        "outside": any(
            getattr(band, side).outside for band in (*scale.bands, scale) for side in ("held_out", "trained")
        ),
        "embargoed": evidence.sample.relation == "same"
        and any(part.name == "embargo" for part in evidence.sample.parts),
        "iv_which": phrase(_which(evidence), lang),
        "variables": [_variable(findings, index, lang) for index in range(len(findings.features))],
        "proposes": findings.proposes,
        "grades": grades,
        "firm_columns": firm_columns(evidence.firms, grades),
        "firms": firm_rows(evidence.firms, findings.features, _FIRMS, lang),
        "firm_data": firm_data(
            evidence.firms, findings.features, grades, lang, same=evidence.sample.relation == "same"
        ),
        **script("lookup.js"),
    }


def _which(evidence: Evidence) -> str:
    if not evidence.iv_rows:
        return "report.variables_none"
    return "report.variables_trained" if evidence.trained_rows else "report.variables_known"


def _gain(gain: Gain, lang: str) -> str:
    if gain.rows is None:
        return phrase(f"report.gain_{gain.source}", lang)
    return phrase(f"report.gain_{gain.source}", lang, rows=gain.rows, events=gain.events or 0)


def _event(origin: Origin, lang: str) -> str:
    named = event_name(origin.event, lang)
    if origin.horizon_months is None:
        return phrase("report.within_open", lang, event=named)
    return phrase("report.within", lang, event=named, months=origin.horizon_months)


def _trained(sample: SampleFigures, lang: str) -> str:
    """Return what the model was trained on; by its digest too where the rows assessed are of other data."""
    if sample.trained is None:
        return phrase("report.sample_trained_unknown", lang)
    name, rows, events = sample.trained
    data = f"“{name}”"
    if sample.relation == "other" and sample.trained_sha256:
        data = with_note(data, f"SHA-256 {sample.trained_sha256[:_DIGITS]}…", lang)
    return phrase("report.sample_trained", lang, data=data, rows=rows, events=events)


def _relation(findings: Findings, lang: str) -> str:
    relation, origin = findings.evidence.sample.relation, findings.origin
    if relation == "same":
        return ""
    if relation == "other":
        return phrase("report.relation_other", lang, data=origin.dataset, sha256=origin.hashes["data"][:_DIGITS])
    return phrase("report.relation_unknown" if relation == "unknown" else "report.relation_unrecorded", lang)


def _split(sample: SampleFigures, lang: str) -> str | None:
    if sample.test_from is not None:
        return phrase("report.split_out_of_time", lang, test_from=sample.test_from, months=sample.embargo_months or 0)
    if sample.folds is not None:
        return phrase("report.split_folds", lang, folds=sample.folds, seed=sample.seed or 0)
    return phrase(f"report.split_kind_{sample.split}", lang) if sample.split else None


def _performance(figures: Mapping[str, float]) -> list[dict[str, Any]]:
    """Return what training measured of the model and of its companion; none where the bundle does not say."""
    return [
        {"companion": bool(prefix)} | {name: figures.get(f"{prefix}{key}") for name, key in _PERFORMANCE.items()}
        for prefix in ("", "without_innovation_")
        if f"{prefix}auc" in figures
    ]


def _variable(findings: Findings, index: int, lang: str) -> dict[str, Any]:
    feature, alone = findings.features[index], findings.evidence.variables[index]
    return _feature(findings, index, lang) | {
        "overridden": feature.overridden,
        "rationale": rationale(feature, findings.overrides.get(feature.name), lang),
        "iv": alone.iv,
        "correlation": None if alone.correlation is None else abs(alone.correlation),
        "partner": None if alone.partner is None else findings.features[alone.partner].code,
    }


def _card(findings: Findings, lang: str) -> str:
    labels = {feature.name: feature.label for feature in findings.features}
    return card_in(findings.card, findings.card_facts, lang, labels)


def _card_notes(findings: Findings, lang: str) -> list[str]:
    """Return what must be read beside a card whose standing sentences are not true of this bundle."""
    if findings.origin.rulebook is not None:
        return []
    own = sum(feature.domain is Domain.INNOVATION for feature in findings.features)
    notes = [phrase("report.card_no_points", lang)]
    return [*notes, phrase("report.card_own_innovation", lang, count=own)] if own else notes


def _feature(findings: Findings, index: int, lang: str) -> dict[str, Any]:
    feature = findings.features[index]
    marks = [each for each in findings.thresholds if each.feature == index]
    return {
        "code": feature.code,
        "label": feature.label.text(lang),
        "direction": str(feature.direction),
        "domain": str(feature.domain),
        "size": float(findings.sizes[index]),
        "missing": float(findings.missing[index]),
        "marked": [_marked(each, lang) for each in marks],
    }


def _marked(marks: Thresholds, lang: str) -> dict[str, str]:
    return {"indicator": marks.indicator.text(lang), "provenance": marks.provenance}


def _pair(findings: Findings, pair: Pair, lang: str) -> dict[str, Any]:
    first, second = (findings.features[index] for index in (pair.first, pair.second))
    return {"first": first.label.text(lang), "second": second.label.text(lang), "size": pair.size}


def _decision(example: Example, lang: str) -> dict[str, Any]:
    return {
        "drawing": f"waterfall-{example.role}",
        "example": example,
        "total": example.base + float(example.log_odds.sum()),
        "usage": usage_name(example.usage, lang),
        "reasons": [each.text(lang) for each in example.reasons],
        "points": example.base_points + int(example.points.sum()),
    }


def _codes(findings: Findings, lang: str) -> list[dict[str, Any]]:
    """Return the adverse reasons that come up most often, over all rows."""
    (everybody,) = findings.segments["all"]
    order = [int(index) for index in np.argsort(-everybody.adverse, kind="stable") if everybody.adverse[index]]
    return [
        {
            "index": index,
            "code": findings.features[index].code,
            "short": _short(findings.features[index].code, rank),
            "label": findings.features[index].label.text(lang),
            "share": int(everybody.adverse[index]) / everybody.rows,
        }
        for rank, index in enumerate(order[:_CODES], start=1)
    ]


def _short(code: str, rank: int) -> str:
    """Return what heads a narrow column: the code, or where it is long its rank in the table above."""
    return code if len(code) <= _SHORT else f"#{rank}"


def _group(group: GroupFigures, codes: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": group.name,
        "rows": group.rows,
        "pd_mean": group.pd_mean,
        "innovation_share": group.innovation_share,
        "adverse": [int(group.adverse[code["index"]]) / group.rows for code in codes],
    }


def _named(findings: Findings, name: str, lang: str) -> str:
    return next((feature.label.text(lang) for feature in findings.features if feature.name == name), name)


def _proofs(findings: Findings, lang: str) -> list[dict[str, Any]]:
    """Return a row for each feature of declared direction: what was compared in each file, what was out of order."""
    by_file = [{proof.feature: proof for proof in each.features} for each in findings.certificates.values()]
    return [
        _proof(findings, name, [each.get(name) for each in by_file], lang) for name in dict.fromkeys(chain(*by_file))
    ]


def _proof(findings: Findings, name: str, proofs: Sequence[DirectionProof | None], lang: str) -> dict[str, Any]:
    made = [each for each in proofs if each is not None]
    return {
        "feature": _named(findings, name, lang),
        "direction": "raises_risk" if made[0].sign > 0 else "lowers_risk",
        "by_file": [None if each is None else (each.trees, each.pairs) for each in proofs],
        "used": any(each.trees for each in made),
        "violations": sum(each.violations for each in made),
    }


def _violation(findings: Findings, file: str, violation: Violation, lang: str) -> dict[str, Any]:
    told = {"tree": violation.tree, "leaves": violation.leaves, "adds": violation.values}
    return told | {"file": file, "feature": _named(findings, violation.feature, lang)}


def _groups(findings: Findings) -> list[dict[str, Any]]:
    """Return the groups of features by the size of their summed terms, each with its share of the single terms."""
    single = dict.fromkeys((name for name, _ in findings.groups), 0.0)
    for feature, size in zip(findings.features, findings.sizes.tolist(), strict=True):
        single[feature.group] = single.get(feature.group, 0.0) + size
    whole = sum(single.values()) or 1.0
    return [{"name": name, "size": size, "share": single[name] / whole} for name, size in findings.groups]


def _contradictions_unknown(findings: Findings, lang: str) -> str | None:
    """Return why it is not known how often reasons contradict; None where it is known."""
    if findings.contradictions is None:
        return phrase(
            "report.contradictions_no_rows"
            if "reference" in findings.origin.hashes
            else "report.contradictions_no_reference",
            lang,
        )
    if findings.contradictions.rate is None:
        return phrase("report.contradictions_no_free", lang, rows=findings.contradictions.rows)
    return None


def _against(findings: Findings, lang: str) -> list[dict[str, Any]]:
    """Return the free features whose reasons contradict their effect taken alone, the most first."""
    each = findings.contradictions.features if findings.contradictions else ()
    return [
        {
            "code": findings.features[index].code,
            "label": findings.features[index].label.text(lang),
            "shown": shown,
            "against": against,
        }
        for index, shown, against in each[:_CODES]
        if against
    ]


def _compared(moved: StabilityFigures, lang: str) -> str:
    """Return which models were compared, on which rows."""
    rows: dict[str, Part] = {
        "data": moved.dataset,
        "rows": moved.rows,
        "risky": moved.riskiest_rows,
        "top": moved.top,
    }
    if moved.drawn is None:
        others = ", ".join(model_name(each.against) for each in moved.comparisons)
        return phrase("report.stability_of_two", lang, base=model_name(moved.base), others=others, **rows)
    share = moved.drawn.share
    drawn = phrase("report.drawn_bootstrap", lang) if share is None else phrase("report.drawn_share", lang, share=share)
    return phrase(
        "report.stability_of_retrains",
        lang,
        base=model_name(moved.base),
        count=len(moved.comparisons),
        drawn=drawn,
        **rows,
    )


def _levels(findings: Findings) -> list[tuple[str, str, list[Spread | None]]]:
    """Return the rows of the table of stability: rows, level and the figures shown."""
    if findings.stability is None:
        return []
    return [
        (rows, level, [findings.stability.figure(rows, level, name) for name in _MOVES])
        for rows, levels in findings.stability.summary.items()
        for level in levels
    ]
