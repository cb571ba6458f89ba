"""``icsml records`` and ``portfolio``: what a record is, and simulated books of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from icsml.cli.inputs import ModelRef, OutFile, OutFolder, load_bundle
from icsml.cli.output import JsonFlag, emit, progress

if TYPE_CHECKING:
    from icsml.innovation.rulebooks.rulebook import Rulebook
    from icsml.records.template import Template

__all__ = ["register"]


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
    lang: Annotated[Literal["en", "zh"], typer.Option("--lang", help="Language of headings and choices.")] = "en",
    unit: Annotated[
        Literal["yuan", "wan"], typer.Option("--unit", help="Amounts in yuan, or in wan: 10,000 yuan (万元).")
    ] = "yuan",
    json_: JsonFlag = False,
) -> None:
    """Write a workbook to fill in, and beside it the mapping by which `icsml data import` reads it."""
    from icsml.records.template import usable_names, write_template

    if rulebook:
        from icsml.innovation.rulebooks.load import load_rulebook

        chosen = load_rulebook(rulebook)
        written = write_template(
            out, _read_by(chosen), title=f"{chosen.id}: {getattr(chosen.title, lang)}", lang=lang, unit=unit
        )
    else:
        chosen = None
        title = {"en": "Every field that may be scored or feed a model", "zh": "可用于计分或入模的全部字段"}[lang]
        written = write_template(out, usable_names(), title=title, lang=lang, unit=unit)
    report = {
        "file": str(written.file),
        "mapping": str(written.mapping),
        "fields": written.fields,
        "rulebook": chosen.id if chosen else None,
        "lang": lang,
        "unit": unit,
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
