"""``icsml ledger changes``: what moved since a firm's last decision."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from icsml.cli.options import JsonFlag, Lang
from icsml.cli.output import emit, table
from icsml.errors import MissingError
from icsml.ledger.recorded_changes import recorded_changes
from icsml.ledger.store import Ledger
from icsml.records.changes import Changes, DataChanges, DecisionFacts
from icsml.texts.label import Label
from icsml.workflows.replaying import Bundles

__all__ = ["changes"]


def changes(
    decision_id: Annotated[str, typer.Argument(metavar="ID", help="Identifier of the later decision.")],
    since: Annotated[
        str | None, typer.Option(help="An earlier decision on the same firm; the last one by default.", metavar="ID")
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="Only if it is this tenant's; any tenant's by default.")] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="A bundle that lies elsewhere, for the decisions of its hash.", metavar="DIR")
    ] = None,
    lang: Lang = "en",
    json_: JsonFlag = False,
) -> None:
    """Say what moved since the last decision on the same firm: data, rule, model, calibration, adding up exactly."""
    with Ledger.open(None, create=False) as ledger:
        found = recorded_changes(ledger, Bundles(bundle), decision_id, tenant, since)
    if found is None:
        raise MissingError(
            "ICS-CLI-005",
            "there is no such decision",
            field="ID",
            remedy="check the identifier, --tenant and ICSML_LEDGER_URL",
        )
    emit(found.model_dump(mode="json"), as_json=json_, text=_text(found, lang))


def _text(found: Changes, lang: str) -> str:
    if found.previous is None or found.data is None:
        return f"{found.decision.decision_id} is the first decision on this firm"
    before, after = found.previous, found.decision
    lines = [
        *(_decision(each) for each in (before, after)),
        "",
        _steps(found, lang),
    ]
    if contributions := _contributions(found.data, lang):
        lines += ["", contributions]
    if found.record:
        lines += ["", "fields that differ: " + ", ".join(each.field for each in found.record)]
    return "\n".join([*lines, *(["", *(_in(note.text, lang) for note in found.notes)] if found.notes else [])])


def _decision(one: DecisionFacts) -> str:
    return f"{one.decision_id} ({one.decided_at}): PD {one.pd:.4%}, score {one.score}, grade {one.grade or '–'}"


def _steps(found: Changes, lang: str) -> str:
    rows = [
        [
            _in(step.label, lang),
            f"{step.log_odds:+.6f}",
            f"{step.points:+d}",
            f"{step.pd_before:.4%}",
            f"{step.pd_after:.4%}",
        ]
        for step in found.steps
    ]
    total = ["sum", f"{found.log_odds:+.6f}", f"{found.points:+d}", "", ""]
    return table([*rows, total], ["step", "log-odds", "points", "PD before", "PD after"])


def _contributions(data: DataChanges, lang: str) -> str:
    rows = [[f"{each.log_odds:+.6f}", f"{each.points:+d}", _in(each.text, lang)] for each in data.contributions]
    if data.other_log_odds or data.other_points:
        rows.append([f"{data.other_log_odds:+.6f}", f"{data.other_points:+d}", "other features"])
    if data.base_log_odds or data.base_points:
        rows.append([f"{data.base_log_odds:+.6f}", f"{data.base_points:+d}", "base"])
    return table(rows, ["log-odds", "points", "data"]) if rows else ""


def _in(label: Label, lang: str) -> str:
    return label.text(lang)
