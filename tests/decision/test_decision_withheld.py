"""What withholding would hide, from its definition, and what the adverse reasons cover."""

import dataclasses
import math
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

import icsml.decision.pd_if_withheld as withheld
from icsml.decision.decide import decide
from icsml.decision.required_information import demands
from icsml.records.enterprise import example_record, parse_record

MOMENT = datetime(2026, 7, 1, tzinfo=UTC)
CREDIT = ["existing_debt_cny", "existing_lenders", "credit_history_months", "overdue_count_24m", "overdue_days_max_24m"]
CREDIT += ["credit_inquiries_6m", "credit_line_utilisation"]


def decided(bundle, record, reasons=1000):
    made = decide(
        bundle, parse_record(record), decision_id="d", decided_at=MOMENT, reasons=reasons, with_recourse=False
    )
    return made.decision, made.features


def without(*names):
    return {name: value for name, value in example_record().items() if name not in names}


def by_definition(bundle, features, absent, rows):
    """Return the PDs of a record filled in from the reference rows nearest to it that have what it lacks."""
    names = [feature.name for feature in bundle.features]
    own = np.array([np.nan if features[name] is None else features[name] for name in names])
    places = [names.index(name) for name in absent]
    frame = pd.DataFrame(bundle.reference.rows)
    gain = bundle.model.booster.feature_importance("gain")
    distance = np.zeros(len(frame))
    for place in np.flatnonzero(~np.isnan(own)):
        known = frame[place].dropna()
        ranks = frame[place].rank(method="max") / len(known)
        apart = (ranks - (known <= own[place]).sum() / len(known)).abs().fillna(0.5)
        distance += gain[place] * apart.to_numpy()
    whole = frame[frame[places].notna().all(axis=1)].index.to_numpy()
    nearest = whole[np.argsort(distance[whole], kind="stable")[:rows]]
    filled = np.tile(own, (len(nearest), 1))
    filled[:, places] = bundle.reference.rows[np.ix_(nearest, places)]
    margins = bundle.model.booster.predict(filled, raw_score=True)
    return 1 / (1 + np.exp(-(bundle.model.calibration.slope * margins + bundle.model.calibration.intercept)))


@pytest.mark.parametrize(
    ("gone", "absent"),
    [
        (["credit_line_utilisation"], ["line_utilisation"]),
        (["net_profit_cny"], ["return_on_assets", "return_on_equity", "profit_change_to_assets"]),
        (["overdue_count_24m", "overdue_days_max_24m"], ["overdue_count", "overdue_days"]),
    ],
)
def test_the_pd_were_the_absent_known_is_a_quantile_over_the_nearest_rows(bundle, gone, absent):
    found, features = decided(bundle, without(*gone))
    policy = bundle.assessment_policy.withheld
    assert [name for name, value in features.items() if value is None] == absent
    expected = np.sort(by_definition(bundle, features, absent, policy.rows))
    assert len(expected) == found.pd_if_withheld.rows == policy.rows
    assert found.pd_if_withheld.pd == pytest.approx(expected[math.ceil(policy.quantile * (policy.rows - 1))], rel=1e-9)
    assert found.pd_if_withheld.quantile == policy.quantile == 0.9
    assert len(set(expected.round(12))) > 1
    groups = {feature.name: feature.group for feature in bundle.features}
    assert found.pd_if_withheld.groups == list(dict.fromkeys(groups[name] for name in absent))


def test_a_ratio_without_a_base_is_known_and_not_filled_in(bundle):
    found, features = decided(bundle, example_record() | {"total_liabilities_cny": 46e6, "equity_cny": -5e6})
    assert features["debt_to_equity"] is None
    assert found.pd_if_withheld is None


def test_what_is_absent_is_filled_in_from_one_row_at_a_time(bundle, monkeypatch):
    filled, real = [], withheld.margins
    monkeypatch.setattr(
        withheld, "margins", lambda booster, rows, *of, **how: filled.append(rows) or real(booster, rows, *of, **how)
    )
    _, features = decided(bundle, without(*CREDIT))
    places = [place for place, value in enumerate(features.values()) if value is None]
    assert len(places) > 3
    (rows,) = filled
    having = {row.tobytes() for row in bundle.reference.rows[:, places]}
    lent = {row.tobytes() for row in np.ascontiguousarray(rows[:, places])}
    assert len(lent) > 20
    assert lent <= having
    margins = np.sort(bundle.model.booster.predict(rows, raw_score=True))
    (between, *_) = (rank for rank in range(98, 50, -1) if margins[rank] < margins[rank + 1])  # where no tie hides it
    asked = bundle.assessment_policy.withheld.model_copy(update={"quantile": (between + 0.5) / 99})
    policy = bundle.assessment_policy.model_copy(update={"withheld": asked})
    found, _ = decided(dataclasses.replace(bundle, policy=policy), without(*CREDIT))
    odds = bundle.model.calibration.slope * margins[between + 1] + bundle.model.calibration.intercept
    assert found.pd_if_withheld.pd == pytest.approx(1 / (1 + np.exp(-odds)), rel=1e-12)


def test_statements_of_zeros_are_filled_in_as_if_they_had_been_left_out(bundle):
    (statements,) = [demand for demand in demands(bundle) if demand.amounts]
    zeros, features = decided(bundle, example_record() | dict.fromkeys(statements.amounts, 0.0))
    left_out, without_them = decided(bundle, without(*statements.amounts))
    kept = [name for name, value in features.items() if value is not None and without_them[name] is None]
    assert kept, "no number was made of zeros: nothing is tested"
    assert zeros.pd_if_withheld == left_out.pd_if_withheld
    assert zeros.pd_if_withheld.pd > 0.0


def test_whoever_has_everything_or_no_population_is_told_none(bundle):
    assert decided(bundle, example_record())[0].pd_if_withheld is None
    alone = dataclasses.replace(bundle, reference=None)
    assert decided(alone, without(*CREDIT))[0].pd_if_withheld is None


def test_where_few_rows_have_everything_those_that_have_most_lend(bundle):
    rows = bundle.reference.rows.copy()
    places = [n for n, feature in enumerate(bundle.features) if feature.group == "credit_history"]
    rows[10:, places[0]] = np.nan
    few = dataclasses.replace(bundle.reference, rows=rows)
    found, _ = decided(dataclasses.replace(bundle, reference=few), without(*CREDIT))
    assert found.pd_if_withheld.rows == bundle.assessment_policy.withheld.rows
    assert 0.0 < found.pd_if_withheld.pd < 1.0


def test_coverage_is_the_share_of_the_positive_log_odds_that_is_told(bundle):
    shares = []
    for record in (
        example_record(),
        without(*CREDIT),
        without("net_profit_cny"),
        {"enterprise_id": "E", "as_of": "2026-06-30"},
    ):
        found, _ = decided(bundle, record)
        raised = math.fsum(reason.log_odds for reason in found.reasons if reason.log_odds > 0.0)
        told = math.fsum(reason.log_odds for reason in found.adverse_reasons)
        assert found.adverse_coverage == pytest.approx(told / raised, rel=1e-12)
        shares.append(found.adverse_coverage)
    assert len(set(shares)) == 4
    assert min(shares) < 0.999


def test_no_principal_driver_is_dropped_in_silence(bundle):
    record = without("net_profit_cny", "credit_line_utilisation")

    def referred(**changes):
        own = dataclasses.replace(bundle, reasons=bundle.catalogue.model_copy(update=changes))
        return [each.code for each in decided(own, record)[0].refer or ()]

    few = dataclasses.replace(
        bundle, reasons=bundle.catalogue.model_copy(update={"adverse_reasons": 1, "adverse_coverage_at_least": 0.95})
    )
    found = decided(few, record)[0]
    assert f"cover {found.adverse_coverage:.1%} of what raised the PD" in found.refer[0].text.en
    assert "asks for 95.0% or more" in found.refer[0].text.en
    assert f"仅覆盖风险上升部分的{found.adverse_coverage:.1%}，低于规定下限95.0%" in found.refer[0].text.zh
    assert referred(adverse_reasons=1, adverse_coverage_at_least=0.95) == ["REASONS_INCOMPLETE"]
    assert referred(adverse_reasons=1, adverse_coverage_at_least=0.0) == []
    assert (
        referred(adverse_reasons=20, adverse_at_least=0.02, adverse_coverage_at_least=1.0) == []
    )  # all that may be told
    assert referred() == []
    assert bundle.catalogue.adverse_coverage_at_least == 0.5


@pytest.mark.parametrize("told", [0, 1, 4])
def test_whatever_is_absent_and_raised_the_pd_is_asked_for_told_or_not(bundle, told):
    own = dataclasses.replace(bundle, reasons=bundle.catalogue.model_copy(update={"adverse_reasons": told}))
    at_least, inputs = (
        bundle.catalogue.adverse_at_least,
        {each.name: each.inputs for each in bundle.features},
    )
    beyond_the_told = 0
    for gone in (
        [],
        ["net_profit_cny", "credit_line_utilisation"],
        ["overdue_count_24m", "inventory_cny"],
        CREDIT[2:5],
    ):
        found, features = decided(own, without(*gone))
        raised = [each for each in found.reasons if each.log_odds >= at_least and features[each.feature] is None]
        wanted = {name for each in raised for name in inputs[each.feature] if name in gone}
        listed = [each.field for each in found.to_provide or ()]
        assert set(listed) == wanted
        first = [name for each in found.adverse_reasons if each.value is None for name in inputs[each.feature]]
        first = [name for name in dict.fromkeys(first) if name in gone]
        assert listed[: len(first)] == first
        beyond_the_told += len(listed) > len(first)
    assert (beyond_the_told > 0) is (told < 4)
