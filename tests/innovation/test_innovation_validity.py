"""How long a score counts: month ends, the last day from both sides, and what becomes of an older one."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icsml.innovation import evaluate, parse_rulebook
from icsml.innovation.scoring.validity import aged, ages, valid_until


@pytest.fixture(scope="module")
def valid(small_text):
    """Make the small rulebook with a validity of so many months."""

    @cache
    def make(months, expired="refuse"):
        said = f"validity: {{months: {months}, expired: {expired}, provenance: assumed}}\nsources:"
        return parse_rulebook(small_text.replace("sources:", said, 1), "small.yaml")

    return make


def days(*texts):
    return np.array(texts, dtype="datetime64[D]")


@pytest.mark.parametrize(
    ("scored", "months", "until"),
    [
        ("2025-01-31", 1, "2025-02-28"),
        ("2024-01-31", 1, "2024-02-29"),
        ("2024-01-30", 1, "2024-02-29"),
        ("2024-01-29", 1, "2024-02-29"),
        ("2024-01-28", 1, "2024-02-28"),
        ("1900-01-31", 1, "1900-02-28"),
        ("2000-01-31", 1, "2000-02-29"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2024-02-29", 48, "2028-02-29"),
        ("2025-02-28", 12, "2026-02-28"),
        ("2023-02-28", 12, "2024-02-28"),
        ("2025-03-31", 1, "2025-04-30"),
        ("2025-12-31", 2, "2026-02-28"),
        ("2025-12-31", 1, "2026-01-31"),
        ("2025-06-15", 12, "2026-06-15"),
        ("2025-06-01", 36, "2028-06-01"),
        ("1969-12-31", 1, "1970-01-31"),
        ("1960-01-31", 1, "1960-02-29"),
    ],
)
def test_the_same_day_so_many_months_later_or_the_last_of_that_month(valid, scored, months, until):
    assert valid_until(valid(months), days(scored)).astype(str).tolist() == [until]


@settings(max_examples=200, deadline=None)
@given(
    scored=st.dates(date(1950, 1, 1), date(2099, 12, 31)),
    months=st.sampled_from([1, 2, 6, 11, 12, 13, 36]),
)
def test_it_is_so_on_every_day(valid, scored, months):
    place = scored.year * 12 + scored.month - 1 + months
    year, month = place // 12, place % 12 + 1
    expected = date(year, month, min(scored.day, monthrange(year, month)[1]))
    assert valid_until(valid(months), days(scored)).item() == expected


@pytest.mark.parametrize("scored", ["2024-02-29", "2025-01-31", "2025-06-15"])
def test_the_last_day_still_counts_and_the_next_does_not(valid, scored):
    rulebook = valid(1)
    until = valid_until(rulebook, days(scored)).item()
    on = [until - timedelta(1), until, until + timedelta(1)]
    assert [ages(rulebook, days(scored), each).expired.tolist() for each in on] == [[False], [False], [True]]


def test_a_score_without_a_date_has_no_age_and_does_not_expire(valid):
    found = ages(valid(12), days("NaT", "2020-01-01"), date(2025, 1, 1))
    assert np.isnat(found.until).tolist() == [True, False]
    assert np.isnan(found.months).tolist() == [True, False]
    assert found.expired.tolist() == [False, True]


def test_a_score_of_a_later_day_has_no_age_and_does_not_expire(valid):
    found = ages(valid(12), days("2025-01-02", "2025-01-01"), date(2025, 1, 1))
    assert np.isnan(found.months).tolist() == [True, False]
    assert found.months[1] == 0.0
    assert found.expired.tolist() == [False, False]


def test_the_age_is_in_months(valid):
    found = ages(valid(12), days("2024-01-01"), date(2025, 1, 1))
    assert found.months.tolist() == pytest.approx([366 / 30.4375])


def test_where_the_rules_state_no_validity_nothing_expires(small):
    found = ages(small, days("1950-01-01", "NaT"), date(2025, 1, 1))
    assert found.until.dtype == np.dtype("datetime64[D]")
    assert np.isnat(found.until).all()
    assert not found.expired.any()
    assert found.months[0] == pytest.approx(75 * 12, abs=0.5)


def test_an_expired_score_is_refused_and_a_valid_one_is_not(valid, blank):
    columns = blank(3, {"ip_class1": 6, "ip_class2": 0, "as_of": ["2023-12-31", "2024-01-01", "NaT"]})
    rulebook = valid(12)
    points = evaluate(rulebook, columns)
    after = aged(rulebook, points, ages(rulebook, columns["as_of"], date(2025, 1, 1)))
    assert points.score.tolist() == [10.0, 10.0, 10.0]
    assert np.isnan(after.score).tolist() == [True, False, False]
    assert np.isnan(after.innovation_score).tolist() == [True, False, False]
    assert after.points["patents"].tolist() == [10.0, 10.0, 10.0]  # what it was made of is still told


def test_with_a_warning_the_score_is_kept(valid, blank):
    columns = blank(1, {"ip_class1": 6, "ip_class2": 0, "as_of": "2020-01-01"})
    rulebook = valid(12, "warn")
    points = evaluate(rulebook, columns)
    found = ages(rulebook, columns["as_of"], date(2025, 1, 1))
    assert found.expired.tolist() == [True]
    assert aged(rulebook, points, found).score.tolist() == [10.0]


def test_where_nothing_has_expired_nothing_is_touched(valid, blank):
    columns = blank(2, {"ip_class1": 6, "ip_class2": 0, "as_of": "2025-01-01"})
    rulebook = valid(12)
    points = evaluate(rulebook, columns)
    assert aged(rulebook, points, ages(rulebook, columns["as_of"], date(2025, 1, 1))) is points
