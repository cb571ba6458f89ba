"""Import: a table and a mapping file become a data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from icsml.core.arrays import Flags
from icsml.core.progress import Progress, silent
from icsml.errors import InputError
from icsml.portfolio.cells import Cells
from icsml.portfolio.cells.date_cells import FIRST_DAY
from icsml.portfolio.checks import CheckConfig, check_dataset, load_check_config
from icsml.portfolio.import_checks import ImportFacts, import_findings
from icsml.portfolio.joined_tables import TableReport
from icsml.portfolio.mapping import Mapping, OutcomeSource, load_mapping
from icsml.portfolio.outcomes import horizon_end
from icsml.portfolio.output_folder import TRUTH, check_target
from icsml.portfolio.reading.table import Locate
from icsml.portfolio.refusals import clear_ranges, duplicated_rows, refused_rows
from icsml.portfolio.splits import DEFAULT_EMBARGO_MONTHS, label_lookahead, out_of_time
from icsml.portfolio.typed_table import Columns, TypedTable, read_typed
from icsml.records.dataset import Dataset, DatasetMeta, FoldSplit, LabelCounts, OutOfTimeSplit, write_dataset
from icsml.records.fields import FIELDS
from icsml.records.finding import CheckFinding, passed
from icsml.records.frame import column_series, validate_frame
from icsml.records.outcome import OutcomeMeaning

__all__ = ["ImportReport", "import_dataset"]

DEFAULT_SPLIT = FoldSplit(folds=5, seed=0)

_PLACES = 3


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Rows that an import wrote, rejected, changed and left out.

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
    blank, skipped : int
        Rows left out because every cell is empty, and because the mapping skips them.
    sheet : str, optional
        The sheet of a workbook that was read.
    labels : LabelCounts, optional
        How the values of the label column were read; None without labels.
    out_of_range : dict of str to int
        Values outside their declared range, by column; they are kept unless the range says otherwise.
    unreadable : dict of str to int
        Values that became missing because ``values`` does not list them, or they are no number or no such date, by
        column.
    cells : dict of str to Cells
        What became of every cell, by column: a value, empty, missing by declaration, unreadable.
    places : dict of str to list of str
        Where the first rows stand that were refused (``refused.FIELD``) or hold an unreadable value
        (``unreadable.FIELD``).
    dropped_columns : tuple of str
        Source columns left out: ``known_after``, then ``ignore``.
    tables : dict of str to TableReport
        What became of the rows of each other table.
    split : dict of str to int
        Rows that train, fall into the embargo and test, if the split is out of time.
    label_lookahead : int, optional
        Training events dated after the test began; None where not known.
    checks : list of CheckFinding
        What the checks found.
    """

    name: str
    rows: int
    labelled: int
    defaults: int
    refused: int
    refused_by: dict[str, int]
    duplicates: int
    blank: int
    skipped: int
    sheet: str | None
    labels: LabelCounts | None
    out_of_range: dict[str, int]
    unreadable: dict[str, int]
    cells: dict[str, Cells]
    places: dict[str, list[str]]
    dropped_columns: tuple[str, ...]
    tables: dict[str, TableReport]
    split: dict[str, int]
    label_lookahead: int | None
    checks: list[CheckFinding]

    @property
    def passed(self) -> bool:
        """Whether no check blocks."""
        return passed(self.checks)


@dataclass(frozen=True, slots=True)
class _Screened:
    """Which of n rows are used, those rejected by field, and those rejected as duplicates."""

    kept: Flags
    by_field: dict[str, Flags]
    duplicates: Flags


@dataclass(frozen=True, slots=True)
class _Split:
    """The split with its embargo settled, the rows of each part, and how many training labels look ahead."""

    split: OutOfTimeSplit | FoldSplit | None
    counts: dict[str, int] = field(default_factory=dict)
    lookahead: int | None = None


def import_dataset(
    mapping_path: Path,
    out: Path,
    *,
    checks: CheckConfig | None = None,
    today: date | None = None,
    progress: Progress = silent,
) -> ImportReport:
    """Import a table by its mapping, write the data set and check it.

    Parameters
    ----------
    mapping_path : Path
        The mapping file; files that it names are relative to it.
    out : Path
        Folder of the data set, made if absent; a data set that it holds is replaced. Nothing is written if the import
        fails; where a check blocks, the data set is written with that finding.
    checks : CheckConfig, optional
        Levels and thresholds of the checks; the shipped ones by default.
    today : date, optional
        The day of import; nothing can have happened after it.
    progress : callable
        Called at each step.

    Raises
    ------
    MissingError
        If the mapping or a table is not there.
    ConfigError
        If the mapping is not valid; names file, line and key.
    InputError
        If the table does not fit the mapping, no row is left, or the folder contains something else
        (``ICS-DAT-011``).
    """
    mapping = load_mapping(mapping_path)
    config = checks or load_check_config()
    day = today or date.today()
    files = (mapping.source.file, *(table.file for table in mapping.tables.values()))
    check_target(out, (mapping_path, *(mapping_path.parent / file for file in files)), code="ICS-DAT-011")
    progress(f"{mapping.name}: reading {mapping.source.file}")
    table = read_typed(mapping, mapping_path.parent, day, progress)
    screened = _screened(table, mapping, day, progress)
    columns = dict(table.columns)
    if not screened.kept.all():
        columns = {name: values[screened.kept] for name, values in columns.items()}
    out_of_range = clear_ranges(columns, mapping.declared)
    outcomes = table.outcomes.frame(table.columns["enterprise_id"], table.columns["as_of"], screened.kept)
    enterprises = _enterprises(columns, mapping)
    split = _split(mapping, outcomes)
    labels = _labels(table, screened, outcomes, mapping, day)
    meta = _meta(mapping, table, screened, enterprises, outcomes, split, labels, out_of_range)
    facts = ImportFacts(len(screened.kept), meta.refused, meta.defaults, int((outcomes["bad"] == 0).sum()), labels)
    parts = None if table.source.parts is None else table.source.parts[screened.kept]

    def checked() -> DatasetMeta:
        progress(f"{mapping.name}: checking {meta.rows:,} rows")
        dataset = Dataset(meta, enterprises, outcomes, "")
        findings = [*import_findings(table, mapping, facts, config), *check_dataset(dataset, config, parts)]
        return meta.model_copy(update={"checks": findings})

    progress(f"{mapping.name}: writing {meta.rows:,} rows")
    (out / TRUTH).unlink(missing_ok=True)
    written = write_dataset(out, checked, enterprises, outcomes)
    return _report(mapping, written, table, screened, split.counts)


def _report(
    mapping: Mapping, meta: DatasetMeta, table: TypedTable, screened: _Screened, split: dict[str, int]
) -> ImportReport:
    seen = ~np.isnan(table.outcomes.bad[screened.kept])
    return ImportReport(
        name=mapping.name,
        rows=meta.rows,
        labelled=int(seen.sum()),
        defaults=meta.defaults,
        refused=meta.refused,
        refused_by={name: int(flags.sum()) for name, flags in screened.by_field.items()},
        duplicates=int(screened.duplicates.sum()),
        blank=table.source.blank,
        skipped=table.source.skipped,
        sheet=table.source.sheet,
        labels=meta.labels,
        out_of_range=meta.out_of_range,
        unreadable=meta.unreadable,
        cells={name: converted.cells for name, converted in table.converted.items()},
        places=_places(table, screened),
        dropped_columns=mapping.known_after + mapping.ignore,
        tables=table.tables,
        split=split,
        label_lookahead=meta.label_lookahead,
        checks=meta.checks,
    )


def _screened(table: TypedTable, mapping: Mapping, today: date, progress: Progress) -> _Screened:
    faults = refused_rows(table.columns, mapping)
    for name, flags in _impossible_days(table, today).items():
        if flags.any():
            faults[name] = faults.get(name, False) | flags
    kept = np.ones(table.source.rows, dtype=bool)
    for flags in faults.values():
        kept &= ~flags
    duplicates = np.zeros(len(kept), dtype=bool)
    if mapping.enterprise_id is not None and kept.any():
        chosen = table.columns if kept.all() else {name: values[kept] for name, values in table.columns.items()}
        duplicates[kept] = duplicated_rows(chosen, table.outcomes.bad[kept], dated=mapping.as_of is not None)
    kept &= ~duplicates
    for name, flags in faults.items():
        progress(f"{mapping.name}: {int(flags.sum()):,} rows refused for {name}")
    if not kept.any():
        why = ", ".join([*faults, *(["duplicates"] if duplicates.any() else [])])
        raise InputError(
            "ICS-DAT-010",
            f"every row is refused ({why})",
            field=mapping.source.file,
            remedy="compare the fields named with the table",
        )
    return _Screened(kept, faults, duplicates)


def _impossible_days(table: TypedTable, today: date) -> dict[str, Flags]:
    """Return rows decided before 1950 or after the day of import, and rows whose event cannot be.

    An event must not precede the decision, nor follow the day of import. A decision may bear the next day's date: where
    it was made, that day may have begun.
    """
    as_of, event = table.columns["as_of"], table.outcomes.event_date
    return {
        "as_of": (as_of > np.datetime64(today + timedelta(days=1), "D")) | (as_of < FIRST_DAY),
        "event_date": (event < as_of) | (event > np.datetime64(today, "D")),
    }


def _labels(
    table: TypedTable, screened: _Screened, outcomes: pd.DataFrame, mapping: Mapping, today: date
) -> LabelCounts | None:
    values, outcome = table.outcomes.labels, mapping.outcome
    if values is None or outcome is None:
        return None
    refused = int(((table.outcomes.bad == 1) & ~screened.kept).sum())
    still_open = 0
    if outcome.horizon_months is not None:
        ends = horizon_end(outcomes["as_of"].to_numpy(dtype="datetime64[D]"), outcome.horizon_months)
        still_open = int(((outcomes["bad"] == 0).to_numpy() & (ends > np.datetime64(today, "D"))).sum())
    return LabelCounts(
        positive=values.positive,
        negative=values.negative,
        unknown=values.unknown,
        negative_inferred=values.negative_inferred,
        defaults_refused=refused,
        after_horizon=table.outcomes.after_horizon,
        good_with_event=table.outcomes.good_with_event,
        open_horizon=still_open,
    )


def _places(table: TypedTable, screened: _Screened) -> dict[str, list[str]]:
    flagged = {f"refused.{name}": flags for name, flags in screened.by_field.items()}
    flagged |= {"refused.duplicates": screened.duplicates} if screened.duplicates.any() else {}
    flagged |= {
        f"unreadable.{name}": converted.unreadable
        for name, converted in table.converted.items()
        if converted.unreadable is not None
    }
    return {name: _first(table.source.locate, flags) for name, flags in flagged.items()}


def _first(locate: Locate, flags: Flags) -> list[str]:
    rows: Sequence[int] = np.flatnonzero(flags)[:_PLACES].tolist()
    return locate(rows)


def _enterprises(columns: Columns, mapping: Mapping) -> pd.DataFrame:
    frame = pd.DataFrame({name: column_series(name, values) for name, values in columns.items()}, copy=False)
    return validate_frame(frame, mapping.declared)


def _split(mapping: Mapping, outcomes: pd.DataFrame) -> _Split:
    if mapping.outcome is None:
        return _Split(None)
    if not isinstance(mapping.split, OutOfTimeSplit):
        return _Split(mapping.split or DEFAULT_SPLIT)
    embargo = mapping.split.embargo_months
    if embargo is None:
        embargo = mapping.outcome.horizon_months or DEFAULT_EMBARGO_MONTHS
    labelled = outcomes[outcomes["bad"].notna()]
    parts = out_of_time(labelled["as_of"], mapping.split.test_from, embargo)
    counts = {part: int(getattr(parts, part).sum()) for part in ("train", "dropped", "test")}
    lookahead = label_lookahead(parts.train, labelled["bad"], labelled["event_date"], mapping.split.test_from)
    return _Split(OutOfTimeSplit(test_from=mapping.split.test_from, embargo_months=embargo), counts, lookahead)


def _meta(
    mapping: Mapping,
    table: TypedTable,
    screened: _Screened,
    enterprises: pd.DataFrame,
    outcomes: pd.DataFrame,
    split: _Split,
    labels: LabelCounts | None,
    out_of_range: dict[str, int],
) -> DatasetMeta:
    unreadable = {name: column.cells.unreadable for name, column in table.converted.items()}
    return DatasetMeta(
        name=mapping.name,
        source=Path(mapping.source.file).name,
        licence=mapping.licence,
        outcome=_meaning(mapping.outcome),
        timing=_timing(enterprises),
        dated=mapping.as_of is not None,
        grouped=mapping.enterprise_id is not None,
        fields=_field_names(mapping),
        extra_features=list(mapping.declared),
        split=split.split,
        label_lookahead=split.lookahead,
        out_of_range=out_of_range,
        rows=len(outcomes),
        defaults=int((outcomes["bad"] == 1).sum()),
        refused=int((~screened.kept).sum()),
        unreadable={name: cells for name, cells in unreadable.items() if cells},
        labels=labels,
    )


def _meaning(outcome: OutcomeSource | None) -> OutcomeMeaning | None:
    if outcome is None:
        return None
    return OutcomeMeaning(event=outcome.event, horizon_months=outcome.horizon_months, meaning=outcome.meaning)


def _timing(enterprises: pd.DataFrame) -> Literal["stated", "assumed"]:
    # A column that nobody filled in states nothing.
    published = enterprises.get("statement_published_at")
    return "stated" if published is not None and published.notna().any() else "assumed"


def _field_names(mapping: Mapping) -> list[str]:
    always = {"enterprise_id"} | ({"as_of"} if mapping.as_of is not None else set())
    return [field.name for field in FIELDS if field.name in mapping.fields or field.name in always]
