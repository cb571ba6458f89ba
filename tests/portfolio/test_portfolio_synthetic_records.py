"""What every record of the synthetic portfolio obeys: identities, dates, bounds, gaps, identity codes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icsml.portfolio.synthetic import Portfolio, draw_portfolio
from icsml.portfolio.synthetic.frames import LEFT_OUT
from icsml.portfolio.synthetic.identity import unified_codes
from icsml.portfolio.synthetic.industries import REGIONS
from icsml.portfolio.synthetic.research import RD_THRESHOLDS
from icsml.records.fields import FIELDS
from icsml.records.frame import validate_frame
from icsml.records.uscc import is_valid_uscc


@pytest.fixture(scope="module")
def drawn() -> Portfolio:
    return draw_portfolio(6_000, 3, "small")


@pytest.fixture(scope="module")
def records(drawn: Portfolio) -> pd.DataFrame:
    return drawn.enterprises


def _fen(records: pd.DataFrame, name: str) -> np.ndarray:
    """Whole fen; every amount must be a multiple of one."""
    amount = records[f"{name}_cny"].to_numpy() * 100.0
    whole = np.rint(amount)
    np.testing.assert_allclose(amount, whole, rtol=1e-12, atol=1e-3)
    return whole


def _summed(records: pd.DataFrame, *names: str) -> np.ndarray:
    total: np.ndarray = np.stack([_fen(records, name) for name in names]).sum(axis=0)
    return total


def _at_most(part: np.ndarray, whole: np.ndarray) -> None:
    known = ~np.isnan(part) & ~np.isnan(whole)
    assert known.any()
    assert (part[known] <= whole[known]).all()


def test_records_are_canonical(records: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(validate_frame(records), records)
    assert list(records.columns) == [field.name for field in FIELDS if field.name not in LEFT_OUT]
    assert not records.isna().all().any()


def test_enterprise_and_date_are_unique(drawn: Portfolio) -> None:
    for frame in (drawn.enterprises, drawn.outcomes, drawn.truth):
        assert not frame.duplicated(["enterprise_id", "as_of"]).any()


def test_three_frames_hold_the_same_rows(drawn: Portfolio) -> None:
    for frame in (drawn.outcomes, drawn.truth):
        pd.testing.assert_frame_equal(frame[["enterprise_id", "as_of"]], drawn.enterprises[["enterprise_id", "as_of"]])


def test_assets_are_liabilities_and_equity(records: pd.DataFrame) -> None:
    total = _fen(records, "total_liabilities") + _fen(records, "equity")
    np.testing.assert_array_equal(total, _fen(records, "total_assets"))


def test_profit_is_revenue_less_cost(records: pd.DataFrame) -> None:
    profit = _fen(records, "revenue") - _fen(records, "total_cost")
    np.testing.assert_array_equal(profit, _fen(records, "operating_profit"))
    _at_most(_fen(records, "net_profit"), _fen(records, "operating_profit"))


def test_cost_covers_its_parts(records: pd.DataFrame) -> None:
    parts = _fen(records, "operating_cost") + _fen(records, "rd_expense") + _fen(records, "interest_expense")
    _at_most(parts, _fen(records, "total_cost"))


def test_parts_stay_within_their_totals(records: pd.DataFrame) -> None:
    current = _summed(records, "cash", "receivables", "inventory")
    _at_most(current, _fen(records, "current_assets"))
    lasting = _summed(records, "current_assets", "fixed_assets", "intangible_assets")
    _at_most(lasting, _fen(records, "total_assets"))
    _at_most(_fen(records, "short_term_debt") + _fen(records, "payables"), _fen(records, "current_liabilities"))
    owed = _fen(records, "current_liabilities") + _fen(records, "long_term_debt")
    _at_most(owed, _fen(records, "total_liabilities"))
    _at_most(_fen(records, "main_revenue"), _fen(records, "revenue"))
    _at_most(_fen(records, "hightech_revenue"), _fen(records, "revenue"))
    _at_most(_fen(records, "venture_capital"), _fen(records, "equity_raised_3y"))


@pytest.mark.parametrize(
    ("part", "whole"),
    [
        ("staff_st", "staff_total"),
        ("staff_rd", "staff_st"),
        ("staff_postgraduate", "staff_total"),
        ("graduates_hired", "staff_total"),
        ("ip_class1_self_developed", "ip_class1"),
        ("ip_class1_high_value", "ip_class1"),
        ("pct_applications", "invention_applications"),
        ("awards_2y", "awards_3y"),
    ],
)
def test_counts_stay_within_their_totals(records: pd.DataFrame, part: str, whole: str) -> None:
    _at_most(records[part].to_numpy(), records[whole].to_numpy())


def _pairs(records: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of one firm whose statement periods follow on each other."""
    later, firm, period = records.shift(-1), records["enterprise_id"], records["statement_period_end"]
    follows = (firm == later["enterprise_id"]) & (later["statement_period_end"].dt.year == period.dt.year + 1)
    assert follows.sum() > 1_000
    return records[follows], later[follows]


def test_cash_flows_explain_the_change_of_cash(records: pd.DataFrame) -> None:
    now, later = _pairs(records)
    flow = _summed(later, "operating_cash_flow", "investing_cash_flow", "financing_cash_flow")
    known = ~np.isnan(flow)
    assert known.sum() > 1_000
    np.testing.assert_array_equal(flow[known], (_fen(later, "cash") - _fen(now, "cash"))[known])


@pytest.mark.parametrize("name", ["revenue", "main_revenue", "net_profit", "total_assets", "rd_expense"])
def test_prior_year_is_what_was_shown_a_year_ago(records: pd.DataFrame, name: str) -> None:
    now, later = _pairs(records)
    current, recalled = _fen(now, name), _fen(later, f"{name}_prev")
    known = ~np.isnan(current) & ~np.isnan(recalled)
    assert known.sum() > 1_000
    np.testing.assert_array_equal(current[known], recalled[known])


def test_statements_were_published_by_the_decision(records: pd.DataFrame) -> None:
    dated = records.dropna(subset=["statement_published_at"])
    lag = (dated["statement_published_at"] - dated["statement_period_end"]).dt.days
    assert (dated["statement_published_at"] <= dated["as_of"]).all()
    assert lag.between(75, 180).all()
    stale = dated["statement_period_end"].dt.year == dated["as_of"].dt.year - 2
    assert 0.2 < stale.mean() < 0.5, "some decisions come before last year's statements are out"


def test_a_statement_year_is_on_file_or_it_is_not(records: pd.DataFrame) -> None:
    absent = records["statement_period_end"].isna()
    assert (records["total_assets_cny"].isna() == absent).all()
    assert (records["statement_published_at"].isna() == absent).all()


def test_no_statement_is_older_than_the_firm(records: pd.DataFrame) -> None:
    dated = records.dropna(subset=["statement_period_end", "founded_on"])
    assert (dated["statement_period_end"] >= dated["founded_on"]).all()
    assert (records["as_of"] > records["founded_on"])[records["founded_on"].notna()].all()


def test_missing_is_not_at_random(drawn: Portfolio) -> None:
    """Thin files are those of the young and, age for age, of the ailing; silent on R&D are those that do none."""
    absent, truth = drawn.enterprises["total_assets_cny"].isna(), drawn.truth
    young = truth["age"] < 3.0
    assert absent[young].mean() > 3 * absent[~young].mean()
    old = truth["age"] > 5.0
    ailing, sound = truth["health"] < -1.0, truth["health"] > 1.0
    assert absent[old & ailing].mean() > 1.5 * absent[old & sound].mean()
    silent = drawn.enterprises["rd_expense_cny"].isna()
    assert truth["capability"][silent].mean() < truth["capability"][~silent].mean() - 0.2


def test_rd_bunches_just_above_what_policy_rewards(records: pd.DataFrame) -> None:
    intensity = (records["rd_expense_cny"] / records["revenue_cny"]).dropna()
    for threshold in RD_THRESHOLDS:
        below = intensity.between(threshold - 0.002, threshold, inclusive="left").sum()
        above = intensity.between(threshold, threshold + 0.002, inclusive="left").sum()
        assert above > 1.5 * below, threshold


def test_no_bunching_where_nothing_is_rewarded(records: pd.DataFrame) -> None:
    intensity = (records["rd_expense_cny"] / records["revenue_cny"]).dropna()
    below, above = intensity.between(0.0125, 0.0145).sum(), intensity.between(0.0145, 0.0165).sum()
    assert above < 1.25 * below


def test_money_is_log_normal_and_patents_zero_inflated(records: pd.DataFrame) -> None:
    logs = np.log(records["revenue_cny"].dropna())
    assert abs(logs.skew()) < 0.25
    assert abs(logs.kurt()) < 0.5
    held = records["ip_class1"]
    assert (held == 0).mean() > 3 * np.exp(-held.mean()), "more zeros than a Poisson count of that mean"


def test_codes_carry_their_check_characters(records: pd.DataFrame) -> None:
    codes = records["uscc"].dropna()
    assert codes.map(is_valid_uscc).all()
    assert (codes.str[2:8] == records["region"][codes.index]).all()
    assert codes.groupby(codes).size().max() <= 9
    assert codes.nunique() == records["enterprise_id"][codes.index].nunique()


@settings(deadline=None)
@given(first=st.integers(0, 9_000_000), seed=st.integers(0, 2**40), region=st.sampled_from(REGIONS.tolist()))
def test_any_code_is_valid_and_its_own(first: int, seed: int, region: str) -> None:
    numbers = np.arange(first, first + 50)
    codes = unified_codes(numbers, np.full(50, region).astype("S6"), seed)
    assert all(is_valid_uscc(code) for code in codes)
    assert len(set(codes)) == 50


def test_organisation_code_has_its_own_check_character() -> None:
    """GB 11714: weights 3, 7, 9, 10, 5, 8, 4, 2, modulo 11, with X for ten."""
    for code in unified_codes(np.arange(200), np.full(200, b"350100"), 1):
        body, check = code[8:16], code[16]
        values = [int(character, 36) for character in body]
        total = sum(weight * value for weight, value in zip((3, 7, 9, 10, 5, 8, 4, 2), values, strict=True))
        assert check == "0123456789X"[(11 - total % 11) % 11]
