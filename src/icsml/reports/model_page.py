"""The page of the auditor's report of a model."""

from __future__ import annotations

from typing import Final

from icsml.records.field import Domain
from icsml.reports.card_html import card_html
from icsml.reports.firm_lookup import firm_columns, firm_data, firm_rows
from icsml.reports.model_card import card_in
from icsml.reports.model_figures import model_figures
from icsml.reports.model_rows import (
    code_rows,
    contradiction_rows,
    example_row,
    feature_group_rows,
    feature_rows,
    pair_rows,
    performance_rows,
    proof_rows,
    segment_row,
    stability_rows,
    variable_rows,
    violation_rows,
)
from icsml.reports.naming import event_name, rulebook_name, with_note
from icsml.reports.page import render, script
from icsml.reports.report_facts import Origin, ReportFacts
from icsml.reports.stability_figures import StabilityFigures, model_name, robustness_sentences
from icsml.reports.validation_figures import Evidence, Gain, SampleFigures
from icsml.texts.catalogue import Part, phrase

__all__ = ["model_page"]

_FIRMS: Final = 20
_DIGITS: Final = 12


def model_page(facts: ReportFacts, lang: str) -> str:
    """Return the page.

    Parameters
    ----------
    facts : ReportFacts
        Content of the report.
    lang : str
        Language.
    """
    figures = model_figures(facts, lang)
    codes, proofs = code_rows(facts, lang), proof_rows(facts, lang)
    kinds = [kind for kind in facts.segments if kind != "all"]
    stability = facts.stability
    context = {
        "facts": facts,
        "origin": facts.origin,
        "rulebook": rulebook_name(*facts.origin.rulebook, lang) if facts.origin.rulebook else None,
        "figures": figures,
        "of": {kind: [name for name in figures if name.startswith(kind)] for kind in ("dependence", "interaction")},
        "features": feature_rows(facts, lang),
        "unused": len(facts.features) - len(facts.order),
        "pairs": pair_rows(facts, lang),
        "examples": [example_row(example, lang) for example in facts.examples],
        "codes": codes,
        "kinds": kinds,
        "segments": {kind: [segment_row(group, codes) for group in facts.segments[kind]] for kind in kinds},
        "failed": [check for check in facts.checks if not check.passed],
        "card": card_html(_card(facts, lang)),
        "card_notes": _card_notes(facts, lang),
        "proofs": proofs,
        "absent": any(None in proof.by_file for proof in proofs),
        "violations": violation_rows(facts, lang),
        "contradictions": contradiction_rows(facts, lang),
        "contradictions_unknown": _contradictions_unknown(facts, lang),
        "groups": feature_group_rows(facts),
        "levels": stability_rows(facts),
        "stability": _compared(stability, lang) if stability else None,
        "recourse": robustness_sentences(stability, lang) if stability else [],
    }
    return render("model.html", lang, context | _evidence(facts, lang), facts.stages)


def _evidence(facts: ReportFacts, lang: str) -> dict[str, object]:
    """Return the first part of the page, for a validator, as the template displays it."""
    evidence, scale = facts.evidence, facts.evidence.bands
    grades = [band.name for band in scale.bands] if scale.graded else []
    share = facts.innovation.share if facts.innovation else facts.segments["all"][0].innovation_share
    return {
        "evidence": evidence,
        "sample": evidence.sample,
        "definition": _event(facts.origin, lang),
        "trained_on": _trained(evidence.sample, lang),
        "relation": _relation(facts, lang),
        "split": _split(evidence.sample, lang),
        "gain": evidence.gain,
        "gain_text": _gain(evidence.gain, lang),
        "innovation_share": share,
        "performance": performance_rows(evidence.figures),
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
        "variables": variable_rows(facts, lang),
        "proposes": facts.proposes,
        "grades": grades,
        "firm_columns": firm_columns(evidence.firms, grades),
        "firms": firm_rows(evidence.firms, facts.features, _FIRMS, lang),
        "firm_data": firm_data(evidence.firms, facts.features, grades, lang, same=evidence.sample.relation == "same"),
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
    """Return the data that the model was trained on; by its digest too where the rows assessed are of other data."""
    if sample.trained is None:
        return phrase("report.sample_trained_unknown", lang)
    name, rows, events = sample.trained
    data = f"“{name}”"
    if sample.relation == "other" and sample.trained_sha256:
        data = with_note(data, f"SHA-256 {sample.trained_sha256[:_DIGITS]}…", lang)
    return phrase("report.sample_trained", lang, data=data, rows=rows, events=events)


def _relation(facts: ReportFacts, lang: str) -> str:
    relation, origin = facts.evidence.sample.relation, facts.origin
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


def _card(facts: ReportFacts, lang: str) -> str:
    labels = {feature.name: feature.label for feature in facts.features}
    return card_in(facts.card, facts.card_facts, lang, labels, facts.metrics)


def _card_notes(facts: ReportFacts, lang: str) -> list[str]:
    """Return notes beside a card whose standard sentences are not true of this bundle."""
    if facts.origin.rulebook is not None:
        return []
    count = sum(feature.domain is Domain.INNOVATION for feature in facts.features)
    notes = [phrase("report.card_no_points", lang)]
    return [*notes, phrase("report.card_own_innovation", lang, count=count)] if count else notes


def _contradictions_unknown(facts: ReportFacts, lang: str) -> str | None:
    """Return why it is not known how often reasons contradict; None where it is known."""
    if facts.contradictions is None:
        return phrase(
            "report.contradictions_no_rows"
            if "reference" in facts.origin.hashes
            else "report.contradictions_no_reference",
            lang,
        )
    if facts.contradictions.rate is None:
        return phrase("report.contradictions_no_free", lang, rows=facts.contradictions.rows)
    return None


def _compared(stability: StabilityFigures, lang: str) -> str:
    """Return which models were compared, on which rows."""
    rows: dict[str, Part] = {
        "data": stability.dataset,
        "rows": stability.rows,
        "risky": stability.riskiest_rows,
        "top": stability.top,
    }
    if stability.drawn is None:
        others = ", ".join(model_name(comparison.against) for comparison in stability.comparisons)
        return phrase("report.stability_of_two", lang, base=model_name(stability.base), others=others, **rows)
    share = stability.drawn.share
    resampling = (
        phrase("report.drawn_bootstrap", lang) if share is None else phrase("report.drawn_share", lang, share=share)
    )
    return phrase(
        "report.stability_of_retrains",
        lang,
        base=model_name(stability.base),
        count=len(stability.comparisons),
        drawn=resampling,
        **rows,
    )
