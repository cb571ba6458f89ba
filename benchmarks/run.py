"""`make bench`: run every benchmark, write benchmarks/results/latest.json, and put the tables into README."""

from __future__ import annotations

import argparse
import json
import platform
import re
import sys
from collections.abc import Collection
from importlib.metadata import version
from pathlib import Path
from typing import Any

import explain
import imports
import national
import points
import polish
import real_sets
import report
import speed
import stability

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
RESULTS = ROOT / "benchmarks" / "results" / "latest.json"
PARTS = ("explain", "imports", "national", "points", "speed", "real_sets", "stability", "report", "polish")
_MARKED = re.compile(r"(<!-- bench:start -->\n).*?(<!-- bench:end -->)", re.DOTALL)


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def run(parts: Collection[str]) -> dict[str, Any]:
    """Return the results of the named benchmarks over those of the last run; real data only where they lie beside."""
    results: dict[str, Any] = json.loads(RESULTS.read_text("utf-8")) if RESULTS.is_file() else {}
    results |= {"icsml": version("icsml"), "python": platform.python_version(), "lightgbm": version("lightgbm")}
    if "speed" in parts:
        _say("speed")
        results["speed"] = speed.run(5000)
    if "explain" in parts:
        _say("SHAP beside its peers (some three minutes)")
        results["explain"] = explain.run(12_800)
    if "imports" in parts:
        _say("an import beside pandas.read_csv (some two minutes)")
        results["imports"] = imports.run(1_000_000)
    if "national" in parts:
        _say("a national run beside pandas and shap (some ten minutes)")
        results["national"] = national.run(520_000)
    if "points" in parts:
        _say("points of a nation (some two minutes)")
        results["points"] = points.run(520_000)
    if "real_sets" in parts and DATA.is_dir():
        _say("real sets")
        results["real_sets"] = real_sets.run(_say)
    if "stability" in parts:
        _say("stability of reasons, 5 retrains two ways (some ten minutes)")
        results["stability"] = stability.run(_say, real=DATA.is_dir())
    if "report" in parts:
        _say("the auditor's report (some five minutes)")
        results["report"] = report.run(_say, real=DATA.is_dir())
    if "polish" in parts and DATA.is_dir():
        _say("Polish, 10 folds, 3 seeds (some twenty minutes)")
        folder = DATA / "polish_bankruptcy"
        results["polish"] = {
            name: polish.run_set(folder / f"polish_{name}.parquet", 10, [0, 1, 2]) for name in polish.SETS
        }
    return results


def tables(results: dict[str, Any]) -> str:
    """Return the tables that README shows."""
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
    return "\n\n".join(parts)


def main() -> int:
    """Run what is named, or everything, and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; the others keep their last results")
    parts = parser.parse_args().parts or PARTS
    if unknown := set(parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    results = run(parts)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    readme = ROOT / "README.md"
    shown = tables(results)
    text = readme.read_text("utf-8")
    readme.write_text(_MARKED.sub(lambda mark: f"{mark[1]}{shown}\n{mark[2]}", text), "utf-8")
    _say(shown)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
