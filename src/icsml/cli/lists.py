"""``icsml select`` and ``selection``: the recommended list, appeals, withdrawals, and current members."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from icsml.cli.arguments import day, read_json
from icsml.cli.html import write_letter, write_list_page
from icsml.cli.options import HtmlFile, InFile, JsonFlag, Lang, OutTable, RulebookRef
from icsml.cli.output import emit, progress, table
from icsml.core.files import check_target, check_targets
from icsml.core.tables import check_table
from icsml.errors import InputError
from icsml.innovation.rulebooks.load import load_rulebook
from icsml.innovation.selection.list_file import read_list, read_lists, refuse_to_replace
from icsml.innovation.selection.recommended_list import EntryResult, GroupCount, ListTerms, figures, standing
from icsml.innovation.selection.select import Cut
from icsml.records.enterprise import parse_record
from icsml.workflows.list_making import (
    RecommendedList,
    appeal_against,
    entries_of,
    peers_file,
    recommend,
    take_off,
)
from icsml.workflows.population import row_counter

__all__ = ["appeal_", "letter", "select_", "show", "withdraw_"]

ListFile = Annotated[Path, typer.Option("--list", help="A list written by `icsml select`.", metavar="F")]
Because = Annotated[str, typer.Option(help="Why; kept with the entry.")]
On = Annotated[str, typer.Option("--on", help="Day of the entry.", metavar="D")]

_NAMED = 10
"""Enterprises named in one line."""


def select_(
    rulebook: RulebookRef,
    source: InFile,
    out: OutTable,
    top_share: Annotated[float | None, typer.Option(help="Places as a share of all evaluated, such as 0.137.")] = None,
    cut_off: Annotated[float | None, typer.Option(help="Whoever has at least so many points.")] = None,
    on: Annotated[str, typer.Option(help="Day of selection (default: the latest date in the file).")] = "",
    batch: Annotated[str, typer.Option(help="Name of the batch.")] = "1",
    peers: Annotated[Path | None, typer.Option(help="Peer tables; by default those of the file itself.")] = None,
    html: HtmlFile = None,
    lang: Lang = "en",
    json_: JsonFlag = False,
) -> None:
    """Make the recommended list: who is in and who is out, each with the reason.

    Of the records of a firm that are known on the day the latest counts; one older than its validity never does.
    """
    cut = Cut(top_share, cut_off)
    check_targets(out, html, source=source)
    check_table(out, rows=row_counter(source))
    refuse_to_replace(out)
    made = recommend(
        load_rulebook(rulebook),
        source,
        out,
        cut=cut,
        on=day(on, "--on") if on else None,
        batch=batch,
        peers=peers,
        progress=progress(),
    )
    text = "\n".join(_list_lines(made, out))
    if html is not None:
        text += f"\n{write_list_page(made, html, lang)}"
    emit(made.as_json(), as_json=json_, text=text)


def _list_lines(made: RecommendedList, out: Path) -> Iterator[str]:
    terms = made.terms
    share = terms.selected / terms.evaluated if terms.evaluated else 0.0
    yield (
        f"{terms.selected:,} of {terms.evaluated:,} enterprises evaluated ({share:.1%}) are on the list of "
        f"batch {terms.batch}, {_cut(terms)}, in {out}"
    )
    yield f"by {terms.rulebook} ({terms.provenance}) on {terms.on}"
    if out.suffix.lower() != ".parquet":
        yield "a copy to read: appeals, withdrawals and letters need the list as .parquet"
    if made.rulebook.peer_tables is not None:
        yield f"peer tables, which an appeal needs: {peers_file(out)}"
    yield from _figure_tables(made.figures)
    if made.robustness is not None:
        yield f"\n{made.robustness.depends:.0%} of the list depend on assumed weights"


def _cut(terms: ListTerms) -> str:
    if terms.uncut:
        return f"with no cut: all who are eligible are on it, fewer than the {terms.places:,} places"
    cut = f"at {terms.threshold:.8g} of {terms.max_score:g} points or more"
    over = terms.selected - (terms.places or terms.selected)
    return f"{cut} (places: {terms.places:,}, and {over:,} more with equal points)" if over else cut


def _figure_tables(counted: dict[str, list[GroupCount]]) -> list[str]:
    lines: list[str] = []
    for name in ("stage", "technical_field", "province"):
        if all(group["group"] is None for group in counted[name]):
            continue
        rows = [
            (
                group["group"] or "not known",
                f"{group['evaluated']:,}",
                f"{group['selected']:,}",
                f"{group['selected'] / group['evaluated']:.1%}",
            )
            for group in counted[name]
        ]
        lines += ["", table(rows, (name, "evaluated", "listed", "share"))]
    reasons = [(group["text"]["en"], f"{group['evaluated']:,}") for group in counted["reason"]]
    return [*lines, "", table(reasons, ("reason", "enterprises"))]


def show(
    lists: Annotated[list[Path], typer.Option("--list", help="A list; give it again for more batches.", metavar="F")],
    on: Annotated[str, typer.Option(help="Day (default: that of the latest entry).", metavar="D")] = "",
    enterprise: Annotated[str, typer.Option(help="Show every entry of this enterprise.", metavar="ID")] = "",
    json_: JsonFlag = False,
) -> None:
    """Show who stands on one or more lists on a day, or every entry of one enterprise."""
    frame, terms = read_lists(lists)
    today = day(on, "--on") if on else frame["decided_on"].max().date()
    if enterprise:
        _show_entries(frame, enterprise, json_)
        return
    current = standing(frame, today)
    counts = {str(name): int(count) for name, count in current["status"].value_counts().items()}
    counted = figures(current, list(dict.fromkeys(stage for list_terms in terms for stage in list_terms.stages)))
    reviewed = sorted(current.loc[current["action"] == "appeal", "enterprise_id"])
    report = {
        "on": str(today),
        "status": counts,
        "appeals": reviewed,
        "figures": counted,
        "lists": terms,
    }
    counts_text = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    lines = [f"on {today}: {counts_text or 'no entry yet'}"]
    if reviewed:
        first = ", ".join(reviewed[:_NAMED]) + (", …" if len(reviewed) > _NAMED else "")
        lines.append(f"by an appeal stand as they do: {len(reviewed):,} ({first})")
    emit(report, as_json=json_, text="\n".join([*lines, *_figure_tables(counted)]))


def _show_entries(frame: pd.DataFrame, enterprise: str, as_json: bool) -> None:
    entries = entries_of(frame, enterprise)
    counting = [entry for entry in entries if entry["reason"] not in ("older_record", "future_record")]
    rows = [
        (
            str(entry["decided_on"])[:10],
            entry["batch"],
            entry["entry"],
            entry["action"],
            entry["score"],
            entry["reason_en"],
            entry["because"],
        )
        for entry in counting
    ]
    header = ("day", "batch", "entry", "action", "score", "reason", "because")
    emit({"enterprise_id": enterprise, "entries": entries}, as_json=as_json, text=table(rows, header))


def appeal_(
    list_: ListFile,
    rulebook: RulebookRef,
    record: Annotated[Path, typer.Option("--in", help="The corrected record as JSON; - is stdin.")],
    on: On,
    because: Because,
    peers: Annotated[
        Path | None, typer.Option(help="Peer tables of the list; by default those written beside it.")
    ] = None,
    json_: JsonFlag = False,
) -> None:
    """Score a corrected record anew by the list's own rules and cut, and add the result; both entries are kept."""
    rules = load_rulebook(rulebook)
    corrected = parse_record(read_json(record))
    terms, change = appeal_against(list_, rules, corrected, on=day(on, "--on"), because=because, peers=peers)
    before, after = change["before"], change["after"]
    text = (
        f"{change['enterprise_id']}: {_points(before)} → {_points(after)} of {terms.max_score:g}, "
        f"{'no cut' if terms.uncut else f'cut at {terms.threshold:.8g}'}; "
        f"{'on the list' if after['selected'] else 'not on the list'} ({after['reason']}), "
        f"entry {after['entry']}"
    )
    emit(change | {"threshold": terms.threshold}, as_json=json_, text=text)


def _points(entry: EntryResult) -> str:
    return "no score" if entry["score"] is None else f"{entry['score']:.4g}"


def withdraw_(
    list_: ListFile,
    enterprise: Annotated[str, typer.Option(help="Whom to take off the list.", metavar="ID")],
    on: On,
    because: Because,
    json_: JsonFlag = False,
) -> None:
    """Take an enterprise off a list by adding an entry; what stood before is kept."""
    take_off(list_, enterprise, on=day(on, "--on"), because=because)
    emit(
        {"enterprise_id": enterprise, "withdrawn_on": on, "because": because},
        as_json=json_,
        text=f"{enterprise} is off the list from {on}: {because}",
    )


def letter(
    list_: ListFile,
    enterprise: Annotated[str, typer.Option(help="Whom to write to.", metavar="ID")],
    out: Annotated[Path, typer.Option("--out", help="The letter to write, for A4.", metavar="F.html")],
    on: Annotated[str, typer.Option(help="Date of the letter (default: day of the latest entry).", metavar="D")] = "",
    issuer: Annotated[str, typer.Option(help="Who issues it; by default a place to sign and seal.")] = "",
    contact: Annotated[str, typer.Option(help="Where to ask for a review.")] = "",
    lang: Lang = "en",
    json_: JsonFlag = False,
) -> None:
    """Write the letter that tells one enterprise its result, each reason, and how to ask for a review."""
    check_target(out, source=list_)
    if out.suffix.lower() not in (".html", ".htm"):
        raise InputError("ICS-CFG-010", "a letter is written as a page", field=str(out), remedy="end its name in .html")
    frame, terms = read_list(list_)
    today = day(on, "--on") if on else frame["decided_on"].max().date()
    current = standing(frame, today)
    write_letter(frame, terms, enterprise, out, lang, on=today, issuer=issuer, contact=contact)
    status = str(current[current["enterprise_id"] == enterprise].iloc[-1]["status"])
    report = {"enterprise_id": enterprise, "status": status, "on": str(today), "letter": str(out)}
    emit(report, as_json=json_, text=f"{enterprise}: {status} on {today}\nletter: {out}")
