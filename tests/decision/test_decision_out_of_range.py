"""What is said of values out of range: of which range or whole, and that they are compared with nothing."""

import re
from datetime import UTC, datetime

import pytest

from icsml.decision.decide import decide
from icsml.records.enterprise import example_record, parse_record
from icsml.texts.quantity import range_text

COMPARED = ("compared with", "median", "higher:", "lower:", "longer:", "shorter:", "larger:", "smaller:")
COMPARED_ZH = ("相比", "中位数", "更高", "更低", "更长", "更短", "更大", "更小")
MOMENT = datetime(2026, 7, 1, tzinfo=UTC)


def decided(bundle, **changes):
    record = {name: value for name, value in (example_record() | changes).items() if value is not None}
    return decide(
        bundle, parse_record(record), decision_id="d", decided_at=MOMENT, reasons=1000, with_recourse=False
    ).decision


def outside(found):
    return {each.field: each.text for each in found.warnings if each.code == "OUT_OF_RANGE"}


def reading(bundle, *fields):
    """Return the features that are made of a field."""
    return {f.name for f in bundle.features if f.name != "innovation_score" and set(fields) & set(f.inputs)}


@pytest.mark.parametrize(
    ("changes", "doubtful"),
    [
        ({"revenue_cny": 5200.0}, ("revenue_cny", "hightech_revenue_cny")),  # less than its parts
        ({"revenue_cny": -5.0}, ("revenue_cny",)),  # below its range
        ({"receivables_cny": 9e9}, ("receivables_cny", "current_assets_cny")),  # above its whole
        ({"staff_rd": 500}, ("staff_rd", "staff_total")),
    ],
)
def test_what_is_made_of_a_value_out_of_range_is_compared_with_nothing(bundle, changes, doubtful):
    told = {each.feature: each for each in decided(bundle, **changes).reasons}
    usual = {each.feature: each for each in decided(bundle).reasons}
    places = reading(bundle, *doubtful) & set(told)
    assert any(COMPARED[0] in usual[name].text.en for name in places & set(usual))
    for name in places:
        text = told[name].text
        assert told[name].kind != "comparison"
        assert not any(word in text.en for word in COMPARED), text.en
        assert not any(word in text.zh for word in COMPARED_ZH), text.zh
    others = [each for name, each in told.items() if name not in places]
    assert any("compared with" in each.text.en for each in others)


def test_a_value_outside_its_plausible_range_is_compared_with_nothing(bundle):
    changes = {"receivables_cny": 26e7, "current_assets_cny": 27e7, "total_assets_cny": 41e7}
    found = decided(bundle, **changes)
    told = next(each for each in found.reasons if each.feature == "receivable_days")
    assert told.kind == "neutral"
    assert told.text.en.startswith(
        "Days of receivables: 1,825 days, outside the plausible range of 0 to 1,500 days; not"
    )
    assert told.text.zh.startswith("应收账款周转天数为1,825天，超出合理范围（0天至1,500天），不作比较；")


def test_a_value_out_of_range_never_reads_like_the_bound_that_it_breaks(bundle):
    found = decided(bundle, cash_cny=-100.0)
    (text,) = (each.text for each in found.reasons if each.feature == "cash_ratio")
    assert re.match(r"Cash ratio: -0\.0+[1-9]\d* times, outside the plausible range of 0\.00 to 20\.00 times", text.en)
    assert re.match(r"现金比率为-0\.0+[1-9]\d*倍，超出合理范围（0\.00倍至20\.00倍）", text.zh)
    declared = outside(decided(bundle, revenue_cny=-0.01))["revenue_cny"]
    assert declared.en.startswith("Operating revenue: CNY -0.01, outside the declared range (CNY 0 to")
    assert declared.zh.startswith("营业收入为-0.01元，超出规定范围（0元至")


@pytest.mark.parametrize(
    ("changes", "field", "en", "zh"),
    [
        (
            {"revenue_cny": -5.0},
            "revenue_cny",
            "Operating revenue: CNY -5, outside the declared range (CNY 0 to CNY 10 trillion).",
            "营业收入为-5元，超出规定范围（0元至10万亿元）。",
        ),
        (
            {"fixed_assets_cny": 90e6},
            "fixed_assets_cny",
            "Fixed assets: CNY 90 million, more than total assets (CNY 41 million), of which it is a part.",
            "固定资产为9,000万元，大于其所属的资产总额（4,100万元）。",
        ),
        (
            {"revenue_cny": 5200.0},
            "revenue_cny",
            "Operating revenue: CNY 5,200, less than each of these parts of it: main-business revenue (CNY 49 million),"
            " high-tech product revenue (CNY 38 million).",
            "营业收入为5,200元，小于其下列各组成部分：主营业务收入（4,900万元）、高新技术产品收入（3,800万元）。",
        ),
    ],
)
def test_it_is_said_which_range_or_which_whole(bundle, changes, field, en, zh):
    found = outside(decided(bundle, **changes))[field]
    assert (found.en, found.zh) == (en, zh)


def test_a_wrong_value_is_told_once_and_not_again_by_what_is_made_of_it(bundle):
    found = decided(bundle, revenue_cny=-5.0)
    assert list(outside(found)) == ["revenue_cny"]
    assert "AMOUNTS_IN_WAN" not in {each.code for each in found.warnings}
    assert not any("为0" in each.text.zh for each in found.reasons if each.feature == "revenue")


@pytest.mark.parametrize(
    ("bounds", "unit", "en", "zh"),
    [
        ((0.0, 1500.0), "days", "0 to 1,500 days", "0天至1,500天"),
        ((0.0, 1.0), "fraction", "0.0% to 100.0%", "0.0%至100.0%"),
        ((0.0, 100.0), "rights per million CNY", "0.00 to 100.00 per million CNY", "每百万元0.00件至100.00件"),
        ((-1e4, 1e4), "CNY", "CNY -10,000 to CNY 10,000", "-1万元至1万元"),
        ((0.0, None), "years", "0.0 years or more", "不低于0.0年"),
        ((None, 5.0), "times", "5.00 times or less", "不高于5.00倍"),
        ((None, None), "count", "any", "不限"),
    ],
)
def test_a_range_reads(bounds, unit, en, zh):
    read = range_text(bounds, unit)
    assert (read.en, read.zh) == (en, zh)
