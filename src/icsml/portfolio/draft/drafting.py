"""Draft a mapping from a table."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from icsml.core.files import check_target, whole_file
from icsml.errors import InputError, MissingError
from icsml.portfolio.draft.cell_types import profile
from icsml.portfolio.draft.column_guess import ColumnGuess, Draft, Role, Type
from icsml.portfolio.draft.column_profile import Profile
from icsml.portfolio.draft.day_counts import with_counted_days
from icsml.portfolio.draft.file_format import open_table
from icsml.portfolio.draft.roles import assign
from icsml.portfolio.draft.writing import mapping_text, open_questions

__all__ = ["draft_mapping"]

_SEVERAL = 3


def draft_mapping(file: Path, out: Path, *, sheet: str | None = None, encoding: str | None = None) -> Draft:
    """Write a mapping to start from: what each column of a table may be, with the evidence, and what is to be decided.

    Parameters
    ----------
    file : Path
        A csv file, a workbook, or a Parquet file or folder.
    out : Path
        The mapping, a file that is not there yet.
    sheet : str, optional
        Sheet of a workbook; the first that is not hidden by default.
    encoding : str, optional
        Encoding of a csv file; guessed by default.

    Raises
    ------
    MissingError
        If there is no such table.
    InputError
        If it cannot be read, or the mapping is there already (``ICS-DAT-031``).
    """
    _check_new(out, file)
    if not file.exists():
        raise MissingError("ICS-DAT-002", "no such file", field=str(file), remedy="check the path")
    opened = open_table(file, sheet=sheet, encoding=encoding)
    table = opened.table
    profiles = with_counted_days([profile(table.columns[name]) for name in table.headings])
    assigned = assign(profiles, money=opened.money)
    missing = _throughout(profiles, assigned.columns)
    columns = tuple(_without(column, missing) for column in assigned.columns)
    relative = Path(os.path.relpath(file.resolve(), out.parent.resolve())).as_posix()
    draft = Draft(
        file=file,
        mapping=out,
        rows=table.rows,
        source=opened.source.model_copy(update={"file": relative}),
        reading=opened.reading,
        columns=columns,
        missing=missing,
        decide=open_questions(columns),
    )
    with whole_file(out) as partial:
        partial.write_text(mapping_text(draft, _name(file), assigned.outcome), "utf-8")
    return draft


def _check_new(out: Path, file: Path) -> None:
    check_target(out, source=file)
    if out.exists() or out.is_symlink():
        raise InputError(
            "ICS-DAT-031",
            "is there already; a mapping is never replaced by a draft",
            field=str(out),
            remedy="name another file, or move this one away",
        )


def _name(file: Path) -> str:
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", file.name.split(".")[0]).strip("-._")[:64]
    return stem or "table"


def _throughout(profiles: Sequence[Profile], columns: Sequence[ColumnGuess]) -> dict[str, int]:
    """Return words that mean "not known" in several columns, and are a value in none."""
    read = {column.name for column in columns if "missing" in column.keys}
    counts: Counter[str] = Counter()
    columns_with: Counter[str] = Counter()
    for column in profiles:
        if column.name in read:
            counts.update(column.missing)
            columns_with.update(dict.fromkeys(column.missing, 1))
    values = {
        text
        for column in profiles
        if column.type in (Type.TEXT, Type.FLAG)
        for text in column.words.texts
        if text in counts
    }
    return {
        word: count
        for word, count in counts.most_common()
        if columns_with[word] >= _SEVERAL and word not in values and not word.lstrip("-").isdigit()
    }


def _without(column: ColumnGuess, throughout: dict[str, int]) -> ColumnGuess:
    """Return a column without the words that are declared for the whole table."""
    if "missing" not in column.keys or column.role is Role.OUTCOME:
        return column
    rest = [word for word in column.keys["missing"] if word not in throughout]
    keys = column.keys.copy()
    del keys["missing"]
    if rest:
        keys["missing"] = rest
    return replace(column, keys=keys)
