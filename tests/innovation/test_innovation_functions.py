"""The closed vocabulary: what each value and points function gives, and how its rule reads."""

from __future__ import annotations

import math
import pickle
from fractions import Fraction

import numpy as np
import pytest
from pydantic import TypeAdapter

from icsml.innovation import evaluate
from icsml.innovation.rulebooks.points_functions import Ramp
from icsml.innovation.rulebooks.value_functions import Value


def score(small, blank, indicator, **fields):
    points = evaluate(small, blank(1, fields))
    return points.points[indicator][0], points.rules[indicator][0]


@pytest.mark.parametrize(
    ("class1", "class2", "expected"),
    [
        (3, 3, (10, "> 5")),
        (3, 2, (5, "> 0")),
        (0, 1, (5, "> 0")),
        (0, 0, (0, "≤ 0")),
        (9, np.nan, (0, "missing")),
    ],
)
def test_sum_and_exclusive_bounds(small, blank, class1, class2, expected):
    assert score(small, blank, "patents", ip_class1=class1, ip_class2=class2) == expected


@pytest.mark.parametrize(
    ("debt", "expected"),
    [
        (0, (10, "≤ 55 %")),
        (0.55, (10, "≤ 55 %")),
        (math.nextafter(0.55, 1), (5, "≤ 75 %")),
        (0.75, (5, "≤ 75 %")),
        (math.nextafter(0.75, 1), (0, "> 75 %")),
        (np.nan, (0, "missing")),
    ],
)
def test_upper_bounds_are_inclusive(small, blank, debt, expected):
    assert score(small, blank, "debt", total_liabilities_cny=debt, total_assets_cny=1) == expected


@pytest.mark.parametrize(
    ("now", "points", "rule"),
    [
        (80, 0, "< -10 %"),
        (90, 0, "ramp -10–0 %"),
        (95, 1, "ramp -10–0 %"),
        (100, 2, "ramp 0–15 %"),
        (107.5, 6, "ramp 0–15 %"),
        (115, 10, "≥ 15 %"),
        (900, 10, "≥ 15 %"),
    ],
)
def test_growth_on_a_ramp_with_a_bend(small, blank, now, points, rule):
    earned, hit = score(small, blank, "growth", revenue_cny=now, revenue_prev_cny=100)
    assert (earned, hit) == (pytest.approx(points, abs=1e-12), rule)


@pytest.mark.parametrize(("before", "now"), [(0, 5), (-3, 5), (np.nan, 5), (5, np.nan), (5e-324, 1e13)])
def test_growth_that_cannot_be_computed_is_missing(small, blank, before, now):
    assert score(small, blank, "growth", revenue_cny=now, revenue_prev_cny=before) == (0, "missing")


@pytest.mark.parametrize(("flag", "expected"), [(1, (10 / 3, "yes")), (0, (0, "no")), (np.nan, (0, "missing"))])
def test_flag(small, blank, flag, expected):
    assert score(small, blank, "listed", high_growth_list=flag) == expected


@pytest.mark.parametrize(("flag", "points"), [(1, -5), (0, 0), (np.nan, 0)])
def test_a_deduction_is_an_indicator_with_negative_points(small, blank, flag, points):
    result = evaluate(small, blank(1, {"serious_violation": flag, "high_growth_list": 1}))
    assert result.points["violation"][0] == points
    assert result.score[0] == 10 / 3 + points


@pytest.mark.parametrize(
    ("sales", "cost", "expected"),
    [
        (100, 100, (10, "sales: ≥ 6 %")),
        (200, 20, (8, "cost: ≥ 30 %")),
        (200, 60, (5, "sales: ≥ 3 %")),
        (np.nan, 20, (8, "cost: ≥ 30 %")),
        (0, np.nan, (0, "missing")),
        (1000, np.nan, (0, "sales: < 3 %")),
    ],
)
def test_best_of_takes_the_best_known_option_and_the_first_on_a_tie(small, blank, sales, cost, expected):
    assert score(small, blank, "rd", rd_expense_cny=6, revenue_cny=sales, total_cost_cny=cost) == expected


@pytest.mark.parametrize(
    ("staff", "patents", "hte", "expected"),
    [
        (100, 9, 0, np.nan),
        (100, 0, 1, 1.0),
        (100, 0, np.nan, np.nan),
        (501, 9, 1, 0.0),
        (np.nan, 9, 1, np.nan),
    ],
)
def test_an_active_bypass_waives_the_points_and_nothing_else(small, blank, staff, patents, hte, expected):
    fields = {"staff_total": staff, "ip_class1": patents, "ip_class2": 0, "high_tech_enterprise": hte}
    np.testing.assert_array_equal(evaluate(small, blank(1, fields)).eligible, [expected])


def test_a_possible_deduction_leaves_a_pass_open(small, blank):
    pass_20 = {
        "staff_total": 9,
        "ip_class1": 9,
        "ip_class2": 0,
        "total_liabilities_cny": 1,
        "total_assets_cny": 9,
        "rd_expense_cny": 0,
        "revenue_cny": 9,
        "revenue_prev_cny": 99,
        "total_cost_cny": 9,
        "high_growth_list": 0,
        "high_tech_enterprise": 0,
    }
    answers = [evaluate(small, blank(1, pass_20 | {"serious_violation": flag})) for flag in (0, 1, np.nan)]
    assert [float(a.score[0]) for a in answers] == [20, 15, 20]
    np.testing.assert_array_equal([a.eligible[0] for a in answers], [1, 0, np.nan])


def test_no_rows(small, blank):
    points = evaluate(small, blank(0))
    assert (points.score.shape, points.rules["rd"][:].shape, points.eligible.shape) == ((0,), (0,), (0,))


def test_a_rulebook_in_use_can_be_sent_to_another_process(small, blank):
    evaluate(small, blank(1))
    again = pickle.loads(pickle.dumps(small))
    assert again.source_text == small.source_text
    assert evaluate(again, blank(1, {"high_growth_list": 1})).score[0] == 10 / 3


@pytest.mark.parametrize(
    ("start", "end", "low", "high"),
    [
        ("0.203", "0.899", "0.6666666666666666", "6.333333333333334"),
        ("0.435", "0.9890000000000001", "0.4444444444444444", "1.8888888888888888"),
        ("0.292", "0.8360000000000001", "0.7777777777777778", "3.888888888888889"),
    ],
)
def test_rounding_never_carries_a_ramp_beyond_its_end(start, end, low, high, points_at):
    """Without a clip, each of these lines ends one rounding above its last anchor."""
    ramp = Ramp.model_validate({"kind": "ramp", "anchors": [[start, low], [end, high]]})
    just_below = np.nextafter([float(Fraction(end))], 0.0)
    points, _ = points_at(ramp, just_below, full=Fraction(high))
    assert np.all(points <= float(Fraction(high)))


def test_a_quantity_that_is_not_finite_is_missing_as_it_is_in_a_feature():
    values = {"a": np.array([1.0, 1e308]), "b": np.array([np.inf, 1e308])}
    both = {"kind": "sum", "fields": ["a", "b"]}
    for value in (both, {"kind": "ratio", "numerator": "a", "denominator": "b"}):
        computed = TypeAdapter(Value).validate_python(value).compute(values)
        assert np.isnan(computed[0])
    assert np.isnan(TypeAdapter(Value).validate_python(both).compute(values)).all()
    scaled = {"kind": "ratio", "numerator": "a", "denominator": "b", "per": 100}
    assert np.isnan(TypeAdapter(Value).validate_python(scaled).compute(values)).all()
