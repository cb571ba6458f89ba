"""``icsml ledger pack``: what proves a decision, as one signed ZIP."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from icsml.cli.ledger_command import refuse_altered
from icsml.cli.options import JsonFlag
from icsml.cli.output import emit, progress
from icsml.core.canonical import sha256_hex
from icsml.core.files import check_target, whole_file
from icsml.errors import LedgerError, MissingError
from icsml.ledger.signing import trusted_keys
from icsml.ledger.store import Ledger
from icsml.ledger.store.evidence import not_signed
from icsml.workflows.evidence_pack import evidence_pack
from icsml.workflows.replaying import Bundles

__all__ = ["pack"]


def pack(
    decision_id: Annotated[str, typer.Argument(metavar="ID")],
    out: Annotated[Path, typer.Option(help="The pack, a ZIP.", metavar="F.zip")],
    tenant: Annotated[str | None, typer.Option(help="Only if it is this tenant's; any tenant's by default.")] = None,
    bundle: Annotated[
        Path | None, typer.Option(help="A bundle that lies elsewhere, for the decisions of its hash.", metavar="DIR")
    ] = None,
    json_: JsonFlag = False,
) -> None:
    """Write what proves a decision as one signed ZIP, which anybody verifies offline with the verify.py in it.

    If no checkpoint has signed the decision yet, the ledger is verified and signed first, which takes longer.
    """
    check_target(out)
    bundles = Bundles(bundle)
    with Ledger.open(None, create=False) as ledger:
        try:
            made = evidence_pack(ledger, bundles, decision_id, tenant)
        except LedgerError as error:
            if error.code != not_signed().code:
                raise
            _sign(ledger, as_json=json_)
            made = evidence_pack(ledger, bundles, decision_id, tenant)
    if made is None:
        raise MissingError(
            "ICS-CLI-005",
            "there is no such decision",
            field="ID",
            remedy="check the identifier, --tenant and ICSML_LEDGER_URL",
        )
    with whole_file(out) as partial:
        partial.write_bytes(made)
    facts = {"decision_id": decision_id, "pack": str(out), "bytes": len(made), "sha256": sha256_hex(made)}
    emit(facts, as_json=json_, text=f"pack: {out} ({len(made):,} bytes, SHA-256 {facts['sha256']})")


def _sign(ledger: Ledger, *, as_json: bool) -> None:
    refuse_altered(ledger.verify(trusted_keys(), progress()), as_json=as_json)
    ledger.checkpoint_all()
