"""Score a Parquet file of records by row group, with the same code that decides on one record."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from icsml.core.arrays import Flags, Floats
from icsml.core.files import check_target
from icsml.core.parquet import ParquetParts
from icsml.core.progress import Progress, silent
from icsml.core.tables import Write, check_table, is_spreadsheet, table_file
from icsml.decision.assess import Assessment, ExplainedAssessment, assess
from icsml.decision.record_findings import referred
from icsml.errors import InputError
from icsml.explain.terms import largest
from icsml.model.bundle import Bundle
from icsml.model.predict import pd_from_log_odds
from icsml.records.arrow_columns import REPEATING_TEXTS, arrow_columns, text_array
from icsml.records.columns import Table

__all__ = ["ScoreReport", "score_file"]

_BATCH_ROWS = 32_768
_PART_ROWS = 8_192  # evaluated by one thread: fewer than this wait for one another more, more leave the cache
_CODES = pa.list_(pa.string())
_REASON = "reasons.list.element"
_REPEATED = ("code", "feature", "group", "form", "reference_value")
_REPEATING = ["grade", *(f"{_REASON}.{name}" for name in _REPEATED)]
"""Columns that repeat, which Parquet writes by dictionary; numbers and identifiers do not."""


@dataclass(frozen=True, slots=True)
class ScoreReport:
    """Result of a scoring run; ``seconds`` is evaluation alone, without reading and writing."""

    rows: int
    seconds: float

    @property
    def rows_per_second(self) -> float:
        """Rows evaluated a second."""
        return self.rows / self.seconds if self.seconds > 0 else 0.0


def score_file(
    bundle: Bundle,
    source: Path,
    target: Path,
    *,
    version: str | None = None,
    reasons: int = 0,
    progress: Progress = silent,
) -> ScoreReport:
    """Score every record of a file and write one row each, in order.

    Parameters
    ----------
    bundle : Bundle
        The model.
    source, target : Path
        Parquet in and out. The target appears whole or not at all.
    version : str, optional
        The register's version of the model, for the file's metadata.
    reasons : int
        Reasons a row; 0 leaves the column out and is faster.
    progress : callable
        Called after each batch.

    Raises
    ------
    MissingError
        If there is no such file.
    InputError
        If a row is not acceptable; the error names the field and the rows.
    """
    check_target(target, source=source)
    check_table(target, rows=lambda: ParquetParts.open(source, "ICS-DEC-003").rows)
    done, seconds, about = 0, 0.0, _about(bundle, version)
    with ThreadPoolExecutor(1) as reading, ThreadPoolExecutor(len(os.sched_getaffinity(0))) as evaluating:
        batches = _ahead(reading, _batches(source))
        first = next(batches, None)
        if first is None:
            raise InputError("ICS-DEC-003", "holds no rows", field=str(source), remedy="give records to score")
        with ExitStack() as closing:
            write: Write | None = None
            written: Future[None] | None = None
            for batch in chain([first], batches):
                started = time.perf_counter()
                table = _score(bundle, batch, reasons, done, evaluating).replace_schema_metadata(about)
                seconds += time.perf_counter() - started
                if is_spreadsheet(target):
                    table = _flat(table, reasons)
                if write is None:
                    write = closing.enter_context(table_file(target, table.schema, use_dictionary=_REPEATING))
                    writing = closing.enter_context(ThreadPoolExecutor(1))  # ends before what it writes to is closed
                if written is not None:
                    written.result()
                written = writing.submit(write, table)
                done += batch.num_rows
                progress(f"scored {done:,} rows")
            if written is not None:
                written.result()
            closing.close()
    return ScoreReport(done, seconds)


def _ahead(pool: Executor, batches: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Yield batches while the next one is being read."""
    pending = pool.submit(next, batches, None)
    while (batch := pending.result()) is not None:
        pending = pool.submit(next, batches, None)
        yield batch


def _flat(table: pa.Table, reasons: int) -> pa.Table:
    """Return a table of plain values: codes joined as text, one column per part of a reason, ``reasons.1.code``."""
    for name in ("refer", "insufficient"):
        index = table.schema.get_field_index(name)
        table = table.set_column(index, name, pc.binary_join(table.column(name), "; "))
    if reasons == 0:
        return table
    index = table.schema.get_field_index("reasons")
    listed, flat = table.column(index).combine_chunks(), table.remove_column(index)
    kind, offsets = listed.type.value_type, listed.offsets.to_numpy()
    parts, counts = listed.values.flatten(), np.diff(offsets)
    for rank in range(reasons):
        taken = pa.array(offsets[:-1] + rank, mask=counts <= rank)
        for number, part in enumerate(parts):
            flat = flat.append_column(f"reasons.{rank + 1}.{kind.field(number).name}", part.take(taken))
    return flat


def _about(bundle: Bundle, version: str | None) -> dict[str, str]:
    """Record in the file which model scored it, and whether it was trained on simulated data."""
    rulebook = f"{bundle.rulebook.id} ({bundle.rulebook.provenance})" if bundle.rulebook else ""
    return {
        "icsml.model": bundle.name,
        "icsml.version": version or "",
        "icsml.bundle_sha256": bundle.sha256,
        "icsml.synthetic": str(bundle.synthetic).lower(),
        "icsml.rulebook": rulebook,
    }


def _batches(source: Path) -> Iterator[pa.Table]:
    return ParquetParts.open(source, "ICS-DEC-003").batches(_BATCH_ROWS, dictionaries=REPEATING_TEXTS)


def _score(bundle: Bundle, batch: pa.Table, reasons: int, first_row: int, pool: Executor) -> pa.Table:
    """Evaluate parts of a batch at a time; the compiled code releases the interpreter's lock."""
    parts = [batch.slice(start, _PART_ROWS) for start in range(0, batch.num_rows, _PART_ROWS)]
    try:
        return pa.concat_tables(pool.map(lambda part: _score_part(bundle, part, reasons, first_row), parts))
    except InputError:  # the error of the whole batch counts all its rows
        return _score_part(bundle, batch, reasons, first_row)


def _score_part(bundle: Bundle, records: pa.Table, reasons: int, first_row: int) -> pa.Table:
    try:
        columns = arrow_columns(records, bundle.extras)
    except InputError as error:
        where = f"rows {first_row:,} to {first_row + records.num_rows - 1:,}: "
        raise InputError(
            error.code, where + error.message, field=error.field, remedy=error.remedy, details=error.details
        ) from error
    return _table(bundle, columns, assess(bundle, columns, explained=reasons > 0, first_row=first_row), reasons)


def _table(bundle: Bundle, records: Table, assessment: Assessment, reasons: int) -> pa.Table:
    n = len(assessment.pd)
    columns: dict[str, Any] = {
        "enterprise_id": text_array(records, "enterprise_id"),
        "as_of": _dates(records),
        "pd": pa.array(assessment.pd, pa.float64()),
        "grade": pa.array(assessment.grade, pa.string()),
        "score": pa.array(assessment.score, pa.int64()),
        "pd_without_innovation": _floats(assessment.pd_without_innovation, n),
        "innovation_points": _floats(assessment.innovation.score if assessment.innovation else None, n),
        "innovation_feed_missing": pa.array(assessment.fallback, pa.bool_()),
        "refer": _referred(bundle, assessment),
        "insufficient": _listed(assessment.insufficient, n),
    }
    if isinstance(assessment, ExplainedAssessment):
        columns["reasons"] = _reasons(bundle, assessment, reasons)
    return pa.table(columns)


def _dates(records: Table) -> pa.Array:
    days = records.numbers[records.layout.index["as_of"]]
    absent = np.isnan(days)
    return pa.array(np.where(absent, 0.0, days).astype(np.int32), mask=absent).cast(pa.date32())


def _referred(bundle: Bundle, assessment: Assessment) -> pa.Array:
    codes = referred(bundle, assessment)
    return _listed(codes, len(assessment.pd)) if isinstance(codes, dict) else pa.array(codes, _CODES)


def _listed(flags: Mapping[str, Flags], n: int) -> pa.Array:
    """Return, for every row, the names of the flags that are set, in their order."""
    flagged = np.array(list(flags.values()), dtype=np.bool_).reshape(len(flags), n)
    _, which = np.nonzero(flagged.T)
    names = pa.array(list(flags), pa.string()).take(pa.array(which))
    return pa.ListArray.from_arrays(_offsets(flagged.sum(axis=0)), names)


def _offsets(counts: Any) -> pa.Array:  # noqa: ANN401 - integers of any width
    return pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int32())


def _floats(values: Floats | None, n: int) -> pa.Array:
    return pa.nulls(n, pa.float64()) if values is None else pa.array(values, pa.float64())


def _reasons(bundle: Bundle, assessment: ExplainedAssessment, most: int) -> pa.Array:
    """Build the column list<struct> from arrays; a term of zero is no reason."""
    picked = largest(*assessment.explanation.merged, assessment.features, most)
    # by how much the PD would differ without the term, as icsml.explain.terms.pd_effects
    without = pd_from_log_odds(assessment.log_odds[picked.rows] - picked.log_odds)
    features, which = bundle.features, pa.array(picked.columns)
    medians = bundle.reference.medians if bundle.reference is not None else np.full(len(features), np.nan)
    fields = {
        "code": pa.array([feature.code for feature in features]).take(which),
        "feature": pa.array([feature.name for feature in features]).take(which),
        "group": pa.array([feature.group for feature in features]).take(which),
        "value": pa.array(picked.values, pa.float64(), from_pandas=True),
        "reference_value": pa.array(medians, pa.float64(), from_pandas=True).take(which),
        "log_odds": pa.array(picked.log_odds, pa.float64()),
        "points": pa.array(picked.points, pa.int64()),
        "pd_effect": pa.array(assessment.pd[picked.rows] - without, pa.float64()),
        "form": pa.array(["favourable", "adverse"]).take(pa.array((picked.log_odds > 0.0).astype(np.int8))),
    }
    struct = pa.StructArray.from_arrays(list(fields.values()), names=list(fields))
    return pa.ListArray.from_arrays(_offsets(np.bincount(picked.rows, minlength=len(assessment.pd))), struct)
