"""``icsml model``: what is registered."""

from __future__ import annotations

import json

import typer

from icsml.cli.inputs import ModelRef, load_bundle
from icsml.cli.output import JsonFlag, emit, table
from icsml.registry.resolve import DEFAULT_REFERENCE

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    model = typer.Typer(help="Registered models.", no_args_is_help=True)
    model.command("list")(list_)
    model.command("show")(show)
    app.add_typer(model, name="model")


def list_(json_: JsonFlag = False) -> None:
    """List the registered versions."""
    from icsml.registry import list_versions

    found = list_versions()
    rows = [(row["name"], row["version"], ", ".join(row["aliases"]), row["run_id"]) for row in found]
    text = table(rows, ("name", "version", "aliases", "run")) if rows else "no model is registered: run `icsml train`"
    emit({"models": found}, as_json=json_, text=text)


def show(model: ModelRef = DEFAULT_REFERENCE, json_: JsonFlag = False) -> None:
    """Show a model: its card, or with --json what its bundle states."""
    bundle, version = load_bundle(model)
    found = {
        "name": bundle.name,
        "version": version,
        "bundle": str(bundle.folder),
        "bundle_sha256": bundle.sha256,
        "event": bundle.event,
        "horizon_months": bundle.horizon_months,
        "synthetic": bundle.synthetic,
        "dated": bundle.dated,
        "rulebook": bundle.rulebook.id if bundle.rulebook else None,
        "directions": {feature.name: str(feature.direction) for feature in bundle.encoder.features},
        "calibration": {"slope": bundle.calibration.slope, "intercept": bundle.calibration.intercept},
        "innovation_evidence": bundle.innovation_evidence,
        "training": json.loads(json.dumps(dict(bundle.training))),
    }
    emit(found, as_json=json_, text=f"{bundle.card}\nbundle {bundle.folder}\nsha256 {bundle.sha256}")
