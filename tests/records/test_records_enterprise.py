"""The record: one definition, many forms that agree."""

import json
import math
from datetime import date

import jsonschema
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icsml.errors import InputError
from icsml.features.catalogue import CATALOGUE
from icsml.records.columns import record_columns, rows, take, to_columns
from icsml.records.enterprise import EnterpriseRecord, example_record, frame_records, parse_record, record_schema
from icsml.records.extra import ExtraFeature
from icsml.records.field import Kind, Outside, Purpose
from icsml.records.fields import FIELD_BY_NAME, FIELDS
from icsml.records.frame import validate_frame
from icsml.records.screening import screen
from icsml.texts.label import Label

# The contract's names, in its order.
FIXED = [
    "enterprise_id",
    "as_of",
    "uscc",
    "founded_on",
    "region",
    "industry",
    "technical_field",
    "staff_total",
    "staff_st",
    "staff_rd",
    "staff_postgraduate",
    "graduates_hired",
    "rd_expense_cny",
    "rd_expense_prev_cny",
    "revenue_cny",
    "revenue_prev_cny",
    "main_revenue_cny",
    "main_revenue_prev_cny",
    "hightech_revenue_cny",
    "total_cost_cny",
    "net_profit_cny",
    "total_assets_cny",
    "total_liabilities_cny",
    "equity_cny",
    "rd_tax_relief_cny",
    "tech_contract_turnover_cny",
    "venture_capital_cny",
    "invention_applications",
    "pct_applications",
    "rd_super_deduction_cny",
    "key_rd_projects",
    "high_growth_list",
    "ip_class1",
    "ip_class1_self_developed",
    "ip_class1_high_value",
    "ip_class2",
    "platforms_2y",
    "awards_2y",
    "projects_2y",
    "strategic_field",
    "prohibited_business",
    "serious_violation",
    "abnormal_list",
    "serious_illegal_list",
    "high_tech_enterprise",
    "provincial_rd_institution",
    "awards_3y",
    "equity_raised_3y_cny",
    "led_standard",
    "bank_pd",
    "bank_grade",
    "statement_period_end",
    "statement_published_at",
]


def value_of(field):
    """A strategy for the JSON values of a field."""
    low = 0 if field.low is None else field.low
    high = 1e12 if field.high is None else field.high
    match field.kind:
        case Kind.FLAG:
            return st.booleans()
        case Kind.COUNT:
            return st.integers(int(low), int(high))
        case Kind.NUMBER:
            return st.floats(low, high) | st.integers(int(low), int(high))
        case Kind.CATEGORY:
            return st.sampled_from(field.choices)
        case Kind.DATE:
            return st.dates(date(1950, 1, 1), date(2030, 12, 31)).map(date.isoformat)
        case Kind.TEXT:
            return st.just(field.example or "text")


RECORDS = st.fixed_dictionaries(
    {"enterprise_id": st.sampled_from(["E1", "企业"])},
    optional={field.name: value_of(field) for field in FIELDS if not field.required},
)


def test_the_names_of_the_contract_are_fields():
    assert set(FIXED) <= set(FIELD_BY_NAME)
    assert len(FIELD_BY_NAME) == len(FIELDS)


def test_every_field_is_labelled_and_money_is_in_yuan():
    for field in FIELDS:
        assert field.en
        assert field.zh
        assert field.name.endswith("_cny") == (field.unit == "CNY"), field.name


def test_the_name_of_a_firm_describes_and_is_never_a_feature():
    name = FIELD_BY_NAME["enterprise_name"]
    assert (name.zh, name.kind, name.purpose, name.required) == ("企业名称", Kind.TEXT, Purpose.RECORD, False)
    assert parse_record({"enterprise_id": "E1", "enterprise_name": "示例科技有限公司"}).enterprise_name
    with pytest.raises(InputError, match="enterprise_name") as caught:
        parse_record({"enterprise_id": "E1", "enterprise_name": "=1\n"})
    assert "=1" not in str(caught.value)
    assert all("enterprise_name" not in feature.inputs for feature in CATALOGUE)


def test_nothing_personal_or_consequent_may_be_a_feature():
    of = {purpose: {field.name for field in FIELDS if field.purpose is purpose} for purpose in Purpose}
    assert of[Purpose.PERSONAL] == {"legal_representative", "guarantor_name"}
    assert {"guarantee_type", "guarantee_share", "limit_granted_cny", "on_recommended_list"} <= of[Purpose.CONSEQUENCE]
    assert of[Purpose.BANK_RATING] == {"bank_pd", "bank_grade"}


def test_the_example_fits_its_schema():
    schema = record_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(json.dumps(example_record())), schema)
    assert schema["properties"]["revenue_cny"]["x-label"] == {"en": "Operating revenue", "zh": "营业收入"}
    assert schema["properties"]["staff_total"]["x-unit"] == "persons"


@settings(max_examples=60, deadline=None)
@given(RECORDS)
def test_a_record_and_its_row_in_a_frame_give_the_same_columns(source):
    record = parse_record(source)
    frame = validate_frame(pd.DataFrame([source]))
    alone, batch = record_columns(record), to_columns(frame)
    for field in FIELDS:
        assert alone[field.name].dtype == batch[field.name].dtype
        assert (
            alone[field.name].tobytes() == batch[field.name].tobytes() or alone[field.name][0] == batch[field.name][0]
        )


@settings(max_examples=30, deadline=None)
@given(RECORDS)
def test_a_record_survives_json_and_a_frame(source):
    record = parse_record(source)
    assert parse_record(json.loads(record.model_dump_json(exclude_none=True))) == record
    assert frame_records(validate_frame(pd.DataFrame([source]))) == [record]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"colour": 1}, "colour"),
        ({"staff_total": 33.5}, "staff_total"),
        ({"staff_total": -1}, "staff_total"),
        ({"staff_total": "33"}, "staff_total"),
        ({"staff_total": True}, "staff_total"),
        ({"revenue_cny": math.nan}, "revenue_cny"),
        ({"revenue_cny": math.inf}, "revenue_cny"),
        ({"revenue_cny": False}, "revenue_cny"),
        ({"high_growth_list": 1}, "high_growth_list"),
        ({"bank_pd": 1.5}, "bank_pd"),
        ({"as_of": "2026-W01-1"}, "as_of"),
        ({"as_of": "2026-02-30"}, "as_of"),
        ({"as_of": "2026-06-30T00:00:00"}, "as_of"),
        ({"region": "35010"}, "region"),
        ({"industry": "39"}, "industry"),
        ({"technical_field": "alchemy"}, "technical_field"),
        ({"enterprise_id": ""}, "enterprise_id"),
        ({"enterprise_id": "a\x00b"}, "enterprise_id"),
        ({"extra": {"a": "b"}}, "extra.a"),
    ],
)
def test_a_bad_value_is_refused_by_name(change, field):
    with pytest.raises(InputError) as caught:
        parse_record({"enterprise_id": "E1", **change})
    assert caught.value.details[0][0] == field
    assert caught.value.code == "ICS-REC-001"


def test_an_error_never_repeats_the_value():
    with pytest.raises(InputError) as caught:
        parse_record({"enterprise_id": "E1", "uscc": 123456789, "region": "secret-region"})
    assert "123456789" not in str(caught.value) + str(caught.value.details)
    assert "secret-region" not in str(caught.value) + str(caught.value.details)


def test_a_name_that_is_none_of_a_field_is_not_repeated_among_the_others():
    with pytest.raises(InputError) as caught:
        parse_record({"enterprise_id": 1, "Example Co.": 1, "revenu_cny": 1})
    assert "Example" not in caught.value.message
    assert "also wrong: (a field that is not shown), revenu_cny" in caught.value.message


def test_an_integral_float_is_a_count_and_an_absent_field_is_missing():
    record = parse_record({"enterprise_id": "E1", "staff_total": 33.0})
    columns = record_columns(record)
    assert columns["staff_total"][0] == 33.0
    assert np.isnan(columns["staff_rd"][0])
    assert np.isnat(columns["as_of"][0])
    assert columns["region"][0] is None


def test_extra_features_have_columns_of_their_own():
    extra = ExtraFeature(name="X1", label=Label(en="a", zh="甲"), group="g", range=(0.0, 2.0), outside=Outside.MISSING)
    record = parse_record({"enterprise_id": "E1", "extra": {"X1": 1.0}})
    assert isinstance(record, EnterpriseRecord)
    columns = record_columns(record, [extra])
    assert columns["extra.X1"][0] == 1.0
    assert example_record([extra])["extra"] == {"X1": 1.0}
    assert rows(take(columns, np.array([], dtype=int))) == 0


def test_a_range_upside_down_is_refused():
    with pytest.raises(ValueError, match="swap"):
        ExtraFeature(name="X1", label=Label(en="a", zh="甲"), group="g", range=(2.0, 0.0))


def test_a_whole_beyond_all_bounds_overflows_in_silence():
    """The largest number there is, with the allowance for rounding on top: no warning, and the part is within it."""
    columns = record_columns(parse_record({"enterprise_id": "E1", "revenue_cny": 1.7976931348623157e308}))
    assert screen(columns).out_of_range_in(0) == ["revenue_cny"]
