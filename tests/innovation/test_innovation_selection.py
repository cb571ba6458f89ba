"""The recommended list: who is in, who is out, and why, at every edge of the rules."""

from __future__ import annotations

import re
from datetime import date

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from icsml.errors import InputError
from icsml.innovation import fitted, list_rulebooks, load_rulebook, parse_rulebook
from icsml.innovation.selection.select import REASONS, Cut, select
from icsml.records.columns import to_columns
from icsml.records.dataset import read_records
from icsml.records.screening import screen

PLAIN = """\
format: 2
id: plain
edition: trial
scope: regional
title: {en: Plain, zh: 简}
issuer: {en: Nobody, zh: 无}
in_force: {from: 2020-01-01, to: null, provenance: assumed}
known_since: 2020-01-01
validity: {months: 12, expired: refuse, provenance: assumed}
sources: [{id: text, title: The text, where: nowhere}]
totals: {base: 100, bonus: 0, provenance: published}
categories:
  - {id: work, label: {en: Work, zh: 工}, max: 100, provenance: {name: published, max: published}}
indicators:
  - id: rights
    label: {en: Rights, zh: 权}
    category: work
    domain: innovation
    max: 100
    missing: refuse
    value: ip_class1
    points: {kind: ramp, anchors: [[0, 0], [100, 100]]}
    provenance: {name: published, weight: published, value: published, points: published}
    sources: [text]
eligibility:
  conditions:
    - {id: staff, label: {en: Small, zh: 小}, value: staff_total, at_most: 500, provenance: assumed}
    - {id: assets, label: {en: Light, zh: 轻}, value: total_assets_cny, at_most: 100000000, provenance: assumed}
    - {id: conduct, label: {en: Honest, zh: 诚}, value: serious_violation, is: false, provenance: assumed}
  vetoes:
    - {id: debtor, label: {en: Debtor, zh: 债}, value: dishonest_debtor, is: true, provenance: assumed}
    - {id: accident, label: {en: Accident, zh: 险}, value: safety_accident_3y, is: true, provenance: assumed}
    - {id: listed, label: {en: Listed, zh: 录}, value: abnormal_list, is: true, active: false, provenance: assumed}
  bypass:
    active: true
    waives: [staff, assets]
    any_of:
      - {id: hte, label: {en: HTE, zh: 高企}, value: high_tech_enterprise, is: true, provenance: assumed}
"""
CLEAN = {
    "staff_total": 10,
    "total_assets_cny": 10e6,
    "serious_violation": 0,
    "dishonest_debtor": 0,
    "safety_accident_3y": 0,
    "high_tech_enterprise": 0,
}
TODAY = date(2025, 6, 30)


@pytest.fixture(scope="module")
def plain():
    return parse_rulebook(PLAIN, "plain.yaml")


@pytest.fixture(scope="module")
def forgiving():
    """The same, but who has no value has no points instead of no score."""
    return parse_rulebook(PLAIN.replace("missing: refuse", "missing: zero"), "plain.yaml")


@pytest.fixture
def firms(blank):
    """Enterprises that nothing keeps out but their points, unless a field says otherwise."""

    def make(scores, **fields):
        return blank(len(scores), CLEAN | {"as_of": TODAY, "ip_class1": scores} | fields)

    return make


def listed(made):
    return set(made.frame.loc[made.frame["selected"], "enterprise_id"])


def run(rulebook, columns, *, on=TODAY, **cut):
    return select(rulebook, columns, cut=Cut(**cut), on=on, batch="b")


# where the list is cut


def test_a_share_is_of_all_evaluated_and_not_of_those_who_may_be_listed(plain, firms):
    columns = firms([99, 98, 97, 96, 95, 50, 40, 30, 20, 10], staff_total=[501] * 5 + [10] * 5)
    made = run(plain, columns, top_share=0.4)
    assert listed(made) == {"E5", "E6", "E7", "E8"}
    assert (made.evaluated, made.selected, made.threshold) == (10, 4, 20.0)


def test_equal_scores_at_the_edge_are_all_in(plain, firms):
    made = run(plain, firms([90, 80, 80, 80, 10]), top_share=0.4)
    assert listed(made) == {"E0", "E1", "E2", "E3"}
    assert made.threshold == 80.0
    assert listed(run(plain, firms([90, 80, 70, 70, 10]), top_share=0.4)) == {"E0", "E1"}


def test_where_fewer_may_be_listed_than_the_share_allows_all_of_them_are(plain, firms):
    columns = firms([99, 30, 20, 10, 98, 97], staff_total=[501, 10, 10, 10, 501, 501])
    made = run(plain, columns, top_share=5 / 6)
    assert listed(made) == {"E1", "E2", "E3"}
    assert made.threshold == 10.0


def test_where_nobody_may_be_listed_the_list_is_empty_and_the_cut_is_the_full_score(plain, firms):
    made = run(plain, firms([99, 98], staff_total=501), top_share=1.0)
    assert (made.evaluated, made.selected, made.threshold) == (2, 0, 100.0)
    assert made.frame["rank"].isna().all()


def test_the_whole_share_takes_everybody_who_may_be_listed(plain, firms):
    assert run(plain, firms([0, 0, 100]), top_share=1.0).selected == 3


@pytest.mark.parametrize(
    ("cut_off", "selected"), [(60.0, True), (np.nextafter(60.0, 0.0), True), (np.nextafter(60.0, 100.0), False)]
)
def test_the_cut_off_is_enough_and_nothing_less_is(plain, firms, cut_off, selected):
    made = run(plain, firms([60]), cut_off=cut_off)
    assert made.frame["reason"].tolist() == ["selected" if selected else "below_cut"]
    assert made.threshold == cut_off


def test_a_cut_off_nobody_reaches_gives_an_empty_list(plain, firms):
    made = run(plain, firms([60, 99]), cut_off=100.0)
    assert (made.selected, made.evaluated) == (0, 2)
    assert run(plain, firms([60, 100]), cut_off=100.0).selected == 1


@pytest.mark.parametrize("cut", [{}, {"top_share": 0.1, "cut_off": 60.0}], ids=["neither", "both"])
def test_one_of_the_two_cuts_is_wanted(cut):
    with pytest.raises(InputError, match="give one of the two") as caught:
        Cut(**cut)
    assert (caught.value.code, caught.value.field) == ("ICS-SEL-001", "--top-share, --cut-off")
    assert caught.value.remedy


@pytest.mark.parametrize("share", [0.0, -0.1, np.nextafter(1.0, 2.0), 13.7, float("nan"), float("inf")])
def test_what_is_no_share_is_refused(share):
    with pytest.raises(InputError, match="not a share") as caught:
        Cut(top_share=share)
    assert (caught.value.code, caught.value.field) == ("ICS-SEL-001", "--top-share")


@pytest.mark.parametrize("cut_off", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_of_points_is_refused(cut_off):
    """A list cut at NaN holds nobody, and its threshold is no JSON number."""
    with pytest.raises(InputError) as caught:
        Cut(cut_off=cut_off)
    assert (caught.value.code, caught.value.field) == ("ICS-SEL-001", "--cut-off")


def test_a_share_that_selects_nobody_is_refused(plain, firms):
    with pytest.raises(InputError, match="less than one enterprise of 4") as caught:
        run(plain, firms([1, 2, 3, 4]), top_share=0.12)
    assert (caught.value.code, caught.value.field) == ("ICS-SEL-001", "--top-share")
    assert run(plain, firms([1, 2, 3, 4]), top_share=0.13).selected == 1


def test_an_empty_population_is_refused(plain, blank):
    with pytest.raises(InputError, match="holds no rows") as caught:
        run(plain, blank(0), cut_off=60.0)
    assert caught.value.code == "ICS-SEL-002"


# which record counts


def test_the_latest_record_of_an_enterprise_counts(plain, firms):
    columns = firms(
        [90, 10, 20, 80],
        enterprise_id=["A", "A", "B", "B"],
        as_of=["2025-03-01", "2025-06-01", "2025-06-01", "2025-03-01"],
    )
    made = run(plain, columns, cut_off=15.0)
    assert made.frame["reason"].tolist() == ["older_record", "below_cut", "selected", "older_record"]
    assert (made.evaluated, made.selected) == (2, 1)


def test_of_the_records_known_on_the_day_the_latest_counts(plain, firms):
    """A list of a past day is what it would have been then; who had no record yet was not evaluated."""
    columns = firms(
        [70, 80, 90, 100],
        enterprise_id=["A", "A", "A", "B"],
        as_of=["2025-05-01", "2025-06-30", "2025-07-01", "2025-07-01"],
    )
    made = run(plain, columns, cut_off=50.0)
    assert made.frame["reason"].tolist() == ["older_record", "selected", "future_record", "future_record"]
    assert (made.evaluated, made.selected) == (1, 1)
    made = run(plain, columns, on=date(2025, 6, 29), cut_off=75.0)
    assert made.frame["reason"].tolist() == ["below_cut", *["future_record"] * 3]
    made = run(plain, columns, on=date(2025, 7, 1), top_share=0.5)
    assert made.frame["reason"].tolist() == ["older_record", "older_record", "below_cut", "selected"]


def test_a_share_of_nobody_is_refused(plain, firms):
    with pytest.raises(InputError, match="less than one enterprise of 0"):
        run(plain, firms([100], as_of="2025-07-01"), top_share=1.0)
    assert run(plain, firms([100], as_of="2025-07-01"), cut_off=1.0).evaluated == 0


def test_of_one_day_the_last_record_counts(plain, firms):
    made = run(plain, firms([90, 10, 5], enterprise_id="A"), cut_off=1.0)
    assert made.frame["reason"].tolist() == ["older_record", "older_record", "selected"]


def test_a_record_without_a_date_comes_before_every_dated_one(plain, firms):
    made = run(plain, firms([10, 90], enterprise_id="A", as_of=["2024-12-31", "NaT"]), cut_off=1.0)
    assert made.frame["reason"].tolist() == ["selected", "older_record"]
    assert run(plain, firms([90], as_of="NaT"), cut_off=1.0).selected == 1


def test_older_records_take_no_share_of_the_list(plain, firms):
    """Six records of two enterprises: half of the enterprises is one, half of the records would be three."""
    columns = firms([90, 80, 70, 60, 50, 40], enterprise_id=["A", "A", "A", "B", "B", "B"])
    assert run(plain, columns, top_share=0.5).selected == 1


# the reasons

CASES = {  # reason: fields that make it, en, zh
    "selected": (
        {},
        "Selected (points: 60; the cut: 60)",
        "入选（积分：60分；入选分数线：60分）",
    ),
    "below_cut": (
        {"ip_class1": 59},
        "Below the cut (points: 59; the cut: 60)",
        "积分低于入选分数线（积分：59分；入选分数线：60分）",
    ),
    "future_record": (
        {"as_of": "2025-07-01"},
        "The record is dated after the day of selection (dated 2025-07-01; day of selection: 2025-06-30)",
        "记录日期晚于遴选日（数据基准日2025-07-01；遴选日：2025-06-30）",
    ),
    "expired": (
        {"as_of": "2024-06-29"},
        "The score is older than its validity (record of 2024-06-29, valid until 2025-06-29; "
        "day of selection: 2025-06-30)",
        "积分已超过有效期（数据基准日2024-06-29，有效期至2025-06-29；遴选日：2025-06-30）",
    ),
    "no_score": (
        {"ip_class1": np.nan},
        "No score: a value is missing that the rulebook requires (missing: Class I rights held and valid)",
        "缺少规则要求的数据，无法得出积分（缺少：有效Ⅰ类知识产权数）",
    ),
    "vetoed": (
        {"dishonest_debtor": 1},
        "Excluded by “Debtor” (on record: a dishonest judgment debtor)",
        "一票否决“债”（记录所示：属于失信被执行人）",
    ),
    "not_eligible": (
        {"serious_violation": 1},
        "Condition not met: “Honest” (on record: a serious violation or dishonesty on record)",
        "不满足条件“诚”（记录所示：有重大违法或严重失信记录）",
    ),
    "eligibility_unknown": (
        {"serious_violation": np.nan},
        "Cannot be known whether the condition is met: “Honest” (missing: A serious violation or dishonesty on record "
        "(yes or no))",
        "无法判断是否满足条件“诚”（缺少：是否有重大违法或严重失信行为）",
    ),
}


@pytest.mark.parametrize("code", CASES)
def test_every_reason_is_said_in_both_languages_with_what_is_behind_it(plain, firms, code):
    fields, en, zh = CASES[code]
    made = run(plain, firms([60], **fields), cut_off=60)
    (row,) = made.frame.to_dict("records")
    assert (row["reason"], row["reason_en"], row["reason_zh"]) == (code, en, zh)
    assert row["selected"] == (code == "selected")


def test_the_cases_are_all_there_are(plain, firms):
    assert set(CASES) == set(REASONS) - {"older_record", "no_data", "withdrawn"}
    older = run(plain, firms([60, 60], enterprise_id="A"), cut_off=60).frame.iloc[0]
    assert (older["reason_en"], older["reason_zh"]) == (
        "A later record of the same enterprise counts",
        "以同一企业较新的记录为准",
    )


def test_each_row_names_its_own_conditions_in_declared_order(plain, firms):
    columns = firms([60] * 5, staff_total=[501, 10, 501, 501, 10], total_assets_cny=[10e6, 101e6, 101e6, np.nan, 10e6])
    made = run(plain, columns, cut_off=60)
    small = "Condition not met: “Small” (on record: 501 persons)"
    light = "Condition not met: “Light” (on record: CNY 101 million)"
    unknown = "Cannot be known whether the condition is met: “Light” (missing: Total assets)"
    hte = ", which the record does not show: “HTE” (on record: not certified)"
    assert made.frame["reason_en"].tolist() == [
        f"{small}; or else this{hte}",
        f"{light}; or else this{hte}",
        f"(1) {small}; (2) {light}; or else, in place of (1)–(2), this{hte}",
        f"(1) {small}; (2) {unknown}; or else, in place of (1)–(2), this{hte}",
        "Selected (points: 60; the cut: 60)",
    ]
    assert made.frame["reason_zh"].tolist()[1:3] == [
        "不满足条件“轻”（记录所示：1.01亿元）；"
        "或者满足下列条件亦可（现有记录未显示已满足）：“高企”（记录所示：未取得高新技术企业资格）",
        "（1）不满足条件“小”（记录所示：501人）；（2）不满足条件“轻”（记录所示：1.01亿元）；"
        "或者以下列条件替代（1）至（2）（现有记录未显示已满足）：“高企”（记录所示：未取得高新技术企业资格）",
    ]
    assert made.frame["missing"].tolist() == ["", "", "", "total_assets_cny", ""]


def test_both_vetoes_are_named_and_an_inactive_one_is_not(plain, firms):
    made = run(plain, firms([60], dishonest_debtor=1, safety_accident_3y=1, abnormal_list=1), cut_off=60)
    assert made.frame["reason_en"].tolist() == [
        "(1) Excluded by “Debtor” (on record: a dishonest judgment debtor); "
        "(2) Excluded by “Accident” (on record: a major safety accident on record)"
    ]
    assert run(plain, firms([60], abnormal_list=1), cut_off=60).selected == 1


def test_a_veto_beats_a_bypass(plain, firms):
    columns = firms([60, 60], staff_total=501, high_tech_enterprise=1, dishonest_debtor=[0, 1])
    assert run(plain, columns, cut_off=60).frame["reason"].tolist() == ["selected", "vetoed"]


def test_what_a_bypass_waives_is_not_behind_the_reason(plain, firms):
    """Too large, which its certificate waives, and dishonest, which nothing waives: only the latter keeps it out."""
    made = run(plain, firms([60], staff_total=501, serious_violation=1, high_tech_enterprise=1), cut_off=60)
    assert made.frame["reason_en"].tolist() == [CASES["not_eligible"][1]]


def test_an_unknown_veto_is_named(plain, firms):
    made = run(plain, firms([60], dishonest_debtor=np.nan), cut_off=60)
    assert made.frame["reason_en"].tolist() == [
        "Cannot be known whether excluded by “Debtor” (missing: Dishonest judgment debtor (yes or no))"
    ]


def test_an_unknown_way_in_is_named(plain, firms):
    """Too large for sure; whether a certificate waives that is what cannot be known."""
    made = run(plain, firms([60], staff_total=501, high_tech_enterprise=np.nan), cut_off=60)
    assert made.frame["reason"].tolist() == ["eligibility_unknown"]
    text = made.frame["reason_en"].tolist()[0]
    hte = "“HTE” (missing: Certified high-tech enterprise (yes or no))"
    assert text.endswith(f"; or else this, which the record does not show: {hte}")
    assert made.frame["reason_zh"].tolist()[0].endswith("“高企”（缺少：是否为高新技术企业）")


def test_another_way_in_is_said_to_stand_in_for_what_it_waives_and_nothing_else(plain, firms):
    """Honesty (2) is waived by nothing; (1) and (3) are."""
    fields = {"staff_total": 501, "serious_violation": 1, "total_assets_cny": np.nan}
    (text,) = run(plain, firms([60], **fields), cut_off=60).frame["reason_en"]
    assert re.findall(r"\((\d)\) [^“]+“(\w+)”", text) == [("1", "Small"), ("2", "Honest"), ("3", "Light")]
    assert "; or else, in place of (1), (3), this, which the record does not show: “HTE”" in text
    assert "or else" not in run(plain, firms([60], serious_violation=1), cut_off=60).frame["reason_en"].iloc[0]


@pytest.mark.parametrize("cut", [{"top_share": 1.0}, {"cut_off": 0.0}, {"cut_off": -1.0}], ids=str)
@pytest.mark.parametrize("field", ["serious_violation", "dishonest_debtor", "staff_total"])
def test_what_cannot_be_known_is_never_taken_for_yes(plain, firms, cut, field):
    made = run(plain, firms([100, 1], **{field: [np.nan, CLEAN[field]]}), **cut)
    assert made.frame["reason"].tolist() == ["eligibility_unknown", "selected"]


def test_no_score_is_not_selected_however_low_the_cut(plain, firms):
    made = run(plain, firms([np.nan, 1]), cut_off=-1.0)
    assert made.frame["reason"].tolist() == ["no_score", "selected"]
    assert made.frame["score"].isna().tolist() == [True, False]


INACTIVE = "eligibility: {vetoes: [{id: a, label: {en: A, zh: 甲}, value: abnormal_list, is: true, active: false, "


@pytest.mark.parametrize(
    "conditions", ["eligibility: null", f"{INACTIVE}provenance: assumed}}]}}"], ids=["none", "off"]
)
def test_without_conditions_in_use_everybody_competes(blank, conditions):
    rulebook = parse_rulebook(PLAIN[: PLAIN.index("eligibility:")] + conditions, "plain.yaml")
    made = run(rulebook, blank(2, {"as_of": TODAY, "ip_class1": [70, 50], "abnormal_list": 1}), cut_off=60)
    assert made.frame["reason"].tolist() == ["selected", "below_cut"]


def test_who_has_nothing_on_file_is_not_listed_however_low_the_cut(forgiving, firms):
    """No points because of no data is another thing than no points."""
    made = run(forgiving, firms([np.nan, 0]), cut_off=-1.0)
    assert made.frame["score"].tolist() == [0.0, 0.0]
    assert made.frame["reason"].tolist() == ["no_data", "selected"]
    assert (made.frame["reason_en"][0], made.frame["reason_zh"][0]) == (
        "No value for any indicator (missing: Class I rights held and valid)",
        "所有指标均无数据（缺少：有效Ⅰ类知识产权数）",
    )
    assert made.evaluated == 2


def test_the_first_reason_that_applies_is_given(plain, firms):
    """Each step cures one obstacle, from the most to the least decisive."""
    steps = [
        ("future_record", {}),
        ("older_record", {"as_of": "2020-01-01"}),
        ("expired", {"enterprise_id": ["A", "B"]}),
        ("vetoed", {"as_of": TODAY}),
        ("not_eligible", {"dishonest_debtor": 0}),
        ("no_score", {"serious_violation": 0}),
        ("selected", {"ip_class1": 100}),
    ]
    fields = {"enterprise_id": "A", "as_of": "2030-01-01", "dishonest_debtor": 1, "serious_violation": 1}
    for reason, cure in steps:
        fields |= cure
        made = run(plain, firms([np.nan, np.nan], **fields), cut_off=60)
        assert made.frame["reason"].tolist()[0] == reason


# dates


@pytest.mark.parametrize(
    ("dated", "reason"),
    [
        ("2025-06-30", "selected"),
        ("2025-07-01", "future_record"),
        ("2024-06-30", "selected"),  # the last day of its twelve months
        ("2024-06-29", "expired"),
        ("NaT", "selected"),
    ],
)
def test_a_score_counts_from_its_date_to_the_last_day_of_its_validity(plain, firms, dated, reason):
    made = run(plain, firms([60], as_of=dated), cut_off=60)
    assert made.frame["reason"].tolist() == [reason]


def test_who_is_in_is_valid_from_the_day_of_selection_and_nobody_else_is(plain, firms):
    made = run(plain, firms([60, 59], as_of="2025-01-31"), cut_off=60)
    days = made.frame[["decided_on", "valid_from", "valid_until"]].astype("str").fillna("never")
    assert days.to_numpy().tolist() == [["2025-06-30", "2025-06-30", "2026-01-31"], ["2025-06-30", "never", "never"]]


def test_where_the_rules_state_no_validity_nothing_expires(firms):
    text = "\n".join(line for line in PLAIN.splitlines() if not line.startswith("validity:"))
    made = run(parse_rulebook(text, "plain.yaml"), firms([60], as_of="1990-01-01"), cut_off=60)
    assert made.selected == 1
    assert made.frame["valid_until"].isna().all()


# the rest of a row


def test_the_rank_is_among_those_who_compete(plain, firms):
    columns = firms([99, 70, 50, 70, 60, 98], staff_total=[501, 10, 10, 10, 10, 10], as_of=[TODAY] * 5 + ["2020-01-01"])
    made = run(plain, columns, cut_off=60)
    assert made.frame["rank"].tolist()[1:5] == [1, 4, 1, 3]
    assert made.frame["rank"].isna().tolist() == [True, False, False, False, False, True]


def test_one_row_out_for_each_row_in_with_its_group(blank):
    columns = blank(
        3,
        {
            "as_of": TODAY,
            "region": ["350100", "110000", None],
            "technical_field": ["new_materials", None, "aerospace"],
            "revenue_cny": [4_999_999, 5_000_000, 100_000_000],
        },
    )
    rulebook = fitted(load_rulebook("national-2024"), columns, "three")
    frame = run(rulebook, columns, cut_off=0).frame
    assert frame["enterprise_id"].tolist() == ["E0", "E1", "E2"]
    assert frame["province"].fillna("not known").tolist() == ["35", "11", "not known"]
    assert frame["technical_field"].fillna("not known").tolist() == ["new_materials", "not known", "aerospace"]
    assert frame["stage"].tolist() == ["start_up", "growth", "steady"]
    assert {name: set(frame[name]) for name in ("batch", "entry", "action", "max_score")} == {
        "batch": {"b"},
        "entry": {1},
        "action": {"evaluated"},
        "max_score": {100.0},
    }
    assert frame[["because", "record"]].isna().all(axis=None)


ROW = st.fixed_dictionaries(
    {
        "ip_class1": st.sampled_from([np.nan, 0, 10, 60, 60, 100]),
        "as_of": st.sampled_from(["2024-06-29", "2024-06-30", "2025-06-30", "2025-07-01", "NaT"]),
        "staff_total": st.sampled_from([10, 500, 501, np.nan]),
        "serious_violation": st.sampled_from([0, 0, 1, np.nan]),
        "dishonest_debtor": st.sampled_from([0, 0, 1, np.nan]),
        "high_tech_enterprise": st.sampled_from([0, 1, np.nan]),
    }
)


FIRM = st.tuples(st.sampled_from("ABCDE"), ROW)


@settings(max_examples=40, deadline=None)
@given(
    firms=st.lists(FIRM, min_size=2, max_size=8, unique_by=lambda firm: (firm[0], firm[1]["as_of"])),
    cut=st.sampled_from([{"cut_off": 60.0}, {"top_share": 0.5}, {"top_share": 1.0}]),
    data=st.data(),
)
def test_the_order_of_the_rows_does_not_matter(plain, blank, firms, cut, data):
    """Records of one enterprise on one day are told apart by their order alone, so there are none here."""
    fields = {key: [row[key] for _, row in firms] for key in firms[0][1]}
    columns = blank(len(firms), CLEAN | fields | {"enterprise_id": [name for name, _ in firms]})
    assume(len({name for name, row in firms if row["as_of"] != "2025-07-01"}) > 1)  # a later record is none
    order = np.array(data.draw(st.permutations(range(len(firms)))))
    one = run(plain, columns, **cut)
    other = run(plain, {name: values[order] for name, values in columns.items()}, **cut)
    assert (one.threshold, one.evaluated, one.selected) == (other.threshold, other.evaluated, other.selected)
    assert one.frame.iloc[order].reset_index(drop=True).equals(other.frame)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(ROW, min_size=1, max_size=8), cut_off=st.sampled_from([0.0, 10.0, 60.0, 100.0]))
def test_the_list_is_exactly_who_may_be_listed_and_reaches_the_cut(plain, blank, rows, cut_off):
    """Said once more in plain Python, row by row."""
    made = run(plain, blank(len(rows), CLEAN | {key: [row[key] for row in rows] for key in rows[0]}), cut_off=cut_off)

    def inside(row):
        in_time = row["as_of"] not in ("2024-06-29", "2025-07-01")
        clean = row["serious_violation"] == 0 and row["dishonest_debtor"] == 0
        small = row["staff_total"] <= 500 or row["high_tech_enterprise"] == 1
        return bool(in_time and clean and small and row["ip_class1"] >= cut_off)

    assert made.frame["selected"].tolist() == [inside(row) for row in rows]
    assert (made.frame["reason"] == "selected").tolist() == made.frame["selected"].tolist()


@pytest.mark.parametrize("name", [each.id for each in list_rulebooks()])
def test_every_shipped_rulebook_makes_a_list(name, book_folder):
    """Of a whole book somebody is listed and somebody is not; nobody without a single value is."""
    columns = screen(to_columns(read_records(book_folder / "enterprises.parquet"))).columns
    last = columns["as_of"].max().astype("datetime64[D]").item()
    rulebook = fitted(load_rulebook(name), columns, "book")
    made = select(rulebook, columns, cut=Cut(top_share=0.1), on=last, batch="1")
    assert 0 < made.selected < made.evaluated
    assert 0.05 < made.selected / made.evaluated < 0.6  # a scorecard has many equal scores at the edge


def test_a_firm_of_which_nothing_is_known_is_not_listed(blank):
    rows = blank(3, {"as_of": np.datetime64("2026-01-01"), "awards_2y": [1, np.nan, np.nan]})
    made = select(load_rulebook("national-2025"), rows, cut=Cut(top_share=1.0), on=date(2026, 1, 1), batch="1")
    assert made.frame["reason"].tolist() == ["selected", "no_data", "no_data"]
