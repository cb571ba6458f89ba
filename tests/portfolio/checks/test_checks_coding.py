"""Columns that are coded otherwise later on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

TEST_FROM = "2023-07-01"


def later(e: Any) -> Any:
    return (e["as_of"] >= TEST_FROM).to_numpy()


@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
def test_zero_one_becomes_one_two(spoil: Any, look: Any, share: float) -> None:
    def write(e: Any, _: Any) -> None:
        e["extra.flag"] = (np.random.default_rng(0).random(len(e)) < share) + 1.0 * later(e)

    assert look(spoil(write), "coding_change") == ["1 column (extra.flag) with other values between training and test"]


def test_yes_becomes_no(spoil: Any, look: Any) -> None:
    def write(e: Any, _: Any) -> None:
        e["led_standard"] = e["led_standard"] ^ later(e)

    assert look(spoil(write), "coding_change") == [
        "1 column (led_standard) with other values between training and test"
    ]


def test_categories_of_another_length(spoil: Any, look: Any) -> None:
    def write(e: Any, _: Any) -> None:
        e["industry"] = e["industry"].where(~later(e), e["industry"].str[:1])
        e["region"] = e["region"].where(~later(e), e["region"].str[:2] + "0000")

    (found,) = look(spoil(write), "coding_change")
    assert found == "2 columns (region and industry) with other values between training and test"


def test_a_field_that_is_filled_from_some_year_on(spoil: Any, look: Any) -> None:
    def write(e: Any, _: Any) -> None:
        e["credit_inquiries_6m"] = e["credit_inquiries_6m"].where(e["as_of"] >= "2020")

    found = look(spoil(write), "coding_change")
    assert found == ["1 column (credit_inquiries_6m) known on one side and missing on the other from 2018 on"]


def test_a_fraction_becomes_per_cent(spoil: Any, look: Any) -> None:
    def write(e: Any, _: Any) -> None:
        e["credit_line_utilisation"] *= np.where(later(e), 100.0, 1.0)

    (found,) = look(spoil(write), "coding_change")
    assert found == "1 column (credit_line_utilisation) with amounts of another order between training and test"


def two_years(rows: int, column: Any) -> dict[str, Any]:
    days = np.repeat(np.array(["2020-06-30", "2021-06-30"], dtype="datetime64[us]"), rows)
    return {"as_of": days, "extra.x": np.asarray(column, dtype=float)}


@pytest.mark.parametrize(("rows", "fires"), [(99, False), (100, True)])
def test_the_rows_that_each_side_needs(make: Any, look: Any, rows: int, fires: bool) -> None:
    column = np.concatenate([np.arange(rows) % 2, np.arange(rows) % 2 + 1])
    assert bool(look(make(two_years(rows, column)), "coding_change")) is fires


@pytest.mark.parametrize(("new", "fires"), [(79, False), (80, True)])
def test_the_distance_of_two_distributions(make: Any, look: Any, new: int, fires: bool) -> None:
    column = np.concatenate([np.zeros(100), np.arange(100) < new])
    assert bool(look(make(two_years(100, column)), "coding_change")) is fires


@pytest.mark.parametrize(
    ("before", "after", "fires"), [(9, 70, True), (10, 70, False), (30, 91, True), (32, 91, False), (70, 9, True)]
)
def test_the_jump_of_gaps(make: Any, look: Any, before: int, after: int, fires: bool) -> None:
    gaps = np.concatenate([np.arange(100) < before, np.arange(100) < after])
    column = np.where(gaps, np.nan, np.arange(200.0))
    assert bool(look(make(two_years(100, column)), "coding_change")) is fires


@pytest.mark.parametrize(("times", "fires"), [(31.0, False), (33.0, True), (1 / 33.0, True)])
def test_the_shift_of_amounts(make: Any, look: Any, times: float, fires: bool) -> None:
    values = np.linspace(1.0, 2.0, 200)
    column = np.concatenate([values, values * times])
    assert bool(look(make(two_years(200, column)), "coding_change")) is fires


def test_a_new_category_and_one_that_ends_are_honest(make: Any, look: Any) -> None:
    rng = np.random.default_rng(0)
    column = np.concatenate([rng.choice([1, 2, 3], 500), rng.choice([2, 3, 4], 500)])
    assert look(make(two_years(500, column)), "coding_change") == []


def test_without_dates_nothing_is_compared(make: Any, look: Any) -> None:
    columns = two_years(100, np.repeat([0.0, 1.0], 100))
    assert look(make(columns), "coding_change")
    assert look(make({"extra.x": columns["extra.x"]}), "coding_change") == []
