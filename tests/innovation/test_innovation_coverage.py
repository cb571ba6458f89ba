"""What the data can feed, from whom, and what the gaps cost: counted by hand on a few rows."""

from __future__ import annotations

import json

import numpy as np
import pytest
from pydantic_core import to_jsonable_python

from icsml.innovation import coverage, evaluate, fitted, load_rulebook, parse_rulebook
from icsml.innovation.scoring.coverage import FieldCoverage
from icsml.records.departments import DEPARTMENTS, department_of
from icsml.records.fields import FIELDS
from icsml.texts.label import Label

STAGES = """\
stages:
  list:
    - {id: young, label: {en: Young, zh: 幼}}
    - {id: old, label: {en: Old, zh: 老}}
  rule: {value: staff_total, steps: [{below: 100, stage: young}], otherwise: old, missing: refuse}
  provenance: {names: published, rule: published}
  sources: [text]
categories:
"""


def by_id(found, key="indicators"):
    return {each.id: each for each in getattr(found, key)}


@pytest.fixture(scope="module")
def policy(small_text):
    """Make the small rulebook with another policy for a missing debt ratio."""

    def make(name):
        before = "    better: lower\n    missing: zero\n    value: {kind: ratio, numerator: total_liabilities_cny"
        assert before in small_text
        return parse_rulebook(small_text.replace(before, before.replace("zero", name)), "small.yaml")

    return make


@pytest.fixture
def four(blank):
    """Debt ratios of 0.5, 0.7, unknown for want of assets, unknown for want of both: 10, 5 and no points."""
    return blank(
        4,
        {
            "total_liabilities_cny": [50, 70, 80, np.nan],
            "total_assets_cny": [100, 100, np.nan, np.nan],
            "region": ["350100", "350200", "110000", None],
            "ip_class1": [6, 1, 1, 1],
            "ip_class2": [0, 0, 0, 0],
        },
    )


def test_shares_and_points_lost_by_hand(small, four):
    found = coverage(small, four)
    assert (found.rulebook, found.rows, found.rows_refused) == ("small", 4, 0)
    debt, patents = by_id(found)["debt"], by_id(found)["patents"]
    assert to_jsonable_python(debt) == {
        "id": "debt",
        "label": {"en": "Debt", "zh": "债"},
        "share": 0.5,
        "policy": "zero",
        "max": 10.0,
        "points_lost": 3.75,  # half of the rows lose the mean of 10 and 5
        "points_lost_at_most": 5.0,  # half of the rows lose ten
        "departments": ["enterprise"],
    }
    assert (patents.share, patents.points_lost, patents.points_lost_at_most) == (1.0, 0.0, 0.0)


def test_of_what_nobody_has_only_the_most_is_known(small, four):
    growth = by_id(coverage(small, four))["growth"]
    assert (growth.share, growth.points_lost, growth.points_lost_at_most) == (0.0, None, 10.0)


def test_indicators_stand_in_the_order_of_the_rulebook(small, four):
    assert list(by_id(coverage(small, four))) == [each.id for each in small.indicators]


def test_what_is_left_out_costs_nothing(policy, four):
    found = coverage(policy("rescale"), four)
    debt = by_id(found)["debt"]
    assert (debt.share, debt.policy) == (0.5, "rescale")
    assert (debt.points_lost, debt.points_lost_at_most) == (0.0, 0.0)
    assert found.rows_refused == 0


def test_what_refuses_costs_the_score(policy, four):
    found = coverage(policy("refuse"), four)
    debt = by_id(found)["debt"]
    assert (found.rows_refused, debt.share, debt.policy) == (2, 0.5, "refuse")
    assert (debt.points_lost, debt.points_lost_at_most) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("fields", "share"),
    [
        ({"rd_expense_cny": [1, 1], "revenue_cny": [10, np.nan], "total_cost_cny": [np.nan, 10]}, 1.0),
        ({"rd_expense_cny": [1, 1], "revenue_cny": [10, np.nan]}, 0.5),
        ({"rd_expense_cny": [np.nan, np.nan], "revenue_cny": [10, 10], "total_cost_cny": [10, 10]}, 0.0),
        ({"rd_expense_cny": [1, 1], "revenue_cny": [0, 0]}, 0.0),  # a ratio over nothing is no value
    ],
)
def test_one_option_is_enough(small, blank, fields, share):
    rd = by_id(coverage(small, blank(2, fields)))["rd"]
    assert rd.share == share
    assert rd.points_lost_at_most == 10.0 * (1 - share)


def test_a_deduction_that_is_not_on_file_is_a_gain_and_not_more_than_known(small, blank):
    """Those who are known lose five each; of the rest nothing is taken, and the most that could be is no loss."""
    violation = by_id(coverage(small, blank(4, {"serious_violation": [1, 1, np.nan, np.nan]})))["violation"]
    assert (violation.max, violation.points_lost, violation.points_lost_at_most) == (0.0, -2.5, 0.0)


@pytest.fixture(scope="module")
def staged(small_text):
    """The small rulebook with a debt ratio that is worth 12 to the young and 8 to the old."""
    debt = "    max: 10\n    better: lower\n    missing: zero\n    value: {kind: ratio, numerator: total_liabilities"
    growth = "    max: 10\n    missing: zero\n    value: {kind: growth"
    text = small_text.replace("categories:\n", STAGES, 1)
    text = text.replace(debt, debt.replace("max: 10", "max: {young: 12, old: 8}"))
    text = text.replace(growth, growth.replace("max: 10", "max: {young: 8, old: 12}"))
    points = "{at_most: 0.55, points: 10}, {at_most: 0.75, points: 5}"
    return parse_rulebook(text.replace(points, points.replace("10}", "100%}").replace("5}", "50%}")), "small.yaml")


def test_the_most_that_is_lost_is_by_the_stage_of_each_row(staged, blank):
    fields = {"staff_total": [50, 150, np.nan, 150], "total_liabilities_cny": 50}
    found = coverage(staged, blank(4, fields | {"total_assets_cny": [np.nan, np.nan, np.nan, 100]}))
    debt = by_id(found)["debt"]
    assert found.rows_refused == 1
    assert debt.max == 12.0
    assert debt.points_lost_at_most == (12 + 8 + 12) / 4  # of a stage that cannot be told, the most of any


def test_no_more_is_lost_than_the_most_that_can_be(staged, blank):
    """The young have it on file and full points of twelve; the old have not, and could have had eight."""
    fields = {"staff_total": [50, 150], "total_liabilities_cny": 50, "total_assets_cny": [100, np.nan]}
    debt = by_id(coverage(staged, blank(2, fields)))["debt"]
    assert debt.points_lost_at_most == 4.0
    assert debt.points_lost <= debt.points_lost_at_most


def test_nor_is_it_where_others_are_left_out(blank):
    """The points of who has a value grow in place of what is left out, and so would those of who has none."""
    bare = load_rulebook("national-2024")
    rulebook = fitted(bare, blank(1, {"rd_expense_cny": 0.5}), "poorer")
    amount = by_id(coverage(rulebook, blank(2, {"revenue_cny": [1, 2], "rd_expense_cny": [1, np.nan]})))["rd_amount"]
    assert amount.points_lost <= amount.points_lost_at_most


def test_departments_by_hand(tech_sme, blank):
    columns = blank(
        4, {"rd_expense_cny": [1, 1, 1, np.nan], "staff_st": [1, 1, np.nan, 1], "staff_total": [9, 9, 9, 9]}
    )
    found = by_id(coverage(tech_sme, columns), "departments")
    science = found["science"]
    assert science.label == Label(en="Science and technology", zh="科技")
    shares = {each.id: each.share for each in science.fields}
    assert shares["staff_st"] == shares["rd_expense_cny"] == 0.75
    assert (science.share, set(shares)) == (0.5, {"staff_st", "rd_expense_cny"})
    staff = found["human_resources"]
    assert (staff.share, staff.fields) == (1.0, [FieldCoverage("staff_total", 1.0)])


def test_all_the_fields_of_a_department_are_wanted_at_once(small, blank):
    """Each of two fields is on file in half of the rows, both in a quarter."""
    columns = blank(4, {"ip_class1": [1, 1, np.nan, np.nan], "ip_class2": [1, np.nan, 1, np.nan]})
    rights = by_id(coverage(small, columns), "departments")["intellectual_property"]
    assert rights.share == 0.25
    assert [(each.id, each.share) for each in rights.fields] == [("ip_class1", 0.5), ("ip_class2", 0.5)]


@pytest.mark.parametrize("name", ["national-2024", "national-2025", "tech-sme-2017", "innovative-sme-2022"])
def test_every_field_that_is_read_is_asked_of_one_department(name, blank):
    rulebook = load_rulebook(name)
    found = coverage(rulebook, blank(1))
    asked = [field.id for department in found.departments for field in department.fields]
    assert sorted(asked) == sorted(rulebook.inputs())
    assert {department.id for department in found.departments} <= set(DEPARTMENTS)
    assert all(each.departments for each in found.indicators)
    content = to_jsonable_python(found)
    assert json.loads(json.dumps(content, allow_nan=False)) == content


def test_every_field_has_a_department():
    assert {department_of(field) for field in FIELDS} <= set(DEPARTMENTS)


def test_provinces_by_hand(small, four):
    found = coverage(small, four).provinces
    assert [(each.province, each.rows, each.indicators["debt"]) for each in found] == [
        (None, 1, 0.0),
        ("11", 1, 0.0),
        ("35", 2, 1.0),
    ]
    assert all(set(each.indicators) == {indicator.id for indicator in small.indicators} for each in found)


def test_the_shares_of_the_provinces_make_up_the_whole(small, blank):
    rng = np.random.default_rng(1)
    n = 200
    fields = {name: np.where(rng.random(n) < 0.4, np.nan, 5.0) for name in small.inputs()}
    found = coverage(small, blank(n, fields | {"region": rng.choice(["350100", "110000", "440300", None], n)}))
    assert sum(each.rows for each in found.provinces) == n
    for indicator in found.indicators:
        whole = sum(each.rows * each.indicators[indicator.id] for each in found.provinces) / n
        assert whole == pytest.approx(indicator.share)
        lost, most = indicator.points_lost, indicator.points_lost_at_most
        assert lost <= most + 1e-12
        assert lost >= 0.0 or indicator.max == 0.0


def test_the_cost_is_what_filling_the_gaps_at_the_mean_would_give(tech_sme, blank):
    """Where all missing rows earned what the others earn on average, the mean total would rise by the points lost."""
    columns = blank(4, {"staff_st": [3, 2, 1, np.nan], "staff_total": 10})  # 20, 12, 4 and no points
    found = by_id(coverage(tech_sme, columns))["st_staff_share"]
    mean_now = evaluate(tech_sme, columns).points["st_staff_share"].mean()
    assert mean_now + found.points_lost == pytest.approx(12.0)


def test_a_rulebook_that_ranks_takes_these_rows_for_peers_or_the_tables_it_has(blank):
    bare = load_rulebook("national-2024")
    columns = blank(2, {"revenue_cny": [1, 2], "rd_expense_cny": [1, np.nan]})
    found = coverage(bare, columns)
    assert by_id(found)["rd_amount"].share == 0.5
    assert by_id(found)["rd_amount"].points_lost_at_most == pytest.approx(60 / 7 / 2)
    assert by_id(found)["rd_amount"].points_lost == 0.0  # alone among its peers it has none
    poorer = fitted(bare, blank(1, {"rd_expense_cny": 0.5}), "poorer")  # above this one it has full points
    assert by_id(coverage(poorer, columns))["rd_amount"].points_lost > 4.0


def test_no_rows_have_no_shares(small, blank):
    found = coverage(small, blank(0))
    assert (found.rows, found.rows_refused, found.provinces) == (0, 0, [])
    assert all(each.share == each.points_lost_at_most == 0.0 for each in found.indicators)
