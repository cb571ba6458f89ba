"""The main job on the real sets that are not Polish: import, train with the shipped defaults, figures with intervals.

    python benchmarks/real_sets.py [--data ../shared/data]

The mappings under configs/datasets/ find the data beside the checkout.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from icsml.core.paths import configs_dir
from icsml.core.progress import silent
from icsml.portfolio.importer import import_dataset
from icsml.workflows.config import load_training_config
from icsml.workflows.train import train_bundle

__all__ = ["SETS", "run", "table"]

SETS = ("taiwan", "sba", "sba-out-of-time", "cumcm2020c")
FIGURES = ("auc", "auc_low", "auc_high", "ks", "log_loss", "calibration_slope")


def run_set(name: str) -> dict[str, Any]:
    """Import and train one set; return its figures, with and without innovation where there is any."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        report = import_dataset(configs_dir() / "datasets" / f"{name}.yaml", folder / "data", progress=silent)
        metrics = train_bundle(folder / "data", load_training_config(), out=folder / "bundle").metrics
    part = "cv" if "cv" in metrics else "test"
    return {
        "rows": report.rows,
        "defaults": report.defaults,
        "split": "folds" if part == "cv" else "out of time",
        "outside_range": sum(report.out_of_range.values()),
        "label_lookahead": metrics["label_lookahead"],
        **{key: metrics[part][key] for key in FIGURES},
        "innovation_gain": metrics.get("innovation_gain"),
    }


def run(progress: Any = None) -> dict[str, Any]:  # noqa: ANN401 - a callable of one line of text
    """Return the figures of every set."""
    results = {}
    for name in SETS:
        results[name] = run_set(name)
        if progress:
            progress(f"{name}: AUC {results[name]['auc']:.4f}")
    return results


def table(results: dict[str, Any]) -> str:
    """Return the figures as a Markdown table."""
    lines = [
        "| Set | Rows (bad) | Split | AUC (95 %) | KS | Calibration slope | AUC added by innovation (95 %) |",
        "|---|---:|---|---:|---:|---:|---:|",
    ]
    for name, found in results.items():
        gain = found["innovation_gain"]
        added = (
            f"{gain['auc']:+.4f} ({gain['auc_low']:+.4f} to {gain['auc_high']:+.4f})" if gain else "none in the data"
        )
        lines.append(
            f"| {name} | {found['rows']:,} ({found['defaults']:,}) | {found['split']} "
            f"| {found['auc']:.4f} ({found['auc_low']:.4f} to {found['auc_high']:.4f}) | {found['ks']:.3f} "
            f"| {found['calibration_slope']:.3f} | {added} |"
        )
    return "\n".join(lines)


def main() -> int:
    """Run it; 0 also where the data are absent."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    if not parser.parse_args().data.is_dir():
        print("skipped: no real data sets beside this checkout", file=sys.stderr)
        return 0
    results = run(lambda line: print(line, file=sys.stderr, flush=True))
    print(table(results))
    print(json.dumps(results, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
