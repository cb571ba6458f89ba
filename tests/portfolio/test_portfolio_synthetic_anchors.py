"""The facts that the synthetic portfolio claims to match, one test each; everything else in it is an assumption.

The facts and their grades are in the project's notes on the Innovation Credit System; the source stands in each
docstring. Two seeds, so that no figure is met by the luck of one.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from icsml.portfolio.synthetic import Portfolio, draw_portfolio
from icsml.portfolio.synthetic.frames import STAGES
from icsml.portfolio.synthetic.industries import HIGH_TECH_MANUFACTURING, INDUSTRY_CODES

ENTERPRISES = 20_000
ABOVE_SCALE_CNY = 20e6


@pytest.fixture(scope="module", params=[0, 7])
def drawn(request: pytest.FixtureRequest) -> Portfolio:
    return draw_portfolio(ENTERPRISES, request.param, "small")


def _above_scale_high_tech(enterprises: pd.DataFrame) -> pd.DataFrame:
    codes = INDUSTRY_CODES[HIGH_TECH_MANUFACTURING].tolist()
    large = enterprises["main_revenue_cny"] >= ABOVE_SCALE_CNY
    return enterprises[enterprises["industry"].isin(codes) & large].dropna(subset=["rd_expense_cny"])


def _stage(truth: pd.DataFrame) -> pd.Series:
    return truth["stage"].map({name: rank for rank, name in enumerate(STAGES.tolist())}).astype(int)


def test_patents_per_patent_holder(drawn: Portfolio) -> None:
    """6.4: 1.908 million valid invention patents of 298,000 firms, end of 2021 (CNIPA; kejilie.com, FOUND)."""
    held = drawn.enterprises["ip_class1"]
    assert held[held > 0].mean() == pytest.approx(6.4, abs=0.4)


def test_rd_to_revenue_of_high_tech_manufacturing(drawn: Portfolio) -> None:
    """3.10 %: above-scale high-tech manufacturing 2023, a ratio of sums (National Bureau of Statistics, FOUND)."""
    firms = _above_scale_high_tech(drawn.enterprises)
    assert firms["rd_expense_cny"].sum() / firms["revenue_cny"].sum() == pytest.approx(0.031, abs=0.002)


def test_stage_mix(drawn: Portfolio) -> None:
    """Jiangyin: 235 start-up, 215 growth, 170 development, 303 mature of 923 (paper.chinahightech.com 2023, FOUND).

    Baoding's 8.6/27.3/64.1 % of three stages contradicts it; the portfolio follows Jiangyin. Where one stage ends and
    the next begins is an assumption: no national rule is known.
    """
    mix = drawn.truth["stage"].value_counts(normalize=True).reindex(STAGES).to_numpy()
    np.testing.assert_allclose(mix, np.array([235, 215, 170, 303]) / 923, atol=0.025)


def test_stage_move_up_rate(drawn: Portfolio) -> None:
    """12.3 % a year: 742 of about 6,000 firms of Guangzhou's high-tech zone (gd.chinanews.com 2023, FOUND)."""
    stage, firm = _stage(drawn.truth), drawn.truth["enterprise_id"]
    same = firm == firm.shift(-1)
    assert (stage.shift(-1) > stage)[same].mean() == pytest.approx(0.123, abs=0.01)


def test_share_of_firms_with_a_loan(drawn: Portfolio) -> None:
    """46.8 % (end of 2023) to 50.3 % (third quarter of 2025) of technology SMEs (gscn.com.cn; people.cn, FOUND)."""
    assert 0.468 <= (drawn.enterprises["existing_lenders"] > 0).mean() <= 0.503


def test_lending_rate(drawn: Portfolio) -> None:
    """4.45 %: SME lending rate 2022 (OECD 2024, FOUND)."""
    firms = drawn.enterprises
    debt = firms["short_term_debt_cny"] + firms["long_term_debt_cny"]
    assert (firms["interest_expense_cny"] / debt[debt > 0]).median() == pytest.approx(0.0445, abs=0.001)


def test_default_level(drawn: Portfolio) -> None:
    """1 to 3 % a year: an assumption consistent with NPL ratios of 0.3 to 2.6 % (ICBC, CCB, OECD), not a finding.

    Both what happened and what the bank saw lie within it.
    """
    assert 0.01 <= drawn.truth["bad"].mean() <= 0.03
    assert 0.01 <= drawn.outcomes["bad"].mean() <= 0.03
