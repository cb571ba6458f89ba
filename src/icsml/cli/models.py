"""``icsml model`` and ``icsml report``: what is registered, and what a model goes by."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from icsml.cli.inputs import Lang, ModelRef, StabilityFile, load_bundle, read_stability
from icsml.cli.output import JsonFlag, emit, kept_stdout, progress, table
from icsml.core.paths import home
from icsml.registry.resolve import DEFAULT_REFERENCE

__all__ = ["register"]

_HEADER = ("name", "version", "aliases", "data set", "synthetic", "AUC", "created", "run")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    model = typer.Typer(help="Registered models.", no_args_is_help=True)
    model.command("list")(list_)
    model.command("show")(show)
    model.command("register")(register_)
    model.command("relocate")(relocate_)
    app.add_typer(model, name="model")
    app.command("report")(report)


def list_(json_: JsonFlag = False) -> None:
    """List the registered versions."""
    from icsml.registry import list_versions

    found = list_versions()
    text = table([_row(each) for each in found], _HEADER) if found else "no model is registered: run `icsml train`"
    emit({"models": found}, as_json=json_, text=text)


def _row(version: Mapping[str, Any]) -> tuple[object, ...]:
    measured = [(version["test_auc"], "test"), (version["cv_auc"], "cv")]
    auc = next((f"{value:.4f} {where}" for value, where in measured if value is not None), None)
    synthetic = {True: "yes", False: "no"}.get(version["synthetic"])
    aliases = ", ".join(version["aliases"]) or None
    described = (version["dataset"], synthetic, auc, version["created"][:16] + "Z", version["run_id"])
    return (version["name"], version["version"], aliases, *described)


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
        "directions": {feature.name: str(feature.direction) for feature in bundle.features},
        "calibration": {"slope": bundle.model.calibration.slope, "intercept": bundle.model.calibration.intercept},
        "innovation_evidence": bundle.innovation_evidence,
        "training": json.loads(json.dumps(dict(bundle.training))),
    }
    emit(found, as_json=json_, text=f"{bundle.card}\nbundle {bundle.folder}\nsha256 {bundle.sha256}")


def register_(
    bundle: Annotated[Path, typer.Argument(help="Folder of the bundle.", metavar="BUNDLE")], json_: JsonFlag = False
) -> None:
    """Put a bundle folder into the register, with all that its training could not log."""
    from icsml.registry import register_bundle

    with kept_stdout():
        found, new = register_bundle(bundle, progress())
    said = {"name": found.name, "version": found.version, "model_uri": found.model_uri, "run_id": found.run_id}
    why = "".join(f"\nNOT made the champion by itself: {reason}" for reason in found.blocking)
    text = f"{found.name} version {found.version}  ({found.model_uri})" + ("" if new else ", registered before")
    champion = f"version {found.champion}" if found.champion else "not set; see `icsml model list`"
    stated = {"new": new, "champion": found.champion, "blocking": list(found.blocking)}
    emit(said | stated, as_json=json_, text=f"{text}{why}\n@champion is {champion}")


def relocate_(json_: JsonFlag = False) -> None:
    """Make the register under ICSML_HOME look for its files there, after the folder was moved or copied."""
    from icsml.registry import relocate

    changed = relocate(progress())
    lines = [f"{count:,} addresses under {folder} now lie under {home()}" for folder, count in changed.items()]
    emit({"changed": changed}, as_json=json_, text="\n".join(lines) or "the register was not moved: nothing to change")


def report(
    model: ModelRef,
    data: Annotated[Path, typer.Option(help="Folder of the data set whose rows are assessed.", metavar="DIR")],
    out: Annotated[Path, typer.Option("--out", help="The page to write.", metavar="F.html")],
    lang: Lang = "en",
    rows: Annotated[
        int | None, typer.Option(min=1, help="Assess so many rows, drawn by a fixed seed; all by default.")
    ] = None,
    stability: StabilityFile = None,
    json_: JsonFlag = False,
) -> None:
    """Write the auditor's report: what a model goes by on a data set, and whether it adds up. Exit code 1 if not."""
    from icsml.core.files import check_target
    from icsml.records.dataset import read_dataset
    from icsml.workflows.report import write_report

    check_target(out)
    moved = None if stability is None else read_stability(stability)
    bundle, version = load_bundle(model)
    found = write_report(
        bundle,
        read_dataset(data),
        out,
        lang,
        version=version,
        run_id=_run_of(bundle.name, version),
        rows=rows,
        stability=moved,
        progress=progress(),
    )
    lines = [f"{out}: {found['bytes']:,} bytes, {found['rows']:,} rows assessed", f"sha256 {found['sha256']}"]
    lines += [f"CHECK FAILED: {name}" for name in found["failed"]]
    if bundle.synthetic:
        lines.append("the model was trained on simulated data: no figure of this report is evidence about any firm")
    emit(found, as_json=json_, text="\n".join(lines))
    if found["failed"]:
        raise typer.Exit(1)


def _run_of(name: str, version: str | None) -> str | None:
    """Return the run that made a registered version; None for a bundle folder."""
    if version is None:
        return None
    from icsml.registry import list_versions

    return next(
        (str(each["run_id"]) for each in list_versions() if (each["name"], each["version"]) == (name, version)), None
    )
