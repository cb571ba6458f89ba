"""``icsml points`` and ``coverage``: what the rules give, and what the data can feed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from icsml.cli.inputs import InFile, OutTable, day, ranked_by, read_columns, rows_of
from icsml.cli.output import JsonFlag, emit, progress, table, write_frame
from icsml.errors import InputError

if TYPE_CHECKING:
    from icsml.innovation.rulebooks.rulebook import Rulebook
    from icsml.innovation.scoring.points import Points
    from icsml.innovation.scoring.validity import Ages
    from icsml.innovation.scoring.weight_robustness import Robustness
    from icsml.records.columns import Columns

__all__ = ["RulebookRef", "register"]

RulebookRef = Annotated[str, typer.Option("--rulebook", help="Identifier, see `icsml rulebook list`, or a YAML file.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("points")(points)
    app.command("coverage")(coverage_)


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
    from icsml.core.files import check_target
    from icsml.core.tables import check_table
    from icsml.innovation.rulebooks.load import load_rulebook
    from icsml.innovation.rulebooks.timeline import rulebook_as_of
    from icsml.innovation.scoring.evaluate import evaluate
    from icsml.innovation.scoring.points import points_frame
    from icsml.innovation.scoring.validity import aged, ages
    from icsml.innovation.scoring.weight_robustness import robustness
    from icsml.records.columns import take

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
    check_table(out, rows=rows_of(source))
    asked = day(as_of, "--as-of") if as_of else None
    known = day(known_on, "--known-on") if known_on else None
    used = day(on, "--on") if on else asked
    chosen = rulebook_as_of(asked, known) if asked is not None else load_rulebook(rulebook)
    say = progress()
    columns = read_columns(source)
    filed = columns if used is None else take(columns, ~(columns["as_of"] > np.datetime64(used, "D")))
    chosen = ranked_by(chosen, filed, peers, source, say)
    started = time.perf_counter()
    found = evaluate(chosen, columns)
    seconds = time.perf_counter() - started
    hangs_on = robustness(chosen, found)
    age = None if used is None else ages(chosen, columns["as_of"], used)
    scored = found if age is None else aged(chosen, found, age)
    frame = points_frame(scored, columns)
    if age is not None:
        frame["age_months"], frame["valid_until"] = age.months, age.until.astype("datetime64[us]")
        frame["expired"] = age.expired
    write_frame(out, frame)
    report = _report(chosen, scored, columns, age, hangs_on) | {"seconds": seconds}
    for warning in _warnings(report, chosen.validity.expired if chosen.validity else "warn"):
        say(f"warning: {warning}")
    mean = f"{np.nanmean(scored.score):.1f}" if report["rows"] > report["no_score"] else "–"
    by = f"{chosen.id} ({chosen.provenance})"
    text = f"{report['rows']:,} rows by {by}, mean {mean} of {chosen.max_score:g}, in {out}"
    emit(report, as_json=json_, text=text if hangs_on is None else f"{text}\n{hangs_on.sentence()}")


def _report(
    rulebook: Rulebook, points: Points, columns: Columns, age: Ages | None, hangs_on: Robustness | None
) -> dict[str, Any]:
    tables = rulebook.peer_tables
    days = [each for each in columns["as_of"].tolist() if each is not None]
    return {
        "rows": len(points.score),
        "rulebook": rulebook.id,
        "provenance": str(rulebook.provenance),
        "score_provenance": str(rulebook.score_provenance),
        "not_in_force": sum(not rulebook.in_force.holds(each) for each in days),
        "no_score": int(np.isnan(points.score).sum()),
        "expired": None if age is None else int(age.expired.sum()),
        "future": None if age is None else int((np.isnan(age.months) & ~np.isnat(columns["as_of"])).sum()),
        "peers": None if tables is None else {"sha256": tables.sha256, "rows": tables.population.rows},
        "robustness": None if hangs_on is None else hangs_on.as_json(),
    }


def _warnings(report: dict[str, Any], expired: str) -> list[str]:
    found = []
    if report["not_in_force"]:
        found.append(
            f"{report['rulebook']} was not in force on the date of {report['not_in_force']:,} rows; they are scored all"
            " the same"
        )
    if report["expired"]:
        done = "have no score" if expired == "refuse" else "keep their score; see the column age_months"
        found.append(f"{report['expired']:,} rows are older than the score's validity and {done}")
    if report["future"]:
        found.append(f"{report['future']:,} rows are dated after the day, so their scores have no age yet")
    if report["no_score"]:
        found.append(f"{report['no_score']:,} rows have no score; the columns rule.ID say why")
    return found


def coverage_(
    rulebook: RulebookRef,
    source: InFile,
    peers: Annotated[Path | None, typer.Option(help="Peer tables; by default those of the file itself.")] = None,
    json_: JsonFlag = False,
) -> None:
    """Tell which indicators of a rulebook the data can feed, where, from whom, and what the gaps cost in points."""
    from icsml.innovation.rulebooks.load import load_rulebook
    from icsml.innovation.scoring.coverage import coverage

    columns = read_columns(source)
    found = coverage(ranked_by(load_rulebook(rulebook), columns, peers, source, progress()), columns)
    emit(found, as_json=json_, text="\n".join(_covered(found)))


def _covered(found: dict[str, Any]) -> list[str]:
    rows = [
        (
            each["id"],
            f"{each['share']:.1%}",
            each["policy"],
            "–" if each["points_lost"] is None else f"{each['points_lost']:.2f}",
            f"{each['points_lost_at_most']:.2f}",
            f"{each['max']:g}",
            ", ".join(each["departments"]),
        )
        for each in found["indicators"]
    ]
    header = ("indicator", "rows with a value", "if missing", "points lost", "at most", "max", "kept by")
    lines = [f"{found['rows']:,} rows by {found['rulebook']}; points lost are means over all rows", table(rows, header)]
    lost = [sum(each[key] or 0.0 for each in found["indicators"]) for key in ("points_lost", "points_lost_at_most")]
    lines.append(f"missing values cost {lost[0]:.1f} points a row, at most {lost[1]:.1f}")
    if found["rows_refused"]:
        lines.append(f"{found['rows_refused']:,} rows have no score for want of a value")
    departments = [
        (each["label"]["en"], f"{each['share']:.1%}", _worst(each["fields"])) for each in found["departments"]
    ]
    lines += ["", table(departments, ("department (our reading)", "all fields on file", "least on file"))]
    provinces = [
        (
            each["province"] or "not known",
            each["rows"],
            f"{np.mean(list(each['indicators'].values())):.1%}",
            _least(each["indicators"]),
        )
        for each in found["provinces"]
    ]
    return [*lines, "", table(provinces, ("province", "rows", "mean over indicators", "least covered"))]


def _worst(fields: list[dict[str, Any]]) -> str:
    return _least({each["id"]: each["share"] for each in fields})


def _least(shares: dict[str, float]) -> str:
    name = min(shares, key=lambda each: shares[each])
    return f"{name} {shares[name]:.1%}"
