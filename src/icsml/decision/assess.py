"""Assess rows: the computation shared by the endpoint, the batch and replay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, overload

import numpy as np

from icsml.core.arrays import Flags, Floats, Indices, Ints, Objects
from icsml.decision.required_information import lacking
from icsml.errors import InputError
from icsml.explain.merging import Clusters, clusters, merge
from icsml.explain.ordered_sum import sum_in_order
from icsml.explain.shap_engine import fastest_margin, margins
from icsml.explain.terms import Terms, explain
from icsml.innovation.scoring.evaluate import evaluate
from icsml.innovation.scoring.points import Points
from icsml.model.bundle import BundleParts
from icsml.model.predict import log_odds, pd_from_log_odds
from icsml.model.scorer import Scorer
from icsml.records.columns import Columns, count_known, rows
from icsml.records.screening import Screening, screen

__all__ = ["Assessment", "ExplainedAssessment", "Explanation", "assess", "require_date", "warm"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Terms in log-odds and in score points; each row adds up to its PD and its score.

    Parameters
    ----------
    terms : Terms
        Every feature's part of the log-odds.
    base_points : ndarray of int of shape (n,)
        Score points before any feature.
    points : ndarray of int of shape (n, p)
        Every feature's part of the score.
    clusters : Clusters
        Features that become one reason where their terms have the same sign; none unless the bundle declares it.
    """

    terms: Terms
    base_points: Ints
    points: Ints
    clusters: Clusters

    @property
    def merged(self) -> tuple[Floats, Ints]:
        """Terms and points of shape (n, p) after merging: those of a cluster merged, others unchanged."""
        return merge(self.terms.log_odds, self.points, self.clusters)


@dataclass(frozen=True, slots=True)
class Assessment:
    """Assessments of n rows as column arrays.

    Parameters
    ----------
    screening : Screening
        The screened input.
    innovation : Points, optional
        Points by the bundle's rulebook; None where the bundle has none.
    features : ndarray of shape (n, p)
        The rows as the model sees them.
    fallback : ndarray of bool of shape (n,)
        Rows whose innovation feed is missing: the companion gave their PD.
    log_odds, pd : ndarray of shape (n,)
        Calibrated log-odds and PD.
    score : ndarray of int of shape (n,)
        Score on the master scale.
    grade : ndarray of object of shape (n,)
        Grade, or None where the master scale does not apply to this bundle's event and horizon, or the row says less
        than the bundle's policy asks for.
    insufficient : dict of str to ndarray of bool of shape (n,)
        By group of information, the rows with too little of it.
    pd_without_innovation : ndarray of shape (n,), optional
        PD of the companion; None where the bundle has none.
    """

    screening: Screening
    innovation: Points | None
    features: Floats
    fallback: Flags
    log_odds: Floats
    pd: Floats
    score: Ints
    grade: Objects
    insufficient: dict[str, Flags]
    pd_without_innovation: Floats | None


@dataclass(frozen=True, slots=True)
class ExplainedAssessment(Assessment):
    """Assessments with the terms behind each PD.

    Parameters
    ----------
    explanation : Explanation
        The terms; the other parameters are those of :class:`Assessment`.
    """

    explanation: Explanation

    def innovation_log_odds(self, bundle: BundleParts, row: int | None = None) -> Floats | None:
        """Return the sum of the terms of domain innovation, shape (n,), or of one row; None without a companion."""
        if bundle.companion is None:
            return None
        rows = slice(None) if row is None else slice(row, row + 1)
        return sum_in_order(self.explanation.terms.log_odds[rows, bundle.derived(_innovative)])


@overload
def assess(
    bundle: BundleParts, columns: Columns, *, explained: Literal[True] = True, first_row: int = 0
) -> ExplainedAssessment: ...


@overload
def assess(bundle: BundleParts, columns: Columns, *, explained: bool, first_row: int = 0) -> Assessment: ...


def assess(bundle: BundleParts, columns: Columns, *, explained: bool = True, first_row: int = 0) -> Assessment:
    """Assess every row.

    Parameters
    ----------
    bundle : BundleParts
        The model, as read from disk or as just fitted.
    columns : Columns
        Rows as column arrays, with the bundle's extra features.
    explained : bool
        Whether to compute the terms behind each PD; the result is then an :class:`ExplainedAssessment`.
    first_row : int
        Number of the first row in the file it comes from, for errors.

    Raises
    ------
    InputError
        If a row is not acceptable; the error names the field.
    """
    screening = screen(columns, bundle.extras, first_row=first_row)
    require_date(bundle, screening.columns)
    points = evaluate(bundle.rulebook, screening.columns) if bundle.rulebook else None
    features = bundle.model.encoder.encode(screening.columns, points)
    fallback = _without_feed(bundle, screening.columns)
    terms = _terms(bundle, features) if explained else None
    companion = _companion_log_odds(bundle, features, explained=explained)
    scored = terms.total if terms is not None else _scorer_log_odds(bundle.model, features, bundle)
    if companion is not None:
        scored = np.where(fallback, companion, scored)
    score = bundle.scale.score(scored)
    insufficient = lacking(bundle, screening.columns)
    pd = pd_from_log_odds(scored)
    grade, without = _graded(bundle.grade(pd), insufficient), None if companion is None else pd_from_log_odds(companion)
    parts = (screening, points, features, fallback, scored, pd, score, grade, insufficient, without)
    if terms is None:
        return Assessment(*parts)
    return ExplainedAssessment(*parts, explanation=_explanation(bundle, features, terms, fallback, score))


def _graded(grade: Objects, insufficient: Mapping[str, Flags]) -> Objects:
    """Remove the grade where a row has too little information."""
    for flags in insufficient.values():
        grade = grade.copy()
        grade[flags] = None
    return grade


def warm(bundle: BundleParts) -> None:
    """Build in advance what the first reasons need: the explainers of the model and of its companion."""
    nothing = np.full((1, len(bundle.features)), np.nan)
    _terms(bundle, nothing)
    _companion_terms(bundle, nothing)


def require_date(bundle: BundleParts, columns: Columns) -> None:
    """Refuse rows without a date (``ICS-DEC-001``) if the model reads dates."""
    undated = count_known(columns, ("as_of",)) == 0
    if bundle.dated and undated.any():
        where = "" if len(undated) == 1 else f" in {int(undated.sum()):,} of {len(undated):,} records"
        raise InputError(
            "ICS-DEC-001",
            f"absent{where}, and this model reads dates",
            field="as_of",
            remedy="give the decision date as YYYY-MM-DD",
        )


def _without_feed(bundle: BundleParts, columns: Columns) -> Flags:
    """Rows without any innovation field that the model reads, where a companion can score them."""
    if bundle.companion is None:
        return np.zeros(rows(columns), dtype=np.bool_)
    empty: Flags = count_known(columns, bundle.model.encoder.innovation_inputs) == 0
    return empty


def _scorer_log_odds(
    scorer: Scorer, features: Floats, bundle: BundleParts, columns: Sequence[int] | None = None
) -> Floats:
    return log_odds(fastest_margin(scorer.booster, features, bundle.reference, columns), scorer.calibration)


def _companion_log_odds(bundle: BundleParts, features: Floats, *, explained: bool) -> Floats | None:
    """Return the companion's log-odds, from the explainer if reasons are computed: the bits are the same."""
    companion = bundle.companion
    if companion is None:
        return None
    columns = bundle.companion_columns
    read = np.ascontiguousarray(features[:, columns])
    if not explained:
        return _scorer_log_odds(companion, read, bundle, columns)
    margin = margins(companion.booster, read, bundle.reference, columns, explainer=bundle.explainer)
    return log_odds(margin, companion.calibration)


def _explanation(bundle: BundleParts, features: Floats, terms: Terms, fallback: Flags, score: Ints) -> Explanation:
    if fallback.any():
        terms = _with_companion_terms(bundle, features, terms, fallback)
    base_points, points = terms.points(bundle.scale, score)
    return Explanation(terms, base_points, points, bundle.derived(_clusters))


def _innovative(bundle: BundleParts) -> Indices:
    return bundle.model.encoder.innovative.nonzero()[0]


def _clusters(bundle: BundleParts) -> Clusters:
    return clusters(bundle, bundle.catalogue.merge_above)


def _terms(bundle: BundleParts, features: Floats) -> Terms:
    return explain(bundle.model, features, bundle.reference, explainer=bundle.explainer)


def _companion_terms(bundle: BundleParts, features: Floats) -> Terms | None:
    """Return the companion's terms in the model's columns, zero where the companion has no such feature."""
    if bundle.companion is None:
        return None
    columns = bundle.companion_columns
    terms = explain(
        bundle.companion,
        np.ascontiguousarray(features[:, columns]),
        bundle.reference,
        columns,
        explainer=bundle.explainer,
    )
    scattered = np.zeros(features.shape)
    scattered[:, columns] = terms.log_odds
    return Terms(scattered, terms.base, terms.total)


def _with_companion_terms(bundle: BundleParts, features: Floats, terms: Terms, fallback: Flags) -> Terms:
    """Set the companion's terms in the rows that it scored."""
    by_companion = _companion_terms(bundle, features[fallback])
    if by_companion is None:
        return terms
    log_odds_terms, base, total = terms.log_odds.copy(), terms.base.copy(), terms.total.copy()
    log_odds_terms[fallback] = by_companion.log_odds
    base[fallback], total[fallback] = by_companion.base, by_companion.total
    return Terms(log_odds_terms, base, total)
