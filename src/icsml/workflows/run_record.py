"""Content that a training logs to MLflow: before it begins, and when it is finished."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pandas as pd

from icsml.core.canonical import sha256_hex
from icsml.core.clock import utc_now
from icsml.core.yaml import dump_yaml
from icsml.innovation.rulebooks.load import load_rulebook
from icsml.records.dataset import Dataset, FoldSplit
from icsml.registry import MlflowProgress, RunRecord, RunStart, TrialFacts
from icsml.registry.code import code_facts, environment_text
from icsml.registry.tracking import table_files
from icsml.registry.training_record import DatasetFacts
from icsml.workflows.comparable_metrics import comparable, split_kind
from icsml.workflows.config import TrainingConfig, flat
from icsml.workflows.train import Trained
from icsml.workflows.training_plots import held_out_plots, training_plots

__all__ = ["run_record", "run_start", "with_figures"]

_CONFIGURATION: Final = "configuration/training.yaml"


def run_start(dataset: Dataset, data: Path, config: TrainingConfig) -> RunStart:
    """Return the facts before training: the whole configuration, the data set, the environment."""
    return RunStart(
        name=config.name,
        dataset=_dataset_facts(dataset, data),
        params=flat(config) | _split_params(dataset, config) | {"dataset": dataset.meta.name},
        tags={
            "synthetic": str(dataset.meta.synthetic).lower(),
            "split": split_kind(dataset),
            "mlflow.note.content": _note(dataset),
        },
        files=_configuration_files(config)
        | {
            "data/dataset.yaml": dump_yaml(dataset.meta.model_dump(mode="json")).encode(),
            "environment/installed.txt": environment_text().encode(),
        },
    )


def run_record(start: RunStart, trained: Trained, log: MlflowProgress, *, run_id: str) -> RunRecord:
    """Return everything that a finished training logs, but for its figures."""
    bundle = trained.bundle
    tables, table_tags = table_files(trained.tables)
    return RunRecord(
        name=bundle.name,
        params=dict(start.params) | _chosen(trained),
        metrics=comparable(trained.results)
        | {"model_rounds": trained.pair.model.classifier.rounds_}
        | ({"companion_rounds": trained.pair.companion.classifier.rounds_} if trained.pair.companion else {}),
        curves=_curves(trained),
        dataset=start.dataset,
        tags=code_facts() | dict(start.tags) | table_tags | {"bundle_sha256": bundle.sha256},
        trials=_trials(trained),
        blocking=trained.results.blocking,
        files=dict(start.files)
        | tables
        | {
            "model_card.md": bundle.card.encode(),
            "predictions/held_out.parquet": _parquet(trained.predictions),
            "training.log": log.text.encode(),
        },
        run_id=run_id,
        ended=round(utc_now().timestamp() * 1000),
    )


def with_figures(record: RunRecord, trained: Trained, log: MlflowProgress) -> RunRecord:
    """Return the record with plots of the model's terms and of its held-out performance."""
    figures = training_plots(trained.bundle, trained.dataset, log) | held_out_plots(trained.predictions)
    plots = {f"plots/{name}.svg": figure.encode() for name, figure in figures.items()}
    return replace(record, files={**record.files, **plots, "training.log": log.text.encode()})


def _configuration_files(config: TrainingConfig) -> dict[str, bytes]:
    files = {
        _CONFIGURATION: dump_yaml(config.recorded()).encode(),
        "configuration/rulebook.yaml": load_rulebook(config.rulebook).source_text.encode(),
    }
    files |= {f"configuration/{name}": path.read_bytes() for name, path in config.files().items()}
    if config.given is not None:
        files["configuration/given.yaml"] = config.given.encode()
    if config.changes:
        files["configuration/set.txt"] = "".join(f"{change}\n" for change in config.changes).encode()
    return files


def _dataset_facts(dataset: Dataset, data: Path) -> DatasetFacts:
    columns = {str(name): _column_type(dtype) for name, dtype in dataset.enterprises.dtypes.items()}
    return {
        "name": dataset.meta.name,
        "digest": dataset.digest,
        "source": str(data.resolve()),
        "stated": dataset.meta.source,
        "rows": dataset.meta.rows,
        "columns": columns | {"bad": "long"},
    }


def _column_type(dtype: Any) -> str:  # noqa: ANN401 - numpy's or one of pandas' own
    return {"f": "double", "i": "long", "u": "long", "b": "boolean", "M": "datetime"}.get(dtype.kind, "string")


def _split_params(dataset: Dataset, config: TrainingConfig) -> dict[str, object]:
    split = dataset.meta.split
    if split is None:
        return {}
    stated: dict[str, object] = {f"split.{key}": value for key, value in split.model_dump(mode="json").items()}
    if isinstance(split, FoldSplit) and config.split_seed is not None:
        stated["split.seed"] = config.split_seed
    return {"split": split_kind(dataset)} | stated


def _note(dataset: Dataset) -> str:
    simulated = (
        "\n\n**Simulated data: these figures show the machinery and are no evidence about the world.**"
        if dataset.meta.synthetic
        else ""
    )
    return (
        f"Trained on `{dataset.meta.name}` ({dataset.meta.source}). Figures are of rows that no model behind them had"
        f" seen ({'all folds pooled' if split_kind(dataset) == 'folds' else 'the test period'}). The whole"
        f" configuration is `{_CONFIGURATION}`: `icsml train --data DIR --config training.yaml` makes the same bundle"
        f" again from the same data.{simulated}"
    )


def _chosen(trained: Trained) -> dict[str, object]:
    """Return the values chosen by training itself."""
    model, rulebook = trained.pair.model, trained.bundle.rulebook
    parameters = {f"chosen.{key}": value for key, value in model.hyperparameters.model_dump().items()}
    return parameters | {
        "features": len(trained.bundle.features),
        "code_version": trained.bundle.code_version,
        "rulebook_used": rulebook.id if rulebook else None,
        "rulebook_sha256": sha256_hex(rulebook.source_text.encode()) if rulebook else None,
    }


def _curves(trained: Trained) -> dict[str, list[tuple[int, float]]]:
    """Return the calibrated log-loss on held-out rows of training, by boosting rounds."""
    curves = {"inner_log_loss": list(trained.pair.model.classifier.inner_curve_)}
    if trained.pair.companion is not None:
        curves["without_innovation_inner_log_loss"] = list(trained.pair.companion.classifier.inner_curve_)
    return curves


def _trials(trained: Trained) -> list[TrialFacts]:
    return [
        TrialFacts(
            number=trial.number,
            params={f"model.hyperparameters.{key}": value for key, value in trial.hyperparameters.model_dump().items()},
            metrics={"inner_log_loss": trial.loss, "model_rounds": trial.rounds, "inner_slope": trial.slope},
        )
        for trial in trained.pair.model.trials
    ]


def _parquet(frame: pd.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.to_parquet(out, index=False)
    return out.getvalue()
