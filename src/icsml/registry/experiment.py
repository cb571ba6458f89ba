"""The experiment of trainings: present, active, and with its files where the registry is."""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from icsml.core.paths import home
from icsml.errors import MissingError
from icsml.registry.session import artifact_location, is_embedded, shown_uri

__all__ = ["EXPERIMENT", "EXPERIMENT_VARIABLE", "experiment_of", "moved_from", "open_experiment", "refuse_moved"]

EXPERIMENT: Final = "icsml"
EXPERIMENT_VARIABLE: Final = "MLFLOW_EXPERIMENT_NAME"
_ID_VARIABLE: Final = "MLFLOW_EXPERIMENT_ID"
_KIND: Final = {"mlflow.experimentKind": "custom_model_development"}  # so that MLflow's pages are those of training


def open_experiment(mlflow: ModuleType, client: Any) -> str:  # noqa: ANN401 - mlflow.MlflowClient
    """Return the experiment of trainings: the one of ``MLFLOW_EXPERIMENT_NAME`` or ``_ID``, or ``icsml``.

    It is made where there is none; where another process makes it at the same moment, that one is taken.

    Raises
    ------
    MissingError
        As :func:`experiment_of` raises it.
    """
    name, given = os.environ.get(EXPERIMENT_VARIABLE), os.environ.get(_ID_VARIABLE)
    if given and not name:  # mlflow.set_experiment sets it
        return experiment_of(client, given)
    name = name or EXPERIMENT
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        try:
            identifier: str = client.create_experiment(name, artifact_location(), _KIND)
        except mlflow.exceptions.MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            experiment = client.get_experiment_by_name(name)
        else:
            return identifier
    return experiment_of(client, experiment.experiment_id)


def experiment_of(client: Any, identifier: str) -> str:  # noqa: ANN401 - mlflow.MlflowClient
    """Return the identifier of an experiment that can be written to.

    Raises
    ------
    MissingError
        ICS-REG-006 if it is deleted, ICS-REG-007 if it keeps its files where the registry lay before it was moved.
    """
    experiment = client.get_experiment(identifier)
    if experiment.lifecycle_stage != "active":
        raise MissingError(
            "ICS-REG-006",
            f"experiment {experiment.name!r} is deleted in MLflow, which keeps its name",
            field=f"experiment {identifier}",
            remedy=f"restore it: MLFLOW_TRACKING_URI='{shown_uri()}' mlflow experiments restore -x {identifier};"
            f" or name another by {EXPERIMENT_VARIABLE}",
        )
    refuse_moved(experiment.artifact_location, f"experiment {experiment.name}")
    return identifier


def moved_from(location: str) -> Path | None:
    """Return the home that a location of files belongs to, where it is an embedded registry's and not today's home.

    Parameters
    ----------
    location : str
        Where an experiment or a model of the registry keeps its files.
    """
    parts = urlsplit(location)
    if not is_embedded() or parts.scheme not in ("", "file"):
        return None
    path = Path(unquote(parts.path))
    root = next((folder for folder in (path, *path.parents) if folder.name == "mlartifacts"), None)
    return None if root is None or root.parent.resolve() == home().resolve() else root.parent


def refuse_moved(location: str, what: str) -> None:
    """Reject an experiment or run whose files belong to another home than today's.

    Raises
    ------
    MissingError
        ICS-REG-007.
    """
    before = moved_from(location)
    if before is not None:
        raise MissingError(
            "ICS-REG-007",
            f"{what} keeps its files under {before}, where this registry lay before it was moved or copied",
            field="ICSML_HOME",
            remedy=f"`icsml model relocate` makes the registry look under {home()}; or move it back",
        )
