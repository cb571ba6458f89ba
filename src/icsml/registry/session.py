"""How MLflow is reached: lazily, without telemetry, with its state under ``ICSML_HOME`` unless told otherwise."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

from icsml.core.paths import home
from icsml.errors import MissingError

__all__ = ["URI_VARIABLE", "artifact_location", "has_registry", "mlflow_session", "tracking_uri"]

URI_VARIABLE = "MLFLOW_TRACKING_URI"
_QUIET = {
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_DISABLE_AGENT_HINT": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_UV_AUTO_DETECT": "false",
}


def tracking_uri() -> str:
    """Return ``MLFLOW_TRACKING_URI``, by default SQLite in ``mlflow.db`` under ``ICSML_HOME``."""
    return os.environ.get(URI_VARIABLE) or f"sqlite:///{home() / 'mlflow.db'}"


def artifact_location() -> str | None:
    """Return where a new experiment keeps its files; None where a tracking server decides."""
    if tracking_uri().startswith(("http:", "https:", "databricks")):
        return None
    return (home() / "mlartifacts").as_uri()


def has_registry() -> bool:
    """Return False where the embedded registry was never written, so that looking does not create it."""
    return bool(os.environ.get(URI_VARIABLE)) or (home() / "mlflow.db").exists()


@contextmanager
def mlflow_session() -> Iterator[ModuleType]:
    """Give MLflow, set to `tracking_uri`.

    Raises
    ------
    MissingError
        If MLflow is not installed or the registry cannot be used.
    """
    mlflow = _load()
    from mlflow.exceptions import MlflowException

    before = os.environ.get(URI_VARIABLE)
    try:
        _open(mlflow)
        yield mlflow
    except MlflowException as error:
        raise _unusable(error.error_code) from error
    finally:
        # MLflow writes its address into the environment, where it would outlive a change of ICSML_HOME.
        if before is None:
            os.environ.pop(URI_VARIABLE, None)


def _load() -> ModuleType:
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import mlflow
    except ModuleNotFoundError as error:
        raise MissingError(
            "ICS-REG-005", "not installed", field=str(error.name), remedy="pip install 'icsml[train]'"
        ) from error
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    return mlflow


def _open(mlflow: ModuleType) -> None:
    home().mkdir(parents=True, exist_ok=True)
    mlflow.set_tracking_uri(tracking_uri())
    try:
        mlflow.MlflowClient()
    except Exception as error:  # while opening its store, MLflow lets the errors of any database driver through
        raise _unusable(type(error).__name__) from error


def _unusable(reason: str) -> MissingError:
    return MissingError(
        "ICS-REG-003",
        f"the registry cannot be used ({reason})",
        field=URI_VARIABLE,
        remedy="check that it is there, answers, and may be written",
    )
