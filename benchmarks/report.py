"""The auditor's report of two real sets and of a simulated book, in both languages, and of 100,000 rows of such a book.

    python benchmarks/report.py [--data ../shared/data] [--rows 100000]

Each set is trained once with the shipped defaults; the report is of all its rows. Seconds are those of the call, wall
clock, in this process: reading the data and training are not in them, the drawings are. What the first drawing costs a
process (fonts, compiled engines) is paid before the clock starts.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from icsml.core.paths import configs_dir
from icsml.core.progress import silent
from icsml.model.bundle import Bundle
from icsml.portfolio.importer import import_dataset
from icsml.portfolio.synthetic import synthesize
from icsml.records.dataset import Dataset, read_dataset
from icsml.reports.model_page import model_page
from icsml.reports.page import write
from icsml.reports.report_facts import ReportFacts
from icsml.workflows.config import load_training_config
from icsml.workflows.report import report_facts, write_report
from icsml.workflows.train import train_bundle

__all__ = ["BOOK", "SETS", "run", "table"]

BOOK: Final = "synthetic book (simulated)"
SETS: Final = ("polish-5year", "taiwan")
_LANGS: Final = ("en", "zh")
_WARM_ROWS: Final = 100
_YEARS: Final = 3
"""Rows of an enterprise in a simulated book, at least on average."""


def run_report(bundle: Bundle, dataset: Dataset, folder: Path) -> dict[str, Any]:
    """Return the figures of one report: what both languages cost, and what its checks found."""
    write_report(bundle, dataset, folder / "warm.html", "en", rows=_WARM_ROWS)
    started = time.perf_counter()
    found = report_facts(bundle, dataset)
    assessed = time.perf_counter() - started
    pages = {lang: _page(found, folder / f"{lang}.html", lang) for lang in _LANGS}
    return {
        "rows": found.origin.rows,
        "assess_seconds": assessed,
        "seconds": {lang: assessed + drawn for lang, (drawn, _) in pages.items()},
        "bytes": {lang: size for lang, (_, size) in pages.items()},
        **_figures(found),
    }


def _page(found: ReportFacts, path: Path, lang: str) -> tuple[float, int]:
    started = time.perf_counter()
    write(path, model_page(found, lang))
    return time.perf_counter() - started, path.stat().st_size


def _figures(found: ReportFacts) -> dict[str, Any]:
    adds_up = next(check for check in found.checks if check.id == "adds_up")
    return {
        "checks": len(found.checks),
        "passed": sum(check.passed for check in found.checks),
        "failed": [check.id for check in found.checks if not check.passed],
        "largest_deviation": adds_up.worst,
        "contradictions": found.contradictions.rate if found.contradictions else None,
    }


def run(
    progress: Callable[[str], None] = silent,
    *,
    real: bool = True,
    enterprises: int = 5000,
    rows: int = 100_000,
) -> dict[str, Any]:
    """Return the figures of every set; without ``real`` those of the simulated books alone."""
    results: dict[str, Any] = {}
    config = load_training_config()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name in SETS if real else ():
            import_dataset(configs_dir() / "datasets" / f"{name}.yaml", folder / name, progress=silent)
            bundle = train_bundle(folder / name, config, out=folder / f"{name}-bundle").bundle
            results[name] = run_report(bundle, read_dataset(folder / name), folder)
            progress(_line(name, results[name]))
        synthesize(enterprises, 11, "small", folder / "book", progress=silent)
        bundle = train_bundle(folder / "book", config, out=folder / "book-bundle").bundle
        results[BOOK] = run_report(bundle, read_dataset(folder / "book"), folder)
        progress(_line(BOOK, results[BOOK]))
        many = f"{rows:,} rows of another (simulated)"
        results[many] = run_report(bundle, _book(rows, folder / "many"), folder)
        progress(_line(many, results[many]))
    return results


def _book(rows: int, folder: Path) -> Dataset:
    """Return so many rows of a simulated book of its own; its outcomes are not read."""
    synthesize(rows // _YEARS + 1, 12, "small", folder, progress=silent)
    dataset = read_dataset(folder)
    return replace(dataset, enterprises=dataset.enterprises.head(rows), outcomes=dataset.outcomes.head(rows))


def table(results: dict[str, Any]) -> str:
    """Return the figures as a Markdown table."""
    lines = [
        "| Set | Rows | Seconds, en / zh | MB, en / zh | Checks passed | Largest deviation from the logit of the PD | "
        "Shown reasons of features without declared direction that contradict |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, found in results.items():
        seconds = " / ".join(f"{found['seconds'][lang]:.1f}" for lang in _LANGS)
        size = " / ".join(f"{found['bytes'][lang] / 1e6:.2f}" for lang in _LANGS)
        rate = "–" if found["contradictions"] is None else f"{found['contradictions']:.1%}"
        lines.append(
            f"| {name} | {found['rows']:,} | {seconds} | {size} | {found['passed']} of {found['checks']} "
            f"| {found['largest_deviation']:.1e} | {rate} |"
        )
    return "\n".join(lines)


def _line(name: str, found: dict[str, Any]) -> str:
    checks = f"{found['passed']} of {found['checks']} checks"
    return f"{name}: {found['rows']:,} rows in {found['seconds']['en']:.1f} s, {checks}"


def main() -> int:
    """Run it and print the table and the JSON; the simulated books alone where the real sets are absent."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--enterprises", type=int, default=5000)
    parser.add_argument("--rows", type=int, default=100_000)
    options = parser.parse_args()
    results = run(
        lambda line: print(line, file=sys.stderr, flush=True),
        real=options.data.is_dir(),
        enterprises=options.enterprises,
        rows=options.rows,
    )
    print(table(results))
    print(json.dumps(results, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
