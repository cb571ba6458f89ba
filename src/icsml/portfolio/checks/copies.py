"""Rows that occur in the data set more than once: under another firm, and on both sides of the split."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from icsml.core.arrays import Flags, Ints
from icsml.portfolio.checks.check_config import CheckConfig
from icsml.portfolio.checks.check_data import CheckData
from icsml.portfolio.checks.phrases import percent
from icsml.portfolio.splits import dataset_groups, grouped_folds
from icsml.records.dataset import FoldSplit

__all__ = ["copied_firm", "split_overlap"]

_FEWEST_COLUMNS = 3


@dataclass(frozen=True, slots=True)
class _Copies:
    """Rows whose amounts are those of another row: the rows, their content by number, and the columns compared."""

    rows: Ints
    content: Ints
    columns: int


def copied_firm(data: CheckData, config: CheckConfig) -> Iterator[str]:
    """Find firms whose amounts occur under another identifier.

    Purpose
        The same firm under two numbers is counted twice, and its rows fall on both sides of a split.
    Method
        Equality, to the last digit, of all features that are amounts or other measured figures. A row counts only
        with ``min_values`` figures that are known and not zero, since empty records are equal.
    Reading
        How many rows and identifiers. Where rows have no identity of their own, every copy counts.
    Limits
        A copy with one figure changed is not seen, nor one in a table of codes and small counts only.
    """
    copies = _copies(data, config)
    if copies is None:
        return
    firm = data.firms[copies.rows]
    shared = _spans(copies.content, firm)
    if not shared.any():
        return
    n, compared = int(shared.sum()), f"to the last digit ({copies.columns} columns compared)"
    if data.meta.grouped:
        firms = len(np.unique(firm[shared]))
        yield f"{n:,} rows of {firms:,} firms hold the figures of a row under another enterprise_id, {compared}"
    else:
        yield f"{n:,} rows hold the figures of another row, {compared}"


def split_overlap(data: CheckData, config: CheckConfig) -> Iterator[str]:
    """Find rows whose amounts occur on both sides of the split.

    Purpose
        A test on rows that were trained on measures memory.
    Method
        Content as in ``copied_firm``, under any firm. Out of time: test rows that equal a training row. Folds: the
        folds are dealt as training deals them, and rows count that equal a row of another fold.
    Reading
        The share of the rows tested.
    Limits
        Those of ``copied_firm``.
    """
    copies = _copies(data, config)
    if copies is None:
        return
    if data.out_of_time is not None:
        train, test = data.out_of_time.train, data.out_of_time.test
        again = np.isin(copies.content[test[copies.rows]], copies.content[train[copies.rows]])
        share, what = float(again.sum() / test.sum()), "the test rows hold the figures of a training row"
    elif isinstance(data.meta.split, FoldSplit):
        share = _across_folds(data, copies, data.meta.split)
        what = "the rows hold the figures of a row in another fold"
    else:
        return
    if share > config.split_overlap.max_share:
        yield f"{percent(share)} of {what}, to the last digit ({copies.columns} columns compared)"


def _across_folds(data: CheckData, copies: _Copies, split: FoldSplit) -> float:
    labelled = np.isin(copies.rows, data.labelled)
    rows, content = copies.rows[labelled], copies.content[labelled]
    groups = pd.factorize(dataset_groups(data.frame, grouped=data.meta.grouped))[0]
    # Dealing folds is slow in a large portfolio, and needed only where a content has more than one group.
    if not _spans(content, groups[rows]).any():
        return 0.0
    fold = np.full(data.rows, -1, dtype=np.int64)
    fold[data.labelled] = grouped_folds(data.bad[data.labelled], groups[data.labelled], split.folds, split.seed)
    return float(_spans(content, fold[rows]).sum() / len(data.labelled))


def _spans(content: Ints, owner: Ints) -> Flags:
    """Return which rows have a content that occurs under more than one owner."""
    owners = pd.Series(owner).groupby(content).transform("nunique")
    return owners.to_numpy() > 1


def _copies(data: CheckData, config: CheckConfig) -> _Copies | None:
    """Return the rows whose content occurs in another row too; None where there are too few columns."""
    content = data.content
    if content.columns < _FEWEST_COLUMNS:
        return None
    rows = np.flatnonzero(content.filled >= config.copied_firm.min_values)
    rows = rows[pd.Series(content.hashes[rows]).duplicated(keep=False).to_numpy()]
    return _Copies(rows, pd.factorize(content.hashes[rows])[0].astype(np.int64), content.columns)
