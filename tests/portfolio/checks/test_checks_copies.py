"""Rows that stand in the data set more than once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from icsml.records.dataset import Dataset, FoldSplit

NAMES = ("revenue_cny", "cash_cny", "equity_cny", "inventory_cny", "payables_cny", "depreciation_cny")


def copied(dataset: Dataset, rows: Any, as_of: str | None = None) -> Dataset:
    """Append rows under new identifiers, at another date if one is given."""
    firms = [f"COPY{number}" for number in range(len(rows))]
    parts = []
    for frame in (dataset.enterprises, dataset.outcomes):
        again = frame.iloc[rows].assign(enterprise_id=firms)
        if as_of is not None:
            again["as_of"] = pd.Timestamp(as_of)
        parts.append(pd.concat([frame, again], ignore_index=True))
    return replace(dataset, enterprises=parts[0], outcomes=parts[1])


def test_a_firm_under_another_number(clean: Dataset, look: Any) -> None:
    full = np.flatnonzero(clean.enterprises["cash_cny"].notna())[::100]
    (found,) = look(copied(clean, full, "2021-01-01"), "copied_firm")
    n = 2 * len(full)
    assert found.startswith(f"{n} rows of ")
    assert "firms hold the figures of a row under another enterprise_id, to the last digit" in found


def test_one_copy_is_enough(clean: Dataset, look: Any) -> None:
    full = np.flatnonzero(clean.enterprises["cash_cny"].notna())[:1]
    (found,) = look(copied(clean, full), "copied_firm")
    assert found.startswith("2 rows of 2 firms ")


def test_a_firm_that_repeats_itself_is_no_copy(make: Any, look: Any) -> None:
    values = np.random.default_rng(0).lognormal(size=100)
    columns = {name: np.tile(values, 2) * number for number, name in enumerate(NAMES, 1)}
    firms = np.tile([f"E{row}" for row in range(100)], 2)
    assert look(make(columns | {"enterprise_id": firms}), "copied_firm") == []
    assert look(make(columns), "copied_firm")


def test_without_identities_every_copy_counts(make: Any, look: Any) -> None:
    columns = {name: np.append(np.arange(1.0, 200.0), [7.0]) * number for number, name in enumerate(NAMES, 1)}
    assert look(make(columns, grouped=False), "copied_firm") == [
        "2 rows hold the figures of another row, to the last digit (6 columns compared)"
    ]


def test_empty_records_are_not_copies(make: Any, look: Any) -> None:
    values = np.append(np.arange(1.0, 200.0), np.zeros(100))
    columns = {name: values * number for number, name in enumerate(NAMES, 1)}
    assert look(make(columns), "copied_firm") == []
    columns = {name: np.where(values == 0.0, np.nan, column) for name, column in columns.items()}
    assert look(make(columns), "copied_firm") == []


def test_the_figures_that_a_row_needs(make: Any, look: Any) -> None:
    columns = {name: np.append(np.arange(1.0, 200.0), [7.0]) * number for number, name in enumerate(NAMES, 1)}
    columns["cash_cny"][[6, 199]] = 0.0
    assert look(make(columns), "copied_firm") == []
    assert look(make(columns), "copied_firm", min_values=5)


def test_codes_and_small_counts_recur_honestly(make: Any, look: Any) -> None:
    rng = np.random.default_rng(0)
    columns = {f"extra.code{number}": rng.integers(1, 3, 5000).astype(float) for number in range(8)}
    assert look(make(columns), "copied_firm") == []


def test_a_last_digit_makes_another_row(make: Any, look: Any) -> None:
    columns = {name: np.append(np.arange(1.0, 200.0), [7.0]) * number for number, name in enumerate(NAMES, 1)}
    columns["cash_cny"][199] = np.nextafter(columns["cash_cny"][199], np.inf)
    assert look(make(columns), "copied_firm") == []


def test_copies_on_both_sides_of_the_test_date(clean: Dataset, look: Any) -> None:
    old = np.flatnonzero(clean.enterprises["cash_cny"].notna() & (clean.enterprises["as_of"] < "2020"))[:20]
    assert look(copied(clean, old, "2020-01-01"), "split_overlap") == []
    (found,) = look(copied(clean, old, "2024-05-05"), "split_overlap")
    assert "of the test rows hold the figures of a training row, to the last digit" in found


@pytest.mark.parametrize(("copies", "fires"), [(1, False), (2, True), (20, True)])
def test_copies_in_different_folds(clean: Dataset, look: Any, copies: int, fires: bool) -> None:
    folds = replace(clean, meta=clean.meta.model_copy(update={"split": FoldSplit(folds=5)}))
    seen = clean.enterprises["cash_cny"].notna() & clean.outcomes["bad"].notna()
    rows = np.flatnonzero(seen)[:: max(int(seen.sum()) // copies, 1)][:copies]
    many = copied(folds, np.repeat(rows, 5))
    assert bool(look(many, "split_overlap")) is fires


def test_folds_by_content_keep_copies_together(make: Any, look: Any) -> None:
    rng = np.random.default_rng(0)
    columns = {name: np.tile(rng.lognormal(size=100), 2) for name in NAMES}
    bad = {"bad": pd.array(np.tile(np.arange(100) % 4 == 0, 2).astype(int), dtype="Int8")}
    split = FoldSplit(folds=5)
    assert look(make(columns, bad, grouped=False, split=split), "split_overlap") == []
    (found,) = look(make(columns, bad, grouped=True, split=split), "split_overlap")
    assert "of the rows hold the figures of a row in another fold" in found
