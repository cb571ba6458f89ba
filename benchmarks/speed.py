"""Speed, as ratios against a named peer in the same run: columns against rows one by one, a file against SHAP alone.

python benchmarks/speed.py [--enterprises 5000]
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
from harness import command, trained_model

from icsml.batch.score import score_file
from icsml.decision.assess import assess
from icsml.decision.decide import decide
from icsml.explain.shap_engine import contributions
from icsml.innovation.rulebooks.load import load_rulebook
from icsml.innovation.scoring.evaluate import evaluate
from icsml.model.bundle import Bundle
from icsml.records.columns import to_columns
from icsml.records.enterprise import frame_records

__all__ = ["run", "table"]

_RUNS = 3
_WHOLE_RATIO = 10
_FILE_ROWS = 1_500_000
_DECISIONS = 400
_SHARE = ((0.30, 20), (0.25, 16), (0.20, 12), (0.15, 8), (0.10, 4))
_SALES = ((0.06, 50), (0.05, 40), (0.04, 30), (0.03, 20), (0.02, 10))
_COST = ((0.30, 50), (0.25, 40), (0.20, 30), (0.15, 20), (0.10, 10))


def _band(value: float, bands: tuple[tuple[float, int], ...]) -> int:
    return next((points for edge, points in bands if value >= edge), 0)


def _divide(over: float, under: float) -> float:
    return over / under if under > 0 else float("nan")


def plain_points(row: Any) -> int:  # noqa: ANN401 - a row of a frame
    """Score one row by the published card of 2017, written plainly."""
    staff = _band(_divide(row["staff_st"], row["staff_total"]), _SHARE)
    rd = max(
        _band(_divide(row["rd_expense_cny"], row["revenue_cny"]), _SALES),
        _band(_divide(row["rd_expense_cny"], row["total_cost_cny"]), _COST),
    )
    second = row["ip_class2"]
    ip = 30 if row["ip_class1"] >= 1 else (min(int(second), 4) * 6 if second >= 1 else 0)
    return staff + rd + ip


def seconds(work: Callable[[], object]) -> float:
    """Return the median wall time of a few runs."""
    times = []
    for _ in range(_RUNS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return median(times)


def _points(frame: pd.DataFrame) -> dict[str, Any]:
    rulebook, columns = load_rulebook("tech-sme-2017"), to_columns(frame)
    ours = evaluate(rulebook, columns).score
    plain = frame.apply(plain_points, axis=1)
    if not (ours == plain.to_numpy()).all():
        raise AssertionError("the two do not give the same points")
    fast, slow = seconds(lambda: evaluate(rulebook, columns)), seconds(lambda: frame.apply(plain_points, axis=1))
    return {"rows": len(frame), "rows_per_second": len(frame) / fast, "ratio": slow / fast}


def _batch(bundle: Bundle, frame: pd.DataFrame) -> dict[str, Any]:
    columns, sample = to_columns(frame), frame_records(frame.head(200))
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    fast = seconds(lambda: assess(bundle, columns)) / len(frame)
    slow = seconds(lambda: [decide(bundle, each, decision_id="d", decided_at=moment) for each in sample]) / len(sample)
    return {"rows": len(frame), "rows_per_second": 1 / fast, "ratio": slow / fast}


def _one(bundle: Bundle, frame: pd.DataFrame) -> dict[str, Any]:
    """Decide one record after another, of all years, and take the median; the peer explains one row, without texts."""
    chosen = np.random.default_rng(5).choice(len(frame), _DECISIONS, replace=False)
    records, moment = frame_records(frame.iloc[chosen]), datetime(2026, 1, 1, tzinfo=UTC)
    rows = assess(bundle, to_columns(frame.iloc[chosen]), explained=False).features
    peer = _median_of(lambda row: bundle.model.booster.predict(row[None, :], pred_contrib=True), list(rows))
    found = {}
    for how, recourse in (("", False), (" and recourse", True)):
        asked = partial(decide, bundle, decision_id="d", decided_at=moment, with_recourse=recourse)
        own = _median_of(asked, records)
        name = f"one decision with reasons, texts{how}, median, against one row of LightGBM's pred_contrib"
        found[name] = {"rows": _DECISIONS, "rows_per_second": 1 / own, "ratio": peer / own}
    return found


def _median_of(work: Callable[[Any], object], given: Sequence[Any]) -> float:
    """Return the median over what is given of the least time that each takes."""
    times = np.full((_RUNS, len(given)), np.inf)
    for run_, position in np.ndindex(*times.shape):
        started = time.perf_counter()
        work(given[position])
        times[run_, position] = time.perf_counter() - started
    return float(np.median(times.min(axis=0)))


def _book(frame: pd.DataFrame, path: Path) -> int:
    """Write the records several times over, with other identifiers and amounts, and return how many they are."""
    random, amounts = np.random.default_rng(1), frame.columns[frame.columns.str.endswith("_cny")]
    copies = -(-_FILE_ROWS // len(frame))
    for copy in range(copies):
        other = frame.assign(enterprise_id=frame["enterprise_id"] + f"-{copy}")
        other[amounts] = other[amounts].mul(random.uniform(0.9, 1.1, len(other)), axis=0)
        other.to_parquet(path / f"part-{copy:03d}.parquet", index=False)
    return copies * len(frame)


def _file(bundle: Bundle, frame: pd.DataFrame) -> dict[str, Any]:
    """Score a file of raw records with five reasons, against SHAP values alone over the features of such records."""
    features = assess(bundle, to_columns(frame), explained=False).features
    rows, booster = len(features), bundle.model.booster
    contributions(booster, features, bundle.reference)  # builds the explainer
    own = seconds(lambda: contributions(booster, features, bundle.reference)) / rows
    peer = seconds(lambda: booster.predict(features, pred_contrib=True)) / rows
    with tempfile.TemporaryDirectory() as scratch:
        source, target = Path(scratch) / "in", Path(scratch) / "out.parquet"
        source.mkdir()
        rows, reports = _book(frame, source), []
        whole = seconds(lambda: reports.append(score_file(bundle, source, target, reasons=5))) / rows
    alone = median(report.seconds for report in reports) / rows
    return {
        f"{what}, against {whom} alone": {"rows": rows, "rows_per_second": 1 / ours, "ratio": theirs / ours}
        for what, ours in (
            ("raw records of a file to PD and five reasons", alone),
            ("the same with reading and writing", whole),
        )
        for whom, theirs in (("LightGBM's pred_contrib", peer), ("our SHAP values", own))
    }


def run(enterprises: int) -> dict[str, Any]:
    """Return rows a second and the ratio against the peer."""
    with trained_model(enterprises) as trained:
        frame = trained.dataset.enterprises
        return {
            "points, against pandas apply": _points(frame),
            "PD with all reasons in a batch, against one decision at a time, with texts and recourse": _batch(
                trained.bundle, frame
            ),
            **_one(trained.bundle, frame),
            **_file(trained.bundle, frame),
        }


def table(results: dict[str, Any]) -> str:
    """Return the figures as a Markdown table."""
    lines = ["| What, against which peer in the same run | Rows | Rows/s | Times as fast |", "|---|---:|---:|---:|"]
    for name, found in results.items():
        ratio = f"{found['ratio']:,.0f}" if found["ratio"] >= _WHOLE_RATIO else f"{found['ratio']:.2f}"
        lines.append(f"| {name} | {found['rows']:,} | {found['rows_per_second']:,.0f} | {ratio} |")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(command(__doc__, run, table, "--enterprises", 5000))
