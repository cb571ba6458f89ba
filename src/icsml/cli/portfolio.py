"""``icsml portfolio``: simulated portfolios of enterprises."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from icsml.cli.options import JsonFlag, OutFolder
from icsml.cli.output import emit, progress
from icsml.portfolio.synthetic import synthesize

__all__ = ["synth"]


def synth(
    out: OutFolder,
    enterprises: Annotated[int, typer.Option(min=1, help="Enterprises in the book.")] = 5000,
    seed: Annotated[int, typer.Option(min=0, help="Seed; the same seed gives the same book.")] = 0,
    effect: Annotated[
        Literal["none", "small"], typer.Option(help="What innovation does to default, health being given.")
    ] = "small",
    json_: JsonFlag = False,
) -> None:
    """Write a synthetic data set. It proves the machinery; it is no evidence about the world."""
    report = synthesize(enterprises, seed, effect, out, progress=progress())
    text = f"{report.rows:,} rows, {report.defaults:,} defaults (simulated) in {out}\nnext: icsml train --data {out}"
    emit({"rows": report.rows, "defaults": report.defaults, "synthetic": True}, as_json=json_, text=text)
