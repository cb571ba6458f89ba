"""``icsml data draft``: a mapping to start from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from icsml.cli.options import JsonFlag, OutFile
from icsml.cli.output import emit, table
from icsml.core.strict_json import JsonObject
from icsml.portfolio.draft import Draft, draft_mapping

__all__ = ["draft"]

_MOST_CHARACTERS = 72


def draft(
    file: Annotated[
        Path, typer.Argument(help="The table: csv, xlsx, or Parquet (a file or a folder).", metavar="FILE")
    ],
    out: OutFile,
    sheet: Annotated[str | None, typer.Option(help="Sheet of a workbook; the first by default.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Of a csv file, such as gb18030; guessed by default.")] = None,
    json_: JsonFlag = False,
) -> None:
    """Write a mapping to start from: what each column may be, with the evidence, and what is to be decided."""
    drafted = draft_mapping(file, out, sheet=sheet, encoding=encoding)
    emit(_as_json(drafted), as_json=json_, text="\n".join(_lines(drafted)))


def _as_json(drafted: Draft) -> JsonObject:
    columns = [
        {
            "name": column.name,
            "type": str(column.type),
            "role": str(column.role),
            "target": column.target,
            "evidence": column.evidence,
            "decide": column.decide,
            "empty": column.empty,
            "distinct": column.distinct,
        }
        for column in drafted.columns
    ]
    return {
        "file": str(drafted.file),
        "mapping": str(drafted.mapping),
        "rows": drafted.rows,
        "columns": columns,
        "missing": drafted.missing,
        "decide": list(drafted.decide),
    }


def _lines(drafted: Draft) -> Iterator[str]:
    yield f"{drafted.rows:,} rows, {len(drafted.columns)} columns of {drafted.file}, drafted in {drafted.mapping}"
    rows = [
        (column.name, column.type, column.target or column.role, _short(column.evidence)) for column in drafted.columns
    ]
    yield table(rows, ("column", "type", "taken for", "because"))
    yield "to decide (marked DECIDE in the file):"
    yield from (f"  {question}" for question in drafted.decide)
    yield f"next: correct it, then\n      icsml data import --mapping {drafted.mapping} --out DIR"


def _short(text: str) -> str:
    return text if len(text) <= _MOST_CHARACTERS else f"{text[: _MOST_CHARACTERS - 1]}…"
