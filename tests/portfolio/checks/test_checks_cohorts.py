"""Default rates over time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest


def book(bads: list[int], rows: int = 500) -> tuple[dict[str, Any], dict[str, Any]]:
    """Years from 2015 on with so many defaults each, of so many rows; an event comes half a year after the decision."""
    days = np.concatenate([np.datetime64(f"{2015 + k}-01-01") + np.arange(rows) % 360 for k in range(len(bads))])
    bad = np.concatenate([np.arange(rows) * 7 % rows < count for count in bads])
    events = np.where(bad, days + 180, np.datetime64("NaT"))
    outcomes = {"bad": pd.array(bad.astype(int), dtype="Int8"), "event_date": events.astype("datetime64[us]")}
    return {"as_of": days.astype("datetime64[us]")}, outcomes


def test_the_last_year_read_as_good(make: Any, look: Any) -> None:
    columns, outcomes = book([20, 12, 25, 14, 18, 22, 16, 0])
    assert look(make(columns, outcomes), "cohort_rate") == [
        "the default rate of 2022 is 0 % of 500 rows, that of the other years 3.6 %: "
        "were outcomes not yet known read as good?"
    ]


def test_the_last_two_years_read_as_good(make: Any, look: Any) -> None:
    columns, outcomes = book([9, 4, 12, 6, 10, 5, 8, 0, 0])
    (found,) = look(make(columns, outcomes), "cohort_rate")
    assert found.startswith("the default rate of 2022 and 2023 is 0 % of 1,000 rows")


def test_a_year_under_another_definition(make: Any, look: Any) -> None:
    columns, outcomes = book([20, 12, 25, 140, 18, 22, 16, 19])
    (found,) = look(make(columns, outcomes), "cohort_rate")
    assert found == (
        "the default rate of 2018 is 28 % of 500 rows, that of the other years 3.8 %: another definition of default?"
    )


def test_years_that_differ_widely_hide_one(make: Any, look: Any) -> None:
    columns, outcomes = book([90, 4, 30, 140, 8, 60, 3, 25])
    assert look(make(columns, outcomes), "cohort_rate") == []


def test_a_rate_must_be_some_times_off(make: Any, look: Any) -> None:
    columns, outcomes = book([200, 200, 200, 560, 200, 200, 200], rows=10_000)
    assert look(make(columns, outcomes), "cohort_rate", p_year=0.1) == []
    assert look(make(columns, outcomes), "cohort_rate", p_year=0.1, min_times=2.5)


def test_too_few_years_or_defaults_tell_nothing(make: Any, look: Any) -> None:
    columns, outcomes = book([20, 12, 25, 0])
    assert look(make(columns, outcomes), "cohort_rate", p_last=1.0) == []
    columns, outcomes = book([2, 3, 4, 3, 2, 4, 3, 0])
    assert look(make(columns, outcomes), "cohort_rate", p_last=1.0) == []
    assert look(make(columns, outcomes), "cohort_rate", p_last=1.0, min_expected=2.0)


def test_nothing_is_said_of_an_undated_book(make: Any, look: Any) -> None:
    _, outcomes = book([20, 12, 25, 14, 18, 22, 16, 0])
    assert look(make({"cash_cny": np.arange(4000.0)}, {"bad": outcomes["bad"]}), "cohort_rate") == []


def ended(last: str, events: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Rows of every day of 2020 to 2022; of each year so many default, up to the day that ends the record."""
    columns, outcomes = book([0] * 5 + [events] * 3, rows=720)
    unseen = outcomes["event_date"] > np.datetime64(last)
    outcomes["bad"][unseen] = 0
    outcomes["event_date"] = np.where(unseen, np.datetime64("NaT"), outcomes["event_date"])
    return columns, outcomes


@pytest.mark.parametrize(("events", "fires"), [(40, True), (9, False)])
def test_good_rows_that_outlive_the_record(make: Any, look: Any, events: int, fires: bool) -> None:
    found = look(make(*ended("2022-12-31", events)), "silent_end")
    assert bool(found) is fires
    if found:
        assert found[0].startswith("no event is recorded after 2022-1")
        assert "good rows runs on and about " in found[0]


def test_rows_that_are_labelled_once_their_horizon_has_ended(make: Any, look: Any) -> None:
    columns, outcomes = ended("2022-12-31", 40)
    open_rows = (columns["as_of"] > np.datetime64("2021-12-31")) & (outcomes["bad"] == 0)
    outcomes["bad"][open_rows] = pd.NA
    assert look(make(columns, outcomes), "silent_end") == []


def test_a_merger_later_on_shows_that_the_record_goes_on(make: Any, look: Any) -> None:
    columns, outcomes = ended("2022-12-31", 40)
    later = outcomes["event_date"].copy()
    later[-1] = np.datetime64("2023-12-01")
    assert look(make(columns, outcomes | {"event_date": later}), "silent_end") == []


def test_without_a_horizon_there_is_no_end(make: Any, look: Any) -> None:
    columns, outcomes = ended("2022-12-31", 40)
    assert look(make(columns, outcomes, outcome=None), "silent_end") == []
