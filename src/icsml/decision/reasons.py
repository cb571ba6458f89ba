"""The reasons of one row: the largest terms, by group and by indicator, and those for the applicant."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import isnan
from typing import Final, NamedTuple

import numpy as np

from icsml.core.arrays import Floats
from icsml.decision.assess import ExplainedAssessment, assess
from icsml.decision.missing_information import absent_fields, missing_information
from icsml.decision.out_of_range import doubtful_fields, implausible
from icsml.decision.row import Row
from icsml.explain.contradiction import contradictions, contradicts, is_free, one_at_a_time, spreads
from icsml.explain.indicator_split import split_points, split_term
from icsml.explain.merging import Clusters, merge, merged_into
from icsml.explain.reason_texts import UNKNOWN, FeatureTexts, Statement, form_of, reference_text
from icsml.explain.shap_engine import margins
from icsml.explain.terms import adverse, pd_effects, top_terms
from icsml.features.feature import INNOVATION_SCORE, Feature
from icsml.innovation.rulebooks.indicators import ScoringDomain
from icsml.model.bundle import BundleParts
from icsml.records.columns import Columns
from icsml.records.decision import (
    AlsoReason,
    IndicatorReason,
    InterventionalReference,
    ReasonForm,
    ReasonKind,
    Reference,
    ReferenceId,
)
from icsml.records.field import Domain
from icsml.texts.catalogue import text
from icsml.texts.label import Label

__all__ = ["GroupSum", "RowReasons", "StatedReason", "contradicting_share", "reference", "row_reasons"]


_NOTHING: Final[frozenset[str]] = frozenset()
_ORDER: Final[Mapping[ReasonKind, int]] = {"comparison": 0, "not_computable": 1, "not_provided": 1, "neutral": 2}


@dataclass(slots=True)
class StatedReason:
    """One feature's reason; see :class:`icsml.records.decision.Reason`.

    Parameters
    ----------
    index : int
        Column of the feature.
    feature : Feature
        The feature.
    value, reference_value : float or None
        Its value, and the reference population's median.
    log_odds, points, pd_effect : float, int, float
        Its term, merged where reasons are.
    statement : Statement
        Kind and text.
    contradicts : bool or None
        Whether its term has another sign than its effect alone.
    indicators : list of IndicatorReason or None
        Its split by indicator.
    also : list of AlsoReason
        Features merged into it.
    """

    index: int
    feature: Feature
    value: float | None
    reference_value: float | None
    log_odds: float
    points: int
    pd_effect: float
    statement: Statement
    contradicts: bool | None
    indicators: list[IndicatorReason] | None
    also: list[AlsoReason]

    @property
    def code(self) -> str:
        """Reason code of the feature."""
        return self.feature.code

    @property
    def form(self) -> ReasonForm:
        """Whether it adds to the risk or takes from it."""
        return form_of(self.log_odds)

    @property
    def kind(self) -> ReasonKind:
        """What its text states."""
        return self.statement.kind

    @property
    def text(self) -> Label:
        """Its text."""
        return self.statement.text


class GroupSum(NamedTuple):
    """What all features of one group did together; see :class:`icsml.records.decision.GroupTerm`."""

    group: str
    log_odds: float
    points: int
    pd_effect: float


@dataclass(frozen=True, slots=True)
class RowReasons:
    """The reasons of one row.

    Parameters
    ----------
    base_log_odds, base_points : float, int
        Log-odds and score points before any feature.
    reasons : list of StatedReason
        The largest terms, of either sign.
    other_log_odds, other_points : float, int
        Sums of the terms that ``reasons`` leaves out.
    groups : list of GroupSum
        Sums by group of features.
    adverse_reasons : list of StatedReason
        What may be given to the applicant: comparisons first, then what has no value, then neutral statements.
    adverse_coverage : float or None
        Share of the log-odds above zero that the adverse reasons cover; None where no term is above zero.
    principal_left_out : bool
        Whether they cover less than the catalogue requires and there are more that could have been given.
    not_provided : list of str
        Absent fields that left a feature which raised the PD without a value: of the adverse reasons first, then by
        size; those of terms too small to be a reason are left out.
    """

    base_log_odds: float
    base_points: int
    reasons: list[StatedReason]
    other_log_odds: float
    other_points: int
    groups: list[GroupSum]
    adverse_reasons: list[StatedReason]
    adverse_coverage: float | None
    principal_left_out: bool
    not_provided: list[str]


@dataclass(slots=True)
class _Terms:
    """The terms of one row; ``merged`` and ``merged_points`` are those after merging, ``effects`` theirs on the PD."""

    record: Row
    assessment: ExplainedAssessment
    bundle: BundleParts
    texts: list[FeatureTexts]
    medians: list[float | None]
    terms: Floats
    points: list[int]
    merged: Floats
    merged_points: list[int]
    effects: list[float]
    doubtful: frozenset[str]

    @classmethod
    def of(cls, record: Row, assessment: ExplainedAssessment) -> _Terms:
        explanation, one, bundle = assessment.explanation, slice(record.row, record.row + 1), record.bundle
        terms, points = explanation.terms.log_odds[one], explanation.points[one]
        merged, merged_points = merge(terms, points, explanation.clusters)
        return cls(
            record=record,
            assessment=assessment,
            bundle=bundle,
            texts=bundle.derived(_feature_texts),
            medians=bundle.derived(_known_medians),
            terms=terms[0],
            points=points[0].tolist(),
            merged=merged[0],
            merged_points=merged_points[0].tolist(),
            effects=pd_effects(assessment.log_odds[one], merged[0]).tolist(),
            doubtful=doubtful_fields(record) if record.out_of_range else _NOTHING,
        )

    @property
    def clusters(self) -> Clusters:
        return self.assessment.explanation.clusters

    def pd_effects(self, terms: Floats) -> list[float]:
        total = self.assessment.log_odds[self.record.row : self.record.row + 1]
        effects: list[float] = pd_effects(total, terms).tolist()
        return effects


def row_reasons(record: Row, assessment: ExplainedAssessment, most: int) -> RowReasons:
    """Return the reasons of one row of an assessment.

    Parameters
    ----------
    record : Row
        The row.
    assessment : ExplainedAssessment
        Its assessment.
    most : int
        Most ``reasons``; the catalogue limits the adverse ones.
    """
    one, catalogue = _Terms.of(record, assessment), record.bundle.catalogue
    largest = top_terms(one.merged, most)
    against = adverse(one.merged, catalogue.adverse_at_least)
    against_most = top_terms(against, catalogue.adverse_reasons)
    contradicting = _contradicting(one, {*largest, *against_most})
    stated = {
        index: _stated(one, index, contradicting.get(index)) for index in dict.fromkeys([*largest, *against_most])
    }
    told = sorted((stated[index] for index in against_most), key=_rank)
    coverage = _coverage(one.merged, against_most)
    more = int((against > 0.0).sum()) > len(against_most)
    left_out = sorted(set(range(len(one.merged))) - set(largest))
    terms = one.merged.tolist()
    return RowReasons(
        base_log_odds=float(assessment.explanation.terms.base[record.row]),
        base_points=int(assessment.explanation.base_points[record.row]),
        reasons=[stated[index] for index in largest],
        other_log_odds=_sum([terms[index] for index in left_out]),
        other_points=sum(one.merged_points[index] for index in left_out),
        groups=_groups(one),
        adverse_reasons=told,
        adverse_coverage=coverage,
        principal_left_out=coverage is not None and coverage < catalogue.adverse_coverage_at_least and more,
        not_provided=_not_provided(one, [reason.index for reason in told]),
    )


def _sum(terms: Sequence[float]) -> float:
    """Sum from left to right: Python's own sum is more exact, and would differ from a batch."""
    total = 0.0
    for term in terms:
        total += term
    return total


def _coverage(log_odds: Floats, given: Sequence[int]) -> float | None:
    whole = float(log_odds[log_odds > 0.0].sum())
    return min(float(log_odds[given].sum()) / whole, 1.0) if whole > 0.0 else None


def _rank(reason: StatedReason) -> tuple[int, bool]:
    """Rank comparisons first, then features without value, then neutral statements; the order by size is kept within.

    Of neutral statements innovation is last: more of it is no shortcoming that heads an answer.
    """
    return _ORDER[reason.kind], reason.kind == "neutral" and reason.feature.domain is Domain.INNOVATION


def _not_provided(one: _Terms, given: Sequence[int]) -> list[str]:
    """Return absent fields, those of the stated reasons first; also those of features merged into one reason."""
    largest = np.maximum(one.merged, one.terms)
    others = top_terms(adverse(largest, one.bundle.catalogue.adverse_at_least), len(largest))
    names = [
        name
        for index in dict.fromkeys([*given, *others])
        if isnan(one.record.features[index])
        for name in absent_fields(one.record, one.bundle.features[index])
    ]
    return list(dict.fromkeys(names))


def _stated(one: _Terms, index: int, contradicting: bool | None) -> StatedReason:
    record, term = one.record, one.merged.item(index)
    feature, value = one.bundle.features[index], record.features[index]
    absent = isnan(value)
    return StatedReason(
        index,
        feature,
        None if absent else value,
        one.medians[index],
        term,
        one.merged_points[index],
        one.effects[index],
        one.texts[index].statement(
            value,
            term,
            contradicts=contradicting is True,
            missing=missing_information(record, feature) if absent else UNKNOWN,
            outside=None if absent else implausible(record, index, one.doubtful),
        ),
        contradicting,
        _indicators(one) if feature.name == INNOVATION_SCORE else None,
        _also(one, index) if one.clusters else [],
    )


def _reference_id(bundle: BundleParts) -> ReferenceId:
    return bundle.reference.id if bundle.reference is not None else "training-cover"


def _medians(bundle: BundleParts) -> list[float]:
    if bundle.reference is None:
        return [np.nan] * len(bundle.features)
    medians: list[float] = bundle.reference.medians.tolist()
    return medians


def _known_medians(bundle: BundleParts) -> list[float | None]:
    return [_known(median) for median in bundle.derived(_medians)]


def _feature_texts(bundle: BundleParts) -> list[FeatureTexts]:
    """Return the texts of every feature; a score from assumed rules is not named as an official one."""
    own = bundle.rulebook is not None and bundle.rulebook.provenance == "assumed"
    named = [
        replace(feature, label=text("reasons.own_points", feature=feature.label))
        if own and feature.name == INNOVATION_SCORE
        else feature
        for feature in bundle.features
    ]
    group = _reference_id(bundle)
    return [
        FeatureTexts(bundle.catalogue, feature, group, median)
        for feature, median in zip(named, bundle.derived(_medians), strict=True)
    ]


def _also(one: _Terms, lead: int) -> list[AlsoReason]:
    return [
        AlsoReason(
            code=one.bundle.features[index].code,
            feature=one.bundle.features[index].name,
            label=one.bundle.features[index].label,
            value=_known(one.record.features[index]),
            reference_value=one.medians[index],
            log_odds=float(one.terms[index]),
            points=one.points[index],
        )
        for index in merged_into(lead, one.terms, one.clusters)
    ]


def _groups(one: _Terms) -> list[GroupSum]:
    terms, members = one.terms.tolist(), one.bundle.derived(_members)
    sums = [_sum([terms[index] for index in columns]) for columns in members.values()]
    return [
        GroupSum(group, term, sum([one.points[index] for index in columns]), effect)
        for (group, columns), term, effect in zip(members.items(), sums, one.pd_effects(np.array(sums)), strict=True)
    ]


def _members(bundle: BundleParts) -> dict[str, list[int]]:
    """Return the columns of each group of features, in the order of first appearance."""
    members: dict[str, list[int]] = {}
    for column, feature in enumerate(bundle.features):
        members.setdefault(feature.group, []).append(column)
    return members


def reference(bundle: BundleParts) -> Reference | InterventionalReference:
    """Return the comparison group of a bundle's reasons."""
    group, population = _reference_id(bundle), bundle.reference
    label = reference_text(bundle.catalogue, group)
    if population is None:
        return Reference(kind="path_dependent", id="training-cover", text=label)
    return InterventionalReference(
        kind="interventional", id=group, text=label, n=len(population.rows), sha256=population.sha256
    )


def _contradicting(one: _Terms, indices: Collection[int]) -> dict[int, bool]:
    """Return, of the free features among some, whether their term has another sign than their effect alone.

    A merged reason is judged by the feature that it names, with that feature's own term: what is in ``also`` has
    effects of its own.
    """
    bundle, population = one.bundle, one.bundle.reference
    free = [index for index in bundle.derived(_free) if index in indices]
    if population is None or not free:
        return {}
    row, settings = one.assessment.features[one.record.row : one.record.row + 1], spreads(population)
    scorer, columns = bundle.model, None
    if one.record.fallback and bundle.companion:
        scorer, columns = bundle.companion, bundle.companion_columns
        row = np.ascontiguousarray(row[:, columns])
    ask = partial(margins, scorer.booster, reference=population, columns=columns, explainer=bundle.explainer)
    values = {columns.index(index) if columns else index: settings[:, index] for index in free}
    effects = one_at_a_time(ask, scorer.calibration, row, values)
    other = contradicts(one.terms[free], np.array([effects[column][0] for column in values]))
    return dict(zip(free, other.tolist(), strict=True))


def _free(bundle: BundleParts) -> list[int]:
    return [index for index, feature in enumerate(bundle.features) if is_free(feature)]


def _indicators(one: _Terms) -> list[IndicatorReason] | None:
    """Split the innovation score's reason by indicator; None where no honest split exists."""
    scored, population, rulebook = one.assessment.innovation, one.bundle.reference, one.bundle.rulebook
    if population is None or rulebook is None or scored is None or one.record.fallback:
        return None
    index = one.bundle.model.encoder.index(INNOVATION_SCORE)
    indicators = [i.id for i in rulebook.indicators if i.domain is ScoringDomain.INNOVATION]
    names = [name for name in indicators if name in population.points]
    points = np.array([scored.points[name][one.record.row] for name in names])
    means = np.array([population.points[name] for name in names])
    parts = split_term(float(one.terms[index]), points - means) if np.isfinite(points).all() else None
    if parts is None or isnan(one.record.features[index]):
        return None
    whole, effects = split_points(-one.bundle.scale.factor * parts, one.points[index]), one.pd_effects(parts)
    return [
        IndicatorReason(
            indicator=names[i],
            points=float(points[i]),
            reference_points=float(means[i]),
            log_odds=float(parts[i]),
            score_points=int(whole[i]),
            pd_effect=effects[i],
            rule=scored.rules[names[i]][one.record.row],
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
    return None if isnan(value) else value
