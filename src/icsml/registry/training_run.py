"""One training as one MLflow run: opened before it begins, closed with all its results.

So a register that cannot be used is reported before the work and not after it.

Runs are written through MLflow's client by their identifier, never through its active run: that one is the caller's.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from icsml.core.canonical import canonical_bytes
from icsml.core.progress import Progress, silent
from icsml.errors import IcsmlError, MissingError
from icsml.registry.code import code_facts
from icsml.registry.dataset_input import dataset_input
from icsml.registry.experiment import experiment_of, open_experiment
from icsml.registry.session import mlflow_session
from icsml.registry.training_record import DatasetFacts, RunRecord, TrialFacts

__all__ = ["RunStart", "close_run", "fill_run", "new_run", "open_run"]

_RUN_VARIABLE: Final = "MLFLOW_RUN_ID"
_PARENT: Final = "mlflow.parentRunId"
_TRIAL: Final = "icsml.trial"
_MARK: Final = "icsml.model"


@dataclass(frozen=True, kw_only=True)
class RunStart:
    """Facts of a training before it begins.

    Parameters
    ----------
    name : str
        Registered model; also the name of the run.
    params, tags : mapping
        As MLflow shows them.
    dataset : DatasetFacts
        What is trained on.
    files : mapping of str to bytes
        Artifacts by their path in the run, such as the configuration.
    """

    name: str
    dataset: DatasetFacts
    params: Mapping[str, Any] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)


def open_run(start: RunStart, progress: Progress = silent) -> str:
    """Open the run of a training and return its identifier.

    The run named by ``MLFLOW_RUN_ID`` is taken where the variable is set, as MLflow's own tools set it. Where the
    caller has a run active in this registry, the new one is nested below it.

    Raises
    ------
    MissingError
        ICS-REG-003 if the registry cannot be used, ICS-REG-006 if its experiment is deleted, ICS-REG-007 if its files
        lie elsewhere because ICSML_HOME was moved, ICS-REG-008 if ``MLFLOW_RUN_ID`` names no run that can be used.
    """
    with mlflow_session(writing=True, progress=progress) as mlflow:
        client = mlflow.MlflowClient()
        client.search_registered_models(max_results=1)  # the register may be another server than the runs'
        return new_run(mlflow, start)


def new_run(mlflow: ModuleType, start: RunStart) -> str:
    """Do what :func:`open_run` does, in a session."""
    client = mlflow.MlflowClient()
    run_id = _given_run(mlflow, client) or _created(mlflow, client, start)
    tags = dict(start.tags) | code_facts() | {"dataset_sha256": start.dataset["digest"], _MARK: start.name}
    client.log_batch(run_id, params=_params(mlflow, start.params), tags=_tags(mlflow, tags))
    client.log_inputs(run_id, [dataset_input(mlflow, start.dataset)])
    _log_files(client, run_id, start.files)
    return run_id


def fill_run(mlflow: ModuleType, run_id: str, record: RunRecord) -> None:
    """Log everything of a record to its open run; values that are already there are unchanged."""
    client = mlflow.MlflowClient()
    entities = mlflow.entities
    at = record.ended or client.get_run(run_id).info.start_time
    metrics = [entities.Metric(key, float(value), at, 0) for key, value in record.metrics.items()]
    for key, curve in record.curves.items():
        metrics += [entities.Metric(key, float(value), at, int(step)) for step, value in curve]
    logged = client.get_run(run_id).data.params
    params = {key: value for key, value in record.params.items() if key not in logged}
    for first in range(0, max(len(metrics), 1), 900):  # MLflow takes 1,000 a call
        client.log_batch(run_id, metrics=metrics[first : first + 900])
    client.log_batch(run_id, params=_params(mlflow, params), tags=_tags(mlflow, record.tags))
    _log_files(client, run_id, record.files)
    _log_trials(mlflow, client, run_id, record.trials, at)


def close_run(
    run_id: str,
    *,
    failed: bool,
    reason: str,
    files: Mapping[str, bytes],
    progress: Progress = silent,
) -> None:
    """End the run of a failed training; where the registry is gone as well, report it and continue."""
    try:
        with mlflow_session(writing=True, progress=progress) as mlflow:
            client = mlflow.MlflowClient()
            client.set_tag(run_id, "error", reason[:5_000])
            _log_files(client, run_id, files)
            client.set_terminated(run_id, "FAILED" if failed else "KILLED")
    except IcsmlError as error:
        progress(f"run {run_id} stays open: {error}")


def _given_run(mlflow: ModuleType, client: Any) -> str | None:  # noqa: ANN401 - mlflow.MlflowClient
    run_id = os.environ.get(_RUN_VARIABLE)
    if not run_id:
        return None
    try:
        run = client.get_run(run_id)
    except mlflow.exceptions.MlflowException as error:
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise
        raise _stale(run_id, str(error)) from error
    if run.info.lifecycle_stage != "active" or run.info.status not in ("RUNNING", "SCHEDULED"):
        raise _stale(run_id, f"that run is {run.info.lifecycle_stage} and {run.info.status}")
    if _MARK in run.data.tags:
        raise _stale(run_id, "that run holds a training already")
    experiment_of(client, run.info.experiment_id)
    return run_id


def _stale(run_id: str, reason: str) -> MissingError:
    return MissingError(
        "ICS-REG-008",
        f"names run {run_id}, which cannot be trained into: {' '.join(reason.split())}",
        field=_RUN_VARIABLE,
        remedy=f"unset {_RUN_VARIABLE}, or name a run that is open",
    )


def _created(mlflow: ModuleType, client: Any, start: RunStart) -> str:  # noqa: ANN401 - mlflow.MlflowClient
    parent = _parent(mlflow, client)
    tags = {} if parent is None else {_PARENT: parent.info.run_id}
    experiment = open_experiment(mlflow, client) if parent is None else parent.info.experiment_id
    run = client.create_run(experiment, tags=tags, run_name=start.name)
    identifier: str = run.info.run_id
    return identifier


def _parent(mlflow: ModuleType, client: Any) -> Any:  # noqa: ANN401 - mlflow.MlflowClient, mlflow.entities.Run
    """Return the caller's active run where it is one of this registry."""
    active = mlflow.active_run()
    if active is None:
        return None
    with suppress(mlflow.exceptions.MlflowException):
        return client.get_run(active.info.run_id)
    return None


def _params(mlflow: ModuleType, params: Mapping[str, Any]) -> list[Any]:
    return [mlflow.entities.Param(key, _text(value)) for key, value in params.items()]


def _text(value: object) -> str:
    return value if isinstance(value, str) else canonical_bytes(value).decode()


def _tags(mlflow: ModuleType, tags: Mapping[str, str]) -> list[Any]:
    return [mlflow.entities.RunTag(key, str(value)) for key, value in tags.items()]


def _log_files(client: Any, run_id: str, files: Mapping[str, bytes]) -> None:  # noqa: ANN401 - mlflow.MlflowClient
    if not files:
        return
    with tempfile.TemporaryDirectory() as scratch:
        for path, content in files.items():
            target = Path(scratch) / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        client.log_artifacts(run_id, scratch)


def _log_trials(mlflow: ModuleType, client: Any, run_id: str, trials: Any, at: int) -> None:  # noqa: ANN401
    """Log each trial as a run below the training's, unless an interrupted attempt did."""
    if not trials:
        return
    experiment = client.get_run(run_id).info.experiment_id
    below = client.search_runs([experiment], f"tags.`{_PARENT}` = '{run_id}'", max_results=1_000)
    logged = {run.data.tags.get(_TRIAL) for run in below if run.info.status == "FINISHED"}
    for trial in trials:
        if str(trial.number) not in logged:
            _log_trial(mlflow, client, experiment, run_id, trial, at)


def _log_trial(
    mlflow: ModuleType,
    client: Any,  # noqa: ANN401 - mlflow.MlflowClient
    experiment: str,
    run_id: str,
    trial: TrialFacts,
    at: int,
) -> None:
    tags = {_PARENT: run_id, _TRIAL: str(trial.number)}
    child = client.create_run(experiment, tags=tags, run_name=f"trial {trial.number}", start_time=at)
    metrics = [mlflow.entities.Metric(key, float(value), at, 0) for key, value in trial.metrics.items()]
    client.log_batch(child.info.run_id, metrics=metrics, params=_params(mlflow, trial.params))
    client.set_terminated(child.info.run_id, "FINISHED", at)
