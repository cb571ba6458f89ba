"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from icsml.texts.languages import Language

__all__ = [
    "HtmlFile",
    "InFile",
    "JsonFlag",
    "Lang",
    "ModelRef",
    "OutFile",
    "OutFolder",
    "OutTable",
    "RulebookId",
    "RulebookRef",
    "StabilityFile",
    "TrainingChanges",
    "TrainingConfigFile",
]

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else there.")]
RulebookId = Annotated[str, typer.Argument(metavar="ID", help="Identifier, see `icsml rulebook list`, or a YAML file.")]
RulebookRef = Annotated[str, typer.Option("--rulebook", help="Identifier, see `icsml rulebook list`, or a YAML file.")]
ModelRef = Annotated[
    str,
    typer.Option("--model", help="models:/NAME@champion, models:/NAME/3, runs:/… or a bundle folder.", metavar="REF"),
]
HtmlFile = Annotated[Path | None, typer.Option("--html", help="Write a page that opens offline.", metavar="F.html")]
TrainingConfigFile = Annotated[
    Path | None,
    typer.Option("--config", help="What differs from the shipped training configuration.", metavar="F.yaml"),
]
TrainingChanges = Annotated[
    list[str] | None,
    typer.Option("--set", help="Change one value, as in model.max_depth=3; may be repeated.", metavar="KEY=VALUE"),
]
StabilityFile = Annotated[
    Path | None,
    typer.Option(
        "--stability", help="What `icsml stability --json` printed, to be part of the page.", metavar="F.json"
    ),
]
Lang = Annotated[Language, typer.Option("--lang", help="Language of the page.")]
InFile = Annotated[Path, typer.Option("--in", help="File to read.", metavar="F")]
OutFolder = Annotated[Path, typer.Option("--out", help="Folder of the data set to write.", metavar="DIR")]
OutFile = Annotated[Path, typer.Option("--out", help="File to write.", metavar="F")]
OutTable = Annotated[
    Path, typer.Option("--out", help="Table to write, by its ending .parquet, .csv or .xlsx.", metavar="F")
]
