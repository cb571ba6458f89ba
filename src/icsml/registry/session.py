"""Connection to MLflow: lazy, without telemetry, with its state under ``ICSML_HOME`` unless set otherwise."""

from __future__ import annotations

import fcntl
import logging
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import ModuleType
from typing import Final

from icsml.core.canonical import digest
from icsml.core.paths import home
from icsml.core.private_files import private_files
from icsml.core.progress import Progress, silent
from icsml.errors import MissingError

__all__ = [
    "URI_VARIABLE",
    "artifact_location",
    "database",
    "embedded_lock",
    "has_registry",
    "is_embedded",
    "mlflow_session",
    "shown_uri",
    "tracking_uri",
]

URI_VARIABLE: Final = "MLFLOW_TRACKING_URI"
_DATABASE: Final = "mlflow.db"
_QUIET: Final = {
    "GIT_PYTHON_REFRESH": "quiet",
    "MLFLOW_DISABLE_AGENT_HINT": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_RECORD_ENV_VARS_IN_MODEL_LOGGING": "false",
    "MLFLOW_UV_AUTO_DETECT": "false",
}
_ATTEMPTS: Final = 4  # to connect to a database, in about a second; MLflow's ten take 100 s
_SENTENCE: Final = 600  # characters of what MLflow reports, which may be a page
_SECRET: Final = re.compile(r"//[^/\s]+@")  # greedy: a password may contain an @


def tracking_uri() -> str:
    """Return ``MLFLOW_TRACKING_URI``, by default SQLite in ``mlflow.db`` under ``ICSML_HOME``."""
    return os.environ.get(URI_VARIABLE) or _sqlite(database())


def shown_uri() -> str:
    """Return `tracking_uri` without a name and password."""
    return _SECRET.sub("//***@", tracking_uri())


def database() -> Path:
    """Return the file of the embedded registry, which may not be there yet."""
    return home() / _DATABASE


def is_embedded() -> bool:
    """Return whether the registry is the one under ``ICSML_HOME``."""
    return os.environ.get(URI_VARIABLE, "") in ("", _sqlite(database()))


def artifact_location() -> str | None:
    """Return the folder of a new experiment's files; None where a tracking server decides."""
    if _is_remote(tracking_uri()):
        return None
    return (home() / "mlartifacts").as_uri()


def has_registry() -> bool:
    """Return False where the embedded registry was never written, so that looking does not create it."""
    return not is_embedded() or database().exists()


@contextmanager
def mlflow_session(*, writing: bool = False, progress: Progress = silent) -> Iterator[ModuleType]:
    """Give MLflow, set to `tracking_uri`; afterwards it is set as before.

    Parameters
    ----------
    writing : bool
        Whether something is to be written. Into a database that has no server, one process writes at a time
        and the others wait: SQLite refuses a second writer, and MLflow makes its tables without a lock.
    progress : callable
        Told that another process is being waited for.

    Raises
    ------
    MissingError
        If MLflow is not installed or the registry cannot be used.
    """
    mlflow = _load()
    before = os.environ.get(URI_VARIABLE), mlflow.get_tracking_uri() if mlflow.is_tracking_uri_set() else None
    try:
        with _own_files(), embedded_lock(progress) if writing else nullcontext():
            _open(mlflow, progress, locked=writing)
            yield mlflow
    except (mlflow.exceptions.MlflowException, OSError) as error:  # OSError: a disk, or a server that went away
        raise _unusable(error) from error
    finally:
        mlflow.set_tracking_uri(before[1])
        # MLflow writes its address into the environment, where it would outlive a change of ICSML_HOME.
        if before[0] is None:
            os.environ.pop(URI_VARIABLE, None)
        else:
            os.environ[URI_VARIABLE] = before[0]


@contextmanager
def _own_files() -> Iterator[None]:
    """Keep what MLflow writes on this machine to its owner: it holds rows of applicants."""
    with nullcontext() if _is_remote(tracking_uri()) else private_files():
        yield


def _sqlite(database: Path) -> str:
    """Return the URL of a database; quoted only where it must be, and then by the form that MLflow takes no path from.

    MLflow makes the folder that it reads out of a ``sqlite:///`` URL, and does not read quotes.
    """
    path = str(database)
    quoted = path.replace("%", "%25").replace("?", "%3F")
    return f"sqlite:///{path}" if quoted == path else f"sqlite+pysqlite:///{quoted}"


def _is_remote(uri: str) -> bool:
    return uri.startswith(("http:", "https:", "databricks"))


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


def _open(mlflow: ModuleType, progress: Progress, *, locked: bool) -> None:
    """Connect; the embedded database is made aside and moved in, so that nobody ever finds half of its tables."""
    from mlflow.store.db import utils

    utils.MAX_RETRY_COUNT = _ATTEMPTS
    try:
        home().mkdir(parents=True, exist_ok=True)
        if is_embedded() and not has_registry():
            with nullcontext() if locked else embedded_lock(progress):
                _make_database(database())
        mlflow.set_tracking_uri(tracking_uri())
        mlflow.MlflowClient()
    except Exception as error:  # while opening its store, MLflow lets the errors of any database driver through
        raise _unusable(error) from error


def _make_database(target: Path) -> None:
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    if target.exists():  # another process made it while this one waited
        return
    with tempfile.TemporaryDirectory(prefix=".new-", dir=target.parent) as scratch:
        made = Path(scratch) / target.name
        store = SqlAlchemyStore(_sqlite(made), artifact_location())  # type: ignore[no-untyped-call]
        store.engine.dispose()
        made.replace(target)


@contextmanager
def embedded_lock(progress: Progress) -> Iterator[None]:
    """Lock a registry that is a database and no server; one process has the lock at a time, the others wait."""
    uri = tracking_uri()
    if _is_remote(uri):
        yield
        return
    with private_files():
        home().mkdir(parents=True, exist_ok=True)
    with _own_files(), _lock_file(uri).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("waiting for another process that writes to the register")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _lock_file(uri: str) -> Path:
    """Return a file beside an SQLite database, so that every ICSML_HOME that writes to it finds the same one."""
    file = Path(uri.removeprefix("sqlite:///").partition("?")[0])
    if uri.startswith("sqlite:///") and file.parent.is_dir():
        return file.with_name(f"{file.name}.lock")
    return home() / ("mlflow.lock" if is_embedded() else f"mlflow-{digest(uri)[:12]}.lock")


def _unusable(error: Exception) -> MissingError:
    message = _SECRET.sub("//***@", " ".join(str(error).split())) or type(error).__name__
    return MissingError(
        "ICS-REG-003",
        f"the registry {shown_uri()} cannot be used: {message[:_SENTENCE]}",
        field=URI_VARIABLE,
        remedy="check that it is there, answers, and may be written",
    )
