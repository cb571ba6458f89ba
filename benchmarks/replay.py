"""Replaying recorded decisions in a fresh process, and what is named if one byte was changed since.

python benchmarks/replay.py [--decisions 10000]

Decisions on simulated firms are made and recorded as the service does, in SQLite. `icsml replay --all` then decides
again on all of them, in a process of its own. Afterwards one byte is changed, each time in a copy of everything: in the
model, in the rulebook, in one recorded decision. Takes some eight minutes.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Final

from harness import command, trained_model

from icsml.core.canonical import canonical_bytes
from icsml.decision.decide import Decided, decide_all
from icsml.ledger import Ledger
from icsml.ledger.decision_payload import decision_entry
from icsml.model.bundle import Bundle
from icsml.model.bundle_store import keep_bundle, kept_folder
from icsml.records.enterprise import EnterpriseRecord, frame_records
from icsml.workflows.train import Trained

__all__ = ["run", "table"]

_TENANT: Final = "bank-a"
_ENTERPRISES: Final = 2000
_AT_ONCE: Final = 500
_START: Final = datetime(2026, 7, 1, tzinfo=UTC)
_COMMAND: Final = [sys.executable, "-c", "from icsml.cli.main import run; run()", "replay", "--all", "--json"]
_HASH: Final = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")
_CHANGED: Final = {"model": "model.txt", "rulebook": "rulebook.yaml"}


def run(decisions: int) -> dict[str, Any]:
    """Return how long recording and replaying took, how many came out the same, and what each changed byte is named."""
    with trained_model(_ENTERPRISES) as trained, tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "home"
        os.environ["ICSML_HOME"] = str(home)
        os.environ.pop("ICSML_LEDGER_URL", None)
        keep_bundle(trained.bundle.folder)
        began = time.perf_counter()
        _record(trained, decisions)
        recorded = time.perf_counter() - began
        replayed = _replay(home)
        return {
            "decisions": decisions,
            "record_seconds": recorded,
            **{name: replayed[name] for name in ("seconds", "replayed", "identical", "differences")},
            "changed": _changes(home, trained.bundle),
        }


def _record(trained: Trained, decisions: int) -> None:
    records = list(islice(cycle(frame_records(trained.dataset.enterprises.head(decisions))), decisions))
    with Ledger.open() as ledger:
        for number, start in enumerate(range(0, decisions, _AT_ONCE)):
            group = records[start : start + _AT_ONCE]
            outcomes = ledger.record_all(
                [
                    decision_entry(_TENANT, trained.bundle, _request(record), decided)
                    for record, decided in zip(group, _decided(trained.bundle, group, number), strict=True)
                ]
            )
            failed = next((one for one in outcomes if isinstance(one, Exception)), None)
            if failed is not None:
                raise failed


def _decided(bundle: Bundle, group: list[EnterpriseRecord], number: int) -> list[Decided]:
    names = [f"d-{number * _AT_ONCE + at:06}" for at in range(len(group))]
    moments = [_START + timedelta(seconds=number * _AT_ONCE + at) for at in range(len(group))]
    settings: dict[str, Any] = {"version": "1", "recourse_from": "C1"}
    made = list(decide_all(bundle, group, decision_ids=names, decided_at=moments, **settings))
    refused = next((one for one in made if isinstance(one, Exception)), None)
    if refused is not None:
        raise refused
    return [one for one in made if isinstance(one, Decided)]


def _request(record: EnterpriseRecord) -> bytes:
    return canonical_bytes(record.model_dump(mode="json", exclude_none=True))


def _replay(home: Path) -> dict[str, Any]:
    """Replay everything in a process of its own; its start counts."""
    began = time.perf_counter()
    done = subprocess.run(  # noqa: S603 - our own command
        _COMMAND, env=os.environ | {"ICSML_HOME": str(home)}, capture_output=True, check=False
    )
    seconds = time.perf_counter() - began
    if not done.stdout:
        raise RuntimeError(done.stderr.decode())
    found: dict[str, Any] = json.loads(done.stdout)
    return found | {"seconds": seconds}


def _changes(home: Path, bundle: Bundle) -> dict[str, dict[str, Any]]:
    found = {}
    for what in (*_CHANGED, "record"):
        copy = home.with_name(f"changed-{what}")
        shutil.copytree(home, copy)
        if what == "record":
            _change_record(copy / "ledger.db")
        else:
            _change_byte(copy / kept_folder(bundle.sha256).relative_to(home) / _CHANGED[what])
        replayed = _replay(copy)
        first = replayed["found"][0]
        found[what] = {name: replayed[name] for name in ("replayed", "identical", "differences")} | {
            "decision_id": first["decision_id"],
            "code": first["code"],
            "message": first["message"].partition(" — ")[0].replace(str(copy), "ICSML_HOME"),
        }
        shutil.rmtree(copy)
    return found


def _change_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)


def _change_record(path: Path) -> None:
    """Change one byte of what is stored of the decision in the middle."""
    with closing(sqlite3.connect(path)) as connection:
        names = [name for (name,) in connection.execute("SELECT decision_id FROM payload ORDER BY decision_id")]
        name = names[len(names) // 2]
        (stored,) = connection.execute("SELECT bytes FROM payload WHERE decision_id = ?", (name,)).fetchone()
        changed = bytearray(stored)
        changed[len(changed) // 2] ^= 1
        connection.execute("UPDATE payload SET bytes = ? WHERE decision_id = ?", (bytes(changed), name))
        connection.commit()


def table(results: dict[str, Any]) -> str:
    """Return the figures as Markdown."""
    lines = [
        "| What was replayed | replayed | identical | differ | the first that differs is named |",
        "|---|---:|---:|---:|---|",
        _row("as recorded", results, "–"),
    ]
    for what, found in results["changed"].items():
        message = _HASH.sub(r"\1…", found["message"])
        lines.append(_row(f"one byte changed in the {what}", found, f"`{found['decision_id']}`: {message}"))
    rate = results["replayed"] / results["seconds"]
    lines += [
        "",
        f"Deciding and recording took {results['record_seconds']:.0f} s, replaying {results['seconds']:.0f} s with the "
        f"start of the process: {rate:,.0f} decisions a second.",
    ]
    return "\n".join(lines)


def _row(what: str, found: dict[str, Any], named: str) -> str:
    counts = " | ".join(f"{found[name]:,}" for name in ("replayed", "identical", "differences"))
    return f"| {what} | {counts} | {named} |"


if __name__ == "__main__":
    raise SystemExit(command(__doc__, run, table, "--decisions", 10_000))
