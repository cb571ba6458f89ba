"""File of a recommended list: Parquet with the terms of the list, or a copy for reading."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from icsml.core.tables import is_spreadsheet, write_table
from icsml.errors import InputError, MissingError
from icsml.innovation.selection.recommended_list import ListTerms

__all__ = ["read_list", "read_lists", "refuse_to_replace", "write_list"]

_KEY: Final = b"icsml.selection"
_LATER_COLUMNS: Final = {"enterprise_name": "as_of", "missing": "valid_from"}
"""The columns that the first lists do not have, each with the one before which it stands."""


def refuse_to_replace(path: Path) -> None:
    """Refuse to replace a list to which entries were added.

    Raises
    ------
    InputError
        If there are such entries.
    """
    if not path.is_file():
        return
    try:
        frame, _ = read_list(path)
    except InputError:
        return
    if (frame["action"] != "evaluated").any():
        raise InputError(
            "ICS-SEL-007",
            "is a list with appeals or withdrawals, and a list is only added to",
            field=str(path),
            remedy="name another file",
        )


def write_list(path: Path, frame: pd.DataFrame, terms: ListTerms) -> None:
    """Write a list, atomically.

    Only a Parquet file has the terms and can be added to. A CSV file or a workbook is a copy to read: it has the
    threshold beside the score, and no record of an appeal.
    """
    if is_spreadsheet(path):
        copy = frame.drop(columns="record")
        copy.insert(list(copy.columns).index("max_score"), "threshold", terms.threshold)
        write_table(path, pa.Table.from_pandas(copy, preserve_index=False))
        return
    table = pa.Table.from_pandas(frame, preserve_index=False)
    about = {**(table.schema.metadata or {}), _KEY: json.dumps(asdict(terms), ensure_ascii=False).encode()}
    write_table(path, table.replace_schema_metadata(about))


def read_list(path: Path) -> tuple[pd.DataFrame, ListTerms]:
    """Read a list.

    Raises
    ------
    MissingError
        If there is no such file.
    InputError
        If it is no recommended list.
    """
    if not path.is_file():
        raise MissingError("ICS-SEL-003", "no such file", field=str(path), remedy="make a list with `icsml select`")
    try:
        table = pq.read_table(path)
        terms = ListTerms(**json.loads((table.schema.metadata or {})[_KEY]))
    except (pa.ArrowInvalid, OSError, KeyError, ValueError, TypeError) as error:
        raise InputError(
            "ICS-SEL-003",
            "no recommended list",
            field=str(path),
            remedy="give a .parquet file written by `icsml select`",
        ) from error
    return _completed(table.to_pandas()), replace(terms, stages=tuple(terms.stages))


def _completed(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a list with every present column; those that an earlier version did not write are empty."""
    for name, following in _LATER_COLUMNS.items():
        if name not in frame:
            index = list(frame.columns).index(following)
            frame.insert(index, name, pd.Series([None] * len(frame), index=frame.index, dtype="str"))
    return frame


def read_lists(paths: Sequence[Path]) -> tuple[pd.DataFrame, list[ListTerms]]:
    """Read lists of several batches as one.

    Raises
    ------
    InputError
        If two are of one batch: an enterprise would have two last entries in it.
    """
    read = [read_list(path) for path in paths]
    names = [terms.batch for _, terms in read]
    for name in names:
        if names.count(name) > 1:
            raise InputError(
                "ICS-SEL-006",
                f"two lists are of batch {name}",
                field="--list",
                remedy="give each list its own with `icsml select --batch`",
            )
    return pd.concat([frame for frame, _ in read], ignore_index=True), [terms for _, terms in read]
