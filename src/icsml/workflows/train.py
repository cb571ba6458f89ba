"""Train: prepare, fit the pair, measure it on rows it never saw, write the bundle, log and register it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from icsml.core.paths import home
from icsml.core.progress import Progress, silent
from icsml.errors import InputError
from icsml.innovation.evaluate import evaluate
from icsml.innovation.robustness import Robustness, robustness
from icsml.innovation.schema import Rulebook
from icsml.model.bundle import Bundle, BundleParts, place_bundle, write_bundle
from icsml.model.card import CardFacts, render_card
from icsml.model.reference import ReferencePopulation
from icsml.portfolio.checks import load_check_config
from icsml.portfolio.import_checks import recheck
from icsml.records.columns import take
from icsml.records.dataset import Dataset, read_dataset
from icsml.records.finding import Finding
from icsml.registry import MlflowProgress, list_versions, log_training
from icsml.registry.tracking import CHAMPION
from icsml.workflows.config import TrainingConfig
from icsml.workflows.drawing import training_drawings
from icsml.workflows.fit import FittedPair, parts
from icsml.workflows.measure import measure
from icsml.workflows.prepare import Prepared, Split, prepare, ranked_within, split_rows
from icsml.workflows.reference import reference_population
from icsml.workflows.steps import fit_levers
from icsml.workflows.suspicion import suspicions

__all__ = ["Registered", "Trained", "train", "train_bundle"]


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
    """

    bundle: Bundle
    metrics: dict[str, Any]
    tables: dict[str, pd.DataFrame]
    pair: FittedPair
    dataset: Dataset


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
        In place of the configuration's seed and of the folds' seed in ``dataset.yaml``.
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
    _refuse_occupied(out)
    config = config if seed is None else config.with_model(seed=seed)
    dataset = read_dataset(data)
    found = recheck(dataset, load_check_config())
    for finding in found:
        progress(f"warning: {_said(finding)}")
    prepared = prepare(dataset, config, progress)
    split = split_rows(prepared, seed)
    prepared = ranked_within(prepared, split.train)
    measured, pair = measure(prepared, split, config, progress)
    metrics = (
        measured
        | _counts(prepared, split)
        | {
            "data_checks": [finding.model_dump() for finding in found],
            "warnings": [_said(finding) for finding in found] + suspicions(prepared, split, measured),
        }
    )
    for warning in metrics["warnings"][len(found) :]:
        progress(f"warning: {warning}")
    training = _facts(prepared, split, pair, config)
    reference = reference_population(prepared, split.train, pair, config)
    card = render_card(_card(prepared, split, config, metrics, training["points_robustness"], reference))
    levers = fit_levers(prepared, split.train)
    whole = parts(prepared, pair, config, card=card, training=training, reference=reference, levers=levers)
    bundle = _write(whole, out)
    progress(f"bundle {bundle.sha256[:12]} in {bundle.folder}")
    return Trained(bundle, metrics, _tables(prepared, split, pair, found), pair, prepared.dataset)


def _said(finding: Finding) -> str:
    blocking = "a blocking check of the data set" if finding.level == "block" else "a check of the data set"
    return f"{blocking} found ({finding.id}): {finding.found}"


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


def _facts(prepared: Prepared, split: Split, pair: FittedPair, config: TrainingConfig) -> dict[str, Any]:
    """State what the bundle says of its training: nothing that changes from run to run."""
    model = pair.model
    return {
        "dataset": prepared.dataset.meta.name,
        "dataset_sha256": prepared.dataset.digest,
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
    }


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
        limits=[*config.card.limits, *metrics["warnings"]],
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
        figures={f"{name} {key}": value for key, value in metrics[name].items() if isinstance(value, float)},
    )


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
                    **trial.hyperparameters.model_dump(),
                }
                for trial in pair.model.trials
            ]
        )
    return tables


def _write(bundle: BundleParts, out: Path | None) -> Bundle:
    return write_bundle(out, bundle) if out is not None else place_bundle(home() / "bundles", bundle)


def _refuse_occupied(out: Path | None) -> None:
    if out is not None and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError("ICS-TRN-003", "exists and is not empty", field=str(out), remedy="choose another folder")


@dataclass(frozen=True, slots=True)
class Registered:
    """A trained model in the register."""

    trained: Trained
    run_id: str
    model_uri: str
    name: str
    version: str
    champion: str | None

    def summary(self) -> dict[str, Any]:
        """Return what ``icsml train --json`` prints."""
        bundle = self.trained.bundle
        return {
            "run_id": self.run_id,
            "model_uri": self.model_uri,
            "name": self.name,
            "version": self.version,
            "champion": self.champion,
            "bundle": str(bundle.folder),
            "bundle_sha256": bundle.sha256,
            "metrics": self.trained.metrics,
        }


def train(
    data: Path, config: TrainingConfig, *, seed: int | None = None, out: Path | None = None, progress: Progress = silent
) -> Registered:
    """Train as :func:`train_bundle` does, then log the run to MLflow and register the bundle."""
    said = MlflowProgress(progress)
    trained = train_bundle(data, config, seed=seed, out=out, progress=said)
    bundle, meta = trained.bundle, trained.dataset.meta
    drawings = training_drawings(bundle, trained.dataset, said)
    progress("logging to MLflow and registering")
    logged = log_training(
        bundle.folder,
        name=bundle.name,
        params=_params(bundle),
        metrics=_flat(trained.metrics),
        tables=trained.tables,
        drawings=drawings,
        dataset={
            "name": meta.name,
            "digest": trained.dataset.digest,
            "source": str(data),
            "rows": meta.rows,
        },
        tags={"bundle_sha256": bundle.sha256, "synthetic": str(meta.synthetic).lower()},
        progress=said,
    )
    champions = [
        each["version"] for each in list_versions() if CHAMPION in each["aliases"] and each["name"] == logged.name
    ]
    champion = champions[0] if champions else None
    return Registered(trained, logged.run_id, logged.model_uri, logged.name, logged.version, champion)


def _params(bundle: Bundle) -> dict[str, Any]:
    training = dict(bundle.training)
    hyperparameters: dict[str, Any] = training.pop("hyperparameters")
    training.pop("points_robustness", None)
    return hyperparameters | training | {"features": len(bundle.encoder.features)}


def _flat(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Return every figure as ``part_metric``, as MLflow wants them."""
    flat: dict[str, float] = {}
    for part, figures in metrics.items():
        if isinstance(figures, dict):
            flat |= {f"{part}_{key}": float(value) for key, value in figures.items() if isinstance(value, int | float)}
        elif isinstance(figures, int | float):
            flat[part] = float(figures)
    return flat
