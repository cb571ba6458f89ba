"""Splits: out of time with an embargo, stratified folds without divided groups, blocks of time."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from icsml.core.arrays import Array, Flags, Ints
from icsml.errors import InputError

__all__ = [
    "DEFAULT_EMBARGO_MONTHS",
    "OutOfTime",
    "content_groups",
    "dataset_groups",
    "grouped_folds",
    "label_lookahead",
    "months_before",
    "out_of_time",
    "time_blocks",
]

DEFAULT_EMBARGO_MONTHS = 12

Folds = Ints


@dataclass(frozen=True, slots=True)
class OutOfTime:
    """Rows of training, embargo and test; arrays of bool of shape (n,), each row in one."""

    train: Flags
    dropped: Flags
    test: Flags


def months_before(day: date, months: int) -> date:
    """Return the day that many calendar months earlier, or that month's last day where it is shorter."""
    month = np.datetime64(day, "M") - months
    last = (month + 1).astype("datetime64[D]") - np.timedelta64(1, "D")
    same = month.astype("datetime64[D]") + np.timedelta64(day.day - 1, "D")
    earlier: date = min(same, last).item()
    return earlier


def out_of_time(as_of: ArrayLike, test_from: date, embargo_months: int | None = None) -> OutOfTime:
    """Split rows by decision date.

    Parameters
    ----------
    as_of : array_like of datetime64 of shape (n,)
        Decision dates.
    test_from : date
        First decision date of the test.
    embargo_months : int, optional
        Rows decided within these months before ``test_from`` are dropped: their outcome was not known on it.

    Raises
    ------
    InputError
        If a row has no date, or no row is left to train or to test on.
    """
    days = np.asarray(as_of, dtype="datetime64[D]")
    if np.isnat(days).any():
        raise InputError(
            "ICS-DAT-020",
            "an out-of-time split needs a decision date in every row",
            field="as_of",
            remedy="date the rows, or split by folds",
        )
    embargo = DEFAULT_EMBARGO_MONTHS if embargo_months is None else embargo_months
    train = days < np.datetime64(months_before(test_from, embargo), "D")
    test = days >= np.datetime64(test_from, "D")
    if not train.any() or not test.any():
        what = "before the embargo to train on" if not train.any() else "from it on to test on"
        raise InputError("ICS-DAT-021", f"no row is dated {what}", field="split.test_from", remedy="move the date")
    return OutOfTime(train, ~train & ~test, test)


def label_lookahead(train: ArrayLike, bad: ArrayLike, event_date: ArrayLike, test_from: date) -> int | None:
    """Count training events dated after the test began: labels that nobody could have known by then.

    Parameters
    ----------
    train : array_like of bool of shape (n,)
        Training rows.
    bad : array_like of float of shape (n,)
        1 where the event happened, NaN where the outcome was never seen.
    event_date : array_like of datetime64 of shape (n,)
        When it happened; NaT where not known.
    test_from : date
        First decision date of the test.

    Returns
    -------
    int or None
        None where no event has a date.
    """
    days = np.asarray(event_date, dtype="datetime64[D]")
    if np.isnat(days).all():
        return None
    events = np.asarray(train, dtype=bool) & (np.asarray(bad, dtype=float) == 1)
    return int((events & (days > np.datetime64(test_from, "D"))).sum())


def grouped_folds(y: ArrayLike, groups: ArrayLike, k: int, seed: int) -> Folds:
    """Deal groups into stratified folds.

    Groups are dealt by their rarest class, largest first, each to the fold that has least of that class; so the
    count of the rarest class differs between folds by no more than the size of one group.

    Parameters
    ----------
    y : array_like of shape (n,)
        Class of each row.
    groups : array_like of shape (n,)
        Group of each row; a group is never divided.
    k : int
        Number of folds.
    seed : int
        Decides ties.

    Returns
    -------
    ndarray of int of shape (n,)
        Fold of each row, 0 to k - 1.

    Raises
    ------
    InputError
        If a class is missing somewhere, or there are fewer groups than folds.
    """
    labels = np.asarray(y)
    if pd.isna(labels).any():
        raise InputError(
            "ICS-DAT-022",
            "a row without an outcome cannot be stratified",
            field="bad",
            remedy="leave unlabelled rows out before dealing folds",
        )
    codes = pd.factorize(np.asarray(groups))[0]
    classes = np.unique(labels, return_inverse=True)[1]
    number = int(codes.max(initial=-1)) + 1
    if number < k:
        raise InputError(
            "ICS-DAT-022",
            f"{number} groups cannot be dealt into {k} folds",
            field="split.folds",
            remedy="ask for fewer folds",
        )
    kinds = int(classes.max()) + 1
    counts = np.bincount(codes * kinds + classes, minlength=number * kinds).reshape(number, kinds)
    return _dealt(counts, k, np.random.default_rng(seed))[codes]


def _dealt(counts: Ints, k: int, rng: np.random.Generator) -> Folds:
    """Return the fold of each group, given its rows by class, of shape (groups, classes)."""
    by_rarity = np.argsort(counts.sum(axis=0), kind="stable")
    rarest = by_rarity[(counts[:, by_rarity] > 0).argmax(axis=1)]
    sizes = counts.sum(axis=1)
    folds = np.zeros(len(counts), dtype=np.int64)
    load = np.zeros((k, counts.shape[1]), dtype=np.int64)
    for kind in by_rarity:
        members = rng.permutation(np.flatnonzero(rarest == kind))
        order = members[np.lexsort((-sizes[members], -counts[members, kind]))]
        ties = rng.permutation(k)
        heap = [(int(load[f, kind]), int(load[f].sum()), int(ties[f]), f) for f in range(k)]
        heapq.heapify(heap)
        for group in order:
            of_class, total, tie, fold = heap[0]
            folds[group] = fold
            heapq.heapreplace(heap, (of_class + int(counts[group, kind]), total + int(sizes[group]), tie, fold))
        np.add.at(load, folds[order], counts[order])
    return folds


def content_groups(frame: pd.DataFrame) -> Folds:
    """Group rows of equal content, so that duplicates stay together; the identifier is no content.

    Parameters
    ----------
    frame : DataFrame of shape (n, any)
        Records.

    Returns
    -------
    ndarray of int of shape (n,)
        Group numbers in order of first appearance.
    """
    content = frame.drop(columns="enterprise_id", errors="ignore")
    hashes = pd.util.hash_pandas_object(content, index=False).to_numpy()
    groups: Folds = pd.factorize(hashes)[0].astype(np.int64)
    return groups


def dataset_groups(enterprises: pd.DataFrame, *, grouped: bool) -> Array:
    """Return the groups that a split must not divide: the enterprise where rows have one, else equal content."""
    if grouped:
        return enterprises["enterprise_id"].to_numpy(dtype=object)
    return content_groups(enterprises)


def time_blocks(as_of: ArrayLike, k: int) -> Folds:
    """Divide rows into consecutive blocks of time with about equal numbers of rows; a date is never divided.

    Parameters
    ----------
    as_of : array_like of datetime64 of shape (n,)
        Decision dates.
    k : int
        Number of blocks.

    Returns
    -------
    ndarray of int of shape (n,)
        Block of each row, 0 (earliest) to at most k - 1, without gaps.

    Raises
    ------
    InputError
        If a row has no date.
    """
    days = np.asarray(as_of, dtype="datetime64[D]")
    if np.isnat(days).any():
        raise InputError(
            "ICS-DAT-020",
            "blocks of time need a decision date in every row",
            field="as_of",
            remedy="date the rows, or use folds",
        )
    _, code, count = np.unique(days, return_inverse=True, return_counts=True)
    middle = np.cumsum(count) - count / 2
    block = np.minimum((middle * k / len(days)).astype(np.int64), k - 1)
    return np.unique(block, return_inverse=True)[1].astype(np.int64)[code]
