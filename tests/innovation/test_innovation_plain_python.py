"""Points are what a rulebook says, worked out for each row in plain Python from its content, bit for bit."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_rulebooks import ASSUMED, LABEL, SLOW, full_rulebooks, records

from icsml.core.yaml import dump_yaml
from icsml.errors import ConfigError, InputError
from icsml.innovation import PeerTables, evaluate, fit_peers, fitted, parse_rulebook
from icsml.records.columns import as_table, layout

NAN = math.nan
UNKNOWN = None


def is_missing(value):
    return value != value


def exact(number):
    return Fraction(str(number))


# Values


def finite(compute, *operands):
    """NaN where an operand is missing or the result is not finite."""
    result = compute(*operands)
    return result if math.isfinite(result) else NAN


def divided(over, under):
    return finite(lambda a, b: a / b, over, under) if under > 0.0 and math.isfinite(under) else NAN


def value_of(asked, row):
    if isinstance(asked, str):
        return row[asked]
    match asked["kind"]:
        case "sum":
            total, *others = (row[name] for name in asked["fields"])
            for other in others:
                total = finite(lambda a, b: a + b, total, other)
            return total
        case "ratio":
            over, under = value_of(asked["numerator"], row), value_of(asked["denominator"], row)
            per = asked.get("per", 1)
            return divided(over if per == 1 else finite(lambda a: a * float(per), over), under)
        case "growth":
            now, before = value_of(asked["now"], row), value_of(asked["before"], row)
            return divided(finite(lambda a, b: a - b, now, before), before)
        case "age":
            since, until = row[asked["since"]], row["as_of"]
            known = not np.isnat(since) and not np.isnat(until) and until >= since
            return float((until - since).astype(int)) * (1.0 / 365.25) if known else NAN
    raise AssertionError(asked)


def holds(comparisons, value):
    tests = {
        "at_least": lambda a, b: a >= b,
        "above": lambda a, b: a > b,
        "at_most": lambda a, b: a <= b,
        "below": lambda a, b: a < b,
    }
    return all(test(value, float(exact(comparisons[name]))) for name, test in tests.items() if name in comparisons)


# Points of a value: (points, code of the row)


def worth(amount, full):
    text = str(amount)
    return float(exact(text[:-1]) / 100 * full if text.endswith("%") else exact(text))


def of_bands(rule, value, full):
    for code, each in enumerate(rule["steps"]):
        if holds(each, value):
            return worth(each["points"], full), code
    return worth(rule["otherwise"], full), len(rule["steps"])


def of_intervals(rule, value, full):
    ((points, code),) = [(each["points"], code) for code, each in enumerate(rule["rows"]) if holds(each, value)]
    return worth(points, full), code


def of_counts(rule, value, full):
    reached = [number for number in rule["at"] if value >= number]
    points = rule["at"][max(reached)] if reached else rule.get("otherwise", 0)
    return worth(points, full), len(reached)


def of_flag(rule, value, full):
    return (worth(rule["points"], full), 0) if value == 1.0 else (worth(rule.get("otherwise", 0), full), 1)


def on_lines(anchors, value):
    """Points on straight lines between (value, points), and how many anchors are reached."""
    reached = sum(value >= x for x, _ in anchors)
    if reached == 0:
        return anchors[0][1], 0
    if reached == len(anchors):
        return anchors[-1][1], reached
    (x, start), (end_x, end) = anchors[reached - 1], anchors[reached]
    points = start + (value - x) * ((end - start) / (end_x - x))
    return min(max(points, min(start, end)), max(start, end)), reached


def of_ramp(rule, value, full):
    return on_lines([(float(exact(x)), worth(amount, full)) for x, amount in rule["anchors"]], value)


def of_efficacy(rule, value, full):
    none, whole, base = exact(rule["unacceptable"]), exact(rule["satisfactory"]), exact(rule["base"][:-1]) / 100
    nothing = none - (whole - none) * base / (1 - base)
    return on_lines(sorted([(float(nothing), 0.0), (float(whole), float(full))]), value)


OF = {"bands": of_bands, "intervals": of_intervals, "counts": of_counts, "flag": of_flag, "ramp": of_ramp}
OF |= {"efficacy": of_efficacy}


def codes_of(rule, levels):
    """How many rows of its own a points function has."""
    match rule["kind"]:
        case "bands":
            return len(rule["steps"]) + 1
        case "intervals":
            return len(rule["rows"])
        case "counts":
            return len(rule["at"]) + 1
        case "flag":
            return 2
        case "ramp":
            return len(rule["anchors"]) + 1
        case "efficacy":
            return 3
    return 101 * levels


# Conditions: True, False or UNKNOWN


def every(answers):
    answers = list(answers)
    return False if False in answers else UNKNOWN if UNKNOWN in answers else True


def negated(answer):
    return UNKNOWN if answer is UNKNOWN else not answer


def some(answers):
    return negated(every(negated(answer) for answer in answers))


@dataclass
class Book:
    """The content of a rulebook and those it ranks among."""

    content: Mapping[str, Any]
    population: list[dict[str, Any]]

    def stage(self, row):
        """Number of the stage: None where it is unknown; 0 without stages."""
        if "stages" not in self.content:
            return 0
        rule, names = self.content["stages"]["rule"], [each["id"] for each in self.content["stages"]["list"]]
        value = value_of(rule["value"], row)
        name = rule["missing"] if is_missing(value) else rule["otherwise"]
        if not is_missing(value):
            name = next((each["stage"] for each in rule["steps"] if holds(each, value)), name)
        return None if name == "refuse" else names.index(name)

    def at_stage(self, weight, number):
        if not isinstance(weight, dict):
            return exact(weight)
        return exact(weight.get(self.content["stages"]["list"][number]["id"], 0))

    @property
    def levels(self):
        groups = self.content.get("peers", {}).get("groups", [])
        return groups if groups and groups[-1] == [] else [*groups, []]

    def group(self, row, keys):
        stage, region = self.stage(row) if "stages" in self.content else None, row["region"]
        known = {"stage": stage, "region": region, "province": region and region[:2]}
        group = [known[key] if key in known else row[key] for key in keys]
        return None if None in group else group

    def rank(self, way, better, row, value, full):
        sign = -1.0 if better == "lower" else 1.0
        for level, keys in enumerate(self.levels):
            own = self.group(row, keys)
            peers = [
                value_of(way["value"], r) for r in self.population if own is not None and self.group(r, keys) == own
            ]
            peers = [sign * peer for peer in peers if not is_missing(peer)]
            if len(peers) >= (self.content["peers"]["min_peers"] if keys else 1):
                rank = 100 * sum(peer < sign * value for peer in peers) // len(peers)
                return float(Fraction(rank, 100) * full), 101 * level + rank
        return 0.0, 101 * (len(self.levels) - 1)

    def extremes(self, way, full):
        """Fewest and most points of any value."""
        rule = way["points"]
        match rule["kind"]:
            case "bands":
                amounts = [*(each["points"] for each in rule["steps"]), rule["otherwise"]]
            case "intervals":
                amounts = [each["points"] for each in rule["rows"]]
            case "counts":
                amounts = [*rule["at"].values(), rule.get("otherwise", 0)]
            case "flag":
                amounts = [rule["points"], rule.get("otherwise", 0)]
            case "ramp":
                amounts = [amount for _, amount in rule["anchors"]]
            case _:
                amounts = ["0%", "100%"]
        worths = [worth(amount, full) for amount in amounts]
        return min(worths), max(worths)


@dataclass
class Scored:
    """One row by one indicator."""

    value: float
    points: float
    code: int
    low: float
    high: float
    most: float


@dataclass
class Row:
    """One row by a rulebook."""

    book: Book
    row: dict[str, Any]
    of: dict[str, Scored] = field(default_factory=dict)
    factor: dict[bool, float] = field(default_factory=dict)
    unscored: bool = False

    def __post_init__(self):
        self.stage = self.book.stage(self.row)
        self.unscored = self.stage is None
        for indicator in self.indicators:
            self.of[indicator["id"]] = self._scored(indicator)
        for bonus in (False, True):
            self._rescale(bonus)
        for indicator in self.indicators:
            scored = self.of[indicator["id"]]
            if not self._deducts(indicator):
                factor = self.factor[self._is_bonus(indicator)]
                scored.points, scored.low, scored.high = (
                    part * factor for part in (scored.points, scored.low, scored.high)
                )
            if is_missing(scored.value) and indicator["missing"] == "refuse":
                scored.points = NAN
            if self.stage is None:
                scored.low, scored.high = -math.inf, math.inf

    @property
    def indicators(self):
        return self.book.content["indicators"]

    def _deducts(self, indicator):
        return indicator["id"] == "deduction"

    def _is_bonus(self, indicator):
        return {each["id"]: each.get("bonus", False) for each in self.book.content["categories"]}[indicator["category"]]

    def _scored(self, indicator):
        number = self.stage or 0  # of an unknown stage, the first one's weights: only the total says that it is unknown
        most = self.book.at_stage(indicator["max"], number)
        full = most if most > 0 else self.book.at_stage(indicator.get("min", 0), number)
        ways, deducts = indicator.get("best_of", [indicator]), self._deducts(indicator)
        earned, open_, before = [], [], 0
        for way in ways:
            value = value_of(way["value"], self.row)
            if is_missing(value):
                open_.append(self.book.extremes(way, full))
            else:
                points, code = self._earned(way, indicator["better"], value, full)
                earned.append((points, value, before + code))
            before += codes_of(way["points"], len(self.book.levels))
        pick = min if deducts else max
        points, value, code = pick(earned, key=lambda each: each[0]) if earned else (0.0, NAN, before)
        low = pick([each[0] for each in earned] + [least for least, _ in open_])
        high = pick([each[0] for each in earned] + [greatest for _, greatest in open_])
        if not earned and indicator["missing"] == "rescale":
            low = high = 0.0
        return Scored(value, points, code, low, high, float(most))

    def _earned(self, way, better, value, full):
        if way["points"]["kind"] == "percentile":
            return self.book.rank(way, better, self.row, value, full)
        return OF[way["points"]["kind"]](way["points"], value, full)

    def _rescale(self, bonus):
        block = [each for each in self.indicators if self._is_bonus(each) is bonus]
        leavable = [each for each in block if each["missing"] == "rescale"]
        kept = 0.0
        for each in block:
            kept += 0.0 if each in leavable else self.of[each["id"]].most
        whole = rest = kept
        for each in leavable:
            whole += self.of[each["id"]].most
            rest += 0.0 if is_missing(self.of[each["id"]].value) else self.of[each["id"]].most
        self.factor[bonus] = whole / rest if rest > 0.0 else 1.0
        if not bonus and whole > 0.0 and rest == 0.0:
            self.unscored = True

    def total(self, chosen):
        total = NAN if self.unscored else 0.0
        for indicator in self.indicators:
            if chosen(indicator):
                total += self.of[indicator["id"]].points
        return total

    def _answer(self, condition):
        asked = condition["value"]
        kind = asked["kind"] if isinstance(asked, dict) else asked
        if kind in ("score", "category", "points"):
            low = high = 0.0
            for each in self.indicators:
                inside = (
                    {"score": True, "category": each["category"] == asked["category"]} if kind == "category" else {}
                )
                inside |= {"score": True, "points": kind == "points" and each["id"] == asked["indicator"]}
                if inside[kind]:
                    low, high = low + self.of[each["id"]].low, high + self.of[each["id"]].high
            answers = {holds(condition, low), holds(condition, high)}
            return answers.pop() if len(answers) == 1 else UNKNOWN
        value = value_of(asked, self.row)
        if is_missing(value):
            return UNKNOWN
        return (value == 1.0) == condition["is"] if "is" in condition else holds(condition, value)

    def conditions(self):
        part = self.book.content.get("eligibility", {})
        active = [veto for veto in part.get("vetoes", []) if veto["active"]]
        bypass = part.get("bypass", {"active": False})
        ways = bypass["any_of"] if bypass["active"] else []
        return {each["id"]: self._answer(each) for each in (*part.get("conditions", []), *active, *ways)}

    def eligible(self):
        part, answers = self.book.content.get("eligibility", {}), self.conditions()
        if not answers:
            return UNKNOWN
        waives = part["bypass"]["waives"] if "bypass" in part and part["bypass"]["active"] else []
        needed = [answers[each["id"]] for each in part["conditions"] if each["id"] not in waives]
        needed += [negated(answers[each["id"]]) for each in part["vetoes"] if each["active"]]
        if waives:
            ways = [answers[each["id"]] for each in part["bypass"]["any_of"]]
            needed.append(some([every(answers[name] for name in waives), *ways]))
        return every(needed)


def rows_of(columns):
    plain = {name: values.tolist() if values.dtype.kind == "f" else values for name, values in columns.items()}
    return [{name: values[row] for name, values in plain.items()} for row in range(len(plain["enterprise_id"]))]


def bits(values):
    """The bits of some numbers; all missing ones are alike."""
    values = np.array([NAN if value is UNKNOWN else value for value in values], dtype=np.float64)
    return np.where(np.isnan(values), NAN, values).tobytes()


@st.composite
def dated(draw, rulebook, blank, most):
    columns = dict(draw(records(rulebook, blank, most=most)))
    days = st.sampled_from(["NaT", "2024-02-29", "2024-03-01", "2010-01-01", "1999-12-31"])
    for name in ("as_of", "founded_on"):
        n = len(columns["enterprise_id"])
        columns[name] = np.array(draw(st.lists(days, min_size=n, max_size=n)), dtype="datetime64[D]")
    for name in ("revenue_prev_cny", "staff_rd", "staff_st", "staff_total"):
        number = st.sampled_from([NAN, 0.0, 5e-324, 1.0, 3.0, 5.0, 1.7e308]) | st.integers(0, 9).map(float)
        columns[name] = np.array(draw(st.lists(number, min_size=n, max_size=n)))
    if draw(st.booleans()):  # nothing is known of the first row
        for values in columns.values():
            if values.dtype.kind == "f":
                values[0] = NAN
    return columns


@settings(max_examples=60, **SLOW)
@given(st.data())
def test_points_are_those_of_plain_python(blank, data):
    content = data.draw(full_rulebooks())
    rulebook = parse_rulebook(dump_yaml(content), "random", in_use=True)
    population, columns = (data.draw(dated(rulebook, blank, most)) for most in (8, 5))
    points = evaluate(fitted(rulebook, population, "some"), columns)
    of_table = evaluate(fitted(rulebook, population, "some"), as_table(columns, layout()))
    rows = [Row(Book(content, rows_of(population)), row) for row in rows_of(columns)]
    assert bits(points.score) == bits(of_table.score) == bits(row.total(lambda _: True) for row in rows)
    innovative = [row.total(lambda each: each["domain"] == "innovation") for row in rows]
    assert bits(points.innovation_score) == bits(innovative)
    for category, values in points.categories.items():
        assert bits(values) == bits(row.total(lambda each, own=category: each["category"] == own) for row in rows)
    for name, values in points.points.items():
        assert bits(points.values[name]) == bits(row.of[name].value for row in rows)
        assert points.rules[name].codes.tolist() == [row.of[name].code for row in rows]
        assert bits(values) == bits(row.of[name].points for row in rows)
        last = len(points.rules[name].rules) - 1
        assert [code == last for code in points.rules[name].codes] == [is_missing(row.of[name].value) for row in rows]
    assert list(points.conditions) == list(rows[0].conditions())
    for name, values in points.conditions.items():
        assert bits(values) == bits(row.conditions()[name] for row in rows)
    assert bits(points.eligible) == bits(of_table.eligible) == bits(row.eligible() for row in rows)


RANKING = {"kind": "percentile"}


def ranked(**changes):
    """A rulebook of one indicator that ranks."""
    return parse_rulebook(dump_yaml(ranked_content(**changes)), "ranked")


def ranked_content(**changes):
    single = {"value": "awards_2y", "points": RANKING}
    return {
        "format": 2, "id": "ranked", "edition": "trial", "scope": "regional", "title": LABEL, "issuer": LABEL,
        "in_force": {"from": "2020-01-01", "to": None, "provenance": "assumed"}, "known_since": "2020-01-01",
        "sources": [{"id": "text", "title": "The text", "where": "nowhere"}],
        "totals": {"base": 100, "provenance": "assumed"},
        "peers": {"groups": [["region"]], "min_peers": 1, "provenance": "assumed"},
        "categories": [
            {"id": "all", "label": LABEL, "max": 100, "provenance": {"name": "assumed", "max": "assumed"}}
        ],
        "indicators": [{
            "id": "rank", "label": LABEL, "category": "all", "domain": "innovation", "max": 100, "missing": "zero",
            "provenance": ASSUMED, **(changes or single),
        }],
    }  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        lambda held: held.update(levels=[["region"], ["province"], []], thresholds=more_levels(held, 1)),
        lambda held: held.update(levels=[["region"], *[["province"]] * 20, []], thresholds=more_levels(held, 20)),
        lambda held: held.update(levels=[["province"], []]),
        lambda held: held.update(thresholds={"other": held["thresholds"]["rank"]}),
    ],
    ids=["one level more", "twenty levels more", "other groups", "no table of the indicator"],
)
def test_peer_tables_that_would_lead_beyond_the_points_are_refused(blank, change):
    rulebook = ranked()
    tables = fit_peers(rulebook, blank(3, {"awards_2y": [1, 2, 3], "region": "350100"}), "some")
    held = json.loads(tables.content)
    assert rulebook.with_peers(PeerTables.parse(json.dumps(held).encode(), "held")).peer_tables is not None
    change(held)
    with pytest.raises(InputError, match="ICS-RUL-033"):
        rulebook.with_peers(PeerTables.parse(json.dumps(held).encode(), "held"))


def more_levels(held, number):
    return {name: [of[0], *[[]] * number, *of[1:]] for name, of in held["thresholds"].items()}


def test_more_rules_than_there_are_codes_are_refused(blank):
    def book(options):
        ways = [{"id": f"o{i}", "label": LABEL, "value": "awards_2y", "points": RANKING} for i in range(options)]
        return ranked(best_of=ways)

    most = (2**15 - 1) // (101 * 2)
    (part,) = book(most).compiled
    assert len(part.rules) == most * 202 + 1 <= 2**15
    columns = blank(2, {"awards_2y": [1, np.nan]})
    assert evaluate(fitted(book(most), columns, "some"), columns).rules["rank"].codes.tolist()[1] == most * 202
    with pytest.raises(ConfigError, match=r"ICS-RUL-040.*rank"):
        _ = book(most + 1).compiled


def test_columns_of_different_lengths_are_refused(blank):
    rulebook = ranked()
    columns = dict(blank(3, {"awards_2y": [1, 2, 3]}))
    for name in ("enterprise_id", "awards_2y"):
        for values in (columns[name][:1], np.repeat(columns[name], 1000)):
            with pytest.raises(ValueError, match="differ in length"):
                evaluate(fitted(rulebook, columns, "some"), columns | {name: values})


ASKED = (
    "high_growth_list",
    "future_industry",
    "strategic_field",
    "led_standard",
    "serious_violation",
    "research_blacklist",
)


@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize("waived", [1, 2, 3])
def test_eligibility_follows_the_logic_of_three_values_in_every_case(blank, active, waived):
    """Three conditions, some of them waived by either of two ways, and a veto: each yes, no or unknown."""
    made = [{"id": name, "label": LABEL, "value": name, "is": True, "provenance": "assumed"} for name in ASKED]
    conditions, ways, veto = made[:3], made[3:5], made[5] | {"active": True}
    bypass = {"active": active, "waives": [each["id"] for each in conditions[:waived]], "any_of": ways}
    eligibility = {"conditions": conditions, "vetoes": [veto], "bypass": bypass}
    content = ranked_content() | {"eligibility": eligibility}
    cases = list(itertools.product((0.0, 1.0, NAN), repeat=len(ASKED)))
    columns = blank(len(cases), dict(zip(ASKED, zip(*cases, strict=True), strict=True)))
    rulebook = fitted(parse_rulebook(dump_yaml(content), "ranked"), blank(1), "some")
    expected = [Row(Book(content, []), row).eligible() for row in rows_of(columns)]
    assert {True, False, UNKNOWN} == set(expected)
    assert bits(evaluate(rulebook, columns).eligible) == bits(expected)
