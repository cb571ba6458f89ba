"""``icsml model``: the registered models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from icsml.cli.bundles import load_bundle
from icsml.cli.options import JsonFlag, ModelRef
from icsml.cli.output import emit, kept_stdout, progress, table
from icsml.core.paths import home
from icsml.registry import list_versions, register_bundle, relocate
from icsml.registry.resolve import DEFAULT_REFERENCE, RegisteredVersion

__all__ = ["list_", "register_", "relocate_", "show"]

_HEADER = ("name", "version", "aliases", "data set", "synthetic", "AUC", "created", "run")


def list_(json_: JsonFlag = False) -> None:
    """List the registered versions."""
    versions = list_versions()
    text = (
        table([_row(version) for version in versions], _HEADER)
        if versions
        else "no model is registered: run `icsml train`"
    )
    emit({"models": versions}, as_json=json_, text=text)


def _row(version: RegisteredVersion) -> tuple[object, ...]:
    measured = [(version["test_auc"], "test"), (version["cv_auc"], "cv")]
    auc = next((f"{value:.4f} {where}" for value, where in measured if value is not None), None)
    synthetic = None if version["synthetic"] is None else "yes" if version["synthetic"] else "no"
    aliases = ", ".join(version["aliases"]) or None
    described = (version["dataset"], synthetic, auc, version["created"][:16] + "Z", version["run_id"])
    return (version["name"], version["version"], aliases, *described)


def show(model: ModelRef = DEFAULT_REFERENCE, json_: JsonFlag = False) -> None:
    """Show a model: its card, or with --json what its bundle states."""
    bundle, version = load_bundle(model)
    stated = {
        "name": bundle.name,
        "version": version,
        "bundle": str(bundle.folder),
        "bundle_sha256": bundle.sha256,
        "event": bundle.event,
        "horizon_months": bundle.horizon_months,
        "synthetic": bundle.synthetic,
        "dated": bundle.dated,
        "rulebook": bundle.rulebook.id if bundle.rulebook else None,
        "directions": {feature.name: str(feature.direction) for feature in bundle.features},
        "calibration": {"slope": bundle.model.calibration.slope, "intercept": bundle.model.calibration.intercept},
        "innovation_evidence": bundle.innovation_evidence,
        "training": bundle.training,
    }
    emit(stated, as_json=json_, text=f"{bundle.card}\nbundle {bundle.folder}\nsha256 {bundle.sha256}")


def register_(
    bundle: Annotated[Path, typer.Argument(help="Folder of the bundle.", metavar="BUNDLE")], json_: JsonFlag = False
) -> None:
    """Put a bundle folder into the register, with all that its training could not log."""
    with kept_stdout():
        entry, new = register_bundle(bundle, progress())
    identity = {
        "name": entry.name,
        "version": entry.version,
        "model_uri": entry.model_uri,
        "run_id": entry.run_id,
    }
    why = "".join(f"\nNOT made the champion by itself: {reason}" for reason in entry.blocking)
    text = f"{entry.name} version {entry.version}  ({entry.model_uri})" + ("" if new else ", registered before")
    champion = f"version {entry.champion}" if entry.champion else "not set; see `icsml model list`"
    result = {"new": new, "champion": entry.champion, "blocking": list(entry.blocking)}
    emit(identity | result, as_json=json_, text=f"{text}{why}\n@champion is {champion}")


def relocate_(json_: JsonFlag = False) -> None:
    """Make the register under ICSML_HOME look for its files there, after the folder was moved or copied."""
    changed = relocate(progress())
    lines = [f"{count:,} addresses under {folder} now lie under {home()}" for folder, count in changed.items()]
    emit({"changed": changed}, as_json=json_, text="\n".join(lines) or "the register was not moved: nothing to change")
