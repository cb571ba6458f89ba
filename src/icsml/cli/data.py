"""``icsml records``, ``portfolio`` and ``data``: what a record is and where rows come from."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from icsml.cli.inputs import ModelRef, OutFile, load_bundle
from icsml.cli.output import JsonFlag, emit, progress, table

if TYPE_CHECKING:
    from icsml.innovation.schema import Rulebook
    from icsml.portfolio.importer import ImportReport
    from icsml.records.template import Template

__all__ = ["register"]

OutFolder = Annotated[Path, typer.Option("--out", help="Folder of the data set to write.", metavar="DIR")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    records = typer.Typer(help="What a record is.", no_args_is_help=True)
    records.command("schema")(schema)
    records.command("example")(example)
    records.command("template")(template_)
    app.add_typer(records, name="records")
    portfolio = typer.Typer(help="Synthetic books of business.", no_args_is_help=True)
    portfolio.command("synth")(synth)
    app.add_typer(portfolio, name="portfolio")
    datasets = typer.Typer(help="Data sets from anybody's tables.", no_args_is_help=True)
    datasets.command("import")(import_)
    app.add_typer(datasets, name="data")


def schema(json_: JsonFlag = False) -> None:
    """Print the JSON Schema of a record: fields, types, ranges, units, labels, purposes."""
    from icsml.records.enterprise import record_schema

    found = record_schema()
    emit(found, as_json=json_, text=json.dumps(found, ensure_ascii=False, indent=2))


def example(model: ModelRef = "", json_: JsonFlag = False) -> None:
    """Print a complete record of a firm that does not exist; with --model, one that bundle accepts."""
    from icsml.decision.example import bundle_example
    from icsml.records.enterprise import example_record

    found = bundle_example(load_bundle(model)[0]) if model else example_record()
    emit(found, as_json=json_, text=json.dumps(found, ensure_ascii=False, indent=2))


def template_(
    out: OutFile,
    rulebook: Annotated[
        str,
        typer.Option(help="Ask for what this rulebook reads: an id or a YAML file; default: all that may be used."),
    ] = "",
    json_: JsonFlag = False,
) -> None:
    """Write a workbook to fill in, and beside it the mapping by which `icsml data import` reads it."""
    from icsml.records.template import usable_names, write_template

    if rulebook:
        from icsml.innovation.rulebook import load_rulebook

        chosen = load_rulebook(rulebook)
        written = write_template(out, _read_by(chosen), title=f"{chosen.id}: {chosen.title.en}")
    else:
        chosen = None
        written = write_template(out, usable_names(), title="Every field that may be scored or feed a model")
    report = {
        "file": str(written.file),
        "mapping": str(written.mapping),
        "fields": written.fields,
        "rulebook": chosen.id if chosen else None,
    }
    emit(report, as_json=json_, text=_blank(written))


def _read_by(rulebook: Rulebook) -> tuple[str, ...]:
    """Return what a rulebook reads, the fields by which it groups peers included."""
    from icsml.records.fields import FIELD_BY_NAME

    groups = rulebook.peers.groups if rulebook.peers else ()
    return (*rulebook.inputs(), *(key for group in groups for key in group if key in FIELD_BY_NAME))


def _blank(written: Template) -> str:
    return (
        f"{len(written.fields)} fields in {written.file}, to be read by {written.mapping}\n"
        f"next: fill in the sheet records, a row for each enterprise, then\n"
        f"      icsml data import --mapping {written.mapping} --out DIR"
    )


def synth(
    out: OutFolder,
    enterprises: Annotated[int, typer.Option(min=1, help="Enterprises in the book.")] = 5000,
    seed: Annotated[int, typer.Option(min=0, help="Seed; the same seed gives the same book.")] = 0,
    effect: Annotated[
        Literal["none", "small"], typer.Option(help="What innovation does to default, health being given.")
    ] = "small",
    json_: JsonFlag = False,
) -> None:
    """Write a synthetic data set. It proves the machinery; it is no evidence about the world."""
    from icsml.portfolio.synthetic import synthesize

    report = synthesize(enterprises, seed, effect, out, progress=progress())
    text = f"{report.rows:,} rows, {report.defaults:,} defaults (simulated) in {out}\nnext: icsml train --data {out}"
    emit({"rows": report.rows, "defaults": report.defaults, "synthetic": True}, as_json=json_, text=text)


def import_(
    mapping: Annotated[Path, typer.Option(help="Mapping file; see docs/reference/mapping.md.", metavar="M.yaml")],
    out: OutFolder,
    json_: JsonFlag = False,
) -> None:
    """Make a data set from a table by a mapping file."""
    from icsml.portfolio.importer import import_dataset

    report = import_dataset(mapping, out, progress=progress())
    emit(asdict(report), as_json=json_, text="\n".join(_imported(report, out)))


def _imported(report: ImportReport, out: Path) -> list[str]:
    lines = [f"{report.rows:,} rows, {_labels(report)}, in {out}", _refused(report)]
    lines += _counts("rows refused by rule (a row may stand under several fields):", "rows", report.refused_by)
    lines += _counts("unreadable values, now missing:", "values", report.unreadable)
    lines += _counts("values outside their declared range:", "values", report.out_of_range)
    if report.split:
        lines.append("split: " + ", ".join(f"{rows:,} {part}" for part, rows in report.split.items()))
    if report.label_lookahead is not None:
        lines.append(f"label_lookahead: {report.label_lookahead:,} training events dated after the test began")
    if report.labelled:
        return [*lines, f"next: icsml train --data {out}"]
    return [*lines, f"next: icsml score --model REF --in {out / 'enterprises.parquet'} --out scores.parquet"]


def _labels(report: ImportReport) -> str:
    if not report.labelled:
        return "no labels"
    return f"{report.defaults:,} bad, {report.rows - report.labelled:,} unlabelled"


def _refused(report: ImportReport) -> str:
    if not report.refused:
        return "0 refused"
    copies = "duplicate" if report.duplicates == 1 else "duplicates"
    by_rule = report.refused - report.duplicates
    return f"{report.refused:,} refused: {by_rule:,} by rule, {report.duplicates:,} {copies}"


def _counts(title: str, unit: str, counts: dict[str, int]) -> list[str]:
    """Return a titled table of counts by field, the largest first; nothing where there is none."""
    found = sorted(counts.items(), key=lambda item: -item[1])
    return [title, table([(name, f"{count:,}") for name, count in found], ("field", unit))] if found else []
