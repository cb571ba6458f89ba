"""``icsml points`` and ``coverage``: points by the rules, and indicators that the data can feed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from icsml.cli.arguments import day
from icsml.cli.options import InFile, JsonFlag, OutTable, RulebookRef
from icsml.cli.output import emit, progress, table
from icsml.core.files import check_target
from icsml.core.tables import check_table
from icsml.errors import InputError
from icsml.innovation.rulebooks.load import load_rulebook
from icsml.innovation.rulebooks.timeline import rulebook_as_of
from icsml.innovation.scoring.coverage import Coverage, coverage
from icsml.workflows.population import ranked_by, read_columns, row_counter, write_frame
from icsml.workflows.scored_file import score_points

__all__ = ["coverage_", "points"]


def points(
    source: InFile,
    out: OutTable,
    rulebook: RulebookRef = "",
    as_of: Annotated[str, typer.Option(help="Use the national rulebook in force on this day.", metavar="D")] = "",
    known_on: Annotated[str, typer.Option(help="As known on this day (default: that of --as-of).", metavar="D")] = "",
    on: Annotated[
        str, typer.Option(help="Day the scores are used on, by which they grow old (default: --as-of).", metavar="D")
    ] = "",
    peers: Annotated[
        Path | None, typer.Option(help="Peer tables of `icsml rulebook fit`; by default the file's own enterprises.")
    ] = None,
    json_: JsonFlag = False,
) -> None:
    """Score every row by a rulebook: one row out for each row in."""
    if bool(rulebook) == bool(as_of):
        raise InputError(
            "ICS-CLI-003",
            "give one of the two",
            field="--rulebook, --as-of",
            remedy="--rulebook ID or --as-of YYYY-MM-DD",
        )
    if known_on and not as_of:
        raise InputError("ICS-CLI-003", "asks with a date", field="--known-on", remedy="add --as-of, or leave it out")
    check_target(out, source=source)
    check_table(out, rows=row_counter(source))
    in_force_on = day(as_of, "--as-of") if as_of else None
    known = day(known_on, "--known-on") if known_on else None
    used_on = day(on, "--on") if on else in_force_on
    rules = load_rulebook(rulebook) if in_force_on is None else rulebook_as_of(in_force_on, known)
    report = progress()
    scored = score_points(rules, source, used_on=used_on, peers=peers, progress=report)
    write_frame(out, scored.frame())
    for warning in scored.warnings():
        report(f"warning: {warning}")
    emit(scored.as_json(), as_json=json_, text=scored.text(out))


def coverage_(
    rulebook: RulebookRef,
    source: InFile,
    peers: Annotated[Path | None, typer.Option(help="Peer tables; by default those of the file itself.")] = None,
    json_: JsonFlag = False,
) -> None:
    """Tell which indicators of a rulebook the data can feed, where, from whom, and what the gaps cost in points."""
    columns = read_columns(source)
    covered = coverage(ranked_by(load_rulebook(rulebook), columns, peers, source, progress()), columns)
    emit(covered, as_json=json_, text="\n".join(_coverage_lines(covered)))


def _coverage_lines(covered: Coverage) -> list[str]:
    rows = [
        (
            indicator.id,
            f"{indicator.share:.1%}",
            indicator.policy,
            "–" if indicator.points_lost is None else f"{indicator.points_lost:.2f}",
            f"{indicator.points_lost_at_most:.2f}",
            f"{indicator.max:g}",
            ", ".join(indicator.departments),
        )
        for indicator in covered.indicators
    ]
    header = ("indicator", "rows with a value", "if missing", "points lost", "at most", "max", "kept by")
    lines = [
        f"{covered.rows:,} rows by {covered.rulebook}; points lost are means over all rows",
        table(rows, header),
    ]
    lost = sum(indicator.points_lost or 0.0 for indicator in covered.indicators)
    most = sum(indicator.points_lost_at_most for indicator in covered.indicators)
    lines.append(f"missing values cost {lost:.1f} points a row, at most {most:.1f}")
    if covered.rows_refused:
        lines.append(f"{covered.rows_refused:,} rows have no score for want of a value")
    departments = [
        (department.label.en, f"{department.share:.1%}", _least({field.id: field.share for field in department.fields}))
        for department in covered.departments
    ]
    lines += ["", table(departments, ("department (our reading)", "all fields on file", "least on file"))]
    provinces = [
        (
            province.province or "not known",
            province.rows,
            f"{np.mean(list(province.indicators.values())):.1%}",
            _least(province.indicators),
        )
        for province in covered.provinces
    ]
    return [*lines, "", table(provinces, ("province", "rows", "mean over indicators", "least covered"))]


def _least(shares: dict[str, float]) -> str:
    name = min(shares, key=lambda name: shares[name])
    return f"{name} {shares[name]:.1%}"
