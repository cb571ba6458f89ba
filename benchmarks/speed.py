"""Speed, as ratios against a named peer in the same run: column arrays against rows one by one.

python benchmarks/speed.py [--enterprises 5000]
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from typing import Any

import pandas as pd
from harness import command, trained_model

from icsml.decision.assess import assess
from icsml.decision.decide import decide
from icsml.innovation.rulebooks.load import load_rulebook
from icsml.innovation.scoring.evaluate import evaluate
from icsml.model.bundle import Bundle
from icsml.records.columns import to_columns
from icsml.records.enterprise import frame_records

__all__ = ["run", "table"]

_RUNS = 3
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


def run(enterprises: int) -> dict[str, Any]:
    """Return rows a second and the ratio against the peer."""
    with trained_model(enterprises) as trained:
        frame = trained.dataset.enterprises
        return {
            "points, against pandas apply": _points(frame),
            "PD with all reasons in a batch, against one decision at a time, with texts and recourse": _batch(
                trained.bundle, frame
            ),
        }


def table(results: dict[str, Any]) -> str:
    """Return the figures as a Markdown table."""
    lines = ["| What, against which peer in the same run | Rows | Rows/s | Times as fast |", "|---|---:|---:|---:|"]
    for name, found in results.items():
        lines.append(f"| {name} | {found['rows']:,} | {found['rows_per_second']:,.0f} | {found['ratio']:.0f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(command(__doc__, run, table, "--enterprises", 5000))
