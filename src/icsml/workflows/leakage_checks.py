"""Warnings for metrics that are too good, which may be a leak, or no better than chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from icsml.validation.auc import auc
from icsml.validation.summary import Measures
from icsml.workflows.measure import Figures
from icsml.workflows.prepare import Prepared, Split

__all__ = ["blocking_reasons", "leakage_warnings"]

_TOO_GOOD = 0.99
_CHANCE = 0.5
_ENOUGH = 0.5
_MODEL = "the model"
_COMPANION = "the companion without innovation"


def leakage_warnings(prepared: Prepared, split: Split, figures: Figures) -> list[str]:
    """Return a warning for every metric that is not plausible; mostly none.

    An AUC on rows never seen that is too good to be a forecast or no better than chance, and outer folds whose own
    model does not rank.

    Parameters
    ----------
    prepared : Prepared
        The data set.
    split : Split
        Its training rows are searched for a single feature that separates by itself.
    figures : Figures
        Of the model and its companion.
    """
    warnings: list[str] = []
    for who, measures in _measured(figures):
        warnings += _folds_warning(who, measures)
        if _auc(measures) <= _CHANCE:
            warnings.append(f"{_no_ranking(who, measures)}: train on more rows or better features")
    model_auc = _auc(figures.model)
    if model_auc < _TOO_GOOD:
        return warnings
    name, area = _strongest(prepared, split)
    return [
        *warnings,
        f"an AUC of {model_auc:.4f} is a leak until explained; the strongest single feature is {name},"
        f" AUC {area:.4f} by itself: was it known on the decision date?",
    ]


def blocking_reasons(figures: Figures) -> list[str]:
    """Return why this version must not become the champion by itself, one line each; mostly nothing.

    Three things, of the model and of the companion that replaces it where the innovation feed is missing: an
    outer fold whose own model does not rank, an AUC no better than chance, and an AUC that is a leak until explained.

    Parameters
    ----------
    figures : Figures
        Of the model and its companion.
    """
    reasons: list[str] = []
    for who, measures in _measured(figures):
        without_ranking, folds = measures.folds_without_ranking, measures.folds or ()
        if without_ranking:
            reasons.append(
                f"{who} does not rank in {_folds(without_ranking)} of {len(folds)}: calibration slope not above 0"
            )
        if _auc(measures) <= _CHANCE:
            reasons.append(_no_ranking(who, measures))
        if _auc(measures) >= _TOO_GOOD:
            reasons.append(f"{who} has an AUC of {_auc(measures):.4f} on rows never seen: a leak until explained")
    return reasons


def _measured(figures: Figures) -> Iterator[tuple[str, Measures]]:
    yield _MODEL, figures.model
    if figures.companion is not None:
        yield _COMPANION, figures.companion


def _auc(measures: Measures, bound: str = "") -> float:
    area = measures.metrics[f"auc{bound}"]
    assert area is not None  # noqa: S101 - the rows hold both classes
    return area


def _no_ranking(who: str, measures: Measures) -> str:
    low, high = _auc(measures, "_low"), _auc(measures, "_high")
    # One PD a fold pulls the pooled AUC below chance by itself: a fold with more events was trained on fewer.
    reverses = high < _CHANCE and not measures.folds_without_ranking
    chance = "ranks the wrong way round" if reverses else "ranks no better than chance"
    return f"{who} {chance} on rows never seen: AUC {_auc(measures):.4f} ({low:.4f} to {high:.4f})"


def _folds_warning(who: str, measures: Measures) -> list[str]:
    without_ranking, folds = measures.folds_without_ranking, measures.folds or ()
    if not without_ranking:
        return []
    described = "; ".join(
        f"fold {model.fold} with slope {model.slope:.4g}, trained on {model.rows:,} rows with"
        f" {model.events:,} events, its own {model.held_out_rows:,} rows with {model.held_out_events:,} measured"
        f" at a PD of {model.pd:.4g}"
        for model in folds
        if model.pd is not None
    )
    return [
        f"{who} does not rank risk in {_folds(without_ranking)} of {len(folds)} ({described}): a calibration slope not"
        " above 0 means that on rows it had not seen a higher margin was no sign of the event, and such a model is"
        " never kept. The figures count those rows at one PD each fold, so they say less of the model that is kept:"
        " train on more rows or better features, or split into more folds, which each train on more rows"
    ]


def _folds(numbers: Sequence[int]) -> str:
    return f"outer fold{'s' if len(numbers) > 1 else ''} {', '.join(str(number) for number in numbers)}"


def _strongest(prepared: Prepared, split: Split) -> tuple[str, float]:
    X, y = prepared.X[split.train], prepared.y[split.train]
    areas: list[tuple[float, str]] = []
    for column, feature in enumerate(prepared.encoder.features):
        known = ~np.isnan(X[:, column])
        if known.mean() >= _ENOUGH and np.unique(y[known]).size == 2:
            ranks = np.unique(X[known, column], return_inverse=True)[1]
            feature_area = auc(y[known], (ranks + 1.0) / (ranks.max() + 2.0))
            areas.append((max(feature_area, 1.0 - feature_area), feature.name))
    best, name = max(areas, default=(0.5, "none"))
    return name, best
