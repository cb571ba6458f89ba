"""The reasons of one row: the largest terms, by group and by indicator, and those for the applicant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isnan
from typing import Final, NamedTuple

import numpy as np

from icsml.core.arrays import Floats
from icsml.decision.assess import ExplainedAssessment, assess
from icsml.decision.indicator_parts import IndicatorPart, indicator_parts
from icsml.decision.missing_information import absent_fields, missing_information
from icsml.decision.out_of_range import doubtful_fields, implausible
from icsml.decision.ranked_terms import RankedTerms, group_names
from icsml.decision.row import Row
from icsml.explain.contradiction import contradictions
from icsml.explain.merging import Clusters, merged_into
from icsml.explain.reason_texts import UNKNOWN, FeatureTexts, Statement, form_of, reference_text
from icsml.explain.terms import adverse
from icsml.features.feature import INNOVATION_SCORE, Feature
from icsml.model.bundle import BundleParts
from icsml.records.columns import Columns
from icsml.records.decision import (
    AlsoReason,
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
    indicators : list of IndicatorPart or None
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
    indicators: list[IndicatorPart] | None
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
    merged: list[float]
    merged_points: list[int]
    effects: list[float]
    contradicting: dict[int, bool]
    doubtful: frozenset[str]

    @classmethod
    def of(cls, record: Row, ranked: RankedTerms) -> _Terms:
        explanation, row, bundle = ranked.assessment.explanation, record.row, record.bundle
        return cls(
            record=record,
            assessment=ranked.assessment,
            bundle=bundle,
            texts=bundle.derived(_feature_texts),
            medians=bundle.derived(_known_medians),
            terms=explanation.terms.log_odds[row],
            points=explanation.points[row].tolist(),
            merged=ranked.merged[row].tolist(),
            merged_points=ranked.merged_points[row].tolist(),
            effects=ranked.effects[row].tolist(),
            contradicting=ranked.contradicting[row],
            doubtful=doubtful_fields(record) if record.out_of_range else _NOTHING,
        )

    @property
    def clusters(self) -> Clusters:
        return self.assessment.explanation.clusters


def row_reasons(record: Row, ranked: RankedTerms) -> RowReasons:
    """Return the reasons of one row of an assessment.

    Parameters
    ----------
    record : Row
        The row.
    ranked : RankedTerms
        The ranked terms of its assessment.
    """
    one, row, catalogue = _Terms.of(record, ranked), record.row, record.bundle.catalogue
    displayed, told = ranked.displayed[row], ranked.told[row]
    stated = {index: _stated(one, index) for index in dict.fromkeys([*displayed, *told])}
    told_reasons = sorted((stated[index] for index in told), key=_rank)
    coverage = _coverage(ranked.merged[row], told)
    short = coverage is not None and coverage < catalogue.adverse_coverage_at_least
    explanation = ranked.assessment.explanation
    return RowReasons(
        base_log_odds=explanation.terms.base.item(row),
        base_points=explanation.base_points.item(row),
        reasons=[stated[index] for index in displayed],
        other_log_odds=ranked.others.item(row),
        other_points=ranked.other_points.item(row),
        groups=_groups(record.bundle, ranked, row),
        adverse_reasons=told_reasons,
        adverse_coverage=coverage,
        principal_left_out=short and ranked.more[row],
        not_provided=_not_provided(one, ranked.merged[row], [reason.index for reason in told_reasons]),
    )


def _coverage(log_odds: Floats, given: Sequence[int]) -> float | None:
    whole = float(np.add.reduce(log_odds[log_odds > 0.0]))
    return min(float(np.add.reduce(log_odds[given])) / whole, 1.0) if whole > 0.0 else None


def _rank(reason: StatedReason) -> tuple[int, bool]:
    """Rank comparisons first, then features without value, then neutral statements; the order by size is kept within.

    Of neutral statements innovation is last: more of it is no shortcoming that heads an answer.
    """
    return _ORDER[reason.kind], reason.kind == "neutral" and reason.feature.domain is Domain.INNOVATION


def _not_provided(one: _Terms, merged: Floats, given: Sequence[int]) -> list[str]:
    """Return absent fields, those of the stated reasons first; also those of features merged into one reason."""
    values, features = one.record.features, one.bundle.features
    against = adverse(np.maximum(merged, one.terms), one.bundle.catalogue.adverse_at_least).tolist()
    others = sorted(
        (index for index, value in enumerate(values) if isnan(value) and against[index] > 0.0),
        key=lambda index: -against[index],
    )
    lacking = [index for index in given if isnan(values[index])]
    without = dict.fromkeys([*lacking, *others])
    return list(dict.fromkeys(name for index in without for name in absent_fields(one.record, features[index])))


def _stated(one: _Terms, index: int) -> StatedReason:
    record, term, contradicting = one.record, one.merged[index], one.contradicting.get(index)
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
        indicator_parts(record, one.assessment, one.points[index]) if feature.name == INNOVATION_SCORE else None,
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


def _groups(bundle: BundleParts, ranked: RankedTerms, row: int) -> list[GroupSum]:
    sums = (ranked.groups[row].tolist(), ranked.group_points[row].tolist(), ranked.group_effects[row].tolist())
    return [GroupSum(*group) for group in zip(bundle.derived(group_names), *sums, strict=True)]


def reference(bundle: BundleParts) -> Reference | InterventionalReference:
    """Return the comparison group of a bundle's reasons."""
    group, population = _reference_id(bundle), bundle.reference
    label = reference_text(bundle.catalogue, group)
    if population is None:
        return Reference(kind="path_dependent", id="training-cover", text=label)
    return InterventionalReference(
        kind="interventional", id=group, text=label, n=len(population.rows), sha256=population.sha256
    )


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
