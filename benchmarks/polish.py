"""Discrimination and calibration on the Polish bankruptcy sets, against plain LightGBM on the same folds.

Protocol: the raw 64 ratios, 10 outer folds for each of 3 seeds, stratified, rows of equal content kept in one fold.
PDClassifier with its shipped defaults finds rounds and calibration inside the training part of each fold; plain
LightGBM has depth 4, 400 rounds, rate .05. Figures are of pooled out-of-fold PDs, averaged over the seeds. These folds
never chose a default.

    python benchmarks/polish.py [--data ../shared/data] [--seeds 0 1 2] [--folds 10] [--out polish.json]
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

from icsml.model.classifier import PDClassifier
from icsml.portfolio.splits import content_groups, grouped_folds
from icsml.validation.summary import summary

SETS = ("1year", "3year", "5year")
FIGURES = ("auc", "log_loss", "calibration_slope", "calibration_intercept")
PLAIN = {
    "objective": "binary",
    "max_depth": 4,
    "learning_rate": 0.05,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "seed": 0,
    "verbosity": -1,
}
FloatArray = npt.NDArray[np.float64]


def plain_pd(X: FloatArray, y: FloatArray, held: FloatArray) -> FloatArray:
    """Return PDs of plain LightGBM, uncalibrated."""
    booster = lgb.train(PLAIN, lgb.Dataset(X, y), num_boost_round=400)
    return expit(np.asarray(booster.predict(held, raw_score=True)))


def run_seed(X: FloatArray, y: FloatArray, groups: npt.NDArray[np.int64], folds: int, seed: int) -> dict[str, Any]:
    """Return the figures of both models on one dealing of the folds."""
    fold = grouped_folds(y, groups, folds, seed)
    pds = {"icsml": np.empty(y.size), "plain": np.empty(y.size)}
    rounds = []
    for k in range(folds):
        train, held = fold != k, fold == k
        model = PDClassifier().fit(X[train], y[train], groups=groups[train])
        pds["icsml"][held] = model.predict_proba(X[held])[:, 1]
        pds["plain"][held] = plain_pd(X[train], y[train], X[held])
        rounds.append(model.rounds_)
    figures = {name: {key: summary(y, pd)[key] for key in FIGURES} for name, pd in pds.items()}
    return {"seed": seed, "rounds": rounds, **figures}


def run_set(path: Path, folds: int, seeds: list[int]) -> dict[str, Any]:
    """Return every seed's figures of one set, and their means."""
    frame = pd.read_parquet(path)
    ratios = frame.drop(columns="class")
    X, y, groups = ratios.to_numpy(np.float64), frame["class"].to_numpy(np.float64), content_groups(ratios)
    started = time.perf_counter()
    runs = []
    for seed in seeds:
        runs.append(run_seed(X, y, groups, folds, seed))
        print(f"{path.stem} seed {seed}: {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
    mean = {
        name: {key: float(np.mean([run[name][key] for run in runs])) for key in FIGURES} for name in ("icsml", "plain")
    }
    return {"rows": int(y.size), "defaults": int(y.sum()), "mean": mean, "seeds": runs}


def table(results: dict[str, Any]) -> str:
    """Return the means as a Markdown table."""
    lines = ["| Set | Model | AUC | Log-loss | Slope | Intercept |", "|---|---|---:|---:|---:|---:|"]
    for name, result in results.items():
        for model, figures in result["mean"].items():
            values = " | ".join(f"{figures[key]:.4f}" for key in FIGURES)
            lines.append(f"| {name} | {model} | {values} |")
    return "\n".join(lines)


def main() -> int:
    """Run the protocol; 0 also where the data are absent."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--folds", type=int, default=10)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--out", type=Path, help="write the JSON here too")
    options = parser.parse_args()
    folder = options.data / "polish_bankruptcy"
    if not folder.is_dir():
        print(f"skipped: no folder {folder}", file=sys.stderr)
        return 0
    results = {name: run_set(folder / f"polish_{name}.parquet", options.folds, options.seeds) for name in SETS}
    print(table(results))
    text = json.dumps({"protocol": {"folds": options.folds, "seeds": options.seeds}, "sets": results}, indent=1)
    print(text)
    if options.out:
        options.out.write_text(text + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
