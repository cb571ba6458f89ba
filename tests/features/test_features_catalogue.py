from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from icsml.features.catalogue import CATALOGUE, FEATURE_BY_NAME
from icsml.features.feature import CLOCK, INNOVATION_SCORE, POINTS_COLUMN, Feature
from icsml.features.reason_codes import load_reason_catalogue
from icsml.records.direction import Direction
from icsml.records.field import Domain, Kind, Purpose
from icsml.records.fields import FIELD_BY_NAME, FIELDS
from reference import features as reference

# Both ends of an age are dates, not evidence: they may be read although no date is a feature by itself.
ENDS_OF_AN_AGE = {"as_of", "statement_period_end"}

CODES = {
    "LEV01": "debt_to_assets", "LEV02": "borrowing_to_assets", "LEV03": "debt_to_equity",
    "LEV04": "retained_earnings_to_assets", "LIQ01": "current_ratio", "LIQ02": "quick_ratio", "LIQ03": "cash_ratio",
    "PRF01": "return_on_assets", "PRF02": "operating_margin", "PRF03": "gross_margin", "PRF04": "return_on_equity",
    "GRO01": "revenue_growth", "GRO02": "asset_growth", "GRO03": "profit_change_to_assets",
    "EFF01": "receivable_days", "EFF02": "inventory_days", "EFF03": "asset_turnover", "EFF04": "cost_to_revenue",
    "CFL01": "cash_flow_to_debt", "CFL02": "cash_flow_margin", "CFL03": "interest_cover",
    "CFL04": "debt_service_cover", "CRD01": "overdue_count", "CRD02": "overdue_days", "CRD03": "credit_inquiries",
    "CRD04": "line_utilisation", "CRD05": "credit_history", "CRD06": "lenders", "CRD07": "register_debt_to_revenue",
    "SIZ01": "total_assets", "SIZ02": "revenue", "SIZ03": "staff", "SIZ04": "firm_age", "SIZ05": "statement_age",
    "APP01": "amount_to_revenue", "APP02": "application_term",
    "INN01": "innovation_score", "INN02": "rd_growth", "INN03": "rd_intensity", "INN04": "st_staff_share",
    "INN05": "rd_staff_share", "INN06": "postgraduate_share", "INN07": "super_deduction_share",
    "INN08": "ip_per_100_rd_staff", "INN09": "class1_rights", "INN10": "valuable_class1_rights",
    "INN11": "class1_per_rd", "INN12": "invention_filings", "INN13": "hightech_revenue_share",
    "INN14": "tech_contract_share", "INN15": "platforms", "INN16": "awards", "INN17": "projects",
}  # fmt: skip

# A round enterprise, and what each feature must be, worked out by hand.
RECORD = {
    "as_of": "2024-07-01", "founded_on": "2014-07-01", "statement_period_end": "2023-12-31",
    "staff_total": 100, "staff_st": 40, "staff_rd": 25, "staff_postgraduate": 10,
    "rd_expense_cny": 4e6, "rd_expense_prev_cny": 2e6, "rd_super_deduction_cny": 3e6,
    "tech_contract_turnover_cny": 5e6, "hightech_revenue_cny": 30e6, "invention_applications": 3,
    "ip_class1": 6, "ip_class1_high_value": 2, "ip_class2": 14, "platforms_2y": 1, "awards_2y": 2, "projects_2y": 4,
    "revenue_cny": 50e6, "revenue_prev_cny": 40e6, "total_cost_cny": 45e6, "operating_cost_cny": 36.5e6,
    "operating_profit_cny": 4e6, "interest_expense_cny": 1e6, "depreciation_cny": 2e6,
    "net_profit_cny": 3e6, "net_profit_prev_cny": 5e6, "cash_cny": 4e6, "receivables_cny": 10e6, "inventory_cny": 7.3e6,
    "current_assets_cny": 27.3e6, "total_assets_cny": 40e6, "total_assets_prev_cny": 32e6,
    "short_term_debt_cny": 6e6, "long_term_debt_cny": 2e6, "current_liabilities_cny": 16e6,
    "total_liabilities_cny": 30e6, "retained_earnings_cny": -2e6, "equity_cny": 10e6,
    "operating_cash_flow_cny": -1.5e6, "existing_debt_cny": 10e6, "existing_lenders": 2,
    "credit_history_months": 54, "overdue_count_24m": 1, "overdue_days_max_24m": 12, "credit_inquiries_6m": 3,
    "credit_line_utilisation": 0.62, "application_amount_cny": 5e6, "application_term_months": 12,
}  # fmt: skip
EXPECTED = {
    "debt_to_assets": 0.75, "borrowing_to_assets": 0.2, "debt_to_equity": 3.0, "retained_earnings_to_assets": -0.05,
    "current_ratio": 1.70625, "quick_ratio": 1.25, "cash_ratio": 0.25,
    "return_on_assets": 0.075, "operating_margin": 0.08, "gross_margin": 0.27, "return_on_equity": 0.3,
    "revenue_growth": 0.25, "asset_growth": 0.25, "profit_change_to_assets": -0.05,
    "receivable_days": 73.0, "inventory_days": 73.0, "asset_turnover": 1.25, "cost_to_revenue": 0.9,
    "cash_flow_to_debt": -0.05, "cash_flow_margin": -0.03, "interest_cover": 5.0, "debt_service_cover": 1.0,
    "overdue_count": 1, "overdue_days": 12, "credit_inquiries": 3, "line_utilisation": 0.62, "credit_history": 54,
    "lenders": 2, "register_debt_to_revenue": 0.2,
    "total_assets": 40e6, "revenue": 50e6, "staff": 100, "firm_age": 3653 / 365.25, "statement_age": 183 / 30.4375,
    "amount_to_revenue": 0.1, "application_term": 12,
    "innovation_score": 61.5, "rd_growth": 1.0, "rd_intensity": 0.08, "st_staff_share": 0.4, "rd_staff_share": 0.25,
    "postgraduate_share": 0.1, "super_deduction_share": 0.75, "ip_per_100_rd_staff": 80.0, "class1_rights": 6,
    "valuable_class1_rights": 2, "class1_per_rd": 1.5, "invention_filings": 3, "hightech_revenue_share": 0.6,
    "tech_contract_share": 0.1, "platforms": 1, "awards": 2, "projects": 4,
}  # fmt: skip

BY_NAME = pytest.mark.parametrize("feature", CATALOGUE, ids=lambda feature: feature.name)


def cells(name: str, value: object) -> np.ndarray:
    if name in FIELD_BY_NAME and FIELD_BY_NAME[name].kind is Kind.DATE:
        return np.array([value], dtype="datetime64[D]")
    return np.array([value], dtype=np.float64)


def columns() -> dict[str, np.ndarray]:
    return {name: cells(name, value) for name, value in {**RECORD, POINTS_COLUMN: 61.5}.items()}


def test_reason_codes_never_change_their_meaning() -> None:
    assert {feature.code: feature.name for feature in CATALOGUE} == CODES
    assert len(FEATURE_BY_NAME) == len(CATALOGUE) == len(CODES)


def test_the_hand_made_table_covers_the_catalogue() -> None:
    assert set(EXPECTED) == set(FEATURE_BY_NAME)


@BY_NAME
def test_value_of_a_known_enterprise(feature: Feature) -> None:
    value = feature.function(columns())
    assert value.shape == (1,)
    assert value.dtype == np.float64
    assert value[0] == pytest.approx(EXPECTED[feature.name], rel=1e-12)


@BY_NAME
def test_the_known_enterprise_is_inside_the_plausible_range(feature: Feature) -> None:
    low, high = feature.range
    if feature.name == INNOVATION_SCORE:
        assert (low, high) == (None, None)  # each rulebook has its own maximum
    else:
        assert low is not None
        assert high is not None
        assert low < high
        assert low <= EXPECTED[feature.name] <= high


@BY_NAME
def test_a_feature_reads_only_what_it_declares(feature: Feature) -> None:
    read = {POINTS_COLUMN} if feature.name == INNOVATION_SCORE else set(feature.inputs)
    feature.function({name: values for name, values in columns().items() if name in read})
    assert all(name in FIELD_BY_NAME for name in feature.inputs)
    assert len(set(feature.inputs)) == len(feature.inputs)


@BY_NAME
def test_a_feature_without_one_of_its_inputs_has_no_value(feature: Feature) -> None:
    for name in () if feature.name == INNOVATION_SCORE else feature.inputs:
        known = columns()
        known[name] = cells(name, "NaT" if known[name].dtype.kind == "M" else np.nan)
        assert np.isnan(feature.function(known)).all(), name


@BY_NAME
def test_only_fields_meant_for_features_are_read(feature: Feature) -> None:
    for name in feature.inputs:
        assert FIELD_BY_NAME[name].purpose is Purpose.FEATURE or name in ENDS_OF_AN_AGE, name


@BY_NAME
def test_the_domain_is_innovation_exactly_where_an_innovation_record_is_read(feature: Feature) -> None:
    reads_innovation = any(FIELD_BY_NAME[name].domain is Domain.INNOVATION for name in feature.inputs)
    assert feature.domain is (Domain.INNOVATION if reads_innovation else Domain.FINANCIAL)
    assert (feature.group == "innovation") is reads_innovation


def test_no_list_membership_is_a_raw_feature() -> None:
    read = {name for feature in CATALOGUE if feature.name != INNOVATION_SCORE for name in feature.inputs}
    assert read.isdisjoint({"high_growth_list", "on_recommended_list", "limit_granted_cny", "guarantee_share"})


def test_the_score_rests_on_innovation_records_alone() -> None:
    score = FEATURE_BY_NAME[INNOVATION_SCORE]
    assert score.inputs
    assert {FIELD_BY_NAME[name].domain for name in score.inputs} == {Domain.INNOVATION}
    assert all(FIELD_BY_NAME[name].numeric for name in score.inputs)


def test_directions_of_innovation_follow_the_evidence() -> None:
    directions = {feature.name: feature.direction for feature in CATALOGUE if feature.domain is Domain.INNOVATION}
    output = {
        "ip_per_100_rd_staff",
        "class1_rights",
        "valuable_class1_rights",
        "class1_per_rd",
        "invention_filings",
        "hightech_revenue_share",
        "tech_contract_share",
    }
    assert {name for name, direction in directions.items() if direction is Direction.LOWERS_RISK} == output
    assert {direction for name, direction in directions.items() if name not in output} == {Direction.FREE}


def test_directions_of_finance_have_the_sign_a_loan_officer_expects() -> None:
    signs = {feature.name: feature.direction.sign for feature in CATALOGUE if feature.domain is Domain.FINANCIAL}
    raising = {
        "debt_to_assets",
        "borrowing_to_assets",
        "debt_to_equity",
        "receivable_days",
        "cost_to_revenue",
        "overdue_count",
        "overdue_days",
        "credit_inquiries",
        "line_utilisation",
        "register_debt_to_revenue",
        "amount_to_revenue",
    }
    lowering = {
        "retained_earnings_to_assets",
        "current_ratio",
        "quick_ratio",
        "cash_ratio",
        "return_on_assets",
        "operating_margin",
        "profit_change_to_assets",
        "cash_flow_to_debt",
        "cash_flow_margin",
        "interest_cover",
        "debt_service_cover",
        "credit_history",
        "total_assets",
    }
    assert {name for name, sign in signs.items() if sign > 0} == raising
    assert {name for name, sign in signs.items() if sign < 0} == lowering


@BY_NAME
def test_a_free_feature_says_why_and_a_monotone_one_names_its_evidence(feature: Feature) -> None:
    assert feature.basis.en.startswith("Free: ") is (feature.direction is Direction.FREE)
    assert feature.basis.zh.startswith("不作约束：") is (feature.direction is Direction.FREE)
    assert min(map(len, feature.basis.texts)) > 5
    assert feature.definition


def test_texts_are_specific_in_both_languages() -> None:
    directed = [feature for feature in CATALOGUE if feature.direction is not Direction.FREE]
    forms = [load_reason_catalogue().codes[feature.code] for feature in directed]
    adverse, favourable = [each.adverse for each in forms], [each.favourable for each in forms]
    labels = [feature.label for feature in CATALOGUE]
    assert len({label.en for label in labels}) == len({label.zh for label in labels}) == len(CATALOGUE)
    for texts in ([feature.label for feature in directed], adverse, favourable):
        assert all(re.search(r"[\u4e00-\u9fff]", text.zh) and re.fullmatch(r"[\x20-\x7e]+", text.en) for text in texts)
        assert len({text.en for text in texts}) == len({text.zh for text in texts}) == len(directed)
    assert not {text.en for text in adverse} & {text.en for text in favourable}
    assert not {text.zh for text in adverse} & {text.zh for text in favourable}


def test_a_wiped_out_equity_gives_no_ratio_instead_of_a_flattering_one() -> None:
    known = columns() | {"equity_cny": np.array([-5e6]), "net_profit_cny": np.array([-1e6])}
    assert np.isnan(FEATURE_BY_NAME["debt_to_equity"].function(known)).all()
    assert np.isnan(FEATURE_BY_NAME["return_on_equity"].function(known)).all()
    assert FEATURE_BY_NAME["debt_to_assets"].function(known)[0] == 0.75


NUMERIC = [field.name for field in FIELDS if field.numeric] + [POINTS_COLUMN]
DATES = [field.name for field in FIELDS if field.kind is Kind.DATE]
ODD = st.sampled_from([0.0, -0.0, 5e-324, -5e-324, 2.2e-308, 1e308, -1e308, 1.7e308, np.nan, np.inf, -np.inf, 1.0])
VALUES = hnp.arrays(np.float64, (len(NUMERIC), 3), elements=st.one_of(ODD, st.floats()), fill=ODD)
CALENDAR = hnp.arrays(
    "datetime64[D]",
    (len(DATES), 3),
    elements=st.one_of(
        st.just(np.datetime64("NaT")), st.integers(-300_000, 300_000).map(lambda day: np.datetime64(day, "D"))
    ),
)


@given(VALUES, CALENDAR)
@settings(max_examples=80, deadline=None)
def test_any_input_gives_a_finite_value_or_none_and_no_warning(values: np.ndarray, calendar: np.ndarray) -> None:
    anything = dict(zip(NUMERIC, values, strict=True)) | dict(zip(DATES, calendar, strict=True))
    with np.errstate(all="raise"):
        for feature in CATALOGUE:
            assert not np.isinf(feature.function(anything)).any(), feature.name


def test_the_clock_is_the_decision_date() -> None:
    assert CLOCK == "as_of"
    later = columns() | {CLOCK: cells(CLOCK, "2025-07-01")}
    assert FEATURE_BY_NAME["firm_age"].function(later)[0] > FEATURE_BY_NAME["firm_age"].function(columns())[0]


def test_the_reference_page_is_the_catalogue() -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "features.md"
    assert page.read_text(encoding="utf-8") == reference.page()
    assert all(f"| {code} | `{name}` |" in reference.page() for code, name in CODES.items())
