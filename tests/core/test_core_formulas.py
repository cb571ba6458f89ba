"""Recorded formulas, computed by compiled code, have the bits of the functions that they were recorded from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from icsml.core.arithmetic import add, age, growth, known, product, ratio, scale, subtract
from icsml.core.formula_kernel import compute, count_known
from icsml.core.formulas import Trace

NUMBERS, DATES = ("a", "b", "c"), ("first", "last")
EDGES = [np.nan, np.inf, -np.inf, 0.0, -0.0, 5e-324, -5e-324, 1e-308, 1.0, -1.0, 3.0, 1.7e308, -1.7e308]
ANY = st.sampled_from(EDGES) | st.floats()
DAYS = st.sampled_from(["NaT", "2024-01-01", "2024-02-29", "1969-12-31", "1000-01-01"])
DAYS |= st.integers(-800_000, 3_000_000).map(lambda day: np.datetime64(day, "D"))
OF_TWO = (add, subtract, product, ratio, growth)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(OF_TWO), st.integers(0, 20), st.integers(0, 20)),
        st.tuples(st.sampled_from((add, subtract, product, ratio)), st.integers(0, 20), ANY.map(lambda x: (x,))),
        st.tuples(st.just(scale), st.integers(0, 20), ANY.map(lambda x: (x,))),
        st.tuples(st.just(known), st.integers(0, 20), st.none()),
        st.tuples(st.just(age), st.booleans(), st.sampled_from([1.0, 30.4375, 365.25]).map(lambda x: (x,))),
    ),
    min_size=1,
    max_size=12,
)


def values_of(steps: Sequence[tuple[Callable[..., Any], Any, Any]], columns: Any) -> list[Any]:
    """Numbers, and what each step makes of those before it; a number in brackets is a constant."""
    values = [columns[name] for name in NUMBERS]
    for function, first, second in steps:
        if function is age:
            dates = [columns[name] for name in (DATES if first else DATES[::-1])]
            values.append(age(*dates, *second))
            continue
        operands = [values[first % len(values)]]
        if second is not None:
            operands.append(second[0] if isinstance(second, tuple) else values[second % len(values)])
        values.append(function(*operands))
    return values


def computed(steps: Sequence[tuple[Callable[..., Any], Any, Any]], columns: dict[str, np.ndarray]) -> np.ndarray:
    trace = Trace()
    formulas = trace.formulas(values_of(steps, trace))
    numbers = [
        np.where(np.isnat(columns[name]), np.nan, columns[name].astype(np.int64)) if name in DATES else columns[name]
        for name in (*DATES, *NUMBERS)
    ]
    table, read = np.array(numbers), [(*DATES, *NUMBERS).index(name) for name in formulas.columns]
    result = np.full((len(formulas.results), table.shape[1]), 4711.0)
    compute(table, np.array(read, dtype=np.int64), formulas.constants, formulas.steps, formulas.results, result)
    return result


@settings(max_examples=300, deadline=None)
@given(
    STEPS,
    st.lists(st.tuples(ANY, ANY, ANY, DAYS, DAYS), min_size=1, max_size=8),
    st.sampled_from([1, 2, 8, 255, 256, 257, 700]),
)
@example([(scale, 0, (0.0,)), (scale, 0, (-0.0,))], [(1.0, 1.0, 1.0, "NaT", "NaT")], 1)
@example([(function, 0, 1) for function in OF_TWO], [(a, b, 0.0, "NaT", "NaT") for a in EDGES for b in EDGES], 256)
@example([(age, True, (1.0,)), (age, False, (365.25,))], [(0.0, 0.0, 0.0, "2024-01-01", "2024-01-02")], 1)
def test_compiled_formulas_have_the_bits_of_the_arithmetic(steps, cells, rows):
    cells = (cells * rows)[: max(rows, len(cells))]
    columns = {
        name: np.array(values, dtype="datetime64[D]" if name in DATES else np.float64)
        for name, values in zip((*NUMBERS, *DATES), zip(*cells, strict=True), strict=True)
    }
    results = computed(steps, columns)
    expected = values_of(steps, columns)
    assert len(results) == len(expected) > len(NUMBERS)
    for result, of_arrays in zip(results, expected, strict=True):
        assert result.tobytes() == np.broadcast_to(of_arrays, result.shape).tobytes()


def test_a_step_that_occurs_twice_is_computed_once() -> None:
    trace = Trace()
    first, again = add(trace["a"], trace["b"]), add(trace["a"], trace["b"])
    formulas = trace.formulas([first, again, scale(first, 2.0), scale(again, 2.0)])
    assert formulas.columns == ("a", "b")
    assert len(formulas.steps) == 2
    assert formulas.results[0] == formulas.results[1] != formulas.results[2]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(ANY, min_size=4, max_size=4), min_size=1, max_size=5), st.sets(st.integers(0, 3)))
def test_known_numbers_are_counted(cells, read):
    table, chosen = np.array(cells).T.copy(), sorted(read)
    counts = np.full(len(cells), 7, dtype=np.int64)
    count_known(table, np.array(chosen, dtype=np.int64), counts)
    assert counts.tolist() == [7 + sum(row[at] == row[at] or np.isinf(row[at]) for at in chosen) for row in cells]


@pytest.mark.parametrize(
    "other",
    [
        bool,
        float,
        len,
        list,
        np.asarray,
        np.nan_to_num,
        np.log,
        np.isnan,
        np.zeros_like,
        lambda symbol: np.where(True, symbol, 0.0),
        lambda symbol: np.clip(symbol, 0.0, 1.0),
        lambda symbol: np.ones(1) * symbol,
        lambda symbol: symbol == symbol,
        lambda symbol: symbol != 0.0,
        lambda symbol: symbol > 0.0,
        lambda symbol: symbol + 1.0,
        lambda symbol: 1.0 / symbol,
        lambda symbol: -symbol,
        lambda symbol: symbol[0],
        lambda symbol: add(symbol, np.zeros(2)),
        lambda symbol: add(symbol, None),
        lambda symbol: add(symbol),
        lambda symbol: add(symbol, symbol, symbol),
        lambda symbol: known(symbol, symbol),
        lambda symbol: add(Trace()["a"], symbol),
    ],
)
def test_nothing_else_may_be_done_with_a_symbol(other):
    trace = Trace()
    trace["before"]
    with pytest.raises(TypeError):
        other(trace["a"])
