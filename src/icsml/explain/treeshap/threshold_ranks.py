"""Rank of a value among the model's split thresholds, which is all that the trees depend on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from icsml.core.arrays import Floats, Ints
from icsml.errors import ModelError
from icsml.explain.treeshap.forest import Forest

__all__ = ["NEVER", "OUTSIDE", "Condition", "Ranks"]

OUTSIDE: Final = 65535
"""The substitute for a missing value that is in no interval of ranks."""

NEVER: Final = OUTSIDE - 1
"""A rank that nothing has."""


@dataclass(frozen=True, slots=True, order=True)
class Condition:
    """A value's rank is between ``low`` and ``high``, both included, or it is missing and ``missing`` is true.

    The rank of a value is the number of thresholds below it; an interval without a rank has ``low`` above ``high``.
    """

    feature: int
    low: int
    high: int
    missing: bool

    def both(self, other: Condition) -> Condition:
        """Return the condition that both are true, for two conditions on one feature."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        return Condition(self.feature, low, high, self.missing and other.missing)


class Ranks:
    """The thresholds of each feature, sorted, and the columns of ranks that conditions are read from.

    A column is a feature's rank with a substitute for a missing value, so that every condition is one comparison:
    inside its interval where a missing value meets it, else outside.

    Parameters
    ----------
    forest : Forest
        The trees.

    Raises
    ------
    ModelError
        ``ICS-EXP-002`` if a feature has more thresholds than two bytes can rank.
    """

    def __init__(self, forest: Forest) -> None:
        self.n_features = forest.n_features
        self.thresholds = [
            np.unique(np.concatenate([tree.threshold[tree.feature == feature] for tree in forest.trees] or [[]]))
            for feature in range(forest.n_features)
        ]
        most = max((len(thresholds) for thresholds in self.thresholds), default=0)
        if most >= NEVER:
            raise ModelError(
                "ICS-EXP-002",
                f"{most:,} thresholds on one feature, and {NEVER - 1:,} can be ranked",
                field="trees",
                remedy="train with fewer bins (max_bin), or ask for LightGBM's own pred_contrib",
            )
        self._columns: dict[tuple[int, int], int] = {}

    def split(self, feature: int, threshold: float, missing: bool) -> Condition:
        """Return the condition under which a split sends a row to the left."""
        return Condition(feature, 0, int(np.searchsorted(self.thresholds[feature], threshold)), missing)

    def otherwise(self, condition: Condition) -> Condition:
        """Return the condition under which the split of ``condition`` sends a row to the right."""
        return Condition(
            condition.feature, condition.high + 1, len(self.thresholds[condition.feature]), not condition.missing
        )

    def test(self, condition: Condition) -> tuple[int, int, int]:
        """Return column, low and width: the condition is true where (rank − low), wrapped, is at most the width."""
        feature, low, high = condition.feature, condition.low, condition.high
        if low > high:  # a missing value alone can meet it, or nothing does
            low = high = OUTSIDE
            return self._column(feature, OUTSIDE if condition.missing else 0), low, 0
        # A missing value gets a rank that answers for it. Where it meets the condition the rank is in the interval, and
        # as far as can be the lowest or the highest rank of all, so that few columns serve many conditions.
        top = len(self.thresholds[feature])
        # No interval begins at the lowest rank and ends at the highest: one end is always outside.
        outside = 0 if low > 0 else top
        inside = 0 if low == 0 else top if high == top else high
        return self._column(feature, inside if condition.missing else outside), low, high - low

    def _column(self, feature: int, stand_in: int) -> int:
        return self._columns.setdefault((feature, stand_in), len(self._columns))

    def columns(self) -> Ints:
        """Return feature and substitute for missing values of every tested column, shape (c, 2), ascending.

        Without any there is one all the same, because tests that are never true read the first.
        """
        return np.array(sorted(self._columns) or [(0, 0)], dtype=np.int64)

    def order(self) -> Ints:
        """Return each column's index in :meth:`columns`, in the order its tests were numbered; shape (c,)."""
        # lexsort gives the order of the columns, argsort of an order its inverse: the rank of each.
        return np.argsort(np.lexsort(np.array(list(self._columns), dtype=np.int64).reshape(-1, 2).T[::-1]))

    def table(self) -> tuple[Floats, Ints]:
        """Return the thresholds for a binary search of equal steps.

        Returns
        -------
        values : ndarray of float64
            The thresholds of every feature behind one another, each padded with NaN, below which nothing is, to one
            less than a power of two.
        spans : ndarray of int of shape (p, 2)
            Where each feature's begin, and half that power: the first step of the search (0 without a threshold).
        """
        padded, spans, start = [], [], 0
        for thresholds in self.thresholds:
            size = 1 << len(thresholds).bit_length() if len(thresholds) else 1
            padded.append(np.concatenate([thresholds, np.full(size - 1 - len(thresholds), np.nan)]))
            spans.append((start, size // 2))
            start += size - 1
        values = np.concatenate([*padded, np.empty(0)])
        return values, np.array(spans, dtype=np.int64).reshape(-1, 2)
