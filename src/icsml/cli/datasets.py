"""``icsml data``: imports of tables and checks of data sets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from icsml.cli.options import JsonFlag, OutFolder
from icsml.cli.output import emit, progress, table
from icsml.portfolio.checks import load_check_config
from icsml.portfolio.import_checks import recheck
from icsml.portfolio.importer import ImportReport, import_dataset
from icsml.records.dataset import read_dataset
from icsml.records.finding import CheckFinding, passed

__all__ = ["check", "import_"]

ChecksFile = Annotated[
    Path | None,
    typer.Option(
        "--checks",
        help="Levels and thresholds of the checks that differ from configs/data_checks.yaml.",
        metavar="F.yaml",
    ),
]


def import_(
    mapping: Annotated[Path, typer.Option(help="Mapping file; see docs/reference/mapping.md.", metavar="M.yaml")],
    out: OutFolder,
    checks: ChecksFile = None,
    json_: JsonFlag = False,
) -> None:
    """Make a data set from a table by a mapping file, and check it. Exit code 1 if a check blocks."""
    say = progress()
    report = import_dataset(mapping, out, checks=load_check_config(checks), progress=say)
    undecided = mapping.read_text("utf-8").count("DECIDE:")
    if undecided:
        say(f"warning: {undecided} questions of the draft are still marked DECIDE in {mapping}")
    emit(asdict(report) | {"passed": report.passed}, as_json=json_, text="\n".join(_imported(report, out)))
    if not report.passed:
        raise typer.Exit(1)


def check(
    data: Annotated[Path, typer.Option(help="Folder of the data set.", metavar="DIR")],
    checks: ChecksFile = None,
    json_: JsonFlag = False,
) -> None:
    """Check a data set: units, identities, labels, leaks, copies, codings. Exit code 1 if a check blocks."""
    findings = recheck(read_dataset(data), load_check_config(checks))
    report = {"passed": passed(findings), "checks": findings}
    text = "\n".join(_findings(findings)) or f"nothing found in {data}"
    emit(report, as_json=json_, text=text)
    if not passed(findings):
        raise typer.Exit(1)


def _imported(report: ImportReport, out: Path) -> list[str]:
    lines = [f"{report.rows:,} rows, {_labels(report)}, in {out}", _refused(report), *_left_out(report)]
    lines += _label_lines(report)
    lines += _counts(
        "rows refused by rule (a row may stand under several fields):", report.refused_by, report, "refused"
    )
    lines += _counts("unreadable values, now missing:", report.unreadable, report, "unreadable")
    lines += _counts(
        "values outside their declared range (kept, unless infinite or the mapping says missing or refuse):",
        report.out_of_range,
        report,
        "out_of_range",
    )
    lines += [
        f"{name}: {counts.invoices:,} rows, {counts.void:,} void,"
        f" {counts.incomplete:,} without a readable date or amount,"
        f" {counts.strangers:,} of no firm of the main table, {counts.later:,} after every decision"
        for name, counts in report.tables.items()
    ]
    if report.split:
        lines.append("split: " + ", ".join(f"{rows:,} {part}" for part, rows in report.split.items()))
    if report.label_lookahead is not None:
        lines.append(f"label_lookahead: {report.label_lookahead:,} training events dated after the test began")
    lines += _findings(report.checks)
    if not report.passed:
        lines.append("the data set is written and says so; correct the source or the mapping before you train on it")
    elif report.labelled:
        lines.append(f"next: icsml train --data {out}")
    else:
        lines.append(f"next: icsml score --model REF --in {out / 'enterprises.parquet'} --out scores.parquet")
    return lines


def _labels(report: ImportReport) -> str:
    if not report.labelled:
        return "no labels"
    return f"{report.defaults:,} bad, {report.rows - report.labelled:,} unlabelled"


def _refused(report: ImportReport) -> str:
    if not report.refused:
        return "0 refused"
    by_rule = report.refused - report.duplicates
    first = report.places.get("refused.duplicates")
    where = f", the first: {', '.join(first)}" if first else ""
    return f"{report.refused:,} refused: {by_rule:,} by rule, {_plural(report.duplicates, 'duplicate')}{where}"


def _plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _left_out(report: ImportReport) -> list[str]:
    sheet = [f"sheet: {report.sheet}"] if report.sheet else []
    parts = [(report.blank, "blank row", ""), (report.skipped, "row", " that skip_rows names")]
    left_out = [_plural(count, noun) + more for count, noun, more in parts if count]
    return sheet + ([f"left out: {', '.join(left_out)}"] if left_out else [])


def _label_lines(report: ImportReport) -> list[str]:
    labels = report.labels
    if labels is None:
        return []
    groups = {"bad": labels.positive, "good": labels.negative, "not seen": labels.unknown}
    counts = "; ".join(f"{name}: {_values(values)}" for name, values in groups.items() if values)
    lines = [f"labels of all rows read: {counts}"]
    if labels.negative_inferred:
        lines.append("outcome.negative is not given: the one remaining value is taken for good")
    for count, noun, which in (
        (labels.defaults_refused, "default", "in refused rows"),
        (labels.after_horizon, "default", "after the horizon, so good within it"),
        (labels.open_horizon, "good row", "whose horizon has not ended"),
    ):
        if count:
            lines.append(f"{_plural(count, noun)} {which}")
    return lines


def _values(values: Mapping[str, int]) -> str:
    return ", ".join(f"{word or '(empty)'} {count:,}" for word, count in values.items())


def _counts(title: str, counts: Mapping[str, int], report: ImportReport, kind: str) -> list[str]:
    """Return a titled table of counts by field, the largest first, with the first rows of each; nothing if none."""
    largest_first = sorted(counts.items(), key=lambda item: -item[1])
    if not largest_first:
        return []
    rows_named = {name: ", ".join(report.places.get(f"{kind}.{name}", ())) for name, _ in largest_first}
    if not any(rows_named.values()):
        return [title, table([(name, f"{count:,}") for name, count in largest_first], ("field", "values"))]
    rows = [(name, f"{count:,}", rows_named[name]) for name, count in largest_first]
    return [title, table(rows, ("field", "rows" if kind == "refused" else "values", "the first"))]


def _findings(findings: Iterable[CheckFinding]) -> list[str]:
    return [
        f"{'BLOCKED' if finding.level == 'block' else 'warning'} {finding.id}: {finding.found}" for finding in findings
    ]
