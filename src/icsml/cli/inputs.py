"""What commands read: records, files, model references."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NoReturn

import typer

from icsml.core.strict_json import StrictJsonError, parse_json
from icsml.errors import InputError, MissingError

if TYPE_CHECKING:
    from icsml.core.progress import Progress
    from icsml.innovation.rulebooks.rulebook import Rulebook
    from icsml.model.bundle import Bundle
    from icsml.records.columns import Columns
    from icsml.reports.stability import StabilityFigures

__all__ = [
    "HtmlFile",
    "InFile",
    "Lang",
    "ModelRef",
    "OutFile",
    "OutFolder",
    "OutTable",
    "StabilityFile",
    "TrainingChanges",
    "TrainingConfigFile",
    "day",
    "load_bundle",
    "ranked_by",
    "read_columns",
    "read_json",
    "read_stability",
    "refuse_peers",
    "rows_of",
    "stability_of_page",
]

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
Lang = Annotated[Literal["en", "zh"], typer.Option("--lang", help="Language of the page.")]
InFile = Annotated[Path, typer.Option("--in", help="File to read.", metavar="F")]
OutFolder = Annotated[Path, typer.Option("--out", help="Folder of the data set to write.", metavar="DIR")]
OutFile = Annotated[Path, typer.Option("--out", help="File to write.", metavar="F")]
OutTable = Annotated[
    Path, typer.Option("--out", help="Table to write, by its ending .parquet, .csv or .xlsx.", metavar="F")
]


def read_json(path: Path) -> dict[str, Any]:
    """Read one JSON object from a file, or from stdin where the path is ``-``, as strictly as the service does.

    Raises
    ------
    MissingError, InputError
        If there is no such file, or it holds no JSON object.
    """
    try:
        # A byte order mark, as Windows editors write it, is no part of the text.
        text = _content(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("ICS-CLI-002", "not UTF-8 text", field=str(path), remedy="save it as UTF-8") from error
    try:
        value = parse_json(text)
    except StrictJsonError as error:
        where = f"{path}:{error.line}" if error.line else str(path)
        remedy = "correct it; see `icsml records example`"
        raise InputError("ICS-CLI-002", f"not valid JSON: {error.fault}", field=where, remedy=remedy) from error
    if not isinstance(value, dict):
        raise InputError(
            "ICS-CLI-002",
            "holds no JSON object",
            field=str(path),
            remedy="give one record, see `icsml records example`",
        )
    return value


def read_stability(path: Path) -> StabilityFigures:
    """Read what ``icsml stability --json`` printed.

    Raises
    ------
    MissingError, InputError
        If there is no such file, or it holds something else.
    """
    from icsml.reports.stability import parse_stability

    return parse_stability(_content(path), str(path))


def stability_of_page(path: Path | None, html: Path | None) -> StabilityFigures | None:
    """Read the stability that is to be part of a page; None where it is not asked for.

    Raises
    ------
    MissingError, InputError
        As :func:`read_stability`; if there is no page for it.
    """
    if path is None:
        return None
    if html is None:
        raise InputError("ICS-CLI-011", "is part of a page", field="--stability", remedy="add --html F.html")
    return read_stability(path)


def _content(path: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise MissingError("ICS-CLI-001", "cannot be read", field=str(path), remedy="check the path") from error


def load_bundle(reference: str) -> tuple[Bundle, str | None]:
    """Return the bundle a reference names and its version in the register (None for a folder)."""
    from icsml.model.bundle import read_bundle
    from icsml.registry.resolve import fetch_bundle

    fetched = fetch_bundle(reference)
    return read_bundle(fetched.folder), fetched.version


def day(text: str, option: str) -> date:
    """Read a date.

    Raises
    ------
    InputError
        If it is none.
    """
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError as error:
        raise InputError("ICS-CLI-004", "no date", field=option, remedy="write it as YYYY-MM-DD") from error


def read_columns(path: Path) -> Columns:
    """Read and screen a file of records."""
    from icsml.records.columns import to_columns
    from icsml.records.dataset import read_records
    from icsml.records.screening import screen

    return screen(to_columns(read_records(path))).columns


def rows_of(path: Path) -> Callable[[], int]:
    """Return what counts the rows of a file of records without reading them."""

    def count() -> int:
        from icsml.core.parquet import ParquetParts

        return ParquetParts.open(path, "ICS-REC-004").rows

    return count


def refuse_peers(rulebook: Rulebook) -> NoReturn:
    """Refuse peer tables for a rulebook that has no use for them."""
    raise InputError("ICS-RUL-031", "ranks nothing among peers", field=rulebook.id, remedy="leave out --peers")


def ranked_by(rulebook: Rulebook, columns: Columns, peers: Path | None, source: Path, say: Progress) -> Rulebook:
    """Return the rulebook with the given peer tables, or where it ranks and none are given, with those of the rows."""
    from icsml.innovation.peers.peer_tables import PeerTables
    from icsml.innovation.scoring.evaluate import fitted

    if not rulebook.ranked:
        if peers is not None:
            refuse_peers(rulebook)
        return rulebook
    if peers is not None:
        return rulebook.with_peers(PeerTables.read(peers))
    say(
        f"{rulebook.id} ranks among peers: the enterprises of {source.name} are taken for them, by their latest records"
    )
    return fitted(rulebook, columns, source.stem)
