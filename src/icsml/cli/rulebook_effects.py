"""``icsml rulebook fit``, ``diff`` and ``robustness``: effects of rules on a population."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from icsml.cli.bundles import load_bundle
from icsml.cli.html import write_comparison_page
from icsml.cli.options import HtmlFile, InFile, JsonFlag, Lang, OutFile, RulebookId
from icsml.cli.output import emit, progress, table
from icsml.core.files import check_target, check_targets
from icsml.core.tables import check_table
from icsml.errors import InputError
from icsml.innovation.impact.population_impact import Distribution
from icsml.innovation.impact.rulebook_comparison import RulebookComparison
from icsml.innovation.peers.peer_tables import PeerTables
from icsml.innovation.rulebooks.load import load_rulebook
from icsml.workflows.population import fit_peer_tables, row_counter, weight_robustness, write_frame
from icsml.workflows.rulebook_diff import compare

__all__ = ["diff", "fit", "robustness_"]

TopShare = Annotated[float | None, typer.Option("--top-share", help="The list is this share of the best.")]
CutOff = Annotated[float | None, typer.Option("--cut-off", help="The list is whoever has at least so many points.")]


def fit(identifier: RulebookId, source: InFile, out: OutFile, json_: JsonFlag = False) -> None:
    """Fit the peer tables of a rulebook that ranks among peers on a population, for `--peers`.

    Of several records of an enterprise the latest counts.
    """
    check_target(out, source=source)
    rulebook = load_rulebook(identifier)
    tables = fit_peer_tables(rulebook, source, out)
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
    check_targets(out, html, source=source)
    if out is not None and source is None:
        raise InputError("ICS-CLI-003", "needs a population", field="--out", remedy="add --in F")
    if out is not None and source is not None:
        check_table(out, rows=row_counter(source))
    tables = [PeerTables.read(path) for path in peers or ()]
    bundle = load_bundle(model)[0] if model else None
    compared = compare(
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
    text = "\n".join(_comparison_lines(compared, lang))
    if out is not None and compared.impact is not None:
        write_frame(out, compared.impact.firms)
        text += f"\nenterprises: {out}"
    if html is not None:
        text += f"\n{write_comparison_page(compared, html, lang)}"
    emit(compared.as_json(), as_json=json_, text=text)


def _comparison_lines(compared: RulebookComparison, lang: str) -> list[str]:
    rows = [(change.name, change.kind, _short(change.a), _short(change.b)) for change in compared.changes]
    lines = [table(rows, ("item", "", compared.a, compared.b)) if rows else "the rules are the same"]
    effect = compared.impact
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
        lines.append(f"{effect.depends:.0%} of those changes depend on assumed weights")
    for name, groups in effect.groups.items():
        rows_ = [
            (
                group.group or "not known",
                f"{group.rows:,}",
                f"{group.score_share_change:+.1%}",
                f"{group.rank_change:+.1%}",
                f"{group.entered:,}",
                f"{group.left:,}",
            )
            for group in groups
        ]
        lines += ["", table(rows_, (name, "rows", "score share", "rank (+ is better)", "enter", "leave"))]
    model = compared.model
    if model is not None:
        lines += [
            "",
            f"model {model.model}: mean PD {model.pd_mean_a:.4%} → {model.pd_mean_b:.4%}, "
            f"{model.grade_changed:,} of {model.rows:,} change grade",
            *(f"note: {note.text(lang)}" for note in model.notes),
        ]
    return lines + [f"note: {note.text(lang)}" for note in compared.notes]


def _mean(side: Distribution) -> str:
    return f"{side.mean:.1f} of {side.max_score:g}"


def _cut(threshold: dict[str, float]) -> str:
    share = threshold.get("top_share")
    return f"the best {share:.1%}" if share is not None else f"{threshold['cut_off']:g} points"


def _short(text: str | None) -> str:
    most = 48
    return "–" if text is None else text if len(text) <= most else text[: most - 1] + "…"


def robustness_(
    identifier: RulebookId,
    source: InFile,
    top_share: Annotated[float, typer.Option(help="Share of the best that make the list considered.")] = 0.137,
    draws: Annotated[int, typer.Option(min=2, help="Random weightings.")] = 200,
    concentration: Annotated[float, typer.Option(min=1.0, help="Higher is closer to the assumed weights.")] = 50.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draws.")] = 0,
    peers: Annotated[Path | None, typer.Option(help="Peer tables; by default those of the file itself.")] = None,
    json_: JsonFlag = False,
) -> None:
    """Measure how much of the ranking depends on assumed weights, by random weights around them."""
    rulebook = load_rulebook(identifier)
    result = weight_robustness(
        rulebook,
        source,
        peers=peers,
        top_share=top_share,
        draws=draws,
        concentration=concentration,
        seed=seed,
        progress=progress(),
    )
    text = "no weight is assumed, so nothing depends on one" if result is None else result.sentence()
    emit({"rulebook": rulebook.id, "robustness": result}, as_json=json_, text=text)
