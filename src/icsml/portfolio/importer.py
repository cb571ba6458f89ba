"""Import: anybody's table and a mapping file become a data set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icsml.core.progress import Progress, silent
from icsml.errors import InputError
from icsml.portfolio.convert import Converted, dates, numbers, texts, tokens
from icsml.portfolio.mapping import FieldSource, Mapping, load_mapping
from icsml.portfolio.outcomes import Outcomes, read_outcomes
from icsml.portfolio.refusals import clear_ranges, duplicated_rows, refused_rows
from icsml.portfolio.source import check_columns_declared, read_source, require_columns
from icsml.portfolio.splits import DEFAULT_EMBARGO_MONTHS, label_lookahead, out_of_time
from icsml.portfolio.tables import TableReport, join_tables
from icsml.portfolio.target import TRUTH, check_target
from icsml.records.columns import to_columns
from icsml.records.dataset import DatasetMeta, FoldSplit, OutOfTimeSplit, write_dataset
from icsml.records.field import Kind
from icsml.records.fields import FIELD_BY_NAME, FIELDS
from icsml.records.frame import validate_frame
from icsml.records.outcome import OutcomeMeaning
from icsml.records.screening import screen

__all__ = ["ImportReport", "import_dataset"]

DEFAULT_SPLIT = FoldSplit(folds=5, seed=0)

Flags = NDArray[np.bool_]
Typed = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import kept, refused, changed and left out.

    Parameters
    ----------
    name : str
        Name of the data set.
    rows, labelled, defaults : int
        Rows kept, those with an outcome, and the bad ones.
    refused : int
        Rows refused, by rule or as duplicates; ``refused_by`` counts those refused by rule by field (a row may stand
        under several).
    duplicates : int
        Rows refused because another has the same enterprise and date; without dates, copies of another.
    out_of_range : dict of str to int
        Values kept or made missing that lie outside their declared range, by column.
    unreadable : dict of str to int
        Values that became missing because ``values`` does not list them, or they are no number or no such date, by
        column.
    dropped_columns : tuple of str
        Source columns left out: ``known_after``, then ``ignore``.
    tables : dict of str to TableReport
        What became of the rows of each other table.
    split : dict of str to int
        Rows that train, fall into the embargo and test, if the split is out of time.
    label_lookahead : int, optional
        Training events dated after the test began; None where not known.
    """

    name: str
    rows: int
    labelled: int
    defaults: int
    refused: int
    refused_by: dict[str, int]
    duplicates: int
    out_of_range: dict[str, int]
    unreadable: dict[str, int]
    dropped_columns: tuple[str, ...]
    tables: dict[str, TableReport]
    split: dict[str, int]
    label_lookahead: int | None


@dataclass(frozen=True, slots=True)
class _Table:
    """The typed table: columns by their names in ``enterprises.parquet``, outcomes, and what was lost."""

    columns: Typed
    outcomes: Outcomes
    unreadable: dict[str, int]
    tables: dict[str, TableReport]


def import_dataset(mapping_path: Path, out: Path, *, progress: Progress = silent) -> ImportReport:
    """Import a table by its mapping and write the data set.

    Parameters
    ----------
    mapping_path : Path
        The mapping file; files that it names are relative to it.
    out : Path
        Folder of the data set, made if absent; a data set that it holds is replaced. Nothing is written if the import
        fails.
    progress : callable
        Told of each step.

    Raises
    ------
    MissingError
        If the mapping or a table is not there.
    ConfigError
        If the mapping is not valid; names file, line and key.
    InputError
        If the table does not fit the mapping, no row is left, or the folder holds something else
        (``ICS-DAT-011``).
    """
    mapping = load_mapping(mapping_path)
    files = (mapping.source.file, *(table.file for table in mapping.tables.values()))
    check_target(out, (mapping_path, *(mapping_path.parent / file for file in files)), code="ICS-DAT-011")
    progress(f"{mapping.name}: reading {mapping.source.file}")
    table = _read(mapping, mapping_path.parent, progress)
    kept, refused_by, duplicates = _screened(table, mapping, progress)
    columns = {name: values[kept] for name, values in table.columns.items()}
    out_of_range = clear_ranges(columns, mapping.declared)
    outcomes = table.outcomes.frame(table.columns["enterprise_id"], table.columns["as_of"], kept)
    enterprises = _enterprises(columns, mapping)
    split, counts, lookahead = _split(mapping, outcomes)
    meta = _meta(mapping, enterprises, outcomes, split).model_copy(
        update={
            "label_lookahead": lookahead,
            "out_of_range": out_of_range,
            "refused": int((~kept).sum()),
        }
    )
    progress(f"{mapping.name}: writing {meta.rows:,} rows")
    (out / TRUTH).unlink(missing_ok=True)
    write_dataset(out, meta, enterprises, outcomes)
    return ImportReport(
        name=mapping.name,
        rows=meta.rows,
        labelled=int(outcomes["bad"].notna().sum()),
        defaults=meta.defaults,
        refused=meta.refused,
        refused_by=refused_by,
        duplicates=duplicates,
        out_of_range=out_of_range,
        unreadable=table.unreadable,
        dropped_columns=mapping.known_after + mapping.ignore,
        tables=table.tables,
        split=counts,
        label_lookahead=lookahead,
    )


def _read(mapping: Mapping, folder: Path, progress: Progress) -> _Table:
    frame = read_source(mapping.source, folder)
    check_columns_declared(frame, mapping)
    unreadable: dict[str, int] = {}
    as_of = np.full(len(frame), np.datetime64("NaT"), dtype="datetime64[D]")
    if mapping.as_of is not None:
        as_of = dates(frame[mapping.as_of.column], mapping.as_of, "as_of").values
    frame, tables = join_tables(frame, mapping, folder, as_of, progress)
    require_columns(frame, mapping.columns_used(), mapping.source.file)
    columns: Typed = {"enterprise_id": _identifiers(frame, mapping), "as_of": as_of}
    for name, converted in _converted(frame, mapping):
        columns[name] = converted.values
        if converted.lost:
            unreadable[name] = converted.lost
    outcomes = read_outcomes(frame, mapping.outcome)
    if outcomes.lost:
        unreadable["event_date"] = outcomes.lost
    return _Table(columns, outcomes, unreadable, tables)


def _identifiers(frame: pd.DataFrame, mapping: Mapping) -> NDArray[Any]:
    if mapping.enterprise_id is not None:
        return tokens(frame[mapping.enterprise_id])
    width = max(6, len(str(len(frame))))
    return np.array([f"row-{number:0{width}d}" for number in range(1, len(frame) + 1)], dtype=object)


def _converted(frame: pd.DataFrame, mapping: Mapping) -> list[tuple[str, Converted]]:
    ordered = [field.name for field in FIELDS if field.name in mapping.fields]
    found = [(name, _field(frame, name, mapping.fields[name])) for name in ordered]
    for feature in mapping.extra_features:
        key = f"extra_features.{feature.name}"
        found.append((feature.column, numbers(frame[feature.source], feature.values, feature.scale, key)))
    return found


def _field(frame: pd.DataFrame, name: str, source: FieldSource) -> Converted:
    column, key = frame[source.column], f"fields.{name}"
    field = FIELD_BY_NAME[name]
    if field.numeric:
        return numbers(column, source.values, source.scale, key)
    if field.kind is Kind.DATE:
        return dates(column, source, key)
    return texts(column, source.values)


def _screened(table: _Table, mapping: Mapping, progress: Progress) -> tuple[Flags, dict[str, int], int]:
    """Return the rows that are kept, the refused ones by field, and how many of them are duplicates."""
    faults = refused_rows(table.columns, mapping)
    early = table.outcomes.event_date < table.columns["as_of"]
    if early.any():
        faults["event_date"] = early
    kept = np.ones(len(early), dtype=bool)
    for flags in faults.values():
        kept &= ~flags
    duplicates = np.zeros(len(kept), dtype=bool)
    if mapping.enterprise_id is not None and kept.any():
        chosen = {name: values[kept] for name, values in table.columns.items()}
        duplicates[kept] = duplicated_rows(chosen, table.outcomes.bad[kept], dated=mapping.as_of is not None)
    kept &= ~duplicates
    refused_by = {name: int(flags.sum()) for name, flags in faults.items()}
    for name, count in refused_by.items():
        progress(f"{mapping.name}: {count:,} rows refused for {name}")
    if not kept.any():
        why = ", ".join([*refused_by, *(["duplicates"] if duplicates.any() else [])])
        raise InputError(
            "ICS-DAT-010",
            f"every row is refused ({why})",
            field=mapping.source.file,
            remedy="compare the fields named with the table",
        )
    return kept, refused_by, int(duplicates.sum())


def _enterprises(columns: Typed, mapping: Mapping) -> pd.DataFrame:
    frame = pd.DataFrame({name: _series(name, values) for name, values in columns.items()})
    valid = validate_frame(frame, mapping.declared)
    screen(to_columns(valid, mapping.declared), mapping.declared)
    return valid


def _series(name: str, values: NDArray[Any]) -> pd.Series[Any]:
    field = FIELD_BY_NAME.get(name)
    if field is None or (field.numeric and field.kind is not Kind.FLAG):
        return pd.Series(values, dtype="float64")
    if field.kind is Kind.FLAG:
        return pd.Series(values).astype("Float64").astype("boolean")
    if field.kind is Kind.DATE:
        return pd.Series(values.astype("datetime64[us]"))
    return pd.Series(values, dtype="str")


def _split(
    mapping: Mapping, outcomes: pd.DataFrame
) -> tuple[OutOfTimeSplit | FoldSplit | None, dict[str, int], int | None]:
    """Return the split with its embargo settled, the rows of each part, and how many training labels look ahead."""
    if mapping.outcome is None:
        return None, {}, None
    if not isinstance(mapping.split, OutOfTimeSplit):
        return mapping.split or DEFAULT_SPLIT, {}, None
    embargo = mapping.split.embargo_months
    if embargo is None:
        embargo = mapping.outcome.horizon_months or DEFAULT_EMBARGO_MONTHS
    labelled = outcomes[outcomes["bad"].notna()]
    parts = out_of_time(labelled["as_of"], mapping.split.test_from, embargo)
    counts = {part: int(getattr(parts, part).sum()) for part in ("train", "dropped", "test")}
    lookahead = label_lookahead(parts.train, labelled["bad"], labelled["event_date"], mapping.split.test_from)
    return OutOfTimeSplit(test_from=mapping.split.test_from, embargo_months=embargo), counts, lookahead


def _meta(
    mapping: Mapping, enterprises: pd.DataFrame, outcomes: pd.DataFrame, split: OutOfTimeSplit | FoldSplit | None
) -> DatasetMeta:
    outcome = mapping.outcome
    meaning = (
        None
        if outcome is None
        else OutcomeMeaning(event=outcome.event, horizon_months=outcome.horizon_months, meaning=outcome.meaning)
    )
    # A column that nobody filled in states nothing.
    stated = "statement_published_at" in enterprises and bool(enterprises["statement_published_at"].notna().any())
    always = {"enterprise_id"} | ({"as_of"} if mapping.as_of is not None else set())
    return DatasetMeta(
        name=mapping.name,
        source=Path(mapping.source.file).name,
        licence=mapping.licence,
        outcome=meaning,
        timing="stated" if stated else "assumed",
        dated=mapping.as_of is not None,
        grouped=mapping.enterprise_id is not None,
        fields=[field.name for field in FIELDS if field.name in mapping.fields or field.name in always],
        extra_features=list(mapping.declared),
        split=split,
        rows=len(outcomes),
        defaults=int((outcomes["bad"] == 1).sum()),
    )
