"""``icsml rulebook``, ``points`` and ``coverage``: the rules and what they give."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from icsml.cli.inputs import InFile, OutFile
from icsml.cli.output import JsonFlag, emit, progress, table
from icsml.errors import InputError

__all__ = ["register"]

RulebookRef = Annotated[str, typer.Option("--rulebook", help="Identifier, see `icsml rulebook list`, or a YAML file.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    rulebook = typer.Typer(help="Rulebooks: how innovation becomes points.", no_args_is_help=True)
    rulebook.command("list")(list_)
    rulebook.command("show")(show)
    rulebook.command("lint")(lint)
    app.add_typer(rulebook, name="rulebook")
    app.command("points")(points)
    app.command("coverage")(coverage_)


def list_(json_: JsonFlag = False) -> None:
    """List the shipped rulebooks."""
    from icsml.innovation.rulebook import list_rulebooks

    found = [
        {
            "id": rulebook.id,
            "edition": rulebook.edition,
            "title": rulebook.title.en,
            "max_score": rulebook.max_score,
            "provenance": str(rulebook.provenance),
        }
        for rulebook in list_rulebooks()
    ]
    emit({"rulebooks": found}, as_json=json_, text=table([list(row.values()) for row in found], list(found[0])))


def show(identifier: Annotated[str, typer.Argument(metavar="ID")], json_: JsonFlag = False) -> None:
    """Show one rulebook, every part with its provenance."""
    from icsml.innovation.rulebook import load_rulebook

    rulebook = load_rulebook(identifier)
    emit(rulebook.model_dump(mode="json"), as_json=json_, text=rulebook.source_text)


def lint(file: Annotated[Path, typer.Argument(metavar="FILE")], json_: JsonFlag = False) -> None:
    """Check a rulebook file: every fault with file, line and key; exit code 1 if there is any."""
    from icsml.innovation.rulebook import lint_rulebook

    found = lint_rulebook(file)
    lines = [f"{each.code} {each.where}: {each.message} — {each.remedy}" for each in found]
    report = {"ok": not found, "findings": [asdict(each) for each in found]}
    emit(report, as_json=json_, text="\n".join(lines) or f"{file} is sound")
    if found:
        raise typer.Exit(1)


def points(
    source: InFile,
    out: OutFile,
    rulebook: RulebookRef = "",
    as_of: Annotated[str, typer.Option(help="Use the rulebook in force, and known, on this day.", metavar="D")] = "",
    json_: JsonFlag = False,
) -> None:
    """Score every row by a rulebook: one row out for each row in."""
    from icsml.core.files import check_target, whole_file
    from icsml.innovation.evaluate import evaluate
    from icsml.innovation.points import points_frame
    from icsml.innovation.rulebook import load_rulebook
    from icsml.innovation.timeline import rulebook_as_of
    from icsml.records.columns import to_columns
    from icsml.records.dataset import read_records
    from icsml.records.screening import screen

    if bool(rulebook) == bool(as_of):
        raise InputError(
            "ICS-CLI-003",
            "give one of the two",
            field="--rulebook, --as-of",
            remedy="--rulebook ID or --as-of YYYY-MM-DD",
        )
    check_target(out, source=source)
    chosen = load_rulebook(rulebook) if rulebook else rulebook_as_of(_day(as_of))
    say = progress()
    columns = screen(to_columns(read_records(source))).columns
    started = time.perf_counter()
    found = evaluate(chosen, columns)
    seconds = time.perf_counter() - started
    outside = int(sum(not chosen.in_force.holds(day) for day in columns["as_of"].tolist() if day is not None))
    if outside:
        say(f"warning: {chosen.id} was not in force on the date of {outside:,} rows; they are scored all the same")
    with whole_file(out) as partial:
        points_frame(found, columns).to_parquet(partial, index=False)
    n = len(found.score)
    report = {
        "rows": n,
        "seconds": seconds,
        "rulebook": chosen.id,
        "provenance": str(chosen.provenance),
        "not_in_force": outside,
    }
    mean = float(np.mean(found.score)) if n else 0.0
    text = f"{n:,} rows by {chosen.id} ({chosen.provenance}), mean {mean:.1f} of {chosen.max_score:g}, in {out}"
    emit(report, as_json=json_, text=text)


def coverage_(rulebook: RulebookRef, source: InFile, json_: JsonFlag = False) -> None:
    """Tell which indicators of a rulebook the data can feed."""
    from icsml.innovation.coverage import coverage
    from icsml.innovation.rulebook import load_rulebook
    from icsml.records.columns import to_columns
    from icsml.records.dataset import read_records

    found = coverage(load_rulebook(rulebook), to_columns(read_records(source)))["indicators"]
    rows = [(row["id"], f"{row['share']:.1%}") for row in found]
    emit({"indicators": found}, as_json=json_, text=table(rows, ("indicator", "rows with a value")))


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError as error:
        raise InputError("ICS-CLI-004", "no date", field="--as-of", remedy="write it as YYYY-MM-DD") from error
