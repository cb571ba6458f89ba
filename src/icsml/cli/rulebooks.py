"""``icsml rulebook list``, ``show``, ``lint`` and ``schema``: the rules."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from icsml.cli.arguments import day
from icsml.cli.options import JsonFlag, RulebookId
from icsml.cli.output import emit, progress, table
from icsml.core.strict_json import JsonObject
from icsml.innovation.rulebooks.json_schema import rulebook_schema
from icsml.innovation.rulebooks.lint.lint import Finding
from icsml.innovation.rulebooks.listing import listed
from icsml.innovation.rulebooks.load import edition_text, lint_rulebook, list_sound, load_edition, rulebook_path
from icsml.innovation.rulebooks.rulebook import Outline, Rulebook
from icsml.innovation.rulebooks.timeline import as_known

__all__ = ["lint", "list_", "schema", "show"]

_COLUMNS = ("id", "scope", "in_force", "known_since", "max_score", "provenance", "title")


def list_(
    as_of: Annotated[str, typer.Option(help="Only what was in force on this day.", metavar="D")] = "",
    known_on: Annotated[str, typer.Option(help="Only what was known on this day (default: that of --as-of).")] = "",
    json_: JsonFlag = False,
) -> None:
    """List every edition, whether or not it can be evaluated."""
    editions, unsound = list_sound()
    report = progress()
    for name, error in unsound.items():
        report(f"warning: {name} is not listed, {error}")
    on = day(as_of, "--as-of") if as_of else None
    known = day(known_on, "--known-on") if known_on else on
    wanted = as_known(editions, known) if known is not None else editions
    if on is not None:
        wanted = [edition for edition in wanted if edition.in_force.holds(on)]
    rows = [_listed(edition) for edition in editions if edition in wanted]
    header = ("id", "scope", "in force", "known since", "points", "provenance", "title")
    text = table([[row[key] for key in _COLUMNS] for row in rows], header) if rows else "no edition"
    emit({"rulebooks": rows}, as_json=json_, text=text)


def _listed(edition: Rulebook | Outline) -> JsonObject:
    row = listed(edition)
    return {
        "id": row.id,
        "scope": row.scope,
        "in_force": f"{row.in_force.since or '?'} to {row.in_force.until or '…'}",
        "known_since": str(row.known_since),
        "edition": row.edition,
        "title": row.title.en,
        "evaluable": row.evaluable,
        "max_score": row.max_score,
        "provenance": row.provenance or "documented only",
    }


def show(identifier: RulebookId, json_: JsonFlag = False) -> None:
    """Show one edition, every part with its provenance."""
    edition = load_edition(identifier)
    emit(edition.model_dump(mode="json"), as_json=json_, text=edition_text(identifier))


def lint(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A YAML file, or an identifier.")], json_: JsonFlag = False
) -> None:
    """Check a rulebook: every fault and warning with file, line, key and remedy; exit code 1 if there is a fault."""
    findings = lint_rulebook(rulebook_path(file))
    refused = any(finding.level == "fault" for finding in findings)
    lines = [_finding(finding) for finding in findings] + ([] if refused else [f"{file} is sound"])
    report = {"ok": not refused, "findings": findings}
    emit(report, as_json=json_, text="\n".join(lines))
    if refused:
        raise typer.Exit(1)


def _finding(finding: Finding) -> str:
    level = "warning: " if finding.level == "warning" else ""
    return f"{level}{finding.code} {finding.where}: {finding.message} — {finding.remedy}"


def schema(json_: JsonFlag = False) -> None:
    """Print the JSON Schema of rulebook files, by which editors complete and check them."""
    described = rulebook_schema()
    emit(described, as_json=json_, text=json.dumps(described, ensure_ascii=False, indent=2))
