"""``icsml ledger``, ``keys``, ``serve`` and ``demo``: what runs a service and looks at what it did."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import typer

from icsml.cli.inputs import HtmlFile, Lang, ModelRef, StabilityFile, stability_of_page
from icsml.cli.output import JsonFlag, emit, progress
from icsml.errors import MissingError
from icsml.registry.resolve import DEFAULT_REFERENCE

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    ledger = typer.Typer(help="Recorded decisions.", no_args_is_help=True)
    ledger.command("show")(ledger_show)
    app.add_typer(ledger, name="ledger")
    keys = typer.Typer(help="Keys of the service.", no_args_is_help=True)
    keys.command("create")(keys_create)
    app.add_typer(keys, name="keys")
    app.command("serve")(serve_)
    app.command("demo")(demo_)


def ledger_show(
    decision_id: Annotated[str, typer.Argument(metavar="ID")],
    tenant: Annotated[str | None, typer.Option(help="Only if it is this tenant's; any tenant's by default.")] = None,
    html: HtmlFile = None,
    lang: Lang = "en",
    stability: StabilityFile = None,
    json_: JsonFlag = False,
) -> None:
    """Show one recorded decision with its request and feature vector."""
    from icsml.core.files import check_targets
    from icsml.ledger.store import Ledger

    check_targets(html)
    moved = stability_of_page(stability, html)
    ledger = Ledger.open(None, create=False)
    try:
        found = ledger.get(tenant, decision_id) if tenant else ledger.find(decision_id)
    finally:
        ledger.close()
    if found is None:
        raise MissingError(
            "ICS-CLI-005",
            "there is no such decision",
            field="ID",
            remedy="check the identifier, --tenant and ICSML_LEDGER_URL",
        )
    text = json.dumps(found, ensure_ascii=False, indent=2)
    if html is not None:
        from icsml.reports.decision import write_page

        write_page(found["decision"], html, lang, moved)
        text = f"page: {html}"
    emit(found, as_json=json_, text=text)


def keys_create(
    tenant: Annotated[str, typer.Option(help="Whose key it is, such as a bank.", metavar="T")],
    role: Annotated[Literal["score", "audit", "admin"], typer.Option(help="What it may do.", metavar="R")],
    json_: JsonFlag = False,
) -> None:
    """Create a key for the service and print it once; only its hash is kept."""
    from icsml.core.clock import utc_now
    from icsml.serving.keys import create_key, keys_path

    new = create_key(keys_path(), tenant, role, utc_now)
    emit({"key": new.key, "id": new.id}, as_json=json_, text=f"{new.key}\nkept as {new.id}; it is not shown again")


def serve_(
    model: ModelRef = DEFAULT_REFERENCE,
    host: Annotated[str | None, typer.Option(help="Address to listen on.", metavar="H")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port.", metavar="P")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes.", metavar="N")] = None,
) -> None:
    """Serve assessments over HTTP. Keys are mandatory: make one with `icsml keys create`."""
    from icsml.serving.run import serve

    serve(model, host, port, workers)


def demo_(
    enterprises: Annotated[int, typer.Option(min=500, help="Enterprises in each simulated book.")] = 30_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed.")] = 7,
    json_: JsonFlag = False,
) -> None:
    """Walk the whole line on simulated books and leave what it made under ICSML_HOME/demo."""
    from icsml.workflows.demo import demo

    report = demo(enterprises=enterprises, seed=seed, progress=progress())
    emit(report.summary, as_json=json_, text=report.text())
