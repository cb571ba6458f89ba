"""PD with missing fields filled in unfavourably, so that hiding data does not pay."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np

from icsml.core.arrays import Flags, Floats, Ints
from icsml.decision.missing_information import features_lacking_fields
from icsml.decision.row import Row
from icsml.explain.shap_engine import margins
from icsml.model.bundle import BundleParts
from icsml.model.predict import log_odds, pd_from_log_odds
from icsml.model.reference import ReferencePopulation
from icsml.records.decision import Withheld

__all__ = ["pd_if_withheld"]


_FEWEST = 30  # rows that have every absent value; with fewer, those that have most of them


def pd_if_withheld(record: Row) -> Withheld | None:
    """Return the policy's quantile of one row's PDs with its missing fields filled in.

    All features that lack a field take the values of one reference row, so that related values stay together. The rows
    used are nearest on the known features, weighted by each feature's gain in the model. Statements with only zeros
    count as left out. The model itself scores the filled rows, even if its companion scored the record.

    Returns
    -------
    Withheld or None
        None where nothing is absent, or the bundle has no reference population.
    """
    bundle, absent = record.bundle, features_lacking_fields(record)
    if not absent or bundle.reference is None:
        return None
    policy = bundle.assessment_policy.withheld
    columns, values = np.array(absent), np.array(record.features)
    values[columns] = np.nan  # also those computed from zeros that count as left out
    donors = _donors(bundle.derived(_lenders), values, columns, policy.rows)
    filled = np.tile(values, (len(donors), 1))
    filled[:, columns] = bundle.reference.rows[np.ix_(donors, columns)]
    rank = ceil((len(donors) - 1) * policy.quantile)
    margin = margins(bundle.model.booster, filled, bundle.reference, explainer=bundle.explainer)
    at_rank = np.partition(margin, rank)[rank : rank + 1]  # PDs have the order of the margins
    return Withheld(
        groups=list(dict.fromkeys(bundle.features[column].group for column in absent)),
        quantile=policy.quantile,
        rows=len(donors),
        pd=float(pd_from_log_odds(log_odds(at_rank, bundle.model.calibration))[0]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Lenders:
    """The reference rows as :mod:`icsml.decision.withheld_kernel` reads them."""

    known: Flags
    ranks: Floats
    ordered: Floats
    counts: Ints
    weights: Floats


def _lenders(bundle: BundleParts) -> _Lenders:
    reference = bundle.reference
    assert reference is not None  # noqa: S101 - nothing is filled in without one
    known = ~np.isnan(reference.rows)
    ordered = np.sort(reference.rows.T, axis=1)  # missing last
    counts = known.sum(axis=0)
    weights = np.asarray(bundle.model.booster.feature_importance("gain"), dtype=np.float64)
    return _Lenders(known, _ranks(reference, ordered, counts), ordered, counts, weights)


def _ranks(reference: ReferencePopulation, ordered: Floats, counts: Ints) -> Floats:
    """Return each value's rank in its column, from 0 to 1."""
    ranks = np.full(reference.rows.shape, np.nan)
    for column, (values, count) in enumerate(zip(reference.rows.T, counts, strict=True)):
        known = ~np.isnan(values)
        ranks[known, column] = np.searchsorted(ordered[column, :count], values[known], side="right") / max(count, 1)
    return ranks


def _donors(lenders: _Lenders, values: Floats, absent: Ints, most: int) -> Ints:
    """Return the indices of the reference rows whose values fill the gaps."""
    from icsml.decision.withheld_kernel import count_lent, measure  # numba: not before the first gap

    having = np.empty(len(lenders.known), dtype=np.int64)
    count_lent(lenders.known, absent, having)
    complete = np.flatnonzero(having == len(absent))
    if len(complete) < _FEWEST:
        complete = np.argsort(-having, kind="stable")[:most]
    if len(complete) <= most:
        return complete
    distances = np.empty(len(complete))
    measure(lenders.ranks, lenders.ordered, lenders.counts, lenders.weights, values, complete, distances)
    farthest = np.partition(distances, most - 1)[most - 1]
    nearer, tied = complete[distances < farthest], complete[distances == farthest]
    return np.concatenate([nearer, tied[: most - len(nearer)]])
