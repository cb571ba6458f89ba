"""SHAP of tree ensembles: rows a second beside LightGBM's pred_contrib, shap and woodelf, in one run.

python benchmarks/explain.py [--rows 12800]

Random rows of 45 features, 5 % missing; what is measured is time, nothing is said about any firm. Times are CPU-seconds
of the process, on one thread and on two, the least of three runs for us and for pred_contrib.
"""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from io import StringIO
from statistics import median
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
import shap
from harness import command
from numpy.typing import NDArray

from icsml.errors import ModelError
from icsml.explain.treeshap import TreeShap

__all__ = ["run", "table"]

Floats = NDArray[np.float64]

_FEATURES = 45
_TRAIN = 20_000
_REFERENCE = 10_000
_SHAP_REFERENCE = 100  # shap cuts a larger one to so many rows without a word
_RUNS = 3
_MODELS = {
    "500 trees of depth 3": {"num_leaves": 8, "max_depth": 3, "trees": 500},
    "500 trees of depth 4": {"num_leaves": 16, "max_depth": 4, "trees": 500},
    "300 trees of 31 leaves": {"num_leaves": 31, "max_depth": -1, "trees": 300},
    "300 trees of 63 leaves": {"num_leaves": 63, "max_depth": -1, "trees": 300},
    "300 trees of 31 leaves, depth at most 6": {"num_leaves": 31, "max_depth": 6, "trees": 300},
}


def sample(rows: int, seed: int) -> Floats:
    """Return random rows, 5 % of the values missing."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, _FEATURES))
    x[rng.random(x.shape) < 0.05] = np.nan
    return x


def grow(num_leaves: int, max_depth: int, trees: int) -> lgb.Booster:
    """Return a booster grown on random rows with a signal in them."""
    x = sample(_TRAIN, 0)
    known = np.nan_to_num(x)
    rng = np.random.default_rng(1)
    logit = -3 + known @ (0.4 * rng.normal(size=_FEATURES)) + 0.3 * known[:, 0] * known[:, 1] + np.abs(known[:, 2])
    y = (rng.random(_TRAIN) < 1 / (1 + np.exp(-logit))).astype(float)
    params = {"objective": "binary", "learning_rate": 0.05, "verbosity": -1, "num_threads": 1, "seed": 0}
    return lgb.train(params | {"num_leaves": num_leaves, "max_depth": max_depth}, lgb.Dataset(x, y), trees)


def seconds(work: Callable[[], object], clock: Callable[[], float] = time.process_time, runs: int = _RUNS) -> float:
    """Return the least time of a few runs."""
    taken = []
    for _ in range(runs):
        started = clock()
        work()
        taken.append(clock() - started)
    return min(taken)


def _model(booster: lgb.Booster, rows: int, alone: bool) -> dict[str, Any]:
    x = sample(rows, 2)
    few = x[: max(200, rows // 20)]
    own = TreeShap.from_booster(booster)
    own.explain(x[:64])
    contrib = seconds(lambda: booster.predict(few, pred_contrib=True, num_threads=1)) / len(few)
    contrib_2 = seconds(lambda: booster.predict(few, pred_contrib=True, num_threads=2), time.perf_counter) / len(few)
    one = seconds(lambda: own.explain(x)) / rows
    two = seconds(lambda: own.explain(x, threads=2), time.perf_counter) / rows
    margin = seconds(lambda: own.margin(x)) / rows
    predict = seconds(lambda: booster.predict(x, raw_score=True, num_threads=1)) / rows
    values = np.asarray(booster.predict(few, pred_contrib=True, num_threads=1))
    found = {
        "rows_per_second": 1 / one,
        "times_pred_contrib": contrib / one,
        "times_pred_contrib_two_threads": contrib_2 / two,
        "pred_contrib_rows_per_second": 1 / contrib,
        "margin_rows_per_second": 1 / margin,
        "margin_times_predict": predict / margin,
        "error": float(np.abs(own.contributions(few) - values).max()),
        "interventional": _interventional(booster, x, one),
        "one_row": _one_row(booster, x),
    }
    return found | _peers(booster, x, few, one) if alone else found


def _interventional(booster: lgb.Booster, x: Floats, path_dependent: float) -> dict[str, Any] | None:
    """Return build seconds and speed against 10,000 reference rows; None where tables cannot hold the paths."""
    reference = sample(_REFERENCE, 3)
    started = time.process_time()
    try:
        own = TreeShap.from_booster(booster, reference)
    except ModelError:
        return None
    built = time.process_time() - started
    own.explain(x[:64])
    taken = seconds(lambda: own.explain(x)) / len(x)
    return {
        "build_seconds": built,
        "rows_per_second": 1 / taken,
        "times_path_dependent": path_dependent / taken,
        "table_megabytes": own.table_bytes / 1e6,
    }


def _one_row(booster: lgb.Booster, x: Floats) -> dict[str, float] | None:
    """Return the median of one row in process: PD, every value and the five largest, against pred_contrib alone."""
    try:
        own = TreeShap.from_booster(booster, sample(1000, 3))
    except ModelError:
        return None
    out = np.empty(_FEATURES + 1)

    def one(row: Floats) -> None:
        margin = own.explain_row(row, out)
        _ = 1.0 / (1.0 + np.exp(-(1.02 * margin + 0.03)))
        np.argsort(-np.abs(out[:-1]), kind="stable")[:5]

    taken = [seconds(partial(one, row), time.perf_counter, 1) for row in x[:3000]]
    contrib = partial(booster.predict, pred_contrib=True, num_threads=1)
    theirs = [seconds(partial(contrib, row[None, :]), time.perf_counter, 1) for row in x[:300]]
    return {"microseconds": 1e6 * median(taken[500:]), "pred_contrib_microseconds": 1e6 * median(theirs)}


def _peers(booster: lgb.Booster, x: Floats, few: Floats, own: float) -> dict[str, Any]:
    """Return shap in both modes and woodelf, as times we are faster, and their largest error."""
    from woodelf import WoodelfExplainer

    names = [f"Column_{i}" for i in range(_FEATURES)]
    with warnings.catch_warnings(), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        warnings.simplefilter("ignore")
        path = shap.TreeExplainer(booster, feature_perturbation="tree_path_dependent")
        against = shap.TreeExplainer(booster, sample(_SHAP_REFERENCE, 3), feature_perturbation="interventional")
        woodelf = WoodelfExplainer(booster)
        frame = pd.DataFrame(x, columns=names)
        expected = np.asarray(booster.predict(few, pred_contrib=True, num_threads=1))[:, :-1]
        found = np.asarray(woodelf.shap_values(frame.head(len(few))))
        return {
            "times_shap_path_dependent": seconds(lambda: path.shap_values(few), runs=1) / len(few) / own,
            "times_shap_interventional_100": seconds(lambda: against.shap_values(few[:100]), runs=1) / 100 / own,
            "times_woodelf": seconds(lambda: woodelf.shap_values(frame), runs=1) / len(x) / own,
            "woodelf_error": float(np.abs(found - expected).max()),
        }


def run(rows: int, peers: bool = True) -> dict[str, Any]:
    """Return the figures of every model."""
    return {name: _model(grow(**settings), rows, peers) for name, settings in _MODELS.items()}


def table(results: dict[str, Any]) -> str:
    """Return the figures as Markdown tables."""
    lines = [
        "| Model | Rows/s, one thread | × pred_contrib | two threads each | × shap, path-dependent |"
        " × shap, 100 reference rows | × woodelf (its error) | Our error |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, each in results.items():
        peers = [f"{each[key]:,.0f}" for key in ("times_shap_path_dependent", "times_shap_interventional_100")]
        woodelf = f"{each['times_woodelf']:.0f} ({each['woodelf_error']:.0e})"
        ours = [f"{each[key]:.0f}" for key in ("times_pred_contrib", "times_pred_contrib_two_threads")]
        cells = [f"{each['rows_per_second']:,.0f}", *ours, *peers, woodelf, f"{each['error']:.0e}"]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines += [
        "",
        f"Against {_REFERENCE:,} reference rows, and one row at a time (PD, 45 values, the five largest; median):",
        "",
        "| Model | Tables built in | MB | Rows/s | × path-dependent | One row | pred_contrib alone |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, each in results.items():
        found, one = each["interventional"], each["one_row"]
        against = "| more features on a path than a table holds: refused |  |  |  |"
        if found is not None:
            against = (
                f"| {found['build_seconds']:.1f} s | {found['table_megabytes']:.0f} | {found['rows_per_second']:,.0f} |"
                f" {found['times_path_dependent']:.2f} |"
            )
        single = "" if one is None else f" {one['microseconds']:.0f} µs | {one['pred_contrib_microseconds']:.0f} µs |"
        lines.append(f"| {name} {against}{single or '  |  |'}")
    return "\n".join(lines)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "2")
    raise SystemExit(command(__doc__, run, table, "--rows", 12_800))
