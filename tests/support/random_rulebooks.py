"""Sound rulebooks made at random, and records for them."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
from hypothesis import HealthCheck
from hypothesis import strategies as st

from icsml.core.yaml import dump_yaml
from icsml.innovation import fitted, parse_rulebook

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
    names = {*rulebook.inputs(), "revenue_cny"} - {"founded_on"}
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


def option(draw, name, field, better):
    make = flag if field in FLAGS else draw(st.sampled_from((*OF_NUMBERS, counts) if field in COUNTS else OF_NUMBERS))
    edges = COUNTED if field in COUNTS else AMOUNTS if field in MONEY else THRESHOLDS
    return {"id": name, "label": LABEL, "value": field, "points": make(draw, better, edges)}


GROWTH = {"kind": "growth", "now": "revenue_cny", "before": "revenue_prev_cny"}
SUM = {"kind": "sum", "fields": ["staff_rd", "staff_st"]}
PER_HEAD = {"kind": "ratio", "numerator": SUM, "denominator": "staff_total", "per": 100}
AGE = {"kind": "age", "since": "founded_on"}
ASKED = ("staff_total", "high_growth_list", "revenue_cny", GROWTH, PER_HEAD, AGE, SUM)


def condition(draw, name, indicators, categories):
    points = st.sampled_from([*indicators]).map(lambda each: {"kind": "points", "indicator": each})
    group = st.sampled_from([*categories]).map(lambda each: {"kind": "category", "category": each})
    value = draw(st.one_of(st.just("score"), st.just("score"), points, group, st.sampled_from(ASKED)))
    made = {"id": name, "label": LABEL, "value": value, "provenance": "assumed"}
    if value == "high_growth_list":
        return made | {"is": draw(st.booleans())}
    marks = st.integers(-20, 130) if not isinstance(value, str) or value == "score" else COUNTED
    return made | {draw(st.sampled_from(["at_least", "above", "at_most", "below"])): draw(marks)}


def eligibility(draw, indicators, categories):
    def named(letter, least, most):
        number = draw(st.integers(least, most))
        return [condition(draw, f"{letter}{place}", indicators, categories) for place in range(number)]

    conditions, vetoes = named("c", 0, 4), named("v", 0, 2)
    conditions = conditions or ([] if vetoes else named("c", 1, 1))
    part = {"conditions": conditions, "vetoes": [veto | {"active": draw(st.booleans())} for veto in vetoes]}
    if conditions and draw(st.booleans()):
        waived = draw(st.sets(st.sampled_from([each["id"] for each in conditions]), min_size=1))
        part["bypass"] = {"active": draw(st.booleans()), "waives": sorted(waived), "any_of": named("w", 1, 2)}
    return part


@st.composite
def full_rulebooks(draw):
    """The content of a rulebook with several ways to earn points, values of every kind, and eligibility."""
    book = draw(rulebooks())
    used = {each["id"].removeprefix("of_") for each in book["indicators"]}
    free = [name for name in (*COUNTS, *FLAGS, *MONEY) if name not in used]
    for each in book["indicators"]:
        if "value" in each and each["id"].startswith("of_") and free and draw(st.booleans()):
            own = {key: each.pop(key) for key in ("value", "points", "unit") if key in each}
            ways = [{"id": "own", "label": LABEL, **own}]
            for number in range(draw(st.integers(1, min(2, len(free))))):
                ways.append(option(draw, f"other{number}", free.pop(), each["better"]))
            each["best_of"] = draw(st.permutations(ways))
    if draw(st.booleans()):
        names, categories = ([each["id"] for each in book[key]] for key in ("indicators", "categories"))
        book["eligibility"] = eligibility(draw, names, categories)
    ranked = [
        o for each in book["indicators"] for o in each.get("best_of", [each]) if o["points"]["kind"] == "percentile"
    ]
    if ranked and "peers" not in book:
        book["peers"] = {"groups": [["province"]], "min_peers": draw(st.integers(1, 4)), "provenance": "assumed"}
    return book
