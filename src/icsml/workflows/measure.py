"""Measure a training on rows that no model behind the figures had seen, through the code that serves."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from icsml.core.progress import Progress
from icsml.decision.assess import assess
from icsml.errors import InputError
from icsml.model.bundle import BundleParts
from icsml.records.columns import take
from icsml.validation.auc_difference import auc_difference
from icsml.validation.summary import summary
from icsml.workflows.config import TrainingConfig
from icsml.workflows.fit import FittedPair, fit_pair, parts
from icsml.workflows.prepare import Prepared, Split, ranked_within

__all__ = ["measure"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def measure(
    prepared: Prepared, split: Split, config: TrainingConfig, progress: Progress
) -> tuple[dict[str, Any], FittedPair]:
    """Return figures on rows that no model behind them was trained on, and the pair that is kept."""
    if split.folds is None:
        pair = fit_pair(prepared, split.train, config, progress)
        held_out = _held_out(prepared, parts(prepared, pair, config), split.test)
        return _figures(prepared, held_out, split.test, "test", None), pair
    held_out = np.full((len(prepared.y), 2), np.nan)
    numbers = np.unique(split.folds[split.folds >= 0])
    for number in numbers:
        progress(f"outer fold {number + 1} of {len(numbers)}")
        test = split.folds == number
        own = ranked_within(prepared, split.train & ~test)
        pair = fit_pair(own, split.train & ~test, config, progress)
        held_out[test] = _held_out(own, parts(own, pair, config), test)[test]
    figures = _figures(prepared, held_out, split.test, "cv", split.folds[split.test])
    progress("the model itself, on all rows")
    return figures, fit_pair(prepared, split.train, config, progress)


def _held_out(prepared: Prepared, model: BundleParts, rows: Flags) -> Floats:
    """PDs of the model and of its companion for the given rows, through the code that serves; NaN elsewhere."""
    assessment = assess(model, take(prepared.columns, rows), explained=False)
    held_out = np.full((len(rows), 2), np.nan)
    held_out[rows, 0] = assessment.pd
    if assessment.pd_without_innovation is not None:
        held_out[rows, 1] = assessment.pd_without_innovation
    return held_out


def _figures(
    prepared: Prepared, held_out: Floats, rows: Flags, name: str, folds: NDArray[np.int64] | None
) -> dict[str, Any]:
    y, groups = prepared.y[rows], prepared.groups[rows]
    if len(np.unique(y)) < 2:
        raise InputError(
            "ICS-TRN-002",
            f"its {len(y):,} labelled rows hold one class only",
            field=f"split ({name})",
            remedy="choose another split in the mapping",
        )
    figures = {name: summary(y, held_out[rows, 0], folds=folds, groups=groups)}
    if not np.isnan(held_out[rows, 1]).any():
        without = summary(y, held_out[rows, 1], folds=folds, groups=groups)
        figures[f"{name}_without_innovation"] = without
        figures["innovation_gain"] = auc_difference(y, held_out[rows, 0], held_out[rows, 1], groups=groups)
    return figures
