"""Columns that know the outcome."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from icsml.portfolio.checks import CheckConfig, check_dataset
from icsml.portfolio.checks.ranking import rank


def bad_of(outcomes: pd.DataFrame) -> Any:
    return outcomes["bad"].eq(1).fillna(False).to_numpy(dtype=bool)


def test_an_auc_by_hand() -> None:
    values = np.array([1.0, 2.0, 2.0, 3.0, np.nan, 9.0])
    bad = np.array([0.0, 0.0, 1.0, 1.0, 1.0, np.nan])
    ranking = rank(values, bad, least=2)
    assert ranking is not None
    assert ranking.auc == (0.5 + 1.0 + 1.0 + 1.0) / 4
    assert (ranking.bads, ranking.goods) == (2, 2)
    turned = rank(-values, bad, least=2)
    assert turned is not None
    assert turned.auc == ranking.auc
    assert rank(values, bad, least=3) is None


def test_a_column_of_one_value_ranks_nothing() -> None:
    ranking = rank(np.ones(40), np.arange(40) % 2 * 1.0, least=10)
    assert ranking is not None
    assert ranking.auc == 0.5


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_feature_that_tells_the_outcome(spoil: Any, config: CheckConfig, sign: float) -> None:
    def write(e: Any, o: Any) -> None:
        drawn = np.random.default_rng(0).random(len(e))
        e["overdue_days_max_24m"] = np.where(bad_of(o), 100.0, 50.0) + sign * 60.0 * (drawn - 0.5)
        e["overdue_days_max_24m"] *= 1.0 if sign > 0 else -1.0

    found = check_dataset(spoil(write), config)
    assert [(finding.id, finding.level) for finding in found] == [("feature_leak", "block")]
    assert "overdue_days_max_24m (AUC 0." in found[0].found


def test_several_features_at_once(spoil: Any, config: CheckConfig) -> None:
    def write(e: Any, o: Any) -> None:
        rng = np.random.default_rng(0)
        for number in range(30):
            e[f"extra.leak{number}"] = bad_of(o) + 0.1 * rng.random(len(e))
            e[f"extra.half{number}"] = 1.9 * bad_of(o) + rng.normal(size=len(e))

    found = {finding.id: finding.found for finding in check_dataset(spoil(write), config)}
    assert set(found) == {"feature_leak", "feature_alone"}
    assert "extra.leak" in found["feature_leak"]
    assert "extra.half" in found["feature_alone"]
    assert "and 22 more: alone each ranks" in found["feature_leak"]


def test_the_known_values_are_judged(spoil: Any, look: Any) -> None:
    def write(e: Any, o: Any) -> None:
        known = bad_of(o) | (np.arange(len(e)) % 50 == 0)
        e["extra.late"] = np.where(known, bad_of(o) + 0.0, np.nan)

    assert look(spoil(write), "feature_leak")


@pytest.mark.parametrize(("bads", "fires"), [(9, False), (10, True)])
def test_the_rows_that_a_leak_needs(make: Any, look: Any, bads: int, fires: bool) -> None:
    bad = np.arange(200) < bads
    outcomes = {"bad": pd.array(bad.astype(int), dtype="Int8")}
    columns = {"extra.x": bad.astype(float)}
    assert bool(look(make(columns, outcomes), "feature_leak")) is fires
    swapped = {"bad": pd.array((~bad).astype(int), dtype="Int8")}
    assert bool(look(make(columns, swapped), "feature_leak")) is fires


@pytest.mark.parametrize(("worse", "check"), [(29, "feature_leak"), (31, "feature_alone")])
def test_where_a_leak_begins(make: Any, look: Any, worse: int, check: str) -> None:
    # Every bad row has the value 1, and so have some good ones less one half: AUC = 1 - worse / 1000.
    values = np.concatenate([np.full(200, 1.0), np.full(worse, 2.0), np.zeros(1000 - worse)])
    outcomes = {"bad": pd.array([1] * 200 + [0] * 1000, dtype="Int8")}
    dataset = make({"extra.x": values, "extra.noise": np.random.default_rng(0).random(1200)}, outcomes)
    found = {name for name in ("feature_leak", "feature_alone") if look(dataset, name)}
    assert found == {check}


def test_a_good_feature_among_good_ones_is_honest(make: Any, look: Any) -> None:
    rng = np.random.default_rng(0)
    bad = np.arange(4000) < 400
    good = {f"extra.x{number}": bad * 1.6 + rng.normal(size=4000) for number in range(5)}
    noise = {f"extra.n{number}": rng.normal(size=4000) for number in range(20)}
    outcomes = {"bad": pd.array(bad.astype(int), dtype="Int8")}
    assert look(make(good, outcomes), "feature_alone") == []
    (found,) = look(make(good | noise, outcomes), "feature_alone")
    assert "extra.x4" in found


def test_the_banks_pd_may_stand_above_single_figures(make: Any, look: Any) -> None:
    rng = np.random.default_rng(0)
    bad = np.arange(4000) < 400
    outcomes = {"bad": pd.array(bad.astype(int), dtype="Int8")}
    noise = {f"extra.n{number}": rng.normal(size=4000) for number in range(20)}
    honest = {"bank_pd": bad * 1.6 + rng.normal(size=4000)}
    tuned = {"bank_pd": bad * 2.4 + rng.normal(size=4000)}
    assert look(make(noise | honest, outcomes), "feature_alone") == []
    assert look(make(noise | tuned, outcomes), "feature_alone")


def test_a_field_filled_for_bad_rows_only(spoil: Any, config: CheckConfig) -> None:
    def write(e: Any, o: Any) -> None:
        e["existing_debt_cny"] = e["existing_debt_cny"].where(bad_of(o))
        e["technical_field"] = e["technical_field"].where(~bad_of(o))

    found = check_dataset(spoil(write), config)
    assert [(finding.id, finding.level) for finding in found] == [("missingness_leak", "block")]
    assert "existing_debt_cny (AUC 1.000)" in found[0].found
    assert "technical_field (AUC 0.9" in found[0].found


def test_gaps_that_say_much(spoil: Any, look: Any) -> None:
    def write(e: Any, o: Any) -> None:
        gap = bad_of(o) & (np.random.default_rng(0).random(len(e)) < 0.75)
        e["credit_inquiries_6m"] = e["credit_inquiries_6m"].where(~gap)

    (found,) = look(spoil(write), "missingness_outcome")
    assert found.startswith("whether a value is missing says much about the outcome in credit_inquiries_6m (AUC 0.9")
    assert look(spoil(write), "missingness_leak") == []


@pytest.mark.parametrize(("gaps", "fires"), [(9, False), (10, True)])
def test_the_gaps_that_are_needed(make: Any, look: Any, gaps: int, fires: bool) -> None:
    bad = np.arange(200) < gaps
    outcomes = {"bad": pd.array((np.arange(200) < 10).astype(int), dtype="Int8")}
    column = np.where(bad, np.nan, np.arange(200.0))
    assert bool(look(make({"extra.x": column}, outcomes), "missingness_leak")) is fires


def test_few_bad_rows_without_gaps_are_chance(make: Any, look: Any) -> None:
    # Ten bad rows, all with the value; half of the good ones have none: the AUC is .75, and says little.
    column = np.where((np.arange(1010) >= 10) & (np.arange(1010) % 2 == 0), np.nan, 1.0)
    outcomes = {"bad": pd.array((np.arange(1010) < 10).astype(int), dtype="Int8")}
    assert look(make({"extra.x": column}, outcomes), "missingness_outcome") == []
