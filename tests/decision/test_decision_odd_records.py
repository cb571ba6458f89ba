"""What a decision says of records made to be odd: each thing once, in both languages, with the field named."""

import dataclasses
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import rfc8785
import yaml

from icsml.core.canonical import canonical_bytes
from icsml.decision.assess import assess
from icsml.decision.decide import decide
from icsml.decision.missing_information import missing_information
from icsml.decision.row import Row
from icsml.features.catalogue import FEATURE_BY_NAME
from icsml.model.assessment_policy import load_assessment_policy
from icsml.records.columns import record_columns
from icsml.records.enterprise import example_record, parse_record
from icsml.records.fields import FIELD_BY_NAME
from icsml.texts.label import Label

CASES = yaml.safe_load((Path(__file__).parent / "odd_records.yaml").read_text("utf-8"))
MOMENT = datetime(2026, 7, 1, tzinfo=UTC)


def record_of(case):
    like = next((each for each in CASES if each["name"] == case.get("like")), None)
    record = dict(record_of(like) if like else example_record()) | case.get("set", {})
    if "only" in case:
        record = {name: record[name] for name in case["only"]}
    if case.get("wan") or case.get("zero"):
        factor = 1 / 10_000 if case.get("wan") else 0.0
        record |= {
            name: value * factor for name, value in record.items() if name.endswith("_cny") and value is not None
        }
    return {name: value for name, value in record.items() if value is not None}


def decided(bundle, record):
    return decide(bundle, parse_record(record), decision_id="d", decided_at=MOMENT, with_recourse=False).decision


def codes(entries):
    return [each.code for each in entries or ()]


SPOKEN = {
    *(code for case in CASES for code in (*case.get("warn", ()), *case.get("refer", ()))),
}


def test_an_ordinary_record_has_nothing_of_the_kind(bundle):
    found = decided(bundle, example_record())
    assert not SPOKEN & set(codes(found.warnings))
    assert found.refer is None
    assert found.to_provide is None
    assert found.pd_if_withheld is None
    assert found.grade is not None


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_of_an_odd_record_is_said_what_must_be(bundle, case):
    found = decided(bundle, record_of(case))
    expected = {*case.get("warn", ()), *case.get("refer", ())}
    assert set(codes(found.warnings)) & SPOKEN == expected
    assert codes(found.refer) == case.get("refer", [])
    assert (found.grade is None) is case.get("ungraded", False)
    said = [(each.code, each.field) for each in found.warnings]
    assert len(set(said)) == len(said)
    if "field" in case:
        assert [field for code, field in said if code == case["warn"][0]] == [case["field"]]
    for each in found.warnings:
        if each.code in expected and each.field in FIELD_BY_NAME:
            field = FIELD_BY_NAME[each.field]
            assert field.en in each.text.en
            assert field.zh in each.text.zh
    for group in case.get("withheld", ()):
        assert group in found.pd_if_withheld.groups


BEYOND = {
    "nothing at all": {"enterprise_id": "E1", "as_of": "2026-06-30"},
    "characters beyond ASCII": example_record()
    | {"enterprise_id": '\U0001f600 é\ue000"\\', "enterprise_name": "某公司"},
    "numbers that are tiny": example_record() | {"cash_cny": 5e-324, "inventory_cny": 1e-9, "revenue_cny": 1e-4},
    "numbers that are huge": example_record() | {"revenue_cny": 1.7e308, "total_assets_cny": 1e21, "cash_cny": 1e15},
}
"""Records whose decisions have numbers and texts at the edges of JSON."""


@pytest.mark.parametrize("with_recourse", [False, True])
@pytest.mark.parametrize(
    "record", [*map(record_of, CASES), *BEYOND.values()], ids=[*(case["name"] for case in CASES), *BEYOND]
)
def test_the_bytes_of_a_decision_are_canonical(bundle, record, with_recourse):
    made = decide(bundle, parse_record(record), decision_id="d", decided_at=MOMENT, with_recourse=with_recourse)
    content = json.loads(made.decision_bytes)
    assert made.decision_bytes == rfc8785.dumps(content) == canonical_bytes(content)
    assert canonical_bytes(made.decision.model_dump(mode="json")) == made.decision_bytes


def test_what_a_flag_leads_to_is_the_policys_choice(bundle):
    record = example_record() | {"dishonest_debtor": True}
    policy = load_assessment_policy()
    told = dataclasses.replace(bundle, policy=policy.model_copy(update={"flags": {"dishonest_debtor": "warn"}}))
    silent = dataclasses.replace(bundle, policy=policy.model_copy(update={"flags": {}}))
    assert [
        (codes(found.refer), "DISHONEST_DEBTOR" in codes(found.warnings))
        for found in (decided(bundle, record), decided(told, record), decided(silent, record))
    ] == [(["DISHONEST_DEBTOR"], True), ([], True), ([], False)]


def test_no_flag_moves_the_pd(bundle):
    flags = dict.fromkeys(load_assessment_policy().flags, True)
    assert len(flags) > 5
    assert decided(bundle, example_record() | flags).pd == decided(bundle, example_record()).pd


def test_below_the_least_information_no_grade_and_what_to_ask_for(bundle):
    found = decided(bundle, {"enterprise_id": "E1", "as_of": "2026-06-30"})
    said = {each.field: each.text for each in found.warnings if each.code == "INSUFFICIENT_DATA"}
    assert set(said) == {"identity", "statements", "credit_history"}
    assert "0 of 14 fields, at least 12 needed, and in any case Operating revenue; " in said["statements"].en
    assert "Total liabilities. Ask for: Operating revenue; " in said["statements"].en
    assert "请补充：营业收入" in said["statements"].zh
    wanted = {each.field: each.label for each in found.to_provide}
    assert {"founded_on", "revenue_cny", "overdue_count_24m"} <= set(wanted)
    assert wanted["revenue_cny"].zh == "营业收入"


def test_a_group_of_which_the_model_reads_nothing_demands_nothing(bundle):
    policy = load_assessment_policy()
    group = policy.information[0].model_copy(update={"fields": ("legal_representative",)})
    alone = dataclasses.replace(bundle, policy=policy.model_copy(update={"information": (group,)}))
    assert decided(alone, {"enterprise_id": "E1", "as_of": "2026-06-30"}).grade is not None


def said(bundle, code, **changes):
    record = {name: value for name, value in (example_record() | changes).items() if value is not None}
    return {each.field: each.text for each in decided(bundle, record).warnings if each.code == code}


def test_an_amount_beside_another_is_told_with_both_values(bundle):
    texts = said(bundle, "AMOUNTS_IN_WAN", rd_expense_cny=430.0, rd_expense_prev_cny=370.0)
    assert texts == {
        "rd_expense_cny": Label(
            en="R&D expense: CNY 430, out of all proportion to total cost and expense (CNY 47.5 million). One of the"
            " two may be in 万元 (10,000 yuan).",
            zh="研发费用为430元，与成本费用总额（4,750万元）相差悬殊：其中一项可能以万元填报。",
        )
    }


def test_per_head_the_amount_that_is_small_is_named_and_no_other(bundle):
    texts = said(bundle, "AMOUNTS_IN_WAN", **record_of({"like": "the same, staff given"}))
    assert texts == {
        "revenue_cny": Label(
            en="Operating revenue: CNY 60 for each of 86 staff, which is very small. It looks like 万元 (10,000 yuan),"
            " and yuan is asked for.",
            zh="营业收入按86名职工计人均仅60元：疑似以万元填报，本系统要求以元为单位。",
        )
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"existing_debt_cny": 20_000.0},  # nearly paid back
        {"rd_expense_cny": 20_000.0, "rd_expense_prev_cny": 0.0},
        {"cash_cny": 300.0, "hightech_revenue_cny": 50.0, "equity_cny": 100.0},
        {"revenue_cny": 40_000.0, "revenue_prev_cny": 0.0, "main_revenue_cny": 40_000.0, "operating_cost_cny": 9_000.0},
        {"application_amount_cny": 200_000.0, "total_assets_cny": 900e6, "total_assets_prev_cny": 800e6},
    ],
)
def test_what_sound_firms_may_report_is_no_question_of_unit(bundle, changes):
    assert said(bundle, "AMOUNTS_IN_WAN", **changes) == {}


def test_lists_that_the_record_does_not_speak_of_are_named_once(bundle):
    absent = dict.fromkeys(("dishonest_debtor", "serious_illegal_list"))
    assert said(bundle, "LISTS_NOT_CHECKED") == {}
    assert said(bundle, "LISTS_NOT_CHECKED", **absent) == {
        "refer": Label(
            en="Not in the record, so not checked: on the serious-illegality list; dishonest judgment debtor.",
            zh="记录中未提供，故未核查：列入严重违法失信名单、失信被执行人。",
        )
    }
    record = {name: value for name, value in example_record().items() if name not in absent}
    assert decided(bundle, record).refer is None
    silent = dataclasses.replace(bundle, policy=load_assessment_policy().model_copy(update={"flags": {}}))
    assert "LISTS_NOT_CHECKED" not in codes(decided(silent, record).warnings)


@pytest.mark.parametrize(
    ("feature", "name", "value", "en", "zh"),
    [
        ("debt_to_assets", "total_assets_cny", 0.0, "total assets are zero", "资产总额为零"),
        ("asset_growth", "total_assets_prev_cny", 0.0, "total assets, year before, are zero", "上年资产总额为零"),
        ("current_ratio", "current_liabilities_cny", 0.0, "current liabilities are zero", "流动负债为零"),
        ("ip_per_100_rd_staff", "staff_rd", 0.0, "there are no R&D staff", "研发人员数为零"),
        ("inventory_days", "operating_cost_cny", 0.0, "cost of sales is zero", "营业成本为零"),
        ("rd_growth", "rd_expense_prev_cny", 0.0, "R&D expense, year before, is zero", "上年研发费用为零"),
        ("debt_to_equity", "equity_cny", -1.0, "owners' equity is negative", "所有者权益为负"),
    ],
)
def test_a_base_that_is_none_reads_as_a_clause(bundle, feature, name, value, en, zh):
    assessment = assess(bundle, record_columns(parse_record(example_record() | {name: value}), bundle.extras))
    assert missing_information(Row(bundle, assessment, 0), FEATURE_BY_NAME[feature]).bases == (Label(en=en, zh=zh),)


def reasons_of(bundle, record):
    return decide(
        bundle, parse_record(record), decision_id="d", decided_at=MOMENT, reasons=1000, with_recourse=False
    ).decision.reasons


def test_a_text_names_what_was_not_provided_and_what_is_no_base(bundle):
    record = example_record() | {"total_liabilities_cny": 46_000_000, "equity_cny": -5_000_000}
    del record["net_profit_cny"]
    texts = {each.feature: (each.kind, each.text.en) for each in reasons_of(bundle, record)}
    nothing = {
        name: texts[name] for name in ("debt_to_equity", "return_on_assets", "return_on_equity") if name in texts
    }
    assert nothing
    for name, (kind, text) in nothing.items():
        if name == "debt_to_equity":
            assert kind == "not_computable"
            assert "because owners' equity is negative;" in text
        else:
            assert kind == "not_provided"
            assert re.search("Not provided: Net profit;", text)


def test_a_warning_states_no_more_than_the_record_says(bundle):
    def said(code, **changed):
        (text,) = (each.text for each in decided(bundle, example_record() | changed).warnings if each.code == code)
        return text

    contradicted = said("NEGATIVE_EQUITY", equity_cny=-1e6)
    assert contradicted.en == "Owners' equity: negative. Ratios to equity have no value."
    assert "已资不抵债" not in contradicted.zh
    owed = said("NEGATIVE_EQUITY", equity_cny=-5e6, total_liabilities_cny=46e6)
    assert "Liabilities exceed assets" in owed.en
    assert "已资不抵债" in owed.zh
    assert said("OVER_LIMIT", credit_line_utilisation=1.004).en.startswith("Use of existing credit lines: 100.4%.")
    assert said("OVER_LIMIT", credit_line_utilisation=1.3).zh == "授信额度使用率为130%：已超额度用信。"
    far = said("LIABILITIES_FAR_ABOVE_ASSETS", total_liabilities_cny=82.4e6, equity_cny=-41.4e6)
    assert far.en == "Total liabilities: 2.01 times total assets."
    assert far.zh == "负债总额为资产总额的2.01倍。"
