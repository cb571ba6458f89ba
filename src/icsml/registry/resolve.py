"""Find the bundle folder of a model reference."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Final
from urllib.parse import quote

import yaml
from pydantic import TypeAdapter, ValidationError, ValidatorFunctionWrapHandler, WrapValidator
from typing_extensions import TypedDict

from icsml.core.canonical import digest
from icsml.core.clock import timestamp
from icsml.core.paths import home
from icsml.core.private_files import private_files
from icsml.errors import InputError, MissingError, ModelError
from icsml.model.bundle_store import is_intact, move_in
from icsml.registry.artifacts import BUNDLE_ARTIFACT, CHAMPION
from icsml.registry.experiment import refuse_moved
from icsml.registry.paging import pages
from icsml.registry.session import has_registry, is_embedded, mlflow_session, tracking_uri

__all__ = ["DEFAULT_REFERENCE", "Fetched", "RegisteredVersion", "fetch_bundle", "list_versions"]

DEFAULT_REFERENCE = f"models:/icsml-pd@{CHAMPION}"
"""The model that is meant where none is named."""

_MODEL = re.compile(r"models:/(?P<name>[^/@]+)(?:@(?P<alias>[^/@]+)|/(?P<version>[1-9][0-9]*))")
_RUN = re.compile(r"runs:/(?P<run_id>[0-9A-Za-z]+)(?:/(?P<path>[\w./-]+))?")
_FORMS = "give models:/NAME@champion, models:/NAME/3, runs:/RUN_ID or a bundle folder"
_REMEDY = "train one with `icsml train --data DIR`, or see `icsml model list`"


def _or_none(value: object, validate: ValidatorFunctionWrapHandler) -> Any:  # noqa: ANN401 - as validated
    """Return None for a tag that does not fit: anybody may change one."""
    try:
        return validate(value)
    except ValidationError:
        return None


class RegisteredVersion(TypedDict):
    """A version in the registry, as its own tags describe it; None where they do not.

    ``created`` is UTC; ``test_auc`` is out of time, ``cv_auc`` out of fold.
    """

    name: str
    version: str
    aliases: list[str]
    run_id: str | None
    created: str
    dataset: str | None
    synthetic: Annotated[bool | None, WrapValidator(_or_none)]
    test_auc: Annotated[float | None, WrapValidator(_or_none)]
    cv_auc: Annotated[float | None, WrapValidator(_or_none)]
    bundle_sha256: str | None


_VERSION: Final = TypeAdapter(RegisteredVersion)
_TAGS = ("dataset", "synthetic", "test_auc", "cv_auc", "bundle_sha256")


@dataclass(frozen=True)
class Fetched:
    """A bundle on disk.

    Parameters
    ----------
    folder : Path
        Its folder. What came from the registry is what its manifest states; a folder is not verified yet.
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


def list_versions() -> list[RegisteredVersion]:
    """Return every registered version, newest first.

    Raises
    ------
    MissingError
        If the registry cannot be used.
    """
    if not has_registry():
        return []
    with mlflow_session() as mlflow:
        client = mlflow.MlflowClient()
        listed = [
            _registered(model, version)
            for model in pages(client.search_registered_models)
            for version in pages(client.search_model_versions, f"name = '{model.name}'")
        ]
    return sorted(listed, key=lambda version: (version["name"], -int(version["version"])))


def _registered(model: Any, version: Any) -> RegisteredVersion:  # noqa: ANN401 - mlflow's RegisteredModel, ModelVersion
    number = str(version.version)
    return _VERSION.validate_python(
        {
            "name": model.name,
            "version": number,
            "aliases": sorted(alias for alias, aliased in model.aliases.items() if str(aliased) == number),
            "run_id": version.run_id,
            "created": timestamp(datetime.fromtimestamp(version.creation_timestamp / 1000, UTC)),
            **{name: version.tags.get(name) for name in _TAGS},
        }
    )


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
    store = home() / "cache" / "bundles"
    target = store / key
    if is_intact(target):
        return target
    with private_files():
        store.mkdir(parents=True, exist_ok=True)
    with private_files(), tempfile.TemporaryDirectory(prefix=".new-", dir=store) as scratch:
        move_in(_bundle_of(mlflow, _download(mlflow, uri, scratch), uri), target)
    return target


def _download(mlflow: ModuleType, uri: str, folder: str) -> Path:
    try:
        model = Path(mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=folder))
    except (OSError, mlflow.exceptions.MlflowException) as error:  # MLflow passes on errors of the file store,
        raise _unfetched(uri) from error
    if not (model / "MLmodel").is_file():  # or fetches nothing without an error
        raise _unfetched(uri)
    return model


def _bundle_of(mlflow: ModuleType, model: Path, uri: str) -> Path:
    # Not by Model.load, which reads a local path as a URL: one with %2F in it leads elsewhere.
    described = yaml.safe_load((model / "MLmodel").read_text("utf-8"))
    try:
        flavor = mlflow.models.Model.from_dict(described).flavors["python_function"]
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
