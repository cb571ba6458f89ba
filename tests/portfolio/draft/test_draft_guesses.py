"""What a draft takes headings and values for."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from icsml.portfolio.draft import ColumnGuess, Draft, Role, Type, draft_mapping
from icsml.portfolio.mapping import DateSource, Mapping, load_mapping
from icsml.records.fields import FIELDS

ROWS = 40


def drafted(folder: Path, columns: dict[str, Any]) -> tuple[Draft, Mapping]:
    frame = pd.DataFrame({"firm_id": [f"F{place:03d}" for place in range(ROWS)]} | columns)
    frame.to_csv(folder / "t.csv", index=False)
    draft = draft_mapping(folder / "t.csv", folder / "m.yaml")
    return draft, load_mapping(folder / "m.yaml")


def guess(draft: Draft, name: str) -> ColumnGuess:
    return next(column for column in draft.columns if column.name == name)


def cycle(*values: Any) -> list[Any]:
    return [values[place % len(values)] for place in range(ROWS)]


@pytest.mark.parametrize(
    ("heading", "field", "scale"),
    [
        ("营业收入(万元)", "revenue_cny", 10000),
        ("营业总收入（单位：千元）", "revenue_cny", 1000),
        ("资产总计[亿元]", "total_assets_cny", 1e8),
        ("负债合计(元)", "total_liabilities_cny", None),
        ("研发投入_万元", "rd_expense_cny", 10000),
        ("所有者权益合计", "equity_cny", None),
        ("Operating Revenue", "revenue_cny", None),
        ("revenue_cny", "revenue_cny", None),
        ("Net profit, year before", "net_profit_prev_cny", None),
    ],
)
def test_a_heading_gives_the_field_and_its_unit_the_scale(
    tmp_path: Path, heading: str, field: str, scale: float | None
) -> None:
    _, mapping = drafted(tmp_path, {heading: [123_456 + place for place in range(ROWS)]})
    assert mapping.fields[field].column == heading
    assert mapping.fields[field].scale == scale


def test_every_label_and_name_of_a_field_is_known_as_that_field() -> None:
    from icsml.portfolio.draft.headings import Heading, canonical_name

    for field in FIELDS:
        for heading in (field.name, field.en, field.zh):
            assert canonical_name(Heading.of(heading)) in ((field.name, "its name"), (field.name, "its label"))


def test_per_cent_in_the_heading_scales_unless_no_value_is_above_one(tmp_path: Path) -> None:
    draft, mapping = drafted(tmp_path, {"授信额度使用率(%)": cycle(10, 55.5, 99), "利润率(%)": cycle(0.1, 0.2, 0.35)})
    assert mapping.fields["credit_line_utilisation"].scale == 0.01
    assert mapping.extra_features[0].scale is None
    assert "fraction already" in str(guess(draft, "利润率(%)").decide)


def test_small_amounts_raise_the_question_of_the_unit(tmp_path: Path) -> None:
    draft, mapping = drafted(tmp_path, {"资产总额": range(5000, 5000 + ROWS)})
    assert "total_assets_cny" in mapping.fields
    assert "万元" in str(guess(draft, "资产总额").decide)


def test_an_amount_in_another_currency_is_no_field(tmp_path: Path) -> None:
    draft, mapping = drafted(tmp_path, {"营业收入(美元)": range(ROWS)})
    assert not mapping.fields
    assert "美元" in str(guess(draft, "营业收入(美元)").decide)


def test_values_out_of_the_range_of_a_field_keep_the_column_from_it(tmp_path: Path) -> None:
    draft, mapping = drafted(tmp_path, {"职工总数": cycle(10.5, 20, 7), "行政区划代码": cycle("福建", "北京", "上海")})
    assert not mapping.fields
    assert guess(draft, "职工总数").role is Role.FEATURE
    assert guess(draft, "行政区划代码").role is Role.IGNORE


def test_of_two_columns_for_one_field_the_better_heading_wins(tmp_path: Path) -> None:
    draft, mapping = drafted(tmp_path, {"营业总收入": range(1000, 1000 + ROWS), "营业收入": range(2000, 2000 + ROWS)})
    assert mapping.fields["revenue_cny"].column == "营业收入"
    assert guess(draft, "营业总收入").role is Role.FEATURE


def test_flags_in_words_get_their_values(tmp_path: Path) -> None:
    _, mapping = drafted(tmp_path, {"高新技术企业": cycle("是", "否"), "有无官网": cycle("有", "无", "有")})
    assert mapping.fields["high_tech_enterprise"].values == {"是": True, "否": False}
    assert mapping.extra_features[0].values == {"有": 1, "无": 0}


DAYS = [date(2010 + place % 9, 1 + place % 12, 1 + place % 28) for place in range(ROWS)]


@pytest.mark.parametrize(
    ("form", "formats"),
    [
        ("%Y-%m-%d", ("ISO8601",)),
        ("%Y/%m/%d", ("%Y/%m/%d",)),
        ("%Y%m%d", ("%Y%m%d",)),
        ("%d/%m/%Y", ("%d/%m/%Y",)),
        ("%m/%d/%Y", ("%m/%d/%Y",)),
        ("%Y年%m月%d日", ("%Y年%m月%d日",)),
        ("%Y-%m", ("%Y-%m",)),
        ("%Y", ("%Y",)),
    ],
)
def test_dates_are_recognised_by_all_their_values(tmp_path: Path, form: str, formats: tuple[str, ...]) -> None:
    draft, mapping = drafted(tmp_path, {"成立日期": [day.strftime(form) for day in DAYS]})
    assert guess(draft, "成立日期").type is Type.DATE
    assert mapping.fields["founded_on"].formats_tried == formats
    assert guess(draft, "成立日期").decide is None


def test_two_ways_of_writing_dates_give_two_formats(tmp_path: Path) -> None:
    texts = [day.strftime("%Y/%m/%d" if place % 3 else "%Y.%m.%d") for place, day in enumerate(DAYS)]
    _, mapping = drafted(tmp_path, {"成立日期": texts})
    assert set(mapping.fields["founded_on"].formats_tried) == {"%Y/%m/%d", "%Y.%m.%d"}


def test_day_or_month_first_is_to_be_decided_where_both_read_all(tmp_path: Path) -> None:
    draft, _ = drafted(tmp_path, {"成立日期": cycle("03/04/2015", "01/12/2016", "11/10/2012")})
    assert "day or month first" in str(guess(draft, "成立日期").decide)


def test_serial_numbers_of_excel_are_dates(tmp_path: Path) -> None:
    _, mapping = drafted(tmp_path, {"申请日期": range(44000, 44000 + ROWS), "月末余额": range(30000, 30000 + ROWS)})
    assert mapping.as_of == DateSource(column="申请日期", unit="D", origin=date(1899, 12, 30))
    assert mapping.extra_features[0].source == "月末余额"


def test_a_column_of_years_settles_since_when_days_count(tmp_path: Path) -> None:
    serial = [15000 + 100 * place for place in range(ROWS)]
    years = [(date(1960, 1, 1).toordinal() + each) for each in serial]
    draft, mapping = drafted(
        tmp_path,
        {
            "ApprovalDate": serial,
            "ApprovalFY": [date.fromordinal(each).year for each in years],
            "OpenedDate": [each + 5 for each in serial],
        },
    )
    assert mapping.as_of is not None
    assert mapping.as_of.origin == date(1960, 1, 1)
    assert "1960" in guess(draft, "OpenedDate").evidence


@pytest.mark.parametrize("days", [["2090-01-01"] * ROWS, cycle("2020-01-01", None)])
def test_a_date_after_today_or_partly_empty_dates_no_decision(tmp_path: Path, days: list[Any]) -> None:
    _, mapping = drafted(tmp_path, {"申请日期": days})
    assert mapping.as_of is None
    assert mapping.ignore == ("申请日期",)


def test_years_without_a_heading_that_says_so_are_numbers(tmp_path: Path) -> None:
    draft, _ = drafted(tmp_path, {"台数": cycle(1990, 2005, 2011)})
    assert guess(draft, "台数").role is Role.FEATURE


def test_words_for_not_known_are_declared_with_their_counts(tmp_path: Path) -> None:
    numbers = [place * 7 for place in range(ROWS - 6)]
    columns = {name: [*numbers, *["-"] * 4, "暂无", "N/A"] for name in ("甲", "乙", "丙")}
    draft, mapping = drafted(tmp_path, columns | {"丁": [*range(ROWS - 2), -999, -999], "说明": cycle("好", "中", "-")})
    assert mapping.missing == ("暂无", "N/A")
    assert draft.missing == {"暂无": 3, "N/A": 3}
    by_name = {feature.source: feature for feature in mapping.extra_features}
    assert by_name["甲"].missing == ("-",), "a dash is a value of another column, so it is not declared for all"
    assert by_name["丁"].missing == (-999,)
    assert "-999" in str(guess(draft, "丁").decide)
    assert "- 4" in guess(draft, "甲").evidence


def test_a_small_number_among_others_is_no_sentinel(tmp_path: Path) -> None:
    _, mapping = drafted(tmp_path, {"利润": [*range(-5000, -5000 + ROWS - 1), -999]})
    assert mapping.extra_features[0].missing == ()


@pytest.mark.parametrize(
    ("heading", "values", "positive", "negative", "unknown", "event"),
    [
        ("是否违约", ("否", "否", "是"), ("是",), ("否",), (), "default"),
        ("status", ("paid", "failed", "pending", "paid"), ("failed",), ("paid",), ("pending",), None),
        ("Bankrupt?", (0, 0, 0, 1), (1,), (0,), (), "bankruptcy"),
        ("class", ("b", "a", "a", "a"), ("b",), ("a",), (), None),
        ("MIS_Status", ("P I F", "CHGOFF", "P I F"), ("CHGOFF",), ("P I F",), (), None),
    ],
)
def test_an_outcome_is_guessed_and_always_to_be_decided(
    tmp_path: Path, heading: str, values: Any, positive: Any, negative: Any, unknown: Any, event: str | None
) -> None:
    draft, mapping = drafted(tmp_path, {heading: cycle(*values), "x": range(ROWS)})
    assert mapping.outcome is not None
    found = mapping.outcome
    assert (found.positive, found.negative, found.unknown, found.event) == (positive, negative, unknown, event)
    assert found.horizon_months is None
    decide = guess(draft, heading).decide
    assert decide is not None
    assert f"{heading}: {decide}" in draft.decide


@pytest.mark.parametrize(
    ("words", "negative", "unknown"),
    [
        (("是", "否", "处理中"), ("否",), ("处理中",)),
        (("是", "否", "丙"), ("否",), ("丙",)),
        (("是", "甲", "甲", "乙"), ("甲",), ("乙",)),
    ],
)
def test_no_value_is_good_by_default(
    tmp_path: Path, words: tuple[str, ...], negative: tuple[str, ...], unknown: tuple[str, ...]
) -> None:
    draft, mapping = drafted(tmp_path, {"是否违约": cycle(*words)})
    assert mapping.outcome is not None
    assert (mapping.outcome.negative, mapping.outcome.unknown) == (negative, unknown)
    assert any("是否违约" in question for question in draft.decide)


def test_a_status_whose_words_say_nothing_is_no_outcome(tmp_path: Path) -> None:
    _, mapping = drafted(tmp_path, {"发票状态": cycle("有效发票", "有效发票", "作废发票")})
    assert mapping.outcome is None


def test_what_comes_after_the_outcome_is_known_after(tmp_path: Path) -> None:
    bad = [place % 4 == 0 for place in range(ROWS)]
    draft, mapping = drafted(
        tmp_path,
        {
            "default": [int(each) for each in bad],
            "核销金额": range(ROWS),
            "recovery_rate": range(ROWS),
            "note_7": [f"a{place}" if each else None for place, each in enumerate(bad)],
            "loss": [100 + place if each else 0 for place, each in enumerate(bad)],
            "verdict": ["D" if each else "AB"[place % 2] for place, each in enumerate(bad)],
            "default_date": ["2020-01-01" if each else None for each in bad],
        },
    )
    assert mapping.known_after == ("核销金额", "recovery_rate", "note_7", "loss", "verdict")
    assert mapping.outcome is not None
    assert mapping.outcome.event_date == DateSource(column="default_date")
    assert "of the bad rows" in guess(draft, "note_7").evidence


def test_what_follows_from_a_decision_or_names_a_person_is_ignored_with_the_reason(tmp_path: Path) -> None:
    draft, mapping = drafted(
        tmp_path,
        {
            "批准金额": range(ROWS),
            "担保方式": cycle("抵押", "信用"),
            "联系人电话": range(ROWS),
            "邮编": range(ROWS),
            "空": None,
        },
    )
    assert mapping.ignore == ("批准金额", "担保方式", "联系人电话", "邮编", "空")
    assert "earlier decision" in guess(draft, "批准金额").evidence
    assert "natural person" in guess(draft, "联系人电话").evidence
    assert "earlier decision" in (tmp_path / "m.yaml").read_text("utf-8")


def test_few_texts_are_ignored_with_a_skeleton_to_translate(tmp_path: Path) -> None:
    draft, mapping = drafted(tmp_path, {"规模": cycle("大", "中", "小")})
    assert mapping.ignore == ("规模",)
    assert guess(draft, "规模").skeleton == ("大", "中", "小")
    assert "values: {大: null, 中: null, 小: null}" in (tmp_path / "m.yaml").read_text("utf-8")


def test_numbers_become_free_features_with_names_of_their_own(tmp_path: Path) -> None:
    _, mapping = drafted(
        tmp_path, {"Late payments": range(ROWS), "late-payments": range(ROWS), "逾期次数": range(ROWS)}
    )
    assert [feature.name for feature in mapping.extra_features] == ["late_payments", "x_3", "x_4"]
    assert {feature.group for feature in mapping.extra_features} == {"undecided"}
    assert {str(feature.direction) for feature in mapping.extra_features} == {"free"}


def test_every_open_question_stands_at_its_line_and_at_the_top(tmp_path: Path) -> None:
    draft, _ = drafted(tmp_path, {"是否违约": cycle("否", "否", "是"), "规模": cycle("大", "中")})
    text = (tmp_path / "m.yaml").read_text("utf-8")
    for question in draft.decide:
        assert f"# - {question}" in text
    for column in draft.columns:
        if column.decide:
            assert f"DECIDE: {column.decide}" in text
