"""The row of a rule that gave the points: told in every language, and found again by what a decision records of it."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from icsml.innovation.rulebooks.load import list_rulebooks, load_rulebook
from icsml.innovation.rulebooks.points_functions import PointsFunction
from icsml.innovation.rulebooks.recorded_rules import recorded_rules
from icsml.innovation.rulebooks.rule_hit import RuleHit, RuleKind
from icsml.texts.catalogue import has_text
from icsml.texts.languages import languages

SHIPPED = json.loads((Path(__file__).parent / "fixtures" / "rules.json").read_text("utf-8"))
"""Every rule of the shipped rulebooks as recorded, and as pages told it before rules were facts."""

ROWS = {
    "bands": (
        {"kind": "bands", "steps": [{"above": "1/2", "points": 2}, {"at_least": "1/10", "points": 1}]},
        {"> 50 %": "> 50 %", "≥ 10 %": "≥ 10 %", "< 10 %": "< 10 %"},
    ),
    "intervals": (
        {
            "kind": "intervals",
            "rows": [
                {"below": "1/20", "points": 0},
                {"at_least": "1/20", "below": "3/50", "points": 1},
                {"at_least": "3/50", "points": 2},
            ],
        },
        {"< 5 %": "< 5 %", "≥ 5 % and < 6 %": "≥ 5 % 且 < 6 %", "≥ 6 %": "≥ 6 %"},
    ),
    "any": ({"kind": "intervals", "rows": [{"points": 1}]}, {"any": "任意"}),
    "counts": (
        {"kind": "counts", "at": {1: 1, 2: 2, 1000: 3}},
        {"< 1": "< 1", "1": "1", "2–999": "2–999", "≥ 1,000": "≥ 1,000"},
    ),
    "flag": ({"kind": "flag", "points": 1}, {"yes": "是", "no": "否"}),
    "ramp": (
        {"kind": "ramp", "anchors": [["3/100", 0], ["3/50", 1]]},
        {"< 3 %": "< 3 %", "ramp 3–6 %": "线性 3–6 %", "≥ 6 %": "≥ 6 %"},
    ),
    "efficacy": (
        {"kind": "efficacy", "unacceptable": "1/100", "satisfactory": "1/10"},
        {
            "no points": "不得分",
            "efficacy coefficient between 1 % and 10 %": "功效系数： 1 % 且 10 %",
            "satisfactory, 10 %": "满意值, 10 %",
        },
    ),
}


def test_every_rule_of_every_shipped_rulebook_reads_as_before():
    rules = {rule for each in list_rulebooks() for part in each.compiled for rule in part.rules}
    assert {rule.text("en"): rule.text("zh") for rule in rules} == SHIPPED


@pytest.mark.parametrize("name", ROWS)
def test_every_points_function_reads_as_before(name):
    content, rows = ROWS[name]
    function = TypeAdapter(PointsFunction).validate_python(content)
    rules = function.curve([Fraction(10)], "higher", percent=name != "counts").rules
    assert {rule.text("en"): rule.text("zh") for rule in rules} == rows


@pytest.mark.parametrize(
    ("rule", "en", "zh"),
    [
        (RuleHit(RuleKind.MISSING), "missing", "缺失"),
        (RuleHit(RuleKind.LEFT_OUT), "missing: left out", "缺失：不计入"),
        (RuleHit(RuleKind.REFUSED), "missing: refused", "缺失：不予计分"),
        (RuleHit(RuleKind.PERCENTILE, percentile=0), "P0 of all peers", "全体同业 P0"),
        (
            RuleHit(RuleKind.PERCENTILE, percentile=7, peers=("technical_field", "stage")),
            "P7 of peers by technical_field × stage",
            "同业 P7，分组： 技术领域 × 阶段",
        ),
        (
            RuleHit(RuleKind.PERCENTILE, percentile=99, peers=("province", "region", "industry")),
            "P99 of peers by province × region × industry",
            "同业 P99，分组： 省份 × 地区 × 行业",
        ),
        (RuleHit(RuleKind.YES, option="future"), "future: yes", "future: 是"),
    ],
)
def test_missing_values_ranks_and_options_read_as_before(rule, en, zh):
    assert (rule.text("en"), rule.text("zh")) == (en, zh)


def test_amounts_of_money_have_their_unit_where_it_is_asked_for():
    rule = RuleHit(RuleKind.RAMP, (Fraction(0), Fraction(10**7)))
    assert rule.text("en") == "ramp 0–10,000,000"
    assert rule.text("en", "CNY") == "ramp CNY 0–CNY 10 million"
    assert rule.text("zh", "CNY") == "线性 0元–1,000万元"


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("rulebook", ["national-2024", "national-2025", "tech-sme-2017", "innovative-sme-2022"])
def test_rules_keep_their_figures_in_every_language(rulebook, language):
    for part in load_rulebook(rulebook).compiled:
        for rule, text in zip(part.rules, part.texts, strict=True):
            told = rule.text(language)
            assert re.findall(r"\d[\d.,]*", told) == re.findall(r"\d[\d.,]*", text)
            if language == "zh":  # an option has no other name
                assert not re.search(r"[A-OQ-Za-z]{2,}", re.sub(r"^\w+: ", "", told)), told


def test_what_a_decision_records_leads_back_to_the_rule():
    named = recorded_rules("national-2025")
    for part in load_rulebook("national-2025").compiled:
        for rule, text in zip(part.rules, part.texts, strict=True):
            assert named[text] == rule
    assert recorded_rules("nowhere")["missing: left out"] == RuleHit(RuleKind.LEFT_OUT)
    assert "≥ 6 %" not in recorded_rules("nowhere")
    assert recorded_rules("nowhere", load_rulebook("national-2025"))["≥ 100"].bounds == (Fraction(100),)


@pytest.mark.parametrize("kind", [kind for kind in RuleKind if kind not in (RuleKind.BETWEEN, RuleKind.PERCENTILE)])
def test_every_kind_of_rule_row_has_its_words(kind):
    assert has_text(f"rules.{kind}")
