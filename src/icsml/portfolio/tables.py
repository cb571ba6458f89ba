"""Tables with many rows a firm: read, seen as of each decision date, aggregated, joined."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icsml.core.progress import Progress
from icsml.errors import InputError
from icsml.portfolio.aggregates import AGGREGATES, Invoices
from icsml.portfolio.convert import Converted, dates, numbers, token, tokens
from icsml.portfolio.mapping import DateSource, Mapping, TableSource
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


@dataclass(frozen=True, slots=True)
class TableReport:
    """What became of a table's rows.

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
        Amounts and taxes that are no numbers and became missing.
    """

    invoices: int
    void: int
    returned: int
    incomplete: int
    strangers: int
    later: int
    unreadable: int


def join_tables(
    frame: pd.DataFrame, mapping: Mapping, folder: Path, as_of: NDArray[np.datetime64], progress: Progress
) -> tuple[pd.DataFrame, dict[str, TableReport]]:
    """Join the figures of every table of the mapping as columns ``TABLE.FIGURE``.

    Parameters
    ----------
    frame : DataFrame of shape (n, any)
        The main table.
    mapping : Mapping
        Names its tables and the column that identifies the firm.
    folder : Path
        Folder of the mapping file.
    as_of : ndarray of datetime64[D] of shape (n,)
        Decision dates, NaT where undated; nothing dated after a row's decision counts.
    progress : callable
        Told of each table.

    Raises
    ------
    MissingError
        If a table's file is not there.
    InputError
        If a table cannot be read, lacks a column, or its figures clash with a column of the main table.
    """
    if not mapping.tables:
        return frame, {}
    firms = tokens(frame[mapping.enterprise_id])
    figures: dict[str, pd.DataFrame] = {}
    reports: dict[str, TableReport] = {}
    for name in sorted(mapping.tables, key=lambda name: mapping.tables[name].against is not None):
        table = mapping.tables[name]
        progress(f"{name}: reading {table.file}")
        invoices, reports[name] = _seen(table, name, folder, firms, as_of)
        progress(f"{name}: {len(invoices.row):,} invoices into figures")
        against = figures[table.against] if table.against else None
        figures[name] = AGGREGATES[table.aggregate](invoices, against)
    named = [figures[name].add_prefix(f"{name}.").set_axis(frame.index) for name in mapping.tables]
    clash = [column for part in named for column in part.columns if column in frame]
    if clash:
        raise InputError(
            "ICS-DAT-008",
            "a table's figure has the name of a column of the main table",
            field=clash[0],
            remedy="name the table otherwise",
        )
    return pd.concat([frame, *named], axis=1), reports


def _wanted(table: TableSource) -> list[str]:
    named = [column for column in table.columns.model_dump().values() if column is not None]
    return [table.key, *named, *(heading for known in HEADINGS.values() for heading in known)]


def _headings(table: TableSource, name: str, frame: pd.DataFrame) -> dict[str, str]:
    named = {part: column for part, column in table.columns.model_dump().items() if column is not None}
    needed = {table.key: f"tables.{name}.key"} | {
        column: f"tables.{name}.columns.{part}" for part, column in named.items()
    }
    require_columns(frame, needed, table.file)
    found = {part: next((h for h in known if h in frame), None) for part, known in HEADINGS.items()}
    headings = {part: column for part, column in (found | named).items() if column is not None}
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
    table: TableSource, name: str, folder: Path, firms: NDArray[Any], as_of: NDArray[np.datetime64]
) -> tuple[Invoices, TableReport]:
    """Return the invoices as each row of the main table could see them; one may be seen by several rows."""
    frame = read_source(table, folder, _wanted(table))
    issued, voided, figures, unreadable = _typed(frame, _headings(table, name, frame), table, f"tables.{name}.columns")
    pairs = _pairs(tokens(frame[table.key]), firms)
    complete = ~np.isnat(issued) & ~np.isnan(figures["amount"].to_numpy())
    invoice, row = pairs["invoice"].to_numpy(), pairs["row"].to_numpy()
    known = complete[invoice] & ~(issued[invoice] > as_of[row])
    invoice, row = invoice[known], row[known]
    seen = figures.iloc[invoice]
    void = seen["void"].to_numpy() & ~(voided[invoice] > as_of[row])
    invoices = Invoices(
        len(firms),
        row,
        issued[invoice].astype("datetime64[M]").astype(np.int64),
        seen["partner"].to_numpy(),
        seen["amount"].to_numpy(),
        seen["tax"].to_numpy(),
        void,
    )
    matched, used = (_marked(len(frame), chosen) for chosen in (pairs["invoice"].to_numpy(), invoice))
    report = TableReport(
        invoices=len(frame),
        void=int(figures["void"].sum()),
        returned=int((~figures["void"] & (figures["amount"] < 0)).sum()),
        incomplete=int((~complete).sum()),
        strangers=int((~matched).sum()),
        later=int((matched & complete & ~used).sum()),
        unreadable=unreadable,
    )
    return invoices, report


def _marked(n: int, chosen: NDArray[np.int64]) -> NDArray[np.bool_]:
    flags = np.zeros(n, dtype=bool)
    flags[chosen] = True
    return flags


def _pairs(keys: NDArray[Any], firms: NDArray[Any]) -> pd.DataFrame:
    """Return every (invoice, row) of the same firm, invoices in the order of their table."""
    codes, names = pd.factorize(keys)
    rows = pd.DataFrame({"firm": pd.Index(names).get_indexer(firms), "row": np.arange(len(firms))})
    invoices = pd.DataFrame({"firm": codes, "invoice": np.arange(len(keys))})
    return invoices[invoices["firm"] >= 0].merge(rows[rows["firm"] >= 0], on="firm", how="inner")


def _typed(
    frame: pd.DataFrame, headings: dict[str, str], table: TableSource, key: str
) -> tuple[NDArray[np.datetime64], NDArray[np.datetime64], pd.DataFrame, int]:
    """Return dates of issue, of voiding (NaT: not known, so void from the start), the other columns, and what is lost.

    Lost are amounts and taxes that are no numbers.
    """

    def days(part: str) -> NDArray[np.datetime64]:
        if part not in headings:
            return np.full(len(frame), np.datetime64("NaT"), dtype="datetime64[D]")
        return dates(_dashed(frame[headings[part]]), DateSource(column=headings[part]), f"{key}.{part}").values

    def sums(part: str) -> Converted:
        if part not in headings:
            return Converted(np.full(len(frame), np.nan), 0)
        return numbers(frame[headings[part]], None, None, f"{key}.{part}", remedy="check the column or name another")

    void = np.zeros(len(frame), dtype=bool)
    if "status" in headings:
        void = _is_one_of(frame[headings["status"]], {status.strip() for status in table.void})
    partner = np.full(len(frame), -1, dtype=np.int64)
    if "partner" in headings:
        partner = pd.factorize(tokens(frame[headings["partner"]]))[0].astype(np.int64)
    amount, tax = sums("amount"), sums("tax")
    figures = pd.DataFrame({"amount": amount.values, "tax": tax.values, "void": void, "partner": partner})
    return days("date"), days("voided_on"), figures, amount.lost + tax.lost


def _is_one_of(column: pd.Series[Any], statuses: set[str]) -> NDArray[np.bool_]:
    codes, values = pd.factorize(column)
    flags: NDArray[np.bool_] = np.array([*(token(value) in statuses for value in values), False], dtype=bool)[codes]
    return flags


def _dashed(column: pd.Series[Any]) -> pd.Series[Any]:
    """Read 2017/7/8 as the ISO date 2017-07-08; a column of dates stays as it is."""
    if column.dtype.kind == "M":
        return column
    codes, values = pd.factorize(column)
    dashed = [_iso(str(value)) for value in values]
    return pd.Series(np.array([*dashed, None], dtype=object)[codes], dtype="str")


def _iso(text: str) -> str:
    parts = text.strip().replace("/", "-").split("-")
    return "-".join([parts[0], *(part.zfill(2) for part in parts[1:])])
