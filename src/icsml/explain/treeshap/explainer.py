"""The explainer of a booster."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
from numpy.typing import ArrayLike

from icsml.core.arrays import Floats, for_compiled
from icsml.errors import InputError
from icsml.explain.treeshap.engines import Engine, TableEngine, WalkEngine
from icsml.explain.treeshap.forest import most_features, read_forest
from icsml.explain.treeshap.table_instructions import BLOCK
from icsml.explain.treeshap.threshold_ranks import Ranks

if TYPE_CHECKING:
    import lightgbm as lgb

__all__ = ["TreeShap"]


_MOST_BYTES: Final = 1 << 30
_SHALLOW: Final = 6  # up to so many features on a path, tables are the faster way to path-dependent values


class TreeShap:
    """Exact SHAP values of one booster.

    Made by :meth:`from_booster`. Nothing in it changes afterwards: any number of threads may use one.

    Parameters
    ----------
    engine : TableEngine or WalkEngine
        What computes.
    reference_rows : int or None
        How many reference rows the values are against; None where they are path-dependent.

    Attributes
    ----------
    n_features : int
        Features of the booster.
    base : float
        The expected margin: over the training cover, or over the reference rows.
    table_bytes : int
        Memory of the tables.
    """

    def __init__(self, engine: Engine, reference_rows: int | None) -> None:
        self._engine = engine
        self.reference_rows = reference_rows
        self.n_features = engine.n_features
        self.base = engine.base
        self.table_bytes = engine.table_bytes

    @classmethod
    def from_booster(
        cls, booster: lgb.Booster, reference: ArrayLike | None = None, *, most_bytes: int = _MOST_BYTES
    ) -> Self:
        """Build the explainer of a booster.

        Parameters
        ----------
        booster : lightgbm.Booster
            Numeric splits, one output.
        reference : array-like of shape (r, p), optional
            Rows to compare with (interventional values); without it the values are path-dependent, as LightGBM's own.
        most_bytes : int
            The most memory that tables may take once made; making them takes up to twice that for a moment.

        Raises
        ------
        ModelError
            ``ICS-EXP-001`` or ``ICS-EXP-002`` for trees that cannot be explained here, ``ICS-EXP-003`` where tables
            cannot hold the trees' paths, or would need more memory.
        InputError
            ``ICS-EXP-004`` for a reference of another shape, or without rows.
        """
        forest = read_forest(booster)
        ranks = Ranks(forest)
        if reference is None:
            shallow = max((most_features(tree) for tree in forest.trees), default=0) <= _SHALLOW
            path_dependent: Engine = (
                TableEngine(forest, ranks, None, most_bytes) if shallow else WalkEngine(forest, ranks)
            )
            return cls(path_dependent, None)
        rows = _matrix(reference, forest.n_features, "reference")
        if not len(rows):
            raise InputError(
                "ICS-EXP-004", "holds no rows", field="reference", remedy="give at least one row to compare with"
            )
        return cls(TableEngine(forest, ranks, rows, most_bytes), len(rows))

    def contributions(self, x: ArrayLike, threads: int = 1) -> Floats:
        """Split the margin of each row.

        Parameters
        ----------
        x : array-like of shape (n, p)
            Rows; NaN is missing.
        threads : int
            Threads to use; the bits do not depend on it.

        Returns
        -------
        ndarray of float64, shape (n, p + 1)
            SHAP values in margin units, the last column the base; a row sums to its margin, to rounding.
        """
        return self.explain(x, threads)[0]

    def margin(self, x: ArrayLike, threads: int = 1) -> Floats:
        """Return margins of shape (n,), equal to ``Booster.predict(x, raw_score=True)`` to the last bit."""
        rows = _matrix(x, self.n_features, "x")
        if len(rows) == 1:  # faster than a block of rows that has one
            return np.array([self._engine.explain_row(rows[0], np.empty(self.n_features + 1))])
        margins = np.empty(len(rows))
        _in_parts(len(rows), threads, lambda part: self._engine.margins(rows[part], margins[part]))
        return margins

    def explain(self, x: ArrayLike, threads: int = 1) -> tuple[Floats, Floats]:
        """Return the results of :meth:`contributions` and :meth:`margin` in one pass."""
        rows = _matrix(x, self.n_features, "x")
        out, margins = np.empty((len(rows), self.n_features + 1)), np.empty(len(rows))
        if len(rows) == 1:
            margins[0] = self._engine.explain_row(rows[0], out[0])
            return out, margins
        _in_parts(len(rows), threads, lambda part: self._engine.explain(rows[part], out[part], margins[part]))
        return out, margins

    def explain_row(self, x: Floats, out: Floats) -> float:
        """Explain one row; with tables (any reference, or paths of up to six features) without allocating memory.

        Parameters
        ----------
        x : ndarray of float64, shape (p,), contiguous
            The row.
        out : ndarray of float64, shape (p + 1,), contiguous
            Filled with what :meth:`contributions` gives, to the last bit.

        Returns
        -------
        float
            The margin.

        Raises
        ------
        InputError
            ``ICS-EXP-004`` for arrays of another kind; compiled code would read and write past their ends.
        """
        for array, length, field in ((x, self.n_features, "x"), (out, self.n_features + 1, "out")):
            if array.shape != (length,) or array.dtype != np.float64 or not array.flags.carray:
                raise InputError(
                    "ICS-EXP-004",
                    f"is no contiguous, writeable array of {length} float64",
                    field=field,
                    remedy="give such an array, or use contributions()",
                )
        return self._engine.explain_row(x, out)


def _in_parts(rows: int, threads: int, work: Callable[[slice], Any]) -> None:
    """Process whole blocks, one part per thread; the loops release the interpreter's lock."""
    blocks = -(-rows // BLOCK)
    if threads <= 1 or blocks <= 1:
        work(slice(rows))
        return
    parts = min(threads, blocks)
    edges = [min(rows, BLOCK * (blocks * part // parts)) for part in range(parts + 1)]
    slices = [slice(start, end) for start, end in pairwise(edges)]
    with ThreadPoolExecutor(parts) as pool:
        list(pool.map(work, slices))


def _matrix(values: ArrayLike, features: int, field: str) -> Floats:
    matrix = for_compiled(values)
    if matrix.ndim != 2 or matrix.shape[1] != features:
        raise InputError(
            "ICS-EXP-004",
            f"has shape {matrix.shape}, and the trees read rows of {features} features",
            field=field,
            remedy="give one row a case, with the features in the order of training",
        )
    return matrix
