"""Reading Parquet: a file or a folder of parts, types as they are written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from icsml.core.parquet import ParquetParts
from icsml.errors import InputError
from icsml.portfolio.mapping import Source
from icsml.portfolio.reading.table import Column, SourceTable

__all__ = ["read_parts"]

CODE = "ICS-DAT-002"


def read_parts(source: Source, path: Path, wanted: Collection[str] | None) -> SourceTable:
    """Read the columns wanted, all by default.

    Raises
    ------
    InputError
        If it is no Parquet, parts differ, or the mapping skips lines.
    """
    if source.skip_rows or source.header_row != 1:
        remedy = "take skip_rows and header_row out of source, and the rows out of the file"
        raise InputError(CODE, "a Parquet file has no lines to skip", field=source.file, remedy=remedy)
    parts = ParquetParts.open(path, CODE, name=source.file)
    headings = {name: name.strip() for name in parts.schema.names}
    chosen = [name for name, heading in headings.items() if wanted is None or heading in wanted]
    table = parts.read(chosen)
    rows = parts.rows
    if not rows:
        raise InputError("ICS-DAT-003", "the table has no rows", field=source.file, remedy="check the export")

    def locate(numbers: Sequence[int]) -> list[str]:
        return [parts.location(row) for row in numbers]

    columns = {headings[name]: Column(headings[name], table.column(name), decimal=source.decimal) for name in chosen}
    names = parts.part_names() if len(parts.parts) > 1 else None
    return SourceTable(source.file, tuple(headings.values()), columns, rows, locate, parts=names)
