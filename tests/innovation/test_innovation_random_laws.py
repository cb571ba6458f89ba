"""Laws that hold for every rulebook that can be written, over rulebooks made at random."""

from __future__ import annotations

import tempfile
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from icsml.core.yaml import dump_yaml
from icsml.innovation import evaluate, fitted, load_rulebook, parse_rulebook
from icsml.innovation.rulebooks.exact_numbers import at_stage
from icsml.records.columns import take

LABEL = {"en": "L", "zh": "标"}
ASSUMED = {"name": "assumed", "weight": "assumed", "value": "assumed", "points": "assumed"}
STAGE_IDS = ("young", "grown", "old")
COUNTS = ("ip_class1", "ip_class2", "awards_2y", "awards_3y", "platforms_2y", "projects_2y", "invention_applications")
FLAGS = ("high_growth_list", "future_industry", "strategic_field", "led_standard")
MONEY = ("rd_expense_cny", "tech_contract_turnover_cny", "hightech_revenue_cny", "venture_capital_cny")
RATIO = {"kind": "ratio", "numerator": "rd_tax_relief_cny", "denominator": "total_cost_cny"}
REGIONS = ("350100", "350200", "110105", None)
PEER_GROUPS = ([["region"], ["province"]], [["province", "stage"], ["stage"]], [[]], [["technical_field"]])
SLOW = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}


def shares(draw, number, better):
    """Shares of the maximum along a rising value: the best is full, and none falls while the indicator improves."""
    parts = draw(st.lists(st.sampled_from([0, 10, 25, 60, 60, 99]), min_size=number - 1, max_size=number - 1))
    if better == "none":
        parts.insert(draw(st.integers(0, len(parts))), 100)
    else:
        parts = [*sorted(parts), 100] if better == "higher" else [100, *sorted(parts, reverse=True)]
    return [f"{part}%" for part in parts]


def rising(draw, numbers, most):
    return sorted(draw(st.sets(numbers, min_size=1, max_size=most)))


THRESHOLDS = st.sampled_from([0.01, 0.05, 0.1, 0.3, 0.5, 1, 2, 3, 5, 8, 40, 1000])
AMOUNTS = st.sampled_from([10_000, 30_000, 250_000, 1_000_000, 8_000_000, 1_000_000_000])
COUNTED = st.sampled_from([1, 3, 5, 8])  # far enough apart that a whole number lies between any two


def bands(draw, better, edges):
    at = rising(draw, edges, 4)
    parts = shares(draw, len(at) + 1, better)
    lower = better == "higher" or (better == "none" and draw(st.booleans()))
    names = st.sampled_from(["at_least", "above"] if lower else ["at_most", "below"])
    inner = parts[1:] if lower else parts[:-1]
    steps = [{draw(names): edge, "points": part} for edge, part in zip(at, inner, strict=True)]
    if lower:
        return {"kind": "bands", "steps": steps[::-1], "otherwise": parts[0]}
    return {"kind": "bands", "steps": steps, "otherwise": parts[-1]}


def intervals(draw, better, edges):
    at = rising(draw, edges, 4)
    rows = [{"points": part} for part in shares(draw, len(at) + 1, better)]
    for edge, (below, above) in zip(at, pairwise(rows), strict=True):
        closed_above = draw(st.booleans())
        below["below" if closed_above else "at_most"] = edge
        above["at_least" if closed_above else "above"] = edge
    return {"kind": "intervals", "rows": rows}


def counts(draw, better, edges):
    at = rising(draw, edges, 4)
    first, *rest = shares(draw, len(at) + 1, better)
    return {"kind": "counts", "at": dict(zip(at, rest, strict=True)), "otherwise": first}


def flag(draw, better, edges):
    no, yes = shares(draw, 2, better)
    return {"kind": "flag", "points": yes, "otherwise": no}


def ramp(draw, better, edges):
    at = rising(draw, edges, 5)
    at = at if len(at) > 1 else [0, *at]
    return {"kind": "ramp", "anchors": [list(anchor) for anchor in zip(at, shares(draw, len(at), better), strict=True)]}


def efficacy(draw, better, edges):
    at = rising(draw, edges, 2)
    at = at if len(at) > 1 else [0, *at]
    if better == "lower" or (better == "none" and draw(st.booleans())):
        at.reverse()
    base = f"{draw(st.sampled_from([0, 40, 60, 90]))}%"
    return {"kind": "efficacy", "unacceptable": at[0], "satisfactory": at[1], "base": base}


def percentile(draw, better, edges):
    return {"kind": "percentile"}


OF_NUMBERS = (bands, intervals, ramp, efficacy, percentile)
BETTER = st.sampled_from(["higher", "higher", "lower", "none"])


def indicator(draw, field, category, weight, stages):
    make = flag if field in FLAGS else draw(st.sampled_from((*OF_NUMBERS, counts) if field in COUNTS else OF_NUMBERS))
    better = draw(BETTER)
    return {
        "id": f"of_{field}",
        "label": LABEL,
        "category": category,
        "domain": "innovation" if field == "ratio" else draw(st.sampled_from(["innovation", "financial"])),
        "max": written(weight, stages),
        "better": better,
        "missing": draw(st.sampled_from(["zero", "zero", "rescale", "rescale", "rescale", "refuse"])),
        **({"value": RATIO, "unit": "rate"} if field == "ratio" else {"value": field}),
        "points": make(draw, better, COUNTED if field in COUNTS else AMOUNTS if field in MONEY else THRESHOLDS),
        "provenance": ASSUMED,
    }


FACTS = ("serious_violation", "safety_accident_3y")
ONE_FACT = {"value": "overdue_count_24m", "points": {"kind": "counts", "at": {1: "30%", 3: "100%"}}}
EITHER_FACT = {
    "best_of": [
        {"id": name, "label": LABEL, "value": name, "points": {"kind": "flag", "points": "100%"}} for name in FACTS
    ]
}


def deduction(draw, stages):
    least = draw(st.lists(st.integers(1, 40), min_size=len(stages) or 1, max_size=len(stages) or 1))
    return draw(st.sampled_from([ONE_FACT, EITHER_FACT])) | {
        "id": "deduction",
        "label": LABEL,
        "category": "first",
        "domain": "financial",
        "max": 0,
        "min": written(tuple(-each for each in least), stages),
        "better": draw(st.sampled_from(["lower", "none"])),
        "missing": draw(st.sampled_from(["zero", "rescale"])),
        "provenance": ASSUMED,
    }


def weights(draw, number, whole, stages):
    """Weights that sum to the whole, at each stage if there are any."""
    drawn = []
    for _ in stages or (None,):
        raw = draw(st.lists(st.integers(0, 5), min_size=number, max_size=number))
        raw = raw if any(raw) else [1] * number
        drawn.append([Fraction(whole * part, sum(raw)) for part in raw])
    return list(zip(*drawn, strict=True))


def written(weight, stages):
    return dict(zip(stages, map(str, weight), strict=True)) if stages else str(weight[0])


def stage_part(draw, stages):
    return {
        "list": [{"id": name, "label": LABEL} for name in stages],
        "rule": {
            "value": "revenue_cny",
            "steps": [{"below": 10**place, "stage": name} for place, name in enumerate(stages[:-1], start=6)],
            "otherwise": stages[-1],
            "missing": draw(st.sampled_from(["refuse", stages[0]])),
        },
        "provenance": {"names": "assumed", "rule": "assumed"},
    }


@st.composite
def rulebooks(draw):
    """The content of a sound rulebook."""
    stages = draw(st.sampled_from([(), STAGE_IDS[:2], STAGE_IDS]))
    by_stage = stages if draw(st.booleans()) else ()  # stages may share their weights
    base, bonus = draw(st.integers(1, 6)), draw(st.integers(0, 2))
    cut = draw(st.integers(1, base))
    groups = ["first"] * cut + ["second"] * (base - cut) + ["extra"] * bonus
    worth = weights(draw, base, 100, by_stage) + (weights(draw, bonus, 30, by_stage) if bonus else [])
    fields = draw(st.permutations([*COUNTS, *FLAGS, *MONEY, "ratio"]))[: base + bonus]
    indicators = [indicator(draw, *each, by_stage) for each in zip(fields, groups, worth, strict=True)] + [
        deduction(draw, by_stage) for _ in range(draw(st.integers(0, 1)))
    ]
    book = {
        "format": 2,
        "id": "random",
        "edition": "trial",
        "scope": "regional",
        "title": LABEL,
        "issuer": LABEL,
        "in_force": {"from": "2020-01-01", "to": None, "provenance": "assumed"},
        "known_since": "2020-01-01",
        "sources": [{"id": "text", "title": "The text", "where": "nowhere"}],
        "totals": {"base": 100, "bonus": 30 if bonus else 0, "provenance": "assumed"},
        "categories": [
            {
                "id": name,
                "label": LABEL,
                "max": written([sum(part) for part in zip(*own, strict=True)], by_stage),
                "bonus": name == "extra",
                "provenance": {"name": "assumed", "max": "assumed"},
            }
            for name in dict.fromkeys(groups)
            if (own := [weight for group, weight in zip(groups, worth, strict=True) if group == name])
        ],
        "indicators": indicators,
    }
    if stages:
        book["stages"] = stage_part(draw, stages)
    if any(each.get("points", {}).get("kind") == "percentile" for each in indicators):
        levels = draw(st.sampled_from([g for g in PEER_GROUPS if stages or not any("stage" in each for each in g)]))
        book["peers"] = {"groups": levels, "min_peers": draw(st.integers(1, 4)), "provenance": "assumed"}
    return book


NUMBER = st.one_of(
    THRESHOLDS.map(float), AMOUNTS.map(float), st.integers(0, 9).map(float), st.floats(0, 50), st.floats(0, 1e13)
)
MISSING = st.just(np.nan)


def cells(name):
    if name in FLAGS or name in FACTS:
        return st.sampled_from([0.0, 1.0, np.nan])
    if name in COUNTS or name == "overdue_count_24m":
        return st.one_of(MISSING, st.integers(0, 10).map(float))
    return st.one_of(MISSING, NUMBER)


@st.composite
def records(draw, rulebook, blank, most=5):
    n = draw(st.integers(1, most))
    names = {*rulebook.inputs(), "revenue_cny"}
    fields = {name: draw(st.lists(cells(name), min_size=n, max_size=n)) for name in sorted(names)}
    fields["revenue_cny"] = draw(st.lists(st.sampled_from([np.nan, 5e4, 5e6, 5e8]), min_size=n, max_size=n))
    for name, options in (("region", REGIONS), ("technical_field", ("aerospace", "new_energy", None))):
        fields[name] = draw(st.lists(st.sampled_from(options), min_size=n, max_size=n))
    return blank(n, fields)


@st.composite
def scored(draw, blank):
    """A rulebook, ranking by a population of its own if it ranks, and records."""
    rulebook = parse_rulebook(dump_yaml(draw(rulebooks())), "random")
    rulebook = fitted(rulebook, draw(records(rulebook, blank, most=8)), "some")
    return rulebook, draw(records(rulebook, blank))


def same_bits(first, second):
    return np.asarray(first, dtype=np.float64).tobytes() == np.asarray(second, dtype=np.float64).tobytes()


@settings(max_examples=40, **SLOW)
@given(st.data())
def test_points_lie_between_the_minimum_and_the_maximum_of_their_row(blank, data):
    rulebook, columns = data.draw(scored(blank))
    points = evaluate(rulebook, columns)
    for indicator in rulebook.indicators:
        earned, most = points.points[indicator.id], points.maximum(indicator.id)
        lowest = min(float(at_stage(indicator.min, stage)) for stage in rulebook.stage_ids)
        known = ~np.isnan(earned)
        assert np.all((earned >= lowest) & (earned <= most) | ~known)
        assert np.all(known | (indicator.missing == "refuse"))
        absent = np.isnan(points.values[indicator.id])
        assert np.all((earned == 0) | ~absent | ~known)
        if indicator.missing == "rescale":
            assert np.all(most[absent] == 0)


@settings(max_examples=40, **SLOW)
@given(st.data())
def test_the_total_is_the_sum_of_the_indicators_and_of_the_categories(blank, data):
    rulebook, columns = data.draw(scored(blank))
    points = evaluate(rulebook, columns)
    refused = np.zeros(len(points.score), dtype=bool)
    if rulebook.stages is not None:
        refused |= points.stage < 0
    base = {category.id for category in rulebook.categories if not category.bonus}
    most = sum(points.maximum(each.id) for each in rulebook.indicators if each.category in base)
    refused |= most == 0  # all base points are left out
    total_of, innovation = np.zeros(len(refused)), np.zeros(len(refused))
    for indicator in rulebook.indicators:
        earned = points.points[indicator.id]
        total_of = total_of + earned
        innovation = innovation + (earned if indicator.domain == "innovation" else 0.0)
        if indicator.missing == "refuse":
            refused |= np.isnan(points.values[indicator.id])
    assert np.array_equal(np.isnan(points.score), refused)
    assert same_bits(points.score[~refused], total_of[~refused])
    assert same_bits(points.innovation_score[~refused], innovation[~refused])
    by_category = sum(points.categories.values())
    np.testing.assert_allclose(by_category[~refused], points.score[~refused], rtol=1e-12, atol=1e-9)
    assert np.all(np.isnan(by_category[refused]))


@settings(max_examples=40, **SLOW)
@given(st.data())
def test_maxima_sum_to_the_whole_whatever_is_left_out(blank, data):
    rulebook, columns = data.draw(scored(blank))
    points = evaluate(rulebook, columns)
    staged = points.stage >= 0 if rulebook.stages is not None else np.ones(len(points.score), dtype=bool)
    bonus = {category.id: category.bonus for category in rulebook.categories}
    for kind, whole in ((False, 100.0), (True, 30.0)):
        own = [indicator.id for indicator in rulebook.indicators if bonus[indicator.category] is kind]
        most = sum((points.maximum(name) for name in own), np.zeros(len(points.score)))
        # Nothing is left to grow where every indicator that weighs anything is left out.
        expected = np.where(most == 0, 0.0, whole)
        np.testing.assert_allclose(most[staged], expected[staged], rtol=1e-12)
        earned = sum((np.nan_to_num(points.points[name]) for name in own), np.zeros(len(points.score)))
        assert np.all(earned[staged] <= expected[staged] + 1e-9)


@settings(max_examples=40, **SLOW)
@given(st.data())
def test_more_of_what_is_better_never_costs_a_point(blank, data):
    rulebook, columns = data.draw(scored(blank))
    directed = [indicator for indicator in rulebook.indicators if indicator.better != "none"]
    assume(directed)
    indicator = data.draw(st.sampled_from(directed))
    field = indicator.fields[0]  # of a ratio, what it divides
    rising_values = sorted(data.draw(st.lists(cells(field).filter(lambda v: not np.isnan(v)), min_size=2, max_size=8)))
    row = dict(take(columns, np.zeros(len(rising_values), dtype=np.intp)))
    row[field] = np.array(rising_values)
    points = evaluate(rulebook, row)
    assume(not np.isnan(points.values[indicator.id]).any())
    sign = 1 if indicator.better == "higher" else -1
    assert np.all(sign * np.diff(points.points[indicator.id]) >= 0)
    gained = sign * np.diff(points.score)
    assert np.all((gained >= -1e-9) | np.isnan(gained))


@settings(max_examples=25, **SLOW)
@given(st.data())
def test_rows_in_another_order_have_the_same_points(blank, data):
    rulebook, columns = data.draw(scored(blank))
    order = np.array(data.draw(st.permutations(range(len(columns["enterprise_id"])))))
    before, after = evaluate(rulebook, columns), evaluate(rulebook, take(columns, order))
    assert same_bits(before.score[order], after.score)
    assert np.array_equal(before.stage[order], after.stage)
    for name in before.points:
        assert same_bits(before.points[name][order], after.points[name])
        assert same_bits(before.maximum(name)[order], after.maximum(name))
        assert before.rules[name][order].tolist() == after.rules[name][:].tolist()


@settings(max_examples=25, **SLOW)
@given(st.data())
def test_one_row_is_the_same_in_a_batch_bit_for_bit(blank, data):
    rulebook, columns = data.draw(scored(blank))
    batch = evaluate(rulebook, columns)
    for row in range(len(batch.score)):
        alone = evaluate(rulebook, take(columns, np.array([row])))
        assert same_bits(alone.score, batch.score[row : row + 1])
        assert same_bits(alone.innovation_score, batch.innovation_score[row : row + 1])
        assert alone.stage_of(0) == batch.stage_of(row)
        for name in batch.points:
            assert same_bits(alone.points[name], batch.points[name][row : row + 1])
            assert same_bits(alone.maximum(name), batch.maximum(name)[row : row + 1])
            assert alone.rules[name][0] == batch.rules[name][row]


@settings(max_examples=25, **SLOW)
@given(st.data())
def test_an_overlay_that_changes_nothing_changes_nothing(blank, data):
    content = data.draw(rulebooks())
    own = ("format", "edition", "scope", "title", "issuer", "in_force", "known_since")
    overlay = {"extends": "random", "id": "over", **{key: content[key] for key in own}}
    again = data.draw(st.sets(st.sampled_from(sorted(content.keys() - {*own, "id"}))))
    overlay |= {key: content[key] for key in sorted(again)}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "random.yaml").write_text(dump_yaml(content), "utf-8")
        (Path(folder) / "over.yaml").write_text(dump_yaml(overlay), "utf-8")
        base, over = (load_rulebook(Path(folder) / name) for name in ("random.yaml", "over.yaml"))
    alone = parse_rulebook(over.source_text, "alone")
    assert over.derived_from == alone.derived_from == ("random",)
    population, columns = (data.draw(records(base, blank)) for _ in range(2))
    first, *others = (evaluate(fitted(each, population, "some"), columns) for each in (base, over, alone))
    for other in others:
        assert same_bits(first.score, other.score)
        assert same_bits(first.eligible, other.eligible)
        for name in first.points:
            assert same_bits(first.points[name], other.points[name])
            assert same_bits(first.maximum(name), other.maximum(name))
            assert first.rules[name][:].tolist() == other.rules[name][:].tolist()


@settings(max_examples=25, **SLOW)
@given(st.data())
def test_a_random_rulebook_reads_back_from_its_text(data):
    content = data.draw(rulebooks())
    rulebook = parse_rulebook(dump_yaml(content), "random")
    assert parse_rulebook(rulebook.source_text, "again") == rulebook
    assert [each.id for each in rulebook.indicators] == [each["id"] for each in content["indicators"]]
    assert rulebook.max_score == 100 + content["totals"]["bonus"]
