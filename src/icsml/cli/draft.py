"""``icsml data draft``: a mapping to start from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from icsml.cli.inputs import OutFile
from icsml.cli.output import JsonFlag, emit, table

if TYPE_CHECKING:
    from icsml.portfolio.draft import Draft

__all__ = ["draft"]

_SHOWN = 72


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
    from icsml.portfolio.draft import draft_mapping

    found = draft_mapping(file, out, sheet=sheet, encoding=encoding)
    emit(_as_json(found), as_json=json_, text="\n".join(_told(found)))


def _as_json(found: Draft) -> dict[str, Any]:
    columns = [
        {
            "name": each.name,
            "type": str(each.type),
            "role": str(each.role),
            "target": each.target,
            "evidence": each.evidence,
            "decide": each.decide,
            "empty": each.empty,
            "distinct": each.distinct,
        }
        for each in found.columns
    ]
    return {
        "file": str(found.file),
        "mapping": str(found.mapping),
        "rows": found.rows,
        "columns": columns,
        "missing": found.missing,
        "decide": list(found.decide),
    }


def _told(found: Draft) -> Iterator[str]:
    yield f"{found.rows:,} rows, {len(found.columns)} columns of {found.file}, drafted in {found.mapping}"
    rows = [(each.name, each.type, each.target or each.role, _short(each.evidence)) for each in found.columns]
    yield table(rows, ("column", "type", "taken for", "because"))
    yield "to decide (marked DECIDE in the file):"
    yield from (f"  {question}" for question in found.decide)
    yield f"next: correct it, then\n      icsml data import --mapping {found.mapping} --out DIR"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
