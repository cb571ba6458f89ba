"""From a model reference to a bundle folder."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote

from icsml.core.canonical import digest
from icsml.core.clock import timestamp
from icsml.core.paths import home
from icsml.errors import InputError, MissingError, ModelError
from icsml.model.bundle_store import is_intact, move_in
from icsml.registry.experiment import refuse_moved
from icsml.registry.logged_model import BUNDLE_ARTIFACT
from icsml.registry.pages import pages
from icsml.registry.session import has_registry, is_embedded, mlflow_session, tracking_uri
from icsml.registry.tracking import CHAMPION

__all__ = ["DEFAULT_REFERENCE", "Fetched", "fetch_bundle", "list_versions"]

DEFAULT_REFERENCE = f"models:/icsml-pd@{CHAMPION}"
"""The model that is meant where none is named."""

_MODEL = re.compile(r"models:/(?P<name>[^/@]+)(?:@(?P<alias>[^/@]+)|/(?P<version>[1-9][0-9]*))")
_RUN = re.compile(r"runs:/(?P<run_id>[0-9A-Za-z]+)(?:/(?P<path>[\w./-]+))?")
_FORMS = "give models:/NAME@champion, models:/NAME/3, runs:/RUN_ID or a bundle folder"
_REMEDY = "train one with `icsml train --data DIR`, or see `icsml model list`"


@dataclass(frozen=True)
class Fetched:
    """A bundle at hand.

    Parameters
    ----------
    folder : Path
        Where it lies. What came from the registry is what its manifest says; a folder is not verified yet.
    name : str
        Registered model, or the folder's name.
    version : str or None
        Version in the registry; None for a folder or a run that registered nothing.
    """

    folder: Path
    name: str
    version: str | None


def fetch_bundle(ref: str) -> Fetched:
    """Return the bundle a reference names, from the cache under ``ICSML_HOME`` where this version was fetched before.

    Parameters
    ----------
    ref : str
        ``models:/NAME@ALIAS``, ``models:/NAME/VERSION``, ``runs:/RUN_ID`` or a bundle folder. A folder needs no MLflow.

    Raises
    ------
    InputError
        If the reference is of no known form.
    MissingError
        If there is no such model, run or folder, or the registry, or the model's files in it, cannot be used.
    ModelError
        If the model was not logged by icsml, or its bundle in the registry is damaged.
    """
    if not ref.startswith(("models:", "runs:")):
        return _folder(ref)
    model, run = _MODEL.fullmatch(ref), _RUN.fullmatch(ref)
    if not (model or run):
        raise InputError("ICS-REG-001", "not a model reference", field=ref, remedy=_FORMS)
    if not has_registry():
        raise _no_model(ref)
    with mlflow_session() as mlflow:
        if model:
            return _fetch_version(mlflow, _version(mlflow, ref, model))
        return _fetch_run(mlflow, ref, run["run_id"], run["path"] or "model") if run else _folder(ref)


def list_versions() -> list[dict[str, Any]]:
    """Return every registered version, newest first.

    Returns
    -------
    list of dict
        ``name``, ``version``, ``aliases``, ``run_id``, ``created`` (UTC) and, None where the version does not state
        them, ``dataset``, ``synthetic``, ``test_auc`` (out of time), ``cv_auc`` (out of fold), ``bundle_sha256``.

    Raises
    ------
    MissingError
        If the registry cannot be used.
    """
    if not has_registry():
        return []
    with mlflow_session() as mlflow:
        client = mlflow.MlflowClient()
        listed = []
        for model in pages(client.search_registered_models):
            for version in pages(client.search_model_versions, f"name = '{model.name}'"):
                aliases = sorted(alias for alias, held in model.aliases.items() if str(held) == str(version.version))
                entry = {"name": model.name, "version": str(version.version), "aliases": aliases}
                listed.append(entry | {"run_id": version.run_id} | _facts(version))
    return sorted(listed, key=lambda entry: (entry["name"], -int(entry["version"])))


def _facts(version: Any) -> dict[str, Any]:  # noqa: ANN401 - mlflow's ModelVersion
    tags: dict[str, str] = version.tags
    return {
        "created": timestamp(datetime.fromtimestamp(version.creation_timestamp / 1000, UTC)),
        "dataset": tags.get("dataset"),
        "synthetic": {"true": True, "false": False}.get(tags.get("synthetic", "")),
        "test_auc": _number(tags.get("test_auc")),
        "cv_auc": _number(tags.get("cv_auc")),
        "bundle_sha256": tags.get("bundle_sha256"),
    }


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text)
    except ValueError:  # anybody may change a tag
        return None


def _folder(ref: str) -> Fetched:
    folder = Path(ref)
    if not folder.is_dir():
        raise MissingError("ICS-REG-002", "no such bundle folder", field=ref, remedy=f"{_REMEDY}; or {_FORMS}")
    return Fetched(folder, folder.resolve().name, None)


def _version(mlflow: ModuleType, ref: str, model: re.Match[str]) -> Any:  # noqa: ANN401 - mlflow's ModelVersion
    client = mlflow.MlflowClient()
    try:
        if model["alias"]:
            return client.get_model_version_by_alias(model["name"], model["alias"])
        return client.get_model_version(model["name"], model["version"])
    except mlflow.exceptions.MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise _no_model(ref) from error
        raise


def _fetch_run(mlflow: ModuleType, ref: str, run_id: str, path: str) -> Fetched:
    client = mlflow.MlflowClient()
    try:
        run = client.get_run(run_id)
    except mlflow.exceptions.MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise _no_model(ref) from error
        raise
    registered = pages(client.search_model_versions, f"run_id = '{run_id}'")
    if registered:
        return _fetch_version(mlflow, registered[0])
    refuse_moved(run.info.artifact_uri, f"run {run_id}")
    return Fetched(_cached(mlflow, f"runs:/{run_id}/{path}", f"run-{run_id}"), path.rsplit("/", 1)[-1], None)


def _fetch_version(mlflow: ModuleType, version: Any) -> Fetched:  # noqa: ANN401 - mlflow's ModelVersion
    name, number = str(version.name), str(version.version)
    # A registry that was deleted and begun anew counts from 1 again.
    origin = digest([tracking_uri(), version.source, version.creation_timestamp])[:12]
    if is_embedded():
        location = mlflow.MlflowClient().get_model_version_download_uri(name, number)
        refuse_moved(location, f"model {name} version {number}")
    folder = _cached(mlflow, f"models:/{name}/{number}", f"{quote(name, safe='')}-{number}-{origin}")
    return Fetched(folder, name, number)


def _cached(mlflow: ModuleType, uri: str, key: str) -> Path:
    """Return the cached bundle; fetch it where it is absent or damaged."""
    shelf = home() / "cache" / "bundles"
    target = shelf / key
    if is_intact(target):
        return target
    shelf.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=shelf) as scratch:
        move_in(_bundle_of(mlflow, _download(mlflow, uri, scratch), uri), target)
    return target


def _download(mlflow: ModuleType, uri: str, folder: str) -> Path:
    try:
        model = Path(mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=folder))
    except (OSError, mlflow.exceptions.MlflowException) as error:  # MLflow lets through what the store of files says,
        raise _unfetched(uri) from error
    if not (model / "MLmodel").is_file():  # or says nothing and fetches nothing
        raise _unfetched(uri)
    return model


def _bundle_of(mlflow: ModuleType, model: Path, uri: str) -> Path:
    try:
        flavor = mlflow.models.Model.load(str(model)).flavors["python_function"]
        bundle: Path = (model / flavor["artifacts"][BUNDLE_ARTIFACT]["path"]).resolve()
    except (KeyError, mlflow.exceptions.MlflowException) as error:
        raise _foreign(uri) from error
    if not (bundle.is_dir() and bundle.is_relative_to(model.resolve())):
        raise _foreign(uri)
    return bundle


def _unfetched(uri: str) -> MissingError:
    return MissingError(
        "ICS-REG-003",
        "the registry cannot be used: the files of this model cannot be fetched from it",
        field=uri,
        remedy="check that the artifacts of its run are there and may be read, or train again",
    )


def _foreign(uri: str) -> ModelError:
    return ModelError("ICS-REG-004", "this model holds no icsml bundle", field=uri, remedy=_REMEDY)


def _no_model(ref: str) -> MissingError:
    return MissingError("ICS-REG-002", "no such model in the registry", field=ref, remedy=_REMEDY)
