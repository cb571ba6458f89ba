"""``icsml ledger dataset``: recorded decisions and their outcomes as a data set."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Annotated

import typer

from icsml.cli.arguments import day
from icsml.cli.options import JsonFlag, OutFolder
from icsml.cli.output import emit, progress
from icsml.errors import InputError
from icsml.ledger.store import Ledger
from icsml.records.dataset import FoldSplit, OutOfTimeSplit
from icsml.workflows.ledger_dataset import DatasetReport, write_ledger_dataset
from icsml.workflows.replaying import Bundles

__all__ = ["dataset"]

_FOLDS = 5
_LEFT_OUT = {
    "earlier": "on a firm and date that were decided again later",
    "erased": "erased",
    "undated": "without a decision date",
    "not_acceptable": "whose record this release does not accept",
}


def dataset(
    out: OutFolder,
    tenant: Annotated[str, typer.Option(help="Whose decisions.")],
    since: Annotated[str | None, typer.Option(help="Only what was recorded since this day (UTC).", metavar="D")] = None,
    until: Annotated[
        str | None, typer.Option(help="Only what was recorded before this day (UTC).", metavar="D")
    ] = None,
    test_from: Annotated[
        str | None, typer.Option(help="Train before this decision date, test from it on.", metavar="D")
    ] = None,
    folds: Annotated[
        int | None, typer.Option(help="Test by so many folds instead; 5 by default.", min=2, max=50)
    ] = None,
    bundle: Annotated[Path | None, typer.Option(help="A bundle that lies elsewhere.", metavar="DIR")] = None,
    json_: JsonFlag = False,
) -> None:
    """Write recorded decisions with their outcomes as a data set, which `icsml data check` and `train` read."""
    if test_from is not None and folds is not None:
        raise InputError(
            "ICS-CLI-014", "give either one or the other", field="--test-from, --folds", remedy="see --help"
        )
    split: OutOfTimeSplit | FoldSplit = FoldSplit(folds=folds or _FOLDS)
    if test_from is not None:
        split = OutOfTimeSplit(test_from=day(test_from, "--test-from"))
    with Ledger.open(None, create=False) as ledger:
        report = write_ledger_dataset(
            *(ledger, out, tenant),
            since=_midnight(since, "--since"),
            until=_midnight(until, "--until"),
            split=split,
            bundles=Bundles(bundle),
            progress=progress(),
        )
    emit(asdict(report) | {"out": str(out)}, as_json=json_, text=_text(report, out))


def _midnight(text: str | None, option: str) -> datetime | None:
    return None if text is None else datetime.combine(day(text, option), time(), UTC)


def _text(report: DatasetReport, out: Path) -> str:
    lines = [f"{report.rows:,} rows, {report.labelled:,} with an outcome, {report.defaults:,} bad, in {out}"]
    if report.contradictory:
        lines.append(f"{report.contradictory:,} rows have outcomes that contradict one another, and so have none")
    lines += [f"left out: {count:,} {why}" for name, why in _LEFT_OUT.items() if (count := getattr(report, name))]
    lines.append(f"next: icsml data check --data {out}")
    return "\n".join(lines)
