"""A figure that is too good is a leak until explained; say so, and name the feature to look at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from icsml.validation.auc import auc
from icsml.workflows.prepare import Prepared, Split

__all__ = ["suspicions"]

_TOO_GOOD = 0.99
_ENOUGH = 0.5


def suspicions(prepared: Prepared, split: Split, measured: Mapping[str, Any]) -> list[str]:
    """Return a warning where the AUC on rows never seen is too good to be a forecast; mostly none.

    Parameters
    ----------
    prepared : Prepared
        The data set.
    split : Split
        Its training rows are searched for a single feature that separates by itself.
    measured : mapping
        Figures of training.
    """
    figures = measured.get("test") or measured["cv"]
    if figures["auc"] < _TOO_GOOD:
        return []
    name, alone = _strongest(prepared, split)
    return [
        f"an AUC of {figures['auc']:.4f} is a leak until explained; the strongest single feature is {name},"
        f" AUC {alone:.4f} by itself: was it known on the decision date?"
    ]


def _strongest(prepared: Prepared, split: Split) -> tuple[str, float]:
    X, y = prepared.X[split.train], prepared.y[split.train]
    found: list[tuple[float, str]] = []
    for column, feature in enumerate(prepared.encoder.features):
        known = ~np.isnan(X[:, column])
        if known.mean() >= _ENOUGH and np.unique(y[known]).size == 2:
            ranks = np.unique(X[known, column], return_inverse=True)[1]
            area = auc(y[known], (ranks + 1.0) / (ranks.max() + 2.0))
            found.append((max(area, 1.0 - area), feature.name))
    best, name = max(found, default=(0.5, "none"))
    return name, best
