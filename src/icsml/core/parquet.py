"""Parquet files from other programs: one file or a folder of parts, as exact Arrow types, no column twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

import numpy as np
import pyarrow as arrow
import pyarrow.parquet as parquet

from icsml.core.arrays import Objects
from icsml.errors import InputError, MissingError

__all__ = ["ParquetParts", "refuse_repeated"]

_IN_PIECES: Final[dict[str, Any]] = {"pre_buffer": False, "buffer_size": 1 << 18}
"""Otherwise Arrow keeps all that it has read of a file until it is closed."""
_NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"


def refuse_repeated(names: Collection[str], code: str, *, what: str = "") -> None:
    """Reject duplicate column names.

    Raises
    ------
    InputError
        Naming the column.
    """
    doubled = [name for name, count in Counter(names).items() if count > 1]
    if doubled:
        more = f" (and {len(doubled) - 1} more)" if len(doubled) > 1 else ""
        where = f" in {what}" if what else ""
        raise InputError(
            code,
            f"the column appears {Counter(names)[doubled[0]]} times{where}{more}",
            field=doubled[0],
            remedy="keep one, or give each a name of its own",
        )


@dataclass(frozen=True, slots=True)
class _Part:
    """A file, and the text columns given by its folders' names, as Spark writes ``region=11/part-0.parquet``."""

    path: Path
    keys: dict[str, str | None]


@dataclass(frozen=True, slots=True)
class ParquetParts:
    """A Parquet file, or a folder of parts that are read in the order of their names.

    Parameters
    ----------
    name : str
        The file or folder, for errors.
    code : str
        Error code to report.
    parts : tuple
        The files.
    schema : pyarrow.Schema
        Columns of every part, those that folders name at the end.
    """

    name: str
    code: str
    parts: tuple[_Part, ...]
    schema: arrow.Schema

    @classmethod
    def open(cls, path: Path, code: str, *, name: str | None = None) -> ParquetParts:
        """Open the parts and compare their columns; ``name`` replaces the path in errors.

        Raises
        ------
        MissingError
            If there is neither file nor folder.
        InputError
            If it is not Parquet, a folder has no part, parts differ in a column, or a column occurs twice.
        """
        if not path.exists():
            raise MissingError(code, "no such file", field=name or str(path), remedy="check the path")
        parts = tuple(_parts(path, code)) if path.is_dir() else (_Part(path, {}),)
        if not parts:
            remedy = "name a file or its folder"
            raise InputError(code, "no Parquet file in this folder", field=name or str(path), remedy=remedy)
        with _sound(name or str(path), code):
            schemas = [_schema(part) for part in parts]
        refuse_repeated(schemas[0].names, code, what=path.name)
        for part, schema in zip(parts[1:], schemas[1:], strict=True):
            _refuse_other_columns(part, schema, schemas[0], code)
        return cls(name or str(path), code, parts, schemas[0])

    @property
    def rows(self) -> int:
        """Number of rows of all parts."""
        return sum(parquet.read_metadata(part.path).num_rows for part in self.parts)

    def part_names(self) -> Objects:
        """Return the name of the part that each row comes from, shape (n,)."""
        names = np.array([part.path.name for part in self.parts], dtype=object)
        return names.repeat([parquet.read_metadata(part.path).num_rows for part in self.parts])

    def read(self, columns: Collection[str] | None = None) -> arrow.Table:
        """Return the rows of all parts, columns in the order of the first; all of them by default."""
        kept = [name for name in self.schema.names if columns is None or name in columns]
        with _sound(self.name, self.code):
            tables = []
            for part in self.parts:
                stored = parquet.read_table(part.path, columns=[name for name in kept if name not in part.keys])
                tables.append(self._whole(stored, part))
            return arrow.concat_tables([table.select(kept) for table in tables])

    def batches(self, rows: int, *, dictionaries: Collection[str] = ()) -> Iterator[arrow.Table]:
        """Yield the rows in tables of at most so many.

        Parameters
        ----------
        rows : int
            Most rows of a table.
        dictionaries : collection of str
            Columns of text that are read by dictionary, which is faster where texts repeat.
        """
        with _sound(self.name, self.code):
            for part in self.parts:
                by_dictionary = _texts(part, dictionaries)
                with parquet.ParquetFile(part.path, read_dictionary=by_dictionary, **_IN_PIECES) as file:
                    for batch in file.iter_batches(rows):
                        table = self._whole(arrow.Table.from_batches([batch]), part, dictionaries)
                        yield table.select(self.schema.names)

    def location(self, row: int) -> str:
        """Return the number of a row, counted from 1 within its part, with the name of the part."""
        for part in self.parts:
            count = parquet.read_metadata(part.path).num_rows
            if row < count:
                break
            row -= count
        return f"row {row + 1:,}" + (f" of {part.path.name}" if len(self.parts) > 1 else "")

    def _whole(self, table: arrow.Table, part: _Part, dictionaries: Collection[str] = ()) -> arrow.Table:
        for name, value in part.keys.items():
            table = table.append_column(name, arrow.array([value] * len(table), arrow.string()))
        for name in table.column_names:
            kind = table.schema.field(name).type
            if _plain(kind) != kind and not (name in dictionaries and _is_text_by_dictionary(kind)):
                index = table.column_names.index(name)
                table = table.set_column(index, name, table.column(name).cast(_plain(kind)))
        return table.replace_schema_metadata(None)


class _sound:  # noqa: N801 - reads as a guard
    """Turn Arrow's errors of a broken file into ours."""

    def __init__(self, name: str, code: str) -> None:
        self._name, self._code = name, code

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, arrow.ArrowException | OSError):
            remedy = "write it again as Parquet"
            raise InputError(self._code, "not a sound Parquet file", field=self._name, remedy=remedy) from error


def _parts(folder: Path, code: str) -> Iterator[_Part]:
    for log in ("_delta_log", ".hoodie", "metadata/version-hint.text"):
        if (folder / log).exists():
            remedy = "export the current rows as plain Parquet: its files also hold rows that were removed"
            raise InputError(
                code, f"the folder holds {log}, so it is a table with a history", field=str(folder), remedy=remedy
            )
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts
        if path.is_dir() or any(name.startswith(("_", ".")) for name in inside):
            continue
        if path.suffix != ".parquet":
            remedy = "keep only the Parquet parts of one table in it"
            raise InputError(code, f"the folder also holds {path.name}", field=str(folder), remedy=remedy)
        yield _Part(path, dict(_key(name) for name in inside[:-1] if "=" in name))


def _key(folder: str) -> tuple[str, str | None]:
    name, _, value = folder.partition("=")
    return unquote(name), None if value == _NULL_PARTITION else unquote(value)


def _schema(part: _Part) -> arrow.Schema:
    schema = parquet.read_schema(part.path)
    for name in part.keys:
        schema = schema.append(arrow.field(name, arrow.string()))
    return arrow.schema([arrow.field(field.name, _plain(field.type)) for field in schema])


def _texts(part: _Part, names: Collection[str]) -> list[str]:
    """Return those of some columns that the file has as text."""
    stored = parquet.read_schema(part.path)
    return [field.name for field in stored if field.name in names and _is_text(_plain(field.type))]


def _is_text(kind: arrow.DataType) -> bool:
    return bool(arrow.types.is_string(kind) or arrow.types.is_large_string(kind))


def _is_text_by_dictionary(kind: arrow.DataType) -> bool:
    return arrow.types.is_dictionary(kind) and _is_text(kind.value_type)


def _plain(kind: arrow.DataType) -> arrow.DataType:
    """Return the type of the values themselves; a view, for which Arrow can compute little, is text or bytes."""
    plain = kind.value_type if arrow.types.is_dictionary(kind) else kind
    if arrow.types.is_string_view(plain):
        return arrow.large_string()
    return arrow.large_binary() if arrow.types.is_binary_view(plain) else plain


def _refuse_other_columns(part: _Part, schema: arrow.Schema, first: arrow.Schema, code: str) -> None:
    refuse_repeated(schema.names, code, what=part.path.name)
    other = sorted(set(schema.names) ^ set(first.names))
    other += [name for name in schema.names if not other and schema.field(name).type != first.field(name).type]
    if other:
        what = "is not in every part" if set(schema.names) ^ set(first.names) else "has another type in another part"
        remedy = "write all parts with the same columns and types"
        raise InputError(code, f"{what}, see {part.path.name}", field=other[0], remedy=remedy)
