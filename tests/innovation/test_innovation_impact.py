"""What a change of rules does to a population: a case by hand, and sums that must agree."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
from pydantic_core import to_jsonable_python

from icsml.errors import InputError
from icsml.innovation import evaluate, fitted, load_rulebook, parse_rulebook
from icsml.innovation.impact import population_impact as module
from icsml.innovation.impact.population_impact import group_order, impact, population_groups


def rules(rights, awards, *, weight="published", points="published", missing="zero", name="two"):
    """Two indicators of these weights, each full from ten of something on."""
    whole = rights + awards

    def one(name, field, most):
        return f"""\
  - id: {name}
    label: {{en: {name.title()}, zh: {name}}}
    category: work
    domain: innovation
    max: {most}
    missing: {missing}
    value: {field}
    points: {{kind: ramp, anchors: [[0, 0], [10, 100%]]}}
    provenance: {{name: published, weight: {weight}, value: published, points: {points}}}
    sources: [text]
"""

    return parse_rulebook(
        f"""\
format: 2
id: {name}
edition: trial
scope: regional
title: {{en: Two, zh: 二}}
issuer: {{en: Nobody, zh: 无}}
in_force: {{from: 2020-01-01, to: null, provenance: assumed}}
known_since: 2020-01-01
sources: [{{id: text, title: The text, where: nowhere}}]
totals: {{base: {whole}, bonus: 0, provenance: published}}
categories:
  - {{id: work, label: {{en: Work, zh: 工}}, max: {whole}, provenance: {{name: published, max: published}}}}
indicators:
{one("rights", "ip_class1", rights)}{one("awards", "awards_2y", awards)}""",
        f"{name}.yaml",
    )


A, B = rules(60, 40), rules(40, 60, name="other")


@pytest.fixture
def four(blank):
    """Points by A 60, 40, 100, 0 and by B 40, 60, 100, 0."""
    return blank(
        4,
        {
            "ip_class1": [10, 0, 10, 0],
            "awards_2y": [0, 10, 10, 0],
            "staff_total": [10, 20, 299, np.nan],
            "region": ["350100", "350200", "110000", None],
            "technical_field": ["aerospace", None, "aerospace", None],
        },
    )


def test_a_case_by_hand(four):
    found = impact(A, B, four, top_share=0.5)
    assert (found.rows, found.entered, found.left, found.stayed) == (4, 1, 1, 1)
    assert found.threshold == {"top_share": 0.5}
    assert (found.a.mean, found.b.mean) == (50.0, 50.0)
    assert (found.a.rulebook, found.b.rulebook) == ("two", "other")
    assert found.a.max_score == found.b.max_score == 100.0
    assert found.a.quantiles == found.b.quantiles
    assert found.a.quantiles["p50"] == 50.0
    assert found.a.quantiles["p25"] == 30.0  # of 0, 40, 60, 100
    assert found.rank_correlation == pytest.approx(0.8)  # 1 - 6 · 2 / (4 · 15)
    assert found.depends is None


def test_the_groups_of_the_case_by_hand(four):
    found = impact(A, B, four, top_share=0.5)
    assert [list(asdict(each).values()) for each in found.groups["size"]] == [
        ["staff < 20", 1, pytest.approx(-0.2), -0.25, 0, 1],
        ["staff 20–99", 1, pytest.approx(0.2), 0.25, 1, 0],
        ["staff 100–299", 1, 0.0, 0.0, 0, 0],
        ["staff not known", 1, 0.0, 0.0, 0, 0],
    ]
    assert list(asdict(found.groups["size"][0])) == [
        "group",
        "rows",
        "score_share_change",
        "rank_change",
        "entered",
        "left",
    ]
    by_field = {each.group: each for each in found.groups["technical_field"]}
    assert by_field["aerospace"].score_share_change == pytest.approx(-0.1)
    assert by_field[None].rank_change == pytest.approx(0.125)
    assert [(each.group, each.rows, each.entered, each.left) for each in found.groups["province"]] == [
        ("11", 1, 0, 0),
        ("35", 2, 1, 1),
        (None, 1, 0, 0),
    ]
    assert set(found.groups) == {"technical_field", "province", "size"}


@pytest.mark.parametrize(
    ("cut_off", "moves"),
    [(100.0, (0, 0, 1)), (60.0, (1, 1, 1)), (np.nextafter(60.0, 61.0), (0, 0, 1)), (40.0, (0, 0, 3)), (0.0, (0, 0, 4))],
)
def test_a_cut_off_is_points_of_both(four, cut_off, moves):
    found = impact(A, B, four, cut_off=cut_off)
    assert (found.entered, found.left, found.stayed) == moves
    assert found.threshold == {"cut_off": cut_off}


def test_more_may_enter_than_leave(four):
    """By half the scale nobody of forty reaches 50; by shares the same are the best."""
    half = rules(30, 20, name="half")
    found = impact(half, A, four, cut_off=50.0)
    assert (found.entered, found.left, found.stayed) == (1, 0, 1)
    assert impact(half, A, four, top_share=0.5).entered == 0
    assert (found.a.mean, found.b.mean, found.a.max_score) == (25.0, 50.0, 50.0)
    assert all(each.score_share_change == 0.0 for each in found.groups["size"])


def test_equal_scores_at_the_edge_are_all_in(blank):
    """By A the first two have 60 each, so a quarter of four is two; by B the second falls behind."""
    found = impact(A, B, blank(4, {"ip_class1": [4, 10, 0, 0], "awards_2y": [9, 0, 1, 0]}), top_share=0.25)
    assert (found.entered, found.left, found.stayed) == (0, 1, 1)


@pytest.mark.parametrize(
    "cut", [{"top_share": 0.137}, {"top_share": 1.0}, {"cut_off": 20.0}, {"cut_off": 1e9}], ids=str
)
def test_the_same_rules_move_nobody(small, blank, cut):
    rng = np.random.default_rng(0)
    columns = blank(60, {name: rng.integers(0, 9, 60) for name in small.inputs()})
    found = impact(small, small, columns, **cut)
    assert (found.entered, found.left) == (0, 0)
    assert found.rank_correlation == pytest.approx(1.0, abs=1e-12)
    assert found.a == found.b
    assert found.depends is None
    for groups in found.groups.values():
        assert all(each.score_share_change == each.rank_change == 0.0 for each in groups)


@pytest.mark.parametrize("cut", [{"top_share": 0.2}, {"cut_off": 40.0}], ids=str)
@pytest.mark.parametrize("other", ["national-2025", "tech-sme-2017"])
def test_the_groups_add_up_to_the_whole(blank, cut, other):
    rng = np.random.default_rng(5)
    n = 400
    a, b = load_rulebook("national-2024"), load_rulebook(other)
    names = dict.fromkeys((*a.inputs(), *b.inputs()))
    fields = {name: np.where(rng.random(n) < 0.1, np.nan, rng.lognormal(10, 4, n)) for name in names}
    groups = {
        "region": rng.choice(["350100", "110000", "440300", None], n),
        "technical_field": rng.choice(["aerospace", "new_materials", None], n),
        "staff_total": rng.choice([5, 19, 20, 99, 100, 299, 300, np.nan], n),
    }
    columns = blank(n, fields | groups)
    found = impact(fitted(a, columns, "these"), fitted(b, columns, "these"), columns, **cut)
    assert set(found.groups) == {"stage", "technical_field", "province", "size"}
    change = found.b.mean / found.b.max_score - found.a.mean / found.a.max_score
    for table in found.groups.values():
        assert sum(each.rows for each in table) == found.rows
        assert sum(each.entered for each in table) == found.entered
        assert sum(each.left for each in table) == found.left
        weighted = sum(each.rows * each.score_share_change for each in table) / found.rows
        assert weighted == pytest.approx(change, abs=1e-12)
        assert sum(each.rows * each.rank_change for each in table) == pytest.approx(0.0, abs=1e-9)
    assert [each.group for each in found.groups["stage"]] == ["start_up", "growth", "steady"]
    assert [each.group for each in found.groups["size"]] == [
        "staff < 20",
        "staff 20–99",
        "staff 100–299",
        "staff ≥ 300",
        "staff not known",
    ]
    for side in (found.a, found.b):
        assert sum(side.histogram.counts) == found.rows
        assert list(side.quantiles.values()) == sorted(side.quantiles.values())
    assert 0.0 <= found.depends <= 1.0


def test_a_score_below_zero_is_in_the_distribution(small, blank):
    """Nothing earned and a deduction of five; the histogram must not lose the enterprise."""
    found = impact(small, small, blank(2, {"serious_violation": [1, 0]}), cut_off=0.0)
    assert found.a.quantiles["p5"] < 0.0
    assert sum(found.a.histogram.counts) == found.rows == 2


def test_the_histogram_is_over_the_whole_scale(blank):
    columns = blank(4, {"ip_class1": [10, 0, 7, 7], "awards_2y": [10, 0, 1, 1]})  # 100, 0, 46 and 46
    histogram = impact(A, B, columns, top_share=0.5).a.histogram
    assert (histogram.edges[0], histogram.edges[-1]) == (0.0, 1.0)
    assert histogram.counts == [1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]


def test_only_who_has_a_score_by_both_is_compared(blank):
    refusing = rules(60, 40, missing="refuse")
    columns = blank(3, {"ip_class1": [10, 10, np.nan], "awards_2y": [0, np.nan, 10], "staff_total": [5, 50, 500]})
    found = impact(refusing, B, columns, cut_off=1.0)
    assert (found.rows, found.a.mean, found.b.mean) == (1, 60.0, 40.0)
    assert [each.group for each in found.groups["size"]] == ["staff < 20"]


def test_where_nobody_has_a_score_by_both_it_is_said(blank):
    refusing = rules(60, 40, missing="refuse")
    for columns in (blank(2, {"ip_class1": 1}), blank(0)):
        with pytest.raises(InputError, match="no enterprise has a score by both") as caught:
            impact(refusing, B, columns, cut_off=1.0)
        assert (caught.value.code, caught.value.field) == ("ICS-RUL-034", "--in")


def test_where_one_tells_none_apart_there_is_no_rank_correlation(blank):
    columns = blank(3, {"ip_class1": [0, 5, 10], "awards_2y": [6, 3, 0]})
    level = rules(36, 60, name="level")  # 36 · r + 60 · a is 36 for all three
    assert impact(level, B, columns, top_share=0.4).rank_correlation is None


# who may be listed at all

SMALL = """\
eligibility:
  conditions:
    - {id: size, label: {en: Small, zh: 小}, value: staff_total, at_most: 100, provenance: assumed}
"""


def test_who_is_not_eligible_is_on_no_list(four):
    """By B only the small, so the first two; the third and best is too large, and the size of the last not known."""
    small = parse_rulebook(B.source_text + SMALL, "other.yaml")
    found = impact(A, small, four, cut_off=0.0)
    assert (found.stayed, found.left, found.entered, found.rows) == (2, 2, 0, 4)
    assert found.a.mean == found.b.mean == 50.0  # they have their scores all the same
    assert found.firms.to_dict("list") == {
        "enterprise_id": ["E0", "E1", "E2", "E3"],
        "score_a": [60.0, 40.0, 100.0, 0.0],
        "score_b": [40.0, 60.0, 100.0, 0.0],
        "may_be_listed_a": [True] * 4,
        "may_be_listed_b": [True, True, False, False],
        "listed_a": [True] * 4,
        "listed_b": [True, True, False, False],
    }


def test_a_share_is_of_all_and_filled_by_those_who_may_be_listed(four):
    small = parse_rulebook(B.source_text + SMALL, "other.yaml")
    found = impact(A, small, four, top_share=0.5)
    assert found.firms["listed_a"].tolist() == [True, False, True, False]
    assert found.firms["listed_b"].tolist() == [True, True, False, False]
    assert (found.entered, found.left, found.stayed) == (1, 1, 1)
    assert impact(A, small, four, top_share=1.0).firms["listed_b"].sum() == 2
    assert impact(A, small, four, top_share=0.25).firms["listed_b"].tolist() == [False, True, False, False]


def test_who_has_nothing_on_file_is_on_no_list(four, blank):
    found = impact(A, B, blank(2, {"ip_class1": [0, np.nan]}), cut_off=0.0)
    assert found.firms["listed_a"].tolist() == [True, False]


def test_a_move_by_eligibility_hangs_on_no_weight(four):
    """All four have enough by either; two leave because of their size alone."""
    a = rules(60, 40, weight="assumed")
    found = impact(a, parse_rulebook(a.source_text + SMALL, "two.yaml"), four, cut_off=0.0)
    assert (found.left, found.depends) == (2, 0.0)


def test_the_single_enterprises_are_no_part_of_the_figures(four):
    told = to_jsonable_python(impact(A, B, four, top_share=0.5))
    assert "firms" not in told
    assert set(told) == {
        *("rows", "a", "b", "rank_correlation", "threshold", "entered", "left", "stayed", "depends", "groups"),
    }


# what depends on assumed weights


def test_nothing_hangs_on_weights_that_are_published(four):
    assert impact(A, B, four, top_share=0.5).depends is None
    points = rules(40, 60, points="assumed", name="other")  # how points are made is assumed, no weight is
    assert impact(A, points, four, top_share=0.5).entered == 1
    assert impact(A, points, four, top_share=0.5).depends is None


def test_nothing_hangs_on_anything_where_nobody_moves(four):
    assert impact(A, rules(60, 40, weight="assumed"), four, top_share=0.5).depends is None


def test_what_moves_by_a_hair_hangs_on_the_assumption(four):
    """Fifty to fifty one way and the other: which of the two is ahead is the weights' alone."""
    a, b = rules(51, 49, weight="assumed"), rules(49, 51, weight="assumed", name="other")
    found = impact(a, b, four, top_share=0.5)
    assert (found.entered, found.left, found.depends) == (1, 1, 1.0)


def test_what_moves_by_much_does_not(four):
    a, b = rules(95, 5, weight="assumed"), rules(5, 95, weight="assumed", name="other")
    found = impact(a, b, four, top_share=0.5)
    assert (found.entered, found.left, found.depends) == (1, 1, 0.0)


def test_who_has_no_score_takes_no_part_in_the_draws(blank):
    """The first has no score by either; the sure move is that of the second and third."""
    a = rules(95, 5, weight="assumed", missing="refuse")
    b = rules(5, 95, weight="assumed", missing="refuse", name="other")
    found = impact(a, b, blank(3, {"ip_class1": [np.nan, 10, 0], "awards_2y": [10, 0, 10]}), top_share=0.5)
    assert (found.rows, found.entered, found.left, found.depends) == (2, 1, 1, 0.0)


def test_it_is_the_same_each_time(four):
    a, b = rules(60, 40, weight="assumed"), rules(40, 60, weight="assumed", name="other")
    assert impact(a, b, four, top_share=0.5) == impact(a, b, four, top_share=0.5)


def test_a_move_at_exactly_the_cut_does_not_hang_on_rounding(blank):
    """1 / 49 · 49 is below 1 in floating point.

    By A the firm has the one point it needs, by published weights; by B it has none whatever the weights are. So it
    leaves in every draw.
    """
    banded = rules(49, 51).source_text.replace(
        "points: {kind: ramp, anchors: [[0, 0], [10, 100%]]}",
        "points: {kind: bands, steps: [{at_least: 2, points: 49}, {at_least: 1, points: 1}], otherwise: 0}",
        1,
    )
    a = parse_rulebook(banded, "two.yaml")
    b = parse_rulebook(rules(49, 51, weight="assumed").source_text.replace("ip_class1", "ip_class2"), "two.yaml")
    found = impact(a, b, blank(2, {"ip_class1": [1, 0]}), cut_off=1.0)
    assert (found.a.mean, found.left, found.entered) == (0.5, 1, 0)
    assert found.depends == 0.0


def test_of_very_many_a_sample_is_drawn(blank, monkeypatch):
    rng = np.random.default_rng(0)
    columns = blank(300, {"ip_class1": rng.uniform(0, 10, 300), "awards_2y": rng.uniform(0, 10, 300)})
    a, b = rules(60, 40, weight="assumed"), rules(40, 60, weight="assumed", name="other")
    whole = impact(a, b, columns, top_share=0.3)
    monkeypatch.setattr(module, "_MOST_DRAWN", 150)
    sample = impact(a, b, columns, top_share=0.3)
    assert (sample.entered, sample.rows) == (whole.entered, 300)
    assert 0.0 <= sample.depends <= 1.0


# groups


def test_sizes_are_told_apart_at_their_edges(small, blank):
    columns = blank(9, {"staff_total": [0, 19, 20, 99, 100, 299, 300, 1e6, np.nan], "region": None})
    groups = population_groups(columns, evaluate(small, columns))
    assert groups["size"].tolist() == [
        *["staff < 20"] * 2,
        *["staff 20–99"] * 2,
        *["staff 100–299"] * 2,
        *["staff ≥ 300"] * 2,
        "staff not known",
    ]
    assert groups["province"].tolist() == [None] * 9
    assert "stage" not in groups


def test_groups_stand_in_their_order():
    stages = ("young", "old")
    assert sorted(["old", None, "odd", "young"], key=group_order("stage", stages)) == ["young", "old", "odd", None]
    assert sorted([None, "35", "11"], key=group_order("province", stages)) == ["11", "35", None]
    sizes = ["staff ≥ 300", "staff not known", "staff 20–99", "staff < 20"]
    assert sorted(sizes, key=group_order("size", ())) == [sizes[3], sizes[2], sizes[0], sizes[1]]
