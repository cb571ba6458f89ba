"""Output of commands: JSON for programs on stdout, lines for people, progress on stderr."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout

import typer
from pydantic_core import to_jsonable_python

from icsml.core.progress import Progress

__all__ = ["emit", "kept_stdout", "progress", "table"]

_STARTED = time.monotonic()


def emit(value: object, *, as_json: bool, text: str) -> None:
    """Print the value as JSON, a dataclass by its fields, or the text."""
    typer.echo(_json_text(value) if as_json else text)


def _json_text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, default=to_jsonable_python)


@contextmanager
def kept_stdout() -> Iterator[None]:
    """Reserve stdout for the command's answer: output of libraries and subprocesses goes to stderr."""
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        os.dup2(2, 1)
        with redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def progress() -> Progress:
    """Return a callable that writes lines with the elapsed time to stderr."""

    def say(message: str) -> None:
        sys.stderr.write(f"[{time.monotonic() - _STARTED:7.1f} s] {message}\n")
        sys.stderr.flush()

    return say


def table(rows: Sequence[Sequence[object]], header: Sequence[str]) -> str:
    """Return rows as aligned columns."""
    cells = [list(header), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else f"{value:.4g}" if abs(value) >= 1 else f"{value:.4f}"
    return str(value)
