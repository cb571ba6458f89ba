"""A table of a million rows and sixty columns through `icsml data import`, beside pandas.read_csv, each in a process.

python benchmarks/imports.py [--rows 1000000]

Random rows; what is measured is time and memory, nothing is said about any firm. The peer only parses the file into a
frame; ours also reads dates and labels, screens and validates every row, makes every data check and writes the data
set. Seconds are without the imports; the ratio is the median of the pairs, each run one after the other.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import yaml

__all__ = ["run", "table"]

_COLUMNS = 60
_FIELDS = ("revenue_cny", "total_assets_cny", "total_liabilities_cny", "rd_expense_cny", "staff_total")
_PAIRS = 3


def prepare(folder: Path, rows: int) -> None:
    """Write the table and its mapping: identifier, date, label, five fields, 52 numbers with gaps."""
    rng = np.random.default_rng(0)
    days = np.datetime64("2016-12-31") + rng.integers(0, 9, rows) * 365
    columns: dict[str, Any] = {
        "firm": pa.array([f"E{number:07d}" for number in range(rows)]),
        "day": pa.array(days),
        "status": pa.array(np.where(rng.random(rows) < 0.02, "failed", "alive")),
    }
    for name in _FIELDS:
        money = np.exp(rng.normal(16, 1.5, rows)).round(2)
        values = rng.integers(1, 500, rows) if name == "staff_total" else money
        columns[name] = pa.array(values, mask=rng.random(rows) < 0.05)
    names = [f"X{number}" for number in range(_COLUMNS - len(columns))]
    for number, name in enumerate(names):
        values = np.round(rng.normal(size=rows) * 10 ** (number % 4), 4 if number % 3 else 2)
        columns[name] = pa.array(values, mask=rng.random(rows) < 0.1)
    pa_csv.write_csv(pa.table(columns), folder / "table.csv", pa_csv.WriteOptions(quoting_style="needed"))
    mapping = {
        "name": "table",
        "licence": "made up",
        "source": {"file": "table.csv"},
        "enterprise_id": "firm",
        "as_of": "day",
        "outcome": {
            "column": "status",
            "positive": ["failed"],
            "negative": ["alive"],
            "event": "default",
            "horizon_months": 12,
        },
        "fields": {name: name for name in _FIELDS},
        "extra_features": [{"column": name, "group": "numbers"} for name in names],
        "split": {"test_from": "2023-01-01"},
    }
    (folder / "mapping.yaml").write_text(yaml.safe_dump(mapping), "utf-8")


def ours(folder: Path) -> float:
    """Import the table, after a first import of a few rows has loaded what is needed; return seconds."""
    from icsml.portfolio.importer import import_dataset

    few = folder / "few"
    few.mkdir(exist_ok=True)
    prepare(few, 2_000)
    import_dataset(few / "mapping.yaml", few / "book")
    started = time.perf_counter()
    import_dataset(folder / "mapping.yaml", folder / "book")
    return time.perf_counter() - started


def peer(folder: Path) -> float:
    """Read the table with pandas; return seconds."""
    import pandas as pd

    pd.read_csv(folder / "table.csv", nrows=2_000)
    started = time.perf_counter()
    frame = pd.read_csv(folder / "table.csv")
    taken = time.perf_counter() - started
    assert frame.shape[1] == _COLUMNS
    return taken


def _apart(side: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--side", side, "--folder", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def run(rows: int) -> dict[str, Any]:
    """Return seconds and memory of both sides, each the median of its runs, and the median ratio of the pairs."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        prepare(folder, rows)
        size = (folder / "table.csv").stat().st_size
        pairs = [(_apart("ours", folder), _apart("peer", folder)) for _ in range(_PAIRS)]
    sides = {
        name: {key: statistics.median(pair[place][key] for pair in pairs) for key in ("seconds", "gibibytes")}
        for place, name in enumerate(("icsml", "pandas"))
    }
    ratio = statistics.median(ours["seconds"] / theirs["seconds"] for ours, theirs in pairs)
    return {"rows": rows, "columns": _COLUMNS, "megabytes": size / 1e6, "ratio": ratio} | sides


def table(found: dict[str, Any]) -> str:
    """Return the table of docs/figures.md."""
    lines = ["| Import | Seconds | Memory, GiB |", "|---|---:|---:|"]
    for name, what in (
        ("icsml", "`icsml data import`: read, screened, validated, checked, written"),
        ("pandas", "`pandas.read_csv` alone"),
    ):
        lines.append(f"| {what} | {found[name]['seconds']:.1f} | {found[name]['gibibytes']:.2f} |")
    return "\n".join(lines)


def main() -> None:
    """Run one side in this process, or both and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--side", choices=("ours", "peer"))
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    if given.side:
        seconds = (ours if given.side == "ours" else peer)(given.folder)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(json.dumps({"seconds": seconds, "gibibytes": memory}))
        return
    found = run(given.rows)
    print(table(found), f"\nratio {found['ratio']:.2f}")


if __name__ == "__main__":
    main()
