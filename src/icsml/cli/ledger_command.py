"""``icsml ledger``: decisions that the service recorded."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from icsml.cli.arguments import stability_of_page
from icsml.cli.html import write_decision_page
from icsml.cli.options import HtmlFile, JsonFlag, Lang, StabilityFile
from icsml.cli.output import emit
from icsml.core.files import check_targets
from icsml.errors import MissingError
from icsml.ledger.store import Ledger

__all__ = ["show"]


def show(
    decision_id: Annotated[str, typer.Argument(metavar="ID")],
    tenant: Annotated[str | None, typer.Option(help="Only if it is this tenant's; any tenant's by default.")] = None,
    html: HtmlFile = None,
    lang: Lang = "en",
    stability: StabilityFile = None,
    json_: JsonFlag = False,
) -> None:
    """Show one recorded decision with its request and feature vector."""
    check_targets(html)
    stability_figures = stability_of_page(stability, html)
    ledger = Ledger.open(None, create=False)
    try:
        payload = ledger.get(tenant, decision_id) if tenant else ledger.find(decision_id)
    finally:
        ledger.close()
    if payload is None:
        raise MissingError(
            "ICS-CLI-005",
            "there is no such decision",
            field="ID",
            remedy="check the identifier, --tenant and ICSML_LEDGER_URL",
        )
    text = json.dumps(payload, ensure_ascii=False, indent=2)
    if html is not None:
        text = write_decision_page(payload["decision"], html, lang, stability_figures)
    emit(payload, as_json=json_, text=text)
