"""Files and options that commands read: one JSON object, a day, explanation stability."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path

from icsml.core.strict_json import JsonObject, StrictJsonError, parse_json
from icsml.errors import InputError, MissingError
from icsml.reports.stability_figures import StabilityFigures, parse_stability

__all__ = ["day", "read_json", "read_stability", "stability_of_page"]


def read_json(path: Path) -> JsonObject:
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
    """Read the output of ``icsml stability --json``.

    Raises
    ------
    MissingError, InputError
        If there is no such file, or it holds something else.
    """
    return parse_stability(_content(path), str(path))


def stability_of_page(path: Path | None, html: Path | None) -> StabilityFigures | None:
    """Read the stability to be displayed on a page; None where none is requested.

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
