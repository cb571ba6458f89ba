"""The service under load, beside an empty FastAPI endpoint and MLflow's server of the same model, in the same run.

python benchmarks/service.py [--quick] [--enterprises 2000]

wrk sends from another process, each request another record. Ours answers with authentication, screening, points,
reasons with texts and a durable row. Servers take turns within each round; the figures are medians over the rounds.
Needs wrk (``apt-get install wrk``). Takes some five minutes, ``--quick`` one.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from harness import trained_model
from serving.commits import commit_ms
from serving.servers import Server, empty_endpoint, icsml_service, mlflow_server, postgresql
from serving.wrk import Load, Measured, write_bodies

import icsml
from icsml.core.progress import silent
from icsml.registry import register_bundle
from icsml.workflows.train import Trained

__all__ = ["run", "table"]

_RECORDS = 400
_BATCH = 100
_CLIENTS = (1, 16)
EMPTY = "empty FastAPI endpoint"
MLFLOW, MLFLOW_RECORDS = "`mlflow models serve`, PD only", "the same, its `inputs` instead of `dataframe_split`"
LEAN, SHIPPED = "without recourse", "as shipped"
POSTGRESQL, TWO = "PostgreSQL, without recourse", "two workers, without recourse"
BATCH = f"batches of {_BATCH}, without recourse"


@dataclass(frozen=True)
class _Part:
    """A server, what is sent to it, and for how many times the usual seconds."""

    name: str
    load: Load
    clients: tuple[int, ...] = _CLIENTS
    rounds: int = 5
    times: int = 1


def run(enterprises: int, *, quick: bool = False) -> dict[str, Any]:
    """Return the figures of every server by the number of clients, and what they depend on."""
    seconds, rounds = (1, 2) if quick else (2, 5)
    with trained_model(enterprises) as trained, tempfile.TemporaryDirectory() as scratch, ExitStack() as running:
        folder = Path(scratch)
        records = _records(trained)
        bodies = write_bodies(folder, "records", records)
        before = commit_ms(folder)
        servers = {name: running.enter_context(server) for name, server in _services(trained, folder, running).items()}
        parts = [replace(part, rounds=rounds) for part in _parts(servers, bodies, folder, records)]
        for part in parts:
            part.load.run(folder, 1, 2 * part.times)
        measured = _measure(parts, folder, seconds)
        stages = _profile(servers[LEAN], next(part.load for part in parts if part.name == LEAN), folder, seconds)
        facts = {
            "records": len(records),
            "seconds": seconds,
            "rounds": rounds,
            "commit_ms_before": before,
            "ready_seconds": servers[LEAN].ready_seconds,
            "worker_megabytes": {name: server.worker_megabytes for name, server in servers.items()},
            "stages_ms": stages,
        }
        measured |= _mlflow(trained, folder, records, seconds)
        facts["commit_ms_after"] = commit_ms(folder)
    return {**facts, "measured": measured}


def _records(trained: Trained) -> list[str]:
    """Return records drawn from all years, so that no cache by date stays warm."""
    frame = trained.dataset.enterprises
    rows = np.random.default_rng(5).choice(len(frame), min(_RECORDS, len(frame)), replace=False)
    return [record.model_dump_json(exclude_none=True) for record in icsml.frame_records(frame.iloc[rows])]


def _services(trained: Trained, folder: Path, running: ExitStack) -> dict[str, Any]:
    bundle = trained.bundle.folder
    database = running.enter_context(postgresql(folder / "postgresql"))
    return {
        EMPTY: empty_endpoint(),
        LEAN: icsml_service(bundle, folder / "lean", recourse=False),
        SHIPPED: icsml_service(bundle, folder / "shipped"),
        POSTGRESQL: icsml_service(bundle, folder / "home", ledger=database, recourse=False),
        TWO: icsml_service(bundle, folder / "two", recourse=False, workers=2),
    }


def _parts(servers: Mapping[str, Server], bodies: Path, folder: Path, records: Sequence[str]) -> Iterator[_Part]:
    for name, server in servers.items():
        if name == EMPTY:
            yield _Part(name, Load(server.url + "/", server.processes, None, {}))
        else:
            yield _Part(name, Load(server.url + "/v1/assessments", server.processes, bodies, server.headers))
    lean = servers[LEAN]
    if "/v1/assessments:batch" in httpx.get(lean.url + "/openapi.json").json()["paths"]:
        batches = [records[start : start + _BATCH] for start in range(0, len(records) - _BATCH + 1, _BATCH)]
        together = write_bodies(folder, "batches", [f'{{"records": [{",".join(batch)}]}}' for batch in batches])
        url = lean.url + "/v1/assessments:batch"
        yield _Part(BATCH, Load(url, lean.processes, together, lean.headers, each=_BATCH), clients=(1,), times=2)


def _measure(parts: Sequence[_Part], folder: Path, seconds: float) -> dict[str, dict[str, dict[str, float]]]:
    """Let the servers take turns, so that a busy moment of the machine falls on all."""
    runs: dict[tuple[str, int], list[Measured]] = {}
    for turn in range(max(part.rounds for part in parts)):
        for part in (part for part in parts if turn < part.rounds):
            for clients in part.clients:
                runs.setdefault((part.name, clients), []).append(part.load.run(folder, clients, seconds * part.times))
    found: dict[str, dict[str, dict[str, float]]] = {}
    for (name, clients), measured in runs.items():
        found.setdefault(name, {})[str(clients)] = _median(measured)
    return found


def _median(measured: Sequence[Measured]) -> dict[str, float]:
    rows = [asdict(one) for one in measured]
    return {name: statistics.median(row[name] for row in rows) for name in rows[0]}


def _mlflow(trained: Trained, folder: Path, records: Sequence[str], seconds: float) -> dict[str, Any]:
    """Measure MLflow's server last and briefly: it is slow."""
    home = folder / "register"
    with _home(home):
        register_bundle(trained.bundle.folder, silent)
    given = {
        MLFLOW: [_dataframe(json.loads(record)) for record in records],
        MLFLOW_RECORDS: [f'{{"inputs": [{record}]}}' for record in records],
    }
    with mlflow_server(home, "models:/icsml-pd/1") as server:
        parts = []
        for number, (name, bodies) in enumerate(given.items()):
            sent = write_bodies(folder, f"inputs-{number}", bodies)
            load = Load(server.url + "/invocations", server.processes, sent, server.headers)
            load.run(folder, 1, 1)
            parts.append(_Part(name, load, rounds=1))
        return _measure(parts, folder, 2 * seconds)


def _dataframe(record: dict[str, Any]) -> str:
    del record["extra"]  # an object without a name in it: a frame has a column for each
    return json.dumps({"dataframe_split": {"columns": list(record), "data": [list(record.values())]}})


class _home(ExitStack):  # noqa: N801 - a context, named as it is read
    """Set ``ICSML_HOME`` for a while."""

    def __init__(self, home: Path) -> None:
        super().__init__()
        import os

        before = os.environ.get("ICSML_HOME")
        os.environ["ICSML_HOME"] = str(home)
        self.callback(lambda: os.environ.update(ICSML_HOME=before) if before else os.environ.pop("ICSML_HOME"))


def _profile(server: Server, load: Load, folder: Path, seconds: float) -> dict[str, float]:
    """Return the mean milliseconds of each stage of a request by one client, and of all that is in no stage."""
    before = _stages(server)
    load.run(folder, 1, seconds)
    found = _per_request(before, _stages(server))
    return found | {"rest": 2 * found["whole"] - sum(found.values())}


def _stages(server: Server) -> dict[str, tuple[float, float]]:
    """Return seconds and number of each stage so far."""
    answer = httpx.get(server.url + "/metrics", headers=dict(server.headers)).raise_for_status()
    found = re.findall(r'^icsml_stage_seconds_(sum|count)\{stage="(\w+)"\} (\S+)$', answer.text, re.MULTILINE)
    stages: dict[str, dict[str, float]] = {}
    for kind, stage, value in found:
        stages.setdefault(stage, {})[kind] = float(value)
    return {stage: (values["sum"], values["count"]) for stage, values in stages.items()}


def _per_request(
    before: Mapping[str, tuple[float, float]], after: Mapping[str, tuple[float, float]]
) -> dict[str, float]:
    """Return the milliseconds of each stage of a request between two looks."""
    found = {}
    for stage, (seconds, count) in after.items():
        seconds_before, count_before = before.get(stage, (0.0, 0.0))
        if count > count_before:
            found[stage] = (seconds - seconds_before) / (count - count_before) * 1000
    return found


def table(results: dict[str, Any]) -> str:
    """Return the figures as Markdown: rates, how they compare with the peers, and what they cost."""
    measured = results["measured"]
    lines = [
        "| What | Clients | A second | Of the empty one | × MLflow | Median, ms | 99th percentile, ms | CPU ms each |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, by_clients in measured.items():
        for clients, found in by_clients.items():
            rate = found["per_second"]
            of_empty, of_mlflow = (rate / measured[peer][clients]["per_second"] for peer in (EMPTY, MLFLOW))
            lines.append(
                f"| {name} | {clients} | {rate:,.0f} | {of_empty:.2f} | {of_mlflow:.1f} | {found['p50_ms']:.2f} "
                f"| {found['p99_ms']:.2f} | {found['cpu_ms']:.2f} |"
            )
    lines += ["", *_notes(results)]
    return "\n".join(lines)


def _notes(results: dict[str, Any]) -> Iterator[str]:
    yield (
        f"Insert and commit of 12 kB (SQLite, WAL, FULL): {results['commit_ms_before']:.2f} ms before, "
        f"{results['commit_ms_after']:.2f} ms after."
    )
    yield (
        f"Start to ready: {results['ready_seconds']:.1f} s. "
        + "Memory of a worker, MB: "
        + ", ".join(f"{name} {megabytes:.0f}" for name, megabytes in results["worker_megabytes"].items())
    )
    yield f"Where a request goes ({LEAN}, one client), ms: " + ", ".join(
        f"{stage} {milliseconds:.3f}" for stage, milliseconds in results["stages_ms"].items()
    )


def main() -> int:
    """Run, and print the table and the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--enterprises", type=int, default=2000, metavar="N")
    parser.add_argument("--quick", action="store_true", help="two rounds of a second each")
    options = parser.parse_args()
    results = run(options.enterprises, quick=options.quick)
    print(table(results))
    print(json.dumps(results, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
