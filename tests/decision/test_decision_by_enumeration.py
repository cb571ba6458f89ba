"""A decision's reasons, name by name, against their definition: every coalition of features, every reference row."""

from __future__ import annotations

import itertools
import math
from datetime import UTC, datetime

import numpy as np
import pytest

from icsml.decision.decide import decide
from icsml.records.enterprise import frame_records
from icsml.workflows.train import train_bundle

FEATURES = [
    "debt_to_assets",
    "return_on_assets",
    "gross_margin",
    "interest_cover",
    "line_utilisation",
    "rd_intensity",
    "class1_rights",
]
MOMENT = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def few(book_folder, quick_config, tmp_path_factory):
    """A bundle of seven features with a companion of five, and its records."""
    reasons = quick_config.reasons.model_copy(update={"reference_rows": 24})
    config = quick_config.model_copy(update={"include": FEATURES, "reasons": reasons})
    trained = train_bundle(book_folder, config, out=tmp_path_factory.mktemp("few") / "bundle")
    assert [feature.name for feature in trained.bundle.features] == FEATURES
    assert len(trained.bundle.companion.encoder.features) == 5
    return trained.bundle, trained.dataset.enterprises


def by_definition(booster, slope, row, reference, names):
    """Return each feature's Shapley value in log-odds: interventional, averaged over the reference rows."""
    players = range(len(names))
    worth = {}
    for size in range(len(names) + 1):
        for known in itertools.combinations(players, size):
            mixed = reference.copy()
            mixed[:, list(known)] = row[list(known)]
            worth[known] = slope * float(booster.predict(mixed, raw_score=True).mean())
    values = {}
    for player in players:
        others = [each for each in players if each != player]
        total = 0.0
        for size in range(len(names)):
            weight = math.factorial(size) * math.factorial(len(names) - size - 1) / math.factorial(len(names))
            for known in itertools.combinations(others, size):
                with_player = tuple(sorted((*known, player)))
                total += weight * (worth[with_player] - worth[known])
        values[names[player]] = total
    return values


def records_of(bundle, enterprises):
    """Return records that are whole, short of financial fields, short of an innovation field, and of all of these."""
    frame = enterprises.dropna(subset=["rd_expense_cny", "net_profit_cny", "interest_expense_cny"]).iloc[
        [5, 160, 333, 700]
    ]
    gone = [
        [],
        ["net_profit_cny", "credit_line_utilisation"],
        ["rd_expense_cny", "total_liabilities_cny"],
        list(bundle.model.encoder.innovation_inputs),
    ]
    records = frame_records(frame)
    return [record.model_copy(update=dict.fromkeys(names)) for record, names in zip(records, gone, strict=True)]


def test_each_reason_is_the_shapley_value_of_the_feature_it_names(few):
    bundle, enterprises = few
    held = {"missing": 0, "companion": 0, "reasons": 0}
    for record in records_of(bundle, enterprises):
        decided = decide(bundle, record, decision_id="d", decided_at=MOMENT, reasons=1000, with_recourse=False)
        found, values = decided.decision, decided.features
        companion = found.pd == found.pd_without_innovation
        scorer = bundle.companion if companion else bundle.model
        encoder, booster, calibration = scorer.encoder, scorer.booster, scorer.calibration
        names = [feature.name for feature in encoder.features]
        row = np.array([np.nan if values[name] is None else values[name] for name in names])
        places = [FEATURES.index(name) for name in names]
        expected = by_definition(booster, calibration.slope, row, bundle.reference.rows[:, places], names)
        told = {reason.feature: reason.log_odds for reason in found.reasons}
        assert set(told) == {name for name, value in expected.items() if abs(value) > 1e-12}
        for name, value in expected.items():
            assert told.get(name, 0.0) == pytest.approx(value, abs=1e-12), name
        assert {reason.feature: reason.value for reason in found.reasons} == {name: values[name] for name in told}
        largest = sorted(
            (value for value in expected.values() if value >= bundle.catalogue.adverse_at_least), reverse=True
        )
        assert sorted((each.log_odds for each in found.adverse_reasons), reverse=True) == pytest.approx(largest[:4])
        for each in found.adverse_reasons:
            assert each.log_odds == pytest.approx(expected[each.feature], abs=1e-12)
        groups = {feature.name: feature.group for feature in bundle.features}
        for group in found.groups:
            own = math.fsum(value for name, value in expected.items() if groups[name] == group.group)
            assert group.log_odds == pytest.approx(own, abs=1e-12)
        held["missing"] += np.isnan(row).any()
        held["companion"] += companion
        held["reasons"] += len(told)
    assert held["missing"] >= 2
    assert held["companion"] == 1
    assert held["reasons"] >= 15


def test_values_that_are_told_belong_to_the_features_that_are_named(few):
    """Swapping two features' terms or values is seen: no two of them are alike."""
    bundle, enterprises = few
    record = records_of(bundle, enterprises)[0]
    found = decide(bundle, record, decision_id="d", decided_at=MOMENT, reasons=1000, with_recourse=False).decision
    terms = [reason.log_odds for reason in found.reasons]
    assert len(set(np.round(terms, 9))) == len(terms) >= 5
    medians = dict(zip(FEATURES, bundle.reference.medians, strict=True))
    for reason in found.reasons:
        assert reason.reference_value == medians[reason.feature]
        assert reason.code == next(f.code for f in bundle.features if f.name == reason.feature)
