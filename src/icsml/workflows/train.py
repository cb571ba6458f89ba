"""Train: prepare, fit the pair, measure it on held-out rows, write the bundle."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import pandas as pd

from icsml.core.paths import home
from icsml.core.progress import Progress, silent
from icsml.errors import InputError
from icsml.innovation.scoring.evaluate import evaluate
from icsml.innovation.scoring.weight_robustness import Robustness, robustness
from icsml.model.bundle import Bundle, BundleParts, place_bundle, write_bundle
from icsml.model.card import render_card
from icsml.model.training_facts import TrainingFacts
from icsml.portfolio.checks import load_check_config
from icsml.portfolio.import_checks import recheck
from icsml.records.columns import take
from icsml.records.dataset import Dataset, read_dataset
from icsml.workflows.card_facts import training_card_facts
from icsml.workflows.comparable_metrics import comparable, split_kind
from icsml.workflows.config import TrainingConfig
from icsml.workflows.fit import FittedPair, fit_actions, parts
from icsml.workflows.measure import measure
from icsml.workflows.prepare import Prepared, Split, prepare, ranked_within, split_rows
from icsml.workflows.reference_rows import reference_population
from icsml.workflows.training_metrics import TrainingMetrics, check_sentence, training_metrics
from icsml.workflows.training_tables import held_out_predictions, training_tables

__all__ = ["Trained", "refuse_occupied", "train_bundle", "trained_on"]


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained bundle with its measurements.

    Parameters
    ----------
    bundle : Bundle
        As written and read back.
    results : TrainingMetrics
        Figures on rows never seen, counts of rows, warnings; ``metrics`` is the same as JSON.
    tables : dict of str to DataFrame
        What a reader may want beside: features (missing share of training rows, gain), rounds, trials, findings of
        the data set's checks.
    pair : FittedPair
        The fitted models.
    dataset : Dataset
        What it was trained on.
    predictions : DataFrame
        PDs of rows that no model behind them had seen: ``row`` of the data set, ``enterprise_id``, ``as_of``, ``bad``,
        ``pd``, ``pd_without_innovation`` (missing where there is no companion) and ``fold`` (missing out of time).
    """

    bundle: Bundle
    results: TrainingMetrics
    tables: dict[str, pd.DataFrame]
    pair: FittedPair
    dataset: Dataset
    predictions: pd.DataFrame

    @property
    def metrics(self) -> dict[str, Any]:
        """The results as ``icsml train --json`` prints them."""
        return self.results.as_json()


def train_bundle(
    data: Path, config: TrainingConfig, *, seed: int | None = None, out: Path | None = None, progress: Progress = silent
) -> Trained:
    """Train on a data set and write the bundle; nothing is logged or registered.

    Parameters
    ----------
    data : Path
        Folder of the data set.
    config : TrainingConfig
        How to train.
    seed : int, optional
        In place of the configuration's seeds, of the model and of the folds.
    out : Path, optional
        Where to write the bundle; by default a folder under ``ICSML_HOME``.
    progress : callable
        Told how far it is.

    Raises
    ------
    InputError
        If the data set cannot be trained on, or ``out`` contains something.
    ModelError
        If the model does not rank risk on rows it had not seen.
    """
    refuse_occupied(out)
    return trained_on(read_dataset(data), config if seed is None else config.with_seed(seed), out, progress)


def trained_on(dataset: Dataset, config: TrainingConfig, out: Path | None, progress: Progress) -> Trained:
    """Do what :func:`train_bundle` does with a data set in memory."""
    findings = recheck(dataset, load_check_config())
    for finding in findings:
        progress(f"warning: {check_sentence(finding)}")
    prepared = prepare(dataset, config, progress)
    split = split_rows(prepared, config.split_seed)
    prepared = ranked_within(prepared, split.train)
    measured = measure(prepared, split, config, progress)
    results = training_metrics(prepared, split, measured.figures, findings, config)
    for warning in results.warnings[len(findings) :]:
        progress(f"warning: {warning}")
    bundle = _write(_parts(prepared, split, measured.pair, config, results), out)
    progress(f"bundle {bundle.sha256[:12]} in {bundle.folder}")
    return Trained(
        bundle,
        results,
        training_tables(prepared, split, measured.pair, findings),
        measured.pair,
        dataset,
        held_out_predictions(prepared, split, measured),
    )


def _parts(
    prepared: Prepared, split: Split, pair: FittedPair, config: TrainingConfig, results: TrainingMetrics
) -> BundleParts:
    robust = _points_robustness(prepared, split)
    reference = reference_population(prepared, split.train, pair, config)
    return parts(
        prepared,
        pair,
        config,
        card=render_card(training_card_facts(prepared, split, config, results, robust, reference)),
        training=_facts(prepared, split, pair, config, results, robust),
        reference=reference,
        levers=fit_actions(prepared, split.train),
    )


def _points_robustness(prepared: Prepared, split: Split) -> Robustness | None:
    """Return how much of the ranking depends on assumed weights, on the training rows; None where none is assumed."""
    if prepared.rulebook is None:
        return None
    return robustness(prepared.rulebook, evaluate(prepared.rulebook, take(prepared.columns, split.train)))


def _facts(
    prepared: Prepared,
    split: Split,
    pair: FittedPair,
    config: TrainingConfig,
    results: TrainingMetrics,
    robust: Robustness | None,
) -> TrainingFacts:
    """Return the facts of training that the bundle states: nothing that changes from run to run."""
    model, figures = pair.model, comparable(results)
    return {
        "configuration": config.recorded(),
        "dataset": prepared.dataset.meta.name,
        "dataset_sha256": prepared.dataset.digest,
        "split": split_kind(prepared.dataset),
        "rows": int(split.train.sum()),
        "defaults": int(prepared.y[split.train].sum()),
        "seed": config.model.seed,
        "variant": config.variant,
        "rounds": model.classifier.rounds_,
        "companion_rounds": pair.companion.classifier.rounds_ if pair.companion else None,
        "hyperparameters": model.hyperparameters.model_dump(),
        "long_run_rate": config.long_run_rate,
        "trials": len(model.trials),
        "reference_cut_off": config.reasons.cut_off if config.reasons.reference == "approval_margin" else None,
        "points_robustness": None if robust is None else asdict(robust),
        "figures": {name: float(f"{value:.6g}") for name, value in figures.items() if isfinite(value)},
        "blocking": results.blocking,
    }


def _write(bundle: BundleParts, out: Path | None) -> Bundle:
    return write_bundle(out, bundle) if out is not None else place_bundle(home() / "bundles", bundle)


def refuse_occupied(out: Path | None) -> None:
    """Refuse a folder for the bundle that is not empty."""
    if out is not None and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError("ICS-TRN-003", "exists and is not empty", field=str(out), remedy="choose another folder")
