"""Compiled checks of a decision are what their definitions say, in plain Python and NumPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from icsml.decision.pd_if_withheld import _words as in_words
from icsml.decision.required_kernel import Required, find_lacking
from icsml.decision.withheld_kernel import NO_RANK, STEPS, fill, find_lenders, find_nearest

FEW = st.sampled_from([math.nan, -1.0, 0.0, 0.5, 1.0, 1.0, 2.0, 3.0, math.inf])
VALUES = FEW | st.floats(-1e6, 1e6)


@st.composite
def searches(draw):
    """Reference rows, a record, weights, which rows lend, and how many are wanted."""
    rows, features = draw(st.integers(1, 60)), draw(st.integers(1, 5))
    cells = st.lists(st.lists(VALUES, min_size=features, max_size=features), min_size=rows, max_size=rows)
    one = st.lists(VALUES, min_size=features, max_size=features)
    weight = st.sampled_from([0.0, 0.0, 1.0, 3.0, 1e-3, 1e6]) | st.floats(0.0, 1e4)
    lends = draw(st.lists(st.booleans(), min_size=rows, max_size=rows).filter(any))
    weights = draw(st.lists(weight, min_size=features, max_size=features))
    wanted = draw(st.integers(1, sum(lends)))
    return np.array(draw(cells)), np.array(draw(one)), np.array(weights), np.array(lends), wanted


def prepared(reference):
    """What a search reads of reference rows: ranks, rounded, ordered, counts."""
    known, ordered = ~np.isnan(reference), np.sort(reference.T, axis=1)
    counts = known.sum(axis=0)
    ranks = np.full(reference.shape, np.nan)
    for row, column in zip(*np.nonzero(known), strict=True):
        values = reference[known[:, column], column]
        ranks[row, column] = (values <= reference[row, column]).sum() / len(values)
    rounded = np.where(known, np.rint(ranks * STEPS), NO_RANK).T.astype(np.uint8)
    return ranks, rounded.copy(), ordered, counts


def distances_to(reference, record, weights):
    """The exact distance of each row, the features summed in order."""
    ranks, *_ = prepared(reference)
    distances = np.zeros(len(reference))
    for column, value in enumerate(record):
        if not math.isnan(value):
            known = reference[~np.isnan(reference[:, column]), column]
            own = (known <= value).sum() / max(len(known), 1)
            apart = np.abs(ranks[:, column] - own)
            distances += weights[column] * np.where(np.isnan(apart), 0.5, apart)
    return distances


@settings(max_examples=400, deadline=None)
@given(searches())
@example((np.zeros((40, 2)), np.zeros(2), np.ones(2), np.ones(40, dtype=bool), 7))
@example((np.arange(40.0).reshape(-1, 1), np.full(1, math.nan), np.ones(1), np.arange(40) % 2 == 1, 9))
def test_the_nearest_rows_are_the_first_of_a_stable_sort_by_exact_distance(search):
    reference, record, weights, lends, wanted = search
    nearest = np.full(wanted, -1, dtype=np.int64)
    find_nearest(*prepared(reference), weights, record, lends, nearest)
    among = np.flatnonzero(lends)
    order = np.argsort(distances_to(reference, record, weights)[among], kind="stable")
    assert sorted(nearest.tolist()) == sorted(among[order[:wanted]].tolist())


def test_distances_closer_than_single_precision_are_told_apart():
    reference = np.arange(3000.0).reshape(-1, 1)
    other = np.random.default_rng(1).permutation(3000).astype(float).reshape(-1, 1)
    reference, record = np.hstack([reference, other]), np.array([1500.0, 1500.0])
    weights, lends = np.array([1e4, 1e-4]), np.ones(3000, dtype=bool)
    nearest = np.empty(101, dtype=np.int64)
    find_nearest(*prepared(reference), weights, record, lends, nearest)
    order = np.argsort(distances_to(reference, record, weights), kind="stable")
    assert set(nearest.tolist()) == set(order[:101].tolist())


@pytest.mark.parametrize("weight", [math.inf, math.nan, 1e39, 1.7e308])
@pytest.mark.parametrize("value", [0.0, 5.0, 99.0])
def test_whatever_the_weights_only_rows_that_lend_are_found(weight, value):
    reference = np.column_stack([np.arange(50.0) % 7, np.arange(50.0)])
    lends, nearest = np.arange(50) >= 20, np.empty(25, dtype=np.int64)
    find_nearest(*prepared(reference), np.array([weight, weight]), np.array([value, value]), lends, nearest)
    assert len(set(nearest.tolist())) == 25
    assert lends[nearest].all()


@settings(max_examples=200, deadline=None)
@given(searches(), st.sets(st.integers(0, 4)))
def test_rows_that_lend_have_every_absent_value_and_give_it(search, absent):
    reference, record, _, _, wanted = search
    columns = np.array(sorted(column for column in absent if column < len(record)), dtype=np.int64)
    lends = np.zeros(len(reference), dtype=np.bool_)
    lacked = np.isin(np.arange(len(record)), columns)
    count = find_lenders(in_words(~np.isnan(reference.T)), in_words(lacked[:, None])[:, 0].copy(), lends)
    expected = [not any(math.isnan(row[column]) for column in columns) for row in reference]
    assert lends.tolist() == expected
    assert count == sum(expected)
    rows, filled = np.arange(wanted)[::-1].copy(), np.empty((wanted, len(record)))
    fill(reference, rows, columns, record, filled)
    wanted_rows = [[reference[r, c] if c in columns else record[c] for c in range(len(record))] for r in rows]
    np.testing.assert_array_equal(filled, np.array(wanted_rows))


@st.composite
def demanded(draw):
    """A table of records, and groups of its fields: (field, is an amount, is required), with how many are needed."""
    fields, rows = draw(st.integers(1, 6)), draw(st.integers(1, 5))
    cell = st.sampled_from([math.nan, 0.0, -0.0, 1.0, -2.0, 5e-324])
    table = draw(st.lists(st.lists(cell, min_size=rows, max_size=rows), min_size=fields, max_size=fields))
    part = st.tuples(st.integers(0, fields - 1), st.booleans(), st.booleans())
    groups = draw(st.lists(st.tuples(st.lists(part, min_size=1, max_size=5), st.integers(0, 6)), max_size=4))
    return np.array(table), groups


def is_lacking(values, group):
    """Whether a record has too little for a group; amounts that are all zero or absent count as absent."""
    parts, least = group
    amounts = [values[field] for field, amount, _ in parts if amount]
    blank = bool(amounts) and all(math.isnan(value) or value == 0.0 for value in amounts)
    has = [not math.isnan(values[field]) and not (amount and blank) for field, amount, _ in parts]
    complete = all(given for given, (_, _, required) in zip(has, parts, strict=True) if required)
    return sum(has) < least or not complete


@settings(max_examples=300, deadline=None)
@given(demanded())
def test_too_little_for_a_grade_is_what_counting_gives(case):
    table, groups = case
    parts = [part for group, _ in groups for part in group]
    fields, amount, required = (list(column) for column in zip(*parts, strict=True)) if parts else ([], [], [])
    starts = np.cumsum([0, *(len(group) for group, _ in groups)])
    lacking = np.ones((len(groups), table.shape[1]), dtype=np.bool_)
    find_lacking(
        table,
        Required(
            np.array(fields, dtype=np.int64),
            starts.astype(np.int64),
            np.array(amount, dtype=np.bool_),
            np.array(required, dtype=np.bool_),
            np.array([least for _, least in groups], dtype=np.int64),
        ),
        lacking,
    )
    assert lacking.tolist() == [[is_lacking(values, group) for values in table.T] for group in groups]
