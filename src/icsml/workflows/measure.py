"""Measure a training on rows that no model behind the figures had seen, through the code that serves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from icsml.core.arrays import Flags, Floats
from icsml.core.progress import Progress
from icsml.decision.assess import assess
from icsml.errors import InputError
from icsml.model.bundle import BundleParts
from icsml.model.calibrate import Affine, no_ranking, refuse_no_ranking
from icsml.records.columns import take
from icsml.validation.auc_difference import auc_difference
from icsml.validation.summary import summary
from icsml.workflows.config import TrainingConfig
from icsml.workflows.fit import Fitted, FittedPair, fit_pair, parts
from icsml.workflows.prepare import Prepared, Split, ranked_within

__all__ = ["Measured", "measure", "refuse_pair"]


COMPANION: Final = "companion without innovation"


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured, and the pair that is kept.

    Parameters
    ----------
    figures : dict
        ``test`` (out of time) or ``cv`` (pooled out of fold), the same ``_without_innovation``, and
        ``innovation_gain``. Those of folds hold ``folds``, what each fold's own model was trained on and what
        calibration slope it has, and ``folds_without_ranking``, the numbers (from 1) of those whose slope is not
        positive: their rows are measured at one PD.
    pair : FittedPair
        The model and its companion, fitted on all training rows; both rank.
    held_out : ndarray of shape (n, 2)
        PDs of the model and of its companion by models that had not seen the row; NaN where there is none.
    """

    figures: dict[str, Any]
    pair: FittedPair
    held_out: Floats


def measure(prepared: Prepared, split: Split, config: TrainingConfig, progress: Progress) -> Measured:
    """Fit the pair that is kept, then measure on rows that no model behind the figures was trained on.

    Parameters
    ----------
    prepared : Prepared
        The data set, ranked within the training rows.
    split : Split
        Which rows train and which test.
    config : TrainingConfig
        How to train.
    progress : callable
        Told how far it is, and which fold's model does not rank.

    Returns
    -------
    Measured

    Raises
    ------
    ModelError
        ``ICS-MOD-017`` if the model or its companion does not rank, before anything is measured.
    InputError
        ``ICS-TRN-002`` if the rows to measure on hold one class only.
    """
    if split.folds is not None:
        progress("the model itself, on all rows")
    pair = fit_pair(prepared, split.train, config, progress)
    refuse_pair(pair, prepared.y[split.train])
    if split.folds is None:
        held_out = _held_out(prepared, parts(prepared, pair, config), split.test)
        return Measured(_figures(prepared, held_out, split.test, "test", None), pair, held_out)
    held_out, told = _out_of_fold(prepared, split, split.folds, config, progress)
    figures = _figures(prepared, held_out, split.test, "cv", split.folds[split.test])
    for name in figures.keys() & told.keys():
        figures[name]["folds"] = told[name]
        figures[name]["folds_without_ranking"] = [fold["fold"] for fold in told[name] if fold["pd"] is not None]
    return Measured(figures, pair, held_out)


def refuse_pair(pair: FittedPair, y: Floats) -> None:
    """Refuse a pair of which one does not rank; ``y`` holds the outcomes it was trained on.

    Raises
    ------
    ModelError
        ``ICS-MOD-017``, naming the model or the companion without innovation, its slope, rows and events.
    """
    rows, events = len(y), int(y.sum())
    refuse_no_ranking(pair.model.calibration, "model", rows=rows, events=events)
    if pair.companion is not None:
        refuse_no_ranking(
            pair.companion.calibration,
            COMPANION,
            rows=rows,
            events=events,
            remedy="the features other than innovation do not tell the event: train on more rows or better features of"
            " that kind, or leave them all out with `exclude`, and there is no companion",
        )


def _out_of_fold(
    prepared: Prepared, split: Split, folds: NDArray[np.int64], config: TrainingConfig, progress: Progress
) -> tuple[Floats, dict[str, list[dict[str, Any]]]]:
    """Return every row's PDs by the pair of the other folds, and what is to be told of each fold."""
    held_out = np.full((len(prepared.y), 2), np.nan)
    told: dict[str, list[dict[str, Any]]] = {"cv": [], "cv_without_innovation": []}
    numbers = np.unique(folds[folds >= 0])
    for number in numbers:
        progress(f"outer fold {number + 1} of {len(numbers)}")
        test = folds == number
        train = split.train & ~test
        own = ranked_within(prepared, train)
        pair = fit_pair(own, train, config, progress)
        rate = float(prepared.y[train].mean()) if config.long_run_rate is None else config.long_run_rate
        each = {"cv": pair.model, "cv_without_innovation": pair.companion}
        for name, fitted in each.items():
            if fitted is not None:
                told[name].append(_told(int(number) + 1, fitted, prepared.y[train], prepared.y[test], rate))
                _warn(name, told[name][-1], fitted.calibration, progress)
        held_out[test] = _held_out(own, parts(own, _saying_nothing(pair, rate), config), test)[test]
    return held_out, told


def _told(number: int, fitted: Fitted, train: Floats, test: Floats, rate: float) -> dict[str, Any]:
    return {
        "fold": number,
        "slope": fitted.calibration.slope,
        "rows": len(train),
        "events": int(train.sum()),
        "held_out_rows": len(test),
        "held_out_events": int(test.sum()),
        "pd": None if fitted.calibration.ranks else rate,
    }


def _warn(name: str, fold: dict[str, Any], calibration: Affine, progress: Progress) -> None:
    if fold["pd"] is not None:
        who = "the model" if name == "cv" else f"the {COMPANION}"
        progress(
            f"warning: outer fold {fold['fold']}: {who} does not rank risk ({no_ranking(calibration)});"
            f" its {fold['held_out_rows']:,} rows are measured at one PD of {fold['pd']:.4g}"
        )


def _saying_nothing(pair: FittedPair, rate: float) -> FittedPair:
    """Return the pair with one PD for every row in place of a ranking that would be refused as a bundle.

    The companion's too, which gives the model's PD of a row without an innovation feed.
    """
    companion = None if pair.companion is None else _flat(pair.companion, rate)
    return replace(pair, model=_flat(pair.model, rate), companion=companion)


def _flat(fitted: Fitted, rate: float) -> Fitted:
    return fitted if fitted.calibration.ranks else replace(fitted, calibration=Affine(0.0, float(logit(rate))))


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
