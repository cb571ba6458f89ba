"""The PD were what a record leaves out filled in, so that leaving out what speaks against a firm does not pay."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from icsml.core.arrays import Floats, Ints
from icsml.decision.assess import Assessment
from icsml.decision.missing_information import features_lacking_fields
from icsml.model.bundle import BundleParts
from icsml.model.reference import ReferencePopulation
from icsml.records.decision import Withheld

__all__ = ["withheld"]


_FEWEST = 30  # rows that have everything that is absent; with fewer, those that have most of it


def withheld(bundle: BundleParts, assessment: Assessment, row: int) -> Withheld | None:
    """Return the declared quantile of the PDs of one row with what it leaves out filled in.

    Everything that has no value for want of a field is filled jointly with the values of one reference row, so that
    what belongs together stays together; the rows are those nearest on what the record does hold, each feature counting
    by its gain in the model. Statements of zeros alone count as left out. The model itself scores the filled rows, also
    where its companion scored the record.

    Parameters
    ----------
    bundle : BundleParts
        The model.
    assessment : Assessment
        What it gave.
    row : int
        Which row.

    Returns
    -------
    Withheld or None
        None where nothing is absent, or the bundle holds no reference population.
    """
    absent = features_lacking_fields(bundle, assessment.screening.columns, assessment.features, row)
    if not absent or bundle.reference is None:
        return None
    policy = bundle.assessment_policy.withheld
    places = np.array(absent)
    own = assessment.features[row].copy()
    own[places] = np.nan  # also where zeros of a form made a number
    donors = _donors(bundle, bundle.reference, own, places, policy.rows)
    filled = np.tile(own, (len(donors), 1))
    filled[:, places] = bundle.reference.rows[np.ix_(donors, places)]
    found = bundle.model.pd(filled)
    groups = [bundle.features[place].group for place in absent]
    return Withheld(
        groups=list(dict.fromkeys(groups)),
        quantile=policy.quantile,
        rows=len(donors),
        pd=float(np.quantile(found, policy.quantile, method="higher")),
    )


def _donors(bundle: BundleParts, reference: ReferencePopulation, own: Floats, absent: Ints, most: int) -> Ints:
    """Return the places of the reference rows that lend their values."""
    having = (~np.isnan(reference.rows[:, absent])).sum(axis=1)
    complete = np.flatnonzero(having == len(absent))
    if len(complete) < _FEWEST:
        complete = np.argsort(-having, kind="stable")[:most]
    if len(complete) <= most:
        return complete
    weights = bundle.model.booster.feature_importance("gain")
    return complete[np.argsort(_distance(reference, own, complete, weights), kind="stable")[:most]]


def _distance(reference: ReferencePopulation, own: Floats, rows: Ints, weights: Floats) -> Floats:
    """Return how far rows lie from a record: differences of ranks over what it holds, weighted by the model's gain."""
    present = np.flatnonzero(~np.isnan(own))
    ranks, ordered = _ranks(reference)
    own_ranks = [
        np.searchsorted(ordered[place], own[place], side="right") / max(len(ordered[place]), 1) for place in present
    ]
    apart = np.abs(ranks[np.ix_(rows, present)] - np.array(own_ranks))
    distance: Floats = np.where(np.isnan(apart), 0.5, apart) @ weights[present]
    return distance


@lru_cache(maxsize=8)
def _ranks(reference: ReferencePopulation) -> tuple[Floats, list[Floats]]:
    """Return each value's rank in its column, from 0 to 1, and the sorted values of each column."""
    ranks = np.full(reference.rows.shape, np.nan)
    ordered = []
    for place in range(reference.rows.shape[1]):
        values = reference.rows[:, place]
        known = ~np.isnan(values)
        column = np.sort(values[known])
        ordered.append(column)
        ranks[known, place] = np.searchsorted(column, values[known], side="right") / max(len(column), 1)
    return ranks, ordered
