"""``icsml replay``: decide again on recorded decisions, and compare."""

from __future__ import annotations

from datetime import UTC, datetime, time
from pathlib import Path
from typing import Annotated, Any

import typer

from icsml.cli.arguments import day
from icsml.cli.options import JsonFlag
from icsml.cli.output import emit, progress
from icsml.errors import InputError, MissingError
from icsml.ledger.recorded_replay import replay_one
from icsml.ledger.replay import Replayed
from icsml.ledger.store import Ledger
from icsml.workflows.replaying import Bundles, ReplayCounts, replay_all

__all__ = ["replay_"]

_MOST_TOLD = 100


def replay_(
    decision_id: Annotated[str | None, typer.Argument(metavar="[ID]", help="Identifier of a decision.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every recorded decision.")] = False,
    since: Annotated[str | None, typer.Option(help="Only what was recorded since this day (UTC).", metavar="D")] = None,
    tenant: Annotated[str | None, typer.Option(help="Only this tenant's; any tenant's by default.")] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="A bundle that lies elsewhere, for the decisions of its hash.", metavar="DIR")
    ] = None,
    json_: JsonFlag = False,
) -> None:
    """Decide again on recorded decisions, and compare them byte for byte; exit code 1 if one differs."""
    if all_ == (decision_id is not None):
        raise InputError("ICS-CLI-014", "give either one or the other", field="ID, --all", remedy="see --help")
    if since is not None and not all_:
        raise InputError("ICS-CLI-014", "belongs to --all", field="--since", remedy="leave it out, or use --all")
    start = None if since is None else datetime.combine(day(since, "--since"), time(), UTC)
    bundles = Bundles(bundle)
    told: list[Replayed] = []
    with Ledger.open(None, create=False) as ledger:
        if decision_id is None:
            counts = replay_all(
                *(ledger, bundles, lambda one: _keep(told, one)), tenant=tenant, since=start, progress=progress()
            )
        else:
            counts = _one(ledger, bundles, decision_id, tenant, told)
    if decision_id is not None and not counts.replayed + counts.erased:
        raise _nothing("there is no such decision")
    emit(_report(counts, told), as_json=json_, text=_text(counts, told))
    if counts.differences:
        raise typer.Exit(1)


def _one(ledger: Ledger, bundles: Bundles, decision_id: str, tenant: str | None, told: list[Replayed]) -> ReplayCounts:
    counts, result = ReplayCounts(), replay_one(ledger, bundles, decision_id, tenant)
    if result is not None:
        counts.add(result)
        if not result.identical:
            told.append(result)
    return counts


def _keep(told: list[Replayed], one: Replayed) -> None:
    if len(told) < _MOST_TOLD:
        told.append(one)


def _nothing(message: str) -> MissingError:
    remedy = "check the identifier, --tenant and ICSML_LEDGER_URL"
    return MissingError("ICS-CLI-005", message, field="ID", remedy=remedy)


def _report(counts: ReplayCounts, told: list[Replayed]) -> dict[str, Any]:
    return {
        "replayed": counts.replayed,
        "identical": counts.identical,
        "differences": counts.differences,
        "erased": counts.erased,
        "found": [_found(one) for one in told],
    }


def _found(one: Replayed) -> dict[str, Any]:
    error = one.error
    return {
        "decision_id": one.decision_id,
        "code": error and error.code,
        "message": error and str(error),
        "code_version": {"recorded": one.recorded_by, "repeated": one.repeated_by},
        "fields": [
            {"path": each.path, "kinds": each.kinds, "recorded": each.recorded, "repeated": each.repeated}
            for each in one.differences
        ],
    }


def _text(counts: ReplayCounts, told: list[Replayed]) -> str:
    lines = []
    for one in told:
        lines.append(f"{one.decision_id}: {one.error}")
        lines += [f"  {each.path}: {each.recorded!r} → {each.repeated!r} ({each.kinds})" for each in one.differences]
    if counts.differences > len(told):
        lines.append(f"… and {counts.differences - len(told):,} more")
    lines.append(
        f"{counts.replayed:,} replayed: {counts.identical:,} identical, {counts.differences:,} differ"
        + (f"; {counts.erased:,} erased, which cannot be repeated" if counts.erased else "")
    )
    return "\n".join(lines)
