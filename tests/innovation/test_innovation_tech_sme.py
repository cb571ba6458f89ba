"""The published technology-SME scorecard, at every edge of every band."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from icsml.innovation import describe, evaluate

# The published table: lower bound inclusive, points.
STAFF = [(0.30, 20), (0.25, 16), (0.20, 12), (0.15, 8), (0.10, 4), (0.0, 0)]
RD_SALES = [(0.06, 50), (0.05, 40), (0.04, 30), (0.03, 20), (0.02, 10), (0.0, 0)]
RD_COST = [(0.30, 50), (0.25, 40), (0.20, 30), (0.15, 20), (0.10, 10), (0.0, 0)]
CLASS2 = [(4, 24), (3, 18), (2, 12), (1, 6), (0, 0)]

GOOD = {
    "staff_total": 100,
    "staff_st": 30,
    "revenue_cny": 1e8,
    "rd_expense_cny": 6e6,
    "total_cost_cny": 9e7,
    "total_assets_cny": 1e8,
    "ip_class1": 1,
    "ip_class2": 0,
    "prohibited_business": 0,
    "serious_violation": 0,
    "abnormal_list": 0,
    "serious_illegal_list": 0,
}


def edges(table):
    """Every threshold with its points, and the last value below it with the points of the next band."""
    for (threshold, points), (_, lower) in pairwise(table):
        yield threshold, points
        yield math.nextafter(threshold, 0.0), lower
    yield table[-1]


def of_percent(table, whole):
    """Every threshold as whole numbers of people or yuan, and one below it."""
    for (threshold, points), (_, lower) in pairwise(table):
        part = round(threshold * whole)
        yield part, points
        yield part - 1, lower


def test_the_structure_is_the_published_one(tech_sme):
    maxima = {i.id: float(i.max) for i in tech_sme.indicators}
    assert maxima == {"st_staff_share": 20, "rd_intensity": 50, "ip_rights": 30}
    assert tech_sme.max_score == 100
    assert str(tech_sme.provenance) == "published"


@pytest.mark.parametrize(("share", "points"), list(edges(STAFF)))
def test_staff_share_at_its_edges(tech_sme, blank, share, points):
    scored = evaluate(tech_sme, blank(1, {"staff_st": share, "staff_total": 1}))
    assert scored.points["st_staff_share"][0] == points


@pytest.mark.parametrize("whole", [20, 60, 100, 300, 500])
def test_staff_share_of_whole_people(tech_sme, blank, whole):
    for people, points in of_percent(STAFF, whole):
        scored = evaluate(tech_sme, blank(1, {"staff_st": people, "staff_total": whole}))
        assert scored.points["st_staff_share"][0] == points, (people, whole)


@pytest.mark.parametrize(("share", "points"), list(edges(RD_SALES)))
def test_rd_to_sales_at_its_edges(tech_sme, blank, share, points):
    scored = evaluate(tech_sme, blank(1, {"rd_expense_cny": share, "revenue_cny": 1}))
    assert scored.points["rd_intensity"][0] == points


@pytest.mark.parametrize(("share", "points"), list(edges(RD_COST)))
def test_rd_to_cost_at_its_edges(tech_sme, blank, share, points):
    scored = evaluate(tech_sme, blank(1, {"rd_expense_cny": share, "total_cost_cny": 1}))
    assert scored.points["rd_intensity"][0] == points


@pytest.mark.parametrize("revenue", [1_000_000, 37_000_000, 199_999_900])
def test_rd_to_sales_of_whole_yuan(tech_sme, blank, revenue):
    for yuan, points in of_percent(RD_SALES, revenue):
        scored = evaluate(tech_sme, blank(1, {"rd_expense_cny": yuan, "revenue_cny": revenue}))
        assert scored.points["rd_intensity"][0] == points, (yuan, revenue)


def test_the_better_rd_option_counts_and_is_named(tech_sme, blank):
    columns = blank(3, {"rd_expense_cny": 12, "revenue_cny": [100, 1000, 100], "total_cost_cny": [100, 100, 30]})
    scored = evaluate(tech_sme, columns)
    assert scored.points["rd_intensity"].tolist() == [50, 10, 50]
    assert scored.rules["rd_intensity"][:].tolist() == [
        "rd_to_sales: ≥ 6 %",
        "rd_to_cost: ≥ 10 %",
        "rd_to_sales: ≥ 6 %",
    ]
    assert scored.values["rd_intensity"].tolist() == [0.12, 0.12, 0.12]


@pytest.mark.parametrize(("count", "points"), CLASS2)
def test_class_2_rights(tech_sme, blank, count, points):
    scored = evaluate(tech_sme, blank(1, {"ip_class1": 0, "ip_class2": count}))
    assert scored.points["ip_rights"][0] == points


@pytest.mark.parametrize(("class1", "class2", "points"), [(1, 0, 30), (7, 9, 30), (0, 9, 24), (0, 0, 0)])
def test_class_1_beats_class_2(tech_sme, blank, class1, class2, points):
    scored = evaluate(tech_sme, blank(1, {"ip_class1": class1, "ip_class2": class2}))
    assert scored.points["ip_rights"][0] == points


def eligible(tech_sme, blank, **changes):
    return evaluate(tech_sme, blank(1, GOOD | changes)).eligible[0]


def test_a_good_enterprise_is_eligible(tech_sme, blank):
    assert evaluate(tech_sme, blank(1, GOOD)).score[0] == 100
    assert eligible(tech_sme, blank) == 1


@pytest.mark.parametrize(
    ("field", "within", "beyond"),
    [
        ("staff_total", 500, 501),
        ("revenue_cny", 2e8, 2e8 + 1),
        ("total_assets_cny", 2e8, 2e8 + 1),
    ],
)
def test_size_limits_are_inclusive(tech_sme, blank, field, within, beyond):
    large = {"staff_st": 400, "rd_expense_cny": 1e8}
    assert eligible(tech_sme, blank, **large, **{field: within}) == 1
    assert eligible(tech_sme, blank, **large, **{field: beyond}) == 0


@pytest.mark.parametrize("flag", ["prohibited_business", "serious_violation", "abnormal_list", "serious_illegal_list"])
def test_each_mark_of_conduct_excludes(tech_sme, blank, flag):
    assert eligible(tech_sme, blank, **{flag: 1}) == 0
    assert np.isnan(eligible(tech_sme, blank, **{flag: np.nan}))


def test_pass_mark_is_sixty_inclusive(tech_sme, blank):
    exactly_60 = {"staff_st": 30, "rd_expense_cny": 2e6, "ip_class1": 1}
    assert evaluate(tech_sme, blank(1, GOOD | exactly_60)).score[0] == 60
    assert eligible(tech_sme, blank, **exactly_60) == 1
    assert eligible(tech_sme, blank, **exactly_60 | {"staff_st": 29}) == 0


def test_no_staff_points_no_eligibility(tech_sme, blank):
    assert evaluate(tech_sme, blank(1, GOOD | {"staff_st": 9})).score[0] == 80
    assert eligible(tech_sme, blank, staff_st=9) == 0
    assert eligible(tech_sme, blank, staff_st=10) == 1


def test_missing_data_leave_eligibility_open_only_where_they_matter(tech_sme, blank):
    assert np.isnan(eligible(tech_sme, blank, staff_total=np.nan))
    assert np.isnan(eligible(tech_sme, blank, total_assets_cny=np.nan))
    # 100 points less the 30 of the rights, whatever they are, is still a pass.
    assert eligible(tech_sme, blank, ip_class1=np.nan, ip_class2=np.nan) == 1
    # 20 + 10 points; 30 more are possible, so the pass mark is open.
    assert np.isnan(eligible(tech_sme, blank, rd_expense_cny=2e6, ip_class1=np.nan, ip_class2=np.nan))
    # 20 + 0 points; 30 more would not do.
    assert eligible(tech_sme, blank, rd_expense_cny=0, ip_class1=np.nan, ip_class2=np.nan) == 0
    # One option of two is known and poor: the other might lift it.
    assert np.isnan(eligible(tech_sme, blank, rd_expense_cny=1e6, total_cost_cny=np.nan))
    # A clear no is a no, whatever is missing beside it.
    assert eligible(tech_sme, blank, abnormal_list=1, total_assets_cny=np.nan) == 0


def test_the_recalled_bypass_is_on_record_and_not_used(tech_sme, blank):
    weak = {"rd_expense_cny": 0, "ip_class1": 0, "high_tech_enterprise": 1, "led_standard": 1}
    assert eligible(tech_sme, blank, **weak) == 0
    assert {str(condition.provenance) for condition in tech_sme.eligibility.bypass.any_of} == {"assumed"}
    assert {str(definition.provenance) for definition in tech_sme.definitions} == {"assumed"}


def test_a_presumed_condition_is_said_to_be_presumed(tech_sme, blank):
    reasons = describe(evaluate(tech_sme, blank(1, GOOD)), tech_sme, 0)["eligibility"]
    resident = next(reason for reason in reasons if reason["id"] == "resident")
    assert (resident["met"], resident["rule"]) == (None, "presumed")
    assert all(reason["met"] is True for reason in reasons if reason is not resident)


CLEAN = {
    name: GOOD[name] for name in ("prohibited_business", "serious_violation", "abnormal_list", "serious_illegal_list")
}


def worked(tech_sme, blank, **fields):
    scored = evaluate(tech_sme, blank(1, CLEAN | fields))
    return [values[0] for values in scored.points.values()], scored.score[0], scored.eligible[0]


def test_worked_example_a_software_firm(tech_sme, blank):
    # Staff: 15 of 60 = 25 %, in 25-30 %                                       16
    # R&D: 2.6 / 50 = 5.2 % of sales, in 5-6 %: 40; 2.6 / 48 of cost: 0        40
    # Rights: none of Class I, three of Class II                               18
    # Total 74 of 100: 60 reached, staff points above 0, every size within its limit.
    firm = {
        "staff_total": 60,
        "staff_st": 15,
        "rd_expense_cny": 2_600_000,
        "revenue_cny": 50_000_000,
        "total_cost_cny": 48_000_000,
        "total_assets_cny": 30_000_000,
        "ip_class1": 0,
        "ip_class2": 3,
    }
    assert worked(tech_sme, blank, **firm) == ([16, 40, 18], 74, 1)


def test_worked_example_a_laboratory_that_hardly_sells(tech_sme, blank):
    # Staff: 2 of 12 = 16.7 %, in 15-20 %                                       8
    # R&D: 0.9 / 20 = 4.5 % of sales: 30; 0.9 / 3 = 30 % of cost: 50           50
    # Rights: none                                                              0
    # Total 58: two points short. One right of Class II gives 6 more, and 64 pass.
    firm = {
        "staff_total": 12,
        "staff_st": 2,
        "rd_expense_cny": 900_000,
        "revenue_cny": 20_000_000,
        "total_cost_cny": 3_000_000,
        "total_assets_cny": 9_000_000,
        "ip_class1": 0,
        "ip_class2": 0,
    }
    assert worked(tech_sme, blank, **firm) == ([8, 50, 0], 58, 0)
    assert worked(tech_sme, blank, **firm | {"ip_class2": 1}) == ([8, 50, 6], 64, 1)


def test_worked_example_patents_without_people(tech_sme, blank):
    # Staff: 18 of 200 = 9 %, below 10 %                                        0
    # R&D: 10 / 100 = 10 % of sales, 6 % or more                               50
    # Rights: two of Class I                                                   30
    # Total 80: 60 reached, but no staff points. Two more people make it 10 %: 4 points, and a pass.
    firm = {
        "staff_total": 200,
        "staff_st": 18,
        "rd_expense_cny": 10_000_000,
        "revenue_cny": 100_000_000,
        "total_cost_cny": 90_000_000,
        "total_assets_cny": 150_000_000,
        "ip_class1": 2,
        "ip_class2": 0,
    }
    assert worked(tech_sme, blank, **firm) == ([0, 50, 30], 80, 0)
    assert worked(tech_sme, blank, **firm | {"staff_st": 20}) == ([4, 50, 30], 84, 1)


def test_worked_example_one_yuan_too_large(tech_sme, blank):
    # Staff 30 of 100 = 30 %: 20. R&D 12 / 200 = 6 % of sales: 50; one yuan more of sales makes it a trifle less: 40.
    # Rights: two of Class II: 12. Total 82, and 72 with a yuan more, which is also above 200 million of sales.
    firm = {
        "staff_total": 100,
        "staff_st": 30,
        "rd_expense_cny": 12_000_000,
        "total_cost_cny": 180_000_000,
        "total_assets_cny": 200_000_000,
        "ip_class1": 0,
        "ip_class2": 2,
    }
    assert worked(tech_sme, blank, **firm, revenue_cny=200_000_000) == ([20, 50, 12], 82, 1)
    assert worked(tech_sme, blank, **firm, revenue_cny=200_000_001) == ([20, 40, 12], 72, 0)
