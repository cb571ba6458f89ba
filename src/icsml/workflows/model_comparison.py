"""Compare the reasons of models for the same enterprises: each model explains them as its decisions would."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from icsml.core.arrays import Floats, Indices
from icsml.core.sampling import sampled_rows
from icsml.decision.assess import assess
from icsml.errors import InputError
from icsml.explain.explanation_stability import TermsComparison, compare, movement
from icsml.explain.merging import Clusters, clusters, merge
from icsml.explain.stability_results import Agreement, Resampling, Spread, Stability, Unknown, most_moved, summary
from icsml.explain.terms import by_group
from icsml.features.feature import Feature
from icsml.model.bundle import Bundle, BundleParts
from icsml.records.columns import Columns, take, to_columns
from icsml.records.dataset import Dataset
from icsml.recourse.robustness import RecourseRobustness

__all__ = ["ComparisonOptions", "Contradicts", "RobustnessOf", "compare_explanations", "compare_models"]


RobustnessOf = Callable[[BundleParts, Columns], Callable[[BundleParts], RecourseRobustness]]
"""For a model and some rows, a function that measures how much of its recourse another model still answers.

Such as :func:`icsml.decision.recourse.robustness_of`.
"""
Contradicts = Callable[[BundleParts, Columns], float | None]
"""Share of the reasons a model gives of some rows that contradict their feature's effect; None without any.

Such as :func:`icsml.decision.reasons.contradicting_share`.
"""

_MERGE_ABOVE: Final = 0.7
"""Rank correlation from which features are merged where the base's catalogue of reasons does not state it."""
_RISKIEST: Final = 0.1
_ASKED: Final = 500
"""Rows that recourse is looked for at most, one by one; evenly spaced among the explained."""


@dataclass(frozen=True, slots=True)
class ComparisonOptions:
    """Subject and options of a comparison; the fields as for :class:`Stability` and :func:`compare_models`."""

    dataset: str
    synthetic: bool
    drawn: Resampling | None
    top: int
    robustness_of: RobustnessOf | None
    contradicts: Contradicts | None


@dataclass(frozen=True, slots=True)
class _Explained:
    """Rows as one model sees and explains them."""

    features: tuple[Feature, ...]
    terms: Floats
    pd: Floats

    def over(self, names: Sequence[str]) -> Floats:
        """Return the terms over features that include its own, zero of the others."""
        terms = np.zeros((len(self.pd), len(names)))
        terms[:, [names.index(feature.name) for feature in self.features]] = self.terms
        return terms


def compare_models(
    old: tuple[str, BundleParts],
    new: tuple[str, BundleParts],
    dataset: Dataset,
    *,
    rows: int = 2000,
    top: int = 3,
    robustness_of: RobustnessOf | None = None,
    contradicts: Contradicts | None = None,
) -> Stability:
    """Compare the reasons of two models for the same enterprises, such as before a promotion.

    A feature that one of them does not have has the term zero there.

    Parameters
    ----------
    old, new : (str, BundleParts)
        Name and model.
    dataset : Dataset
        The enterprises; labels are not read.
    rows, top, robustness_of, contradicts
        As for :func:`icsml.workflows.retraining.retrain`.

    Raises
    ------
    InputError
        ``ICS-TRN-010`` if a model reads an extra feature that the data set does not have.
    """
    extras = {extra.column: extra for _, bundle in (old, new) for extra in bundle.extras}
    for column in extras:
        if column not in dataset.enterprises:
            raise InputError(
                "ICS-TRN-010",
                "a model reads this and the data set does not have it",
                field=column,
                remedy="compare on a data set of the kind that both models were trained on",
            )
    every = to_columns(dataset.enterprises, list(extras.values()))
    columns = take(every, sampled_rows(len(dataset.enterprises), rows))
    synthetic = dataset.meta.synthetic or old[1].synthetic or new[1].synthetic
    options = ComparisonOptions(dataset.meta.name, synthetic, None, top, robustness_of, contradicts)
    return compare_explanations(options, old, dict([new]), columns)


def compare_explanations(
    options: ComparisonOptions, base: tuple[str, BundleParts], others: Mapping[str, BundleParts], columns: Columns
) -> Stability:
    """Compare the reasons of other models with those of a base, given with its name, on some rows."""
    base_name, base_model = base
    old = _explained(base_model, columns)
    new = {name: _explained(model, columns) for name, model in others.items()}
    features = {feature.name: feature for rows in (old, *new.values()) for feature in rows.features}
    above = None if base_model.reference is None else base_model.catalogue.merge_above or _MERGE_ABOVE
    levels = _Levels(tuple(f.group for f in features.values()), clusters(base_model, above), above, options.top)
    riskiest = np.sort(np.argsort(-old.pd, kind="stable")[: max(1, round(_RISKIEST * len(old.pd)))])
    before = old.over(list(features))
    robustness = None
    if options.robustness_of:
        robustness = options.robustness_of(base_model, take(columns, _spaced(len(old.pd), _ASKED)))
    agreements = []
    for name, rows in new.items():
        recourse = robustness(others[name]) if robustness else None
        after = rows.over(list(features))
        agreements.append(
            Agreement(
                against=name,
                all=levels.compare(before, after),
                riskiest=levels.compare(before[riskiest], after[riskiest]),
                moved=dict(zip(features, movement(before, after).tolist(), strict=True)),
                recourse_survival=recourse.lower_pd if recourse else None,
                recourse_better_grade=recourse.better_grade if recourse else None,
                contradictions=options.contradicts(others[name], columns) if options.contradicts else None,
            )
        )
    of_base = options.contradicts(base_model, columns) if options.contradicts else None
    return Stability(
        dataset=options.dataset,
        synthetic=options.synthetic,
        base=base_name,
        bundles={name: model.sha256 for name, model in (base, *others.items()) if isinstance(model, Bundle)},
        drawn=options.drawn,
        rows=len(old.pd),
        riskiest_rows=len(riskiest),
        top=options.top,
        reasons=levels.reasons(),
        summary=summary(agreements),
        merge_above=above,
        recourse_survival=Spread.of(agreement.recourse_survival for agreement in agreements),
        recourse_better_grade=Spread.of(agreement.recourse_better_grade for agreement in agreements),
        contradictions=Spread.of([of_base, *(agreement.contradictions for agreement in agreements)]),
        unknown=_unknown(options, base_model, list(others.values()), agreements, of_base),
        most_moved=most_moved(agreements),
        comparisons=tuple(agreements),
        contradictions_of_base=of_base,
    )


def _spaced(n: int, most: int) -> Indices:
    count = min(n, most)
    return np.arange(count) * n // count


def _explained(model: BundleParts, columns: Columns) -> _Explained:
    assessment = assess(model, columns)
    return _Explained(model.features, assessment.explanation.terms.log_odds, assessment.pd)


def _unknown(
    options: ComparisonOptions,
    base: BundleParts,
    others: Sequence[BundleParts],
    agreements: Sequence[Agreement],
    contradictions_of_base: float | None,
) -> dict[str, str]:
    """Return why each figure that no model has is null."""
    unknown = {}
    if all(agreement.recourse_survival is None for agreement in agreements):
        unknown["recourse_survival"] = _no_robustness(options, base, others)
    if all(agreement.recourse_better_grade is None for agreement in agreements):
        unknown["recourse_better_grade"] = unknown.get("recourse_survival", Unknown.NO_PROMISE)
    if contradictions_of_base is None and all(agreement.contradictions is None for agreement in agreements):
        unknown["contradictions"] = _no_contradictions(options, (base, *others))
    return unknown


def _no_robustness(options: ComparisonOptions, base: BundleParts, others: Sequence[BundleParts]) -> str:
    if options.robustness_of is None:
        return Unknown.NOT_ASKED
    if base.levers is None or base.rulebook is None:
        return Unknown.NO_ACTIONS
    return Unknown.NO_PROPOSAL if any(other.rulebook for other in others) else Unknown.NO_RULEBOOK


def _no_contradictions(options: ComparisonOptions, models: Sequence[BundleParts]) -> str:
    if options.contradicts is None:
        return Unknown.NOT_ASKED
    compares = any(model.reference is not None for model in models)
    return Unknown.NONE_SHOWN if compares else Unknown.NO_POPULATION


@dataclass(frozen=True, slots=True)
class _Levels:
    """Levels of merging: the group of each feature, and which features of the base are correlated."""

    groups: tuple[str, ...]
    clusters: Clusters
    above: float | None
    top: int

    def compare(self, old: Floats, new: Floats) -> dict[str, TermsComparison]:
        """Compare at each level; without a population no features are known to be correlated."""
        comparisons = {"features": compare(old, new, top=self.top)}
        if self.above is not None:
            comparisons["worded"] = compare(self._merged(old), self._merged(new), top=self.top)
            comparisons["alike"] = compare(old, new, top=self.top, clusters=self.clusters)
        return comparisons | {"groups": compare(self._summed(old), self._summed(new), top=self.top)}

    def reasons(self) -> dict[str, int]:
        """Return how many different reasons each level can give."""
        count = len(self.groups)
        fewer = sum(len(cluster) - 1 for cluster in self.clusters)
        merged = {} if self.above is None else {"worded": count, "alike": count - fewer}
        return {"features": count, **merged, "groups": len(set(self.groups))}

    def _merged(self, terms: Floats) -> Floats:
        return merge(terms, np.zeros(terms.shape, dtype=np.int64), self.clusters)[0]

    def _summed(self, terms: Floats) -> Floats:
        sums = by_group(self.groups, terms, np.zeros(terms.shape, dtype=np.int64))
        return np.column_stack([terms for terms, _ in sums.values()])
