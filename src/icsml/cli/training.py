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
from icsml.registry import Logged
from icsml.validation.summary import METRICS
from icsml.workflows.config import load_training_config
from icsml.workflows.register import Registered, train

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
        registered = train(data, settings, out=out, progress=progress())
    emit(registered.summary(), as_json=json_, text=_text(registered))


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


def _text(registered: Registered) -> str:
    results, logged, bundle = registered.trained.results, registered.logged, registered.trained.bundle
    measured = {name: measures.figures for name, measures in results.figures.by_name.items()}
    keys = (*(key for metric in METRICS if metric.listed for key in metric.keys), "rows", "defaults")
    rows = [(key, *(figures.get(key) for figures in measured.values())) for key in keys]
    lines = [
        f"{logged.name} version {logged.version}  ({logged.model_uri})",
        f"bundle {bundle.folder}  sha256 {bundle.sha256[:12]}…",
        "",
        table(rows, ("measured on rows never seen", *measured)),
    ]
    gain = results.figures.innovation_gain
    if gain is not None:
        lines.append(f"AUC added by innovation: {gain.auc:+.4f} ({gain.auc_low:+.4f} to {gain.auc_high:+.4f})")
    if results.label_lookahead is not None:
        lines.append(f"training events dated after the test began: {results.label_lookahead:,}")
    lines += [f"WARNING: {warning}" for warning in results.warnings]
    lines += _champion_lines(logged, results.blocking)
    if results.synthetic:
        lines.append("simulated data: these figures show the machinery and are no evidence about the world")
    lines += [
        f"next: icsml records example --model {logged.model_uri} > record.json",
        f"      icsml decide --model {logged.model_uri} --in record.json",
    ]
    return "\n".join(lines)


def _champion_lines(logged: Logged, blocking: list[str]) -> list[str]:
    state = f"@champion is version {logged.champion}" if logged.champion else "there is no @champion"
    if not blocking:
        return [state]
    return [
        f"NOT made the champion by itself: {'; '.join(blocking)}",
        f"{state}; mend what was found and train again, or, where it is found to be right, set the alias in MLflow:",
        f"  mlflow.MlflowClient().set_registered_model_alias('{logged.name}', 'champion', '{logged.version}')",
    ]
