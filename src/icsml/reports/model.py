"""The auditor's report of a model: its drawings and its page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final

import numpy as np

from icsml.core.arrays import Floats
from icsml.features.feature import Feature
from icsml.model.certificate import DirectionProof, Violation
from icsml.records.field import Domain
from icsml.reports import plots
from icsml.reports.card import card_html
from icsml.reports.drawing import Drawing
from icsml.reports.evidence import Evidence, Gain, SampleFigures
from icsml.reports.findings import Chosen, Findings, GroupFigures, Marks, Origin, Pair
from icsml.reports.lookup import firm_columns, firm_data, firm_rows, usage_name
from icsml.reports.model_card import card_in
from icsml.reports.names import event_name, rulebook_name, with_note
from icsml.reports.page import render, script
from icsml.reports.rationale import rationale
from icsml.reports.stability import Spread, StabilityFigures, model_name, recourse_held
from icsml.texts.catalogue import Part, phrase
from icsml.texts.quantity import quantity

__all__ = ["model_drawings", "model_page"]

_ROWS: Final = 15
"""Features shown in the plots that have a row for each."""
_DEPENDENCE: Final = 6
_MARKED: Final = 6
_PAIRS_DRAWN: Final = 4
_TERMS: Final = 9
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


def model_page(found: Findings, lang: str) -> str:
    """Return the page.

    Parameters
    ----------
    found : Findings
        What it says.
    lang : str
        Language.
    """
    drawings = model_drawings(found, lang)
    facts: dict[str, Any] = {
        "found": found,
        "origin": found.origin,
        "rulebook": rulebook_name(*found.origin.rulebook, lang) if found.origin.rulebook else None,
        "drawings": drawings,
        "of": {kind: [each for each in drawings if each.startswith(kind)] for kind in ("dependence", "interaction")},
        "features": [_feature(found, place, lang) for place in found.order[:_ROWS]],
        "unused": len(found.features) - len(found.order),
        "pairs": [_pair(found, pair, lang) for pair in (found.interactions.pairs if found.interactions else ())],
        "decisions": [_decision(each, lang) for each in found.chosen],
        "codes": _codes(found, lang),
        "kinds": [kind for kind in found.segments if kind != "all"],
        "failed": [check for check in found.checks if not check.passed],
        "card": card_html(_card(found, lang)),
        "card_notes": _card_notes(found, lang),
        "proofs": (proofs := _proofs(found, lang)),
        "absent": any(None in each["by_file"] for each in proofs),
        "broken": [
            _violation(found, name, first, lang)
            for name, each in found.certificates.items()
            for first in each.violations[:_VIOLATIONS]
        ],
        "against": _against(found, lang),
        "contradictions_unknown": _contradictions_unknown(found, lang),
        "groups": _groups(found),
        "levels": _levels(found),
        "stability": _compared(found.stability, lang) if found.stability else None,
        "held": recourse_held(found.stability, lang) if found.stability else [],
    }
    facts["segments"] = {
        kind: [_group(each, facts["codes"]) for each in found.segments[kind]] for kind in facts["kinds"]
    }
    return render("model.html", lang, facts | _evidence(found, lang), found.stages)


def _evidence(found: Findings, lang: str) -> dict[str, Any]:
    """Return what a validator looks for first, as the template shows it."""
    evidence, scale = found.evidence, found.evidence.bands
    grades = [band.name for band in scale.bands] if scale.graded else []
    share = found.innovation.share if found.innovation else found.segments["all"][0].innovation_share
    return {
        "evidence": evidence,
        "sample": evidence.sample,
        "definition": _event(found.origin, lang),
        "trained_said": _trained(evidence.sample, lang),
        "relation_said": _relation(found, lang),
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
        "variables": [_variable(found, place, lang) for place in range(len(found.features))],
        "proposes": found.proposes,
        "grades": grades,
        "firm_columns": firm_columns(evidence.firms, grades),
        "firms": firm_rows(evidence.firms, found.features, _FIRMS, lang),
        "firm_data": firm_data(evidence.firms, found.features, grades, lang, same=evidence.sample.relation == "same"),
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


def _relation(found: Findings, lang: str) -> str:
    relation, origin = found.evidence.sample.relation, found.origin
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


def _variable(found: Findings, place: int, lang: str) -> dict[str, Any]:
    feature, alone = found.features[place], found.evidence.variables[place]
    return _feature(found, place, lang) | {
        "overridden": feature.overridden,
        "rationale": rationale(feature, found.overrides.get(feature.name), lang),
        "iv": alone.iv,
        "correlation": None if alone.correlation is None else abs(alone.correlation),
        "partner": None if alone.partner is None else found.features[alone.partner].code,
    }


def _card(found: Findings, lang: str) -> str:
    labels = {feature.name: feature.label for feature in found.features}
    return card_in(found.card, found.card_facts, lang, labels)


def _card_notes(found: Findings, lang: str) -> list[str]:
    """Return what must be read beside a card whose standing sentences are not true of this bundle."""
    if found.origin.rulebook is not None:
        return []
    own = sum(feature.domain is Domain.INNOVATION for feature in found.features)
    notes = [phrase("report.card_no_points", lang)]
    return [*notes, phrase("report.card_own_innovation", lang, count=own)] if own else notes


def model_drawings(found: Findings, lang: str) -> dict[str, Drawing]:
    """Return every drawing of the report by its name, each a file of its own as well.

    ``importance``, ``beeswarm``, ``dependence-CODE``, ``interaction-CODE-CODE``, ``waterfall-ROLE``; none where there
    is nothing to draw.
    """
    return {each.name: each for each in _drawn(found, lang)}


def _drawn(found: Findings, lang: str) -> Iterator[Drawing]:
    top = found.order[:_ROWS]
    if top:
        labels = [_label(found.features[place], lang) for place in top]
        title, unit = phrase("report.importance", lang), phrase("report.mean_size", lang)
        yield plots.importance("importance", title, labels, found.sizes[top], unit)
        if len(found.sample.values):
            terms, values = found.sample.log_odds[:, top], found.sample.values[:, top]
            yield plots.beeswarm(
                "beeswarm", phrase("report.beeswarm", lang), labels, terms, values, phrase("report.log_odds", lang)
            )
            yield from (_dependence(found, place, lang) for place in _dependent(found))
    for pair in found.interactions.pairs[:_PAIRS_DRAWN] if found.interactions else ():
        yield _interaction(found, pair, lang)
    for chosen in found.chosen:
        yield _waterfall(found, chosen, lang)


def _label(feature: Feature, lang: str) -> str:
    return feature.label.text(lang)


def _dependent(found: Findings) -> list[int]:
    """Return the features whose dependence is drawn: the largest, then others that a rulebook has thresholds for."""
    first = found.order[:_DEPENDENCE]
    marked = {each.feature for each in found.marks}
    return first + [place for place in found.order[_DEPENDENCE:] if place in marked][:_MARKED]


def _axis(found: Findings, place: int, values: Floats, lang: str) -> plots.Axis:
    feature = found.features[place]
    return plots.Axis(values[:, place], _label(feature, lang), percent=feature.unit == "fraction")


def _dependence(found: Findings, place: int, lang: str) -> Drawing:
    partner = _partner(found, place)
    values, label = found.sample.values, _label(found.features[place], lang)
    if partner is None:
        title = label
    else:
        title = phrase("report.interaction_of", lang, first=label, second=_label(found.features[partner], lang))
    return plots.dependence(
        f"dependence-{_mark_name(found, place)}",
        title,
        _axis(found, place, values, lang),
        found.sample.log_odds[:, place],
        phrase("report.log_odds", lang),
        colour=None if partner is None else _axis(found, partner, values, lang),
        thresholds=_marks_of(found, place),
    )


def _partner(found: Findings, place: int) -> int | None:
    """Return the feature that a feature interacts with most, among the strongest pairs."""
    pairs = found.interactions.pairs if found.interactions else ()
    return next((sum((each.first, each.second)) - place for each in pairs if place in (each.first, each.second)), None)


def _marks_of(found: Findings, place: int) -> list[tuple[float, str]]:
    return sorted({mark for each in found.marks if each.feature == place for mark in each.at})


def _mark_name(found: Findings, place: int) -> str:
    return found.features[place].code.replace("_", "-").lower()


def _interaction(found: Findings, pair: Pair, lang: str) -> Drawing:
    assert found.interactions is not None  # noqa: S101 - the pair is of it
    values = found.interactions.values
    first, second = (_label(found.features[place], lang) for place in (pair.first, pair.second))
    return plots.dependence(
        f"interaction-{_mark_name(found, pair.first)}-{_mark_name(found, pair.second)}",
        phrase("report.interaction_of", lang, first=first, second=second),
        _axis(found, pair.first, values, lang),
        pair.log_odds,
        phrase("report.log_odds", lang),
        colour=_axis(found, pair.second, values, lang),
    )


def _waterfall(found: Findings, chosen: Chosen, lang: str) -> Drawing:
    named = [
        (_label(feature, lang), _told(float(value), feature.unit, lang))
        for feature, value in zip(found.features, chosen.values, strict=True)
    ]
    return plots.waterfall(
        f"waterfall-{chosen.role}",
        phrase(f"report.risk_{chosen.role}", lang),
        named,
        chosen.log_odds,
        chosen.base,
        most=_TERMS,
        others=phrase("report.other_features", lang, count=len(named) - _TERMS),
        xlabel=phrase("report.log_odds_of_pd", lang),
    )


def _told(value: float, unit: str, lang: str) -> str:
    """Return a value with its unit, as reasons tell it."""
    if not np.isfinite(value):
        return phrase("names.not_known", lang)
    return quantity(value, unit).text(lang).replace("-", "\N{MINUS SIGN}")


def _feature(found: Findings, place: int, lang: str) -> dict[str, Any]:
    feature = found.features[place]
    marks = [each for each in found.marks if each.feature == place]
    return {
        "code": feature.code,
        "label": _label(feature, lang),
        "direction": str(feature.direction),
        "domain": str(feature.domain),
        "size": float(found.sizes[place]),
        "missing": float(found.missing[place]),
        "marked": [_marked(each, lang) for each in marks],
    }


def _marked(marks: Marks, lang: str) -> dict[str, str]:
    return {"indicator": marks.indicator.text(lang), "provenance": marks.provenance}


def _pair(found: Findings, pair: Pair, lang: str) -> dict[str, Any]:
    first, second = (found.features[place] for place in (pair.first, pair.second))
    return {"first": _label(first, lang), "second": _label(second, lang), "size": pair.size}


def _decision(chosen: Chosen, lang: str) -> dict[str, Any]:
    return {
        "drawing": f"waterfall-{chosen.role}",
        "chosen": chosen,
        "total": chosen.base + float(chosen.log_odds.sum()),
        "usage": usage_name(chosen.usage, lang),
        "reasons": [each.text(lang) for each in chosen.reasons],
        "points": chosen.base_points + int(chosen.points.sum()),
    }


def _codes(found: Findings, lang: str) -> list[dict[str, Any]]:
    """Return the adverse reasons that come up most often, over all rows."""
    (everybody,) = found.segments["all"]
    order = [int(place) for place in np.argsort(-everybody.adverse, kind="stable") if everybody.adverse[place]]
    return [
        {
            "place": place,
            "code": found.features[place].code,
            "short": _short(found.features[place].code, rank),
            "label": _label(found.features[place], lang),
            "share": int(everybody.adverse[place]) / everybody.rows,
        }
        for rank, place in enumerate(order[:_CODES], start=1)
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
        "adverse": [int(group.adverse[code["place"]]) / group.rows for code in codes],
    }


def _named(found: Findings, name: str, lang: str) -> str:
    return next((_label(feature, lang) for feature in found.features if feature.name == name), name)


def _proofs(found: Findings, lang: str) -> list[dict[str, Any]]:
    """Return a row for each feature of declared direction: what was compared in each file, what was out of order."""
    by_file = [{proof.feature: proof for proof in each.features} for each in found.certificates.values()]
    return [_proof(found, name, [each.get(name) for each in by_file], lang) for name in dict.fromkeys(chain(*by_file))]


def _proof(found: Findings, name: str, proofs: Sequence[DirectionProof | None], lang: str) -> dict[str, Any]:
    made = [each for each in proofs if each is not None]
    return {
        "feature": _named(found, name, lang),
        "direction": "raises_risk" if made[0].sign > 0 else "lowers_risk",
        "by_file": [None if each is None else (each.trees, each.pairs) for each in proofs],
        "used": any(each.trees for each in made),
        "violations": sum(each.violations for each in made),
    }


def _violation(found: Findings, file: str, violation: Violation, lang: str) -> dict[str, Any]:
    told = {"tree": violation.tree, "leaves": violation.leaves, "adds": violation.values}
    return told | {"file": file, "feature": _named(found, violation.feature, lang)}


def _groups(found: Findings) -> list[dict[str, Any]]:
    """Return the groups of features by the size of their summed terms, each with its share of the single terms."""
    single = dict.fromkeys((name for name, _ in found.groups), 0.0)
    for feature, size in zip(found.features, found.sizes.tolist(), strict=True):
        single[feature.group] = single.get(feature.group, 0.0) + size
    whole = sum(single.values()) or 1.0
    return [{"name": name, "size": size, "share": single[name] / whole} for name, size in found.groups]


def _contradictions_unknown(found: Findings, lang: str) -> str | None:
    """Return why it is not known how often reasons contradict; None where it is known."""
    if found.contradictions is None:
        return phrase(
            "report.contradictions_no_rows"
            if "reference" in found.origin.hashes
            else "report.contradictions_no_reference",
            lang,
        )
    if found.contradictions.rate is None:
        return phrase("report.contradictions_no_free", lang, rows=found.contradictions.rows)
    return None


def _against(found: Findings, lang: str) -> list[dict[str, Any]]:
    """Return the free features whose reasons contradict their effect taken alone, the most first."""
    each = found.contradictions.features if found.contradictions else ()
    return [
        {
            "code": found.features[place].code,
            "label": _label(found.features[place], lang),
            "shown": shown,
            "against": against,
        }
        for place, shown, against in each[:_CODES]
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


def _levels(found: Findings) -> list[tuple[str, str, list[Spread | None]]]:
    """Return the rows of the table of stability: rows, level and the figures shown."""
    if found.stability is None:
        return []
    return [
        (rows, level, [found.stability.figure(rows, level, name) for name in _MOVES])
        for rows, levels in found.stability.summary.items()
        for level in levels
    ]
