"""What a firm is told of itself: never what reads as its opposite, and never a number rounded onto the threshold."""

from __future__ import annotations

import re
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icsml.innovation import load_rulebook, parse_rulebook
from icsml.innovation.evaluate import fit_peers
from icsml.innovation.rulebook import rulebook_path
from icsml.innovation.selection import Cut, select
from icsml.innovation.told_words import LISTED, amount, field_names, in_parts
from icsml.records.field import Kind
from icsml.records.fields import FIELDS

TODAY = date(2025, 6, 30)
CLEAN = {
    "as_of": TODAY,
    "staff_total": 10,
    "staff_st": 5,
    "revenue_cny": 1e6,
    "rd_expense_cny": 1e5,
    "total_cost_cny": 1e6,
    "total_assets_cny": 1e6,
    "ip_class1": 1,
    "ip_class2": 0,
    "prohibited_business": 0,
    "serious_violation": 0,
    "abnormal_list": 0,
    "serious_illegal_list": 0,
}

SHORT = {  # of the 60 points that a rulebook asks for
    "main_revenue_cny": 2e6,
    "main_revenue_prev_cny": 1e6,
    "rd_expense_cny": 1e4,
    "net_profit_cny": 1e5,
    "net_profit_prev_cny": 9e4,
    "awards_3y": 0,
    "high_tech_enterprise": 0,
    "provincial_rd_institution": 0,
    "equity_raised_3y_cny": 0,
}


def told(blank, rulebook="tech-sme-2017", **fields):
    made = select(load_rulebook(rulebook), blank(1, CLEAN | fields), cut=Cut(cut_off=1.0), on=TODAY, batch="b")
    return made.frame.iloc[0]


def test_every_flag_reads_as_what_it_says_of_the_firm():
    assert set(LISTED) == {field.name for field in FIELDS if field.kind is Kind.FLAG}
    for pair in LISTED.values():
        assert pair[0] != pair[1]
        assert not {"yes", "no", "是", "否"} & {text for each in pair for text in (each.en, each.zh)}


def test_not_listed_is_not_told_to_one_that_is(blank):
    row = told(blank, abnormal_list=1)
    assert row["reason_zh"] == "不满足条件“未列入经营异常名录”（记录所示：已列入）"
    assert row["reason_en"] == "Condition not met: “Not on the list of abnormal operation” (on record: listed)"


def test_two_obstacles_and_a_gap_are_told_at_once(blank):
    row = told(blank, staff_total=501, abnormal_list=1, serious_illegal_list=np.nan)
    assert row["reason"] == "not_eligible"
    assert row["reason_zh"].startswith("（1）不满足条件“职工总数不超过500人”（记录所示：501人）；（2）")
    assert row["reason_zh"].endswith(
        "无法判断是否满足条件“未列入严重违法失信企业名单”（缺少：是否列入严重违法失信名单）"
    )
    assert row["missing"] == "serious_illegal_list"


def test_a_base_of_zero_is_no_missing_field(blank):
    """All is on file and yet no share can be computed: nothing is asked for that was sent."""
    row = told(blank, revenue_cny=0.0, total_cost_cny=0.0, staff_total=1, staff_st=1, ip_class1=0)
    assert row["missing"] == ""
    assert "缺少" not in row["reason_zh"]
    assert "基数为零或为负，未能计算" in row["reason_zh"]


def test_what_is_missing_is_named_though_another_way_gave_points(blank):
    """Class I rights of high value are not on file, while other rights gave points: the total is open for it."""
    row = told(blank, "innovative-sme-2022", **SHORT, ip_class1_high_value=np.nan, ip_class1_self_developed=0)
    assert "高价值" in row["reason_zh"]
    assert "未能计算" not in row["reason_zh"]
    assert "negative: )" not in row["reason_en"]


def test_a_row_among_others_is_told_what_it_is_told_alone(blank):
    """Rows that are alike share a text; two that lack the same fields may differ in what those could still change."""
    rulebook = load_rulebook("innovative-sme-2022")
    fields = CLEAN | SHORT | dict.fromkeys(("main_revenue_cny", "net_profit_prev_cny", "rd_expense_cny"), np.nan)
    fields |= {"ip_class1_high_value": np.array([1, 0, 1, 0])}
    fields |= {"ip_class1_self_developed": np.array([np.nan, np.nan, 0, 0])}

    def told_of(rows):
        given = {name: value[rows] if np.ndim(value) else value for name, value in fields.items()}
        made = select(rulebook, blank(len(rows), given), cut=Cut(cut_off=1.0), on=TODAY, batch="b")
        return made.frame["reason_zh"].tolist()

    together = told_of(np.arange(4))
    assert together == [told_of(np.array([row]))[0] for row in range(4)]
    assert [text.count("自主研发") for text in together] == [0, 2, 0, 0]  # of the total, and of the category


def test_numbered_parts_are_told_apart_again(blank):
    row = told(blank, staff_total=501, abnormal_list=1, serious_illegal_list=np.nan)
    for lang in ("en", "zh"):
        parts = in_parts(row[f"reason_{lang}"])
        assert [part[1] for part in parts] == ["1", "2", "3", "4"]
    assert in_parts("Below the cut (points: 90; the cut: 90.001)")[1:] == []


def test_money_barely_above_a_threshold_is_told_from_it(blank):
    assert "（记录所示：200,000,000.01元）" in told(blank, total_assets_cny=200_000_000.01)["reason_zh"]
    assert "（记录所示：200,000,000.000001元）" not in told(blank, total_assets_cny=200_000_000.0)["reason_zh"]


@pytest.mark.parametrize(
    ("value", "unit", "threshold", "en", "zh"),
    [
        (59.996, "points", 60.0, "59.996 points", "59.996分"),
        (60.0, "points", 60.0, "60 points", "60分"),
        (59.5, "points", 60.0, "59.5 points", "59.5分"),
        (0.29996, "fraction", 0.3, "29.996%", "29.996%"),
        (501.0, "persons", 500.0, "501 persons", "501人"),
        (-0.001, "count", None, "0", "0"),
        (1234567.0, "CNY", None, "CNY 1,234,567", "1,234,567元"),
    ],
)
def test_a_number_has_as_many_places_as_tell_it_apart(value, unit, threshold, en, zh):
    label = amount(value, unit, threshold)
    assert (label.en, label.zh) == (en, zh)


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_what_differs_from_a_threshold_never_reads_as_it(value, threshold):
    same = amount(value, "points", threshold).en == amount(threshold, "points", value).en
    assert same == (value == threshold or value == 0 == threshold)


def test_a_multiple_is_told_as_one_not_in_per_cent(blank):
    """Where a condition declares `unit: rate`, its threshold is no percentage, nor is the firm's own value."""
    text = rulebook_path("tech-sme-2017").read_text("utf-8")
    value = "{kind: ratio, numerator: total_liabilities_cny, denominator: total_assets_cny}"
    label = "{en: At most 1.5 times, zh: 不超过1.5倍}"
    limit = f"    - {{id: debt, label: {label}, value: {value}, unit: rate, at_most: 1.5, provenance: assumed}}\n"
    rulebook = parse_rulebook(text.replace("  conditions:\n", "  conditions:\n" + limit, 1), "tech-sme-2017.yaml")
    row = blank(1, CLEAN | {"total_liabilities_cny": 2e6})
    made = select(rulebook, row, cut=Cut(cut_off=1.0), on=TODAY, batch="b").frame.iloc[0]
    assert made["reason_zh"] == "不满足条件“不超过1.5倍”（记录所示：2）"


def test_fields_are_named_in_the_language():
    found = field_names(["rd_expense_cny", "revenue_cny"])
    assert (found.en, found.zh) == ("R&D expense; Operating revenue", "研发费用、营业收入")


def test_points_that_a_deduction_took_are_told_with_the_cut(blank):
    fields = CLEAN | {"dishonest_debtor": 0}
    columns = blank(3, fields) | {"enterprise_id": np.array(["A", "B", "C"], dtype=object)}
    columns["dishonest_debtor"] = np.array([0.0, 1.0, 1.0])
    rulebook = load_rulebook("sichuan-2025")
    rulebook = rulebook.with_peers(fit_peers(rulebook, columns, "these"))
    made = select(rulebook, columns, cut=Cut(cut_off=99.0), on=date(2025, 11, 1), batch="b").frame
    clean, *debtors = made.sort_values("enterprise_id").itertuples()
    assert clean.score - debtors[0].score == pytest.approx(20.0)
    assert "deducted" not in clean.reason_en
    assert "扣" not in clean.reason_zh
    for each in debtors:
        assert re.search(r"\(points: -?[\d.]+, 20 points? deducted for “.*”; the cut: 99\)", each.reason_en)
        assert re.search(r"（积分：-?[\d.]+分，因“.*”扣20分；入选分数线：99分）", each.reason_zh)
