"""Measure a training on rows that no model behind the figures had seen, through the code that serves."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal

import numpy as np
from scipy.special import logit

from icsml.core.arrays import Flags, Floats, Ints
from icsml.core.progress import Progress
from icsml.decision.assess import assess
from icsml.errors import InputError
from icsml.model.bundle import BundleParts
from icsml.model.calibrate import Affine, no_ranking, refuse_no_ranking
from icsml.records.columns import take
from icsml.validation.auc_difference import AucDifference, auc_difference
from icsml.validation.summary import FoldModel, Measures, measures
from icsml.workflows.config import TrainingConfig
from icsml.workflows.fit import Fitted, FittedPair, fit_pair, parts
from icsml.workflows.prepare import Prepared, Split, ranked_within

__all__ = ["Figures", "Measured", "measure", "refuse_pair"]


COMPANION: Final = "companion without innovation"


FoldModels = tuple[FoldModel, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """Performance of a model and its companion on rows that neither was trained on.

    Parameters
    ----------
    sample : {'test', 'cv'}
        On which rows: those out of time, or all folds pooled.
    model : Measures
        Of the model.
    companion : Measures or None
        Of its companion without innovation; None where there is none, or a row has no PD by it.
    innovation_gain : AucDifference or None
        What innovation adds to the AUC; None with the companion.
    """

    sample: Literal["test", "cv"]
    model: Measures
    companion: Measures | None = None
    innovation_gain: AucDifference | None = None

    @property
    def by_name(self) -> dict[str, Measures]:
        """The measures of the model by ``sample``, those of its companion by the same ``_without_innovation``."""
        companion = {} if self.companion is None else {f"{self.sample}_without_innovation": self.companion}
        return {self.sample: self.model} | companion

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON: the measures by name, and ``innovation_gain``."""
        stated: dict[str, Any] = {name: measured.as_json() for name, measured in self.by_name.items()}
        if self.innovation_gain is not None:
            stated["innovation_gain"] = asdict(self.innovation_gain)
        return stated


@dataclass(frozen=True, slots=True)
class Measured:
    """The measurements, and the pair to be stored.

    Parameters
    ----------
    figures : Figures
        On rows that no model behind them was trained on.
    pair : FittedPair
        The model and its companion, fitted on all training rows; both rank.
    held_out : ndarray of shape (n, 2)
        PDs of the model and of its companion by models that had not seen the row; NaN where there is none.
    """

    figures: Figures
    pair: FittedPair
    held_out: Floats


def measure(prepared: Prepared, split: Split, config: TrainingConfig, progress: Progress) -> Measured:
    """Fit the pair to be stored, then measure on rows that no model behind the figures was trained on.

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
        return Measured(_figures(prepared, held_out, split.test, "test"), pair, held_out)
    held_out, models, companions = _out_of_fold(prepared, split, split.folds, config, progress)
    return Measured(_figures(prepared, held_out, split.test, "cv", split.folds, models, companions), pair, held_out)


def refuse_pair(pair: FittedPair, y: Floats) -> None:
    """Reject a pair of which one does not rank; ``y`` is the outcomes it was trained on.

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
    prepared: Prepared, split: Split, folds: Ints, config: TrainingConfig, progress: Progress
) -> tuple[Floats, FoldModels, FoldModels]:
    """Return every row's PDs by the pair of the other folds, and the models and companions behind them."""
    held_out = np.full((len(prepared.y), 2), np.nan)
    models: list[FoldModel] = []
    companions: list[FoldModel] = []
    numbers = np.unique(folds[folds >= 0])
    for number in numbers:
        progress(f"outer fold {number + 1} of {len(numbers)}")
        test = folds == number
        train = split.train & ~test
        ranked = ranked_within(prepared, train)
        pair = fit_pair(ranked, train, config, progress)
        rate = float(prepared.y[train].mean()) if config.long_run_rate is None else config.long_run_rate
        for who, fitted, fold_models in (
            ("the model", pair.model, models),
            (f"the {COMPANION}", pair.companion, companions),
        ):
            if fitted is not None:
                fold_models.append(_fold_model(int(number) + 1, fitted, prepared.y[train], prepared.y[test], rate))
                _warn(who, fold_models[-1], fitted.calibration, progress)
        held_out[test] = _held_out(ranked, parts(ranked, _without_ranking(pair, rate), config), test)[test]
    return held_out, tuple(models), tuple(companions)


def _fold_model(number: int, fitted: Fitted, train: Floats, test: Floats, rate: float) -> FoldModel:
    return FoldModel(
        fold=number,
        slope=fitted.calibration.slope,
        rows=len(train),
        events=int(train.sum()),
        held_out_rows=len(test),
        held_out_events=int(test.sum()),
        pd=None if fitted.calibration.ranks else rate,
    )


def _warn(who: str, model: FoldModel, calibration: Affine, progress: Progress) -> None:
    if model.pd is not None:
        progress(
            f"warning: outer fold {model.fold}: {who} does not rank risk ({no_ranking(calibration)});"
            f" its {model.held_out_rows:,} rows are measured at one PD of {model.pd:.4g}"
        )


def _without_ranking(pair: FittedPair, rate: float) -> FittedPair:
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
    prepared: Prepared,
    held_out: Floats,
    rows: Flags,
    sample: Literal["test", "cv"],
    folds: Ints | None = None,
    models: FoldModels | None = None,
    companions: FoldModels | None = None,
) -> Figures:
    y, groups = prepared.y[rows], prepared.groups[rows]
    if len(np.unique(y)) < 2:
        raise InputError(
            "ICS-TRN-002",
            f"its {len(y):,} labelled rows hold one class only",
            field=f"split ({sample})",
            remedy="choose another split in the mapping",
        )
    numbers = None if folds is None else folds[rows]
    pd, companion_pd = held_out[rows, 0], held_out[rows, 1]
    model = measures(y, pd, folds=numbers, groups=groups, models=models)
    if np.isnan(companion_pd).any():
        return Figures(sample, model)
    companion = measures(y, companion_pd, folds=numbers, groups=groups, models=companions)
    return Figures(sample, model, companion, auc_difference(y, pd, companion_pd, groups=groups))
