"""Loops over rows by tables. Every row is summed in the order of the plan, alone or in a block.

A *plan* is a stream of integers. For each group of leaves: number of tests, number of table columns, their length; then
column of ranks, low and width of each test; then where each table column is added: the margin first (at the index
after the last feature), then the features. The *tables* follow one another in the same order: column by column for
blocks, pattern by pattern for a single row.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from icsml.core.arrays import Floats, Int32s, Ints
from icsml.core.compilation import compiled, inlined
from icsml.explain.treeshap.table_instructions import BLOCK, add_columns, find_pattern, search_step
from icsml.model.trees import READ_AS_ZERO

__all__ = [
    "aligned_doubles",
    "aligned_longs",
    "aligned_words",
    "count_patterns",
    "explain_row",
    "explain_rows",
    "margin_rows",
    "rank_block",
]

Plan = Int32s
Words = NDArray[np.uint16]

_MARGIN = np.zeros(1, np.int32)  # a plan of the margin alone
_find_4, _find_5, _find_6, _find_8, _find_12 = (find_pattern[tests] for tests in (4, 5, 6, 8, 12))
_add_any, _add_16, _add_32, _add_64 = (add_columns[kept] for kept in (0, 16, 32, 64))


@inlined
def aligned_doubles(length: int) -> Floats:
    """Return zeros that start on a cache line: vectors across two lines cost twice."""
    padded = np.zeros(length + 8)
    skip = -padded.ctypes.data % 64 // 8
    return padded[skip : skip + length]


@inlined
def aligned_longs(length: int) -> Ints:
    """Return integer zeros that start on a cache line."""
    padded = np.zeros(length + 8, np.int64)
    skip = -padded.ctypes.data % 64 // 8
    return padded[skip : skip + length]


@inlined
def aligned_words(length: int) -> Words:
    """Return short zeros that start on a cache line."""
    padded = np.zeros(length + 32, np.uint16)
    skip = -padded.ctypes.data % 64 // 2
    return padded[skip : skip + length]


@inlined
def _as_read(value: float) -> float:
    """Return a value as LightGBM reads it: near zero is zero."""
    return 0.0 if abs(value) <= READ_AS_ZERO else value


@inlined
def rank_block(
    x: Floats,
    first: int,
    rows: int,
    thresholds: Floats,
    spans: Ints,
    columns: Ints,
    ranks: Words,
    positions: Ints,
    values: Floats,
) -> None:
    """Fill ``ranks`` (columns × BLOCK) for the rows from ``first``; columns of one feature are adjacent."""
    ranked = -1
    for column in range(columns.shape[0]):
        feature = columns[column, 0]
        if feature != ranked:
            start, step = spans[feature, 0], spans[feature, 1]
            for i in range(rows):
                values[i] = _as_read(x[first + i, feature])
            for i in range(BLOCK):
                positions[i] = 0
            # A binary search without branches: all rows of the block take the same steps, and a step counts where the
            # threshold that it would pass is below the value. NaN is below nothing, so padding is never passed.
            while step > 0:
                search_step((positions, values, thresholds, start, step))
                step >>= 1
            ranked = feature
        for i in range(BLOCK):  # a value that is not equal to itself is missing
            ranks[column * BLOCK + i] = positions[i] if values[i] == values[i] else columns[column, 1]


# An instruction is compiled for a fixed number of tests, or of patterns kept in registers, so compiled code has to
# choose among functions by branches.
@inlined
def _find_pattern(index: Ints, ranks: Words, plan: Plan, at: int, tests: int) -> None:
    if tests == 4:
        _find_4((index, ranks, plan, at))
    elif tests == 5:
        _find_5((index, ranks, plan, at))
    elif tests == 6:
        _find_6((index, ranks, plan, at))
    elif tests == 8:
        _find_8((index, ranks, plan, at))
    else:
        _find_12((index, ranks, plan, at))


@inlined
def _add_columns(
    sums: Floats, plan: Plan, at: int, width: int, tables: Floats, table: int, length: int, index: Ints
) -> None:
    if length == 16:
        _add_16((sums, plan, at, width, tables, table, length, index))
    elif length == 32:
        _add_32((sums, plan, at, width, tables, table, length, index))
    elif length == 64:
        _add_64((sums, plan, at, width, tables, table, length, index))
    else:
        _add_any((sums, plan, at, width, tables, table, length, index))


@compiled
def explain_rows(
    x: Floats,
    thresholds: Floats,
    spans: Ints,
    columns: Ints,
    plan: Plan,
    tables: Floats,
    base: float,
    out: Floats,
    margins: Floats,
) -> None:
    """Fill ``out`` (rows × (features + 1)) and ``margins`` (rows)."""
    n, width = x.shape[0], out.shape[1]
    ranks, index = aligned_words(columns.shape[0] * BLOCK), aligned_longs(BLOCK)
    positions, values = aligned_longs(BLOCK), aligned_doubles(BLOCK)
    sums = aligned_doubles(width * BLOCK)
    margin = (width - 1) * BLOCK
    for first in range(0, n, BLOCK):
        rows = min(BLOCK, n - first)
        rank_block(x, first, rows, thresholds, spans, columns, ranks, positions, values)
        sums[:] = 0.0
        read, table = 0, 0
        while read < plan.shape[0]:
            tests, wide, length = int(plan[read]), int(plan[read + 1]), int(plan[read + 2])
            _find_pattern(index, ranks, plan, read + 3, tests)
            read += 3 + 3 * tests
            _add_columns(sums, plan, read, wide, tables, table, length, index)
            read += wide
            table += wide * length
        for i in range(rows):
            margins[first + i] = sums[margin + i]
            for feature in range(width - 1):
                out[first + i, feature] = sums[feature * BLOCK + i]
            out[first + i, width - 1] = base


@compiled
def margin_rows(
    x: Floats, thresholds: Floats, spans: Ints, columns: Ints, plan: Plan, tables: Floats, margins: Floats
) -> None:
    """Fill ``margins`` (rows) from the first column of each table."""
    n = x.shape[0]
    ranks, index = aligned_words(columns.shape[0] * BLOCK), aligned_longs(BLOCK)
    positions, values = aligned_longs(BLOCK), aligned_doubles(BLOCK)
    sums = aligned_doubles(BLOCK)
    for first in range(0, n, BLOCK):
        rows = min(BLOCK, n - first)
        rank_block(x, first, rows, thresholds, spans, columns, ranks, positions, values)
        sums[:] = 0.0
        read, table = 0, 0
        while read < plan.shape[0]:
            tests, wide, length = int(plan[read]), int(plan[read + 1]), int(plan[read + 2])
            _find_pattern(index, ranks, plan, read + 3, tests)
            _add_columns(sums, _MARGIN, 0, 1, tables, table, length, index)
            read += 3 + 3 * tests + wide
            table += wide * length
        for i in range(rows):
            margins[first + i] = sums[i]


@compiled
def count_patterns(x: Floats, thresholds: Floats, spans: Ints, columns: Ints, plan: Plan, counts: Floats) -> None:
    """Add to ``counts`` the number of rows with each pattern, group after group, as long as its table columns."""
    n = x.shape[0]
    ranks, index = aligned_words(columns.shape[0] * BLOCK), aligned_longs(BLOCK)
    positions, values = aligned_longs(BLOCK), aligned_doubles(BLOCK)
    for first in range(0, n, BLOCK):
        rows = min(BLOCK, n - first)
        rank_block(x, first, rows, thresholds, spans, columns, ranks, positions, values)
        read, group = 0, 0
        while read < plan.shape[0]:
            tests, wide, length = int(plan[read]), int(plan[read + 1]), int(plan[read + 2])
            _find_pattern(index, ranks, plan, read + 3, tests)
            for i in range(rows):
                counts[group + index[i]] += 1.0
            group += length
            read += 3 + 3 * tests + wide


@compiled
def explain_row(
    x: Floats,
    thresholds: Floats,
    spans: Ints,
    columns: Ints,
    plan: Plan,
    tables: Floats,
    base: float,
    ranks: Plan,
    rows: Ints,
    out: Floats,
) -> float:
    """Fill ``out`` (features + 1) for one row and return its margin.

    ``ranks`` (columns) and ``rows`` (groups) are working arrays: all patterns are found before any table is read, so
    that many reads are under way at a time.
    """
    _rank_row(x, thresholds, spans, columns, ranks)
    _find_rows(plan, ranks, rows)
    out[:] = 0.0
    read, group = np.uint64(0), np.uint64(0)
    while read < plan.shape[0]:
        tests, wide = plan[read], plan[read + np.uint64(1)]
        read += np.uint64(3 + 3 * tests)
        row = np.uint64(rows[group])
        group += np.uint64(1)
        for _ in range(wide):
            out[np.uint64(plan[read])] += tables[row]
            row += np.uint64(1)
            read += np.uint64(1)
    margin = float(out[-1])
    out[-1] = base
    return margin


@inlined
def _rank_row(x: Floats, thresholds: Floats, spans: Ints, columns: Ints, ranks: Plan) -> None:
    ranked, position = -1, np.int64(0)
    for column in range(columns.shape[0]):
        feature = columns[column, 0]
        value = _as_read(x[feature])
        if feature != ranked:
            start, step = spans[feature, 0], spans[feature, 1]
            position = np.int64(0)
            while step > 0:
                position += step if thresholds[start + position + step - 1] < value else 0
                step >>= 1
            ranked = feature
        ranks[column] = position if value == value else columns[column, 1]


@inlined
def _find_rows(plan: Plan, ranks: Plan, rows: Ints) -> None:
    """Find each group's row in the tables by pattern; unsigned indices need no check for negative ones."""
    read, group, start = np.uint64(0), np.uint64(0), 0
    while read < plan.shape[0]:
        tests, wide = plan[read], plan[read + np.uint64(1)]
        pattern = 0
        for c in range(tests):
            test = read + np.uint64(3 + 3 * c)
            # Below `low` the difference wraps to a large number, so one comparison tests both ends of the interval.
            apart = np.uint16(ranks[np.uint64(plan[test])] - plan[test + np.uint64(1)])
            pattern |= int(apart <= np.uint16(plan[test + np.uint64(2)])) << c
        rows[group] = start + pattern * int(wide)
        start += int(wide) * int(plan[read + np.uint64(2)])
        read += np.uint64(3 + 3 * tests + wide)
        group += np.uint64(1)
