"""Instructions of a walk through trees on a few rows: states of conditions, products down, sums up.

A *state* of a feature at an edge is: 2 all its conditions so far are true, 1 those above are and this one is not, 0
those above are false. *Constants* of an edge are eight a node of quadrature: four by state, and four more by state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from llvmlite import ir
from numba.core import cgutils

from icsml.explain.treeshap.vector_instructions import DOUBLES, LANES, LONG, LONGS, WORD, Emitter, instruction

__all__ = ["FEW", "enter", "go_down", "meet_first", "meet_next", "rise_first", "rise_next", "settle"]

FEW: Final = 32
"""Rows that walk together: the data of their path stays in the nearest cache."""

_STARTS: Final = range(0, FEW, LANES)
_TERMS: Final = 4  # where the second half of an edge's constants begins
_HELD = ir.Constant(LONGS, [2] * LANES)


@instruction
def enter(
    emitter: Emitter,
    states: Any,
    to: Any,
    before: Any,
    reach: Any,
    above: Any,
    ranks: Any,
    column: Any,
    low: Any,
    width: Any,
) -> None:
    """``states[to + i]`` from those at ``before``; ``reach[to + i]`` is 2 where the row comes down the edge, else 0."""
    builder = emitter.builder
    words, longs = ir.VectorType(WORD, FEW), ir.VectorType(LONG, FEW)
    none, one, two = (ir.Constant(longs, [value] * FEW) for value in range(3))
    rank = emitter.load(emitter.at(ranks, column), words)
    lowest, widest = (emitter.splat(builder.trunc(bound, WORD), FEW) for bound in (low, width))
    holds = builder.icmp_unsigned("<=", builder.sub(rank, lowest), widest)
    all_above = builder.icmp_unsigned("==", emitter.load(emitter.at(states, before), longs), two)
    emitter.store(emitter.at(states, to), builder.select(all_above, builder.select(holds, two, one), none))
    reached = emitter.load(emitter.at(reach, above), longs)
    emitter.store(emitter.at(reach, to), builder.select(holds, reached, none))


@instruction
def settle(
    emitter: Emitter,
    sums: Any,
    at: Any,
    reach: Any,
    above: Any,
    states: Any,
    state: Any,
    value: Any,
    other: Any,
) -> None:
    """Where ``reach[above + i]`` is 2: ``sums[at + i] += value`` in state 2, and ``other`` in state 1."""
    builder = emitter.builder
    worth, less = emitter.splat(value), emitter.splat(other)
    for start in _STARTS:
        reached = builder.icmp_unsigned("==", emitter.load(emitter.at(reach, above, start), LONGS), _HELD)
        holds = builder.icmp_unsigned("==", emitter.load(emitter.at(states, state, start), LONGS), _HELD)
        given = builder.select(reached, builder.select(holds, worth, less), ir.Constant(DOUBLES, [0.0] * LANES))
        emitter.add(emitter.at(sums, at, start), given)


@instruction
def go_down(
    emitter: Emitter,
    products: Any,
    to: Any,
    at: Any,
    constants: Any,
    made: Any,
    states: Any,
    state: Any,
    nodes: Any,
) -> None:
    """At each node: ``products[to + i] = products[at + i] * factor`` by state."""
    state_flags = _states(emitter, states, state)
    with _each_node(emitter, nodes, emitter.at(constants, made)) as (skip, here):
        for start, flags in zip(_STARTS, state_flags, strict=True):
            product = emitter.load(emitter.at(products, at, skip, start), DOUBLES)
            factor = emitter.look_up(here, flags, LANES)
            emitter.store(emitter.at(products, to, skip, start), emitter.builder.fmul(product, factor))


def _leaf_meeter(keep: Callable[[Emitter, Any, Any], None]) -> Callable[[tuple[Any, ...]], None]:
    @instruction
    def meet(
        emitter: Emitter,
        products: Any,
        below: Any,
        at: Any,
        constants: Any,
        made: Any,
        states: Any,
        state: Any,
        nodes: Any,
        sums: Any,
        feature: Any,
    ) -> None:
        state_flags, totals = _states(emitter, states, state), _totals(emitter)
        with _each_node(emitter, nodes, emitter.at(constants, made)) as (skip, here):
            for start, flags, total in zip(_STARTS, state_flags, totals, strict=True):
                product = emitter.load(emitter.at(products, at, skip, start), DOUBLES)
                weight = emitter.look_up(here, flags, LANES)
                keep(emitter, emitter.at(below, at, skip, start), emitter.builder.fmul(product, weight))
                _count(emitter, total, product, here, flags)
        _give(emitter, sums, feature, totals)

    return meet


def _riser(keep: Callable[[Emitter, Any, Any], None]) -> Callable[[tuple[Any, ...]], None]:
    @instruction
    def rise(
        emitter: Emitter,
        below: Any,
        to: Any,
        at: Any,
        constants: Any,
        made: Any,
        states: Any,
        state: Any,
        nodes: Any,
        sums: Any,
        feature: Any,
    ) -> None:
        state_flags, totals = _states(emitter, states, state), _totals(emitter)
        with _each_node(emitter, nodes, emitter.at(constants, made)) as (skip, here):
            for start, flags, total in zip(_STARTS, state_flags, totals, strict=True):
                given = emitter.load(emitter.at(below, at, skip, start), DOUBLES)
                keep(emitter, emitter.at(below, to, skip, start), given)
                _count(emitter, total, given, here, flags)
        _give(emitter, sums, feature, totals)

    return rise


meet_first, meet_next = _leaf_meeter(Emitter.store), _leaf_meeter(Emitter.add)
"""At each node ``below[at + i]`` becomes, or gains, ``products[at + i]`` times the first constant by state; the sum of
``products[at + i]`` times the second is added to ``sums[feature + i]``."""

rise_first, rise_next = _riser(Emitter.store), _riser(Emitter.add)
"""At each node ``below[to + i]`` becomes, or gains, ``below[at + i]``; the sum of ``below[at + i]`` times the second
constant by state is added to ``sums[feature + i]``."""


def _states(emitter: Emitter, states: Any, state: Any) -> list[Any]:
    return [emitter.load(emitter.at(states, state, start), LONGS) for start in _STARTS]


@contextmanager
def _each_node(emitter: Emitter, nodes: Any, constants: Any) -> Iterator[tuple[Any, Any]]:
    """Loop over the quadrature nodes with each one's row offset and the pointer to its constants."""
    builder = emitter.builder
    with cgutils.for_range(builder, nodes) as loop:
        yield (
            builder.mul(loop.index, LONG(FEW)),
            emitter.at(constants, builder.mul(loop.index, LONG(2 * _TERMS))),
        )


def _totals(emitter: Emitter) -> list[Any]:
    """Return a sum for each vector of rows, zero at first; the compiler keeps it in registers."""
    totals = [cgutils.alloca_once(emitter.builder, DOUBLES) for _ in _STARTS]  # type: ignore[no-untyped-call]
    for total in totals:
        emitter.builder.store(ir.Constant(DOUBLES, [0.0] * LANES), total)
    return totals


def _count(emitter: Emitter, total: Any, value: Any, here: Any, states: Any) -> None:
    """Add to a total the value times the second constant by state."""
    term = emitter.look_up(emitter.at(here, _TERMS), states, LANES)
    emitter.builder.store(emitter.builder.fadd(emitter.builder.load(total), emitter.builder.fmul(value, term)), total)


def _give(emitter: Emitter, sums: Any, feature: Any, totals: list[Any]) -> None:
    for start, total in zip(_STARTS, totals, strict=True):
        emitter.add(emitter.at(sums, feature, start), emitter.builder.load(total))
