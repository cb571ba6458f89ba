"""Train: prepare, fit the pair, measure it on rows it never saw, write the bundle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from icsml.core.paths import home
from icsml.core.progress import Progress, silent
from icsml.errors import InputError
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.scoring.evaluate import evaluate
from icsml.innovation.scoring.weight_robustness import Robustness, robustness
from icsml.model.bundle import Bundle, BundleParts, place_bundle, write_bundle
from icsml.model.card import CardFacts, render_card
from icsml.model.reference import ReferencePopulation
from icsml.portfolio.checks import load_check_config
from icsml.portfolio.import_checks import recheck
from icsml.records.columns import take
from icsml.records.dataset import Dataset, read_dataset
from icsml.records.finding import Finding
from icsml.workflows.config import TrainingConfig, reason_catalogue
from icsml.workflows.figures import comparable, split_kind
from icsml.workflows.fit import FittedPair, parts
from icsml.workflows.measure import Measured, measure
from icsml.workflows.prepare import Prepared, Split, prepare, ranked_within, split_rows
from icsml.workflows.reference import reference_population
from icsml.workflows.steps import fit_levers
from icsml.workflows.suspicion import blocking, suspicions

__all__ = ["Trained", "refuse_occupied", "train_bundle", "trained_on"]


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained bundle and what was measured.

    Parameters
    ----------
    bundle : Bundle
        As written and read back.
    metrics : dict
        ``test`` (out of time) or ``cv`` (pooled out of fold), the same without innovation, what innovation adds to the
        AUC with its interval, and counts of rows.
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
    metrics: dict[str, Any]
    tables: dict[str, pd.DataFrame]
    pair: FittedPair
    dataset: Dataset
    predictions: pd.DataFrame


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
        If the data set cannot be trained on, or ``out`` holds something.
    ModelError
        If the model does not rank risk on rows it had not seen.
    """
    refuse_occupied(out)
    return trained_on(read_dataset(data), config if seed is None else config.with_seed(seed), out, progress)


def trained_on(dataset: Dataset, config: TrainingConfig, out: Path | None, progress: Progress) -> Trained:
    """Do what :func:`train_bundle` does with a data set in memory."""
    found = recheck(dataset, load_check_config())
    for finding in found:
        progress(f"warning: {_said(finding)}")
    prepared = prepare(dataset, config, progress)
    split = split_rows(prepared, config.split_seed)
    prepared = ranked_within(prepared, split.train)
    measured = measure(prepared, split, config, progress)
    warnings = suspicions(prepared, split, measured.figures)
    for warning in warnings:
        progress(f"warning: {warning}")
    metrics = (
        measured.figures
        | _counts(prepared, split)
        | {
            "data_checks": [finding.model_dump() for finding in found],
            "warnings": [_said(finding) for finding in found] + warnings,
            "blocking": [_said(each) for each in found if each.level == "block"]
            + blocking(measured.figures)
            + _unsigned(prepared, config),
        }
    )
    pair = measured.pair
    training = _facts(prepared, split, pair, config, metrics)
    reference = reference_population(prepared, split.train, pair, config)
    card = render_card(_card(prepared, split, config, metrics, training["points_robustness"], reference))
    levers = fit_levers(prepared, split.train)
    whole = parts(prepared, pair, config, card=card, training=training, reference=reference, levers=levers)
    bundle = _write(whole, out)
    progress(f"bundle {bundle.sha256[:12]} in {bundle.folder}")
    predictions = _predictions(prepared, split, measured)
    return Trained(bundle, metrics, _tables(prepared, split, pair, found), pair, dataset, predictions)


def _said(finding: Finding) -> str:
    blocking = "a blocking check of the data set" if finding.level == "block" else "a check of the data set"
    return f"{blocking} found ({finding.id}): {finding.found}"


def _unsigned(prepared: Prepared, config: TrainingConfig) -> list[str]:
    """Return why the model must not become champion where the catalogue of reasons asks for texts that are signed."""
    missing = reason_catalogue(config).unsigned(prepared.encoder.features)
    if not missing:
        return []
    return [f"free features without a direction or a signed text, which the catalogue asks for: {', '.join(missing)}"]


def _counts(prepared: Prepared, split: Split) -> dict[str, Any]:
    meta = prepared.dataset.meta
    return {
        "rows": {
            "train": int(split.train.sum()),
            "train_defaults": int(prepared.y[split.train].sum()),
            "embargoed": int(split.dropped.sum()),
            "unlabelled": int((~prepared.labelled).sum()),
        },
        "label_lookahead": meta.label_lookahead,
        "out_of_range": meta.out_of_range,
        "features_dropped": prepared.dropped,
        "synthetic": meta.synthetic,
    }


def _facts(
    prepared: Prepared, split: Split, pair: FittedPair, config: TrainingConfig, metrics: Mapping[str, Any]
) -> dict[str, Any]:
    """State what the bundle says of its training: nothing that changes from run to run."""
    model = pair.model
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
        "points_robustness": _robustness(prepared, split),
        "figures": {name: float(f"{value:.6g}") for name, value in comparable(metrics).items() if isfinite(value)},
        "blocking": metrics["blocking"],
    }


def _predictions(prepared: Prepared, split: Split, measured: Measured) -> pd.DataFrame:
    rows = np.flatnonzero(split.test)
    frame = prepared.dataset.enterprises.iloc[rows]
    found = pd.DataFrame({"row": rows})
    for name in ("enterprise_id", "as_of"):
        if name in frame:
            found[name] = frame[name].to_numpy()
    found["bad"] = prepared.y[rows].astype(np.int64)
    found["pd"], found["pd_without_innovation"] = measured.held_out[rows].T
    if split.folds is not None:
        found["fold"] = split.folds[rows] + 1
    return found


def _robustness(prepared: Prepared, split: Split) -> dict[str, Any] | None:
    """Return how much hangs on assumed weights, on the training rows; None where none is assumed."""
    if prepared.rulebook is None:
        return None
    found = robustness(prepared.rulebook, evaluate(prepared.rulebook, take(prepared.columns, split.train)))
    return None if found is None else found.as_json()


def _card(
    prepared: Prepared,
    split: Split,
    config: TrainingConfig,
    metrics: Mapping[str, Any],
    points_robustness: Mapping[str, Any] | None,
    reference: ReferencePopulation | None,
) -> CardFacts:
    name = "test" if "test" in metrics else "cv"
    rulebook = prepared.rulebook
    return CardFacts(
        name=config.name,
        purpose=config.card.purpose,
        owner=config.card.owner,
        tier=config.card.tier,
        limits=[*config.card.limits, *_rulebook_limits(rulebook), *metrics["warnings"]],
        event=prepared.meaning.event,
        horizon_months=prepared.meaning.horizon_months,
        synthetic=prepared.dataset.meta.synthetic,
        dataset=prepared.dataset.meta.name,
        dataset_sha256=prepared.dataset.digest,
        rows=int(split.train.sum()),
        defaults=int(prepared.y[split.train].sum()),
        features=[feature.name for feature in prepared.encoder.features],
        rulebook=_points_said(rulebook, points_robustness) if rulebook else None,
        reference=_population_said(reference, config) if reference else None,
        directions={each.feature: (str(each.direction), each.reason) for each in prepared.encoder.overrides},
        figures={f"{name} {key}": value for key, value in metrics[name].items() if isinstance(value, float)},
    )


def _rulebook_limits(rulebook: Rulebook | None) -> list[str]:
    assumed = rulebook is not None and rulebook.provenance == "assumed"
    return ["The points rest on an assumed rulebook; they are not the official score."] if assumed else []


def _points_said(rulebook: Rulebook, points_robustness: Mapping[str, Any] | None) -> str:
    assumed = f". {Robustness(**points_robustness).sentence()}" if points_robustness else ""
    return f"{rulebook.id} ({rulebook.provenance}){assumed}"


def _population_said(reference: ReferencePopulation, config: TrainingConfig) -> str:
    cut_off = config.reasons.cut_off if reference.id == "approval-margin" else None
    nearest = f" nearest to a PD of {cut_off:g}" if cut_off is not None else ""
    return f"`{reference.id}`, {len(reference.rows):,} training rows{nearest}"


def _tables(prepared: Prepared, split: Split, pair: FittedPair, found: Sequence[Finding]) -> dict[str, pd.DataFrame]:
    booster = pair.model.classifier.booster_
    missing = np.isnan(prepared.X[split.train]).mean(axis=0)
    tables = {
        "features": pd.DataFrame(
            [
                {
                    "feature": feature.name,
                    "code": feature.code,
                    "group": feature.group,
                    "domain": str(feature.domain),
                    "direction": str(feature.direction),
                    "direction_set": feature.overridden,
                    "missing_share": float(missing[i]),
                    "gain": float(gain),
                }
                for i, (feature, gain) in enumerate(
                    zip(prepared.encoder.features, booster.feature_importance("gain"), strict=True)
                )
            ]
        ),
        "data_checks": pd.DataFrame([finding.model_dump() for finding in found], columns=list(Finding.model_fields)),
        "rounds": pd.DataFrame(pair.model.classifier.inner_curve_, columns=["rounds", "calibrated_log_loss"]),
    }
    if pair.model.trials:
        tables["trials"] = pd.DataFrame(
            [
                {
                    "number": trial.number,
                    "loss": trial.loss,
                    "rounds": trial.rounds,
                    "slope": trial.slope,
                    **trial.hyperparameters.model_dump(),
                }
                for trial in pair.model.trials
            ]
        )
    return tables


def _write(bundle: BundleParts, out: Path | None) -> Bundle:
    return write_bundle(out, bundle) if out is not None else place_bundle(home() / "bundles", bundle)


def refuse_occupied(out: Path | None) -> None:
    """Refuse a place for the bundle that holds something."""
    if out is not None and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError("ICS-TRN-003", "exists and is not empty", field=str(out), remedy="choose another folder")
