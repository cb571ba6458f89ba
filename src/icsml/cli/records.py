"""``icsml records``: schema, example and template of a record."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import typer

from icsml.cli.options import JsonFlag, ModelRef, OutFile
from icsml.cli.output import emit
from icsml.core.strict_json import JsonObject
from icsml.innovation.rulebooks.load import load_rulebook
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.records.enterprise import example_record, record_schema
from icsml.records.fields import FIELD_BY_NAME
from icsml.records.template import Template, usable_names, write_template
from icsml.texts.catalogue import phrase
from icsml.texts.languages import Language

__all__ = ["example", "schema", "template_"]


def schema(json_: JsonFlag = False) -> None:
    """Print the JSON Schema of a record: fields, types, ranges, units, labels, purposes."""
    described = record_schema()
    emit(described, as_json=json_, text=json.dumps(described, ensure_ascii=False, indent=2))


def example(model: ModelRef = "", json_: JsonFlag = False) -> None:
    """Print a complete record of a firm that does not exist; with --model, one that bundle accepts."""
    record = _accepted_by(model) if model else example_record()
    emit(record, as_json=json_, text=json.dumps(record, ensure_ascii=False, indent=2))


def _accepted_by(model: str) -> JsonObject:
    from icsml.cli.bundles import load_bundle  # LightGBM: only where a model is named
    from icsml.decision.example import bundle_example

    return bundle_example(load_bundle(model)[0])


def template_(
    out: OutFile,
    rulebook: Annotated[
        str,
        typer.Option(help="Ask for what this rulebook reads: an id or a YAML file; default: all that may be used."),
    ] = "",
    lang: Annotated[Language, typer.Option("--lang", help="Language of headings and choices.")] = "en",
    unit: Annotated[
        Literal["yuan", "wan"], typer.Option("--unit", help="Amounts in yuan, or in wan: 10,000 yuan (万元).")
    ] = "yuan",
    json_: JsonFlag = False,
) -> None:
    """Write a workbook to fill in, and beside it the mapping by which `icsml data import` reads it."""
    if rulebook:
        chosen = load_rulebook(rulebook)
        title = f"{chosen.id}: {chosen.title.text(lang)}"
        written = write_template(out, _read_by(chosen), title=title, lang=lang, unit=unit)
    else:
        chosen = None
        title = phrase("template.every_field", lang)
        written = write_template(out, usable_names(), title=title, lang=lang, unit=unit)
    report = {
        "file": str(written.file),
        "mapping": str(written.mapping),
        "fields": written.fields,
        "rulebook": chosen.id if chosen else None,
        "lang": lang,
        "unit": unit,
    }
    emit(report, as_json=json_, text=_template_text(written))


def _read_by(rulebook: Rulebook) -> tuple[str, ...]:
    """Return the fields that a rulebook reads, those by which it groups peers included."""
    groups = rulebook.peers.groups if rulebook.peers else ()
    return (*rulebook.inputs(), *(key for group in groups for key in group if key in FIELD_BY_NAME))


def _template_text(written: Template) -> str:
    return (
        f"{len(written.fields)} fields in {written.file}, to be read by {written.mapping}\n"
        f"next: fill in the sheet records, a row for each enterprise, then\n"
        f"      icsml data import --mapping {written.mapping} --out DIR"
    )
