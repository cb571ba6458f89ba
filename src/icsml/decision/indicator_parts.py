"""The innovation score's reason split by the indicators whose points it is made of."""

from __future__ import annotations

from math import isnan
from typing import NamedTuple

import numpy as np

from icsml.core.arrays import Floats
from icsml.decision.assess import ExplainedAssessment
from icsml.decision.row import Row
from icsml.explain.indicator_split import split_points, split_term
from icsml.explain.terms import pd_effects
from icsml.features.feature import INNOVATION_SCORE
from icsml.innovation.rulebooks.indicators import ScoringDomain
from icsml.model.bundle import BundleParts

__all__ = ["IndicatorPart", "indicator_parts"]


class IndicatorPart(NamedTuple):
    """One indicator's part of the innovation score's reason; see :class:`icsml.records.decision.IndicatorReason`."""

    indicator: str
    points: float
    reference_points: float
    log_odds: float
    score_points: int
    pd_effect: float
    rule: str


class _Means(NamedTuple):
    """Whom points are compared with.

    Parameters
    ----------
    names : tuple of str
        The indicators of which the reference population's mean points are known.
    points : ndarray of shape (m,)
        These means.
    column : int
        Column of the innovation score.
    """

    names: tuple[str, ...]
    points: Floats
    column: int


def indicator_parts(record: Row, assessment: ExplainedAssessment, score_points: int) -> list[IndicatorPart] | None:
    """Split the innovation score's reason by indicator, the largest part first.

    Parameters
    ----------
    record : Row
        The row.
    assessment : ExplainedAssessment
        Its assessment.
    score_points : int
        Score points of the innovation score's term, to which those of the parts add up.

    Returns
    -------
    list of IndicatorPart or None
        None where no honest split exists.
    """
    scored, means, row = assessment.innovation, record.bundle.derived(_means), record.row
    if means is None or scored is None or record.fallback or isnan(record.features[means.column]):
        return None
    points = np.array([scored.points[name].item(row) for name in means.names])
    term = assessment.explanation.terms.log_odds.item(row, means.column)
    parts = split_term(term, points - means.points) if np.isfinite(points).all() else None
    if parts is None:
        return None
    whole = split_points(-record.bundle.scale.factor * parts, score_points)
    effects = pd_effects(assessment.log_odds[row : row + 1], parts)
    rules = [scored.rules[name][row] for name in means.names]
    columns = (points, means.points, parts, whole, effects)
    found = [
        IndicatorPart(*part) for part in zip(means.names, *(each.tolist() for each in columns), rules, strict=True)
    ]
    return [found[i] for i in (-np.abs(parts)).argsort(kind="stable").tolist()]


def _means(bundle: BundleParts) -> _Means | None:
    if bundle.reference is None or bundle.rulebook is None:
        return None
    known = bundle.reference.points
    indicators = [i.id for i in bundle.rulebook.indicators if i.domain is ScoringDomain.INNOVATION]
    names = tuple(name for name in indicators if name in known)
    means = np.array([known[name] for name in names])
    return _Means(names, means, bundle.model.encoder.index(INNOVATION_SCORE))
