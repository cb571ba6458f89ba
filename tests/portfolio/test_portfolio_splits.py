"""Splits: embargo, folds that keep groups whole and classes level, blocks of time."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icsml.errors import InputError
from icsml.portfolio.splits import (
    content_groups,
    dataset_groups,
    grouped_folds,
    label_lookahead,
    months_before,
    out_of_time,
    time_blocks,
)

DAYS = st.dates(date(2000, 1, 1), date(2020, 12, 31))


def as_days(days: list[date]) -> np.ndarray:
    return np.array(days, dtype="datetime64[D]")


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2015, 1, 1), 12, date(2014, 1, 1)),
        (date(2015, 3, 31), 1, date(2015, 2, 28)),
        (date(2016, 3, 31), 1, date(2016, 2, 29)),
        (date(2015, 3, 15), 3, date(2014, 12, 15)),
        (date(2015, 3, 15), 0, date(2015, 3, 15)),
        (date(1970, 1, 31), 2, date(1969, 11, 30)),
    ],
)
def test_months_before(day, months, expected):
    assert months_before(day, months) == expected


@settings(max_examples=60, deadline=None)
@given(days=st.lists(DAYS, min_size=1, max_size=40), test_from=DAYS, months=st.integers(0, 60))
def test_every_row_trains_or_is_dropped_or_tests(days, test_from, months):
    as_of = as_days(days)
    edge = months_before(test_from, months)
    trains, tests = [day < edge for day in days], [day >= test_from for day in days]
    if not any(trains) or not any(tests):
        with pytest.raises(InputError, match="ICS-DAT-021"):
            out_of_time(as_of, test_from, months)
        return
    split = out_of_time(as_of, test_from, months)
    assert split.train.tolist() == trains
    assert split.test.tolist() == tests
    np.testing.assert_array_equal(split.train.astype(int) + split.dropped + split.test, 1)


def test_the_embargo_defaults_to_a_year():
    as_of = as_days([date(2013, 12, 31), date(2014, 1, 1), date(2015, 1, 1)])
    split = out_of_time(as_of, date(2015, 1, 1))
    assert split.dropped.tolist() == [False, True, False]


def test_an_undated_row_cannot_be_split_by_time():
    as_of = np.array(["2014-01-01", "NaT"], dtype="datetime64[D]")
    with pytest.raises(InputError, match="ICS-DAT-020"):
        out_of_time(as_of, date(2015, 1, 1), 0)
    with pytest.raises(InputError, match="ICS-DAT-020"):
        time_blocks(as_of, 2)


def test_only_training_events_after_the_test_began_look_ahead():
    train = [True, True, True, True, False, True]
    bad = [1, 1, 1, 0, 1, np.nan]
    when = np.array(
        ["2015-01-02", "2015-01-01", "NaT", "2016-01-01", "2016-01-01", "2016-01-01"], dtype="datetime64[D]"
    )
    assert label_lookahead(train, bad, when, date(2015, 1, 1)) == 1
    assert label_lookahead(train, bad, np.full(6, np.datetime64("NaT")), date(2015, 1, 1)) is None


@st.composite
def pure_groups(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Rows whose groups each hold one class, as a data set with one row a firm or with duplicates."""
    sizes = draw(st.lists(st.integers(1, 5), min_size=12, max_size=60))
    labels = draw(st.lists(st.integers(0, 1), min_size=len(sizes), max_size=len(sizes)))
    order = draw(st.permutations(range(sum(sizes))))
    return np.repeat(labels, sizes)[list(order)], np.repeat(np.arange(len(sizes)), sizes)[list(order)]


def spread(y: np.ndarray, groups: np.ndarray, folds: np.ndarray, k: int, label: int) -> tuple[float, int]:
    """Return the largest distance of a fold's class count from the ideal, and what the largest group holds of it."""
    counts = np.bincount(folds[y == label], minlength=k)
    largest = int(pd.Series(y == label).groupby(groups).sum().max())
    return float(np.abs(counts - counts.mean()).max()), largest


@settings(max_examples=60, deadline=None)
@given(rows=pure_groups(), k=st.integers(2, 10), seed=st.integers(0, 99))
def test_groups_stay_whole_and_every_class_is_level_within_one_group(rows, k, seed):
    y, groups = rows
    folds = grouped_folds(y, groups, k, seed)
    assert (pd.Series(folds).groupby(groups).nunique() == 1).all()
    assert set(folds) <= set(range(k))
    for label in np.unique(y):
        off, largest = spread(y, groups, folds, k, label)
        assert off <= largest


@settings(max_examples=60, deadline=None)
@given(
    y=st.lists(st.integers(0, 1), min_size=30, max_size=150),
    firms=st.integers(12, 30),
    k=st.integers(2, 8),
    seed=st.integers(0, 99),
)
def test_the_rarest_class_is_level_even_if_groups_mix_classes(y, firms, k, seed):
    labels = np.array(y)
    groups = np.arange(len(labels)) % firms
    folds = grouped_folds(labels, groups, k, seed)
    assert (pd.Series(folds).groupby(groups).nunique() == 1).all()
    rarest = int(labels.sum() <= len(labels) / 2 - 0.5) if 0 < labels.sum() < len(labels) else int(labels[0])
    off, largest = spread(labels, groups, folds, k, rarest)
    assert off <= largest


@settings(max_examples=30, deadline=None)
@given(n=st.integers(20, 200), k=st.integers(2, 10), seed=st.integers(0, 9))
def test_single_rows_are_dealt_evenly(n, k, seed):
    y = (np.arange(n) % 7 == 0).astype(int)
    folds = grouped_folds(y, np.arange(n), k, seed)
    for label in (0, 1):
        counts = np.bincount(folds[y == label], minlength=k)
        assert counts.max() - counts.min() <= 1


def test_folds_are_the_same_for_a_seed_and_differ_between_seeds():
    y = (np.arange(200) % 9 == 0).astype(float)
    first, again, other = (grouped_folds(y, np.arange(200), 5, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_folds_refuse_unlabelled_rows_and_too_few_groups():
    with pytest.raises(InputError, match="ICS-DAT-022 bad"):
        grouped_folds([0, 1, np.nan], [1, 2, 3], 2, 0)
    with pytest.raises(InputError, match=r"ICS-DAT-022 split\.folds"):
        grouped_folds([0, 1, 0], [1, 1, 2], 3, 0)


def test_rows_of_equal_content_are_one_group_whatever_their_identifier():
    frame = pd.DataFrame(
        {"enterprise_id": list("abcd"), "as_of": pd.NaT, "x": [1.0, np.nan, 1.0, np.nan], "t": ["p", None, "p", "q"]}
    )
    assert content_groups(frame).tolist() == [0, 1, 0, 2]
    assert dataset_groups(frame, grouped=False).tolist() == [0, 1, 0, 2]
    assert dataset_groups(frame, grouped=True).tolist() == list("abcd")


@settings(max_examples=60, deadline=None)
@given(days=st.lists(DAYS, min_size=1, max_size=80), k=st.integers(1, 8))
def test_blocks_of_time_are_consecutive_and_never_divide_a_date(days, k):
    as_of = as_days(days)
    block = time_blocks(as_of, k)
    order = np.argsort(as_of, kind="stable")
    assert (np.diff(block[order]) >= 0).all()
    assert set(block) == set(range(block.max() + 1))
    assert block.max() < k
    assert (pd.Series(block).groupby(as_of).nunique() == 1).all()


def test_blocks_of_distinct_dates_are_of_equal_size():
    as_of = np.datetime64("2015-01-01") + np.random.default_rng(0).permutation(60)
    assert np.bincount(time_blocks(as_of, 5)).tolist() == [12] * 5


def test_single_rows_make_up_for_what_a_mixed_group_brought():
    labels = np.array([1, *[0] * 10, 1, *[0] * 30])
    groups = np.array([0] * 11 + list(range(1, 32)))
    folds = grouped_folds(labels, groups, 2, 0)
    assert np.bincount(folds[labels == 0]).tolist() == [20, 20]
    assert np.bincount(folds[labels == 1]).tolist() == [1, 1]
