"""A figure that is too good is a leak until explained, and one that is no better than chance is no model; say so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from icsml.validation.auc import auc
from icsml.workflows.prepare import Prepared, Split

__all__ = ["blocking", "suspicions"]

_TOO_GOOD = 0.99
_CHANCE = 0.5
_ENOUGH = 0.5
_MODEL = "the model"
_COMPANION = "the companion without innovation"


def suspicions(prepared: Prepared, split: Split, measured: Mapping[str, Any]) -> list[str]:
    """Return a warning for every figure that must not be taken as it stands; mostly none.

    An AUC on rows never seen that is too good to be a forecast or no better than chance, and outer folds whose own
    model does not rank.

    Parameters
    ----------
    prepared : Prepared
        The data set.
    split : Split
        Its training rows are searched for a single feature that separates by itself.
    measured : mapping
        Figures of training.
    """
    found: list[str] = []
    for who, figures in _measured(measured):
        found += _folds_warning(who, figures)
        if figures["auc"] <= _CHANCE:
            found.append(f"{_no_ranking(who, figures)}: train on more rows or better features")
    figures = next(_measured(measured))[1]
    if figures["auc"] < _TOO_GOOD:
        return found
    name, alone = _strongest(prepared, split)
    return [
        *found,
        f"an AUC of {figures['auc']:.4f} is a leak until explained; the strongest single feature is {name},"
        f" AUC {alone:.4f} by itself: was it known on the decision date?",
    ]


def blocking(measured: Mapping[str, Any]) -> list[str]:
    """Return why this version must not become the champion by itself, one line each; mostly nothing.

    Three things, of the model and of the companion that stands in for it where the innovation feed is missing: an
    outer fold whose own model does not rank, an AUC no better than chance, and an AUC that is a leak until explained.

    Parameters
    ----------
    measured : mapping
        Figures of training.
    """
    found: list[str] = []
    for who, figures in _measured(measured):
        silent = figures.get("folds_without_ranking", [])
        if silent:
            found.append(
                f"{who} does not rank in {_folds(silent)} of {len(figures['folds'])}: calibration slope not above 0"
            )
        if figures["auc"] <= _CHANCE:
            found.append(_no_ranking(who, figures))
        if figures["auc"] >= _TOO_GOOD:
            found.append(f"{who} has an AUC of {figures['auc']:.4f} on rows never seen: a leak until explained")
    return found


def _measured(measured: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    name = "test" if "test" in measured else "cv"
    yield _MODEL, measured[name]
    if f"{name}_without_innovation" in measured:
        yield _COMPANION, measured[f"{name}_without_innovation"]


def _no_ranking(who: str, figures: Mapping[str, Any]) -> str:
    # One PD a fold pulls the pooled AUC below chance by itself: a fold with more events was trained on fewer.
    reverses = figures["auc_high"] < _CHANCE and not figures.get("folds_without_ranking")
    chance = "ranks the wrong way round" if reverses else "ranks no better than chance"
    return (
        f"{who} {chance} on rows never seen: AUC {figures['auc']:.4f}"
        f" ({figures['auc_low']:.4f} to {figures['auc_high']:.4f})"
    )


def _folds_warning(who: str, figures: Mapping[str, Any]) -> list[str]:
    silent = figures.get("folds_without_ranking", [])
    if not silent:
        return []
    said = "; ".join(
        f"fold {fold['fold']} with slope {fold['slope']:.4g}, trained on {fold['rows']:,} rows with"
        f" {fold['events']:,} events, its own {fold['held_out_rows']:,} rows with {fold['held_out_events']:,} measured"
        f" at a PD of {fold['pd']:.4g}"
        for fold in figures["folds"]
        if fold["fold"] in silent
    )
    return [
        f"{who} does not rank risk in {_folds(silent)} of {len(figures['folds'])} ({said}): a calibration slope not"
        " above 0 means that on rows it had not seen a higher margin was no sign of the event, and such a model is"
        " never kept. The figures count those rows at one PD each fold, so they say less of the model that is kept:"
        " train on more rows or better features, or split into more folds, which each train on more rows"
    ]


def _folds(numbers: Sequence[int]) -> str:
    return f"outer fold{'s' if len(numbers) > 1 else ''} {', '.join(str(number) for number in numbers)}"


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
