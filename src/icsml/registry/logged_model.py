"""A bundle as a model of MLflow: written as code, with its own wheel, an input example and a signature of its answer.

MLflow enforces a signature of inputs by dropping the columns that it does not name, with no more than a line in a log.
A misspelt field, or the extra features of a record, would be missing from a PD that looks like any other. So the
signature states what comes out, the inputs stand in the model's metadata, and the model itself refuses what it does
not know.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pandas as pd

from icsml.core.canonical import sha256_file
from icsml.decision.example import bundle_example
from icsml.model.bundle import Bundle, read_bundle
from icsml.records.fields import FIELDS
from icsml.registry.artifacts import BUNDLE_ARTIFACT, WHEEL_ARTIFACT, WHEEL_SHA256
from icsml.registry.wheel import icsml_wheel, pinned_requirements

# the names in capitals: models that earlier versions logged import them from here
__all__ = ["BUNDLE_ARTIFACT", "WHEEL_ARTIFACT", "WHEEL_SHA256", "LoggedModel", "log_model"]

_MODEL_CODE: Final = Path(__file__).with_name("pyfunc_model.py")
_CHATTER: Final = ("Successfully registered model ", "Registered model ", "Created version ")


@dataclass(frozen=True)
class LoggedModel:
    """A model that was logged: MLflow's identifier, its address, and its version where it was registered."""

    model_id: str
    model_uri: str
    version: str | None


def log_model(mlflow: ModuleType, bundle_folder: Path, *, run_id: str, register_as: str | None) -> LoggedModel:
    """Log a bundle as the model of a run, and register it.

    Parameters
    ----------
    mlflow : module
        MLflow, set to the registry.
    bundle_folder : Path
        The bundle; every file of it is kept as it is.
    run_id : str
        The run; the caller's active run plays no part.
    register_as : str, optional
        Name of the registered model.
    """
    bundle = read_bundle(bundle_folder)
    wheel = icsml_wheel()
    client = mlflow.MlflowClient()
    run = client.get_run(run_id)
    client.set_tag(run_id, WHEEL_SHA256, wheel.sha256)
    made = client.create_logged_model(
        run.info.experiment_id, name="model", source_run_id=run_id, params=run.data.params
    )  # MLflow would put a model of no active run into its default experiment
    with tempfile.TemporaryDirectory() as scratch, _without_chatter(), warnings.catch_warnings():
        # MLflow writes the input example in a way that pandas 3 warns of.
        warnings.filterwarnings("ignore", "Operation with range is deprecated")
        copied = _copy(bundle_folder, Path(scratch) / BUNDLE_ARTIFACT)
        code = shutil.copyfile(_MODEL_CODE, Path(scratch) / _MODEL_CODE.name)
        carried = Path(scratch) / wheel.name
        carried.write_bytes(wheel.content)
        info = mlflow.models.Model.log(
            artifact_path=None,
            model_id=made.model_id,
            flavor=mlflow.pyfunc,
            run_id=run_id,
            registered_model_name=register_as,
            python_model=str(code),
            artifacts={BUNDLE_ARTIFACT: str(copied), WHEEL_ARTIFACT: str(carried)},
            # Named requirements, because MLflow would spend minutes finding out; the wheel is an artifact.
            pip_requirements=[
                f"mlflow=={version('mlflow')}",
                f"artifacts/{wheel.name}",
                *pinned_requirements(),
            ],
            signature=_signature(mlflow),
            input_example=_example(bundle),
            metadata={
                "bundle_sha256": bundle.sha256,
                WHEEL_SHA256: sha256_file(carried),
                "inputs": _inputs(bundle),
            },
        )
    number = info.registered_model_version
    return LoggedModel(info.model_id, info.model_uri, None if number is None else str(number))


def _copy(folder: Path, target: Path) -> Path:
    """Copy the files of a bundle without their modes: MLflow keeps those, and the source's may be wide."""
    target.mkdir()
    for file in folder.iterdir():
        shutil.copyfile(file, target / file.name)
    return target


def _signature(mlflow: ModuleType) -> Any:  # noqa: ANN401 - mlflow.models.ModelSignature
    column = mlflow.types.ColSpec
    outputs = [
        column("double", "pd"),
        column("string", "grade", required=False),
        column("double", "score", required=False),
    ]
    return mlflow.models.ModelSignature(inputs=None, outputs=mlflow.types.Schema(outputs))


def _example(bundle: Bundle) -> pd.DataFrame:
    """Return one record that the bundle accepts, in the form of a row of ``enterprises.parquet`` with text dates."""
    record = bundle_example(bundle)
    extra = {f"extra.{name}": value for name, value in record.pop("extra", {}).items()}
    return pd.DataFrame([record | extra])


def _inputs(bundle: Bundle) -> dict[str, str]:
    """Return the columns the model reads: every declared extra feature and the identifier are required."""
    extras = {extra.column for extra in bundle.extras}
    read = dict.fromkeys((*bundle.model.encoder.inputs, *(bundle.rulebook.inputs() if bundle.rulebook else ())))
    needed = [*(field.name for field in FIELDS if field.required), *sorted(extras)]
    return {name: "optional" for name in read if name not in needed} | dict.fromkeys(needed, "required")


@contextmanager
def _without_chatter() -> Iterator[None]:
    """Suppress MLflow's messages about registering, which it has no option for; pass on any other output."""
    printed = io.StringIO()
    try:
        with redirect_stderr(printed):
            yield
    finally:
        sys.stderr.writelines(line for line in printed.getvalue().splitlines(True) if not line.startswith(_CHATTER))
