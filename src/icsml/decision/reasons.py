"""The reasons of one assessed row: what is shown, by group, by indicator, and what may be told to the applicant."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, Final

import numpy as np

from icsml.core.arrays import Floats, Ints
from icsml.decision.assess import ExplainedAssessment, Explanation, assess
from icsml.decision.missing_information import absent_fields, missing_information
from icsml.decision.out_of_range import implausible
from icsml.explain.contradiction import contradictions, contradicts, is_free, one_at_a_time, spreads
from icsml.explain.indicator_split import split_points, split_term
from icsml.explain.merging import merged_into
from icsml.explain.ordered_sum import sum_in_order
from icsml.explain.reason_texts import UNKNOWN, Statement, form_of, reference_text, statement
from icsml.explain.shap_engine import margins
from icsml.explain.terms import adverse, by_group, pd_effects, shown
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

__all__ = ["RowReasons", "contradicting_share"]


_ORDER: Final[Mapping[ReasonKind, int]] = {"comparison": 0, "not_computable": 1, "not_provided": 1, "neutral": 2}


@dataclass(frozen=True)
class RowReasons:
    """The reasons of one row of an assessment that was made with its terms.

    Parameters
    ----------
    bundle : BundleParts
        The model.
    assessment : ExplainedAssessment
        What it gave.
    row : int
        Which row.
    most : int
        How many reasons are shown at most.
    """

    bundle: BundleParts
    assessment: ExplainedAssessment
    row: int
    most: int

    def parts(self) -> dict[str, Any]:
        """Return what a decision says of its reasons."""
        log_odds, points = self._told
        positions = shown(log_odds, self.most)
        return {
            "base_log_odds": float(self._explanation.terms.base[self.row]),
            "base_points": int(self._explanation.base_points[self.row]),
            "reasons": [self._reason(position) for position in positions],
            "other_log_odds": float(sum_in_order(np.delete(log_odds, positions)[None, :])[0]),
            "other_points": int(np.delete(points, positions).sum()),
            "groups": self._groups(),
            "adverse_reasons": [self._adverse(position) for position in self._in_telling_order(self.adverse)],
            "adverse_coverage": self.adverse_coverage,
            "reference": self._reference(),
        }

    @cached_property
    def adverse(self) -> list[int]:
        """Places of the features whose terms are told as adverse, largest first."""
        catalogue = self.bundle.catalogue
        return shown(adverse(self._told[0], catalogue.adverse_at_least), catalogue.adverse_reasons)

    @property
    def adverse_coverage(self) -> float | None:
        """Share of the log-odds above zero that the adverse reasons cover; None where no term is above zero."""
        log_odds = self._told[0]
        whole = float(log_odds[log_odds > 0.0].sum())
        return min(float(log_odds[self.adverse].sum()) / whole, 1.0) if whole > 0.0 else None

    @property
    def principal_left_out(self) -> bool:
        """Whether the adverse reasons cover less than the catalogue asks for and more could have been told."""
        catalogue, coverage = self.bundle.catalogue, self.adverse_coverage
        tellable = int((adverse(self._told[0], catalogue.adverse_at_least) > 0.0).sum())
        return coverage is not None and coverage < catalogue.adverse_coverage_at_least and tellable > len(self.adverse)

    @property
    def not_provided(self) -> list[str]:
        """Fields for want of which a feature that raised the PD has no value: of the reasons told first, then by size.

        Those of a reason that is not told are asked for too; what is too small to be told is not.
        """
        columns = self.assessment.screening.columns
        told = self._in_telling_order(self.adverse)
        own = np.maximum(self._told[0], self._explanation.terms.log_odds[self.row])
        others = shown(adverse(own, self.bundle.catalogue.adverse_at_least), len(own))
        wanted = [
            name
            for place in dict.fromkeys([*told, *others])
            if np.isnan(self._value(place))
            for name in absent_fields(self._features[place], columns, self.row)
        ]
        return list(dict.fromkeys(wanted))

    def _in_telling_order(self, places: Sequence[int]) -> list[int]:
        """Put comparisons first, then what has no value, then what is told neutrally; each by size, as they came.

        Of what is told neutrally innovation stands last: more of it is no shortcoming that heads an answer.
        """

        def late(place: int) -> tuple[int, bool]:
            kind = self._statement(place).kind
            return _ORDER[kind], kind == "neutral" and self._features[place].domain is Domain.INNOVATION

        return sorted(places, key=late)

    @property
    def _explanation(self) -> Explanation:
        return self.assessment.explanation

    @cached_property
    def _told(self) -> tuple[Floats, Ints]:
        """Terms and points of shape (p,) as they are told: like features merged where the catalogue says so."""
        log_odds, points = self._explanation.told
        return log_odds[self.row], points[self.row]

    @cached_property
    def _features(self) -> tuple[Feature, ...]:
        return self.bundle.features

    @property
    def _reference_id(self) -> ReferenceId:
        return self.bundle.reference.id if self.bundle.reference is not None else "training-cover"

    def _median(self, position: int) -> float:
        return float(self.bundle.reference.medians[position]) if self.bundle.reference is not None else float("nan")

    def _value(self, position: int) -> float:
        return float(self.assessment.features[self.row, position])

    def _reason(self, position: int) -> Reason:
        statement = self._statement(position)
        feature, term = self._features[position], float(self._told[0][position])
        return Reason(
            code=feature.code,
            feature=feature.name,
            group=feature.group,
            unit=feature.unit,
            value=_known(self._value(position)),
            reference_value=_known(self._median(position)),
            log_odds=term,
            points=int(self._told[1][position]),
            pd_effect=self._effect(term),
            direction=feature.direction,
            form=form_of(term),
            kind=statement.kind,
            contradicts=self._contradicts.get(position),
            text=statement.text,
            indicators=self._indicators() if feature.name == INNOVATION_SCORE else None,
            also=self._also(position),
        )

    def _statement(self, position: int) -> Statement:
        feature, value = self._named(position), self._value(position)
        return statement(
            self.bundle.catalogue,
            feature,
            value,
            float(self._told[0][position]),
            self._reference_id,
            self._median(position),
            contradicts=bool(self._contradicts.get(position)),
            missing=missing_information(self.bundle, self.assessment, feature, self.row)
            if np.isnan(value)
            else UNKNOWN,
            outside=self._implausible.get(feature.name),
        )

    @cached_property
    def _implausible(self) -> Mapping[str, Label]:
        return implausible(self.bundle, self.assessment, self.row)

    def _named(self, position: int) -> Feature:
        """Return a feature as texts name it: a score that rests on assumed rules is said to be no official one."""
        feature, rulebook = self._features[position], self.bundle.rulebook
        if feature.name != INNOVATION_SCORE or rulebook is None or rulebook.provenance != "assumed":
            return feature
        return replace(feature, label=text("reasons.own_points", feature=feature.label))

    def _effect(self, term: float) -> float:
        return float(pd_effects(self.assessment.log_odds[self.row : self.row + 1], np.array([term]))[0])

    def _also(self, lead: int) -> list[AlsoReason]:
        terms, points = self._explanation.terms.log_odds[self.row], self._explanation.points[self.row]
        return [
            AlsoReason(
                code=self._features[place].code,
                feature=self._features[place].name,
                label=self._features[place].label,
                value=_known(self._value(place)),
                reference_value=_known(self._median(place)),
                log_odds=float(terms[place]),
                points=int(points[place]),
            )
            for place in merged_into(lead, terms, self._explanation.clusters)
        ]

    def _groups(self) -> list[GroupTerm]:
        rows = slice(self.row, self.row + 1)
        terms, points = self._explanation.terms.log_odds[rows], self._explanation.points[rows]
        sums = by_group([feature.group for feature in self._features], terms, points)
        return [
            GroupTerm(
                group=group, log_odds=float(term[0]), points=int(share[0]), pd_effect=self._effect(float(term[0]))
            )
            for group, (term, share) in sums.items()
        ]

    def _adverse(self, position: int) -> AdverseReason:
        statement, feature = self._statement(position), self._features[position]
        return AdverseReason(
            code=feature.code,
            feature=feature.name,
            kind=statement.kind,
            value=_known(self._value(position)),
            reference_value=_known(self._median(position)),
            log_odds=float(self._told[0][position]),
            points=int(self._told[1][position]),
            contradicts=self._contradicts.get(position),
            text=statement.text,
            also=self._also(position),
        )

    def _reference(self) -> Reference | InterventionalReference:
        text, population = reference_text(self.bundle.catalogue, self._reference_id), self.bundle.reference
        if population is None:
            return Reference(kind="path_dependent", id="training-cover", text=text)
        return InterventionalReference(
            kind="interventional", id=population.id, text=text, n=len(population.rows), sha256=population.sha256
        )

    @cached_property
    def _scorer(self) -> tuple[Callable[[Floats], Floats], Affine, list[int]]:
        """What gave this row its margin, its calibration, and which columns of the model it reads."""
        bundle, columns = self.bundle, self.bundle.companion_columns
        ask = partial(margins, reference=bundle.reference, explainer=bundle.explainer)
        if self.assessment.fallback[self.row] and bundle.companion:
            return partial(ask, bundle.companion.booster, places=columns), bundle.companion.calibration, columns
        return partial(ask, bundle.model.booster), bundle.model.calibration, list(range(len(self._features)))

    @cached_property
    def _contradicts(self) -> dict[int, bool]:
        """Tell of the free features that are shown or told whether their term has another sign than their effect alone.

        A merged reason is judged by the feature that it names, with that feature's own term: what is in ``also`` has
        effects of its own.
        """
        positions = sorted({*shown(self._told[0], self.most), *self.adverse})
        population, free = self.bundle.reference, [place for place in positions if is_free(self._features[place])]
        if population is None or not free:
            return {}
        scorer, calibration, places = self._scorer
        row = np.ascontiguousarray(self.assessment.features[self.row : self.row + 1, places])
        values = {places.index(place): spreads(population)[:, place] for place in free}
        effects = one_at_a_time(scorer, calibration, row, values)
        terms = self._explanation.terms.log_odds[self.row]
        return {
            place: bool(contradicts(terms[place : place + 1], effects[own])[0])
            for place, own in zip(free, values, strict=True)
        }

    def _indicators(self) -> list[IndicatorReason] | None:
        """Split the innovation score's reason over its indicators; None where no split would be honest."""
        points, population, rulebook = self.assessment.innovation, self.bundle.reference, self.bundle.rulebook
        if population is None or rulebook is None or points is None or self.assessment.fallback[self.row]:
            return None
        names = [
            i.id for i in rulebook.indicators if i.domain is ScoringDomain.INNOVATION and i.id in population.points
        ]
        place = self.bundle.model.encoder.index(INNOVATION_SCORE)
        term, share = (terms[self.row, place] for terms in (self._explanation.terms.log_odds, self._explanation.points))
        own = np.array([points.points[name][self.row] for name in names])
        means = np.array([population.points[name] for name in names])
        parts = split_term(float(term), own - means) if np.isfinite(own).all() else None
        if parts is None or np.isnan(self._value(place)):
            return None
        whole = split_points(-self.bundle.scale.factor * parts, int(share))
        ranked = np.argsort(-np.abs(parts), kind="stable")
        return [
            IndicatorReason(
                indicator=names[i],
                points=float(own[i]),
                reference_points=float(means[i]),
                log_odds=float(parts[i]),
                score_points=int(whole[i]),
                pd_effect=self._effect(float(parts[i])),
                rule=points.rules[names[i]][self.row],
            )
            for i in (int(i) for i in ranked)
        ]


def contradicting_share(bundle: BundleParts, columns: Columns, most: int = 8) -> float | None:
    """Return the share of the reasons of free features, as decisions show them, that contradict their effect alone.

    Parameters
    ----------
    bundle : BundleParts
        The model; without a reference population nothing contradicts, and the share is None.
    columns : Columns
        Records as column arrays; those that the companion scored are left out.
    most : int
        Reasons shown of each record.
    """
    if bundle.reference is None:
        return None
    found = assess(bundle, columns)
    own = ~found.fallback
    return contradictions(bundle, found.features[own], found.explanation.terms.log_odds[own], most).rate


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value
