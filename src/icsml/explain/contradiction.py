"""Contradicting reasons: a free feature whose term has another sign than the effect of changing it alone.

A contribution averages over what the other features do together; a free feature may raise the risk in that average and
lower it here, all else equal. Such a reason is true of the model and easily misread, so it is flagged and counted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Final

import numpy as np

from icsml.core.arrays import Flags, Floats, Indices
from icsml.explain.indicator_split import SMALLEST
from icsml.explain.merging import Clusters, clusters, merge
from icsml.explain.shap_engine import margins
from icsml.explain.terms import rank_terms
from icsml.features.feature import Feature
from icsml.model.bundle import BundleParts
from icsml.model.calibrate import Affine
from icsml.model.reference import ReferencePopulation
from icsml.records.direction import Direction

__all__ = ["Contradictions", "contradictions", "contradicts", "is_free", "one_at_a_time", "raises_adverse", "spreads"]


_VALUES: Final = 32
_PAIRS: Final = 2048  # at a time, so that memory stays bounded


@lru_cache(maxsize=8)
def spreads(reference: ReferencePopulation) -> Floats:
    """Return at most 32 representative values of each feature of a population, shape (m, p).

    They are evenly spaced order statistics, missing values included in proportion.
    """
    ordered = np.sort(reference.rows, axis=0)  # missing last
    count = min(_VALUES, len(ordered))
    return ordered[(2 * np.arange(count) + 1) * len(ordered) // (2 * count)]


def one_at_a_time(
    margins: Callable[[Floats], Floats],
    calibration: Affine,
    X: Floats,
    pairs: tuple[Indices, Indices],
    values: Floats,
) -> Floats:
    """Return the log-odds of a row with one feature alone set to each of some values, less their mean.

    Parameters
    ----------
    margins : callable
        Gives the margins (r,) of rows (r, p).
    calibration : Affine
        Margin to log-odds.
    X : ndarray of shape (n, p)
        Rows.
    pairs : tuple of ndarray of int of shape (k,)
        Rows and columns: which feature of which row.
    values : ndarray of shape (m, p)
        What each feature is set to, such as :func:`spreads`.

    Returns
    -------
    ndarray of shape (k,)
        Effects in calibrated log-odds.
    """
    rows, columns = pairs
    effects = np.empty(len(rows))
    for first in range(0, len(rows), _PAIRS):
        part = slice(first, first + _PAIRS)
        margin = margins(_changed(X[rows[part]], columns[part], values)).reshape(-1, 1 + len(values))
        total = margin[:, 1:].cumsum(axis=1)[:, -1]  # from left to right
        effects[part] = calibration.slope * (margin[:, 0] - total / len(values))
    return effects


def _changed(rows: Floats, columns: Indices, values: Floats) -> Floats:
    """Return each row as it is, then with each of the values in its column; shape (k * (1 + m), p)."""
    (k, p), m = rows.shape, len(values)
    changed = np.repeat(rows, 1 + m, axis=0).reshape(k, 1 + m, p)
    changed[np.arange(k)[:, None], np.arange(1, 1 + m), columns[:, None]] = values[:, columns].T
    return changed.reshape(-1, p)


def contradicts(terms: Floats, effects: Floats) -> Flags:
    """Return where a term and the one-at-a-time effect have different signs and neither is negligible."""
    plain = (np.abs(terms) >= SMALLEST) & (np.abs(effects) >= SMALLEST)
    other: Flags = plain & (np.sign(terms) != np.sign(effects))
    return other


def raises_adverse(before: Floats, after: Floats, terms: Floats) -> bool:
    """Return whether raising a feature still leaves an adverse term.

    Parameters
    ----------
    before, after : ndarray of shape (k,)
        Values of features that are high and whose terms raise the risk today.
    terms : ndarray of shape (k,)
        Their terms after the change.
    """
    return bool(((after > before) & (terms > 0.0)).any())


@dataclass(frozen=True, slots=True)
class Contradictions:
    """Number of displayed reasons of free features, and of those that contradict their one-at-a-time effect.

    Parameters
    ----------
    rows : int
        Rows examined.
    displayed : dict of str to int
        Displayed reasons by free feature.
    contradicting : dict of str to int
        Those of them that contradict.
    """

    rows: int
    displayed: dict[str, int]
    contradicting: dict[str, int]

    @property
    def rate(self) -> float | None:
        """Share of the displayed reasons of free features that contradict; None without any."""
        total = sum(self.displayed.values())
        return sum(self.contradicting.values()) / total if total else None


def contradictions(bundle: BundleParts, features: Floats, log_odds: Floats, most: int) -> Contradictions:
    """Count contradicting reasons over many rows, among the reasons that decisions display.

    Where the bundle merges reasons, they are ranked by merged terms; a merged reason is judged by the
    feature that leads it, with that feature's own term, as in a decision.

    Parameters
    ----------
    bundle : BundleParts
        The model; it must have a reference population.
    features : ndarray of shape (n, p)
        Rows that the model, not its companion, scored.
    log_odds : ndarray of shape (n, p)
        Their terms, not merged.
    most : int
        Reasons displayed for each row.
    """
    assert bundle.reference is not None  # noqa: S101 - a contradiction is one against a population
    largest = _largest(log_odds, clusters(bundle, bundle.catalogue.merge_above), most)
    ask = partial(margins, bundle.model.booster, reference=bundle.reference, explainer=bundle.explainer)
    displayed, contradicting = {}, {}
    for column, feature in enumerate(bundle.features):
        if is_free(feature):
            rows = largest[:, column].nonzero()[0]
            pairs = rows, np.full(len(rows), column)
            effects = one_at_a_time(ask, bundle.model.calibration, features, pairs, spreads(bundle.reference))
            displayed[feature.name] = len(rows)
            contradicting[feature.name] = int(contradicts(log_odds[rows, column], effects).sum())
    return Contradictions(len(features), displayed, contradicting)


def _largest(log_odds: Floats, clusters: Clusters, most: int) -> Flags:
    """Return which terms are the reasons of their row: the largest, merged where the bundle merges them."""
    merged, _ = merge(log_odds, np.zeros(log_odds.shape, dtype=np.int64), clusters)
    largest = np.zeros(log_odds.shape, dtype=np.bool_)
    np.put_along_axis(largest, rank_terms(merged, most), True, axis=1)
    largest &= merged != 0.0
    return largest


def is_free(feature: Feature) -> bool:
    """Return whether the model may learn either sign of a feature."""
    return feature.direction is Direction.FREE
