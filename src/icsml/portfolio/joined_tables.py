"""Tables with many rows a firm: read, seen as of each decision date, aggregated, joined."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as arrow

from icsml.core.arrays import Array, Dates, Flags, Ints
from icsml.core.progress import Progress
from icsml.errors import InputError
from icsml.portfolio.aggregates import AGGREGATES, Invoices
from icsml.portfolio.cells import Cells, Converted, Missing, dates, numbers, token, tokens
from icsml.portfolio.mapping import ISO, DateSource, Mapping, TableSource
from icsml.portfolio.reading.table import Column, SourceTable
from icsml.portfolio.source import read_source, require_columns

__all__ = ["TableReport", "join_tables"]

HEADINGS: dict[str, tuple[str, ...]] = {
    "date": ("date", "开票日期"),
    "partner": ("partner", "购方单位代号", "销方单位代号"),
    "amount": ("amount", "金额"),
    "tax": ("tax", "税额"),
    "status": ("status", "发票状态"),
    "voided_on": ("voided_on", "作废日期"),
}
"""Headings by which a column is recognised that the mapping does not name."""

REQUIRED = ("date", "amount")

_FORMATS = (ISO, "%Y-%m-%d", "%Y/%m/%d")
_NAME_ANOTHER = "check the column or name another"


@dataclass(frozen=True, slots=True)
class TableReport:
    """Counts of a table's rows by result.

    Parameters
    ----------
    invoices : int
        Rows read.
    void, returned : int
        Void ones, and negative amounts that are not void.
    incomplete : int
        Rows without a readable date or amount, left out: they cannot be shown to precede a decision.
    strangers : int
        Rows of firms that the main table does not hold, left out.
    later : int
        Rows left out because every decision on their firm was made before.
    unreadable : int
        Dates, amounts and taxes that could not be read.
    unreadable_at : tuple of str
        Where the first of them stand.
    blank, skipped : int
        Rows left out because every cell is empty, and because the mapping skips them.
    status : bool
        Whether it has a column of statuses, which marks void rows.
    """

    invoices: int
    void: int
    returned: int
    incomplete: int
    strangers: int
    later: int
    unreadable: int
    unreadable_at: tuple[str, ...] = ()
    blank: int = 0
    skipped: int = 0
    status: bool = False


def join_tables(
    main: SourceTable, mapping: Mapping, folder: Path, as_of: Dates, progress: Progress
) -> tuple[dict[str, Column], dict[str, TableReport]]:
    """Return the figures of every table of the mapping as columns ``TABLE.FIGURE`` of the main table.

    Parameters
    ----------
    main : SourceTable
        The main table of n rows.
    mapping : Mapping
        Names its tables and the column that identifies the firm.
    folder : Path
        Folder of the mapping file.
    as_of : ndarray of datetime64[D] of shape (n,)
        Decision dates, NaT where undated; nothing dated after a row's decision counts.
    progress : callable
        Called for each table.

    Raises
    ------
    MissingError
        If a table's file is not there.
    InputError
        If a table cannot be read, lacks a column, or its figures clash with a column of the main table.
    """
    if not mapping.tables or mapping.enterprise_id is None:
        return {}, {}
    firms = tokens(main.columns[mapping.enterprise_id], "enterprise_id").objects()
    figures: dict[str, pd.DataFrame] = {}
    reports: dict[str, TableReport] = {}
    for name in sorted(mapping.tables, key=lambda name: mapping.tables[name].against is not None):
        table = mapping.tables[name]
        progress(f"{name}: reading {table.file}")
        invoices, reports[name] = _seen(table, name, folder, firms, as_of, Missing.of(mapping.missing))
        progress(f"{name}: {len(invoices.row):,} invoices into figures")
        against = figures[table.against] if table.against else None
        figures[name] = AGGREGATES[table.aggregate](invoices, against)
    named = {f"{name}.{figure}": figures[name][figure] for name in mapping.tables for figure in figures[name]}
    clash = [column for column in named if column in main.headings]
    if clash:
        raise InputError(
            "ICS-DAT-008",
            "a table's figure has the name of a column of the main table",
            field=clash[0],
            remedy="name the table otherwise",
        )
    return {name: _figure(name, values) for name, values in named.items()}, reports


def _figure(name: str, values: pd.Series[Any]) -> Column:
    return Column(name, arrow.chunked_array([arrow.array(values.to_numpy(dtype=np.float64))]))


def _wanted(table: TableSource) -> list[str]:
    named = [column for column in table.columns.model_dump().values() if column is not None]
    return [table.key, *named, *(heading for known in HEADINGS.values() for heading in known)]


def _headings(table: TableSource, name: str, source: SourceTable) -> dict[str, str]:
    named = {part: column for part, column in table.columns.model_dump().items() if column is not None}
    needed = {table.key: f"tables.{name}.key"} | {
        column: f"tables.{name}.columns.{part}" for part, column in named.items()
    }
    require_columns(source, needed)
    recognised = {part: next((h for h in known if h in source.columns), None) for part, known in HEADINGS.items()}
    headings = {part: column for part, column in (recognised | named).items() if column is not None}
    for part in REQUIRED:
        if part not in headings:
            raise InputError(
                "ICS-DAT-004",
                f"{table.file} has no column known to hold the {part}",
                field=f"tables.{name}.columns.{part}",
                remedy="name the column",
            )
    return headings


def _seen(
    table: TableSource,
    name: str,
    folder: Path,
    firms: Array,
    as_of: Dates,
    missing: Missing,
) -> tuple[Invoices, TableReport]:
    """Return the invoices visible to each row of the main table; one may be visible to several rows."""
    wanted = _wanted(table)
    source = read_source(table, folder, wanted, wanted)
    headings = _headings(table, name, source)
    typed = _typed(source, headings, table, f"tables.{name}.columns", missing)
    keys = tokens(source.columns[table.key], f"tables.{name}.key").objects()
    pairs = _pairs(keys, firms)
    issued, amount = typed.days["date"], typed.figures["amount"].to_numpy()
    complete = ~np.isnat(issued) & ~np.isnan(amount)
    invoice, row = pairs["invoice"].to_numpy(), pairs["row"].to_numpy()
    known = complete[invoice] & ~(issued[invoice] > as_of[row])
    invoice, row = invoice[known], row[known]
    seen = typed.figures.iloc[invoice]
    void = seen["void"].to_numpy() & ~(typed.days["voided_on"][invoice] > as_of[row])
    invoices = Invoices(
        len(firms),
        row,
        issued[invoice].astype("datetime64[M]").astype(np.int64),
        seen["partner"].to_numpy(),
        seen["amount"].to_numpy(),
        seen["tax"].to_numpy(),
        void,
    )
    matched, used = (_marked(source.rows, chosen) for chosen in (pairs["invoice"].to_numpy(), invoice))
    report = TableReport(
        invoices=source.rows,
        void=int(typed.figures["void"].sum()),
        returned=int((~typed.figures["void"] & (typed.figures["amount"] < 0)).sum()),
        incomplete=int((~complete).sum()),
        strangers=int((~matched).sum()),
        later=int((matched & complete & ~used).sum()),
        unreadable=typed.unreadable,
        unreadable_at=tuple(source.locate(typed.first_unreadable)),
        blank=source.blank,
        skipped=source.skipped,
        status="status" in headings,
    )
    return invoices, report


def _marked(n: int, chosen: Ints) -> Flags:
    flags = np.zeros(n, dtype=bool)
    flags[chosen] = True
    return flags


def _pairs(keys: Array, firms: Array) -> pd.DataFrame:
    """Return every (invoice, row) of the same firm, invoices in the order of their table."""
    codes, names = pd.factorize(keys)
    rows = pd.DataFrame({"firm": pd.Index(names).get_indexer(firms), "row": np.arange(len(firms))})
    invoices = pd.DataFrame({"firm": codes, "invoice": np.arange(len(keys))})
    return invoices[invoices["firm"] >= 0].merge(rows[rows["firm"] >= 0], on="firm", how="inner")


@dataclass(frozen=True, slots=True)
class _Typed:
    """Typed columns: days of issue and of voiding (NaT: not known, so void from the start), figures, what is lost."""

    days: dict[str, Dates]
    figures: pd.DataFrame
    unreadable: int
    first_unreadable: list[int]


def _typed(source: SourceTable, headings: dict[str, str], table: TableSource, key: str, missing: Missing) -> _Typed:
    def days(part: str) -> Converted:
        if part not in headings:
            return _nothing(np.full(source.rows, np.datetime64("NaT"), dtype="datetime64[D]"))
        column = source.columns[headings[part]]
        return dates(column, DateSource(column=column.name, formats=_FORMATS), f"{key}.{part}", missing=missing)

    def sums(part: str) -> Converted:
        if part not in headings:
            return _nothing(np.full(source.rows, np.nan))
        return numbers(source.columns[headings[part]], f"{key}.{part}", missing=missing, remedy=_NAME_ANOTHER)

    void = np.zeros(source.rows, dtype=bool)
    if "status" in headings:
        statuses = [token(status) for status in table.void]
        marks = tokens(source.columns[headings["status"]], f"{key}.status", decimals=True)
        void = np.isin(marks.objects().astype(str), [status for status in statuses if status is not None])
    partner = np.full(source.rows, -1, dtype=np.int64)
    if "partner" in headings:
        partner = pd.factorize(tokens(source.columns[headings["partner"]], f"{key}.partner").objects())[0]
    read = {"date": days("date"), "voided_on": days("voided_on"), "amount": sums("amount"), "tax": sums("tax")}
    figures = pd.DataFrame(
        {"amount": read["amount"].values, "tax": read["tax"].values, "void": void, "partner": partner.astype(np.int64)}
    )
    lost = np.zeros(source.rows, dtype=bool)
    for converted in read.values():
        lost |= converted.unreadable if converted.unreadable is not None else False
    return _Typed(
        {part: read[part].values for part in ("date", "voided_on")},
        figures,
        sum(converted.cells.unreadable for converted in read.values()),
        np.flatnonzero(lost)[:3].tolist(),
    )


def _nothing(values: Array) -> Converted:
    return Converted(values, Cells(0, len(values), 0, 0))
