"""The two algorithms: look-ups in tables, and a walk through the trees."""

from __future__ import annotations

import threading
from itertools import accumulate, pairwise
from typing import Protocol

import numpy as np

from icsml.core.arrays import Floats, Int32s
from icsml.errors import ModelError
from icsml.explain.treeshap.forest import Forest, most_features
from icsml.explain.treeshap.leaf_groups import MOST_CONDITIONS, Group, cut
from icsml.explain.treeshap.shapley_tables import group_tables
from icsml.explain.treeshap.table_kernels import (
    count_patterns,
    explain_row,
    explain_rows,
    margin_rows,
)
from icsml.explain.treeshap.threshold_ranks import NEVER, Ranks
from icsml.explain.treeshap.tree_walk import walk
from icsml.explain.treeshap.walk_kernels import walk_margins, walk_rows

__all__ = ["Engine", "TableEngine", "WalkEngine"]


class Engine(Protocol):
    """Computes margins and values; every method fills the arrays that it receives."""

    n_features: int
    base: float
    table_bytes: int

    def explain(self, x: Floats, out: Floats, margins: Floats) -> None:
        """Fill values (n, p + 1) and margins (n,) of rows (n, p)."""

    def margins(self, x: Floats, margins: Floats) -> None:
        """Fill margins (n,) of rows (n, p)."""

    def explain_row(self, x: Floats, out: Floats) -> float:
        """Fill the values (p + 1,) of one row (p,) and return its margin."""


class TableEngine:
    """Look-ups in tables: :mod:`icsml.explain.treeshap.leaf_groups` and :mod:`icsml.explain.treeshap.shapley_tables`.

    Parameters
    ----------
    forest : Forest
        The trees.
    ranks : Ranks
        Their thresholds.
    reference : ndarray of shape (r, p), optional
        Rows to compare with; without it the training cover.
    most_bytes : int
        The most memory that tables may take.

    Raises
    ------
    ModelError
        ``ICS-EXP-003`` where a leaf depends on more features than a table allows, or all tables need more memory.
    """

    def __init__(self, forest: Forest, ranks: Ranks, reference: Floats | None, most_bytes: int) -> None:
        _refuse_deep(forest)
        groups = cut(forest, ranks)
        _refuse_large(groups, most_bytes)
        self.n_features = forest.n_features
        self._plan = _plan(groups, ranks)
        self._ranking = (*ranks.table(), ranks.columns())
        tables, self.base = self._tables(groups, reference)
        self._by_pattern = np.concatenate([*(table.ravel() for table in tables), np.empty(0)])
        self._by_column = _on_a_line(np.concatenate([*(table.T.ravel() for table in tables), np.empty(0)]))
        self.table_bytes = self._by_pattern.nbytes + self._by_column.nbytes
        self._groups = len(groups)
        self._thread = threading.local()

    def explain(self, x: Floats, out: Floats, margins: Floats) -> None:
        """Fill values and margins."""
        explain_rows(x, *self._ranking, self._plan, self._by_column, self.base, out, margins)

    def margins(self, x: Floats, margins: Floats) -> None:
        """Fill margins."""
        margin_rows(x, *self._ranking, self._plan, self._by_column, margins)

    def explain_row(self, x: Floats, out: Floats) -> float:
        """Explain one row; each thread keeps its own working arrays."""
        arrays = getattr(self._thread, "arrays", None)
        if arrays is None:
            arrays = (np.empty(len(self._ranking[2]), np.int32), np.empty(self._groups, np.int64))
            self._thread.arrays = arrays
        ranks, rows = arrays
        return explain_row(x, *self._ranking, self._plan, self._by_pattern, self.base, ranks, rows, out)

    def _tables(self, groups: list[Group], reference: Floats | None) -> tuple[list[Floats], float]:
        shares: list[Floats | None] = [None] * len(groups)
        if reference is not None:
            spans = list(accumulate((group.patterns for group in groups), initial=0))
            counts = np.zeros(spans[-1])
            count_patterns(reference, *self._ranking, self._plan, counts)
            shares = [counts[start:end] / len(reference) for start, end in pairwise(spans)]
        made = [group_tables(group, share) for group, share in zip(groups, shares, strict=True)]
        return [table for table, _ in made], float(sum(base for _, base in made))


class WalkEngine:
    """Path-dependent walk through the trees: :mod:`icsml.explain.treeshap.tree_walk`.

    Parameters
    ----------
    forest : Forest
        The trees.
    ranks : Ranks
        Their thresholds.
    """

    def __init__(self, forest: Forest, ranks: Ranks) -> None:
        self._walk = walk(forest, ranks)
        self._ranking = (*ranks.table(), ranks.columns())
        self.n_features = forest.n_features
        self.base = self._walk.base
        self.table_bytes = self._walk.constants.nbytes + self._walk.steps.nbytes

    def explain(self, x: Floats, out: Floats, margins: Floats) -> None:
        """Fill values and margins."""
        way = self._walk
        sizes = (way.depth, way.nodes)
        walk_rows(x, *self._ranking, way.steps, way.values, way.constants, *sizes, self.base, out, margins)

    def margins(self, x: Floats, margins: Floats) -> None:
        """Fill margins."""
        walk_margins(x, *self._ranking, self._walk.steps, self._walk.values, self._walk.depth, margins)

    def explain_row(self, x: Floats, out: Floats) -> float:
        """Explain one row."""
        margins = np.empty(1)
        self.explain(x[None, :], out[None, :], margins)
        return float(margins[0])


def _plan(groups: list[Group], ranks: Ranks) -> Int32s:
    """Return the plan that :mod:`icsml.explain.treeshap.table_kernels` reads, in the form described there."""
    tests = [[ranks.test(condition) for condition in group.conditions] for group in groups]
    order = ranks.order()
    stream: list[int] = []
    for group, asked in zip(groups, tests, strict=True):
        stream += [group.tests, len(group.features) + 1, group.patterns]
        for column, low, width in asked:
            stream += [int(order[column]), low, width]
        stream += [0, NEVER, 0] * (group.tests - len(asked))
        stream += [ranks.n_features, *group.features]
    return np.array(stream, dtype=np.int32)


def _on_a_line(values: Floats) -> Floats:
    """Return a copy that starts on a cache line: vectors across two lines cost twice."""
    padded = np.empty(len(values) + 8)
    skip = -padded.ctypes.data % 64 // 8
    padded[skip : skip + len(values)] = values
    return padded[skip : skip + len(values)]


def _refuse_deep(forest: Forest) -> None:
    most = max((most_features(tree) for tree in forest.trees), default=0)
    if most > MOST_CONDITIONS:
        raise ModelError(
            "ICS-EXP-003",
            f"a leaf asks for {most} features, and against a reference {MOST_CONDITIONS} can be held in a table",
            field="trees",
            remedy=f"train with max_depth of at most {MOST_CONDITIONS}, or ask for path-dependent values",
        )


def _refuse_large(groups: list[Group], most_bytes: int) -> None:
    needed = sum(2 * 8 * (len(group.features) + 1) * group.patterns for group in groups)
    if needed > most_bytes:
        raise ModelError(
            "ICS-EXP-003",
            f"the tables would take {needed:,} bytes, and {most_bytes:,} are allowed",
            field="trees",
            remedy="train shallower trees, or ask for path-dependent values",
        )
