"""Instructions on a block of rows: search among thresholds, patterns, columns of tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from llvmlite import ir
from numba.core import cgutils

from icsml.explain.treeshap.vector_instructions import DOUBLES, LANES, LONG, LONGS, WORD, Emitter, instruction

__all__ = ["BLOCK", "add_columns", "find_pattern", "search_step"]

BLOCK: Final = 64
"""Rows that are worked on together."""

_STARTS: Final = range(0, BLOCK, LANES)
_WORDS = ir.VectorType(WORD, BLOCK)
_ZERO = ir.Constant(LONGS, [0] * LANES)


@instruction
def search_step(emitter: Emitter, positions: Any, values: Any, thresholds: Any, at: Any, step: Any) -> None:
    """``positions[i] += step`` where ``thresholds[at + positions[i] + step - 1] < values[i]``."""
    builder = emitter.builder
    first, steps = emitter.at(thresholds, at, step, -1), emitter.splat(step)
    for start in _STARTS:
        position = emitter.load(emitter.at(positions, start), LONGS)
        value = emitter.load(emitter.at(values, start), DOUBLES)
        above = builder.fcmp_ordered("<", emitter.look_up(first, position), value)
        emitter.store(emitter.at(positions, start), builder.add(position, builder.select(above, steps, _ZERO)))


def _pattern_finder(tests: int) -> Callable[[tuple[Any, ...]], None]:
    @instruction
    def find(emitter: Emitter, index: Any, ranks: Any, plan: Any, at: Any) -> None:
        builder = emitter.builder
        none = ir.Constant(_WORDS, [0] * BLOCK)
        codes: Any = none
        for test in range(tests):
            column, low, width = (builder.load(emitter.at(plan, at, 3 * test + i)) for i in range(3))
            start = builder.mul(builder.sext(column, LONG), LONG(BLOCK))
            rank = emitter.load(emitter.at(ranks, start), _WORDS)
            lowest, widest = (emitter.splat(builder.trunc(bound, WORD), BLOCK) for bound in (low, width))
            # Below the interval the difference wraps to a large number: one comparison tests both ends.
            holds = builder.icmp_unsigned("<=", builder.sub(rank, lowest), widest)
            codes = builder.or_(codes, builder.select(holds, ir.Constant(_WORDS, [1 << test] * BLOCK), none))
        emitter.store(index, builder.zext(codes, ir.VectorType(LONG, BLOCK)))

    return find


find_pattern: Final = {tests: _pattern_finder(tests) for tests in (4, 5, 6, 8, 12)}
"""By number of tests: ``index[i]`` becomes the pattern of row i.

Bit c is set where ``ranks[plan[at + 3c] * BLOCK + i] - plan[at + 3c + 1]``, wrapped to 16 bits, is at most
``plan[at + 3c + 2]``.
"""


def _columns_adder(kept: int) -> Callable[[tuple[Any, ...]], None]:
    @instruction
    def add(
        emitter: Emitter, sums: Any, plan: Any, at: Any, width: Any, tables: Any, table: Any, length: Any, index: Any
    ) -> None:
        builder = emitter.builder
        rows = [emitter.load(emitter.at(index, start), LONGS) for start in _STARTS]
        first = emitter.at(tables, table)
        with cgutils.for_range(builder, width) as loop:
            target = builder.sext(builder.load(emitter.at(plan, at, loop.index)), LONG)
            into = emitter.at(sums, builder.mul(target, LONG(BLOCK)))
            column = emitter.at(first, builder.mul(loop.index, length))
            for start, row in zip(_STARTS, rows, strict=True):
                emitter.add(emitter.at(into, start), emitter.look_up(column, row, kept))

    return add


add_columns: Final = {kept: _columns_adder(kept) for kept in (0, 16, 32, 64)}
"""By patterns kept in registers (0: none): ``sums[plan[at + c] * BLOCK + i] += tables[table + c * length + index[i]]``
for each column c below ``width``."""
