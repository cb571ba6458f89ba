"""What format 2 adds, by numbers worked out by hand: curves, stages, missing values, deductions, vetoes, ways."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from icsml.errors import ConfigError
from icsml.innovation import describe, evaluate, fitted, lint_rulebook, load_rulebook, parse_rulebook, points_frame
from icsml.innovation.rulebooks.points_functions import PointsFunction

BOOK = """\
format: 2
id: book
edition: trial
scope: regional
title: {en: Book, zh: 书}
issuer: {en: Nobody, zh: 无}
in_force: {from: 2020-01-01, to: null, provenance: assumed}
known_since: 2020-01-01
sources: [{id: text, title: The text, where: nowhere}]
totals: {base: 100, bonus: 15, provenance: assumed}
categories:
  - {id: one, label: {en: One, zh: 一}, max: 50, provenance: {name: assumed, max: assumed}}
  - {id: two, label: {en: Two, zh: 二}, max: 50, provenance: {name: assumed, max: assumed}}
  - {id: extra, label: {en: Extra, zh: 外}, max: 15, bonus: true, provenance: {name: assumed, max: assumed}}
indicators:
  - id: awards
    label: {en: Awards, zh: 奖}
    category: one
    domain: innovation
    max: 30
    missing: zero  # of awards
    value: awards_2y
    points: {kind: bands, steps: [{at_least: 1, points: 100%}], otherwise: 0}
    provenance: &assumed {name: assumed, weight: assumed, value: assumed, points: assumed}
  - id: platforms
    label: {en: Platforms, zh: 台}
    category: one
    domain: innovation
    max: 20
    missing: zero  # of platforms
    value: platforms_2y
    points: {kind: counts, at: {1: 50%, 2: 100%}}
    provenance: *assumed
  - id: intensity
    label: {en: Intensity, zh: 强}
    category: two
    domain: innovation
    max: 50
    missing: rescale  # of intensity
    value: {kind: ratio, numerator: rd_expense_cny, denominator: revenue_cny}
    points: {kind: ramp, anchors: [[0, 0], [0.1, 100%]]}
    provenance: *assumed
  - id: violation
    label: {en: Violation, zh: 违}
    category: two
    domain: financial
    max: 0
    min: -8
    better: lower
    missing: zero
    value: serious_violation
    points: {kind: flag, points: 100%}
    provenance: *assumed
  - id: listed
    label: {en: Listed, zh: 榜}
    category: extra
    domain: innovation
    max: 10
    missing: zero
    value: high_growth_list
    points: {kind: flag, points: 100%}
    provenance: *assumed
  - id: talents
    label: {en: Talents, zh: 才}
    category: extra
    domain: innovation
    max: 5
    missing: rescale  # of talents
    value: leading_talents
    points: {kind: counts, at: {1: 100%}}
    provenance: *assumed
"""
# 30 + 10 + 25 base points, 10 + 0 bonus points.
KNOWN = {
    "awards_2y": 1,
    "platforms_2y": 1,
    "rd_expense_cny": 5,
    "revenue_cny": 100,
    "serious_violation": 0,
    "high_growth_list": 1,
    "leading_talents": 0,
}
STAGES = """\
stages:
  list:
    - {id: young, label: {en: Young, zh: 幼}}
    - {id: grown, label: {en: Grown, zh: 长}}
    - {id: old, label: {en: Old, zh: 老}}
  rule:
    value: staff_total
    steps: [{below: 20, stage: young}, {at_most: 300, stage: grown}]
    otherwise: old
    missing: refuse
  provenance: {names: assumed, rule: assumed}
indicators:
"""
BY_STAGE = {
    "max: 30": "max: {young: 60, grown: 30, old: 10}",
    "max: 20": "max: {young: 20, grown: 20, old: 10}",
    "max: 50\n    missing": "max: {young: 20, grown: 50, old: 80}\n    missing",
    "zh: 一}, max: 50": "zh: 一}, max: {young: 80, grown: 50, old: 20}",
    "zh: 二}, max: 50": "zh: 二}, max: {young: 20, grown: 50, old: 80}",
    "min: -8": "min: {young: -2, grown: -4, old: -8}",
    "indicators:\n": STAGES,
}


def changed(text, changes):
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


@pytest.fixture(scope="module")
def book():
    return parse_rulebook(BOOK, "book")


@pytest.fixture(scope="module")
def staged():
    return parse_rulebook(changed(BOOK, BY_STAGE), "staged")


@pytest.fixture(scope="module")
def earned(points_at):
    """Points and rule of one value."""

    def earned(function, value, *, full=100, better="higher", percent=False):
        function = TypeAdapter(PointsFunction).validate_python(function)
        points, codes = points_at(function, np.array([float(value)]), full=full, better=better)
        rules = function.curve([Fraction(full)], better, percent=percent).rules
        return points[0], rules[codes[0]].text("en")

    return earned


def up(value):
    return math.nextafter(value, math.inf)


def down(value):
    return math.nextafter(value, -math.inf)


# Intervals


CLOSED_BELOW = {"kind": "intervals", "rows": [{"below": 0.05, "points": 0}, {"at_least": 0.05, "points": "100%"}]}
CLOSED_ABOVE = {"kind": "intervals", "rows": [{"at_most": 0.05, "points": 0}, {"above": 0.05, "points": "100%"}]}
POINT = {
    "kind": "intervals",
    "rows": [
        {"below": 2, "points": 1},
        {"at_least": 2, "at_most": 2, "points": 7},
        {"above": 2, "below": 3, "points": 3},
        {"at_least": 3, "points": 4},
    ],
}


@pytest.mark.parametrize(
    ("function", "value", "expected"),
    [
        (CLOSED_BELOW, down(0.05), (0, "< 5 %")),
        (CLOSED_BELOW, 0.05, (100, "≥ 5 %")),
        (CLOSED_ABOVE, 0.05, (0, "≤ 5 %")),
        (CLOSED_ABOVE, up(0.05), (100, "> 5 %")),
        (CLOSED_ABOVE, -1e13, (0, "≤ 5 %")),
        (CLOSED_ABOVE, 1e13, (100, "> 5 %")),
    ],
)
def test_an_end_of_an_interval_belongs_to_the_row_that_closes_it(function, value, expected, earned):
    assert earned(function, value, percent=True) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (down(2.0), (1, "< 2")),
        (2.0, (7, "≥ 2 and ≤ 2")),
        (up(2.0), (3, "> 2 and < 3")),
        (down(3.0), (3, "> 2 and < 3")),
        (3.0, (4, "≥ 3")),
    ],
)
def test_an_interval_may_be_a_single_value(value, expected, earned):
    assert earned(POINT, value) == expected


@pytest.mark.parametrize("ends", [{"at_least": 1, "above": 1}, {"at_most": 1, "below": 1}])
def test_an_end_is_open_or_closed_and_not_both(ends):
    with pytest.raises(ValidationError, match="not both"):
        TypeAdapter(PointsFunction).validate_python({"kind": "intervals", "rows": [ends | {"points": 1}]})


# Counts


@pytest.mark.parametrize(
    ("count", "expected"),
    [(0, (0, "< 1")), (1, (6, "1")), (2, (12, "2–3")), (3, (12, "2–3")), (4, (24, "≥ 4")), (999, (24, "≥ 4"))],
)
def test_a_count_earns_the_points_of_the_largest_number_reached(count, expected, earned):
    assert earned({"kind": "counts", "at": {1: 6, 2: 12, 4: "100%"}}, count, full=24) == expected


def test_a_count_that_reaches_no_number_earns_the_rest(earned):
    assert earned({"kind": "counts", "at": {5: 1}, "otherwise": 3}, 4) == (3, "< 5")


# The efficacy coefficient: 60 + 40 · (value − unacceptable) / (satisfactory − unacceptable), in 0 to 100


def by_definition(value, unacceptable, satisfactory, base=60):
    return min(100.0, max(0.0, base + (100 - base) * (value - unacceptable) / (satisfactory - unacceptable)))


HIGHER = {"kind": "efficacy", "unacceptable": 0.02, "satisfactory": 0.06}
LOWER = {"kind": "efficacy", "unacceptable": 0.80, "satisfactory": 0.50}


@pytest.mark.parametrize(
    ("function", "better", "value", "points"),
    [
        (HIGHER, "higher", 0.02, 60),
        (HIGHER, "higher", 0.04, 80),
        (HIGHER, "higher", 0.06, 100),
        (HIGHER, "higher", 0.50, 100),
        (HIGHER, "higher", 0.00, 40),
        (HIGHER, "higher", -0.04, 0),
        (HIGHER, "higher", -9.0, 0),
        (LOWER, "lower", 0.80, 60),
        (LOWER, "lower", 0.65, 80),
        (LOWER, "lower", 0.50, 100),
        (LOWER, "lower", 0.10, 100),
        (LOWER, "lower", 0.95, 40),
        (LOWER, "lower", 1.25, 0),
        (LOWER, "lower", 7.0, 0),
    ],
)
def test_the_efficacy_coefficient_is_sixty_at_the_unacceptable_and_full_at_the_satisfactory(
    function, better, value, points, earned
):
    found, _ = earned(function, value, better=better, percent=True)
    assert found == pytest.approx(points, abs=1e-9)
    assert by_definition(value, function["unacceptable"], function["satisfactory"]) == pytest.approx(points, abs=1e-9)


@pytest.mark.parametrize("function", [HIGHER, LOWER])
@pytest.mark.parametrize("base", [0, 25, 60, 90])
def test_the_efficacy_coefficient_follows_its_definition_everywhere(function, base, earned):
    better = "higher" if function is HIGHER else "lower"
    for value in np.linspace(-1.0, 2.0, 61):
        found, _ = earned(function | {"base": f"{base}%"}, value, better=better, full=40)
        expected = 0.4 * by_definition(value, function["unacceptable"], function["satisfactory"], base)
        assert found == pytest.approx(expected, abs=1e-9), value


@pytest.mark.parametrize(
    ("function", "better", "value", "rule"),
    [
        (HIGHER, "higher", -1, "no points"),
        (HIGHER, "higher", 0.04, "efficacy coefficient between 2 % and 6 %"),
        (HIGHER, "higher", 0.06, "satisfactory, 6 %"),
        (LOWER, "lower", 0.4, "satisfactory, 50 %"),
        (LOWER, "lower", 0.6, "efficacy coefficient between 80 % and 50 %"),
        (LOWER, "lower", 2, "no points"),
    ],
)
def test_the_efficacy_coefficient_says_where_the_value_lies(function, better, value, rule, earned):
    assert earned(function, value, better=better, percent=True)[1] == rule


@pytest.mark.parametrize("base", [60, "100%", "120%", "-1%"])
def test_the_base_of_the_efficacy_coefficient_is_a_share_below_full(base):
    with pytest.raises(ValidationError, match="share of the maximum below 100%"):
        TypeAdapter(PointsFunction).validate_python(HIGHER | {"base": base})


# Percentiles


@pytest.mark.parametrize(
    ("value", "better", "points"),
    [
        (0, "higher", 0),  # below all ten
        (1, "higher", 0),
        (7, "higher", 18),  # six of ten are smaller: 60 % of 30
        (7.5, "higher", 21),
        (10, "higher", 27),
        (11, "higher", 30),
        (7, "lower", 9),  # three of ten are larger: 30 % of 30
        (1, "lower", 27),
        (0, "lower", 30),
        (11, "lower", 0),
    ],
)
def test_a_percentile_earns_the_share_of_peers_that_are_worse(blank, value, better, points):
    ranked = {
        "points: {kind: bands, steps: [{at_least: 1, points: 100%}], otherwise: 0}": "points: {kind: percentile}",
        "    value: awards_2y": f"    better: {better}\n    value: awards_2y",
        "totals:": "peers: {groups: [[]], min_peers: 1, provenance: assumed}\ntotals:",
    }
    rulebook = parse_rulebook(changed(BOOK, ranked), "ranked")
    rulebook = fitted(rulebook, blank(10, {"awards_2y": np.arange(1, 11)}), "one to ten")
    assert evaluate(rulebook, blank(1, KNOWN | {"awards_2y": value})).points["awards"][0] == points


# Weights by stage, and the rule of stages


@pytest.mark.parametrize(
    ("staff", "stage"),
    [(0, "young"), (19, "young"), (20, "grown"), (300, "grown"), (301, "old"), (9e5, "old"), (np.nan, None)],
)
def test_the_first_step_that_holds_gives_the_stage(staged, blank, staff, stage):
    scored = evaluate(staged, blank(1, KNOWN | {"staff_total": staff}))
    assert scored.stage_of(0) == stage
    assert points_frame(scored, blank(1))["stage"].fillna("none").tolist() == [stage or "none"]


def test_each_stage_has_its_own_weights(staged, blank):
    scored = evaluate(staged, blank(3, KNOWN | {"staff_total": [19, 20, 301], "serious_violation": 1}))
    assert scored.points["awards"].tolist() == [60, 30, 10]
    assert scored.points["platforms"].tolist() == [10, 10, 5]  # one of two: half
    assert scored.points["intensity"].tolist() == [10, 25, 40]  # 5 % of 10 %: half
    assert scored.points["violation"].tolist() == [-2, -4, -8]
    assert scored.points["listed"].tolist() == [10, 10, 10]  # one weight for all
    assert scored.score.tolist() == [88, 71, 57]
    assert [scored.maximum(name).tolist() for name in ("awards", "intensity", "listed")] == [
        [60, 30, 10],
        [20, 50, 80],
        [10, 10, 10],
    ]
    assert [c["max"] for c in describe(scored, staged, 2)["categories"]] == [20, 80, 15]


def test_a_stage_that_cannot_be_told_has_no_score_if_the_rule_refuses(staged, blank):
    scored = evaluate(staged, blank(2, KNOWN | {"staff_total": [np.nan, 100]}))
    np.testing.assert_array_equal(scored.score, [np.nan, 75])
    np.testing.assert_array_equal(scored.innovation_score, [np.nan, 75])
    assert all(np.isnan(values[0]) and not np.isnan(values[1]) for values in scored.categories.values())
    described = describe(scored, staged, 0)
    assert (described["score"], described["stage"]) == (None, None)


def test_a_stage_that_cannot_be_told_is_the_one_that_the_rule_names(blank):
    rulebook = parse_rulebook(changed(BOOK, BY_STAGE | {"indicators:\n": STAGES.replace("refuse", "young")}), "named")
    scored = evaluate(rulebook, blank(1, KNOWN))
    assert (scored.stage_of(0), scored.score[0]) == ("young", 60 + 10 + 10 + 10)


def test_stages_may_share_their_weights(blank):
    rulebook = parse_rulebook(changed(BOOK, {"indicators:\n": STAGES}), "shared")
    scored = evaluate(rulebook, blank(2, KNOWN | {"staff_total": [1, 999]}))
    assert (scored.score.tolist(), [scored.stage_of(row) for row in (0, 1)]) == ([75, 75], ["young", "old"])


# Missing values


def test_nothing_missing_nothing_grows(book, blank):
    scored = evaluate(book, blank(1, KNOWN))
    assert {name: values[0] for name, values in scored.points.items()} == {
        "awards": 30,
        "platforms": 10,
        "intensity": 25,
        "violation": 0,
        "listed": 10,
        "talents": 0,
    }
    assert (scored.score[0], dict(scored.rescale_factor)) == (75, {})
    assert [scored.maximum(i.id)[0] for i in book.indicators] == [30, 20, 50, 0, 10, 5]


def test_zero_costs_the_points_and_leaves_the_others(book, blank):
    scored = evaluate(book, blank(1, KNOWN | {"awards_2y": np.nan}))
    assert (scored.score[0], scored.maximum("awards")[0], scored.rules["awards"][0]) == (45, 30, "missing")


def test_rescale_makes_points_and_maxima_of_the_others_grow_alike(book, blank):
    # Intensity, 50 of the 100 base points, is left out: the other 50 grow by 100 / 50 = 2.
    scored = evaluate(book, blank(2, KNOWN | {"revenue_cny": [np.nan, 100]}))
    assert scored.points["awards"].tolist() == [60, 30]
    assert scored.points["platforms"].tolist() == [20, 10]
    assert scored.points["intensity"].tolist() == [0, 25]
    assert scored.maximum("awards").tolist() == [60, 30]
    assert scored.maximum("platforms").tolist() == [40, 20]
    assert scored.maximum("intensity").tolist() == [0, 50]
    assert scored.score.tolist() == [80 + 10, 65 + 10]
    assert scored.rules["intensity"][:].tolist() == ["missing: left out", "ramp 0–10 %"]


def test_rescale_lifts_the_maximum_of_what_is_missing_and_counts_zero(book, blank):
    scored = evaluate(book, blank(1, KNOWN | {"revenue_cny": np.nan, "awards_2y": np.nan}))
    assert (scored.points["awards"][0], scored.maximum("awards")[0]) == (0, 60)
    assert scored.score[0] == 20 + 10


def test_a_deduction_never_grows(book, blank):
    scored = evaluate(book, blank(1, KNOWN | {"revenue_cny": np.nan, "serious_violation": 1}))
    assert (scored.points["violation"][0], scored.score[0]) == (-8, 80 - 8 + 10)


def test_a_deduction_that_is_left_out_makes_nothing_grow(blank):
    text = BOOK.replace("better: lower\n    missing: zero", "better: lower\n    missing: rescale")
    scored = evaluate(parse_rulebook(text, "book"), blank(1, KNOWN | {"serious_violation": np.nan}))
    assert (scored.score[0], scored.maximum("awards")[0]) == (75, 30)


def test_bonus_grows_for_bonus_alone(book, blank):
    # Talents, 5 of the 15 bonus points, are left out: the other 10 grow by 15 / 10 = 1.5. No base point does.
    scored = evaluate(book, blank(1, KNOWN | {"leading_talents": np.nan}))
    assert (scored.points["listed"][0], scored.maximum("listed")[0], scored.maximum("talents")[0]) == (15, 15, 0)
    assert (scored.points["awards"][0], scored.score[0]) == (30, 65 + 15)


def test_base_and_bonus_may_grow_at_once_each_by_its_own(book, blank):
    scored = evaluate(book, blank(1, KNOWN | {"leading_talents": np.nan, "rd_expense_cny": np.nan}))
    assert scored.score[0] == 2 * 40 + 1.5 * 10


ALL_RESCALE = BOOK.replace("zero  #", "rescale  #")


def test_two_that_are_left_out_leave_the_last_one_with_everything(blank):
    # Awards and intensity, 80 of 100, are left out: platforms grow by 100 / 20 = 5.
    fields = KNOWN | {"awards_2y": np.nan, "revenue_cny": np.nan}
    scored = evaluate(parse_rulebook(ALL_RESCALE, "book"), blank(1, fields))
    assert (scored.points["platforms"][0], scored.maximum("platforms")[0]) == (50, 100)
    assert scored.score[0] == 50 + 10


def test_where_all_base_points_are_left_out_there_is_no_score(blank):
    """Zero of zero would read as a score; bonus points alone are none either."""
    rulebook = parse_rulebook(ALL_RESCALE, "book")
    nothing = evaluate(rulebook, blank(1))
    assert np.isnan(nothing.score[0])
    assert np.isnan(nothing.innovation_score[0])
    assert [nothing.maximum(name)[0] for name in ("awards", "platforms", "intensity", "talents")] == [0, 0, 0, 0]
    base_missing = KNOWN | {"awards_2y": np.nan, "platforms_2y": np.nan, "revenue_cny": np.nan}
    assert np.isnan(evaluate(rulebook, blank(1, base_missing)).score[0])
    assert sum(each[0] for each in evaluate(rulebook, blank(1, base_missing)).points.values()) == 10


def test_growth_follows_the_weights_of_the_stage(staged, blank):
    # Without intensity, 20 of 100 at young and 80 of 100 at old: by 100 / 80 and by 100 / 20.
    fields = KNOWN | {"staff_total": [19, 20, 301], "revenue_cny": np.nan, "platforms_2y": 2}
    scored = evaluate(staged, blank(3, fields))
    assert scored.points["awards"].tolist() == [75, 60, 50]
    assert scored.points["platforms"].tolist() == [25, 40, 50]
    assert scored.maximum("awards").tolist() == [75, 60, 50]


def test_refuse_takes_the_score_and_says_so(blank):
    rulebook = parse_rulebook(BOOK.replace("zero  # of awards", "refuse"), "book")
    scored = evaluate(rulebook, blank(2, KNOWN | {"awards_2y": [np.nan, 1]}))
    np.testing.assert_array_equal(scored.score, [np.nan, 75])
    np.testing.assert_array_equal(scored.categories["one"], [np.nan, 40])
    np.testing.assert_array_equal(scored.categories["two"], [25, 25])
    assert scored.rules["awards"][:].tolist() == ["missing: refused", "≥ 1"]
    row = describe(scored, rulebook, 0)
    assert (row["score"], row["indicators"][0]["points"], row["indicators"][0]["max"]) == (None, None, 30)


def test_a_refused_score_may_still_be_known_to_pass_or_to_fail(blank):
    text = BOOK.replace("zero  # of awards", "refuse") + (
        "eligibility:\n  conditions:\n"
        "    - {id: pass, label: {en: Pass, zh: 分}, value: score, at_least: MARK, provenance: assumed}\n"
    )
    # Without awards 45 points, with them 75.
    answers = {}
    for mark in (45, 46, 75, 76):
        rulebook = parse_rulebook(text.replace("MARK", str(mark)), "book")
        answers[mark] = evaluate(rulebook, blank(1, KNOWN | {"awards_2y": np.nan})).eligible[0]
    np.testing.assert_array_equal(list(answers.values()), [1, np.nan, np.nan, 0])


def test_what_is_left_out_does_not_leave_a_pass_open(blank):
    text = BOOK + (
        "eligibility:\n  conditions:\n"
        "    - {id: pass, label: {en: Pass, zh: 分}, value: score, at_least: 90, provenance: assumed}\n"
    )
    scored = evaluate(parse_rulebook(text, "book"), blank(2, KNOWN | {"revenue_cny": np.nan, "platforms_2y": [1, 0]}))
    assert (scored.score.tolist(), scored.eligible.tolist()) == ([90, 70], [1, 0])


def test_a_category_never_has_more_points_than_the_maximum_stated_beside_them(book, blank):
    described = describe(evaluate(book, blank(1, KNOWN | {"revenue_cny": np.nan})), book, 0)
    assert all(category["points"] <= category["max"] for category in described["categories"])


FLOOR = (
    "eligibility:\n  conditions:\n"
    "    - {id: floor, label: {en: Floor, zh: 线}, value: {kind: category, category: one}, at_least: MARK,"
    " provenance: assumed}\n"
)


def test_a_floor_may_ask_for_what_is_reached_where_other_points_are_left_out(blank):
    # Without intensity the 50 points of the category grow to 100.
    text = BOOK + FLOOR
    rulebook = parse_rulebook(text.replace("MARK", "100"), "book")
    full = KNOWN | {"platforms_2y": 2, "revenue_cny": np.nan}
    assert evaluate(rulebook, blank(1, full)).eligible[0] == 1
    with pytest.raises(ConfigError, match=r"ICS-RUL-039 .*is 101 points, and no more than 100 can be reached"):
        parse_rulebook(text.replace("MARK", "101"), "book")
    with pytest.raises(ConfigError, match="no more than 50 can be reached"):
        parse_rulebook(text.replace("rescale", "zero").replace("MARK", "51"), "book")


def test_a_floor_that_some_stages_cannot_reach_is_told(tmp_path):
    text = changed(BOOK.replace("rescale", "zero"), BY_STAGE) + FLOOR
    path = tmp_path / "book.yaml"
    path.write_text(text.replace("MARK", "50"), "utf-8")
    (found,) = (each for each in lint_rulebook(path) if each.code == "ICS-RUL-039")
    assert (found.level, found.message) == (
        "warning", "is 50 points, and no more can be reached than 20 at stage old"
    )  # fmt: skip
    with pytest.raises(ConfigError, match="no more than 80 can be reached"):
        parse_rulebook(text.replace("MARK", "81"), "book")


PASS = (
    "eligibility:\n  conditions:\n"
    "    - {id: pass, label: {en: Pass, zh: 分}, value: score, at_least: 70, provenance: assumed}\n"
)


def test_points_of_a_stage_that_cannot_be_told_answer_no_condition(blank):
    # 90 points at the first stage and 65 at the last: whether 70 are reached is not known.
    rulebook = parse_rulebook(changed(BOOK, BY_STAGE) + PASS, "staged")
    scored = evaluate(rulebook, blank(3, KNOWN | {"staff_total": [19, 301, np.nan]}))
    np.testing.assert_array_equal(scored.score, [90, 65, np.nan])
    np.testing.assert_array_equal(scored.eligible, [1, 0, np.nan])


# Vetoes


VETOES = (
    PASS
    + """\
  vetoes:
    - {id: violator, label: {en: V, zh: 违}, value: serious_violation, is: true, provenance: assumed}
    - {id: overdue, label: {en: O, zh: 逾}, value: overdue_count_24m, above: 2, active: false, provenance: assumed}
  bypass:
    active: true
    waives: [pass]
    any_of:
      - {id: hte, label: {en: H, zh: 高}, value: high_tech_enterprise, is: true, provenance: assumed}
"""
)


@pytest.fixture(scope="module")
def vetoed():
    return parse_rulebook(BOOK + VETOES, "vetoed")


@pytest.mark.parametrize(
    ("violation", "hte", "awards", "expected"),
    [
        (0, 0, 1, 1),  # 75 points
        (0, 0, 0, 0),  # 45
        (0, 1, 0, 1),  # 45, but another way in
        (1, 0, 1, 0),
        (1, 1, 1, 0),  # no bypass waives a veto
        (np.nan, 1, 1, np.nan),
        (np.nan, 0, 0, 0),
        (1, np.nan, np.nan, 0),  # out whatever else is missing
    ],
)
def test_a_veto_decides_whatever_the_points_and_the_bypass(vetoed, blank, violation, hte, awards, expected):
    fields = {"serious_violation": violation, "high_tech_enterprise": hte, "awards_2y": awards}
    np.testing.assert_array_equal(evaluate(vetoed, blank(1, KNOWN | fields)).eligible, [expected])


def test_a_veto_that_holds_is_told_as_one_that_holds(vetoed, blank):
    fields = KNOWN | {"serious_violation": 1, "high_tech_enterprise": 0}
    reasons = {r["id"]: r["met"] for r in describe(evaluate(vetoed, blank(1, fields)), vetoed, 0)["eligibility"]}
    assert reasons == {"pass": False, "violator": True, "hte": False}  # 75 - 8 points


def test_an_inactive_veto_is_on_record_and_not_used(vetoed, blank):
    fields = KNOWN | {"high_tech_enterprise": 0, "overdue_count_24m": [0, 3, np.nan]}
    scored = evaluate(vetoed, blank(3, fields))
    assert scored.eligible.tolist() == [1, 1, 1]
    assert "overdue" not in scored.conditions
    active = parse_rulebook((BOOK + VETOES).replace("active: false", "active: true"), "active")
    np.testing.assert_array_equal(evaluate(active, blank(3, fields)).eligible, [1, 0, np.nan])


def test_vetoes_alone_are_an_eligibility(blank):
    text = BOOK + (
        "eligibility:\n  vetoes:\n"
        "    - {id: violator, label: {en: V, zh: 违}, value: serious_violation, is: true, provenance: assumed}\n"
    )
    scored = evaluate(parse_rulebook(text, "book"), blank(3, {"serious_violation": [0, 1, np.nan]}))
    np.testing.assert_array_equal(scored.eligible, [1, 0, np.nan])
    inactive = parse_rulebook(text.replace("is: true", "is: true, active: false"), "book")
    assert np.isnan(evaluate(inactive, blank(3, {"serious_violation": [0, 1, np.nan]})).eligible).all()


# The best of several ways


ALTERNATIVES = changed(
    BOOK,
    {
        "    value: awards_2y\n    points: {kind: bands, steps: [{at_least: 1, points: 100%}], otherwise: 0}\n": """\
    best_of:
      - {id: prize, label: {en: P, zh: 奖}, value: awards_3y, points: {kind: counts, at: {1: 12, 2: 100%}}}
      - {id: standard, label: {en: S, zh: 标}, value: led_standard, points: {kind: flag, points: 40%}}
      - id: growth
        label: {en: G, zh: 增}
        value: {kind: growth, now: main_revenue_cny, before: main_revenue_prev_cny}
        points: {kind: efficacy, unacceptable: 0, satisfactory: 0.2, base: 50%}
"""
    },
)


@pytest.mark.parametrize(
    ("prizes", "standard", "sales", "points", "rule"),
    [
        (2, 1, 120, 30, "prize: ≥ 2"),  # a tie with the third: the first one counts
        (1, 1, 80, 12, "prize: 1"),  # 12 and 40 % of 30: a tie
        (0, 1, 80, 12, "standard: yes"),
        (0, 0, 100, 15, "growth: efficacy coefficient between 0 % and 20 %"),
        (1, 0, 110, 22.5, "growth: efficacy coefficient between 0 % and 20 %"),
        (np.nan, 0, np.nan, 0, "standard: no"),
        (np.nan, np.nan, 120, 30, "growth: satisfactory, 20 %"),
        (np.nan, np.nan, np.nan, 0, "missing"),
    ],
)
def test_the_best_known_way_counts_whatever_its_kind(blank, prizes, standard, sales, points, rule):
    fields = {"awards_3y": prizes, "led_standard": standard, "main_revenue_cny": sales, "main_revenue_prev_cny": 100}
    scored = evaluate(parse_rulebook(ALTERNATIVES, "book"), blank(1, KNOWN | fields))
    assert scored.points["awards"][0] == pytest.approx(points, abs=1e-12)
    assert scored.rules["awards"][0] == rule


def test_a_way_that_is_missing_is_not_left_out_while_another_is_known(blank):
    rulebook = parse_rulebook(ALTERNATIVES.replace("zero  # of awards", "rescale"), "book")
    one_known, none_known = (evaluate(rulebook, blank(1, KNOWN | {"led_standard": flag})) for flag in (1, np.nan))
    assert (one_known.points["awards"][0], one_known.maximum("awards")[0], one_known.score[0]) == (12, 30, 57)
    # 30 of 100 left out: 10 and 25 grow by 100 / 70.
    assert none_known.score[0] == pytest.approx(10 + 35 * 100 / 70)


# Sichuan's constraints, and every shipped rulebook


@pytest.mark.parametrize(
    ("accident", "blacklist", "points", "rule"),
    [
        (1, 0, -20, "accident: yes"),
        (0, 1, -20, "blacklist: yes"),
        (1, 1, -20, "accident: yes"),
        (1, np.nan, -20, "accident: yes"),
        (0, np.nan, 0, "accident: no"),
        (0, 0, 0, "accident: no"),
        (np.nan, np.nan, 0, "missing"),
    ],
)
def test_a_deduction_for_either_of_two_facts_is_taken_for_either(blank, accident, blacklist, points, rule):
    """Knowing that a firm is on no blacklist does not wipe out its accident."""
    rows = blank(1, {"safety_accident_3y": accident, "research_blacklist": blacklist, "revenue_cny": 1})
    sichuan = fitted(load_rulebook("sichuan-2025"), rows, "these")
    scored = evaluate(sichuan, rows)
    name = "safety_or_research_dishonesty"
    assert (scored.points[name][0], scored.rules[name][0]) == (points, rule)
