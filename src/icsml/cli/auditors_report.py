"""``icsml report``: the auditor's report of a model on a data set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from icsml.cli.arguments import read_stability
from icsml.cli.bundles import load_bundle
from icsml.cli.options import JsonFlag, Lang, ModelRef, StabilityFile
from icsml.cli.output import emit, progress
from icsml.core.files import check_target
from icsml.records.dataset import read_dataset
from icsml.registry import list_versions
from icsml.workflows.report import write_report

__all__ = ["report"]


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
    check_target(out)
    figures = None if stability is None else read_stability(stability)
    bundle, version = load_bundle(model)
    written = write_report(
        bundle,
        read_dataset(data),
        out,
        lang,
        version=version,
        run_id=_run_of(bundle.name, version),
        rows=rows,
        stability=figures,
        progress=progress(),
    )
    lines = [f"{out}: {written.bytes:,} bytes, {written.rows:,} rows assessed", f"sha256 {written.sha256}"]
    lines += [f"CHECK FAILED: {name}" for name in written.failed]
    if bundle.synthetic:
        lines.append("the model was trained on simulated data: no figure of this report is evidence about any firm")
    emit(written, as_json=json_, text="\n".join(lines))
    if written.failed:
        raise typer.Exit(1)


def _run_of(name: str, version: str | None) -> str | None:
    """Return the run that made a registered version; None for a bundle folder."""
    if version is None:
        return None
    return next(
        (entry["run_id"] for entry in list_versions() if (entry["name"], entry["version"]) == (name, version)), None
    )
