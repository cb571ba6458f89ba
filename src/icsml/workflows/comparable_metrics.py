"""Metrics of a training under names that do not depend on the split."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from icsml.records.dataset import Dataset, FoldSplit

__all__ = ["comparable", "split_kind"]

_PARTS: Final = {
    "test": "",
    "cv": "",
    "test_without_innovation": "without_innovation_",
    "cv_without_innovation": "without_innovation_",
}


def split_kind(dataset: Dataset) -> str:
    """Return ``folds`` or ``out_of_time``: the rows that the metrics of a training on this data set are of."""
    return "folds" if isinstance(dataset.meta.split, FoldSplit) else "out_of_time"


def comparable(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Return every metric under a name that does not depend on how the data set is split.

    ``auc`` is that of the test period or of all folds pooled; the tag ``split`` states which.
    """
    named: dict[str, float] = {}
    for part, figures in metrics.items():
        if isinstance(figures, Mapping):
            prefix = _PARTS.get(part, f"{part}_")
            named |= {f"{prefix}{key}": float(value) for key, value in figures.items() if _is_number(value)}
        elif _is_number(figures):
            named[part] = float(figures)
    return named


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
