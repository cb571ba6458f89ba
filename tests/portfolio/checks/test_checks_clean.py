"""What is clean raises nothing, and no shape of a data set stops the checks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from icsml.core.progress import silent
from icsml.portfolio.checks import CheckConfig, check_dataset
from icsml.portfolio.synthetic import synthesize
from icsml.records.dataset import Dataset, FoldSplit, read_dataset

SIZES = (150, 250, 400, 700)


@pytest.mark.parametrize("seed", range(20))
def test_a_clean_book_raises_nothing(seed: int, tmp_path: Path, config: CheckConfig) -> None:
    synthesize(SIZES[seed % 4], seed, "none" if seed % 2 else "small", tmp_path / "book", progress=silent)
    assert check_dataset(read_dataset(tmp_path / "book"), config) == []


def test_a_clean_book_of_some_size_raises_nothing(clean: Dataset, config: CheckConfig) -> None:
    assert check_dataset(clean, config) == []
    folds = clean.meta.model_copy(update={"split": FoldSplit(folds=5)})
    assert check_dataset(replace(clean, meta=folds), config) == []


def test_the_checks_change_nothing(clean: Dataset, config: CheckConfig) -> None:
    before = clean.enterprises.copy(), clean.outcomes.copy()
    check_dataset(clean, config)
    assert clean.enterprises.equals(before[0])
    assert clean.outcomes.equals(before[1])


@pytest.mark.parametrize("rows", [0, 1, 2, 7, 40])
def test_few_rows_raise_nothing(clean: Dataset, config: CheckConfig, rows: int) -> None:
    meta = clean.meta.model_copy(update={"split": None})
    few = replace(clean, meta=meta, enterprises=clean.enterprises.head(rows), outcomes=clean.outcomes.head(rows))
    assert [found for found in check_dataset(few, config) if found.id != "constant_column"] == []


@pytest.mark.parametrize("kept", [["enterprise_id"], ["enterprise_id", "as_of"], ["enterprise_id", "revenue_cny"]])
def test_few_columns_raise_nothing(clean: Dataset, config: CheckConfig, kept: list[str]) -> None:
    meta = clean.meta.model_copy(update={"split": None, "outcome": None})
    assert check_dataset(replace(clean, meta=meta, enterprises=clean.enterprises[kept]), config) == []


def test_without_any_label_the_rest_is_still_checked(clean: Dataset, config: CheckConfig) -> None:
    outcomes = clean.outcomes.assign(bad=pd.array([pd.NA] * len(clean.outcomes), dtype="Int8"))
    assert check_dataset(replace(clean, outcomes=outcomes), config) == []
    enterprises = clean.enterprises.assign(cash_cny=1.0)
    found = check_dataset(replace(clean, outcomes=outcomes, enterprises=enterprises), config)
    assert [finding.id for finding in found] == ["constant_column"]
