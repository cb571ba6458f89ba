"""The running service beside one decision in process: requests a second and latency over HTTP, in the same run.

python benchmarks/service.py [--enterprises 2000]

The service runs by itself on this machine, with its settings as shipped and the ledger in SQLite; every answer leaves
after its commit. Each request is another record.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from harness import command, trained_model

import icsml
from icsml import EnterpriseRecord as Record

__all__ = ["run", "table"]

_COMMAND = (sys.executable, "-c", "from icsml.cli.main import run; run()")
_REQUESTS, _WARM = 400, 40
_CLIENTS = (1, 8)
_MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        try:
            if httpx.get(f"{url}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            assert process.poll() is None, "the service ended"
        time.sleep(0.1)
    raise TimeoutError("the service is not ready after a minute")


@contextmanager
def _service(bundle: Path, home: Path) -> Iterator[httpx.Client]:
    """Run the service in a process of its own and yield a client with a key."""
    inherited = {name: value for name, value in os.environ.items() if name != "ICSML_LEDGER_URL"}
    environment = inherited | {"ICSML_HOME": str(home)}
    create = [*_COMMAND, "keys", "create", "--tenant", "bench", "--role", "score", "--json"]
    key = json.loads(subprocess.check_output(create, env=environment))["key"]  # noqa: S603 - our own command
    port = _free_port()
    url = f"http://127.0.0.1:{port}"
    serve = [*_COMMAND, "serve", "--model", str(bundle), "--port", str(port)]
    with subprocess.Popen(serve, env=environment, stderr=subprocess.DEVNULL) as process:  # noqa: S603
        try:
            _wait_until_ready(url, process)
            with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60) as client:
                yield client
        finally:
            process.terminate()


def _measure(work: Callable[[Record], object], records: Sequence[Record], clients: int) -> dict[str, float]:
    """Return how many a second, and how long each took in milliseconds."""

    def timed(record: Record) -> float:
        started = time.perf_counter()
        work(record)
        return time.perf_counter() - started

    with ThreadPoolExecutor(clients) as pool:
        started = time.perf_counter()
        seconds = list(pool.map(timed, records))
        elapsed = time.perf_counter() - started
    middle, late = np.quantile(seconds, [0.5, 0.95]) * 1000
    return {"per_second": len(records) / elapsed, "median_ms": float(middle), "p95_ms": float(late)}


def run(enterprises: int) -> dict[str, Any]:
    """Return the figures by what was measured: decisions in process, then over HTTP by one client and by several."""
    with trained_model(enterprises) as trained, tempfile.TemporaryDirectory() as home:
        records = icsml.frame_records(trained.dataset.enterprises.tail(_REQUESTS + _WARM))
        bundle = trained.bundle

        def decide(record: Record) -> object:
            return icsml.decide(bundle, record, decision_id="d", decided_at=_MOMENT)

        with _service(bundle.folder, Path(home)) as client:

            def post(record: Record) -> None:
                content = record.model_dump_json(exclude_none=True)
                headers = {"Content-Type": "application/json"}
                client.post("/v1/assessments", content=content, headers=headers).raise_for_status()

            for work in (decide, post):
                _measure(work, records[:_WARM], 1)
            measured = {"`decide` in process": _measure(decide, records[_WARM:], 1)}
            for clients in _CLIENTS:
                name = f"`POST /v1/assessments`, {clients} client{'s' * (clients > 1)}"
                measured[name] = _measure(post, records[_WARM:], clients)
    return {"requests": _REQUESTS, "measured": measured}


def table(results: dict[str, Any]) -> str:
    """Return the figures as a Markdown table."""
    lines = ["| What | A second | Median, ms | 95th percentile, ms |", "|---|---:|---:|---:|"]
    for name, figures in results["measured"].items():
        lines.append(f"| {name} | {figures['per_second']:.0f} | {figures['median_ms']:.1f} | {figures['p95_ms']:.1f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(command(__doc__, run, table, "--enterprises", 2000))
