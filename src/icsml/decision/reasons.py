"""The reasons of one row: the largest terms, by group and by indicator, and those for the applicant."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np

from icsml.core.arrays import Floats, Ints
from icsml.decision.assess import ExplainedAssessment, assess
from icsml.decision.missing_information import absent_fields, missing_information
from icsml.decision.out_of_range import implausible
from icsml.explain.contradiction import contradictions, contradicts, is_free, one_at_a_time, spreads
from icsml.explain.indicator_split import split_points, split_term
from icsml.explain.merging import merge, merged_into
from icsml.explain.ordered_sum import sum_in_order
from icsml.explain.reason_texts import UNKNOWN, Statement, form_of, reference_text, statement
from icsml.explain.shap_engine import margins
from icsml.explain.terms import adverse, by_group, pd_effects, top_terms
from icsml.features.feature import INNOVATION_SCORE, Feature
from icsml.innovation.rulebooks.indicators import ScoringDomain
from icsml.model.bundle import BundleParts
from icsml.model.calibrate import Affine
from icsml.records.columns import Columns
from icsml.records.decision import (
    AdverseReason,
    AlsoReason,
    GroupTerm,
    IndicatorReason,
    InterventionalReference,
    Reason,
    ReasonKind,
    Reference,
    ReferenceId,
)
from icsml.records.field import Domain
from icsml.texts.catalogue import text
from icsml.texts.label import Label

__all__ = ["RowReasons", "contradicting_share", "row_reasons"]


_ORDER: Final[Mapping[ReasonKind, int]] = {"comparison": 0, "not_computable": 1, "not_provided": 1, "neutral": 2}


@dataclass(frozen=True, slots=True)
class RowReasons:
    """The reasons of one row.

    Parameters
    ----------
    base_log_odds, base_points : float, int
        Log-odds and score points before any feature.
    reasons : list of Reason
        The largest terms, of either sign.
    other_log_odds, other_points : float, int
        Sums of the terms that ``reasons`` leaves out.
    groups : list of GroupTerm
        Sums by group of features.
    adverse_reasons : list of AdverseReason
        What may be given to the applicant: comparisons first, then what has no value, then neutral statements.
    adverse_coverage : float or None
        Share of the log-odds above zero that the adverse reasons cover; None where no term is above zero.
    principal_left_out : bool
        Whether they cover less than the catalogue requires and there are more that could have been given.
    not_provided : list of str
        Absent fields that left a feature which raised the PD without a value: of the adverse reasons first, then by
        size; those of terms too small to be a reason are left out.
    reference : Reference or InterventionalReference
        The comparison group of the reasons.
    """

    base_log_odds: float
    base_points: int
    reasons: list[Reason]
    other_log_odds: float
    other_points: int
    groups: list[GroupTerm]
    adverse_reasons: list[AdverseReason]
    adverse_coverage: float | None
    principal_left_out: bool
    not_provided: list[str]
    reference: Reference | InterventionalReference


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of an assessment; ``merged`` and ``merged_points`` are its terms and points after merging."""

    bundle: BundleParts
    assessment: ExplainedAssessment
    row: int
    features: tuple[Feature, ...]
    values: Floats
    medians: Floats
    terms: Floats
    points: Ints
    merged: Floats
    merged_points: Ints

    @property
    def reference_id(self) -> ReferenceId:
        return self.bundle.reference.id if self.bundle.reference is not None else "training-cover"

    def value(self, index: int) -> float | None:
        return _known(self.values[index])

    def median(self, index: int) -> float | None:
        return _known(self.medians[index])

    def pd_effect(self, term: float) -> float:
        return float(pd_effects(self.assessment.log_odds[self.row : self.row + 1], np.array([term]))[0])


def row_reasons(bundle: BundleParts, assessment: ExplainedAssessment, row: int, most: int) -> RowReasons:
    """Return the reasons of one row of an assessment.

    Parameters
    ----------
    bundle : BundleParts
        The model.
    assessment : ExplainedAssessment
        What it gave.
    row : int
        Which row.
    most : int
        Most ``reasons``; the catalogue limits the adverse ones.
    """
    one, catalogue = _row(bundle, assessment, row), bundle.catalogue
    largest = top_terms(one.merged, most)
    against = adverse(one.merged, catalogue.adverse_at_least)
    against_most = top_terms(against, catalogue.adverse_reasons)
    contradicting = _contradicting(one, {*largest, *against_most})
    unlikely = implausible(bundle, assessment, row)
    statements = {
        index: _statement(one, index, contradicting.get(index), unlikely)
        for index in dict.fromkeys([*largest, *against_most])
    }
    ordered = sorted(against_most, key=lambda index: _rank(statements[index].kind, one.features[index]))
    coverage = _coverage(one.merged, against_most)
    more = int((against > 0.0).sum()) > len(against_most)
    return RowReasons(
        base_log_odds=float(assessment.explanation.terms.base[row]),
        base_points=int(assessment.explanation.base_points[row]),
        reasons=[_reason(one, index, statements[index], contradicting.get(index)) for index in largest],
        other_log_odds=float(sum_in_order(np.delete(one.merged, largest)[None, :])[0]),
        other_points=int(np.delete(one.merged_points, largest).sum()),
        groups=_groups(one),
        adverse_reasons=[_adverse(one, index, statements[index], contradicting.get(index)) for index in ordered],
        adverse_coverage=coverage,
        principal_left_out=coverage is not None and coverage < catalogue.adverse_coverage_at_least and more,
        not_provided=_not_provided(one, ordered),
        reference=_reference(one),
    )


def _row(bundle: BundleParts, assessment: ExplainedAssessment, row: int) -> _Row:
    explanation, one = assessment.explanation, slice(row, row + 1)
    terms, points = explanation.terms.log_odds[one], explanation.points[one]
    merged, merged_points = merge(terms, points, explanation.clusters)
    return _Row(
        bundle=bundle,
        assessment=assessment,
        row=row,
        features=bundle.features,
        values=assessment.features[row],
        medians=np.full(terms.shape[1], np.nan) if bundle.reference is None else bundle.reference.medians,
        terms=terms[0],
        points=points[0],
        merged=merged[0],
        merged_points=merged_points[0],
    )


def _coverage(log_odds: Floats, given: Sequence[int]) -> float | None:
    whole = float(log_odds[log_odds > 0.0].sum())
    return min(float(log_odds[given].sum()) / whole, 1.0) if whole > 0.0 else None


def _rank(kind: ReasonKind, feature: Feature) -> tuple[int, bool]:
    """Rank comparisons first, then features without value, then neutral statements; the order by size is kept within.

    Of neutral statements innovation is last: more of it is no shortcoming that heads an answer.
    """
    return _ORDER[kind], kind == "neutral" and feature.domain is Domain.INNOVATION


def _not_provided(one: _Row, given: Sequence[int]) -> list[str]:
    """Return absent fields, those of the stated reasons first; also those of features merged into one reason."""
    largest = np.maximum(one.merged, one.terms)
    others = top_terms(adverse(largest, one.bundle.catalogue.adverse_at_least), len(largest))
    names = [
        name
        for index in dict.fromkeys([*given, *others])
        if np.isnan(one.values[index])
        for name in absent_fields(one.features[index], one.assessment.screening.columns, one.row)
    ]
    return list(dict.fromkeys(names))


def _reason(one: _Row, index: int, stated: Statement, contradicting: bool | None) -> Reason:
    feature, term = one.features[index], float(one.merged[index])
    return Reason(
        code=feature.code,
        feature=feature.name,
        group=feature.group,
        unit=feature.unit,
        value=one.value(index),
        reference_value=one.median(index),
        log_odds=term,
        points=int(one.merged_points[index]),
        pd_effect=one.pd_effect(term),
        direction=feature.direction,
        form=form_of(term),
        kind=stated.kind,
        contradicts=contradicting,
        text=stated.text,
        indicators=_indicators(one) if feature.name == INNOVATION_SCORE else None,
        also=_also(one, index),
    )


def _adverse(one: _Row, index: int, stated: Statement, contradicting: bool | None) -> AdverseReason:
    return AdverseReason(
        code=one.features[index].code,
        feature=one.features[index].name,
        kind=stated.kind,
        value=one.value(index),
        reference_value=one.median(index),
        log_odds=float(one.merged[index]),
        points=int(one.merged_points[index]),
        contradicts=contradicting,
        text=stated.text,
        also=_also(one, index),
    )


def _statement(one: _Row, index: int, contradicting: bool | None, unlikely: Mapping[str, Label]) -> Statement:
    feature, value = _named(one, index), float(one.values[index])
    return statement(
        one.bundle.catalogue,
        feature,
        value,
        float(one.merged[index]),
        one.reference_id,
        float(one.medians[index]),
        contradicts=bool(contradicting),
        missing=missing_information(one.bundle, one.assessment, feature, one.row) if np.isnan(value) else UNKNOWN,
        outside=unlikely.get(feature.name),
    )


def _named(one: _Row, index: int) -> Feature:
    """Return a feature with its name in texts: a score from assumed rules is not named as an official one."""
    feature, rulebook = one.features[index], one.bundle.rulebook
    if feature.name != INNOVATION_SCORE or rulebook is None or rulebook.provenance != "assumed":
        return feature
    return replace(feature, label=text("reasons.own_points", feature=feature.label))


def _also(one: _Row, lead: int) -> list[AlsoReason]:
    return [
        AlsoReason(
            code=one.features[index].code,
            feature=one.features[index].name,
            label=one.features[index].label,
            value=one.value(index),
            reference_value=one.median(index),
            log_odds=float(one.terms[index]),
            points=int(one.points[index]),
        )
        for index in merged_into(lead, one.terms, one.assessment.explanation.clusters)
    ]


def _groups(one: _Row) -> list[GroupTerm]:
    sums = by_group([feature.group for feature in one.features], one.terms[None, :], one.points[None, :])
    return [
        GroupTerm(group=group, log_odds=float(term[0]), points=int(points[0]), pd_effect=one.pd_effect(float(term[0])))
        for group, (term, points) in sums.items()
    ]


def _reference(one: _Row) -> Reference | InterventionalReference:
    label, population = reference_text(one.bundle.catalogue, one.reference_id), one.bundle.reference
    if population is None:
        return Reference(kind="path_dependent", id="training-cover", text=label)
    return InterventionalReference(
        kind="interventional", id=population.id, text=label, n=len(population.rows), sha256=population.sha256
    )


def _scorer(one: _Row) -> tuple[Callable[[Floats], Floats], Affine, list[int]]:
    """Return the model that scored this row, its calibration, and the columns that it reads."""
    bundle, columns = one.bundle, one.bundle.companion_columns
    ask = partial(margins, reference=bundle.reference, explainer=bundle.explainer)
    if one.assessment.fallback[one.row] and bundle.companion:
        return partial(ask, bundle.companion.booster, columns=columns), bundle.companion.calibration, columns
    return partial(ask, bundle.model.booster), bundle.model.calibration, list(range(len(one.features)))


def _contradicting(one: _Row, indices: Collection[int]) -> dict[int, bool]:
    """Return, of the free features among some, whether their term has another sign than their effect alone.

    A merged reason is judged by the feature that it names, with that feature's own term: what is in ``also`` has
    effects of its own.
    """
    population, free = one.bundle.reference, [index for index in sorted(indices) if is_free(one.features[index])]
    if population is None or not free:
        return {}
    scorer, calibration, columns = _scorer(one)
    values = {columns.index(index): spreads(population)[:, index] for index in free}
    effects = one_at_a_time(scorer, calibration, np.ascontiguousarray(one.values[None, columns]), values)
    return {
        index: bool(contradicts(one.terms[index : index + 1], effects[column])[0])
        for index, column in zip(free, values, strict=True)
    }


def _indicators(one: _Row) -> list[IndicatorReason] | None:
    """Split the innovation score's reason by indicator; None where no honest split exists."""
    scored, population, rulebook = one.assessment.innovation, one.bundle.reference, one.bundle.rulebook
    if population is None or rulebook is None or scored is None or one.assessment.fallback[one.row]:
        return None
    index = one.bundle.model.encoder.index(INNOVATION_SCORE)
    indicators = [i.id for i in rulebook.indicators if i.domain is ScoringDomain.INNOVATION]
    names = [name for name in indicators if name in population.points]
    points = np.array([scored.points[name][one.row] for name in names])
    means = np.array([population.points[name] for name in names])
    parts = split_term(float(one.terms[index]), points - means) if np.isfinite(points).all() else None
    if parts is None or np.isnan(one.values[index]):
        return None
    whole = split_points(-one.bundle.scale.factor * parts, int(one.points[index]))
    return [
        IndicatorReason(
            indicator=names[i],
            points=float(points[i]),
            reference_points=float(means[i]),
            log_odds=float(parts[i]),
            score_points=int(whole[i]),
            pd_effect=one.pd_effect(float(parts[i])),
            rule=scored.rules[names[i]][one.row],
        )
        for i in map(int, np.argsort(-np.abs(parts), kind="stable"))
    ]


def contradicting_share(bundle: BundleParts, columns: Columns, most: int = 8) -> float | None:
    """Return the share of the displayed reasons of free features that contradict their effect alone.

    Parameters
    ----------
    bundle : BundleParts
        The model; without a reference population nothing contradicts, and the share is None.
    columns : Columns
        Records as column arrays; those that the companion scored are left out.
    most : int
        Reasons displayed for each record.
    """
    if bundle.reference is None:
        return None
    assessment = assess(bundle, columns)
    by_model = ~assessment.fallback
    terms = assessment.explanation.terms.log_odds[by_model]
    return contradictions(bundle, assessment.features[by_model], terms, most).rate


def _known(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
