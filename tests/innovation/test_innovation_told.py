"""What a firm is told of itself: never what reads as its opposite, and never a number rounded onto the threshold."""

from __future__ import annotations

import re
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from icsml.innovation import load_rulebook, parse_rulebook
from icsml.innovation.rulebooks.load import rulebook_path
from icsml.innovation.scoring.fit_peers import fit_peers
from icsml.innovation.selection.list_wording import (
    amount,
    counted,
    cut_text,
    field_names,
    flag_text,
    in_parts,
    in_turn,
    is_alternative,
    money,
    or_else,
)
from icsml.innovation.selection.select import Cut, select
from icsml.records.field import Kind
from icsml.records.fields import FIELDS
from icsml.texts.catalogue import keys
from icsml.texts.label import Label
from icsml.texts.languages import languages

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
    flags = {field.name for field in FIELDS if field.kind is Kind.FLAG}
    assert {key.split(".")[2] for key in keys("en") if key.startswith("lists.flags.")} == flags
    for flag in flags:
        pair = [flag_text([flag], holds=holds) for holds in (True, False)]
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


@pytest.mark.parametrize("language", languages())
def test_the_reasons_of_every_language_are_told_apart_again(language):
    assert_told_apart(language)


def test_the_reasons_of_a_further_language_are_told_apart_by_its_own_words(with_french):
    assert_told_apart("fr")


def assert_told_apart(language):
    conditions = [Label(en="One", zh="One"), Label(en="Two", zh="Two")]
    for waived in ([], [1], [1, 2]):
        ways = or_else(in_turn(conditions), waived, conditions).text(language)
        assert [is_alternative(part) for part in in_parts(ways)] == [False] * 3 + [True] * 2
        assert len(in_parts(or_else(in_turn(conditions), waived, conditions[:1]).text(language))) == 3


WAYS_EN = [
    "(1) Condition not met: “A total of at least 60 points” (on record: 25 points)",
    "(2) Condition not met: “At least 20 points for innovation ability” (on record: 15 points)",
    "(3) Condition not met: “At least 15 points for growth” (on record: 5 points)",
    "(4) Condition not met: “At least 15 points for specialisation” (on record: 5 points)",
    "or else, in place of (1)–(4), any one of these, of which the record shows none:",
    "(a) “An S&T award of provincial level or higher within three years” (on record: 0)",
    "(b) “Certified high-tech enterprise” (missing: Certified high-tech enterprise (yes or no))",
    "(c) “Recognised R&D institution of provincial level or higher” (on record: has none)",
    "(d) “At least 5 million yuan of equity raised within three years” (on record: CNY 4,999,999.99)",
]
WAYS_ZH = [
    "（1）不满足条件“评价得分不低于60分”（记录所示：25分）",
    "（2）不满足条件“创新能力指标得分不低于20分”（记录所示：15分）",
    "（3）不满足条件“成长性指标得分不低于15分”（记录所示：5分）",
    "（4）不满足条件“专业化指标得分不低于15分”（记录所示：5分）",
    "或者以下列任一条件替代（1）至（4）（现有记录均未显示已满足）：",
    "（a）“近三年内获得过国家级、省级科技奖励”（记录所示：0项）",
    "（b）“高新技术企业”（缺少：是否为高新技术企业）",
    "（c）“拥有经认定的省部级以上研发机构”（记录所示：无省级研发机构）",
    "（d）“近三年内新增股权融资总额500万元以上”（记录所示：4,999,999.99元）",
]


def test_alternatives_are_told_as_such_and_not_as_if_all_were_required(blank):
    fields = SHORT | dict.fromkeys(("ip_class1_high_value", "ip_class1_self_developed", "strategic_field"), 0)
    fields |= {"main_revenue_cny": 1e5, "main_revenue_prev_cny": 1e6, "total_liabilities_cny": 7e5}
    fields |= {"high_tech_enterprise": np.nan, "equity_raised_3y_cny": 4_999_999.99}
    row = told(blank, "innovative-sme-2022", **fields)
    assert row["reason"] == "eligibility_unknown"
    assert in_parts(row["reason_en"]) == WAYS_EN
    assert in_parts(row["reason_zh"]) == WAYS_ZH
    assert [is_alternative(part) for part in WAYS_EN] == [is_alternative(part) for part in WAYS_ZH]
    assert [is_alternative(part) for part in WAYS_EN] == [False] * 5 + [True] * 4


def test_no_alternative_is_left_out_however_many_there_are():
    ways = [Label(en=f"way {place}", zh=f"途径{place}") for place in range(60)]
    found = or_else(Label(en="no", zh="否"), (), ways)
    assert len(in_parts(found.en)) == len(in_parts(found.zh)) == 62
    assert len({part.split()[0] for part in in_parts(found.en)[2:]}) == 60


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


@pytest.mark.parametrize(
    ("threshold", "text"), [(90.001, "90.001"), (60.0, "60"), (66.125, "66.125"), (28.66666666667, "28.67"), (0.0, "0")]
)
def test_a_cut_is_told_as_it_was_stated(threshold, text):
    assert cut_text(threshold) == text


def test_fields_are_named_in_the_language():
    found = field_names(["rd_expense_cny", "revenue_cny"])
    assert (found.en, found.zh) == ("R&D expense; Operating revenue", "研发费用、营业收入")


def test_a_firm_is_asked_whether_it_is_so_in_a_sentence_that_can_be_asked():
    flags = {field.name: field_names([field.name]) for field in FIELDS if field.kind is Kind.FLAG}
    assert {name: each.zh for name, each in flags.items()} == {
        "led_standard": "是否主导制定国家或行业标准",
        "high_growth_list": "是否入选高成长企业榜单",
        "high_tech_enterprise": "是否为高新技术企业",
        "provincial_rd_institution": "是否拥有省级研发机构",
        "future_industry": "是否属于未来产业",
        "strategic_field": "是否属于战略性新兴产业",
        "prohibited_business": "是否从事禁止或限制类业务",
        "serious_violation": "是否有重大违法或严重失信行为",
        "abnormal_list": "是否列入经营异常名录",
        "serious_illegal_list": "是否列入严重违法失信名单",
        "safety_accident_3y": "近三年是否发生重大安全事故",
        "research_blacklist": "是否列入科研诚信黑名单",
        "dishonest_debtor": "是否为失信被执行人",
        "on_recommended_list": "是否列入创新积分推荐名单",
        "relending_supported": "是否享受再贷款支持",
        "interest_subsidised": "是否享受贴息",
    }
    assert flags["provincial_rd_institution"].en == "Has a provincial R&D institution (yes or no)"
    assert all(each.en.endswith(" (yes or no)") for each in flags.values())


@pytest.mark.parametrize(
    ("value", "threshold", "en", "zh"),
    [
        (608_344_845.54, 2e8, "CNY 608.34 million", "6.08亿元"),
        (200_100_000.0, 2e8, "CNY 200.1 million", "2.001亿元"),
        (200_000_000.01, 2e8, "CNY 200,000,000.01", "200,000,000.01元"),
        (4_999_999.99, 5e6, "CNY 4,999,999.99", "4,999,999.99元"),
        (3_210_000.0, 5e6, "CNY 3.21 million", "321万元"),
        (12_345.0, 2e8, "CNY 12,345", "1.23万元"),
        (0.0, 2e8, "CNY 0", "0元"),
        (-3e6, 1e6, "CNY -3 million", "-300万元"),
        (2e8, 2e8, "CNY 200 million", "2亿元"),
    ],
)
def test_money_is_told_in_the_unit_of_the_threshold(value, threshold, en, zh):
    found = money(value, threshold)
    assert (found.en, found.zh) == (en, zh)


def test_every_count_has_a_measure_word():
    for field in FIELDS:
        if field.kind is Kind.COUNT and field.unit == "count":
            assert re.fullmatch("0[项件次个家]", counted(0.0, [field.name]).zh), field.name
    assert counted(2.0, ["awards_2y", "projects_2y"]).zh == "2项"
    assert counted(2.0, ["awards_2y", "platforms_2y"]).zh == "2"


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
    assert "，因“" not in clean.reason_zh
    for each in debtors:
        assert re.search(r"\(points: -?[\d.]+, 20 points? deducted for “.*”; the cut: 99; ", each.reason_en)
        assert re.search(r"（积分：-?[\d.]+分，因“.*”扣20分；入选分数线：99分；", each.reason_zh)


STRONG = {  # 90 points, with Class I rights of high value not on file
    "ip_class1_high_value": np.nan,
    "ip_class1_self_developed": 0,
    "main_revenue_cny": 1e6,
    "main_revenue_prev_cny": 1e5,
    "total_liabilities_cny": 5e5,
    "strategic_field": 1,
    "high_tech_enterprise": 1,
}
WEAK = {"rd_expense_cny": 0, "main_revenue_cny": 1e5, "main_revenue_prev_cny": 1e5, "total_liabilities_cny": 9e5}
WEAK |= {"strategic_field": 0, "awards_3y": 0, "high_tech_enterprise": 0, "provincial_rd_institution": 0}
COST = "no points for what is missing, to be provided: Class I rights of high value"
COST_ZH = "缺失数据未计分，需补充：高价值Ⅰ类知识产权数"
LATER = (
    "no points for what is missing, which does not change this result and may raise the points of the next evaluation: "
    "Class I rights of high value"
)
LATER_ZH = "缺失数据未计分，不影响本次结果，补充后可能提高下次评价的积分：高价值Ⅰ类知识产权数"


@pytest.mark.parametrize(
    ("cut", "en", "zh"),
    [
        (99.0, "Below the cut (points: 90; the cut: 99; {})", "积分低于入选分数线（积分：90分；入选分数线：99分；{}）"),
        (40.0, f"Selected (points: 90; the cut: 40; {LATER})", f"入选（积分：90分；入选分数线：40分；{LATER_ZH}）"),
    ],
)
def test_what_is_missing_and_cost_points_is_named_beside_the_cut(blank, cut, en, zh):
    made = select(
        load_rulebook("innovative-sme-2022"), blank(1, CLEAN | STRONG), cut=Cut(cut_off=cut), on=TODAY, batch="b"
    )
    row = made.frame.iloc[0]
    assert (row["reason_en"], row["reason_zh"]) == (en.format(COST), zh.format(COST_ZH))


def test_what_is_missing_and_cost_points_is_named_beside_each_condition_on_them(blank):
    row = told(blank, "innovative-sme-2022", **STRONG | WEAK)
    parts = in_parts(row["reason_en"])
    assert parts[0] == f"(1) Condition not met: “A total of at least 60 points” (on record: 15 points; {COST})"
    assert parts[1] == "(2) Condition not met: “At least 15 points for growth” (on record: 0 points)"
    assert f"（1）不满足条件“评价得分不低于60分”（记录所示：15分；{COST_ZH}）" in row["reason_zh"]


def test_what_costs_no_points_is_not_asked_for_as_if_it_did(blank):
    """Of the ways that give fewer points than another did, and of a deduction, nothing is wanted."""
    row = told(blank, "innovative-sme-2022", **STRONG | {"ip_class1_high_value": 1, "ip_class2": np.nan})
    assert row["reason_en"] == "Selected (points: 100; the cut: 1)"
    columns = blank(1, CLEAN | {"dishonest_debtor": np.nan})
    rulebook = load_rulebook("sichuan-2025")
    rulebook = rulebook.with_peers(fit_peers(rulebook, columns, "these"))
    made = select(rulebook, columns, cut=Cut(cut_off=1.0), on=date(2025, 11, 1), batch="b").frame
    assert "no points for what is missing" in made["reason_en"][0]
    assert "ishonest" not in made["reason_en"][0]


def test_rows_that_differ_in_what_they_lack_do_not_share_a_text(blank):
    fields = CLEAN | STRONG | {"awards_3y": 1, "ip_class1_self_developed": np.array([np.nan, 0, 0])}
    fields |= {"ip_class1_high_value": np.array([0, np.nan, 0])}
    rulebook = load_rulebook("innovative-sme-2022")
    made = select(rulebook, blank(3, fields), cut=Cut(cut_off=99.0), on=TODAY, batch="b").frame
    assert made["score"].nunique() == 1
    assert [re.findall("to be provided: (.*)\\)", text) for text in made["reason_en"]] == [
        ["Class I rights, self-developed"],
        ["Class I rights of high value"],
        [],
    ]


def test_a_list_with_a_place_for_everybody_who_is_eligible_has_no_cut(blank):
    fields = CLEAN | STRONG | {"ip_class1_high_value": 0, "high_tech_enterprise": np.array([1, 1, 0, 0])}
    fields |= dict.fromkeys(("awards_3y", "provincial_rd_institution", "equity_raised_3y_cny"), 0)
    fields |= {"strategic_field": np.array([1, 0, 1, 1]), "main_revenue_prev_cny": np.array([1e5, 1e5, 1e7, 1e7])}
    fields |= {"total_liabilities_cny": np.array([0, 9e5, 9e5, 9e5])}
    rulebook = load_rulebook("innovative-sme-2022")

    def reasons(share):
        made = select(rulebook, blank(4, fields), cut=Cut(top_share=share), on=TODAY, batch="b")
        return made.frame["reason_en"].tolist()[:2], made.frame["reason_zh"].iloc[1]

    none = "no cut: all who are eligible are on the list"
    zh = "入选（积分：75分；名额未满，不设分数线：符合条件者全部入选）"
    assert reasons(0.75) == ([f"Selected (points: 90; {none})", f"Selected (points: 75; {none})"], zh)
    assert reasons(0.5)[0] == ["Selected (points: 90; the cut: 75)", "Selected (points: 75; the cut: 75)"]
    assert reasons(0.25)[0] == ["Selected (points: 90; the cut: 90)", "Below the cut (points: 75; the cut: 90)"]
    made = select(rulebook, blank(4, fields), cut=Cut(cut_off=90.001234567), on=TODAY, batch="b").frame
    below = made["reason_en"].tolist()[:2]  # the number of the cut is as long as each row needs it
    assert below == ["Below the cut (points: 90; the cut: 90.001)", "Below the cut (points: 75; the cut: 90)"]


@pytest.mark.parametrize(("cut", "told_of_it"), [(0.0, False), (-1.0, False), (1.0, True)])
def test_a_cut_of_zero_points_is_no_requirement(blank, cut, told_of_it):
    columns = blank(1, CLEAN | STRONG)
    made = select(load_rulebook("innovative-sme-2022"), columns, cut=Cut(cut_off=cut), on=TODAY, batch="b").frame
    assert ("the cut" in made["reason_en"][0], "分数线" in made["reason_zh"][0]) == (told_of_it, told_of_it)
