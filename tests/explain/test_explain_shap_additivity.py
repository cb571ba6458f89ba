"""Where shap's interventional values do not sum to LightGBM's margin, and why: the script an auditor runs."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "shap_additivity.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("shap_additivity", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture(scope="module")
def grown(script):
    return script.invented()


def test_rows_away_from_thresholds_add_up_in_both(script, grown):
    booster, rows = grown
    found = script.compare(booster, rows[50:150], rows[:50])
    assert found.ours < 1e-12
    assert found.shap < 1e-6
    assert found.beyond == 0


def test_shap_s_sums_are_those_of_thresholds_in_32_bits(script, grown):
    booster, rows = grown
    found = script.compare(booster, script.at_thresholds(booster, rows[50:150]), rows[:50])
    assert found.ours < 1e-12
    assert found.beyond > 10
    assert found.shap > 0.01
    assert found.shap_from_rounded < 1e-6


def test_rounding_moves_thresholds_and_nothing_else(script, grown):
    booster, _ = grown
    before, after = (each.trees_to_dataframe() for each in (booster, script.rounded_thresholds(booster)))
    splits = before["threshold"].notna()
    np.testing.assert_array_equal(before["value"], after["value"])
    moved = before.loc[splits, "threshold"].to_numpy() != after.loc[splits, "threshold"].to_numpy()
    assert moved.mean() > 0.9
    np.testing.assert_allclose(before.loc[splits, "threshold"], after.loc[splits, "threshold"], rtol=1e-7)
