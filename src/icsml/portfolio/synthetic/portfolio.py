"""The synthetic portfolio, in memory and on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from icsml.core.private_files import private_files
from icsml.core.progress import silent
from icsml.core.yaml import dump_yaml
from icsml.errors import InputError
from icsml.portfolio.output_folder import check_target
from icsml.portfolio.synthetic.frames import LEFT_OUT, Portfolio, block_portfolio
from icsml.portfolio.synthetic.parameters import Effect, Timeline, capability_effect, timeline
from icsml.portfolio.synthetic.rng import BLOCK
from icsml.records.dataset import DatasetMeta, OutOfTimeSplit
from icsml.records.fields import FIELDS
from icsml.records.outcome import OutcomeMeaning

__all__ = ["SynthReport", "draw_portfolio", "synthesize"]

_YEARS = 9
_CHUNK_ROWS = 65_536
_MOST_ENTERPRISES = 9_999_999


@dataclass(frozen=True, slots=True)
class SynthReport:
    """Rows written, and the defaults that the bank saw."""

    rows: int
    defaults: int


def draw_portfolio(enterprises: int, seed: int, effect: Effect = "small", *, years: int = _YEARS) -> Portfolio:
    """Return a synthetic portfolio in memory.

    Parameters
    ----------
    enterprises : int
        Number of enterprises; a smaller portfolio of the same seed is the beginning of a larger one.
    seed : int
        Seed; equal seeds give equal rows.
    effect : {'none', 'small'}
        Whether capability lowers default, health given.
    years : int
        Decision years, the last being 2025.

    Raises
    ------
    InputError
        If an argument is out of range (``ICS-DAT-101`` to ``ICS-DAT-103``).
    """
    parts = list(_block_portfolios(enterprises, seed, effect, timeline(years)))
    return Portfolio(
        enterprises=pd.concat([part.enterprises for part in parts], ignore_index=True),
        outcomes=pd.concat([part.outcomes for part in parts], ignore_index=True),
        truth=pd.concat([part.truth for part in parts], ignore_index=True),
    )


def synthesize(
    enterprises: int,
    seed: int,
    effect: Effect,
    out: Path,
    *,
    years: int = _YEARS,
    chunk_rows: int = _CHUNK_ROWS,
    progress: Callable[[str], None] = silent,
) -> SynthReport:
    """Write a synthetic data set, and its truth beside it.

    Parameters
    ----------
    enterprises, seed, effect, years
        As in :func:`draw_portfolio`.
    out : Path
        Folder; made if absent. A data set that it contains is replaced.
    chunk_rows : int
        Rows of a Parquet row group; the rows themselves do not depend on it.
    progress : callable
        Called after every tenth of the work.

    Returns
    -------
    SynthReport

    Raises
    ------
    InputError
        If an argument is out of range, or the folder contains something else (``ICS-DAT-101`` to ``ICS-DAT-105``).
    """
    line = timeline(years)
    if chunk_rows < 1:
        raise InputError(
            "ICS-DAT-104", "a chunk needs at least one row", field="chunk_rows", remedy="choose a positive number"
        )
    parts = _block_portfolios(enterprises, seed, effect, line)
    check_target(out, code="ICS-DAT-105")
    with private_files(out):
        out.mkdir(parents=True, exist_ok=True)
        report = _write(parts, out, chunk_rows, _announced(progress, -(-enterprises // BLOCK)))
        meta = _meta(report, effect, seed, enterprises, line)
        (out / "dataset.yaml").write_text(dump_yaml(meta.model_dump(mode="json")), "utf-8")
    return report


def _block_portfolios(enterprises: int, seed: int, effect: Effect, line: Timeline) -> Iterator[Portfolio]:
    """Check the arguments at once, then yield the blocks one by one."""
    if not 1 <= enterprises <= _MOST_ENTERPRISES:
        raise InputError(
            "ICS-DAT-101",
            "the number of enterprises is out of range",
            field="enterprises",
            remedy=f"choose 1 to {_MOST_ENTERPRISES:,}",
        )
    if seed < 0:
        raise InputError("ICS-DAT-101", "the seed is negative", field="seed", remedy="choose 0 or more")
    capability_effect(effect)
    return (
        block_portfolio(seed, number, line, effect, min(BLOCK, enterprises - number * BLOCK))
        for number in range(-(-enterprises // BLOCK))
    )


def _announced(progress: Callable[[str], None], blocks: int) -> Callable[[int, int], None]:
    every = max(blocks // 10, 1)

    def announce(done: int, rows: int) -> None:
        if done % every == 0 or done == blocks:
            progress(f"synthetic book: {done / blocks:.0%}, {rows:,} rows")

    return announce


class _Table:
    """A Parquet file that grows by frames of any length and is written in row groups of one length."""

    def __init__(self, path: Path, chunk_rows: int) -> None:
        self._path, self._chunk = path, chunk_rows
        self._partial = path.with_name(path.name + ".partial")
        self._pending: list[pa.Table] = []
        self._writer: pq.ParquetWriter | None = None

    def add(self, frame: pd.DataFrame) -> None:
        """Append the rows of a frame."""
        self._pending.append(pa.Table.from_pandas(frame, preserve_index=False))
        pending = pa.concat_tables(self._pending)
        whole = len(pending) - len(pending) % self._chunk
        if whole:
            self._write(pending.slice(0, whole))
        self._pending = [pending.slice(whole)]

    def close(self) -> None:
        """Write what is left; only now does the file get its name."""
        self._write(pa.concat_tables(self._pending))
        if self._writer is not None:
            self._writer.close()
        self._partial.replace(self._path)

    def discard(self) -> None:
        """Delete the half-written file."""
        if self._writer is not None:
            self._writer.close()
        self._partial.unlink(missing_ok=True)

    def _write(self, table: pa.Table) -> None:
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._partial, table.schema)
        if len(table):
            self._writer.write_table(table, row_group_size=self._chunk)


def _write(parts: Iterator[Portfolio], out: Path, chunk_rows: int, announce: Callable[[int, int], None]) -> SynthReport:
    tables = [_Table(out / f"{name}.parquet", chunk_rows) for name in ("enterprises", "outcomes", "truth")]
    rows = defaults = 0
    try:
        for done, part in enumerate(parts, start=1):
            for table, frame in zip(tables, (part.enterprises, part.outcomes, part.truth), strict=True):
                table.add(frame)
            rows += len(part.outcomes)
            defaults += int(part.outcomes["bad"].sum())
            announce(done, rows)
    except BaseException:
        for table in tables:
            table.discard()
        raise
    for table in tables:
        table.close()
    return SynthReport(rows, defaults)


def _meta(report: SynthReport, effect: Effect, seed: int, enterprises: int, line: Timeline) -> DatasetMeta:
    return DatasetMeta(
        name=f"synthetic-{effect}",
        source=f"icsml synthetic book: {enterprises} enterprises, {line.years} years, seed {seed}, effect {effect}",
        licence="Apache-2.0",
        outcome=OutcomeMeaning(
            event="default", horizon_months=12, meaning="90 or more days past due within 12 months of the decision"
        ),
        synthetic=True,
        timing="stated",
        dated=True,
        grouped=True,
        fields=[field.name for field in FIELDS if field.name not in LEFT_OUT],
        split=OutOfTimeSplit(test_from=line.test_from.astype(object), embargo_months=12),
        label_lookahead=0,
        rows=report.rows,
        defaults=report.defaults,
    )
