"""``icsml demo``: all steps on simulated portfolios."""

from __future__ import annotations

from typing import Annotated

import typer

from icsml.cli.options import JsonFlag
from icsml.cli.output import emit, progress
from icsml.workflows.demo import demo

__all__ = ["demo_"]


def demo_(
    enterprises: Annotated[int, typer.Option(min=500, help="Enterprises in each simulated book.")] = 30_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed.")] = 7,
    json_: JsonFlag = False,
) -> None:
    """Walk the whole line on simulated books and leave what it made under ICSML_HOME/demo."""
    report = demo(enterprises=enterprises, seed=seed, progress=progress())
    emit(report.summary, as_json=json_, text=report.text())
