"""PD with missing fields filled in unfavourably, so that hiding data does not pay."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from icsml.core.arrays import Floats, Ints
from icsml.decision.assess import Assessment
from icsml.decision.missing_information import features_lacking_fields
from icsml.model.bundle import BundleParts
from icsml.model.reference import ReferencePopulation
from icsml.records.decision import Withheld

__all__ = ["pd_if_withheld"]


_FEWEST = 30  # rows that have every absent value; with fewer, those that have most of them


def pd_if_withheld(bundle: BundleParts, assessment: Assessment, row: int) -> Withheld | None:
    """Return the policy's quantile of one row's PDs with its missing fields filled in.

    All features that lack a field take the values of one reference row, so that related values stay together. The rows
    used are nearest on the known features, weighted by each feature's gain in the model. Statements with only zeros
    count as left out. The model itself scores the filled rows, even if its companion scored the record.

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
        None where nothing is absent, or the bundle has no reference population.
    """
    absent = features_lacking_fields(bundle, assessment.screening.columns, assessment.features, row)
    if not absent or bundle.reference is None:
        return None
    policy = bundle.assessment_policy.withheld
    columns = np.array(absent)
    values = assessment.features[row].copy()
    values[columns] = np.nan  # also those computed from zeros that count as left out
    donors = _donors(bundle, bundle.reference, values, columns, policy.rows)
    filled = np.tile(values, (len(donors), 1))
    filled[:, columns] = bundle.reference.rows[np.ix_(donors, columns)]
    groups = [bundle.features[column].group for column in absent]
    return Withheld(
        groups=list(dict.fromkeys(groups)),
        quantile=policy.quantile,
        rows=len(donors),
        pd=float(np.quantile(bundle.model.pd(filled), policy.quantile, method="higher")),
    )


def _donors(bundle: BundleParts, reference: ReferencePopulation, values: Floats, absent: Ints, most: int) -> Ints:
    """Return the indices of the reference rows whose values fill the gaps."""
    having = (~np.isnan(reference.rows[:, absent])).sum(axis=1)
    complete = np.flatnonzero(having == len(absent))
    if len(complete) < _FEWEST:
        complete = np.argsort(-having, kind="stable")[:most]
    if len(complete) <= most:
        return complete
    weights = bundle.model.booster.feature_importance("gain")
    return complete[np.argsort(_distance(reference, values, complete, weights), kind="stable")[:most]]


def _distance(reference: ReferencePopulation, values: Floats, rows: Ints, weights: Floats) -> Floats:
    """Return the rows' distance from a record: rank differences of its known features, weighted by the model's gain."""
    present = np.flatnonzero(~np.isnan(values))
    ranks, ordered = _ranks(reference)
    own_ranks = [
        np.searchsorted(ordered[column], values[column], side="right") / max(len(ordered[column]), 1)
        for column in present
    ]
    apart = np.abs(ranks[np.ix_(rows, present)] - np.array(own_ranks))
    distance: Floats = np.where(np.isnan(apart), 0.5, apart) @ weights[present]
    return distance


@lru_cache(maxsize=8)
def _ranks(reference: ReferencePopulation) -> tuple[Floats, list[Floats]]:
    """Return each value's rank in its column, from 0 to 1, and the sorted values of each column."""
    ranks = np.full(reference.rows.shape, np.nan)
    ordered = []
    for column in range(reference.rows.shape[1]):
        values = reference.rows[:, column]
        known = ~np.isnan(values)
        ascending = np.sort(values[known])
        ordered.append(ascending)
        ranks[known, column] = np.searchsorted(ascending, values[known], side="right") / max(len(ascending), 1)
    return ranks, ordered
