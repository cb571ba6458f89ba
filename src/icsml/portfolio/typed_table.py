"""The main table as typed columns under their names in ``enterprises.parquet``, with the result of every cell."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as arrow

from icsml.core.arithmetic import ratio
from icsml.core.arrays import Array
from icsml.core.progress import Progress
from icsml.portfolio.cells import Cells, Converted, Missing, dates, numbers, texts
from icsml.portfolio.cells.date_cells import order_unsettled
from icsml.portfolio.joined_tables import TableReport, join_tables
from icsml.portfolio.mapping import Derived, FieldSource, MappedFeature, Mapping, OutcomeSource
from icsml.portfolio.outcomes import Outcomes, read_outcomes
from icsml.portfolio.reading.table import Column, SourceTable
from icsml.portfolio.source import read_main, require_columns
from icsml.records.field import Kind
from icsml.records.fields import FIELD_BY_NAME, FIELDS

__all__ = ["Columns", "TypedTable", "read_typed"]

Columns = dict[str, Array]


@dataclass(frozen=True, slots=True)
class TypedTable:
    """The main table of n rows.

    Parameters
    ----------
    columns : dict of str to ndarray of shape (n,)
        Typed columns by their names in ``enterprises.parquet``.
    outcomes : Outcomes
        What became of each firm.
    converted : dict of str to Converted
        What became of the cells of every column that was read, by field.
    source : SourceTable
        The table as read, its columns left out.
    tables : dict of str to TableReport
        What became of the rows of each other table.
    unsettled : tuple of str
        Date fields whose day and month could be the other way round in every row.
    """

    columns: Columns
    outcomes: Outcomes
    converted: dict[str, Converted]
    source: SourceTable
    tables: dict[str, TableReport]
    unsettled: tuple[str, ...]


def read_typed(mapping: Mapping, folder: Path, today: date, progress: Progress) -> TypedTable:
    """Read the main table and all that is joined to it.

    Raises
    ------
    MissingError
        If a table is not there.
    InputError
        If a table does not fit the mapping.
    """
    source = read_main(mapping, folder)
    undated = np.full(source.rows, np.datetime64("NaT"), dtype="datetime64[D]")
    converted: dict[str, Converted] = {}
    if mapping.as_of is not None:
        absent = Missing.of([*mapping.missing, *mapping.as_of.missing])
        column = source.columns[mapping.as_of.column]
        converted["as_of"] = dates(column, mapping.as_of, "as_of", today=today, missing=absent)
    as_of = converted["as_of"].values if converted else undated
    figures, tables = join_tables(source, mapping, folder, as_of, progress)
    # With the headings of joined figures, so that a misspelt figure is named like a column.
    headed = source.with_headings(figures) if mapping.tables else source
    require_columns(headed, mapping.columns_used())
    columns: dict[str, Column] = dict(source.columns) | figures
    for derived in mapping.derived:
        columns[derived.name], converted[derived.name] = _derived(derived, columns, mapping)
    converted["enterprise_id"] = _identifiers(source, mapping)
    typed: Columns = {"enterprise_id": converted["enterprise_id"].values, "as_of": as_of}
    for name, result in _fields(columns, mapping, today):
        typed[name] = result.values
        converted[name] = result
    outcomes = read_outcomes(source, mapping.outcome, as_of, today=today, missing=mapping.missing)
    return TypedTable(
        typed,
        outcomes,
        converted | outcomes.converted,
        source.emptied(),
        tables,
        tuple(_unsettled(columns, mapping, converted | outcomes.converted)),
    )


def _identifiers(source: SourceTable, mapping: Mapping) -> Converted:
    if mapping.enterprise_id is not None:
        column = source.columns[mapping.enterprise_id]
        return texts(column, "enterprise_id", missing=Missing.of(mapping.missing))
    width = max(6, len(str(source.rows)))
    numbered = np.array([f"row-{number:0{width}d}" for number in range(1, source.rows + 1)], dtype=object)
    return Converted(numbered, Cells(source.rows, 0, 0, 0))


def _fields(columns: dict[str, Column], mapping: Mapping, today: date) -> list[tuple[str, Converted]]:
    """Convert the columns side by side: Arrow lets go of the interpreter while it works."""
    ordered = [field.name for field in FIELDS if field.name in mapping.fields]
    with ThreadPoolExecutor() as pool:
        of_fields = pool.map(lambda name: _field(columns, name, mapping.fields[name], mapping, today), ordered)
        of_features = pool.map(lambda feature: _feature(columns, feature, mapping), mapping.extra_features)
        names = [*ordered, *(feature.column for feature in mapping.extra_features)]
        return list(zip(names, (*of_fields, *of_features), strict=True))


def _feature(columns: dict[str, Column], feature: MappedFeature, mapping: Mapping) -> Converted:
    missing = Missing.of([*mapping.missing, *feature.missing], but=feature.values or ())
    key = f"extra_features.{feature.name}"
    return numbers(columns[feature.source], key, values=feature.values, scale=feature.scale, missing=missing)


def _field(columns: dict[str, Column], name: str, source: FieldSource, mapping: Mapping, today: date) -> Converted:
    column, key = columns[source.column], f"fields.{name}"
    missing = Missing.of([*mapping.missing, *source.missing], but=source.values or ())
    field = FIELD_BY_NAME[name]
    if field.numeric:
        return numbers(column, key, values=source.values, scale=source.scale, missing=missing)
    if field.kind is Kind.DATE:
        return dates(column, source, key, today=today, missing=missing)
    return texts(column, key, values=source.values, missing=missing)


def _derived(derived: Derived, columns: dict[str, Column], mapping: Mapping) -> tuple[Column, Converted]:
    """Return the column, and its cells: a part that is unreadable makes it unreadable."""
    key = f"derived.{derived.name}"
    above, below = (_part(columns[part], mapping, key) for part in derived.parts)
    values = ratio(above.values, below.values)
    wrong = np.zeros(len(values), dtype=bool)
    for part in (above, below):
        wrong |= part.unreadable if part.unreadable is not None else False
    if derived.share is not None:
        impossible = (values < 0) | (values > 1)
        wrong |= impossible
        values = np.where(impossible, np.nan, values)
    absent = np.isnan(values) & ~wrong
    units, bare = above.units + below.units, above.bare + below.bare
    converted = Converted.of(values, absent, np.zeros(len(values), dtype=bool), wrong, units=units, bare=bare)
    return Column(derived.name, arrow.chunked_array([arrow.array(values)])), converted


def _part(column: Column, mapping: Mapping, key: str) -> Converted:
    """Read a part as the field or feature of the same column reads it, with its scale and what it calls missing."""
    readers: list[FieldSource | MappedFeature] = [
        source
        for name, source in mapping.fields.items()
        if source.column == column.name and FIELD_BY_NAME[name].numeric
    ]
    readers += [feature for feature in mapping.extra_features if feature.source == column.name]
    if not readers:
        return numbers(column, key, missing=Missing.of(mapping.missing))
    reader = readers[0]
    missing = Missing.of([*mapping.missing, *reader.missing], but=reader.values or ())
    return numbers(column, key, values=reader.values, scale=reader.scale, missing=missing)


def _unsettled(columns: dict[str, Column], mapping: Mapping, converted: dict[str, Converted]) -> list[str]:
    sources = {name: source for name, source in mapping.fields.items() if FIELD_BY_NAME[name].kind is Kind.DATE}
    dated = dict(sources) | ({"as_of": mapping.as_of} if mapping.as_of else {})
    outcome: OutcomeSource | None = mapping.outcome
    if outcome is not None and outcome.event_date is not None:
        dated["event_date"] = outcome.event_date
    return [name for name, source in dated.items() if order_unsettled(columns[source.column], source, converted[name])]
