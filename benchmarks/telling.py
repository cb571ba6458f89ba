"""What adverse reasons report, and what withholding gains: the tables of docs/explanation/reasons.md.

    python benchmarks/telling.py [--data ../shared/data]

The book is simulated: it proves the machinery and is no evidence about the world.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from icsml.core.paths import configs_dir
from icsml.core.progress import silent
from icsml.decision.assess import assess
from icsml.decision.pd_if_withheld import pd_if_withheld
from icsml.decision.ranked_terms import ranked_terms
from icsml.decision.reasons import row_reasons
from icsml.decision.required_information import demands
from icsml.decision.row import Row
from icsml.model.bundle import Bundle
from icsml.portfolio.importer import import_dataset
from icsml.portfolio.synthetic import synthesize
from icsml.records.columns import to_columns
from icsml.records.frame import validate_frame
from icsml.texts.quantity import quantity
from icsml.workflows.config import load_training_config
from icsml.workflows.train import train_bundle

__all__ = ["chosen", "gains", "run", "tables", "telling"]

SETS = ("book", "taiwan", "polish-1year")
PAGE = Path(__file__).resolve().parents[1] / "docs" / "explanation" / "reasons.md"
_DECISIONS, _FIRMS, _WORST = 1_000, 2_000, 60
CREDIT = ["existing_debt_cny", "existing_lenders", "credit_history_months", "overdue_count_24m", "overdue_days_max_24m"]
CREDIT += ["credit_inquiries_6m", "credit_line_utilisation"]
PROFIT = ["net_profit_cny", "net_profit_prev_cny", "operating_profit_cny", "equity_cny", "retained_earnings_cny"]
LEFT_OUT = {"credit history": CREDIT, "profit and equity": PROFIT, "both": CREDIT + PROFIT}


def telling(bundle: Bundle, frame: pd.DataFrame) -> dict[str, Any]:
    """Count what adverse reasons report: by code, whatever the value, as in earlier versions, and by kind as now."""
    rows = frame.sample(min(_DECISIONS, len(frame)), random_state=0)
    assessment = assess(bundle, to_columns(validate_frame(rows, bundle.extras), bundle.extras))
    kinds: Counter[str] = Counter()
    before = after = referred = 0
    ranked = ranked_terms(bundle, assessment, 0)
    for row in range(len(rows)):
        explained = row_reasons(Row(bundle, assessment, row), ranked)
        reported = explained.adverse_reasons
        kinds.update(str(reason.kind) for reason in reported)
        faults = [_undefendable(reason.feature, reason) for reason in reported]
        before += any(faults)
        after += any(fault and reason.kind == "comparison" for fault, reason in zip(faults, reported, strict=True))
        referred += explained.principal_left_out
    n = len(rows)
    return {"decisions": n, "before": before / n, "after": after / n, "kinds": dict(kinds), "referred": referred / n}


def _undefendable(feature: Any, reason: Any) -> bool:  # noqa: ANN401 - a Feature and an AdverseReason
    if reason.value is None:
        return True
    if reason.contradicts or reason.reference_value is None:
        return True
    better = feature.direction.sign * (reason.value - reason.reference_value) < 0.0
    alike = quantity(reason.value, feature.unit) == quantity(reason.reference_value, feature.unit)
    return (
        better
        or (alike and f"{reason.reference_value}" == f"{reason.value}")
        or (alike and reason.kind != "comparison")
    )


def gains(bundle: Bundle, folder: Path) -> dict[str, pd.DataFrame]:
    """Return, by what is left out, mean PDs and shares of firms that gain, by tenth of the true PD."""
    every = pd.read_parquet(folder / "enterprises.parquet")
    rows = np.random.default_rng(0).choice(len(every), min(_FIRMS, len(every)), replace=False)
    frame = every.iloc[rows].reset_index(drop=True)
    truth = pd.read_parquet(folder / "truth.parquet")["pd"].to_numpy()[rows]
    tenth = pd.qcut(pd.Series(truth).rank(method="first"), 10, labels=False) + 1
    whole = _assessed(bundle, frame).pd
    tables = {}
    for name, fields in LEFT_OUT.items():
        less = frame.copy()
        less[fields] = np.nan
        found = _assessed(bundle, less)
        filled = [pd_if_withheld(Row(bundle, found, row)) for row in range(len(less))]
        higher = np.fmax(found.pd, [math.nan if each is None else each.pd for each in filled])
        displayed = {
            "whole": 100 * whole,
            "the rest alone": 100 * found.pd,
            "the higher": 100 * higher,
            "gain before": 100.0 * (found.pd < 0.999 * whole),
            "gain now": 100.0 * (higher < 0.999 * whole),
        }
        tables[name] = pd.DataFrame(displayed).groupby(tenth).mean()
    return tables


def chosen(bundle: Bundle, folder: Path) -> dict[str, float]:
    """Let the firms of the highest PD leave out, one by one, what pays most while they keep a grade.

    Returns
    -------
    dict of str to float
        ``whole`` and ``after``: mean PD with the whole record, and mean of the higher of PD and ``pd_if_withheld``
        with what was left out; ``fields``: how many fields they left out, on average.
    """
    every = pd.read_parquet(folder / "enterprises.parquet")
    whole = _assessed(bundle, every)
    graded = np.where(whole.grade == None, -1.0, whole.pd)  # noqa: E711 - elementwise
    worst = np.argsort(-graded, kind="stable")[:_WORST]
    found = [_leave_out(bundle, every.iloc[[row]].reset_index(drop=True)) for row in worst]
    start, after, fields = (float(np.mean(column)) for column in zip(*found, strict=True))
    return {"whole": start, "after": after, "fields": fields}


def _leave_out(bundle: Bundle, record: pd.DataFrame) -> tuple[float, float, int]:
    """Return the PD of one firm before and after it left out what paid, and the number of fields."""
    names = [name for demand in demands(bundle) for name in demand.fields]
    start = best = float(_higher(bundle, record)[0])
    left_out = 0
    while True:
        given = [name for name in names if pd.notna(record[name].iloc[0])]
        tried = pd.concat([record.assign(**{name: None}).astype(record.dtypes) for name in given], ignore_index=True)
        higher = _higher(bundle, tried)
        index = int(np.argmin(higher))
        if higher[index] >= best:
            return start, best, left_out
        best, record, left_out = float(higher[index]), tried.iloc[[index]].reset_index(drop=True), left_out + 1


def _higher(bundle: Bundle, frame: pd.DataFrame) -> Any:  # noqa: ANN401 - an array of float
    """Return the higher of PD and ``pd_if_withheld``, infinite where there is no grade."""
    found = _assessed(bundle, frame)
    filled = [pd_if_withheld(Row(bundle, found, row)) for row in range(len(frame))]
    higher = np.fmax(found.pd, [math.nan if each is None else each.pd for each in filled])
    return np.where(found.grade == None, math.inf, higher)  # noqa: E711 - elementwise


def _assessed(bundle: Bundle, frame: pd.DataFrame) -> Any:  # noqa: ANN401 - an Assessment
    return assess(bundle, to_columns(validate_frame(frame, bundle.extras), bundle.extras), explained=False)


def run(data: Path) -> tuple[dict[str, Any], dict[str, pd.DataFrame], dict[str, float]]:
    """Train on each set and count; the gains are of the book."""
    reported: dict[str, Any] = {}
    gain_tables: dict[str, pd.DataFrame] = {}
    best: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name in SETS if data.is_dir() else SETS[:1]:
            folder = Path(scratch) / name
            if name == "book":
                synthesize(5000, 0, "small", folder, progress=silent)
            else:
                import_dataset(configs_dir() / "datasets" / f"{name}.yaml", folder, progress=silent)
            trained = train_bundle(folder, load_training_config(), out=Path(scratch) / f"{name}-bundle")
            reported[name] = telling(trained.bundle, trained.dataset.enterprises)
            if name == "book":
                gain_tables, best = gains(trained.bundle, folder), chosen(trained.bundle, folder)
    return reported, gain_tables, best


def tables(reported: dict[str, Any], gain_tables: dict[str, pd.DataFrame], best: dict[str, float]) -> dict[str, str]:
    """Return the tables as Markdown, and the sentence on what the worst firms gain."""
    kinds = ("comparison", "not_computable", "not_provided", "neutral")
    lines = [
        f"| Set | Not to be defended, before | Now | {' | '.join(kinds)} | Referred as incomplete |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, counted in reported.items():
        counts = " | ".join(f"{counted['kinds'].get(kind, 0):,}" for kind in kinds)
        lines.append(
            f"| {name} | {counted['before']:.1%} | {counted['after']:.1%} | {counts} | {counted['referred']:.1%} |"
        )
    gained = [
        "| Left out | Tenth | Whole record | The rest alone | The higher | Gain before | Gain now |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for name, table in gain_tables.items():
        for tenth, row in zip(table.index, table.to_numpy(), strict=True):
            gained.append(f"| {name} | {tenth} | {' | '.join(f'{value:.2f}' for value in row)} |")
    sentence = (
        f"The {_WORST} firms of the highest PD that have a grade, each leaving out one by one the fields that pay most"
        " while it keeps one:"
        f" {best['fields']:.1f} fields left out on average, mean PD {best['whole']:.2%} with the whole record and"
        f" {best['after']:.2%} after, the higher of PD and `pd_if_withheld`."
    )
    return {"telling": "\n".join(lines), "withheld": "\n".join(gained), "chosen": sentence}


def main() -> int:
    """Run it and put the tables into the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    page = PAGE.read_text("utf-8")
    for name, table in tables(*run(parser.parse_args().data)).items():
        start, end = f"<!-- {name}:start -->\n", f"<!-- {name}:end -->"
        before, rest = page.split(start)
        page = before + start + table + "\n" + end + rest.split(end)[1]
    PAGE.write_text(page, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
