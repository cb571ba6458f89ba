"""The terms of n rows ranked: which become reasons, which may be told to the applicant, and their sums by group.

All rows at once: for one row it is the same call.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from icsml.core.arrays import Flags, Floats, Indices, Ints, for_compiled
from icsml.decision.assess import ExplainedAssessment
from icsml.explain.contradiction import contradicts, is_free, one_at_a_time, spreads
from icsml.explain.shap_engine import margins
from icsml.explain.terms import adverse, pd_effects, rank_terms
from icsml.model.bundle import BundleParts

__all__ = ["RankedTerms", "group_names", "ranked_terms"]


@dataclass(frozen=True, slots=True, eq=False)
class RankedTerms:
    """The ranked terms of n rows of p features in g groups.

    Parameters
    ----------
    assessment : ExplainedAssessment
        The rows.
    merged : ndarray of shape (n, p)
        Terms after merging.
    merged_points : ndarray of int of shape (n, p)
        Their score points.
    effects : ndarray of shape (n, p)
        Their effects on the PD.
    displayed : list of list of int
        Of each row, the columns of its largest terms, the largest first and none that is zero.
    told : list of list of int
        Of each row, the columns of the largest terms that may be told to the applicant.
    more : list of bool
        Whether there are more of those than are told.
    contradicting : list of dict of int to bool
        Of each row, whether the term of a free feature among these has another sign than its effect alone.
    others : ndarray of shape (n,)
        Sum of the terms that are not displayed.
    other_points : ndarray of int of shape (n,)
        Sum of their points.
    groups : ndarray of shape (n, g)
        Sums of the terms by group, in the order of :func:`group_names`.
    group_points : ndarray of int of shape (n, g)
        Sums of their points.
    group_effects : ndarray of shape (n, g)
        Their effects on the PD.
    """

    assessment: ExplainedAssessment
    merged: Floats
    merged_points: Ints
    effects: Floats
    displayed: list[list[int]]
    told: list[list[int]]
    more: list[bool]
    contradicting: list[dict[int, bool]]
    others: Floats
    other_points: Ints
    groups: Floats
    group_points: Ints
    group_effects: Floats


def ranked_terms(bundle: BundleParts, assessment: ExplainedAssessment, most: int) -> RankedTerms:
    """Rank the terms of all rows of an assessment.

    Parameters
    ----------
    bundle : BundleParts
        The model.
    assessment : ExplainedAssessment
        The rows.
    most : int
        Most terms displayed of a row; the catalogue limits those for the applicant.
    """
    from icsml.explain.largest_terms import sum_terms  # numba: not before the first reason

    explanation, catalogue = assessment.explanation, bundle.catalogue
    terms, total = explanation.terms.log_odds, assessment.log_odds[:, None]
    merged, merged_points = explanation.merged
    against = adverse(merged, catalogue.adverse_at_least)
    first, first_against = rank_terms(merged, most), rank_terms(against, catalogue.adverse_reasons)
    displayed, told = _nonzero(first, merged), _nonzero(first_against, against)
    groups = bundle.derived(_group_of)
    n, g = len(terms), len(bundle.derived(group_names))
    sums, point_sums = np.empty((n, g)), np.empty((n, g), dtype=np.int64)
    others, other_points = np.empty(n), np.empty(n, dtype=np.int64)
    sum_terms(
        *(for_compiled(terms), for_compiled(explanation.points, np.int64), groups, sums, point_sums),
        *(for_compiled(merged), for_compiled(merged_points, np.int64), first, others, other_points),
    )
    return RankedTerms(
        assessment=assessment,
        merged=merged,
        merged_points=merged_points,
        effects=pd_effects(total, merged),
        displayed=displayed,
        told=told,
        more=[len(columns) < int(np.count_nonzero(terms)) for columns, terms in zip(told, against, strict=True)],
        contradicting=_contradicting(bundle, assessment, displayed, told),
        others=others,
        other_points=other_points,
        groups=sums,
        group_points=point_sums,
        group_effects=pd_effects(total, sums),
    )


def _nonzero(ranked: Ints, terms: Floats) -> list[list[int]]:
    rows = zip(ranked.tolist(), terms.tolist(), strict=True)
    return [[column for column in columns if values[column] != 0.0] for columns, values in rows]


def group_names(bundle: BundleParts) -> tuple[str, ...]:
    """Return the groups of a model's features, in the order of first appearance."""
    return tuple(dict.fromkeys(feature.group for feature in bundle.features))


def _group_of(bundle: BundleParts) -> Ints:
    """Return the number of each feature's group."""
    names = bundle.derived(group_names)
    return np.array([names.index(feature.group) for feature in bundle.features], dtype=np.int64)


def _contradicting(
    bundle: BundleParts, assessment: ExplainedAssessment, displayed: list[list[int]], told: list[list[int]]
) -> list[dict[int, bool]]:
    """Return, of the free features among some, whether their term has another sign than their effect alone.

    A merged reason is judged by the feature that it names, with that feature's own term: what is in ``also`` has
    effects of its own.
    """
    found: list[dict[int, bool]] = [{} for _ in displayed]
    if bundle.reference is None:
        return found
    free = bundle.derived(_free)
    named = [{*columns, *others} & free for columns, others in zip(displayed, told, strict=True)]
    pairs = [(row, column) for row, columns in enumerate(named) for column in sorted(columns)]
    if not pairs:
        return found
    rows, columns = np.array(pairs).T
    effects = _effects(bundle, assessment, rows, columns)
    other = contradicts(assessment.explanation.terms.log_odds[rows, columns], effects)
    for (row, column), flag in zip(pairs, other.tolist(), strict=True):
        found[row][column] = flag
    return found


def _effects(bundle: BundleParts, assessment: ExplainedAssessment, rows: Indices, columns: Indices) -> Floats:
    """Return the effects of some features alone, each in a row, by the booster that decided."""
    assert bundle.reference is not None  # noqa: S101 - an effect is one against a population
    features, settings, model = assessment.features, spreads(bundle.reference), bundle.model
    ask = partial(margins, reference=bundle.reference, explainer=bundle.explainer)
    effects = one_at_a_time(partial(ask, model.booster), model.calibration, features, (rows, columns), settings)
    by_companion: Flags = assessment.fallback[rows]
    if bundle.companion is not None and by_companion.any():
        kept, companion = bundle.companion_columns, bundle.companion
        effects[by_companion] = one_at_a_time(
            partial(ask, companion.booster, columns=kept),
            companion.calibration,
            np.ascontiguousarray(features[:, kept]),
            (rows[by_companion], np.array([kept.index(column) for column in columns[by_companion].tolist()])),
            settings[:, kept],
        )
    return effects


def _free(bundle: BundleParts) -> frozenset[int]:
    return frozenset(index for index, feature in enumerate(bundle.features) if is_free(feature))
