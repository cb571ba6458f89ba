"""Metrics of a training under names that do not depend on the split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from icsml.records.dataset import Dataset, FoldSplit
from icsml.workflows.training_metrics import TrainingMetrics

__all__ = ["comparable", "split_kind"]


def split_kind(dataset: Dataset) -> str:
    """Return ``folds`` or ``out_of_time``: the rows that the metrics of a training on this data set are of."""
    return "folds" if isinstance(dataset.meta.split, FoldSplit) else "out_of_time"


def comparable(results: TrainingMetrics) -> dict[str, float]:
    """Return every metric under a name that does not depend on how the data set is split.

    ``auc`` is that of the test period or of all folds pooled; the tag ``split`` states which.
    """
    figures = results.figures
    parts: list[tuple[str, Mapping[str, float | None]]] = [
        ("", figures.model.figures),
        ("without_innovation_", {} if figures.companion is None else figures.companion.figures),
        ("innovation_gain_", {} if figures.innovation_gain is None else asdict(figures.innovation_gain)),
        ("rows_", asdict(results.rows)),
        ("", {"label_lookahead": results.label_lookahead}),
        ("out_of_range_", results.out_of_range),
    ]
    return {
        f"{prefix}{key}": float(value) for prefix, part in parts for key, value in part.items() if value is not None
    }
