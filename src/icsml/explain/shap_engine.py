"""Explainers of contributions, built once for each booster and reference population at the first request."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

import lightgbm as lgb
import numpy as np

from icsml.core.arrays import Floats
from icsml.model.bundle_document import Explainer
from icsml.model.predict import PREDICTING, margin, threads
from icsml.model.reference import ReferencePopulation

if TYPE_CHECKING:
    from icsml.explain.treeshap import TreeShap

__all__ = ["contributions", "engine", "fastest_margin", "margins"]

_FEW_ROWS: Final = 1000  # beyond, LightGBM's own prediction is as fast

_Key = tuple[str | None, tuple[int, ...] | None]


@dataclass(slots=True, eq=False)
class _Slot:
    """One explainer; its lock lets one thread build while others wait for the same one only."""

    lock: Lock = field(default_factory=Lock)
    engine: TreeShap | None = None


_SLOTS: WeakKeyDictionary[lgb.Booster, dict[_Key, _Slot]] = WeakKeyDictionary()
_SLOTS_LOCK = Lock()


def engine(
    booster: lgb.Booster, reference: ReferencePopulation | None = None, columns: Sequence[int] | None = None
) -> TreeShap:
    """Return the explainer of a booster, built at the first call and kept as long as the booster exists.

    Parameters
    ----------
    booster : lightgbm.Booster
        A binary booster over p features.
    reference : ReferencePopulation, optional
        Whom contributions compare with; None weighs each branch by its training cover (path-dependent).
    columns : sequence of int, optional
        Which p columns of the population are the booster's features; None takes all.

    Raises
    ------
    ModelError
        If the engine does not support the trees.
    """
    key = _key(reference, columns)
    slot = _SLOTS.get(booster, {}).get(key)
    if slot is None:
        with _SLOTS_LOCK:
            slot = _SLOTS.setdefault(booster, {}).setdefault(key, _Slot())
    if slot.engine is None:
        with slot.lock:
            if slot.engine is None:
                slot.engine = _built(booster, reference, columns)
    return slot.engine


def contributions(
    booster: lgb.Booster,
    X: Floats,
    reference: ReferencePopulation | None = None,
    columns: Sequence[int] | None = None,
    *,
    explainer: Explainer = "tree_shap",
) -> tuple[Floats, Floats]:
    """Return each margin with one term for each feature and a base that add up to it.

    Parameters
    ----------
    booster : lightgbm.Booster
        A binary booster over p features.
    X : ndarray of shape (n, p)
        Feature rows.
    reference, columns
        As :func:`engine` takes them.
    explainer : {'tree_shap', 'pred_contrib'}
        ``pred_contrib`` is LightGBM's own, path-dependent and slow: for trees that the engine does not support.

    Returns
    -------
    contributions : ndarray of shape (n, p + 1)
        SHAP values, and in the last column the mean margin of the comparison group; a row sums to its margin, to
        rounding.
    margins : ndarray of shape (n,)
        Equal to :func:`icsml.model.predict.margin` to the last bit.

    Raises
    ------
    ModelError
        If the engine does not support the trees.
    """
    if explainer == "tree_shap":
        return engine(booster, reference, columns).explain(X, threads=threads(len(X)) or _processors())
    if len(X) == 0:
        return np.empty((0, booster.num_feature() + 1)), np.empty(0)
    with PREDICTING:
        whole: Any = booster.predict(X, pred_contrib=True, num_threads=threads(len(X)))
    return whole, margin(booster, X)


def margins(
    booster: lgb.Booster,
    X: Floats,
    reference: ReferencePopulation | None = None,
    columns: Sequence[int] | None = None,
    *,
    explainer: Explainer = "tree_shap",
) -> Floats:
    """Return the margins that :func:`contributions` gives, of shape (n,), without the contributions."""
    if explainer == "tree_shap":
        return engine(booster, reference, columns).margin(X, threads=threads(len(X)) or _processors())
    return margin(booster, X)


def fastest_margin(
    booster: lgb.Booster, X: Floats, reference: ReferencePopulation | None, columns: Sequence[int] | None = None
) -> Floats:
    """Return margins, of few rows by the explainer if there is one already; the bits are those of the booster."""
    slot = _SLOTS.get(booster, {}).get(_key(reference, columns))
    if slot is None or slot.engine is None or len(X) > _FEW_ROWS:
        return margin(booster, X)
    return slot.engine.margin(X)


def _key(reference: ReferencePopulation | None, columns: Sequence[int] | None) -> _Key:
    return (reference.sha256 if reference is not None else None, tuple(columns) if columns is not None else None)


def _built(booster: lgb.Booster, reference: ReferencePopulation | None, columns: Sequence[int] | None) -> TreeShap:
    from icsml.explain.treeshap import TreeShap  # numba: seconds that a process without reasons need not spend

    if reference is None:
        return TreeShap.from_booster(booster)
    rows = reference.rows if columns is None else reference.rows[:, list(columns)]
    return TreeShap.from_booster(booster, reference=np.array(rows, order="C"))


def _processors() -> int:
    return len(os.sched_getaffinity(0))
