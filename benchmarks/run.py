"""`make bench`: run every benchmark, write benchmarks/results/latest.json, and put the tables into docs/figures.md."""

from __future__ import annotations

import argparse
import json
import platform
import re
import sys
from collections.abc import Callable, Collection
from importlib.metadata import version
from pathlib import Path
from typing import Any

import explain
import imports
import national
import points
import polish
import real_sets
import replay
import report
import search
import service
import speed
import stability

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
FIGURES = ROOT / "docs" / "figures.md"
RESULTS = ROOT / "benchmarks" / "results" / "latest.json"
_MARKED = re.compile(r"(<!-- bench:start -->\n).*?(<!-- bench:end -->)", re.DOTALL)


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def _polish() -> dict[str, Any]:
    folder = DATA / "polish_bankruptcy"
    return {name: polish.run_set(folder / f"polish_{name}.parquet", 10, [0, 1, 2]) for name in polish.SETS}


PARTS: dict[str, tuple[str, Callable[[], dict[str, Any]]]] = {
    "speed": ("speed", lambda: speed.run(5000)),
    "service": ("the service over HTTP (some five minutes)", lambda: service.run(2000)),
    "search": ("a search of a million decisions (some seven minutes)", lambda: search.run(1_000_000)),
    "replay": ("10,000 decisions replayed (some eight minutes)", lambda: replay.run(10_000)),
    "explain": ("SHAP beside its peers (some three minutes)", lambda: explain.run(12_800)),
    "imports": ("an import beside pandas.read_csv (some two minutes)", lambda: imports.run(1_000_000)),
    "national": ("a national run beside pandas and shap (some ten minutes)", lambda: national.run(520_000)),
    "points": ("points of a nation (some two minutes)", lambda: points.run(520_000)),
    "real_sets": ("real sets", lambda: real_sets.run(_say)),
    "stability": (
        "stability of reasons, 5 retrains two ways (some ten minutes)",
        lambda: stability.run(_say, real=DATA.is_dir()),
    ),
    "report": ("the auditor's report (some five minutes)", lambda: report.run(_say, real=DATA.is_dir())),
    "polish": ("Polish, 10 folds, 3 seeds (some twenty minutes)", _polish),
}
REAL_ONLY = {"real_sets", "polish"}


def run(parts: Collection[str]) -> dict[str, Any]:
    """Return the results of the named benchmarks over those of the last run; real data only where they lie beside."""
    results: dict[str, Any] = json.loads(RESULTS.read_text("utf-8")) if RESULTS.is_file() else {}
    results |= {"icsml": version("icsml"), "python": platform.python_version(), "lightgbm": version("lightgbm")}
    for name, (what, measure) in PARTS.items():
        if name in parts and (name not in REAL_ONLY or DATA.is_dir()):
            _say(what)
            results[name] = measure()
    return results


def tables(results: dict[str, Any]) -> str:
    """Return the tables of docs/figures.md."""
    parts = []
    if "polish" in results:
        parts += [
            "Polish bankruptcies, 10 folds, mean of 3 seeds, pooled out of fold, beside plain LightGBM, same folds:",
            polish.table(results["polish"]),
        ]
    if "real_sets" in results:
        parts += ["Other real sets, through `data import` and `train` with the shipped defaults:"]
        parts += [real_sets.table(results["real_sets"])]
    if "points" in results:
        found = results["points"]
        parts += [
            f"Points of {found['rows']:,} simulated enterprise-years by `national-2024`, {found['indicators']} "
            "indicators ranked within technical field × stage × province, one process, the peers in the same run:",
            points.table(found),
        ]
    if "explain" in results:
        parts += [
            "SHAP of random rows of 45 features, beside its peers in the same run, CPU-seconds on one thread each "
            "(times we are faster):",
            explain.table(results["explain"]),
        ]
    if "stability" in results:
        parts += [
            "Top three adverse reasons of rows never trained on, over 5 retrains with other seeds beside the first "
            "training, on enterprises drawn with replacement or on nine tenths of them, shipped defaults:",
            stability.table(results["stability"]),
        ]
    if "report" in results:
        parts += [
            "The auditor's report of a model on all rows of a set, seconds in process with all drawings, one file that "
            "opens offline; contradictions of the reasons of 500 rows:",
            report.table(results["report"]),
        ]
    if "national" in results:
        found = results["national"]
        parts += [
            f"A nation in one file: {found['rows']:,} random rows of 45 features, Parquet → PD and five reasons → "
            "Parquet, each side in a process of its own (2 cores):",
            national.table(found),
        ]
    if "imports" in results:
        found = results["imports"]
        parts += [
            f"An import: {found['rows']:,} random rows × {found['columns']} columns of csv"
            f" ({found['megabytes']:.0f} MB), beside pandas in the same run, each in a process of its own (2 cores);"
            f" {found['ratio']:.1f} × its time:",
            imports.table(found),
        ]
    parts += ["Speed, on a simulated book, 2 cores:", speed.table(results["speed"])]
    if "service" in results:
        parts += [
            "The service on localhost (2 cores), one process, ledger in SQLite unless said otherwise: decisions with "
            "authentication, reasons, texts and a durable row, each answered after its commit, by wrk from another "
            "process, beside its peers in the same run, medians of "
            f"{results['service']['rounds']} rounds:",
            service.table(results["service"]),
        ]
    return "\n\n".join([*parts, *_search_tables(results), *_replay_tables(results)])


def _search_tables(results: dict[str, Any]) -> list[str]:
    if "search" not in results:
        return []
    found = results["search"]
    return [
        f"A search of {found['decisions']:,} recorded decisions of one tenant, a page of {search.PAGE} and the counts "
        f"by facet, {found['rounds']} rounds in which the cases take turns:",
        search.table(found),
    ]


def _replay_tables(results: dict[str, Any]) -> list[str]:
    if "replay" not in results:
        return []
    found = results["replay"]
    return [
        f"{found['decisions']:,} decisions on simulated firms, recorded in SQLite and replayed by `icsml replay --all` "
        "in a process of its own; then again with one byte changed since:",
        replay.table(found),
    ]


def main() -> int:
    """Run what is named, or everything, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; the others keep their last results")
    parts = parser.parse_args().parts or PARTS
    if unknown := set(parts) - PARTS.keys():
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    results = run(parts)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    figures = tables(results)
    text = FIGURES.read_text("utf-8")
    FIGURES.write_text(_MARKED.sub(lambda mark: f"{mark[1]}{figures}\n{mark[2]}", text), "utf-8")
    _say(figures)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
