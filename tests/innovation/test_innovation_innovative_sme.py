"""The published innovative-SME scorecard, at every edge of every band, floor and other way in."""

from __future__ import annotations

import math
from datetime import date
from itertools import pairwise

import numpy as np
import pytest

from icsml.core.paths import configs_dir
from icsml.innovation import describe, evaluate, lint_rulebook, load_rulebook
from icsml.records.columns import record_columns
from icsml.records.enterprise import example_record, parse_record

# The published table: bound, points. Lower bounds are inclusive; of growth, the last one is not.
RD = [(0.05, 20), (0.03, 15), (0.02, 10), (0.01, 5), (0.0, 0)]
GROWTH = [(0.15, 20), (0.10, 15), (0.05, 10)]
DEBT = [(0.55, 10), (0.75, 5), (math.inf, 0)]
MAIN = [(0.70, 20), (0.60, 15), (0.55, 10), (0.50, 5), (0.0, 0)]

NO_OTHER_WAY = {
    "awards_3y": 0,
    "high_tech_enterprise": 0,
    "provincial_rd_institution": 0,
    "equity_raised_3y_cny": 0,
}
# 20 + 20 points for innovation, 20 + 10 for growth, 10 + 20 for specialisation.
BEST = NO_OTHER_WAY | {
    "ip_class1_high_value": 1,
    "ip_class1_self_developed": 0,
    "ip_class1": 0,
    "ip_class2": 0,
    "rd_expense_cny": 5,
    "revenue_cny": 100,
    "main_revenue_cny": 92,
    "main_revenue_prev_cny": 80,
    "total_liabilities_cny": 55,
    "total_assets_cny": 100,
    "strategic_field": 1,
}
NO_RIGHTS = {"ip_class1_high_value": 0}
# What lowers one item of BEST to so many points and leaves the others alone.
IP = {
    20: {},
    15: NO_RIGHTS | {"ip_class1_self_developed": 1},
    10: NO_RIGHTS | {"ip_class1": 1},
    5: NO_RIGHTS | {"ip_class2": 1},
    0: NO_RIGHTS,
}
RD_AT = {
    20: {},
    15: {"rd_expense_cny": 3},
    10: {"rd_expense_cny": 2},
    5: {"rd_expense_cny": 1},
    0: {"rd_expense_cny": 0},
}
GROWTH_AT = {20: {}, 5: {"main_revenue_prev_cny": 91}, 0: {"main_revenue_prev_cny": 92}}
DEBT_AT = {10: {}, 5: {"total_liabilities_cny": 75}, 0: {"total_liabilities_cny": 76}}
FIELD_AT = {10: {}, 5: {"strategic_field": 0}}
# The main share is lowered by more revenue, and R&D raised with it, so that R&D stays at 5 % or more.
MAIN_AT = {20: {}, 10: {"revenue_cny": 165, "rd_expense_cny": 9}, 5: {"revenue_cny": 180, "rd_expense_cny": 9}}


@pytest.fixture(scope="module")
def innovative():
    return load_rulebook("innovative-sme-2022")


@pytest.fixture(scope="module")
def at_value(innovative, points_at):
    """Points of one indicator at a value, whatever it takes to have just that value."""
    indicators = {indicator.id: indicator for indicator in innovative.indicators}

    def points(name, value):
        indicator = indicators[name]
        return points_at(indicator.points, np.array([value]), full=indicator.max, better=indicator.better)[0][0]

    return points


@pytest.fixture
def answer(innovative, blank):
    def points(*changes):
        fields = BEST.copy()
        for change in changes:
            fields |= change
        return evaluate(innovative, blank(1, fields))

    return points


def test_the_structure_is_the_published_one_and_the_groups_are_assumed(innovative):
    assert {i.id: (i.category, float(i.max)) for i in innovative.indicators} == {
        "ip_rights": ("innovation", 20),
        "rd_to_revenue": ("innovation", 20),
        "main_revenue_growth": ("growth", 20),
        "debt_to_assets": ("growth", 10),
        "field": ("specialisation", 10),
        "main_revenue_share": ("specialisation", 20),
    }
    assert [(c.id, float(c.max), c.bonus) for c in innovative.categories] == [
        ("innovation", 40, False),
        ("growth", 30, False),
        ("specialisation", 30, False),
    ]
    assert {str(c.provenance.name) for c in innovative.categories} == {"assumed"}
    assert (str(innovative.score_provenance), str(innovative.provenance)) == ("published", "assumed")
    assert {str(c.provenance) for c in innovative.eligibility.in_use} == {"published"}
    assert innovative.max_score == 100


def test_every_indicator_says_its_unit_direction_domain_and_policy(innovative):
    assert {i.id: (str(i.domain), i.better) for i in innovative.indicators} == {
        "ip_rights": ("innovation", "higher"),
        "rd_to_revenue": ("innovation", "higher"),
        "main_revenue_growth": ("financial", "higher"),
        "debt_to_assets": ("financial", "lower"),
        "field": ("innovation", "higher"),
        "main_revenue_share": ("financial", "higher"),
    }
    assert {i.missing for i in innovative.indicators} == {"zero"}
    assert all(option.unit is not None for i in innovative.indicators for option in i.options)


def test_the_day_and_the_validity_are_assumed_and_the_file_is_sound(innovative):
    assert lint_rulebook(configs_dir() / "rulebooks" / "innovative-sme-2022.yaml") == []
    assert (innovative.in_force.since, innovative.in_force.until) == (date(2022, 6, 1), None)
    assert str(innovative.in_force.provenance) == "assumed"
    assert "year alone" in innovative.in_force.note
    validity = innovative.validity
    assert (validity.months, validity.expired, str(validity.provenance)) == (36, "refuse", "assumed")


@pytest.mark.parametrize(
    ("high_value", "own", "class1", "class2", "points", "rule"),
    [
        (1, 0, 0, 0, 20, "high_value_class1: ≥ 1"),
        (7, 7, 7, 7, 20, "high_value_class1: ≥ 1"),
        (0, 1, 0, 0, 15, "self_developed_class1: ≥ 1"),
        (0, 1, 1, 9, 15, "self_developed_class1: ≥ 1"),
        (0, 0, 1, 0, 10, "class1: ≥ 1"),
        (0, 0, 9, 9, 10, "class1: ≥ 1"),
        (0, 0, 0, 1, 5, "class2: ≥ 1"),
        (0, 0, 0, 99, 5, "class2: ≥ 1"),
        (0, 0, 0, 0, 0, "high_value_class1: < 1"),
        (np.nan, np.nan, np.nan, 1, 5, "class2: ≥ 1"),
        (np.nan, np.nan, np.nan, np.nan, 0, "missing"),
    ],
)
def test_the_best_row_of_rights_counts(innovative, blank, high_value, own, class1, class2, points, rule):
    rights = {
        "ip_class1_high_value": high_value,
        "ip_class1_self_developed": own,
        "ip_class1": class1,
        "ip_class2": class2,
    }
    scored = evaluate(innovative, blank(1, rights))
    assert (scored.points["ip_rights"][0], scored.rules["ip_rights"][0]) == (points, rule)


def lower_edges(table):
    """Every lower bound with its points, and the last value below it with the points of the next band."""
    for (bound, points), (_, lower) in pairwise(table):
        yield bound, points
        yield math.nextafter(bound, -1.0), lower
    yield table[-1]


def upper_edges(table):
    """Every upper bound with its points, and the first value above it with the points of the next band."""
    for (bound, points), (_, lower) in pairwise(table):
        yield bound, points
        yield math.nextafter(bound, 9.0), lower


@pytest.mark.parametrize(("value", "points"), [*lower_edges(RD), (9.9, 20)])
def test_rd_to_revenue_at_its_edges(innovative, blank, at_value, value, points):
    scored = evaluate(innovative, blank(1, {"rd_expense_cny": value, "revenue_cny": 1}))
    assert scored.points["rd_to_revenue"][0] == points == at_value("rd_to_revenue", value)


@pytest.mark.parametrize(("value", "points"), [*lower_edges(MAIN), (1.0, 20)])
def test_main_share_at_its_edges(innovative, blank, at_value, value, points):
    scored = evaluate(innovative, blank(1, {"main_revenue_cny": value, "revenue_cny": 1}))
    assert scored.points["main_revenue_share"][0] == points == at_value("main_revenue_share", value)


@pytest.mark.parametrize(("value", "points"), [(0.0, 10), *upper_edges(DEBT), (9.0, 0)])
def test_debt_to_assets_at_its_edges(innovative, blank, at_value, value, points):
    scored = evaluate(innovative, blank(1, {"total_liabilities_cny": value, "total_assets_cny": 1}))
    assert scored.points["debt_to_assets"][0] == points == at_value("debt_to_assets", value)


@pytest.mark.parametrize(
    ("value", "points"),
    [
        *list(lower_edges([*GROWTH, (None, 5)]))[:-1],
        (math.nextafter(0.0, 1.0), 5),
        (0.0, 0),
        (math.nextafter(0.0, -1.0), 0),
        (-1.0, 0),
        (40.0, 20),
    ],
)
def test_growth_at_its_edges(at_value, value, points):
    assert at_value("main_revenue_growth", value) == points


@pytest.mark.parametrize("whole", [1_000_000, 37_000_000, 199_999_900])
def test_shares_of_whole_yuan(innovative, blank, whole):
    for indicator, table, part, base in (
        ("rd_to_revenue", RD, "rd_expense_cny", "revenue_cny"),
        ("main_revenue_share", MAIN, "main_revenue_cny", "revenue_cny"),
    ):
        for (bound, points), (_, lower) in pairwise(table):
            yuan = round(bound * whole)
            scored = evaluate(innovative, blank(2, {part: [yuan, yuan - 1], base: whole}))
            assert scored.points[indicator].tolist() == [points, lower], (indicator, yuan, whole)


@pytest.mark.parametrize("whole", [1_000_000, 37_000_000, 199_999_900])
def test_debt_and_growth_of_whole_yuan(innovative, blank, whole):
    for (bound, points), (_, lower) in pairwise(DEBT):
        yuan = round(bound * whole)
        debts = {"total_liabilities_cny": [yuan, yuan + 1], "total_assets_cny": whole}
        assert evaluate(innovative, blank(2, debts)).points["debt_to_assets"].tolist() == [points, lower], yuan
    for (bound, points), (_, lower) in pairwise([*GROWTH, (0, 5)]):
        now = whole + round(bound * whole)
        sales = {"main_revenue_cny": [now, now - 1], "main_revenue_prev_cny": whole}
        assert evaluate(innovative, blank(2, sales)).points["main_revenue_growth"].tolist() == [points, lower], now
    level = {"main_revenue_cny": [whole + 1, whole, whole - 1], "main_revenue_prev_cny": whole}
    assert evaluate(innovative, blank(3, level)).points["main_revenue_growth"].tolist() == [5, 0, 0]


@pytest.mark.parametrize(("flag", "points", "rule"), [(1, 10, "yes"), (0, 5, "no"), (np.nan, 0, "missing")])
def test_the_field_gives_ten_or_five_and_nothing_if_it_is_not_known(innovative, blank, flag, points, rule):
    scored = evaluate(innovative, blank(1, {"strategic_field": flag}))
    assert (scored.points["field"][0], scored.rules["field"][0]) == (points, rule)


def test_the_best_enterprise_has_every_point_and_is_eligible(answer):
    scored = answer()
    assert {name: values[0] for name, values in scored.categories.items()} == {
        "innovation": 40,
        "growth": 30,
        "specialisation": 30,
    }
    assert (scored.score[0], scored.eligible[0]) == (100, 1)


@pytest.mark.parametrize(
    ("category", "at", "below"),
    [
        ("innovation", (20, [IP[5], RD_AT[15]]), (15, [IP[0], RD_AT[15]])),
        ("innovation", (20, [IP[20], RD_AT[0]]), (15, [IP[15], RD_AT[0]])),
        ("innovation", (20, [IP[0], RD_AT[20]]), (15, [IP[5], RD_AT[10]])),
        ("growth", (15, [GROWTH_AT[5], DEBT_AT[10]]), (10, [GROWTH_AT[5], DEBT_AT[5]])),
        ("growth", (20, [GROWTH_AT[20], DEBT_AT[0]]), (10, [GROWTH_AT[0], DEBT_AT[10]])),
        ("specialisation", (15, [FIELD_AT[5], MAIN_AT[10]]), (10, [FIELD_AT[5], MAIN_AT[5]])),
        ("specialisation", (15, [FIELD_AT[10], MAIN_AT[5]]), (10, [FIELD_AT[5], MAIN_AT[5]])),
    ],
)
def test_each_floor_decides_though_the_total_is_reached(answer, category, at, below):
    for (points, changes), expected in ((at, 1), (below, 0)):
        scored = answer(*changes)
        assert (scored.categories[category][0], scored.eligible[0]) == (points, expected)
        assert scored.score[0] == 100 - {"innovation": 40}.get(category, 30) + points >= 60
        asked = {name: values[0] for name, values in scored.conditions.items() if name in FLOORS}
        assert asked == dict.fromkeys(FLOORS, 1) | {f"{category}_floor": expected}


FLOORS = ("innovation_floor", "growth_floor", "specialisation_floor", "pass_mark")
AT_THE_FLOORS = [GROWTH_AT[5], DEBT_AT[10], FIELD_AT[5], MAIN_AT[10]]  # 15 + 15 points


@pytest.mark.parametrize(
    ("ip", "rd", "total", "expected"),
    [(15, 15, 60, 1), (10, 20, 60, 1), (20, 10, 60, 1), (10, 15, 55, 0), (5, 15, 50, 0), (20, 20, 70, 1)],
)
def test_the_pass_mark_is_sixty_inclusive_though_every_floor_is_reached(answer, ip, rd, total, expected):
    # AT_THE_FLOORS has 165 of revenue: 5 % is 8.25, 3 % is 4.95, 2 % is 3.3.
    scored = answer(*AT_THE_FLOORS, IP[ip], {"rd_expense_cny": {20: 9, 15: 5, 10: 4}[rd]})
    assert (scored.score[0], scored.eligible[0]) == (total, expected)
    assert all(scored.conditions[name][0] == 1 for name in FLOORS[:3])


WEAK = [IP[0], RD_AT[0], GROWTH_AT[0], DEBT_AT[0], FIELD_AT[5], MAIN_AT[5], {"rd_expense_cny": 0}]


@pytest.mark.parametrize(
    ("field", "enough", "too_little"),
    [
        ("awards_3y", 1, 0),
        ("high_tech_enterprise", 1, 0),
        ("provincial_rd_institution", 1, 0),
        ("equity_raised_3y_cny", 5_000_000, 4_999_999),
        ("equity_raised_3y_cny", 5e6, math.nextafter(5e6, 0)),
    ],
)
def test_each_other_way_in_waives_total_and_floors(answer, field, enough, too_little):
    scored = answer(*WEAK, {field: enough})
    assert (scored.score[0], scored.eligible[0]) == (10, 1)
    assert all(scored.conditions[name][0] == 0 for name in FLOORS)
    assert answer(*WEAK, {field: too_little}).eligible[0] == 0
    assert np.isnan(answer(*WEAK, {field: np.nan}).eligible[0])


def test_another_way_in_needs_no_points_at_all(innovative, blank):
    nothing_known = evaluate(innovative, blank(1))
    assert (nothing_known.score[0], np.isnan(nothing_known.eligible[0])) == (0, True)
    assert evaluate(innovative, blank(1, {"awards_3y": 2})).eligible[0] == 1


def test_an_unknown_other_way_does_not_matter_to_who_passes(answer):
    assert answer(dict.fromkeys(NO_OTHER_WAY, np.nan)).eligible[0] == 1


@pytest.mark.parametrize(
    ("changes", "score", "expected"),
    [
        # Rights unknown: 20 for R&D hold the floor, and 80 points are a pass whatever they are.
        (
            [dict.fromkeys(("ip_class1_high_value", "ip_class1_self_developed", "ip_class1", "ip_class2"), np.nan)],
            80,
            1,
        ),
        # R&D unknown: rights of 15 leave the floor of 20 open.
        ([IP[15], {"rd_expense_cny": np.nan}], 75, np.nan),
        # A better right than the known one is possible, and R&D of 10 needs it for the floor: 15 + 10 or 20 + 10 do.
        ([IP[15], RD_AT[10], {"ip_class1_high_value": np.nan}], 85, 1),
        # 5 + 10 do not, 20 + 10 would.
        ([IP[5], RD_AT[10], {"ip_class1_high_value": np.nan}], 75, np.nan),
        # Growth unknown: 10 for debt, and 0 to 20 more.
        ([{"main_revenue_prev_cny": np.nan}], 80, np.nan),
        # No main revenue the year before: growth from nothing is missing, not infinite.
        ([{"main_revenue_prev_cny": 0}], 80, np.nan),
        # Debt unknown: 20 for growth are enough.
        ([{"total_assets_cny": np.nan}], 90, 1),
        # The field unknown is 5 or 10 points, so 10 for the main share reach the floor whatever it is.
        ([{"strategic_field": np.nan}, MAIN_AT[10]], 80, 1),
        # 5 for the main share reach it with 10 only.
        ([{"strategic_field": np.nan}, MAIN_AT[5]], 75, np.nan),
        # Nothing that is unknown can lift growth over its floor: 10 for debt and none for growth.
        ([{"strategic_field": np.nan}, GROWTH_AT[0]], 70, 0),
    ],
)
def test_missing_data_leave_eligibility_open_only_where_they_matter(answer, changes, score, expected):
    scored = answer(*changes)
    assert scored.score[0] == score
    np.testing.assert_array_equal(scored.eligible, [expected])


def test_a_decision_names_every_condition_with_its_provenance(innovative, answer):
    reasons = describe(answer(), innovative, 0)["eligibility"]
    assert [(r["id"], r["met"], r["rule"]) for r in reasons] == [
        ("pass_mark", True, "≥ 60"),
        ("innovation_floor", True, "≥ 20"),
        ("growth_floor", True, "≥ 15"),
        ("specialisation_floor", True, "≥ 15"),
        ("award", False, "≥ 1"),
        ("high_tech_enterprise", False, "yes"),
        ("rd_institution", False, "yes"),
        ("equity_raised", False, "≥ 5,000,000"),
    ]
    assert {r["provenance"] for r in reasons} == {"published"}


def test_worked_example_an_established_maker(innovative, blank):
    maker = NO_OTHER_WAY | {
        "ip_class1_high_value": 0,
        "ip_class1_self_developed": 2,
        "ip_class1": 3,
        "ip_class2": 11,
        "rd_expense_cny": 3_200_000,
        "revenue_cny": 80_000_000,
        "main_revenue_cny": 72_000_000,
        "main_revenue_prev_cny": 65_000_000,
        "total_liabilities_cny": 48_000_000,
        "total_assets_cny": 80_000_000,
        "strategic_field": 1,
    }
    # Rights: two self-developed of Class I, none of high value        15
    # R&D: 3.2 / 80 = 4 %, in 3-5 %                                    15     innovation      30
    # Growth: (72 - 65) / 65 = 10.8 %, in 10-15 %                      15
    # Debt: 48 / 80 = 60 %, in 55-75 %                                  5     growth          20
    # Field: strategic                                                 10
    # Main share: 72 / 80 = 90 %, 70 % or more                         20     specialisation  30
    # Total 80: all floors and 60 reached.
    scored = evaluate(innovative, blank(1, maker))
    assert {name: values[0] for name, values in scored.points.items()} == {
        "ip_rights": 15,
        "rd_to_revenue": 15,
        "main_revenue_growth": 15,
        "debt_to_assets": 5,
        "field": 10,
        "main_revenue_share": 20,
    }
    assert (scored.score[0], scored.innovation_score[0], scored.eligible[0]) == (80, 40, 1)


def test_worked_example_a_strong_product_whose_sales_fall(innovative, blank):
    shrinking = NO_OTHER_WAY | {
        "ip_class1_high_value": 1,
        "rd_expense_cny": 6_000_000,
        "revenue_cny": 100_000_000,
        "main_revenue_cny": 95_000_000,
        "main_revenue_prev_cny": 100_000_000,
        "total_liabilities_cny": 30_000_000,
        "total_assets_cny": 60_000_000,
        "strategic_field": 0,
    }
    # Rights: one of high value                                        20
    # R&D: 6 / 100 = 6 %, 5 % or more                                  20     innovation      40
    # Growth: (95 - 100) / 100 = -5 %, 0 or less                        0
    # Debt: 30 / 60 = 50 %, 55 % or less                               10     growth          10
    # Field: another one                                                5
    # Main share: 95 / 100 = 95 %                                      20     specialisation  25
    # Total 75, but growth lies below its floor of 15. Five million of equity are another way in.
    scored = evaluate(innovative, blank(2, shrinking | {"equity_raised_3y_cny": [4_999_999, 5_000_000]}))
    assert scored.score.tolist() == [75, 75]
    assert [values.tolist() for values in scored.categories.values()] == [[40, 40], [10, 10], [25, 25]]
    assert scored.eligible.tolist() == [0, 1]


def test_worked_example_fast_growth_on_debt(innovative, blank):
    growing = NO_OTHER_WAY | {
        "ip_class1_high_value": 0,
        "ip_class1_self_developed": 0,
        "ip_class1": 0,
        "ip_class2": 6,
        "rd_expense_cny": 500_000,
        "revenue_cny": 20_000_000,
        "main_revenue_cny": 10_400_000,
        "main_revenue_prev_cny": 8_000_000,
        "total_liabilities_cny": 8_000_000,
        "total_assets_cny": 10_000_000,
        "strategic_field": 1,
    }
    # Rights: Class II alone                                            5
    # R&D: 0.5 / 20 = 2.5 %, in 2-3 %                                  10     innovation      15
    # Growth: (10.4 - 8) / 8 = 30 %                                    20
    # Debt: 8 / 10 = 80 %, above 75 %                                   0     growth          20
    # Field: strategic                                                 10
    # Main share: 10.4 / 20 = 52 %, in 50-55 %                          5     specialisation  15
    # Total 50: neither 60 nor the floor of innovation.
    scored = evaluate(innovative, blank(1, growing))
    assert (scored.score[0], scored.eligible[0]) == (50, 0)
    assert {name: scored.conditions[name][0] for name in FLOORS} == {
        "innovation_floor": 0,
        "growth_floor": 1,
        "specialisation_floor": 1,
        "pass_mark": 0,
    }


def test_worked_example_the_example_record(innovative):
    # One right of high value 20; 4.3 / 52 = 8.3 % 20; 49 / 42.5 - 1 = 15.3 % 20; 20.5 / 41 = 50 % 10; strategic 10;
    # 49 / 52 = 94 % 20: all 100 points, and a high-tech enterprise besides.
    scored = evaluate(innovative, record_columns(parse_record(example_record())))
    assert (scored.score[0], scored.eligible[0]) == (100, 1)
