"""``icsml ledger list`` and ``export``: many recorded decisions."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from icsml.cli.arguments import day
from icsml.cli.options import JsonFlag
from icsml.cli.output import emit, progress, table
from icsml.core.clock import timestamp
from icsml.core.files import check_target
from icsml.errors import InputError
from icsml.ledger.store import Ledger
from icsml.ledger.store.searching import IndexRow, Wanted

__all__ = ["export", "list_"]

_SHOWN = ("decision_id", "decided_at", "enterprise_id", "as_of", "grade", "pd", "score")
_MODEL = {"name": "model_name", "version": "model_version", "bundle_sha256": "bundle_sha256"}


def list_(
    tenant: Annotated[str, typer.Option(help="Whose decisions.")],
    enterprise_id: Annotated[str | None, typer.Option(help="Only decisions on this enterprise.")] = None,
    grade: Annotated[str | None, typer.Option(help="Only this grade.")] = None,
    reason: Annotated[str | None, typer.Option(help="Only with a reason of this code.")] = None,
    first: Annotated[str | None, typer.Option("--from", help="The first day of decision (UTC).", metavar="D")] = None,
    last: Annotated[str | None, typer.Option("--to", help="The last day of decision (UTC).", metavar="D")] = None,
    limit: Annotated[int, typer.Option(help="The most decisions.", min=1)] = 50,
    json_: JsonFlag = False,
) -> None:
    """List recorded decisions, the newest first."""
    wanted = Wanted(tenant, enterprise_id, grade, reason, *_days(first, last))
    with Ledger.open(None, create=False) as ledger:
        found = ledger.search(wanted, limit=limit + 1)
    rows, more = found[:limit], len(found) > limit
    lines = [[getattr(row, name) for name in _SHOWN] for row in rows]
    text = table(lines, _SHOWN) if rows else "no decision"
    emit(
        {"decisions": [_facts(row) for row in rows], "more": more},
        as_json=json_,
        text=text + (f"\nmore than {limit:,}: see --limit" if more else ""),
    )


def export(
    out: Annotated[Path, typer.Option(help="The Parquet file.", metavar="F.parquet")],
    since: Annotated[str | None, typer.Option(help="Only what was recorded since this day (UTC).", metavar="D")] = None,
    tenant: Annotated[str | None, typer.Option(help="Only this tenant's; any tenant's by default.")] = None,
    payload: Annotated[bool, typer.Option("--payload", help="With the payloads as JSON.")] = False,
    json_: JsonFlag = False,
) -> None:
    """Write recorded decisions with their outcomes to a Parquet file, one row for each, in the order recorded."""
    from icsml.workflows.ledger_export import export_ledger  # pyarrow takes its time

    check_target(out)
    start = None if since is None else datetime.combine(day(since, "--since"), time(), UTC)
    with Ledger.open(None, create=False) as ledger:
        counts = export_ledger(ledger, out, tenant=tenant, since=start, payload=payload, progress=progress())
    text = f"{counts.decisions:,} decisions, {counts.outcomes:,} with an outcome: {out}"
    if counts.contradictory:
        text += f"\n{counts.contradictory:,} have outcomes that contradict one another, and none is told of them"
    emit(asdict(counts) | {"out": str(out)}, as_json=json_, text=text)


def _days(first: str | None, last: str | None) -> tuple[str | None, str | None]:
    since = None if first is None else datetime.combine(day(first, "--from"), time(), UTC)
    until = None if last is None else datetime.combine(day(last, "--to"), time(), UTC)
    if since is not None and until is not None and since > until:
        raise InputError("ICS-CLI-004", "lies after --to", field="--from", remedy="exchange them")
    try:
        end = None if until is None else timestamp(until + timedelta(days=1))
    except OverflowError:
        end = None  # there is nothing after it
    return None if since is None else timestamp(since), end


def _facts(row: IndexRow) -> dict[str, Any]:
    model = {name: getattr(row, column) for name, column in _MODEL.items()}
    return {name: getattr(row, name) for name in _SHOWN} | {"model": model, "reasons": json.loads(row.reasons)}
