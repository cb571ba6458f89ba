"""One training as one MLflow run: parameters, metrics, tables, plots, data set, the bundle as a registered pyfunc."""

from __future__ import annotations

import io
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypedDict

from icsml.registry.progress import MlflowProgress
from icsml.registry.session import artifact_location, mlflow_session

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BUNDLE_ARTIFACT", "CHAMPION", "EXPERIMENT", "DatasetFacts", "Logged", "log_training"]

EXPERIMENT = "icsml"
CHAMPION = "champion"
BUNDLE_ARTIFACT = "bundle"
_MODEL_CODE = Path(__file__).with_name("pyfunc_model.py")
_AUCS = ("test_auc", "cv_auc")
_CHATTER = ("Successfully registered model ", "Registered model ", "Created version ")
_DIGEST_CHARACTERS = 36  # as many as MLflow's tables hold; the tag has all


class DatasetFacts(TypedDict):
    """What a run says of its data: name, SHA-256, where it lay, number of rows."""

    name: str
    digest: str
    source: str
    rows: int


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
    """

    run_id: str
    model_uri: str
    name: str
    version: str


def log_training(
    bundle_folder: Path,
    *,
    name: str,
    params: Mapping[str, Any],
    metrics: Mapping[str, float],
    tables: Mapping[str, pd.DataFrame],
    dataset: DatasetFacts,
    tags: Mapping[str, str] | None = None,
    drawings: Mapping[str, str] | None = None,
    progress: MlflowProgress | None = None,
) -> Logged:
    """Log a training and register its bundle; the alias ``champion`` is set only where there is none.

    Parameters
    ----------
    bundle_folder : Path
        The bundle; every file of it is kept as it is.
    name : str
        Registered model, such as ``icsml-pd``.
    params, metrics, tags : mapping
        As MLflow shows them; parameters that are no scalars are written as JSON.
    tables : mapping of str to DataFrame
        Kept as ``tables/NAME.json``.
    dataset : DatasetFacts
        What was trained on.
    drawings : mapping of str to str, optional
        SVG, kept as ``plots/NAME.svg``.
    progress : MlflowProgress, optional
        What training said, kept as ``training.log``.

    Raises
    ------
    MissingError
        If MLflow is not installed or the registry cannot be used.
    """
    with mlflow_session() as mlflow:
        client = mlflow.MlflowClient()
        with mlflow.start_run(experiment_id=_experiment(client), run_name=name) as run:
            mlflow.log_params({key: _scalar(value) for key, value in params.items()})
            mlflow.log_metrics(dict(metrics))
            mlflow.set_tags(dict(tags or {}) | {"dataset_sha256": dataset["digest"], "icsml": version("icsml")})
            client.log_inputs(run.info.run_id, [_dataset_input(dataset)])
            _log_tables(mlflow, tables)
            for title, drawing in (drawings or {}).items():
                mlflow.log_text(drawing, f"plots/{title}.svg")
            if progress is not None:
                mlflow.log_text(progress.text, "training.log")
            number = _register(mlflow, bundle_folder, name)
            for key, value in _version_tags(dataset, tags or {}, metrics).items():
                client.set_model_version_tag(name, number, key, value)
        if CHAMPION not in client.get_registered_model(name).aliases:
            client.set_registered_model_alias(name, CHAMPION, number)
        return Logged(run.info.run_id, f"models:/{name}/{number}", name, number)


def _experiment(client: Any) -> str:  # noqa: ANN401 - mlflow.MlflowClient
    found = client.get_experiment_by_name(EXPERIMENT)
    identifier: str = found.experiment_id if found else client.create_experiment(EXPERIMENT, artifact_location())
    return identifier


def _log_tables(mlflow: ModuleType, tables: Mapping[str, pd.DataFrame]) -> None:
    """Write what ``mlflow.log_table`` would, which itself warns about pandas 3's text columns."""
    files = {f"tables/{title}.json": table for title, table in tables.items()}
    for file, table in files.items():
        content = table.to_json(orient="split", index=False, date_format="iso", double_precision=15)
        mlflow.log_text(content, file)
    if files:
        mlflow.set_tag("mlflow.loggedArtifacts", json.dumps([{"path": file, "type": "table"} for file in files]))


def _register(mlflow: ModuleType, bundle_folder: Path, name: str) -> str:
    with tempfile.TemporaryDirectory() as scratch:
        bundle = shutil.copytree(bundle_folder, Path(scratch) / BUNDLE_ARTIFACT)
        # Named requirements, because MLflow would spend minutes finding out; no signature, because MLflow would then
        # drop unknown columns in silence, where icsml refuses them.
        with _without_chatter():
            info = mlflow.pyfunc.log_model(
                name="model",
                python_model=str(_MODEL_CODE),
                artifacts={BUNDLE_ARTIFACT: str(bundle)},
                pip_requirements=[f"icsml=={version('icsml')}"],
                registered_model_name=name,
            )
    return str(info.registered_model_version)


@contextmanager
def _without_chatter() -> Iterator[None]:
    """Keep back what MLflow prints about registering, which it has no option for; pass on whatever else it says."""
    said = io.StringIO()
    try:
        with redirect_stderr(said):
            yield
    finally:
        sys.stderr.writelines(line for line in said.getvalue().splitlines(True) if not line.startswith(_CHATTER))


def _version_tags(dataset: DatasetFacts, tags: Mapping[str, str], metrics: Mapping[str, float]) -> dict[str, str]:
    """Return what a list of versions shows, so that it need not look into every run."""
    stated = {key: tags[key] for key in ("synthetic", "bundle_sha256") if key in tags}
    measured = {key: repr(float(metrics[key])) for key in _AUCS if key in metrics}
    return {"dataset": dataset["name"]} | stated | measured


def _dataset_input(dataset: DatasetFacts) -> Any:  # noqa: ANN401 - mlflow.entities.DatasetInput
    from mlflow.entities import Dataset, DatasetInput, InputTag

    entity = Dataset(
        name=dataset["name"],
        digest=dataset["digest"][:_DIGEST_CHARACTERS],
        source_type="local",
        source=json.dumps({"uri": dataset["source"]}),
        profile=json.dumps({"num_rows": dataset["rows"]}),
    )
    return DatasetInput(entity, [InputTag("mlflow.data.context", "training")])


def _scalar(value: object) -> object:
    return value if isinstance(value, str | int | float | None) else json.dumps(value, default=str)
