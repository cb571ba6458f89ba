"""Laws that hold for every rulebook and every enterprise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icsml.innovation import describe, evaluate, load_rulebook, parse_rulebook
from icsml.records.field import Kind
from icsml.records.fields import FIELD_BY_NAME

IDS = ["national-2025", "tech-sme-2017", "innovative-sme-2022", "small"]


@pytest.fixture(scope="module", params=IDS)
def rulebook(request, small_text):
    return parse_rulebook(small_text, "small") if request.param == "small" else load_rulebook(request.param)


def cell(name):
    """Values of one field: missing, ordinary, at the edges, and absurdly large."""
    field = FIELD_BY_NAME[name]
    if field.kind is Kind.FLAG:
        return st.sampled_from([0.0, 1.0, np.nan])
    if field.kind is Kind.COUNT:
        return st.one_of(st.just(np.nan), st.integers(0, 12).map(float), st.integers(0, 10**6).map(float))
    low = -1e13 if field.low is None else 0.0
    money = st.one_of(st.floats(low, 1e13), st.integers(0, 100).map(lambda value: value * 1e6), st.just(5e-324))
    return st.one_of(st.just(np.nan), st.just(0.0), money)


@st.composite
def tables(draw, rulebook, blank):
    n = draw(st.integers(1, 4))
    return blank(n, {name: draw(st.lists(cell(name), min_size=n, max_size=n)) for name in rulebook.inputs()})


def same_bits(a, b):
    return np.asarray(a, dtype=np.float64).tobytes() == np.asarray(b, dtype=np.float64).tobytes()


def row_of(columns, row):
    return {name: values[row : row + 1] for name, values in columns.items()}


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_indicator_points_sum_to_the_total_and_stay_within_bounds(rulebook, blank, data):
    points = evaluate(rulebook, data.draw(tables(rulebook, blank)))
    total, innovation = np.zeros_like(points.score), np.zeros_like(points.score)
    for indicator in rulebook.indicators:
        earned = points.points[indicator.id]
        assert np.all((earned >= float(indicator.min)) & (earned <= float(indicator.max)))
        total = total + earned
        innovation = innovation + (earned if indicator.domain == "innovation" else 0.0)
    assert same_bits(points.score, total)
    assert same_bits(points.innovation_score, innovation)
    np.testing.assert_allclose(sum(points.categories.values()), points.score, atol=1e-9)
    for category in rulebook.categories:
        assert np.all(points.categories[category.id] <= float(category.max) + 1e-9)


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_one_row_is_the_same_in_a_batch_bit_for_bit(rulebook, blank, data):
    columns = data.draw(tables(rulebook, blank))
    batch = evaluate(rulebook, columns)
    for row in range(len(columns["enterprise_id"])):
        alone = evaluate(rulebook, row_of(columns, row))
        assert repr(describe(batch, rulebook, row)) == repr(describe(alone, rulebook, 0))
        for name, values in alone.points.items():
            assert same_bits(values, batch.points[name][row : row + 1])
        assert same_bits(alone.score, batch.score[row : row + 1])
        assert same_bits(alone.innovation_score, batch.innovation_score[row : row + 1])


def test_one_row_is_the_same_in_a_large_batch(rulebook, blank):
    rng = np.random.default_rng(3)
    n = 4001
    fields = {name: np.where(rng.random(n) < 0.1, np.nan, rng.lognormal(2, 2, n)) for name in rulebook.inputs()}
    columns = blank(n, fields)
    batch = evaluate(rulebook, columns)
    for row in range(0, n, 97):
        assert same_bits(evaluate(rulebook, row_of(columns, row)).score, batch.score[row : row + 1])


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_missing_value_earns_nothing_and_says_so(rulebook, blank, data):
    columns = dict(data.draw(tables(rulebook, blank)))
    indicator = data.draw(st.sampled_from(rulebook.indicators))
    columns |= {name: np.full_like(columns[name], np.nan) for name in indicator.fields}
    points = evaluate(rulebook, columns)
    assert np.all(points.points[indicator.id] == 0)
    assert np.all(np.isnan(points.values[indicator.id]))
    assert set(points.rules[indicator.id]) == {"missing"}


RISING = {  # field that lifts the indicator's value, all else equal
    "rd_intensity": "rd_expense_cny",
    "rd_staff_share": "staff_rd",
    "rd_super_deduction": "rd_super_deduction_cny",
    "tech_contract_turnover": "tech_contract_turnover_cny",
    "hightech_revenue_share": "hightech_revenue_cny",
    "revenue_growth": "revenue_cny",
    "profit_margin": "net_profit_cny",
    "ip_per_100_rd_staff": "ip_class2",
    "award": "awards_2y",
    "key_rd_programme": "key_rd_projects",
    "high_growth_list": "high_growth_list",
}


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_ramps_are_monotone(national, blank, data):
    indicator = data.draw(st.sampled_from(sorted([*RISING, "debt_ratio"])))
    field = RISING.get(indicator, "total_liabilities_cny")
    base = data.draw(st.floats(1.0, 1e12))
    around = st.floats(0.0, 1.2).map(lambda share: share * base) | st.floats(0, 1e13)
    values = sorted(data.draw(st.lists(around, min_size=2, max_size=8)))
    wholes = dict.fromkeys(("revenue_cny", "revenue_prev_cny", "staff_total", "staff_rd", "total_assets_cny"), base)
    columns = blank(len(values), wholes | {"ip_class1": 0} | {field: values})
    earned = evaluate(national, columns).points[indicator]
    steps = np.diff(earned) if indicator in RISING else -np.diff(earned)
    assert np.all(steps >= 0)


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_knowing_more_never_contradicts_a_known_eligibility(rulebook, blank, data):
    """If eligibility is known with data missing, no value of the missing data changes it."""
    columns = dict(data.draw(tables(rulebook, blank)))
    before = evaluate(rulebook, columns).eligible
    for name in rulebook.inputs():
        n = len(before)
        filled = np.array(data.draw(st.lists(cell(name), min_size=n, max_size=n)))
        columns[name] = np.where(np.isnan(columns[name]), filled, columns[name])
    after = evaluate(rulebook, columns).eligible
    known = ~np.isnan(before)
    assert np.array_equal(before[known], after[known])


@pytest.mark.parametrize("n", [255, 256, 257, 600])
def test_a_row_among_many_has_the_bits_it_has_alone(rulebook, blank, n):
    random = np.random.default_rng(n)
    values = {}
    for name in rulebook.inputs():
        kind, cells = FIELD_BY_NAME[name].kind, random.exponential(2e6, n)
        if kind is Kind.FLAG:
            cells = random.integers(0, 2, n).astype(np.float64)
        elif kind is Kind.COUNT:
            cells = random.integers(0, 60, n).astype(np.float64)
        cells[random.random(n) < 0.2] = np.nan
        values[name] = cells
    columns = blank(n, values)
    many = evaluate(rulebook, columns)
    for row in {0, 1, 254, 255, 256, 511, 512, n - 1} & set(range(n)):
        alone = evaluate(rulebook, row_of(columns, row))
        assert same_bits(many.score[row], alone.score[0])
        assert same_bits(many.innovation_score[row], alone.innovation_score[0])
        assert same_bits(many.eligible[row], alone.eligible[0])
        for name in many.points:
            assert same_bits(many.points[name][row], alone.points[name][0])
            assert same_bits(many.values[name][row], alone.values[name][0])
            assert many.rules[name][row] == alone.rules[name][0]
