"""Register a bundle as a version of the model, with the record of its training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pandas as pd

from icsml.core.canonical import canonical_bytes
from icsml.core.flatten import flattened
from icsml.core.progress import Progress, silent
from icsml.errors import MissingError
from icsml.model.bundle import read_bundle
from icsml.model.manifest import verified_files
from icsml.model.training_facts import TrainingFacts
from icsml.registry.artifacts import CHAMPION
from icsml.registry.logged_model import log_model
from icsml.registry.paging import pages
from icsml.registry.session import mlflow_session
from icsml.registry.training_log import MlflowProgress
from icsml.registry.training_record import DatasetFacts, RunRecord, find_record, forget_record, keep_record
from icsml.registry.training_run import RunStart, fill_run, new_run

__all__ = ["Logged", "log_training", "register_bundle", "register_record", "table_files"]

_SHA256: Final = "bundle_sha256"
_SPLITS: Final = {"out_of_time": "test_auc", "folds": "cv_auc"}


@dataclass(frozen=True)
class Logged:
    """A logged and registered training.

    Parameters
    ----------
    run_id : str
        The MLflow run.
    model_uri : str
        ``models:/NAME/VERSION``.
    name, version : str
        In the registry.
    champion : str or None
        The version that has the alias ``champion`` now.
    blocking : tuple of str
        Why this version was not made the champion by itself.
    """

    run_id: str
    model_uri: str
    name: str
    version: str
    champion: str | None = None
    blocking: tuple[str, ...] = ()


def register_record(
    bundle_folder: Path, record: RunRecord, progress: Progress = silent, *, once: bool = False
) -> Logged:
    """Log a training's record and register its bundle.

    The record is kept under ``ICSML_HOME`` until the register holds everything, so that the same call can be made again
    by :func:`register_bundle` after a server died; what an attempt before has logged is not logged twice.

    Parameters
    ----------
    bundle_folder : Path
        The bundle; every file of it is kept as it is.
    record : RunRecord
        What the training left. Its version becomes the champion where there is none and nothing blocks it.
    progress : callable
        Told that another process is waited for.
    once : bool
        Whether a version of the same bundle that is there already is returned in place of another one.

    Raises
    ------
    MissingError
        ICS-REG-009 if the registry cannot be used now; it names the folder of the bundle and how to register it later.
    """
    _, sha256 = verified_files(bundle_folder)
    keep_record(record, sha256)
    try:
        with mlflow_session(writing=True, progress=progress) as mlflow:
            before = _registered(mlflow, record.name, sha256) if once else None
            logged = before or _register(mlflow, bundle_folder, record, sha256)
    except MissingError as error:
        raise MissingError(
            "ICS-REG-009",
            f"the bundle is trained and kept, but not registered: {error.message}",
            field=str(bundle_folder),
            remedy=f"when the registry can be used: icsml model register {bundle_folder}",
        ) from error
    forget_record(sha256)
    return logged


def register_bundle(bundle_folder: Path, progress: Progress = silent) -> tuple[Logged, bool]:
    """Register a bundle from a folder, with its training record where that is still stored.

    Without such a record the run contains what the bundle itself states. A bundle that is registered already is not
    registered again.

    Returns
    -------
    logged : Logged
        The version.
    new : bool
        False where it was registered before.

    Raises
    ------
    MissingError, ModelError
        If there is no sound bundle, or the registry cannot be used.
    """
    bundle = read_bundle(bundle_folder)
    record = find_record(bundle.sha256)
    if record is not None:
        return register_record(bundle_folder, record, progress), True
    with mlflow_session() as mlflow:
        before = _registered(mlflow, bundle.name, bundle.sha256)
    if before is not None:
        return before, False
    training = bundle.training
    stated: RunRecord = RunRecord(
        name=bundle.name,
        params=flattened(training.get("configuration", {})),
        metrics=dict(training.get("figures", {})),
        dataset={
            "name": str(training.get("dataset", "not stated")),
            "digest": str(training.get("dataset_sha256", "not stated")),
            "source": "not stated",
            "rows": int(training.get("rows", 0)),
        },
        tags={_SHA256: bundle.sha256, "synthetic": str(bundle.synthetic).lower(), "registered_from": "bundle"}
        | ({"split": str(training["split"])} if "split" in training else {}),
        blocking=_stated_blocking(training),
        files={"model_card.md": bundle.card.encode()},
    )
    return register_record(bundle_folder, stated, progress, once=True), True


def log_training(
    bundle_folder: Path,
    *,
    name: str,
    params: Mapping[str, Any],
    metrics: Mapping[str, float],
    tables: Mapping[str, pd.DataFrame],
    dataset: DatasetFacts,
    tags: Mapping[str, str] | None = None,
    figures: Mapping[str, str] | None = None,
    progress: MlflowProgress | None = None,
) -> Logged:
    """Log a training that was made elsewhere and register its bundle, in one call.

    Parameters
    ----------
    bundle_folder : Path
        The bundle.
    name : str
        Registered model, such as ``icsml-pd``.
    params, metrics, tags : mapping
        As MLflow shows them; parameters that are no texts are written as JSON.
    tables : mapping of str to DataFrame
        Kept as ``tables/NAME.json``.
    dataset : DatasetFacts
        What was trained on.
    figures : mapping of str to str, optional
        SVG, kept as ``plots/NAME.svg``.
    progress : MlflowProgress, optional
        What training reported, kept as ``training.log``.

    Raises
    ------
    MissingError
        If MLflow is not installed or the registry cannot be used.
    """
    files, table_tags = table_files(tables)
    files |= {f"plots/{title}.svg": figure.encode() for title, figure in (figures or {}).items()}
    files |= {"training.log": progress.text.encode()} if progress is not None else {}
    record = RunRecord(
        name=name,
        params=params,
        metrics=metrics,
        dataset=dataset,
        tags=dict(tags or {}) | table_tags,
        blocking=_stated_blocking(read_bundle(bundle_folder).training),
        files=files,
    )
    return register_record(bundle_folder, record)


def _stated_blocking(training: TrainingFacts) -> Sequence[str]:
    return training.get("blocking", ["it was trained by a version of icsml that states no blocking checks"])


def table_files(tables: Mapping[str, pd.DataFrame]) -> tuple[dict[str, bytes], dict[str, str]]:
    """Return tables as the artifacts that ``mlflow.log_table`` would write, and the tag by which MLflow shows them.

    ``mlflow.log_table`` itself warns about pandas 3's text columns.
    """
    files = {
        f"tables/{title}.json": table.to_json(orient="split", index=False, date_format="iso", double_precision=15)
        for title, table in tables.items()
    }
    listed = canonical_bytes([{"path": file, "type": "table"} for file in files]).decode()
    tags = {"mlflow.loggedArtifacts": listed} if files else {}
    return {path: content.encode() for path, content in files.items()}, tags


def _register(mlflow: ModuleType, bundle_folder: Path, record: RunRecord, sha256: str) -> Logged:
    client = mlflow.MlflowClient()
    run_id, ended = (record.run_id, record.ended) if _is_open(mlflow, client, record.run_id) else (None, None)
    if run_id is None:
        run_id = new_run(mlflow, RunStart(name=record.name, dataset=record.dataset))
        keep_record(replace(record, run_id=run_id), sha256)
    fill_run(mlflow, run_id, record)
    number = (
        _version_of(client, run_id, record.name)
        or log_model(mlflow, bundle_folder, run_id=run_id, register_as=record.name).version
    )
    for key, value in _version_tags(record, sha256).items():
        client.set_model_version_tag(record.name, number, key, value)
    _make_champion(client, record, number)
    client.set_terminated(run_id, "FINISHED", ended)
    return replace(_logged(client, run_id, record.name, str(number)), blocking=tuple(record.blocking))


def _make_champion(client: Any, record: RunRecord, number: str | None) -> None:  # noqa: ANN401 - mlflow.MlflowClient
    """Make the version the champion where there is none and nothing blocks it."""
    if not record.blocking and CHAMPION not in client.get_registered_model(record.name).aliases:
        client.set_registered_model_alias(record.name, CHAMPION, number)


def _is_open(mlflow: ModuleType, client: Any, run_id: str | None) -> bool:  # noqa: ANN401 - mlflow.MlflowClient
    if run_id is None:
        return False
    try:
        info = client.get_run(run_id).info
    except mlflow.exceptions.MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return False
        raise
    return bool(info.lifecycle_stage == "active")


def _version_of(client: Any, run_id: str, name: str) -> str | None:  # noqa: ANN401 - mlflow.MlflowClient
    """Return the version that an interrupted attempt registered; the run may have models of other names."""
    versions = pages(client.search_model_versions, f"run_id = '{run_id}'")
    return next((str(version.version) for version in versions if version.name == name), None)


def _registered(mlflow: ModuleType, name: str, sha256: str) -> Logged | None:
    client = mlflow.MlflowClient()
    for version in pages(client.search_model_versions, f"name = '{name}'"):
        if version.tags.get(_SHA256) == sha256:
            return _logged(client, version.run_id, name, str(version.version))
    return None


def _logged(client: Any, run_id: str, name: str, number: str) -> Logged:  # noqa: ANN401 - mlflow.MlflowClient
    champion = client.get_registered_model(name).aliases.get(CHAMPION)
    return Logged(run_id, f"models:/{name}/{number}", name, number, None if champion is None else str(champion))


def _version_tags(record: RunRecord, sha256: str) -> dict[str, str]:
    """Return the tags that a list of versions displays, so that it need not read every run."""
    stated = {key: record.tags[key] for key in ("synthetic",) if key in record.tags}
    measured = {key: repr(float(record.metrics[key])) for key in _SPLITS.values() if key in record.metrics}
    by_split = _SPLITS.get(record.tags.get("split", ""))
    if by_split and "auc" in record.metrics:
        measured[by_split] = repr(float(record.metrics["auc"]))
    blocked = {"blocking": "; ".join(record.blocking)[:5_000]} if record.blocking else {}
    return {"dataset": record.dataset["name"], _SHA256: record.tags.get(_SHA256, sha256)} | stated | measured | blocked
