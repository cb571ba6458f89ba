"""What columns hold and are called."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from icsml.portfolio.checks.phrases import columns, listed, percent
from icsml.records.extra import ExtraFeature


def test_constant_and_empty_columns_are_listed(make: Any, look: Any) -> None:
    held = {"cash_cny": np.full(30, 5.0), "revenue_cny": np.arange(30.0), "inventory_cny": np.full(30, np.nan)}
    gaps = {"equity_cny": np.where(np.arange(30) % 2, 7.0, np.nan), "led_standard": np.zeros(30)}
    found = look(make(held | gaps | {"extra.x": np.ones(30)}), "constant_column")
    assert found == [
        "3 columns (cash_cny, equity_cny and extra.x) with one and the same value in every row that has one",
        "1 column (inventory_cny) without any value",
    ]


def test_one_value_is_no_surprise_in_few_rows(make: Any, look: Any) -> None:
    assert look(make({"cash_cny": np.full(29, 5.0)}), "constant_column") == []


def test_one_other_value_is_enough(make: Any, look: Any) -> None:
    assert look(make({"cash_cny": np.where(np.arange(100) == 50, 6.0, 5.0)}), "constant_column") == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("net_profit_cny", -999.0),
        ("net_profit_cny", -9990000.0),
        ("operating_cash_flow_cny", -1.0),
        ("operating_cash_flow_cny", -10000.0),
        ("revenue_cny", 99999999.0),
        ("revenue_cny", 8888888.0),
        ("staff_total", 9999.0),
        ("staff_total", 999.0),
    ],
)
def test_a_number_that_means_not_known(spoil: Any, look: Any, name: str, value: float) -> None:
    def write(e: Any, _: Any) -> None:
        e.loc[np.random.default_rng(0).random(len(e)) < 0.02, name] = value

    (found,) = look(spoil(write), "sentinel")
    assert found.startswith(f"a value that seems to stand for not known recurs in {name} ({value:.15g} in ")


@pytest.mark.parametrize(("others", "fires"), [(18, False), (19, True)])
def test_a_common_code_is_no_sentinel(make: Any, look: Any, others: int, fires: bool) -> None:
    """Twenty distinct values make a column one of amounts: the common one and nineteen others."""
    rare = np.arange(others) * 3.7 + 100.3
    column = np.concatenate([np.full(40, 36.0), rare, np.zeros(100)])
    assert bool(look(make({"extra.x": column}), "sentinel")) is fires


def test_any_number_that_recurs_in_a_column_of_amounts(spoil: Any, look: Any) -> None:
    def write(e: Any, _: Any) -> None:
        e.loc[np.random.default_rng(0).random(len(e)) < 0.05, "cash_cny"] = 123.0

    (found,) = look(spoil(write), "sentinel")
    assert "cash_cny (123 in " in found


def test_two_such_numbers_do_not_hide_one_another(spoil: Any, look: Any) -> None:
    def write(e: Any, _: Any) -> None:
        drawn = np.random.default_rng(0).random(len(e))
        e.loc[drawn < 0.02, "net_profit_cny"] = -999.0
        e.loc[drawn > 0.98, "net_profit_cny"] = -888.0

    (found,) = look(spoil(write), "sentinel")
    assert "(-999 in " in found
    assert "(-888 in " in found


@pytest.mark.parametrize(("count", "fires"), [(9, False), (10, True)])
def test_it_recurs_oftener_than_its_neighbours(make: Any, look: Any, count: int, fires: bool) -> None:
    values = np.concatenate([np.arange(1000.0) * 7.0 - 3500.5, np.full(count, -999.0)])
    assert bool(look(make({"net_profit_cny": values}), "sentinel")) is fires


@pytest.mark.parametrize(("count", "fires"), [(29, False), (33, True)])
def test_the_share_that_another_number_needs(make: Any, look: Any, count: int, fires: bool) -> None:
    values = np.concatenate([np.arange(1000.0) * 7.0 - 3500.5, np.full(count, 123.0)])
    assert bool(look(make({"net_profit_cny": values}), "sentinel")) is fires


def test_honest_values_that_recur(make: Any, look: Any) -> None:
    rng = np.random.default_rng(0)
    zero = np.where(rng.random(2000) < 0.5, 0.0, rng.normal(size=2000) * 1e6)
    ratio = np.where(rng.random(2000) < 0.05, 1.0, rng.lognormal(size=2000))
    rounded = np.round(rng.lognormal(15.0, 1.0, 2000), -6)
    shares = np.round(rng.uniform(0.0, 1.0, 2000), 2)
    months = rng.integers(0, 400, 2000).astype(float)
    one = make(
        {"cash_cny": zero, "extra.ratio": ratio, "revenue_cny": rounded, "extra.share": shares, "extra.m": months}
    )
    assert look(one, "sentinel") == []


def extra(name: str, en: str = "Innocent", zh: str = "无关") -> ExtraFeature:
    return ExtraFeature(name=name, label={"en": en, "zh": zh}, group="g")


@pytest.mark.parametrize(
    ("feature", "word"),
    [
        (extra("guarantee_amount"), "guarantee"),
        (extra("x1", en="Limit approved, CNY"), "approved"),
        (extra("x1", en="Charged-off principal"), "charged off"),
        (extra("x1", zh="授信额度(万元)"), "授信额度"),
        (extra("x1", zh="催收次数"), "催收"),
        (extra("x1", zh="是否担保"), "担保"),
        (extra("WHITE_LIST"), "white list"),
    ],
)
def test_a_name_that_tells_a_consequence(make: Any, look: Any, feature: ExtraFeature, word: str) -> None:
    dataset = make({feature.column: [1.0]}, extra_features=[feature])
    assert look(dataset, "consequence_column") == [
        f"{feature.column} ({word}): by name what follows from an earlier decision, so no feature"
    ]


@pytest.mark.parametrize(
    "feature",
    [
        extra("collection_period_days", en="Days to collect receivables"),
        extra("revolving_line", en="Revolving line of credit", zh="循环授信"),
        extra("recovery_of_sales", en="Sales growth after a fall"),
        extra("unapproved", en="Applications of the firm"),
    ],
)
def test_an_innocent_name(make: Any, look: Any, feature: ExtraFeature) -> None:
    assert look(make({feature.column: [1.0]}, extra_features=[feature]), "consequence_column") == []


def test_words() -> None:
    assert listed(["a"]) == "a"
    assert listed(["a", "b"]) == "a and b"
    assert listed(["a", "b", "c", "d"]) == "a, b, c and d"
    assert listed(["a", "b", "c", "d", "e"]) == "a, b, c, d and 1 more"
    assert columns(["a"]) == "1 column (a)"
    assert [percent(share) for share in (0.0, 0.0004, 0.0123, 0.1, 1.0)] == [
        "0 %",
        "under 0.1 %",
        "1.2 %",
        "10 %",
        "100 %",
    ]
