"""Loops over rows by walks, a few rows at a time: :class:`icsml.explain.treeshap.tree_walk.Walk`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from icsml.core.arrays import Floats, Int32s, Ints
from icsml.core.compilation import compiled, inlined
from icsml.explain.treeshap.table_instructions import BLOCK
from icsml.explain.treeshap.table_kernels import aligned_doubles, aligned_longs, aligned_words, rank_block
from icsml.explain.treeshap.tree_walk import (
    BEFORE,
    COLUMN,
    CONSTANTS,
    DEPTH,
    DOWN,
    FEATURE,
    FIRST,
    KIND,
    LEAF,
    LOW,
    NODES,
    UP,
    WIDTH,
)
from icsml.explain.treeshap.walk_instructions import (
    FEW,
    enter,
    go_down,
    meet_first,
    meet_next,
    rise_first,
    rise_next,
    settle,
)

__all__ = ["walk_margins", "walk_rows"]

Steps = Int32s
Words = NDArray[np.uint16]


@compiled
def walk_rows(
    x: Floats,
    thresholds: Floats,
    spans: Ints,
    columns: Ints,
    steps: Steps,
    values: Floats,
    constants: Floats,
    depth: int,
    nodes: int,
    base: float,
    out: Floats,
    margins: Floats,
) -> None:
    """Fill ``out`` (rows × (features + 1)) and ``margins`` (rows)."""
    n, width = x.shape[0], out.shape[1]
    ranks = aligned_words(columns.shape[0] * BLOCK)
    positions, given = aligned_longs(BLOCK), aligned_doubles(BLOCK)
    states, reach = aligned_longs((depth + 1) * FEW), aligned_longs((depth + 1) * FEW)
    states[:], reach[:] = 2, 2  # at the roots, without conditions
    level = nodes * FEW
    products, below = aligned_doubles((depth + 1) * level), aligned_doubles((depth + 1) * level)
    products[:] = 1.0
    sums = aligned_doubles(width * FEW)
    for first in range(0, n, BLOCK):
        rows = min(BLOCK, n - first)
        rank_block(x, first, rows, thresholds, spans, columns, ranks, positions, given)
        for few in range(0, rows, FEW):
            sums[:] = 0.0
            _walk(steps, values, constants, ranks, few, level, states, reach, products, below, sums)
            for i in range(min(FEW, rows - few)):
                row = first + few + i
                margins[row] = sums[(width - 1) * FEW + i]
                for feature in range(width - 1):
                    out[row, feature] = sums[feature * FEW + i]
                out[row, width - 1] = base


@inlined
def _walk(
    steps: Steps,
    values: Floats,
    constants: Floats,
    ranks: Words,
    few: int,
    level: int,
    states: Ints,
    reach: Ints,
    products: Floats,
    below: Floats,
    sums: Floats,
) -> None:
    margin = sums.shape[0] - FEW
    # State and reach of an edge are at the depth of its lower end, products and sums of leaves at the depth of a node:
    # what one branch leaves there the next one at the same depth overwrites.
    for step in range(steps.shape[0]):
        kind, depth, feature, nodes = (
            steps[step, KIND],
            int(steps[step, DEPTH]),
            int(steps[step, FEATURE]),
            int(steps[step, NODES]),
        )
        made, first = steps[step, CONSTANTS], steps[step, FIRST]
        above, here = depth * FEW, (depth + 1) * FEW
        at, to = depth * level, (depth + 1) * level
        if feature < 0:
            for i in range(FEW):
                sums[margin + i] += values[step, 0]
            continue
        if kind != UP:
            column = int(steps[step, COLUMN]) * BLOCK + few
            enter(
                (
                    states,
                    here,
                    steps[step, BEFORE] * FEW,
                    reach,
                    above,
                    ranks,
                    column,
                    steps[step, LOW],
                    steps[step, WIDTH],
                )
            )
        if kind == DOWN:
            go_down((products, to, at, constants, made, states, here, nodes))
        elif kind == LEAF:
            settle((sums, margin, reach, above, states, here, values[step, 0], values[step, 1]))
            if first:
                meet_first((products, below, at, constants, made, states, here, nodes, sums, feature * FEW))
            else:
                meet_next((products, below, at, constants, made, states, here, nodes, sums, feature * FEW))
        elif first:
            rise_first((below, at, to, constants, made, states, here, nodes, sums, feature * FEW))
        else:
            rise_next((below, at, to, constants, made, states, here, nodes, sums, feature * FEW))


@compiled
def walk_margins(
    x: Floats,
    thresholds: Floats,
    spans: Ints,
    columns: Ints,
    steps: Steps,
    values: Floats,
    depth: int,
    margins: Floats,
) -> None:
    """Fill ``margins`` (rows)."""
    n = x.shape[0]
    ranks = aligned_words(columns.shape[0] * BLOCK)
    positions, given = aligned_longs(BLOCK), aligned_doubles(BLOCK)
    states, reach = aligned_longs((depth + 1) * FEW), aligned_longs((depth + 1) * FEW)
    states[:], reach[:] = 2, 2
    sums = aligned_doubles(FEW)
    for first in range(0, n, BLOCK):
        rows = min(BLOCK, n - first)
        rank_block(x, first, rows, thresholds, spans, columns, ranks, positions, given)
        for few in range(0, rows, FEW):
            sums[:] = 0.0
            _reach_leaves(steps, values, ranks, few, states, reach, sums)
            for i in range(min(FEW, rows - few)):
                margins[first + few + i] = sums[i]


@inlined
def _reach_leaves(
    steps: Steps, values: Floats, ranks: Words, few: int, states: Ints, reach: Ints, sums: Floats
) -> None:
    for step in range(steps.shape[0]):
        if steps[step, KIND] == UP:
            continue
        if steps[step, FEATURE] < 0:
            for i in range(FEW):
                sums[i] += values[step, 0]
            continue
        above = int(steps[step, DEPTH]) * FEW
        here, column = above + FEW, int(steps[step, COLUMN]) * BLOCK + few
        enter(
            (states, here, steps[step, BEFORE] * FEW, reach, above, ranks, column, steps[step, LOW], steps[step, WIDTH])
        )
        if steps[step, KIND] == LEAF:
            settle((sums, 0, reach, above, states, here, values[step, 0], values[step, 1]))
