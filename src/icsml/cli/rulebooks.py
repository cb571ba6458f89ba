"""``icsml rulebook``: the rules, what a change of them does, and how much hangs on what is assumed."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from icsml.cli.inputs import HtmlFile, InFile, Lang, OutFile, day, load_bundle, ranked_by, read_columns, rows_of
from icsml.cli.output import JsonFlag, emit, progress, table, write_frame
from icsml.errors import InputError

if TYPE_CHECKING:
    from icsml.innovation.rulebooks.lint.lint import Finding
    from icsml.innovation.rulebooks.rulebook import Outline, Rulebook

__all__ = ["register"]

Identifier = Annotated[str, typer.Argument(metavar="ID", help="Identifier, see `icsml rulebook list`, or a YAML file.")]
TopShare = Annotated[float | None, typer.Option("--top-share", help="The list is this share of the best.")]
CutOff = Annotated[float | None, typer.Option("--cut-off", help="The list is whoever has at least so many points.")]
Day = Annotated[str, typer.Option(metavar="D")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    rulebook = typer.Typer(help="Rulebooks: how innovation becomes points.", no_args_is_help=True)
    for name, command in (
        ("list", list_),
        ("show", show),
        ("lint", lint),
        ("schema", schema),
        ("fit", fit),
        ("diff", diff),
        ("robustness", robustness_),
    ):
        rulebook.command(name)(command)
    app.add_typer(rulebook, name="rulebook")


def list_(
    as_of: Annotated[str, typer.Option(help="Only what was in force on this day.", metavar="D")] = "",
    known_on: Annotated[str, typer.Option(help="Only what was known on this day (default: that of --as-of).")] = "",
    json_: JsonFlag = False,
) -> None:
    """List every edition, whether or not it can be evaluated."""
    from icsml.innovation.rulebooks.load import list_sound
    from icsml.innovation.rulebooks.timeline import as_known

    editions, unsound = list_sound()
    say = progress()
    for name, error in unsound.items():
        say(f"warning: {name} is not listed, {error}")
    on = day(as_of, "--as-of") if as_of else None
    seen = day(known_on, "--known-on") if known_on else on
    found = as_known(editions, seen) if seen is not None else editions
    if on is not None:
        found = [each for each in found if each.in_force.holds(on)]
    rows = [_listed(each) for each in editions if each in found]
    header = ("id", "scope", "in force", "known since", "points", "provenance", "title")
    text = table([[row[key] for key in _COLUMNS] for row in rows], header) if rows else "no edition"
    emit({"rulebooks": rows}, as_json=json_, text=text)


_COLUMNS = ("id", "scope", "in_force", "known_since", "max_score", "provenance", "title")


def _listed(edition: Rulebook | Outline) -> dict[str, Any]:
    from icsml.innovation.rulebooks.rulebook import Rulebook

    rulebook = edition if isinstance(edition, Rulebook) else None
    return {
        "id": edition.id,
        "scope": str(edition.scope),
        "in_force": f"{edition.in_force.since or '?'} to {edition.in_force.until or '…'}",
        "known_since": str(edition.known_since),
        "edition": edition.edition,
        "title": edition.title.en,
        "evaluable": rulebook is not None,
        "max_score": rulebook.max_score if rulebook else None,
        "provenance": str(rulebook.provenance) if rulebook else "documented only",
    }


def show(identifier: Identifier, json_: JsonFlag = False) -> None:
    """Show one edition, every part with its provenance."""
    from icsml.innovation.rulebooks.load import edition_text, load_edition

    edition = load_edition(identifier)
    emit(edition.model_dump(mode="json"), as_json=json_, text=edition_text(identifier))


def lint(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A YAML file, or an identifier.")], json_: JsonFlag = False
) -> None:
    """Check a rulebook: every fault and warning with file, line, key and remedy; exit code 1 if there is a fault."""
    from icsml.innovation.rulebooks.load import lint_rulebook, rulebook_path

    found = lint_rulebook(rulebook_path(file))
    refused = any(each.level == "fault" for each in found)
    lines = [_finding(each) for each in found] + ([] if refused else [f"{file} is sound"])
    report = {"ok": not refused, "findings": [asdict(each) for each in found]}
    emit(report, as_json=json_, text="\n".join(lines))
    if refused:
        raise typer.Exit(1)


def _finding(found: Finding) -> str:
    level = "warning: " if found.level == "warning" else ""
    return f"{level}{found.code} {found.where}: {found.message} — {found.remedy}"


def schema(json_: JsonFlag = False) -> None:
    """Print the JSON Schema of rulebook files, by which editors complete and check them."""
    from icsml.innovation.rulebooks.json_schema import rulebook_schema

    found = rulebook_schema()
    emit(found, as_json=json_, text=json.dumps(found, ensure_ascii=False, indent=2))


def fit(identifier: Identifier, source: InFile, out: OutFile, json_: JsonFlag = False) -> None:
    """Fit the peer tables of a rulebook that ranks among peers on a population, for `--peers`.

    Of several records of an enterprise the latest counts.
    """
    from icsml.core.files import check_target, whole_file
    from icsml.innovation.rulebooks.load import load_rulebook
    from icsml.innovation.scoring.evaluate import fit_peers
    from icsml.records.columns import latest, take

    check_target(out, source=source)
    rulebook = load_rulebook(identifier)
    columns = read_columns(source)
    tables = fit_peers(rulebook, take(columns, latest(columns)), source.stem)
    with whole_file(out) as partial:
        tables.write(partial)
    cells = {name: sum(len(level) for level in levels) for name, levels in tables.thresholds.items()}
    report = {
        "rulebook": rulebook.id,
        "rows": tables.population.rows,
        "sha256": tables.sha256,
        "groups": max(cells.values()),
    }
    text = f"{report['rows']:,} rows in up to {report['groups']:,} groups of peers, in {out}\nsha256 {tables.sha256}"
    emit(report, as_json=json_, text=text)


def diff(
    a: Annotated[str, typer.Argument(metavar="A", help="The rules before.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The rules after.")],
    source: Annotated[Path | None, typer.Option("--in", help="Population; without it, the rules alone.")] = None,
    top_share: TopShare = None,
    cut_off: CutOff = None,
    model: Annotated[str, typer.Option(help="How the PD and grade of this model would move.", metavar="REF")] = "",
    peers: Annotated[
        list[Path] | None, typer.Option(help="Peer tables of one of the two; again for the other.", metavar="F")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Write both scores of every enterprise, as .parquet, .csv or .xlsx.", metavar="F"),
    ] = None,
    html: HtmlFile = None,
    lang: Lang = "en",
    json_: JsonFlag = False,
) -> None:
    """Show what changes from rulebook A to B, and what it does to a population."""
    from icsml.core.files import check_targets
    from icsml.core.tables import check_table
    from icsml.innovation.peers.peer_tables import PeerTables
    from icsml.workflows.rulebook_diff import compare

    check_targets(out, html, source=source)
    if out is not None and source is None:
        raise InputError("ICS-CLI-003", "needs a population", field="--out", remedy="add --in F")
    if out is not None and source is not None:
        check_table(out, rows=rows_of(source))
    tables = [PeerTables.read(path) for path in peers or ()]
    bundle = load_bundle(model)[0] if model else None
    found = compare(
        a,
        b,
        source=source,
        top_share=top_share,
        cut_off=cut_off,
        bundle=bundle,
        peers=tables,
        lang=lang,
        progress=progress(),
    )
    text = "\n".join(_changed(found, lang))
    if out is not None and found.impact is not None:
        write_frame(out, found.impact.firms)
        text += f"\nenterprises: {out}"
    if html is not None:
        from icsml.reports.rulebook_diff import write_page

        write_page(found.as_json(), html, lang, found.stages)
        text += f"\npage: {html}"
    emit(found.as_json(), as_json=json_, text=text)


def _changed(found: Any, lang: str) -> list[str]:  # noqa: ANN401 - imported late
    rows = [(change.name, change.kind, _short(change.a), _short(change.b)) for change in found.changes]
    lines = [table(rows, ("item", "", found.a, found.b)) if rows else "the rules are the same"]
    effect = found.impact
    if effect is None:
        return [*lines, "", "give --in F to see what this does to a population"]
    correlation = "–" if effect.rank_correlation is None else f"{effect.rank_correlation:.3f}"
    lines += [
        "",
        f"{effect.rows:,} enterprises scored by both; rank correlation {correlation}",
        f"mean {_mean(effect.a)} → {_mean(effect.b)}",
        f"swap set at {_cut(effect.threshold)}: {effect.entered:,} enter, {effect.left:,} leave, "
        f"{effect.stayed:,} stay",
    ]
    if effect.depends is not None:
        lines.append(f"{effect.depends:.0%} of those moves hang on assumed weights")
    for name, groups in effect.groups.items():
        rows_ = [
            (
                each["group"] or "not known",
                f"{each['rows']:,}",
                f"{each['score_share_change']:+.1%}",
                f"{each['rank_change']:+.1%}",
                f"{each['entered']:,}",
                f"{each['left']:,}",
            )
            for each in groups
        ]
        lines += ["", table(rows_, (name, "rows", "score share", "rank (+ is better)", "enter", "leave"))]
    if found.moves is not None:
        moves = found.moves
        lines += [
            "",
            f"model {moves['model']}: mean PD {moves['pd_mean_a']:.4%} → {moves['pd_mean_b']:.4%}, "
            f"{moves['grade_changed']:,} of {moves['rows']:,} change grade",
            *(f"note: {note[lang]}" for note in moves["notes"]),
        ]
    return lines + [f"note: {getattr(note, lang)}" for note in found.notes]


def _mean(side: dict[str, Any]) -> str:
    return f"{side['mean']:.1f} of {side['max_score']:g}"


def _cut(threshold: dict[str, float]) -> str:
    share = threshold.get("top_share")
    return f"the best {share:.1%}" if share is not None else f"{threshold['cut_off']:g} points"


def _short(text: str | None) -> str:
    most = 48
    return "–" if text is None else text if len(text) <= most else text[: most - 1] + "…"


def robustness_(
    identifier: Identifier,
    source: InFile,
    top_share: Annotated[float, typer.Option(help="Share of the best that make the list considered.")] = 0.137,
    draws: Annotated[int, typer.Option(min=2, help="Random weightings.")] = 200,
    concentration: Annotated[float, typer.Option(min=1.0, help="Higher is closer to the assumed weights.")] = 50.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draws.")] = 0,
    peers: Annotated[Path | None, typer.Option(help="Peer tables; by default those of the file itself.")] = None,
    json_: JsonFlag = False,
) -> None:
    """Tell how much of the ranking hangs on assumed weights, by random weights around them."""
    from icsml.innovation.rulebooks.load import load_rulebook
    from icsml.innovation.scoring.evaluate import evaluate
    from icsml.innovation.scoring.weight_robustness import assumes_weights, robustness
    from icsml.innovation.selection.select import Cut

    Cut(top_share=top_share)
    columns = read_columns(source)
    rulebook = ranked_by(load_rulebook(identifier), columns, peers, source, progress())
    found = robustness(
        rulebook,
        evaluate(rulebook, columns),
        top_share=top_share,
        draws=draws,
        concentration=concentration,
        seed=seed,
    )
    if found is None and assumes_weights(rulebook):
        raise InputError(
            "ICS-SEL-001",
            "leaves nobody on the list",
            field="--top-share",
            remedy="give more records or a larger share",
        )
    text = "no weight is assumed, so nothing hangs on one" if found is None else found.sentence()
    emit({"rulebook": rulebook.id, "robustness": found.as_json() if found else None}, as_json=json_, text=text)
