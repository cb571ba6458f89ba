"""``icsml select`` and ``selection``: the recommended list, appeals, withdrawals, and who stands on it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from icsml.cli.innovation import RulebookRef
from icsml.cli.inputs import (
    HtmlFile,
    InFile,
    Lang,
    OutTable,
    day,
    ranked_by,
    read_columns,
    read_json,
    refuse_peers,
    rows_of,
)
from icsml.cli.output import JsonFlag, emit, progress, table
from icsml.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from icsml.innovation.scoring.weight_robustness import Robustness
    from icsml.innovation.selection.recommended_list import ListTerms

__all__ = ["register"]

ListFile = Annotated[Path, typer.Option("--list", help="A list written by `icsml select`.", metavar="F")]
Because = Annotated[str, typer.Option(help="Why; kept with the entry.")]
On = Annotated[str, typer.Option("--on", help="Day of the entry.", metavar="D")]

_SHOWN = 10
"""Enterprises named in one line."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("select")(select_)
    selection = typer.Typer(help="Recommended lists: who stands on them, appeals, withdrawals.", no_args_is_help=True)
    for name, command in (("show", show), ("appeal", appeal_), ("withdraw", withdraw_), ("letter", letter)):
        selection.command(name)(command)
    app.add_typer(selection, name="selection")


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
    from icsml.core.canonical import sha256_file
    from icsml.core.files import check_targets, whole_file
    from icsml.core.tables import check_table
    from icsml.innovation.rulebooks.load import load_rulebook
    from icsml.innovation.scoring.weight_robustness import robustness
    from icsml.innovation.selection.recommended_list import figures, make_list, refuse_to_replace, standing, write_list
    from icsml.innovation.selection.select import Cut
    from icsml.records.columns import take
    from icsml.records.dataset import is_synthetic

    cut = Cut(top_share, cut_off)
    check_targets(out, html, source=source)
    check_table(out, rows=rows_of(source))
    refuse_to_replace(out)
    say = progress()
    rules = load_rulebook(rulebook)
    columns = read_columns(source)
    today = day(on, "--on") if on else _latest(columns)
    filed = take(columns, ~(columns["as_of"] > np.datetime64(today, "D")))
    rules = ranked_by(rules, filed, peers, source, say)
    if not rules.in_force.holds(today):
        say(f"warning: {rules.id} was not in force on {today}")
    say(f"evaluating {len(columns['enterprise_id']):,} records on {today}")
    made, terms = make_list(
        rules,
        columns,
        cut=cut,
        on=today,
        batch=batch,
        source_sha256=sha256_file(source),
        synthetic=is_synthetic(source),
    )
    write_list(out, made.frame, terms)
    tables = rules.peer_tables
    if tables is not None:
        with whole_file(_peers_file(out)) as partial:
            tables.write(partial)
    current = standing(made.frame, today)
    competing = made.competing
    share = made.selected / max(int(competing.sum()), 1)
    hangs_on = robustness(rules, made.points, among=competing, top_share=share) if made.selected else None
    report = _report(terms, figures(current, made.points.stages), hangs_on, synthetic=terms.synthetic)
    text = "\n".join(_made(report, out, tables is not None))
    if html is not None:
        from icsml.reports.selection import write_page

        shown = {"robustness": hangs_on, "synthetic": report["synthetic"], "stages": rules.stage_labels}
        write_page(current, terms, html, lang, **shown)
        text += f"\npage: {html}"
    emit(report, as_json=json_, text=text)


def _report(terms: ListTerms, found: dict[str, Any], hangs_on: Robustness | None, *, synthetic: bool) -> dict[str, Any]:
    shown = ("evaluated", "selected", "threshold", "max_score", "rulebook", "provenance", "on", "batch")
    stated = asdict(terms)
    return {name: stated[name] for name in shown} | {
        "places": terms.places,
        "uncut": terms.uncut,
        "figures": found,
        "robustness": None if hangs_on is None else hangs_on.as_json(),
        "synthetic": synthetic,
    }


def _latest(columns: Any) -> date:  # noqa: ANN401 - column arrays, imported late
    known = columns["as_of"][~np.isnat(columns["as_of"])]
    if not len(known):
        raise InputError("ICS-SEL-002", "no record has a date", field="as_of", remedy="say the day with --on")
    found: date = known.max().astype("datetime64[D]").item()
    return found


def _peers_file(out: Path) -> Path:
    return out.with_name(f"{out.name}.peers.json")


def _made(report: dict[str, Any], out: Path, ranked: bool) -> list[str]:
    share = report["selected"] / report["evaluated"] if report["evaluated"] else 0.0
    lines = [
        f"{report['selected']:,} of {report['evaluated']:,} enterprises evaluated ({share:.1%}) are on the list of "
        f"batch {report['batch']}, {_cut(report)}, in {out}",
        f"by {report['rulebook']} ({report['provenance']}) on {report['on']}",
    ]
    if out.suffix.lower() != ".parquet":
        lines.append("a copy to read: appeals, withdrawals and letters need the list as .parquet")
    if ranked:
        lines.append(f"peer tables, which an appeal needs: {_peers_file(out)}")
    lines += _figures(report["figures"])
    if report["robustness"] is not None:
        lines += ["", f"{report['robustness']['depends']:.0%} of the list hang on assumed weights"]
    return lines


def _cut(report: dict[str, Any]) -> str:
    if report["uncut"]:
        return f"with no cut: all who are eligible are on it, fewer than the {report['places']:,} places"
    cut = f"at {report['threshold']:.8g} of {report['max_score']:g} points or more"
    over = report["selected"] - (report["places"] or report["selected"])
    return f"{cut} (places: {report['places']:,}, and {over:,} more with equal points)" if over else cut


def _figures(found: dict[str, list[dict[str, Any]]]) -> list[str]:
    lines: list[str] = []
    for name in ("stage", "technical_field", "province"):
        if all(each["group"] is None for each in found[name]):
            continue
        rows = [
            (
                each["group"] or "not known",
                f"{each['evaluated']:,}",
                f"{each['selected']:,}",
                f"{each['selected'] / each['evaluated']:.1%}",
            )
            for each in found[name]
        ]
        lines += ["", table(rows, (name, "evaluated", "listed", "share"))]
    reasons = [(each["text"]["en"], f"{each['evaluated']:,}") for each in found["reason"]]
    return [*lines, "", table(reasons, ("reason", "enterprises"))]


def show(
    lists: Annotated[list[Path], typer.Option("--list", help="A list; give it again for more batches.", metavar="F")],
    on: Annotated[str, typer.Option(help="Day (default: that of the latest entry).", metavar="D")] = "",
    enterprise: Annotated[str, typer.Option(help="Show every entry of this enterprise.", metavar="ID")] = "",
    json_: JsonFlag = False,
) -> None:
    """Show who stands on one or more lists on a day, or every entry of one enterprise."""
    from icsml.innovation.selection.recommended_list import figures, read_lists, standing

    frame, terms = read_lists(lists)
    today = day(on, "--on") if on else frame["decided_on"].max().date()
    if enterprise:
        _show_one(frame, enterprise, json_)
        return
    current = standing(frame, today)
    counts = {str(name): int(count) for name, count in current["status"].value_counts().items()}
    shown = figures(current, list(dict.fromkeys(stage for each in terms for stage in each.stages)))
    reviewed = sorted(current.loc[current["action"] == "appeal", "enterprise_id"])
    found = {
        "on": str(today),
        "status": counts,
        "appeals": reviewed,
        "figures": shown,
        "lists": [asdict(each) for each in terms],
    }
    stood = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    lines = [f"on {today}: {stood or 'no entry yet'}"]
    if reviewed:
        shown_first = ", ".join(reviewed[:_SHOWN]) + (", …" if len(reviewed) > _SHOWN else "")
        lines.append(f"by an appeal stand as they do: {len(reviewed):,} ({shown_first})")
    emit(found, as_json=json_, text="\n".join([*lines, *_figures(shown)]))


def _show_one(frame: pd.DataFrame, enterprise: str, as_json: bool) -> None:
    import json

    own = frame[frame["enterprise_id"] == enterprise]
    if own.empty:
        raise InputError(
            "ICS-SEL-004", "was not evaluated in this list", field="--enterprise", remedy="check the identifier"
        )
    entries = json.loads(own.to_json(orient="records", date_format="iso", force_ascii=False))
    standing_for = [each for each in entries if each["reason"] not in ("older_record", "future_record")]
    rows = [
        (
            str(each["decided_on"])[:10],
            each["batch"],
            each["entry"],
            each["action"],
            each["score"],
            each["reason_en"],
            each["because"],
        )
        for each in standing_for
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
    from icsml.innovation.peers.peer_tables import PeerTables
    from icsml.innovation.rulebooks.load import load_rulebook
    from icsml.innovation.selection.recommended_list import appeal, read_list, write_list
    from icsml.records.enterprise import parse_record

    frame, terms = read_list(list_)
    rules = load_rulebook(rulebook)
    if rules.ranked:
        rules = rules.with_peers(PeerTables.read(peers or _peers_file(list_)))
    elif peers is not None:
        refuse_peers(rules)
    corrected = parse_record(read_json(record))
    longer, found = appeal(frame, terms, rules, corrected, on=day(on, "--on"), because=because)
    write_list(list_, longer, terms)
    before, after = found["before"], found["after"]
    text = (
        f"{found['enterprise_id']}: {_points(before)} → {_points(after)} of {terms.max_score:g}, "
        f"{'no cut' if terms.uncut else f'cut at {terms.threshold:.8g}'}; "
        f"{'on the list' if after['selected'] else 'not on the list'} ({after['reason']}), "
        f"entry {after['entry']}"
    )
    emit(found | {"threshold": terms.threshold}, as_json=json_, text=text)


def _points(entry: dict[str, Any]) -> str:
    return "no score" if entry["score"] is None else f"{entry['score']:.4g}"


def withdraw_(
    list_: ListFile,
    enterprise: Annotated[str, typer.Option(help="Whom to take off the list.", metavar="ID")],
    on: On,
    because: Because,
    json_: JsonFlag = False,
) -> None:
    """Take an enterprise off a list by adding an entry; what stood before is kept."""
    from icsml.innovation.selection.recommended_list import read_list, withdraw, write_list

    frame, terms = read_list(list_)
    write_list(list_, withdraw(frame, enterprise, on=day(on, "--on"), because=because), terms)
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
    from icsml.core.files import check_target
    from icsml.innovation.selection.recommended_list import read_list, standing
    from icsml.reports.selection import write_letter

    check_target(out, source=list_)
    if out.suffix.lower() not in (".html", ".htm"):
        raise InputError("ICS-CFG-010", "a letter is written as a page", field=str(out), remedy="end its name in .html")
    frame, terms = read_list(list_)
    today = day(on, "--on") if on else frame["decided_on"].max().date()
    current = standing(frame, today)
    write_letter(frame, terms, enterprise, out, lang, on=today, issuer=issuer, contact=contact)
    own = current[current["enterprise_id"] == enterprise].iloc[-1]
    found = {"enterprise_id": enterprise, "status": str(own["status"]), "on": str(today), "letter": str(out)}
    emit(found, as_json=json_, text=f"{enterprise}: {found['status']} on {today}\nletter: {out}")
