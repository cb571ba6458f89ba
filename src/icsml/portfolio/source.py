"""Reading tables: csv, Parquet and Excel, with one clear error for each way a file can be wrong."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as arrow
import pyarrow.parquet as parquet

from icsml.core.names import nearest
from icsml.errors import InputError, MissingError
from icsml.portfolio.mapping import Mapping, Source

__all__ = ["check_columns_declared", "read_source", "require_columns"]

SUFFIXES = (".csv", ".parquet", ".xlsx")


def read_source(source: Source, folder: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Read a table.

    Parameters
    ----------
    source : Source
        File, sheet and encoding.
    folder : Path
        Folder of the mapping file, to which the file's path is relative.
    columns : sequence of str, optional
        Columns to keep where the format allows reading a part; all by default.

    Returns
    -------
    DataFrame of shape (n, any)
        A csv file's columns are all text, and a text cell of a workbook stays text, so that identifiers keep their
        leading zeros.

    Raises
    ------
    MissingError
        If there is no such file.
    InputError
        If it cannot be read, or has no rows.
    """
    path = folder / source.file
    if path.suffix.lower() not in SUFFIXES:
        raise InputError("ICS-DAT-002", f"not a {', '.join(SUFFIXES)} file", field=source.file, remedy="convert it")
    if not path.is_file():
        raise MissingError(
            "ICS-DAT-002", "no such file", field=source.file, remedy="give the path relative to the mapping file"
        )
    frame = _read(source, path, columns)
    if frame.empty:
        raise InputError("ICS-DAT-003", "the table has no rows", field=source.file, remedy="check the export")
    frame.columns = pd.Index([str(name) for name in frame.columns], dtype=object)
    return frame


def _read(source: Source, path: Path, columns: Sequence[str] | None) -> pd.DataFrame:
    try:
        match path.suffix.lower():
            case ".csv":
                return _read_csv(source, path)
            case ".xlsx":
                return _read_excel(source, path)
            case _:
                known = set(parquet.read_schema(path).names)
                return pd.read_parquet(path, columns=sorted(known.intersection(columns)) if columns else None)
    except (arrow.ArrowInvalid, zipfile.BadZipFile, pd.errors.ParserError, ValueError, KeyError, OSError) as error:
        what = "no such sheet, or not a workbook" if source.sheet else f"not a readable {path.suffix} file"
        raise InputError("ICS-DAT-002", what, field=source.file, remedy="check the file and its sheet") from error


def _read_excel(source: Source, path: Path) -> pd.DataFrame:
    """Read a sheet, each cell as the workbook holds it; else pandas makes the text 000123 the number 123."""
    sheet = source.sheet if source.sheet is not None else 0
    return pd.read_excel(path, sheet_name=sheet, dtype=object).infer_objects()


def _read_csv(source: Source, path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path, dtype=str, encoding=source.encoding)
    except (UnicodeDecodeError, LookupError) as error:
        remedy = "set source.encoding, for instance gb18030"
        raise InputError("ICS-DAT-002", f"not text in {source.encoding}", field=source.file, remedy=remedy) from error
    except pd.errors.EmptyDataError as error:
        raise InputError("ICS-DAT-003", "the file is empty", field=source.file, remedy="check the export") from error


def require_columns(frame: pd.DataFrame, needed: dict[str, str], file: str) -> None:
    """Refuse a table that lacks a declared column.

    Parameters
    ----------
    frame : DataFrame
        The table.
    needed : dict of str to str
        Column names, each with the mapping's key that declares it.
    file : str
        Name of the table in the error.

    Raises
    ------
    InputError
        Naming the first absent column, the key that declares it, and the nearest column there is.
    """
    absent = [(column, key) for column, key in needed.items() if column not in frame]
    if not absent:
        return
    column, key = absent[0]
    more = f" (and {len(absent) - 1} more declared columns)" if len(absent) > 1 else ""
    raise InputError(
        "ICS-DAT-004",
        f"no column {column!r} in {file}{more}",
        field=key,
        remedy="; ".join(filter(None, ["correct the column's name", nearest(column, frame.columns)])),
        details=[(key, f"no column {column!r}") for column, key in absent],
    )


def check_columns_declared(frame: pd.DataFrame, mapping: Mapping) -> None:
    """Refuse a main table with a column that the mapping does not declare, or without one that it does.

    Raises
    ------
    InputError
        Naming the column and where to declare it.
    """
    declared = mapping.columns_used()
    declared |= dict.fromkeys(mapping.known_after, "known_after") | dict.fromkeys(mapping.ignore, "ignore")
    own = {
        column: key
        for column, key in declared.items()
        if column.partition(".")[0] not in mapping.tables or column in frame
    }
    require_columns(frame, own, mapping.source.file)
    undeclared = [column for column in frame.columns if column not in declared]
    if undeclared:
        more = f" (and {len(undeclared) - 1} more)" if len(undeclared) > 1 else ""
        raise InputError(
            "ICS-DAT-005",
            f"the column is not declared{more}",
            field=undeclared[0],
            remedy="declare it under fields or extra_features, or list it under ignore or known_after",
            details=[(column, "not declared") for column in undeclared],
        )
