"""``icsml ledger``: decisions that the service recorded."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, cast

import typer

from icsml.cli.arguments import stability_of_page
from icsml.cli.html import write_decision_page
from icsml.cli.options import HtmlFile, JsonFlag, Lang, StabilityFile
from icsml.cli.output import emit, progress
from icsml.core.files import check_targets
from icsml.errors import InputError, MissingError
from icsml.ledger.checkpoints import checkpoints_path
from icsml.ledger.payload import parse_payload
from icsml.ledger.signing import trusted_keys
from icsml.ledger.store import Ledger
from icsml.ledger.store.eraser import Erased
from icsml.ledger.verification import Verification

__all__ = ["checkpoint", "erase", "overwrite", "refuse_altered", "reindex", "show", "verify"]

PublicKeys = Annotated[
    Path | None,
    typer.Option("--public-keys", help="File of the keys that may sign; signing.pub under ICSML_HOME by default."),
]


def show(
    decision_id: Annotated[str, typer.Argument(metavar="ID")],
    tenant: Annotated[str | None, typer.Option(help="Only if it is this tenant's; any tenant's by default.")] = None,
    html: HtmlFile = None,
    lang: Lang = "en",
    stability: StabilityFile = None,
    json_: JsonFlag = False,
) -> None:
    """Show one recorded decision with its request and feature vector, and what happened after it."""
    check_targets(html)
    stability_figures = stability_of_page(stability, html)
    with Ledger.open(None, create=False) as ledger:
        found = ledger.find_bytes(decision_id, tenant)
        events = [] if found is None else ledger.events(found[0], decision_id)
    if found is None:
        raise MissingError(
            "ICS-CLI-005",
            "there is no such decision",
            field="ID",
            remedy="check the identifier, --tenant and ICSML_LEDGER_URL",
        )
    payload = parse_payload(found[1])
    shown = {**payload, "events": events}
    text = json.dumps(shown, ensure_ascii=False, indent=2)
    if html is not None:
        text = write_decision_page(payload["decision"], html, lang, stability_figures)
    emit(shown, as_json=json_, text=text)


def verify(public_keys: PublicKeys = None, json_: JsonFlag = False) -> None:
    """Recompute every hash of the ledger and compare its chains with the signed checkpoints; exit 1 if one differs."""
    with Ledger.open(None, create=False) as ledger:
        found = ledger.verify(trusted_keys(public_keys), progress())
        identity = ledger.identity()
    text = _verified(found)
    if identity is not None and found.records and not found.checkpoints:
        text += f"\nno signed checkpoint is in {checkpoints_path(identity)}: restore the file if there was one"
    emit(found, as_json=json_, text=text)
    if not found.ok:
        raise typer.Exit(1)


def checkpoint(public_keys: PublicKeys = None, json_: JsonFlag = False) -> None:
    """Verify the ledger, then sign where every chain ends; the service does so for its own chains every minute."""
    with Ledger.open() as ledger:
        found = ledger.verify(trusted_keys(public_keys), progress())
        refuse_altered(found, as_json=json_)
        signed = ledger.checkpoint_all()
    facts = {"signed": signed and {"number": signed.number, "at": signed.at, "sha256": signed.sha256}}
    text = "there is no decision to sign"
    if signed is not None:
        text = f"checkpoint {signed.number} of {found.chains:,} chains, {found.records:,} rows: {signed.sha256}"
    emit(facts, as_json=json_, text=text)


def reindex(json_: JsonFlag = False) -> None:
    """Put the index right from what was recorded, also beside a running service; exit 1 if something cannot be read."""
    with Ledger.open(None, create=False) as ledger:
        done = ledger.reindex(progress())
    lines = [f"{name}: its payload is not what was recorded, so its index was left as it is" for name in done.named]
    if done.unreadable > len(done.named):
        lines.append(f"… and {done.unreadable - len(done.named):,} more")
    reasons = f"{done.reasons_added:,} reasons added and {done.reasons_removed:,} removed"
    lines.append(
        f"{done.rows:,} rows: the index of {done.mended:,} put right, {reasons}, {done.unreadable:,} unreadable"
    )
    emit(done, as_json=json_, text="\n".join(lines))
    if done.unreadable:
        raise typer.Exit(1)


def refuse_altered(found: Verification, *, as_json: bool) -> None:
    """Say that nothing was signed, and exit with 1, if the ledger is not as it was recorded."""
    if not found.ok:
        emit(found, as_json=as_json, text=_verified(found) + "\nnothing was signed")
        raise typer.Exit(1)


def _verified(found: Verification) -> str:
    lines = [
        f"{bad.kind.upper()} {bad.decision_id or 'decision not known'}: {bad.detail}"
        + (f" (chain of {bad.tenant}, writer {bad.writer}, row {bad.sequence})" if bad.sequence and bad.tenant else "")
        for bad in found.bad
    ]
    lines.append(
        f"{found.records:,} rows in {found.chains:,} chains: {'as recorded' if found.ok else 'NOT as recorded'}"
    )
    if found.misfiled:
        lines.append(f"{found.misfiled:,} rows of which the index says something else: `icsml ledger reindex`")
    if found.checkpoints:
        lines.append(f"{found.checkpoints:,} signed checkpoints, the last of {found.last_checkpoint}")
    if found.erased:
        lines.append(f"{found.erased:,} rows erased, as recorded erasures say")
    if found.unsigned:
        lines.append(
            f"{found.unsigned:,} rows since the last checkpoint of their chain: if cut off, nothing would show it"
        )
    return "\n".join(lines)


def erase(
    reason: Annotated[str, typer.Option(help="Why, in one line; stays readable, so it must not name the firm.")],
    by: Annotated[str, typer.Option(help="Who asked for it; stays readable.")],
    enterprise: Annotated[str | None, typer.Option(help="The firm, with --tenant.")] = None,
    tenant: Annotated[str | None, typer.Option(help="Whose decisions.")] = None,
    before: Annotated[
        datetime | None,
        typer.Option(help="Instead of a firm: all that was recorded before this day (UTC).", formats=["%Y-%m-%d"]),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Without asking.")] = False,
    json_: JsonFlag = False,
) -> None:
    """Delete the keys of what is recorded of a firm, or of all that is old: unreadable for ever, the chain verifies."""
    if (before is None) == (enterprise is None) or (enterprise is not None and tenant is None):
        raise InputError(
            "ICS-CLI-015",
            "either --enterprise with --tenant, or --before is needed",
            field="--enterprise",
            remedy="name the firm and its tenant, or a day",
        )
    if not yes and not typer.confirm("Erase? It cannot be undone.", err=True):
        raise typer.Exit(1)
    with Ledger.open(create=False) as ledger:
        try:
            if enterprise is not None and tenant is not None:
                found = ledger.erase_enterprise(tenant, enterprise, reason=reason, by=by, progress=progress())
            else:
                moment = cast(datetime, before).replace(tzinfo=UTC)
                found = ledger.erase_before(moment, tenant=tenant, reason=reason, by=by, progress=progress())
        finally:
            ledger.checkpoint()  # so that nobody can take the erasure back unseen, whatever came after it
    if not (found.erased or found.unreadable) and enterprise is not None:
        raise MissingError(
            "ICS-CLI-005",
            "nothing is recorded of this firm, or it was erased before",
            field="--enterprise",
            remedy="check the firm, --tenant and ICSML_LEDGER_URL",
        )
    emit(found, as_json=json_, text=_erased(found))
    if found.unreadable:
        raise typer.Exit(1)


def _erased(found: Erased) -> str:
    lines = [f"DAMAGED {name}: its payload was not what was recorded; erased all the same" for name in found.damaged]
    lines += [
        f"NOT ERASED {name}: it cannot be read, and nothing says which firm it is about" for name in found.unreadable
    ]
    return "\n".join([*lines, f"{found.erased:,} decisions and events erased"])


def overwrite(
    yes: Annotated[bool, typer.Option("--yes", help="Without asking.")] = False, json_: JsonFlag = False
) -> None:
    """Write the database anew, so that its files hold nothing that was erased; nobody can record meanwhile."""
    if not yes and not typer.confirm("Overwrite? Nobody can record meanwhile.", err=True):
        raise typer.Exit(1)
    with Ledger.open(create=False) as ledger:
        ledger.overwrite()
    emit({"overwritten": True}, as_json=json_, text="what was erased is overwritten")
