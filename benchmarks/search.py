"""Searching a ledger of a million decisions, on SQLite and PostgreSQL, and what the index costs who records.

python benchmarks/search.py [--decisions 1000000]

The index is filled past the ledger: 200,000 firms, 12 grades, 8 of 30 reasons each, three years, one tenant. What is
measured is what `GET /v1/assessments` reads: a page of 50 and the counts of the facets.
"""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import psycopg
from harness import command
from serving.servers import postgresql

from icsml.core.clock import timestamp
from icsml.ledger import Ledger
from icsml.ledger.store.searching import Position, Wanted

__all__ = ["run", "table"]

TENANT, CODES, GRADES, FIRMS = "bank-a", 30, 12, 200_000
START, DAYS = datetime(2024, 1, 1, tzinfo=UTC), 3 * 365
COMMON, RARE, GONE, APART = "R00", "R29", "none", "G04"
PAGE, REASONS = 50, 8
_AT_ONCE = 50_000
_REQUEST = 8000
_MADE_BY = {"bundle_sha256": "b" * 64, "rulebook_sha256": "c" * 64, "code_version": "0.1.0", "key_id": "0123456789ab"}
_BYTES = 16
_RNG_SEED = 5


def rows(decisions: int) -> Iterator[tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]]:
    """Yield rows of both tables of the index, in the order of the time decided."""
    rng = np.random.default_rng(_RNG_SEED)
    weights = np.log(np.append(0.8 ** np.arange(CODES - 1), 4e-6))
    grades = 1.0 / np.arange(1, GRADES + 1)
    codes = np.array([f"R{number:02}" for number in range(CODES)])
    step = timedelta(days=DAYS) / decisions
    for start in range(0, decisions, _AT_ONCE):
        size = min(_AT_ONCE, decisions - start)
        graded = rng.choice(GRADES, size, p=grades / grades.sum())
        keys = weights + rng.gumbel(size=(size, CODES))
        keys[graded == int(APART[1:]), int(COMMON[1:])] = -np.inf
        chosen = np.argsort(-keys, axis=1)[:, :REASONS]
        firms = rng.integers(FIRMS, size=size)
        pd = rng.beta(1, 30, size)
        index, reasons = [], []
        for at in range(size):
            decided_at, name = timestamp(START + (start + at) * step), str(uuid.UUID(bytes=rng.bytes(_BYTES)))
            found = codes[chosen[at]].tolist()
            stated = (f"firm-{firms[at]:06}", decided_at[:10], f"G{graded[at]:02}", float(pd[at]), 600)
            model = ("icsml-pd", str(1 + (start + at) * 6 // decisions), "b" * 64)
            index.append((TENANT, decided_at, name, *stated, *model, orjson.dumps(found).decode()))
            reasons += [(TENANT, code, stated[2], decided_at, name) for code in ("", *found)]
        yield index, reasons


def fill(url: str, decisions: int) -> None:
    """Fill the index of an empty ledger."""
    Ledger.open(url).close()
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous=OFF")
            for index, reasons in rows(decisions):
                connection.execute("BEGIN")
                connection.executemany(f"INSERT INTO decision_index VALUES ({','.join('?' * 12)})", index)  # noqa: S608
                connection.executemany("INSERT INTO decision_reason VALUES (?,?,?,?,?)", sorted(reasons))
                connection.execute("COMMIT")
        return
    with psycopg.connect(url, autocommit=True) as connection:
        for index, reasons in rows(decisions):
            for name, found in (("decision_index", index), ("decision_reason", sorted(reasons))):
                with connection.cursor().copy(f"COPY {name} FROM STDIN") as copy:
                    for row in found:
                        copy.write_row(row)
        connection.execute("VACUUM ANALYZE")


def cases(ledger: Ledger) -> dict[str, tuple[Wanted, Position | None]]:
    """Return what is looked for, by what it is called."""
    every = Wanted(TENANT)
    middle = timestamp(START + timedelta(days=DAYS // 2))
    month = timestamp(START + timedelta(days=DAYS // 2 + 30))
    firm = ledger.search(every, limit=1)[0].enterprise_id
    rare_grade = f"G{GRADES - 1:02}"
    wanted = {
        "no filter": every,
        "grade, common": every._replace(grade="G00"),
        "grade, rare": every._replace(grade=rare_grade),
        "grade, none": every._replace(grade=GONE),
        "reason, common": every._replace(reason=COMMON),
        "reason, very rare": every._replace(reason=RARE),
        "reason, none": every._replace(reason=GONE),
        "grade and reason, common": every._replace(grade="G00", reason=COMMON),
        "grade, common, and reason, very rare": every._replace(grade="G00", reason=RARE),
        "grade and reason, never together": every._replace(grade=APART, reason=COMMON),
        "firm": every._replace(enterprise_id=firm),
        "firm, grade and reason": every._replace(enterprise_id=firm, grade="G00", reason=COMMON),
        "a month": every._replace(since=middle, until=month),
        "a month, grade and reason": every._replace(since=middle, until=month, grade=rare_grade, reason=COMMON),
        "before all": every._replace(until=timestamp(START - timedelta(days=1))),
        "another tenant": Wanted("nobody"),
    }
    deep = Position(timestamp(START + timedelta(days=30)), "~")
    found: dict[str, tuple[Wanted, Position | None]] = {name: (each, None) for name, each in wanted.items()}
    return found | {
        "deep page": (every, deep),
        "deep page of a common reason": (every._replace(reason=COMMON), deep),
    }


def measure(url: str, rounds: int) -> dict[str, dict[str, float]]:
    """Return milliseconds of each read, page and facets together; the cases take turns."""
    with Ledger.open(url, create=False) as ledger:
        wanted = cases(ledger)
        taken: dict[str, list[float]] = {name: [] for name in wanted}
        for _ in range(rounds):
            for name, (each, after) in wanted.items():
                began = time.perf_counter()
                ledger.search(each, after=after, limit=PAGE)
                if after is None:
                    ledger.count_facets(each)
                taken[name].append((time.perf_counter() - began) * 1000)
    return {name: _quantiles(each) for name, each in taken.items()}


def record_ms(folder: Path, rounds: int) -> dict[str, float]:
    """Return the median milliseconds of recording one decision in SQLite with and without the index, taking turns."""
    decision = {
        "decided_at": timestamp(START),
        "enterprise_id": "firm-1",
        "grade": "G01",
        "pd": 0.02,
        "score": 600,
        "adverse_reasons": [{"code": f"R{number:02}"} for number in range(REASONS)],
    }
    taken: dict[str, list[float]] = {"indexed": [], "not indexed": []}
    # A decision that does not say when it was made is recorded without a row in the index.
    kinds = {"indexed": decision, "not indexed": {name: decision[name] for name in decision if name != "decided_at"}}
    with Ledger.open(f"sqlite:///{folder / 'recording.db'}") as ledger:
        for number in range(rounds):
            for kind, stated in kinds.items():
                name = f"d-{kind[0]}-{number}"
                request = {"request": {"text": "x" * _REQUEST}, "features": {}}
                payload = request | _MADE_BY | {"decision": stated | {"decision_id": name}}
                began = time.perf_counter()
                ledger.record(TENANT, name, payload)
                taken[kind].append((time.perf_counter() - began) * 1000)
    return {kind: statistics.median(each) for kind, each in taken.items()}


def _quantiles(taken: list[float]) -> dict[str, float]:
    return {"p50_ms": statistics.median(taken), "p95_ms": float(np.percentile(taken, 95))}


def run(decisions: int, rounds: int = 40) -> dict[str, Any]:
    """Return the figures of both databases."""
    with tempfile.TemporaryDirectory() as scratch, postgresql(Path(scratch) / "postgresql") as server:
        folder = Path(scratch)
        found = {}
        for name, url in (("SQLite", f"sqlite:///{folder / 'ledger.db'}"), ("PostgreSQL", server)):
            fill(url, decisions)
            found[name] = measure(url, rounds)
        return {"decisions": decisions, "rounds": rounds, "measured": found, "record_ms": record_ms(folder, 300)}


def table(results: dict[str, Any]) -> str:
    """Return the figures as Markdown."""
    measured = results["measured"]
    lines = [
        "| What is looked for | " + " | ".join(f"{name}, median, ms | 95th percentile, ms" for name in measured) + " |",
        "|---|" + "---:|---:|" * len(measured),
    ]
    for case in next(iter(measured.values())):
        cells = (f"{found[case]['p50_ms']:.1f} | {found[case]['p95_ms']:.1f}" for found in measured.values())
        lines.append(f"| {case} | {' | '.join(cells)} |")
    indexed, plain = results["record_ms"]["indexed"], results["record_ms"]["not indexed"]
    lines += [
        "",
        f"Recording one decision in SQLite: {plain:.2f} ms, with its rows in the index {indexed:.2f} ms "
        f"({indexed / plain:.2f} times).",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(command(__doc__, run, table, "--decisions", 1_000_000))
