"""Amounts in another unit: of a group, of single rows, of the whole table."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from icsml.portfolio.checks import CheckConfig, check_dataset
from icsml.records.dataset import Dataset


def money(frame: pd.DataFrame) -> list[str]:
    return [str(name) for name in frame if str(name).endswith("_cny")]


def scaled(dataset: Dataset, rows: Any, factor: float, names: list[str] | None = None) -> Dataset:
    frame = dataset.enterprises.copy()
    frame.loc[rows, names or money(frame)] *= factor
    return replace(dataset, enterprises=frame)


@pytest.mark.parametrize(
    ("power", "hint"),
    [(-4, ": 万元 instead of 元?"), (-3, ": 千元 instead of 元?"), (2, ": 分 (fen) instead of 元?"), (5, "")],
)
def test_a_region_in_another_unit(clean: Dataset, look: Any, power: int, hint: str) -> None:
    (found,) = look(scaled(clean, clean.enterprises["region"] == "440300", 10.0**power), "group_scale")
    size = "smaller" if power < 0 else "larger"
    assert "more columns of region 440300 are about" in found
    assert found.endswith(f"about 10^{abs(power)} times {size} than elsewhere{hint}")


def test_a_year_in_another_unit(clean: Dataset, look: Any) -> None:
    rows = clean.enterprises["as_of"].dt.year == 2021
    (found,) = look(scaled(clean, rows, 1e-4), "group_scale")
    assert "more columns of decision year 2021 are about 10^4 times smaller" in found


def test_two_years_are_one_finding(clean: Dataset, look: Any) -> None:
    rows = clean.enterprises["as_of"].dt.year >= 2024
    found = look(scaled(clean, rows, 1e-4), "group_scale")[-1]
    assert "decision years 2024 and 2025 are about 10^4 times smaller" in found


def test_one_column_of_one_region(clean: Dataset, look: Any) -> None:
    dataset = scaled(clean, clean.enterprises["region"].str.startswith("44"), 1e-4, ["revenue_cny"])
    (found,) = look(dataset, "group_scale")
    assert found.startswith("revenue_cny of regions 440100, 440300 and 441300 are about 10^4 times smaller")


def test_a_tenth_of_the_size_is_no_other_unit(clean: Dataset, look: Any) -> None:
    assert look(scaled(clean, clean.enterprises["region"] == "440300", 0.1), "group_scale") == []


def amounts(rng: np.random.Generator, n: int, power: float = 0.0) -> Any:
    return 10.0 ** (7.0 + power + rng.normal(scale=0.1, size=n))


@pytest.mark.parametrize(("firms", "fires"), [(8, True), (7, False)])
def test_a_group_needs_some_firms(make: Any, look: Any, firms: int, fires: bool) -> None:
    rng = np.random.default_rng(0)
    region = ["110000"] * 100 + ["320000"] * 100 + ["440000"] * firms
    values = np.concatenate([amounts(rng, 200), amounts(rng, firms, -4.0)])
    assert bool(look(make({"region": region, "revenue_cny": values}), "group_scale")) is fires


def test_rows_of_one_firm_are_one_firm(make: Any, look: Any) -> None:
    rng = np.random.default_rng(0)
    ids = [f"E{row}" for row in range(200)] + ["X"] * 50
    region = ["110000"] * 100 + ["320000"] * 100 + ["440000"] * 50
    values = np.concatenate([amounts(rng, 200), amounts(rng, 50, -4.0)])
    assert look(make({"enterprise_id": ids, "region": region, "revenue_cny": values}), "group_scale") == []


def test_of_two_groups_the_smaller_is_off(make: Any, look: Any) -> None:
    rng = np.random.default_rng(0)
    region = ["110000"] * 100 + ["440000"] * 50
    values = np.concatenate([amounts(rng, 100), amounts(rng, 50, -4.0)])
    (found,) = look(make({"region": region, "revenue_cny": values}), "group_scale")
    assert "of region 440000 is about 10^4 times smaller" in found


def test_a_city_within_a_province(make: Any, look: Any) -> None:
    rng = np.random.default_rng(0)
    region = ["110000"] * 100 + ["440100"] * 100 + ["440300"] * 40 + [None] * 10
    values = np.concatenate([amounts(rng, 200), amounts(rng, 40, -4.0), amounts(rng, 10)])
    (found,) = look(make({"region": region, "revenue_cny": values}), "group_scale")
    assert "of region 440300 is about 10^4 times smaller" in found


def test_small_cities_are_judged_as_a_province(make: Any, look: Any) -> None:
    rng = np.random.default_rng(0)
    region = ["110000"] * 100 + ["320000"] * 100 + ["440100"] * 5 + ["440300"] * 5
    values = np.concatenate([amounts(rng, 200), amounts(rng, 10, -4.0)])
    (found,) = look(make({"region": region, "revenue_cny": values}), "group_scale")
    assert "of province 440000 is about 10^4 times smaller" in found


def test_a_wide_spread_needs_a_larger_shift(make: Any, look: Any) -> None:
    rng = np.random.default_rng(0)
    region = ["110000"] * 100 + ["320000"] * 100 + ["440000"] * 20
    wide = 10.0 ** (rng.normal(7.0, 2.0, 220) - np.where(np.arange(220) >= 200, 2.0, 0.0))
    assert look(make({"region": region, "revenue_cny": wide}), "group_scale") == []
    assert look(make({"region": region, "revenue_cny": wide}), "group_scale", sigmas=1.0)


def test_a_figure_of_the_region_itself_may_differ(make: Any, look: Any) -> None:
    codes = [f"{number}0000" for number in range(11, 61)]
    output = np.repeat(10.0 ** np.linspace(8, 13, 50), 6)
    assert look(make({"region": np.repeat(codes, 6), "extra.regional_output": output}), "group_scale") == []


@pytest.mark.parametrize("share", [0.02, 0.2])
def test_single_rows_in_another_unit(clean: Dataset, look: Any, share: float) -> None:
    rows = np.random.default_rng(0).random(len(clean.enterprises)) < share
    (found,) = look(scaled(clean, rows, 1e-4), "row_scale")
    assert "of the rows are about 10^4 times smaller than those of the others: 万元" in found


def test_a_long_tail_is_no_second_heap(make: Any, look: Any) -> None:
    size = np.random.default_rng(0).laplace(scale=0.8, size=4000)
    columns = {f"{name}_cny": 10.0 ** (7 + size) for name in ("revenue", "cash", "equity", "inventory", "payables")}
    assert np.mean(size < -2.5) > 0.005
    assert look(make(columns), "row_scale") == []


@pytest.mark.parametrize("kept", [["revenue_cny"], ["total_assets_cny"], ["equity_cny", "rd_expense_cny"]])
def test_the_whole_table_in_another_unit(clean: Dataset, look: Any, kept: list[str]) -> None:
    frame = clean.enterprises[["enterprise_id", "as_of", *kept]]
    small = replace(clean, enterprises=frame.assign(**{name: frame[name] / 1e4 for name in kept}))
    assert look(replace(clean, enterprises=frame), "table_scale") == []
    (found,) = look(small, "table_scale")
    assert found.startswith(f"the median of {kept[0]}")
    assert found.endswith("too small for technology SMEs: 万元 instead of 元?")


@pytest.mark.parametrize(
    ("times", "fires"), [(1 / 301, True), (1 / 299, False), (1.0, False), (49.0, False), (51.0, True)]
)
def test_the_bounds_of_the_whole_table(make: Any, look: Any, times: float, fires: bool) -> None:
    columns = {"revenue_cny": np.full(20, 2e7 * times)}
    assert bool(look(make(columns), "table_scale")) is fires
    assert look(make({"revenue_cny": columns["revenue_cny"][:19]}), "table_scale") == []


def test_only_the_table_is_named_where_all_rows_are_off(clean: Dataset, config: CheckConfig) -> None:
    everywhere = scaled(clean, slice(None), 1e-4)
    assert [finding.id for finding in check_dataset(everywhere, config)] == ["table_scale"]
