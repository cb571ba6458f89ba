"""``icsml train``: tune, fit, calibrate, measure, log and register."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from icsml.cli.options import JsonFlag, TrainingChanges, TrainingConfigFile
from icsml.cli.output import emit, kept_stdout, progress, table
from icsml.core.strict_json import JsonObject
from icsml.validation.summary import METRICS
from icsml.workflows.config import load_training_config
from icsml.workflows.register import train

__all__ = ["train_"]


def train_(
    data: Annotated[Path, typer.Option(help="Folder of the data set.", metavar="DIR")],
    config: TrainingConfigFile = None,
    set_: TrainingChanges = None,
    trials: Annotated[int | None, typer.Option(min=0, help="Trials of the search; the configuration's number.")] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=2**31 - 1, help="Seed, also of the folds; the configured ones.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the bundle; under ICSML_HOME by default.")] = None,
    json_: JsonFlag = False,
) -> None:
    """Train on a data set: tune, fit, calibrate, measure on rows never seen, log to MLflow and register."""
    changes = list(set_ or ())
    changes += [f"model.trials={trials}"] if trials is not None else []
    changes += [f"model.seed={seed}", f"split_seed={seed}"] if seed is not None else []
    settings = load_training_config(config, changes=changes)
    with kept_stdout(), _ended_in_order():
        summary = train(data, settings, out=out, progress=progress()).summary()
    emit(summary, as_json=json_, text=_text(summary))


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Let a scheduler's SIGTERM end the training as Ctrl-C does, so that its run does not stay open in MLflow."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _text(summary: JsonObject) -> str:
    metrics = summary["metrics"]
    names = [name for name, value in metrics.items() if isinstance(value, dict) and "ks" in value]
    keys = (*(key for metric in METRICS if metric.listed for key in metric.keys), "rows", "defaults")
    rows = [(key, *(metrics[name].get(key) for name in names)) for key in keys]
    lines = [
        f"{summary['name']} version {summary['version']}  ({summary['model_uri']})",
        f"bundle {summary['bundle']}  sha256 {summary['bundle_sha256'][:12]}…",
        "",
        table(rows, ("measured on rows never seen", *names)),
    ]
    gain = metrics.get("innovation_gain")
    if gain:
        lines.append(f"AUC added by innovation: {gain['auc']:+.4f} ({gain['auc_low']:+.4f} to {gain['auc_high']:+.4f})")
    if metrics["label_lookahead"] is not None:
        lines.append(f"training events dated after the test began: {metrics['label_lookahead']:,}")
    lines += [f"WARNING: {warning}" for warning in metrics["warnings"]]
    lines += _champion_lines(summary)
    if metrics["synthetic"]:
        lines.append("simulated data: these figures show the machinery and are no evidence about the world")
    lines += [
        f"next: icsml records example --model {summary['model_uri']} > record.json",
        f"      icsml decide --model {summary['model_uri']} --in record.json",
    ]
    return "\n".join(lines)


def _champion_lines(summary: JsonObject) -> list[str]:
    blocking, champion = summary["metrics"]["blocking"], summary["champion"]
    state = f"@champion is version {champion}" if champion else "there is no @champion"
    if not blocking:
        return [state]
    name, version = summary["name"], summary["version"]
    return [
        f"NOT made the champion by itself: {'; '.join(blocking)}",
        f"{state}; mend what was found and train again, or, where it is found to be right, set the alias in MLflow:",
        f"  mlflow.MlflowClient().set_registered_model_alias('{name}', 'champion', '{version}')",
    ]
