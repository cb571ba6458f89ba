"""PD with missing fields filled in unfavourably, so that hiding data does not pay."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np

from icsml.core.arrays import Bytes, Flags, Floats, Ints, Words
from icsml.decision.missing_information import features_lacking_fields
from icsml.decision.row import Row
from icsml.explain.shap_engine import margins
from icsml.model.bundle import BundleParts
from icsml.model.predict import log_odds, pd_from_log_odds
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
    from icsml.decision.withheld_kernel import fill  # numba: not before the first gap

    bundle, absent = record.bundle, features_lacking_fields(record)
    if not absent or bundle.reference is None:
        return None
    policy = bundle.assessment_policy.withheld
    columns, values = np.array(absent), np.array(record.features)
    values[columns] = np.nan  # also those computed from zeros that count as left out
    donors = _donors(bundle.derived(_lenders), values, columns, policy.rows)
    filled = np.empty((len(donors), len(values)))
    fill(bundle.reference.rows, donors, columns, values, filled)
    rank = ceil((len(donors) - 1) * policy.quantile)
    margin = margins(bundle.model.booster, filled, bundle.reference, explainer=bundle.explainer)
    margin.partition(rank)
    at_rank = margin[rank : rank + 1]  # PDs have the order of the margins
    return Withheld(
        groups=list(dict.fromkeys(bundle.features[column].group for column in absent)),
        quantile=policy.quantile,
        rows=len(donors),
        pd=float(pd_from_log_odds(log_odds(at_rank, bundle.model.calibration))[0]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Lenders:
    """The reference rows as a search reads them.

    Parameters
    ----------
    known : ndarray of uint64 of shape (w, r)
        Whether each row has a value of each feature, 64 features in a word.
    having : ndarray of bool of shape (p, r)
        The same, feature by feature.
    ranks, rounded, ordered, counts, weights : ndarray
        As :func:`icsml.decision.withheld_kernel.find_nearest` reads them; the weight of a feature is its gain in the
        model.
    """

    known: Words
    having: Flags
    ranks: Floats
    rounded: Bytes
    ordered: Floats
    counts: Ints
    weights: Floats


def _lenders(bundle: BundleParts) -> _Lenders:
    reference = bundle.reference
    assert reference is not None  # noqa: S101 - nothing is filled in without one
    from icsml.decision.withheld_kernel import NO_RANK, STEPS  # numba: not before the first gap

    values, known = reference.rows.T, ~np.isnan(reference.rows.T)
    ordered, counts = np.sort(values, axis=1), known.sum(axis=1)  # missing last
    ranks = np.array([_ranks(*one) for one in zip(ordered, counts, values, strict=True)])
    rounded = np.where(known, np.rint(ranks * STEPS), NO_RANK).astype(np.uint8)
    weights = np.asarray(bundle.model.booster.feature_importance("gain"), dtype=np.float64)
    return _Lenders(_words(known), known, np.ascontiguousarray(ranks.T), rounded, ordered, counts, weights)


def _words(flags: Flags) -> Words:
    """Return flags of shape (p, r) as bits of words, 64 features in each, shape (w, r)."""
    p, r = flags.shape
    padded = np.zeros((-(-p // 64) * 64, r), dtype=np.uint64)
    padded[:p] = flags
    bits: Words = padded.reshape(-1, 64, r) << np.arange(64, dtype=np.uint64)[:, None]
    words: Words = np.bitwise_or.reduce(bits, axis=1)
    return words


def _ranks(ordered: Floats, count: int, values: Floats) -> Floats:
    """Return each value's rank among the known values of its feature, from 0 to 1; NaN where it is missing."""
    ranks = np.searchsorted(ordered[:count], values, side="right") / max(count, 1)
    return np.where(np.isnan(values), np.nan, ranks)


def _donors(lenders: _Lenders, values: Floats, absent: Ints, most: int) -> Ints:
    """Return the indices of the reference rows whose values fill the gaps."""
    from icsml.decision.withheld_kernel import find_lenders, find_nearest

    lends, lacked = np.empty(lenders.known.shape[1], dtype=np.bool_), [0] * len(lenders.known)
    for column in absent.tolist():
        lacked[column // 64] |= 1 << column % 64
    complete = find_lenders(lenders.known, np.array(lacked, dtype=np.uint64), lends)
    if complete < _FEWEST:
        having = lenders.having[absent].sum(axis=0)
        return np.argsort(-having, kind="stable")[:most]
    if complete <= most:
        return np.flatnonzero(lends)
    nearest = np.empty(most, dtype=np.int64)
    find_nearest(
        lenders.ranks,
        lenders.rounded,
        lenders.ordered,
        lenders.counts,
        lenders.weights,
        values,
        lends,
        nearest,
    )
    return nearest
