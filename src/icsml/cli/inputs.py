"""What commands read: records, files, model references."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from icsml.core.strict_json import StrictJsonError, parse_json
from icsml.errors import InputError, MissingError

if TYPE_CHECKING:
    from icsml.model.bundle import Bundle

__all__ = ["InFile", "ModelRef", "OutFile", "load_bundle", "read_json"]

ModelRef = Annotated[
    str,
    typer.Option("--model", help="models:/NAME@champion, models:/NAME/3, runs:/… or a bundle folder.", metavar="REF"),
]
InFile = Annotated[Path, typer.Option("--in", help="File to read.", metavar="F")]
OutFile = Annotated[Path, typer.Option("--out", help="File to write.", metavar="F")]


def read_json(path: Path) -> dict[str, Any]:
    """Read one JSON object from a file, or from stdin where the path is ``-``, as strictly as the service does.

    Raises
    ------
    MissingError, InputError
        If there is no such file, or it holds no JSON object.
    """
    try:
        text = (sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()).decode("utf-8")
    except OSError as error:
        raise MissingError("ICS-CLI-001", "cannot be read", field=str(path), remedy="check the path") from error
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


def load_bundle(reference: str) -> tuple[Bundle, str | None]:
    """Return the bundle a reference names and its version in the register (None for a folder)."""
    from icsml.model.bundle import read_bundle
    from icsml.registry.resolve import fetch_bundle

    fetched = fetch_bundle(reference)
    return read_bundle(fetched.folder), fetched.version
