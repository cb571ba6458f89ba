"""``icsml decide`` and ``score``: one decision, or many rows; neither is recorded."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Annotated, Literal

import typer

from icsml.cli.inputs import InFile, ModelRef, OutFile, load_bundle, read_json
from icsml.cli.output import JsonFlag, emit, progress, table
from icsml.records.decision import Decision

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("decide")(decide_)
    app.command("score")(score)


def decide_(
    model: ModelRef,
    source: Annotated[Path, typer.Option("--in", help="Record as JSON; - is stdin.", metavar="record.json")],
    reasons: Annotated[int, typer.Option(min=0, help="Reasons to show at most.")] = 8,
    no_recourse: Annotated[
        bool, typer.Option("--no-recourse", help="Do not look for what the firm could do within a year.")
    ] = False,
    json_: JsonFlag = False,
) -> None:
    """Decide on one record. The decision is not recorded; the service records."""
    from icsml.core.clock import utc_now
    from icsml.decision.decide import decide
    from icsml.records.enterprise import parse_record

    record = parse_record(read_json(source))
    bundle, version = load_bundle(model)
    decided = decide(
        bundle,
        record,
        decision_id=str(uuid.uuid4()),
        decided_at=utc_now(),
        version=version,
        reasons=reasons,
        with_recourse=not no_recourse,
    )
    emit(decided.decision.model_dump(mode="json"), as_json=json_, text=_read_out(decided.decision))


def score(
    model: ModelRef,
    source: InFile,
    out: OutFile,
    reasons: Annotated[int, typer.Option(min=0, help="Reasons a row; 0 leaves them out.")] = 0,
    engine: Annotated[Literal["local"], typer.Option(help="Where to run.")] = "local",
    json_: JsonFlag = False,
) -> None:
    """Score a Parquet file of records, one row out for each row in. Nothing is recorded."""
    from icsml.batch.score import score_file

    bundle, version = load_bundle(model)
    report = score_file(bundle, source, out, version=version, reasons=reasons, progress=progress())
    found = {"rows": report.rows, "seconds": report.seconds, "rows_per_second": report.rows_per_second}
    text = f"{report.rows:,} rows in {report.seconds:.2f} s ({report.rows_per_second:,.0f} rows/s), in {out}"
    if bundle.synthetic:
        text += "\nthe model was trained on simulated data: these scores are no evidence about any firm"
    emit(found, as_json=json_, text=text)


def _read_out(decision: Decision) -> str:
    model = decision.model
    horizon = f"{model.horizon_months} months" if model.horizon_months else "horizon not known"
    event = f"{model.event or 'event not known'}, {horizon}"
    lines = [
        f"{decision.enterprise_id}  {f'as of {decision.as_of}' if decision.as_of else 'undated'}",
        f"PD {decision.pd:.2%}  grade {decision.grade or '–'}  score {decision.score}   ({event})",
    ]
    if decision.innovation:
        points = decision.innovation
        lines.append(f"points {points.score:.1f} of {points.max_score:g} by {points.rulebook} ({points.provenance})")
    if decision.pd_without_innovation is not None:
        lines.append(f"PD of the companion without innovation {decision.pd_without_innovation:.2%} (not causal)")
    rows = [(reason.code, reason.text.en, reason.value, reason.points, reason.log_odds) for reason in decision.reasons]
    lines += ["", table(rows, ("code", "reason", "value", "points (up is good)", "log-odds (up is bad)"))]
    lines.append(
        f"base {decision.base_points} + reasons {sum(reason.points for reason in decision.reasons):+d}"
        f" + others {decision.other_points:+d} = {decision.score}"
    )
    lines += [f"recourse: {proposal.text.en}" for proposal in decision.recourse or ()]
    lines += [f"note {notice.code} {notice.field or ''}: {notice.text.en}" for notice in decision.warnings]
    return "\n".join(lines)
