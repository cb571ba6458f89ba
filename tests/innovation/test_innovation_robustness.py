"""How much depends on assumed weights: what the random weights keep, and what the figures say of them."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pytest
import yaml
from scipy.stats import spearmanr

from icsml.innovation import evaluate, fit_peers, load_rulebook, parse_rulebook
from icsml.innovation.scoring import weight_robustness as module
from icsml.innovation.scoring.weight_robustness import CONCENTRATION, QUALIFIED_SHARE, draw_scores, robustness, top

FIELDS = ("ip_class1", "ip_class2", "awards_2y", "projects_2y", "platforms_2y")


def label(name):
    return {"en": name.title(), "zh": name}


def category(name, most, provenance="published", **more):
    return {
        "id": name,
        "label": label(name),
        "max": most,
        "provenance": {"name": "published", "max": provenance},
        **more,
    }


def indicator(name, group, field, most, weight="assumed", **more):
    """One that gives its full points from ten of something on, and a tenth of them for each."""
    parts = dict.fromkeys(("name", "weight", "value", "points"), "published") | {"weight": weight}
    return {
        "id": name,
        "label": label(name),
        "category": group,
        "domain": "innovation",
        "max": most,
        "missing": "zero",
        "value": field,
        "points": {"kind": "ramp", "anchors": [[0, 0], [10, "100%"]]},
        "provenance": parts,
        "sources": ["text"],
        **more,
    }


def deduction(name, group, least, weight):
    points = {"kind": "flag", "points": "100%"}
    more = {"domain": "financial", "min": least, "better": "lower", "value": "serious_violation", "points": points}
    return indicator(name, group, "serious_violation", 0, weight, **more)


def book(categories, indicators, **more):
    base = sum(each["max"] for each in categories if not each.get("bonus"))
    bonus = sum(each["max"] for each in categories if each.get("bonus"))
    content = {
        "format": 2,
        "id": "drawn",
        "edition": "trial",
        "scope": "regional",
        "title": label("drawn"),
        "issuer": label("nobody"),
        "in_force": {"from": "2020-01-01", "to": None, "provenance": "assumed"},
        "known_since": "2020-01-01",
        "sources": [{"id": "text", "title": "The text", "where": "nowhere"}],
        "totals": {"base": base, "bonus": bonus, "provenance": "published"},
        "categories": categories,
        "indicators": indicators,
        **more,
    }
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True).replace("'2020-01-01'", "2020-01-01")
    return parse_rulebook(text, "drawn.yaml")


def drawn(rulebook, columns, *, draws=40, concentration=CONCENTRATION, seed=0):
    """Scores of every row with a score under random weights, and the points they were drawn from."""
    points = evaluate(rulebook, columns)
    rows = np.flatnonzero(~np.isnan(points.score))
    return draw_scores(rulebook, points, rows, draws=draws, concentration=concentration, seed=seed), points.score[rows]


@pytest.fixture(scope="module")
def four():
    """Two published categories of assumed weights."""
    return book(
        [category("one", 60), category("two", 40)],
        [
            indicator("a", "one", "ip_class1", 30),
            indicator("b", "one", "ip_class2", 30),
            indicator("c", "two", "awards_2y", 10),
            indicator("d", "two", "projects_2y", 30),
        ],
    )


@pytest.fixture
def crowd(blank):
    """300 enterprises of which no two have the same points."""
    rng = np.random.default_rng(1)
    return blank(300, {name: rng.uniform(0, 11, 300) for name in FIELDS})


# what the random weights keep


@pytest.mark.parametrize("name", ["national-2025", "national-2025-patent-value", "innovative-sme-2022"])
def test_who_is_at_the_maximum_everywhere_is_at_the_maximum_in_every_draw(name, blank):
    rulebook = load_rulebook(name)
    most = dict.fromkeys(rulebook.inputs(), 1e9) | {
        "total_liabilities_cny": 0,
        "revenue_prev_cny": 1,
        "main_revenue_prev_cny": 1,
        "strategic_field": 1,
        "high_growth_list": 1,
    }
    scores, base = drawn(rulebook, blank(1, most))
    assert base == rulebook.max_score
    np.testing.assert_allclose(scores, rulebook.max_score, rtol=1e-12)


WHOLES = ("revenue_cny", "revenue_prev_cny", "rd_expense_prev_cny", "staff_total", "equity_cny")


@pytest.mark.parametrize("revenue", [1e6, 1e7, 1e9], ids=["start-up", "growth", "steady"])
def test_so_it_is_at_every_stage_among_peers(blank, revenue):
    bare = load_rulebook("national-2024")
    least = dict.fromkeys(bare.inputs(), 1e-9) | dict.fromkeys(WHOLES, 1)
    rulebook = bare.with_peers(fit_peers(bare, blank(2, least), "those below"))
    most = dict.fromkeys(rulebook.inputs(), 1e9)
    most |= {"revenue_cny": revenue, "revenue_prev_cny": 1, "rd_expense_prev_cny": 1, "equity_cny": 1}
    scores, base = drawn(rulebook, blank(1, most))
    assert base == pytest.approx(100.0)
    np.testing.assert_allclose(scores, 100.0, rtol=1e-12)


@pytest.mark.parametrize("name", ["national-2024", "national-2025", "sichuan-2025", "innovative-sme-2022"])
def test_who_has_nothing_has_nothing_in_any_draw(name, blank):
    rulebook = load_rulebook(name)
    nothing = blank(1, dict.fromkeys(rulebook.inputs(), 0))
    if rulebook.ranked:
        rulebook = rulebook.with_peers(fit_peers(rulebook, nothing, "itself"))
    if name == "innovative-sme-2022":  # a field outside the favoured ones is worth five points; not known, none
        nothing = blank(1)
    scores, base = drawn(rulebook, nothing)
    assert base == 0.0 or name == "national-2025"
    np.testing.assert_allclose(scores, base[0] * np.ones_like(scores))


def test_a_category_keeps_its_published_sum(four, blank):
    """All of one category and nothing of the other, then half of the one."""
    columns = blank(
        3, {"ip_class1": [10, 0, 5], "ip_class2": [10, 0, 5], "awards_2y": [0, 10, 0], "projects_2y": [0, 10, 0]}
    )
    scores, _ = drawn(four, columns)
    np.testing.assert_allclose(scores, np.array([[60.0], [40.0], [30.0]]) * np.ones(40), rtol=1e-12)


def test_a_category_that_is_assumed_throughout_does_not_keep_its_sum_but_the_whole_does(blank):
    free = book(
        [category("one", 60, "assumed"), category("two", 40, "assumed")],
        [indicator("a", "one", "ip_class1", 60), indicator("c", "two", "awards_2y", 40)],
    )
    scores, _ = drawn(free, blank(3, {"ip_class1": [10, 0, 10], "awards_2y": [0, 10, 10]}))
    assert scores[0].std() > 1.0
    np.testing.assert_allclose(scores[0] + scores[1], 100.0, rtol=1e-12)
    np.testing.assert_allclose(scores[2], 100.0, rtol=1e-12)


def test_one_published_weight_holds_its_category(blank):
    """Its maximum is assumed, but not everything in it: it keeps its sum, and so does the other."""
    held = book(
        [category("one", 60, "assumed"), category("two", 40, "assumed")],
        [
            indicator("a", "one", "ip_class1", 20, "published"),
            indicator("b", "one", "ip_class2", 40),
            indicator("c", "two", "awards_2y", 40),
        ],
    )
    scores, base = drawn(held, blank(3, {"ip_class1": [10, 0, 0], "ip_class2": [0, 10, 0], "awards_2y": [0, 0, 10]}))
    np.testing.assert_allclose(scores, base[:, None] * np.ones(40), rtol=1e-12)


def test_base_and_bonus_keep_their_sums_apart(blank):
    apart = book(
        [category(name, 50, "assumed") for name in ("one", "two")]
        + [category(name, 15, "assumed", bonus=True) for name in ("three", "four")],
        [
            indicator(name, group, field, most)
            for name, group, field, most in zip(
                "abcd", ("one", "two", "three", "four"), FIELDS, (50, 50, 15, 15), strict=False
            )
        ],
    )
    columns = blank(2, {"ip_class1": [10, 0], "ip_class2": [10, 0], "awards_2y": [0, 10], "projects_2y": [0, 10]})
    scores, _ = drawn(apart, columns)
    np.testing.assert_allclose(scores, np.array([[100.0], [30.0]]) * np.ones(40), rtol=1e-12)


def test_published_weights_stay_fixed_among_assumed_ones(blank):
    mixed = book(
        [category("one", 100)],
        [
            indicator("a", "one", "ip_class1", 40, "published"),
            indicator("b", "one", "ip_class2", 30),
            indicator("c", "one", "awards_2y", 30),
        ],
    )
    columns = blank(3, {"ip_class1": [10, 0, 0], "ip_class2": [0, 10, 10], "awards_2y": [0, 10, 0]})
    scores, _ = drawn(mixed, columns)
    np.testing.assert_allclose(scores[:2], np.array([[40.0], [60.0]]) * np.ones(40), rtol=1e-12)
    assert scores[2].std() > 1.0
    assert np.all((scores[2] >= 0) & (scores[2] <= 60))


def test_where_nothing_is_assumed_every_draw_is_the_score(tech_sme, blank):
    rng = np.random.default_rng(4)
    fields = {name: rng.integers(0, 5, 50) for name in tech_sme.inputs()} | {"revenue_cny": 50, "staff_total": 10}
    scores, base = drawn(tech_sme, blank(50, fields))
    assert len(set(base)) > 10
    np.testing.assert_allclose(scores, base[:, None] * np.ones(40), rtol=1e-12)


def test_scores_stay_within_the_scale(four, crowd):
    scores, _ = drawn(four, crowd, concentration=2.0)
    assert np.all((scores >= 0.0) & (scores <= 100.0 + 1e-9))


def test_the_weights_are_drawn_around_the_assumed_ones(four, crowd):
    scores, base = drawn(four, crowd, draws=2000)
    np.testing.assert_allclose(scores.mean(axis=1), base, atol=1.0)


@pytest.mark.parametrize("concentration", [5.0, 50.0, 500.0])
def test_the_spread_is_that_of_the_dirichlet_distribution(four, blank, concentration):
    """Full in one of two equal weights of 30: a Beta(k/2, k/2) of 60, so a variance of 60² / (4 (k + 1))."""
    scores, _ = drawn(four, blank(1, {"ip_class1": 10}), draws=4000, concentration=concentration)
    assert scores.std() == pytest.approx(60 / (2 * np.sqrt(concentration + 1)), rel=0.06)


@pytest.mark.parametrize("weight", ["assumed", "published"])
def test_a_deduction_is_taken_half_to_one_and_a_half_times_if_it_is_assumed(blank, weight):
    harsh = book(
        [category("one", 100), category("two", 10, bonus=True)],
        [
            indicator("a", "one", "ip_class1", 50),
            indicator("b", "one", "ip_class2", 50),
            indicator("c", "two", "awards_2y", 10),
            deduction("d", "two", -20, weight),
        ],
    )
    scores, base = drawn(harsh, blank(1, {"ip_class1": 10, "ip_class2": 10, "serious_violation": 1}), draws=400)
    assert base.tolist() == [80.0]
    if weight == "published":
        np.testing.assert_allclose(scores, 80.0)
    else:
        assert np.all((scores >= 70.0 - 1e-9) & (scores <= 90.0 + 1e-9))
        assert scores.min() < 71.0
        assert scores.max() > 89.0


def test_a_bonus_block_of_deductions_alone_is_drawn_too(blank):
    harsh = book(
        [category("one", 100), category("two", 0, bonus=True)],
        [
            indicator("a", "one", "ip_class1", 50),
            indicator("b", "one", "ip_class2", 50),
            deduction("d", "two", -20, "published"),
        ],
    )
    scores, base = drawn(harsh, blank(1, {"ip_class1": 10, "ip_class2": 10, "serious_violation": 1}))
    assert base.tolist() == [80.0]
    np.testing.assert_allclose(scores, 80.0)


def test_very_sure_weights_give_the_score(four, crowd):
    scores, base = drawn(four, crowd, concentration=1e12)
    np.testing.assert_allclose(scores, base[:, None] * np.ones(40), atol=1e-3)


@pytest.mark.parametrize("name", ["national-2024", "national-2025", "sichuan-2025", "hangzhou-htz-2020"])
def test_so_they_do_for_what_is_shipped_with_values_missing(name, blank):
    rulebook = load_rulebook(name)
    rng = np.random.default_rng(2)
    n = 200
    fields = {key: np.where(rng.random(n) < 0.2, np.nan, rng.lognormal(15, 2, n)) for key in rulebook.inputs()}
    flags = ("high_growth_list", "strategic_field", "future_industry", "research_blacklist", "dishonest_debtor")
    flagged = {key: rng.integers(0, 2, n) for key in (*flags, "safety_accident_3y") if key in fields}
    columns = blank(n, fields | flagged)
    if rulebook.ranked:
        rulebook = rulebook.with_peers(fit_peers(rulebook, columns, "these"))
    scores, base = drawn(rulebook, columns, draws=3, concentration=1e14)
    deducts = any(each.deduction for each in rulebook.indicators)
    known = np.ones(n, dtype=bool) if not deducts else (
        (columns["dishonest_debtor"] != 1) & (columns["research_blacklist"] != 1) & (columns["safety_accident_3y"] != 1)
    )  # fmt: skip
    np.testing.assert_allclose(scores[known], base[known][:, None] * np.ones(3), atol=1e-4)


def test_what_is_left_out_makes_the_rest_grow_in_every_draw(blank):
    grown = book(
        [category("one", 100)],
        [
            indicator("a", "one", "ip_class1", 50, missing="rescale"),
            indicator("b", "one", "ip_class2", 50, missing="rescale"),
        ],
    )
    scores, base = drawn(grown, blank(3, {"ip_class1": [np.nan, 5, np.nan], "ip_class2": [10, np.nan, np.nan]}))
    assert base.tolist() == [100.0, 50.0]  # of the third all is left out: no score to draw
    np.testing.assert_allclose(scores, np.array([[100.0], [50.0]]) * np.ones(40), rtol=1e-12)


def test_a_deduction_does_not_grow_for_what_is_left_out(blank):
    """As the points themselves have it: half of the base is left out, so the rest counts double, the deduction once."""
    both = book(
        [category("one", 100)],
        [
            indicator("a", "one", "ip_class1", 50, "published", missing="rescale"),
            indicator("b", "one", "ip_class2", 50, "published"),
            deduction("d", "one", -20, "published"),
        ],
    )
    scores, base = drawn(both, blank(1, {"ip_class2": 10, "serious_violation": 1}))
    assert base.tolist() == [80.0]
    np.testing.assert_allclose(scores, 80.0)


def test_a_row_is_drawn_alike_alone_and_among_others(four, crowd):
    points = evaluate(four, crowd)
    options = {"draws": 5, "concentration": 50.0}
    every = draw_scores(four, points, np.arange(300), seed=7, **options)
    some = draw_scores(four, points, np.array([3, 299]), seed=7, **options)
    np.testing.assert_allclose(every[[3, 299]], some, rtol=1e-14)


STAGES = {
    "list": [{"id": "young", "label": label("young")}, {"id": "old", "label": label("old")}],
    "rule": {
        "value": "staff_total",
        "steps": [{"below": 100, "stage": "young"}],
        "otherwise": "old",
        "missing": "young",
    },
    "provenance": {"names": "published", "rule": "published"},
    "sources": ["text"],
}


@pytest.mark.parametrize("seed", range(10))
def test_what_is_heavy_in_a_draw_is_heavy_at_every_stage(blank, seed):
    """One enterprise at each of two stages, each full in the first of two indicators that weigh differently."""
    staged = book(
        [category("one", 60)],
        [
            indicator("a", "one", "ip_class1", {"young": 10, "old": 20}),
            indicator("b", "one", "ip_class2", {"young": 50, "old": 40}),
        ],
        stages=STAGES,
    )
    (young, old), base = drawn(staged, blank(2, {"ip_class1": 10, "staff_total": [10, 100]}), draws=200, seed=seed)
    assert base.tolist() == [10.0, 20.0]
    assert spearmanr(young, old).statistic > 0.9


def test_what_two_rulebooks_weigh_alike_is_drawn_alike(four, blank):
    """The other has one more category, of published weights, and its indicators stand in another order."""
    more = book(
        [category("three", 20), category("one", 60), category("two", 40)],
        [
            indicator("e", "three", "platforms_2y", 20, "published"),
            indicator("d", "two", "projects_2y", 30),
            indicator("c", "two", "awards_2y", 10),
            indicator("b", "one", "ip_class2", 30),
            indicator("a", "one", "ip_class1", 30),
        ],
    )
    columns = blank(4, {"ip_class1": [10, 0, 0, 3], "awards_2y": [0, 10, 0, 5], "projects_2y": [0, 0, 10, 7]})
    one, _ = drawn(four, columns)
    other, _ = drawn(more, columns)
    assert one.std(axis=1).min() > 1.0
    np.testing.assert_allclose(one, other, rtol=1e-12)


# the figures


def test_where_no_weight_is_assumed_there_is_nothing_to_say(tech_sme, crowd):
    assert robustness(tech_sme, evaluate(tech_sme, crowd)) is None
    weights = load_rulebook("innovative-sme-2022")  # its categories are assumed, no weight is
    assert robustness(weights, evaluate(weights, crowd)) is None


def test_one_seed_gives_one_answer(four, crowd):
    points = evaluate(four, crowd)
    one, again, other = (robustness(four, points, seed=seed) for seed in (5, 5, 6))
    assert one == again
    assert one != other


def test_very_sure_weights_move_nobody(four, crowd):
    found = robustness(four, evaluate(four, crowd), concentration=1e9)
    assert found.rank_correlation == pytest.approx(1.0, abs=1e-3)
    assert found.rank_correlation_low == pytest.approx(1.0, abs=1e-3)
    assert (found.replaced, found.replaced_high) == pytest.approx((0.0, 0.0), abs=0.05)


def test_less_sure_weights_move_more(four, crowd):
    points = evaluate(four, crowd)
    found = [robustness(four, points, concentration=sure) for sure in (2.0, 20.0, 2000.0)]
    correlations = [each.rank_correlation for each in found]
    replaced = [each.replaced for each in found]
    assert correlations == sorted(correlations)
    assert replaced == sorted(replaced, reverse=True)
    assert correlations[0] < 0.95 < correlations[-1]
    assert replaced[0] > 0.1 > replaced[-1]
    for each in found:
        assert -1.0 <= each.rank_correlation_low <= each.rank_correlation <= 1.0
        assert 0.0 <= each.replaced <= each.replaced_high <= 1.0
        assert 0.0 <= each.depends <= 1.0


def test_the_figures_by_hand(blank, monkeypatch):
    """Two rows that change places in the second of two draws: by it their correlation is -1 and the list is new."""
    two = book([category("one", 20)], [indicator(n, "one", f, 10) for n, f in zip("ab", FIELDS, strict=False)])
    points = evaluate(two, blank(2, {"ip_class1": [10, 0], "ip_class2": [0, 9]}))
    monkeypatch.setattr(module, "draw_scores", lambda *a, **k: np.array([[10.0, 8.0], [9.0, 12.0]]))
    found = robustness(two, points, top_share=0.5, draws=2)
    assert (found.rows, found.draws, found.top_share, found.concentration) == (2, 2, 0.5, CONCENTRATION)
    assert found.rank_correlation == 0.0  # median of 1 and -1
    assert found.rank_correlation_low == pytest.approx(-0.9)
    assert found.replaced == 0.5
    assert found.replaced_high == pytest.approx(0.95)
    assert found.depends == 1.0


def test_who_is_always_on_the_list_does_not_hang_on_the_assumption(blank):
    """The first is ahead by everything; which of the others is second depends on the weights."""
    two = book([category("one", 20)], [indicator(n, "one", f, 10) for n, f in zip("ab", FIELDS, strict=False)])
    columns = blank(4, {"ip_class1": [10, 6, 0, 0], "ip_class2": [10, 0, 5, 0]})
    assert robustness(two, evaluate(two, columns), top_share=0.25).depends == 0.0
    assert robustness(two, evaluate(two, columns), top_share=0.5).depends == 0.5


def test_rows_without_a_score_are_not_counted(blank):
    refusing = book(
        [category("one", 20)],
        [indicator("a", "one", "ip_class1", 10, missing="refuse"), indicator("b", "one", "ip_class2", 10)],
    )
    columns = blank(4, {"ip_class1": [np.nan, 1, 2, 3], "ip_class2": [1, 2, 3, 4]})
    assert robustness(refusing, evaluate(refusing, columns), top_share=0.5).rows == 3
    assert robustness(refusing, evaluate(refusing, blank(3, {"ip_class1": [np.nan, np.nan, 1]}))) is None
    assert robustness(refusing, evaluate(refusing, blank(0))) is None


def test_a_share_of_less_than_one_row_gives_no_figures(four, blank):
    points = evaluate(four, blank(3, {"ip_class1": [1, 2, 3]}))
    assert robustness(four, points, top_share=0.1) is None
    assert robustness(four, points, top_share=0.2) is not None


def test_of_very_many_rows_a_sample_is_drawn(four, crowd, monkeypatch):
    monkeypatch.setattr(module, "_MOST_ROWS", 50)
    points = evaluate(four, crowd)
    assert robustness(four, points, top_share=0.5).rows == 50
    assert robustness(four, points, top_share=0.5) == robustness(four, points, top_share=0.5)


def test_the_sentence_says_the_figures(four, crowd):
    found = robustness(four, evaluate(four, crowd), draws=30)
    assert found.top_share == QUALIFIED_SHARE == 0.137
    text = found.sentence()
    for said in ("30 random weightings", f"is {found.rank_correlation:.3f}", "13.7%", f"replaces {found.replaced:.0%}"):
        assert said in text
    assert set(asdict(found)) == {
        "rows",
        "draws",
        "concentration",
        "rank_correlation",
        "rank_correlation_low",
        "top_share",
        "replaced",
        "replaced_high",
        "depends",
    }


# the best share


@pytest.mark.parametrize(
    ("scores", "share", "listed"),
    [
        ([4, 3, 2, 1], 0.5, [1, 1, 0, 0]),
        ([4, 3, 3, 1], 0.5, [1, 1, 1, 0]),
        ([1, 1, 1, 1], 0.25, [1, 1, 1, 1]),
        ([4, 3, 2, 1], 0.12, [0, 0, 0, 0]),
        ([4, 3, 2, 1], 1.0, [1, 1, 1, 1]),
        ([4, np.nan, 2, np.nan], 1.0, [1, 0, 1, 0]),
        ([np.nan, np.nan], 1.0, [0, 0]),
        ([], 0.5, []),
        ([np.nan, 3, 2, 1], 0.5, [0, 1, 1, 0]),  # the share is of all rows
    ],
)
def test_the_best_share_with_its_ties(scores, share, listed):
    assert top(np.array(scores, dtype=float), share).tolist() == [bool(each) for each in listed]
