"""Outcomes against their dates and the bank's own PD."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from icsml.records.outcome import OutcomeMeaning

NEVER = np.datetime64("NaT", "us")


def defaults(days: list[str | None], goods: int = 50) -> tuple[dict[str, Any], dict[str, Any]]:
    """Bad rows decided on 2020-02-29 with these event dates, and good ones."""
    events = [NEVER if day is None else np.datetime64(day, "us") for day in days] + [NEVER] * goods
    bad = pd.array([1] * len(days) + [0] * goods, dtype="Int8")
    as_of = np.full(len(bad), np.datetime64("2020-02-29", "us"))
    return {"as_of": as_of}, {"bad": bad, "event_date": np.array(events)}


@pytest.mark.parametrize(("missing", "fires"), [(1, False), (2, True), (10, False)])
def test_dates_that_are_missing(make: Any, look: Any, missing: int, fires: bool) -> None:
    found = look(make(*defaults([None] * missing + ["2020-06-01"] * (10 - missing))), "event_dates")
    expected = ["event_date is missing in 20 % of the bad rows, though the others have it"]
    assert found == (expected if fires else [])


@pytest.mark.parametrize(
    ("day", "found"),
    [
        ("2020-02-28", "event_date lies before as_of in 10 % of the bad rows that have one"),
        ("2020-02-29", None),
        ("2021-02-28", None),
        ("2021-03-01", "event_date lies after the horizon in 10 % of the bad rows that have one"),
    ],
)
def test_dates_that_cannot_be(make: Any, look: Any, day: str, found: str | None) -> None:
    assert look(make(*defaults([day] + ["2020-06-01"] * 9)), "event_dates") == ([] if found is None else [found])


def test_a_few_bad_rows_tell_nothing(make: Any, look: Any) -> None:
    assert look(make(*defaults([None] * 4 + ["2020-06-01"] * 5)), "event_dates") == []


def test_without_a_horizon_no_date_is_late(make: Any, look: Any) -> None:
    open_end = OutcomeMeaning(event="default")
    late = defaults(["2030-01-01"] * 10)
    assert look(make(*late), "event_dates")
    assert look(make(*late, outcome=open_end), "event_dates") == []


def spread_out(n: int) -> list[str | None]:
    return [str(np.datetime64("2020-03-01") + 7 * number % 300) for number in range(n)]


@pytest.mark.parametrize(("piled", "others", "fires"), [(5, 20, True), (4, 20, False), (4, 15, False), (5, 15, True)])
def test_a_pile_of_event_dates(make: Any, look: Any, piled: int, others: int, fires: bool) -> None:
    found = look(make(*defaults(["2020-12-31"] * piled + spread_out(others))), "event_date_pile", min_dates=20)
    assert bool(found) is fires
    if found:
        assert found[0].endswith("of the event dates lie on one day of the year (12-31): a stand-in?")


def test_the_ends_of_quarters_are_no_stand_in(make: Any, look: Any) -> None:
    quarters: list[str | None] = ["2020-03-31", "2020-06-30", "2020-09-30", "2020-12-31"]
    assert look(make(*defaults(quarters * 10)), "event_date_pile") == []
    assert look(make(*defaults([quarters[3]] * 19)), "event_date_pile") == []
    assert look(make(*defaults([quarters[3]] * 20)), "event_date_pile")


def test_the_declined_read_as_good(spoil: Any, look: Any) -> None:
    def write(_: Any, o: Any) -> None:
        o["bad"] = o["bad"].fillna(0)

    (found,) = look(spoil(write), "unlabelled_good")
    assert found.startswith("of the tenth with the highest bank_pd ")


@pytest.mark.parametrize(("seen", "fires"), [(0, True), (3, True), (10, False), (20, False)])
def test_the_riskiest_tenth(make: Any, look: Any, seen: int, fires: bool) -> None:
    pd_ = np.repeat(np.arange(1, 11) / 100.0, 200)
    place = np.tile(np.arange(200), 10)
    bad = np.where(pd_ == 0.1, place < seen, place < np.round(pd_ * 200.0))
    outcomes = {"bad": pd.array(bad.astype(int), dtype="Int8")}
    found = look(make({"bank_pd": pd_}, outcomes), "unlabelled_good")
    assert bool(found) is fires
    if found:
        assert found[0].startswith(f"of the tenth with the highest bank_pd {seen} of 200 rows are bad, where about 20 ")


def test_a_book_without_defaults_has_no_expectation(make: Any, look: Any) -> None:
    outcomes = {"bad": pd.array([0] * 500, dtype="Int8")}
    assert look(make({"bank_pd": np.linspace(0.0, 0.2, 500)}, outcomes), "unlabelled_good") == []
