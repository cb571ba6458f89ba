"""The tables that a mapping names: read as exact types, their headings compared with what the mapping declares."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from icsml.core.names import nearest
from icsml.core.parquet import refuse_repeated
from icsml.errors import InputError, MissingError
from icsml.portfolio.mapping import Mapping, Source
from icsml.portfolio.reading.delimited import read_delimited
from icsml.portfolio.reading.parquet_table import read_parts
from icsml.portfolio.reading.table import SourceTable
from icsml.portfolio.reading.workbook import read_workbook

__all__ = ["read_main", "read_source", "require_columns", "source_kind"]

_KINDS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".csv.gz": "csv",
    ".tsv.gz": "csv",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
}


def source_kind(path: Path) -> str | None:
    """Return ``csv``, ``parquet`` or ``xlsx`` by the name of a file, None for another."""
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return _KINDS.get("".join(suffixes[-2:])) or _KINDS.get(suffixes[-1] if suffixes else "")


def read_source(
    source: Source,
    folder: Path,
    wanted: Collection[str] | None,
    expected: Collection[str],
    numeric: Collection[str] = (),
) -> SourceTable:
    """Read a table.

    Parameters
    ----------
    source : Source
        File, sheet, encoding, separator, heading row, rows to skip.
    folder : Path
        Folder of the mapping file, to which the file's path is relative.
    wanted : collection of str, optional
        Headings of the columns to read; all by default.
    expected : collection of str
        Headings that identify the separator of a csv file where none is stated.
    numeric : collection of str
        Headings of columns that are read as numbers and nothing else.

    Returns
    -------
    SourceTable
        A csv file's columns are text (plain numbers may come as such), other columns of the type that the file gives
        them; rows that are blank throughout are left out and counted.

    Raises
    ------
    MissingError
        If there is no such file.
    InputError
        If it cannot be read, has no rows, or a column that is read occurs in it twice.
    """
    path = folder / source.file
    kind = source_kind(path)
    if kind is None:
        known = ", ".join(_KINDS)
        what = "a folder of parts is to be named .parquet" if path.is_dir() else f"not a {known} file"
        remedy = "save it as .xlsx" if path.suffix.lower() == ".xls" else "rename or convert it"
        raise InputError("ICS-DAT-002", what, field=source.file, remedy=remedy)
    if not path.exists():
        raise MissingError(
            "ICS-DAT-002", "no such file", field=source.file, remedy="give the path relative to the mapping file"
        )
    if path.is_dir() and kind != "parquet":
        raise InputError("ICS-DAT-002", "a folder, not a file", field=source.file, remedy="name a file in it")
    match kind:
        case "csv":
            table = read_delimited(source, path, wanted, expected, numeric)
        case "xlsx":
            table = read_workbook(source, path, wanted)
        case _:
            table = read_parts(source, path, wanted)
    refuse_repeated([name for name in table.headings if name in table.columns], "ICS-DAT-002", what=source.file)
    table = table.without_blank_rows()
    if not table.rows:
        raise InputError("ICS-DAT-003", "every row is blank", field=source.file, remedy="check the export")
    return table


def read_main(mapping: Mapping, folder: Path) -> SourceTable:
    """Read the columns of the main table that the mapping uses.

    Raises
    ------
    InputError
        If the table has a column that the mapping does not declare, or lacks one that it does.
    """
    used = set(mapping.columns_used())
    declared = used | set(mapping.known_after) | set(mapping.ignore)
    table = read_source(mapping.source, folder, used, declared, mapping.number_columns())
    _check_declared(table, mapping)
    return table


def require_columns(table: SourceTable, needed: dict[str, str]) -> None:
    """Refuse a table that lacks a declared column.

    Parameters
    ----------
    table : SourceTable
        The table.
    needed : dict of str to str
        Column names, each with the mapping's key that declares it.

    Raises
    ------
    InputError
        Naming the first absent column, the key that declares it, and the nearest column there is.
    """
    absent = [(column, key) for column, key in needed.items() if column not in table.headings]
    if not absent:
        return
    column, key = absent[0]
    more = f" (and {len(absent) - 1} more declared columns)" if len(absent) > 1 else ""
    none_found = len(absent) == len(needed) and table.hint
    likely = f"; {table.hint}" if none_found else ""
    raise InputError(
        "ICS-DAT-004",
        f"no column {column!r} in {table.file}{more}{likely}",
        field=key,
        remedy="; ".join(filter(None, ["correct the column's name", nearest(column, table.headings)])),
        details=[(key, f"no column {column!r}") for column, key in absent],
    )


def _check_declared(table: SourceTable, mapping: Mapping) -> None:
    declared = mapping.columns_used()
    declared |= dict.fromkeys(mapping.known_after, "known_after") | dict.fromkeys(mapping.ignore, "ignore")
    main = {
        column: key
        for column, key in declared.items()
        if column.partition(".")[0] not in mapping.tables or column in table.headings
    }
    require_columns(table, main)
    undeclared = [column for column in table.headings if column not in declared]
    if undeclared:
        more = f" (and {len(undeclared) - 1} more)" if len(undeclared) > 1 else ""
        raise InputError(
            "ICS-DAT-005",
            f"the column is not declared{more}",
            field=undeclared[0],
            remedy="declare it under fields or extra_features, or list it under ignore or known_after",
            details=[(column, "not declared") for column in undeclared],
        )
    for derived in mapping.derived:
        if derived.name in table.headings:
            raise InputError(
                "ICS-DAT-008",
                "a derived column has the name of a column of the main table",
                field=derived.name,
                remedy="name it otherwise",
            )
