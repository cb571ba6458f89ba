"""What a decision says of records made to be odd: each thing once, in both languages, with the field named."""

import dataclasses
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from icsml.decision.decide import decide
from icsml.model.policy import load_assessment_policy
from icsml.records.enterprise import example_record, parse_record
from icsml.records.fields import FIELD_BY_NAME

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
    for each in found.warnings:
        if each.code in expected and each.field in FIELD_BY_NAME:
            field = FIELD_BY_NAME[each.field]
            assert field.en in each.text.en
            assert field.zh in each.text.zh
    for group in case.get("withheld", ()):
        assert group in found.pd_if_withheld.groups


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


def test_a_text_names_what_was_not_provided_and_what_is_no_base(bundle):
    record = example_record() | {"total_liabilities_cny": 46_000_000, "equity_cny": -5_000_000}
    del record["net_profit_cny"]
    texts = {
        each.feature: (each.kind, each.text.en)
        for each in decide(
            bundle, parse_record(record), decision_id="d", decided_at=MOMENT, reasons=1000, with_recourse=False
        ).decision.reasons
    }
    nothing = {
        name: texts[name] for name in ("debt_to_equity", "return_on_assets", "return_on_equity") if name in texts
    }
    assert nothing
    for name, (kind, text) in nothing.items():
        if name == "debt_to_equity":
            assert kind == "not_computable"
            assert "owners' equity: negative" in text
        else:
            assert kind == "not_provided"
            assert re.search("Not provided: Net profit;", text)
