"""What must add up, and does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from icsml.records.dataset import Dataset


def test_exchanged_columns_break_the_balance_sheet(spoil: Any, look: Any) -> None:
    def exchange(e: Any, _: Any) -> None:
        e["equity_cny"], e["total_liabilities_cny"] = e["equity_cny"], e["current_liabilities_cny"]

    (found,) = look(spoil(exchange), "accounting_identity")
    assert found.startswith("total_assets_cny is not total_liabilities_cny + equity_cny in ")


@pytest.mark.parametrize(("off", "error", "fires"), [(2, 0.02, False), (3, 0.02, True), (50, 0.009, False)])
def test_the_share_of_rows_off_the_balance_sheet(make: Any, look: Any, off: int, error: float, fires: bool) -> None:
    assets = np.full(100, 1e6)
    assets[:off] *= 1.0 + error
    columns = {"total_assets_cny": assets, "total_liabilities_cny": np.full(100, 4e5), "equity_cny": np.full(100, 6e5)}
    assert bool(look(make(columns), "accounting_identity")) is fires
    assert look(make(columns), "accounting_identity", min_rows=101) == []


@pytest.mark.parametrize(("above", "fires"), [(1, False), (2, True)])
def test_a_part_above_its_whole(make: Any, look: Any, above: int, fires: bool) -> None:
    part = np.where(np.arange(100) < above, 11.0, 10.0)
    found = look(make({"staff_rd": part, "staff_total": np.full(100, 10.0)}), "part_above_whole")
    expected = ["staff_rd is above staff_total, of which it is a part, in 2 % of the rows that hold both"]
    assert found == (expected if fires else [])


def test_a_part_needs_rows_that_hold_both(make: Any, look: Any) -> None:
    columns = {"staff_rd": np.full(30, 11.0), "staff_total": np.where(np.arange(30) < 19, 10.0, np.nan)}
    assert look(make(columns), "part_above_whole") == []
    assert look(make(columns), "part_above_whole", min_rows=19)


def test_the_year_before_of_another_firm(spoil: Any, look: Any) -> None:
    def roll(e: Any, _: Any) -> None:
        e["revenue_prev_cny"] = np.roll(e["revenue_prev_cny"], 1)

    (found,) = look(spoil(roll), "prior_year")
    assert found.startswith("revenue_prev_cny is not what the same firm reported a year before, in up to ")


def test_the_year_before_in_another_unit_now_and_then(spoil: Any, look: Any) -> None:
    def scale(e: Any, _: Any) -> None:
        e.loc[np.random.default_rng(0).random(len(e)) < 0.05, "revenue_cny"] /= 1e4

    (found,) = look(spoil(scale), "prior_year")
    assert "revenue_prev_cny is not what the same firm reported a year before but at least 10^1.5 times apart" in found


def panel(wrong: int, factor: float) -> dict[str, Any]:
    firms = np.repeat([f"E{number}" for number in range(100)], 2)
    days = np.tile(np.array(["2020-06-30", "2021-06-30"], dtype="datetime64[us]"), 100)
    now = np.where(np.arange(200) % 2 == 0, 1000.0, 2000.0)
    before = np.where(np.arange(200) % 2 == 0, 500.0, np.where(np.arange(200) < 2 * wrong, 1000.0 * factor, 1000.0))
    return {"enterprise_id": firms, "as_of": days, "revenue_cny": now, "revenue_prev_cny": before}


@pytest.mark.parametrize(
    ("wrong", "factor", "fires"),
    [(20, 1.2, False), (21, 1.2, True), (100, 1.04, False), (1, 100.0, False), (2, 100.0, True)],
)
def test_the_share_of_pairs(make: Any, look: Any, wrong: int, factor: float, fires: bool) -> None:
    assert bool(look(make(panel(wrong, factor)), "prior_year")) is fires


def test_pairs_follow_the_statement_rather_than_the_decision(make: Any, look: Any) -> None:
    ends = np.tile(np.array(["2018-12-31", "2020-12-31"], dtype="datetime64[us]"), 100)
    columns = panel(100, 2.0)
    assert look(make(columns), "prior_year")
    assert look(make(columns | {"statement_period_end": ends}), "prior_year") == []


def test_without_firms_that_recur_no_year_is_compared(make: Any, look: Any) -> None:
    assert look(make(panel(100, 2.0), grouped=False), "prior_year") == []


def test_a_scaled_book_still_adds_up(clean: Dataset, spoil: Any, look: Any) -> None:
    def scale(e: Any, _: Any) -> None:
        names = [name for name in e if name.endswith("_cny")]
        e[names] /= 1e4

    for check in ("accounting_identity", "part_above_whole", "prior_year"):
        assert look(spoil(scale), check) == []
