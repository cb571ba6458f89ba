"""Frames of records, and what is asked of rows beyond their types."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from icsml.errors import InputError, MissingError
from icsml.records.columns import to_columns
from icsml.records.enterprise import example_record, parse_record
from icsml.records.extra import ExtraFeature
from icsml.records.field import Outside
from icsml.records.field_rules import broken_field_rules
from icsml.records.fields import FIELD_BY_NAME
from icsml.records.frame import read_enterprises, validate_frame
from icsml.records.screening import screen
from icsml.texts.label import Label

LABEL = Label(en="a", zh="甲")


def frame(**changes):
    made = pd.DataFrame([example_record()] * 3)
    for name, values in changes.items():
        made[name] = values
    return made


def screened(made, extras=()):
    return screen(to_columns(validate_frame(made, extras), extras), extras)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"colour": 1}, "colour"),
        ({"extra.X9": 1.0}, "extra.X9"),
        ({"staff_total": [1.0, 2.5, 3.0]}, "staff_total"),
        ({"staff_total": ["1", "2", "3"]}, "staff_total"),
        ({"staff_total": [1, -2, 3]}, "staff_total"),
        ({"revenue_cny": [True, False, True]}, "revenue_cny"),
        ({"region": [350100, 350100, 350100]}, "region"),
        ({"region": "x"}, "region"),
        ({"technical_field": "alchemy"}, "technical_field"),
        ({"as_of": "yesterday"}, "as_of"),
        ({"as_of": pd.Timestamp("2026-06-30 12:00")}, "as_of"),
        ({"bank_pd": 2.0}, "bank_pd"),
        ({"enterprise_id": None}, "enterprise_id"),
        ({"enterprise_id": ""}, "enterprise_id"),
        ({"enterprise_id": "a\nb"}, "enterprise_id"),
        ({"enterprise_id": "a" * 129}, "enterprise_id"),
        ({"as_of": 20260630}, "as_of"),
        ({"as_of": "2026"}, "as_of"),
        ({"uscc": "123"}, "uscc"),
    ],
)
def test_a_bad_column_is_refused_by_name(changes, field):
    with pytest.raises(InputError) as caught:
        validate_frame(frame(**changes))
    assert caught.value.field == field
    assert caught.value.code == "ICS-REC-003"


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"staff_total": [1, -2, 3]}, "below 0 in 1 rows"),
        ({"staff_total": [1, 2e6, 3e6]}, "above 1,000,000 in 2 rows"),
        ({"bank_pd": [1.0, None, 1.5]}, "above 1 in 1 rows"),
        ({"enterprise_id": ["a", None, None]}, "absent in 2 rows"),
        (
            {"enterprise_id": ["a", "b\n", ""]},
            "not one line of 1 to 128 characters without marks that change the direction of writing in 2 rows",
        ),
        ({"region": ["350100", "350100\n", "x"]}, "not a six-digit code that does not begin with 0 in 2 rows"),
        (
            {"guarantee_type": ["none", None, "trust"]},
            "not among none, personal, corporate, government_fund in 1 rows",
        ),
        ({"staff_rd": -1, "bank_pd": 2.0}, "below 0 in 3 rows (and 1 more checks)"),
    ],
)
def test_a_broken_rule_is_named_in_plain_words_with_its_rows(changes, wrong):
    with pytest.raises(InputError) as caught:
        validate_frame(frame(**changes))
    assert caught.value.message == wrong


def test_a_record_and_a_column_refuse_the_same_characters():
    characters = [chr(code) for code in range(0x10000) if not 0xD800 <= code < 0xE000]
    field = FIELD_BY_NAME["enterprise_name"]
    in_columns = next(broken_field_rules(field, pd.Series(characters, dtype="str"))).flags
    in_records = [_refused(character) for character in characters]
    assert in_columns.tolist() == in_records
    assert {character for character, refused in zip(characters, in_records, strict=True) if refused} == {
        *map(chr, range(32)), "\x7f", "\u061c", "\u200e", "\u200f", *map(chr, range(0x202A, 0x202F)),
        *map(chr, range(0x2066, 0x206A)),
    }  # fmt: skip


def _refused(name):
    try:
        parse_record({"enterprise_id": "E1", "enterprise_name": name})
    except InputError as error:
        return [field for field, _ in error.details] == ["enterprise_name"]
    return False


def test_a_frame_without_identifiers_is_refused():
    with pytest.raises(InputError, match="enterprise_id"):
        validate_frame(frame().drop(columns="enterprise_id"))


@pytest.mark.parametrize("as_of", [dt.date(2026, 6, 30), "2026-06-30", pd.Timestamp("2026-06-30")])
def test_dates_of_every_kind_become_days(as_of):
    columns = to_columns(validate_frame(frame(as_of=as_of)))
    assert (columns["as_of"] == np.datetime64("2026-06-30")).all()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"statement_published_at": "2026-07-01"}, "statement_published_at"),
        ({"statement_period_end": "2026-07-01", "statement_published_at": None}, "statement_period_end"),
        ({"statement_period_end": "2026-05-31", "statement_published_at": "2026-05-01"}, "statement_period_end"),
        ({"founded_on": "2026-07-01"}, "founded_on"),
        ({"as_of": None}, "as_of"),
        ({"uscc": "91350100M000100Y44"}, "uscc"),
        ({"revenue_cny": np.inf}, "revenue_cny"),
    ],
)
def test_a_row_that_cannot_be_is_refused_by_name(changes, field):
    with pytest.raises(InputError) as caught:
        screened(frame(**changes))
    assert caught.value.field == field
    assert caught.value.code == "ICS-REC-002"


def test_published_on_the_day_is_published_in_time():
    assert screened(frame(statement_published_at="2026-06-30")).present[0] > 0


def test_a_value_outside_its_range_is_reported_not_changed():
    found = screened(frame(total_cost_cny=[5e7, -5.0, 6e7]))
    assert found.out_of_range_in(1) == ["total_cost_cny"]
    assert found.out_of_range_in(0) == []
    assert found.columns["total_cost_cny"][1] == -5.0


def test_a_part_above_its_whole_is_reported():
    found = screened(frame(staff_rd=[86, 87, None], staff_total=[86, 86, 86]))
    assert [found.out_of_range_in(row) for row in range(3)] == [[], ["staff_rd"], []]


@pytest.mark.parametrize(
    ("part", "whole"),
    [
        ("fixed_assets_cny", "total_assets_cny"),
        ("intangible_assets_cny", "total_assets_cny"),
        ("receivables_cny", "total_assets_cny"),
        ("short_term_debt_cny", "current_liabilities_cny"),
        ("long_term_debt_cny", "total_liabilities_cny"),
        ("payables_cny", "current_liabilities_cny"),
        ("operating_cost_cny", "total_cost_cny"),
        ("main_revenue_prev_cny", "revenue_prev_cny"),
    ],
)
def test_no_part_of_the_statements_is_above_its_whole(part, whole):
    values = frame(**{part: [7.0, 9.0, 9.0], whole: [8.0, 8.0, None]})
    only = values[["enterprise_id", "as_of", part, whole]]
    found = screened(only)
    assert [found.out_of_range_in(row) for row in range(3)] == [[], [part], []]


@pytest.mark.parametrize(
    ("outside", "kept"), [(Outside.REPORT, 9.0), (Outside.MISSING, np.nan), (Outside.REFUSE, None)]
)
def test_what_becomes_of_an_extra_value_outside_its_range(outside, kept):
    extra = ExtraFeature(name="X1", label=LABEL, group="g", range=(0.0, 1.0), outside=outside)
    made = frame(**{"extra.X1": [0.5, 9.0, 1.0]})
    if kept is None:
        with pytest.raises(InputError, match=r"extra\.X1.*1 of 3 rows, the first is row 1"):
            screened(made, [extra])
        return
    found = screened(made, [extra])
    np.testing.assert_equal(found.columns["extra.X1"], [0.5, kept, 1.0])
    assert found.out_of_range_in(1) == ["extra.X1"]


def test_present_and_missing_are_counted():
    found = screened(frame(staff_total=[1, None, 3]))
    assert found.present[0] == found.present[1] + 1
    assert (found.present + found.missing == len(found.columns)).all()


def test_reading_what_is_not_there_or_not_parquet(tmp_path):
    with pytest.raises(MissingError):
        read_enterprises(tmp_path / "none.parquet")
    (tmp_path / "bad.parquet").write_text("no")
    with pytest.raises(InputError, match="Parquet"):
        read_enterprises(tmp_path / "bad.parquet")
