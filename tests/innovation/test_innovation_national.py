"""Edition 2.0: published structure, assumed content, and no claim beyond that."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from icsml.innovation import describe, evaluate

BEST = {
    "rd_expense_cny": 15,
    "revenue_cny": 100,
    "revenue_prev_cny": 80,
    "staff_rd": 30,
    "staff_total": 100,
    "rd_super_deduction_cny": 1e7,
    "ip_class1": 10,
    "ip_class2": 20,
    "tech_contract_turnover_cny": 1e7,
    "hightech_revenue_cny": 60,
    "net_profit_cny": 15,
    "total_liabilities_cny": 55,
    "total_assets_cny": 100,
    "awards_2y": 1,
    "key_rd_projects": 1,
    "high_growth_list": 1,
}
WORST = dict.fromkeys(BEST, 0) | {
    "revenue_cny": 100,
    "revenue_prev_cny": 100,
    "staff_rd": 1,
    "staff_total": 1e9,
    "total_liabilities_cny": 75,
    "total_assets_cny": 100,
    "net_profit_cny": -5,
}


def test_four_dimensions_nine_and_three_indicators_100_and_30_points(national):
    assert [(c.id, c.bonus) for c in national.categories] == [
        ("input", False),
        ("output", False),
        ("development", False),
        ("impact", True),
    ]
    bonus = {c.id for c in national.categories if c.bonus}
    base = [i for i in national.indicators if i.category not in bonus]
    assert (len(base), len(national.indicators) - len(base)) == (9, 3)
    assert (sum(i.max for i in base), national.max_score) == (100, 130.0)
    assert {i.max for i in national.indicators if i.category in bonus} == {10}


def test_only_the_structure_is_published(national):
    assert str(national.provenance) == "assumed"
    assert {str(part) for i in national.indicators for part in i.provenance.parts} == {"assumed"}
    assert (str(national.totals.provenance), {str(c.provenance.name) for c in national.categories}) == (
        "published",
        {"published"},
    )


def test_growth_margin_and_debt_belong_to_the_baseline(national, blank):
    financial = [i.id for i in national.indicators if i.domain == "financial"]
    assert financial == ["revenue_growth", "profit_margin", "debt_ratio"]
    scored = evaluate(national, blank(1, BEST))
    assert scored.innovation_score[0] == pytest.approx(130 - 3 * 100 / 9, abs=1e-9)


def test_innovation_inputs_are_innovation_fields_of_innovation_indicators(national):
    assert "rd_expense_cny" in national.innovation_inputs()
    assert not {"revenue_cny", "staff_total", "net_profit_cny"} & set(national.innovation_inputs())
    assert set(national.innovation_inputs()) < set(national.inputs())


def test_scale_edges(national, blank):
    best, worst, nothing = (evaluate(national, blank(1, fields)) for fields in (BEST, WORST, {}))
    assert best.score[0] == pytest.approx(130, abs=1e-9)
    assert all(best.points[i.id][0] == float(i.max) for i in national.indicators)
    assert worst.score[0] == pytest.approx(0, abs=1e-6)
    assert nothing.score[0] == 0
    assert {str(rule[0]) for rule in nothing.rules.values()} == {"missing"}


@pytest.mark.parametrize(
    ("indicator", "field", "middle"),
    [
        ("rd_intensity", "rd_expense_cny", 7.5),
        ("rd_staff_share", "staff_rd", 15.0),
        ("rd_super_deduction", "rd_super_deduction_cny", 5e6),
        ("tech_contract_turnover", "tech_contract_turnover_cny", 5e6),
        ("hightech_revenue_share", "hightech_revenue_cny", 30.0),
        ("profit_margin", "net_profit_cny", 7.5),
        ("debt_ratio", "total_liabilities_cny", 65.0),
        ("ip_per_100_rd_staff", "ip_class1", -5.0),
    ],
)
def test_a_ramp_gives_half_its_points_half_way(national, blank, indicator, field, middle):
    scored = evaluate(national, blank(1, BEST | {field: middle}))
    assert scored.points[indicator][0] == pytest.approx(100 / 18, abs=1e-9)


def test_growth_from_nothing_is_missing_not_infinite(national, blank):
    scored = evaluate(national, blank(1, BEST | {"revenue_prev_cny": 0}))
    assert (scored.points["revenue_growth"][0], scored.rules["revenue_growth"][0]) == (0, "missing")


def test_eligibility_is_unknown_and_says_why(national, blank):
    scored = evaluate(national, blank(2, BEST))
    assert np.isnan(scored.eligible).all()
    described = describe(scored, national, 0)
    assert described["eligible"] is None
    assert "no conditions" in described["eligibility"][0]["text"]["en"]


def test_in_force_since_the_day_of_issue(national):
    assert national.in_force.holds(date(2025, 10, 29))
    assert not national.in_force.holds(date(2025, 10, 28))
    assert national.in_force.holds(date(2031, 1, 1))
