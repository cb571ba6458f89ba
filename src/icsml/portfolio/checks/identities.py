"""Sums and repeats that must agree: balance sheet, part and whole, this year and next year's "year before"."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from icsml.core.arrays import Flags, Floats, Ints
from icsml.portfolio.checks.check_config import CheckConfig
from icsml.portfolio.checks.check_data import CheckData, evenly
from icsml.portfolio.checks.phrases import listed, percent
from icsml.records.screening import PARTS

__all__ = ["accounting_identity", "part_above_whole", "prior_year"]


_BALANCE = ("total_assets_cny", "total_liabilities_cny", "equity_cny")
_ROUNDING = 1e-6
_FIRMS = 20_000
_PREVIOUS = "_prev_cny"


def accounting_identity(data: CheckData, config: CheckConfig) -> Iterator[str]:
    """Check that assets are liabilities plus equity.

    Purpose
        Columns that were exchanged, of another year or in another unit break the balance sheet.
    Method
        The share of rows whose difference exceeds ``tolerance`` of the assets.
    Reading
        A few rows are slips of the pen; a large share is a wrong column.
    Limits
        Says nothing of a table that is wholly in another unit, nor which of the three columns is wrong.
    """
    limits = config.accounting_identity
    if any(name not in data.frame for name in _BALANCE):
        return
    assets, liabilities, equity = (data.numbers(name, data.spread) for name in _BALANCE)
    known = ~np.isnan(assets + liabilities + equity)
    if int(known.sum()) < limits.min_rows:
        return
    off = _differs(assets[known], (liabilities + equity)[known], limits.tolerance)
    if off.mean() > limits.max_share:
        yield (
            f"total_assets_cny is not total_liabilities_cny + equity_cny in {percent(off.mean())} of the rows "
            f"that hold all three"
        )


def part_above_whole(data: CheckData, config: CheckConfig) -> Iterator[str]:
    """Check that no part is above its whole.

    Purpose
        Exchanged columns, or one of the two in another unit.
    Method
        The share of rows of each pair of :data:`icsml.records.screening.PARTS`.
    Reading
        The pairs and their share of rows.
    Limits
        A part that is too small is not seen.
    """
    limits = config.part_above_whole
    for part, whole in PARTS:
        if part not in data.frame or whole not in data.frame:
            continue
        a, b = data.numbers(part, data.spread), data.numbers(whole, data.spread)
        known = ~np.isnan(a + b)
        if int(known.sum()) < limits.min_rows:
            continue
        share = float((a[known] > b[known] * (1.0 + _ROUNDING)).mean())
        if share > limits.max_share:
            yield f"{part} is above {whole}, of which it is a part, in {percent(share)} of the rows that hold both"


def prior_year(data: CheckData, config: CheckConfig) -> Iterator[str]:
    """Compare the values "of the year before" with what the same firm reported then.

    Purpose
        Rows joined with the wrong year or firm, and a column whose unit changed.
    Method
        Pairs of rows of one firm whose statements (else decisions) lie one year apart; the share of pairs that
        differ by more than ``tolerance``, and of those that are powers of ten apart.
    Reading
        Restatements reach some per cent of the pairs; a wrong join nearly all.
    Limits
        Needs firms that recur. Firms whose figures hardly change hide a wrong year.
    """
    limits = config.prior_year
    names = [name for name in data.amounts if name.endswith(_PREVIOUS) and _now(name) in data.frame]
    if not names or not data.dated or not data.meta.grouped:
        return
    earlier, later = _consecutive(data)
    off: dict[str, float] = {}
    far: dict[str, float] = {}
    for name in names:
        before, now = data.numbers(name, later), data.numbers(_now(name), earlier)
        known = ~np.isnan(before + now)
        if int(known.sum()) < limits.min_pairs:
            continue
        share = float(_differs(before[known], now[known], limits.tolerance).mean())
        apart = float(_powers_apart(before[known], now[known], limits.far_powers).mean())
        if share > limits.max_share:
            off[name] = share
        elif apart > limits.max_far_share:
            far[name] = apart
    for shares, what in ((off, ""), (far, f" but at least 10^{limits.far_powers:g} times apart")):
        if shares:
            verb = "is" if len(shares) == 1 else "are"
            yield (
                f"{listed(list(shares))} {verb} not what the same firm reported a year before{what}, "
                f"in up to {percent(max(shares.values()))} of the pairs of years"
            )


def _powers_apart(a: Floats, b: Floats, powers: float) -> Flags:
    """Return where two values, neither of them zero, differ by so many powers of ten."""
    smaller, larger = np.minimum(np.abs(a), np.abs(b)), np.maximum(np.abs(a), np.abs(b))
    apart: Flags = (smaller > 0.0) & (larger >= smaller * 10.0**powers)
    return apart


def _now(name: str) -> str:
    return name.removesuffix(_PREVIOUS) + "_cny"


def _differs(a: Floats, b: Floats, tolerance: float) -> Flags:
    """Return where two values differ by more than a share of the larger, and by more than a yuan."""
    larger = np.maximum(np.abs(a), np.abs(b))
    off: Flags = np.abs(a - b) > np.maximum(tolerance * larger, 1.0)
    return off


def _consecutive(data: CheckData) -> tuple[Ints, Ints]:
    """Return rows of firms and, for each, the row of the same firm a year later; only years that a firm has once."""
    firms = data.firms
    rows = np.flatnonzero(np.isin(firms, evenly(np.arange(firms.max() + 1), _FIRMS)))
    key = firms[rows] * 10_000 + _statement_year(data, rows)
    values, first, count = np.unique(key, return_index=True, return_counts=True)
    values, single = values[count == 1], rows[first[count == 1]]
    following = np.searchsorted(values, values + 1)
    follows = following < len(values)
    follows[follows] = values[following[follows]] == values[follows] + 1
    return single[follows], single[following[follows]]


def _statement_year(data: CheckData, rows: Ints) -> Ints:
    decided = data.year[rows]
    if "statement_period_end" not in data.frame:
        return decided
    ends = data.frame["statement_period_end"].iloc[rows].to_numpy(dtype="datetime64[D]")
    return np.where(np.isnat(ends), decided - 1, ends.astype("datetime64[Y]").astype(np.int64) + 1970)
