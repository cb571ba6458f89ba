"""The engine of contributions: built once for a booster and a population, by whichever thread asks first."""

import gc
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import lightgbm as lgb
import numpy as np
import pytest

from icsml.errors import ModelError
from icsml.explain import shap_engine as module
from icsml.explain.shap_engine import contributions, engine
from icsml.model.reference import ReferencePopulation


def grown(seed=0, **params):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(300, 3))
    y = (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(float)
    settings = {"objective": "binary", "verbose": -1, "num_threads": 1, "max_depth": 3} | params
    return lgb.train(settings, lgb.Dataset(X, y, params={"verbose": -1}), num_boost_round=5), X


@pytest.fixture
def counted(monkeypatch):
    """Every build that happens, slowed down so that threads would meet in it."""
    built, real = [], module._built

    def build(*arguments):
        built.append(arguments)
        threading.Event().wait(0.05)
        return real(*arguments)

    monkeypatch.setattr(module, "_built", build)
    return built


def test_threads_that_ask_at_once_get_one_engine(counted):
    booster, _ = grown()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: engine(booster), range(32)))
    assert len(counted) == 1
    assert len({id(each) for each in found}) == 1


def test_each_booster_population_and_choice_of_columns_has_its_own(counted):
    booster, X = grown()
    other, _ = grown(1)
    population = ReferencePopulation("training-applicants", X[:50])
    wide = ReferencePopulation("training-applicants", np.column_stack([X[:50], X[:50, 0]]))
    asked = [(booster, None, None), (booster, population, None), (other, population, None)]
    asked += [(booster, wide, (1, 2, 3)), (booster, wide, (0, 2, 3))]
    found = [engine(*each) for each in asked]
    assert [engine(*each) for each in asked] == found
    assert len(counted) == 5
    same = ReferencePopulation("training-applicants", X[:50].copy())
    assert engine(booster, same) is found[1]


def test_an_engine_goes_with_its_booster():
    booster, _ = grown()
    engine(booster)
    gone = weakref.ref(booster)
    del booster
    gc.collect()
    assert gone() is None


def test_trees_that_are_not_supported_are_refused_unless_pred_contrib_is_asked_for():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.integers(0, 6, 400).astype(float), rng.normal(size=400)])
    y = (np.isin(X[:, 0], [1, 4]) ^ (X[:, 1] > 1)).astype(float)
    data = lgb.Dataset(X, y, categorical_feature=[0], params={"verbose": -1})
    booster = lgb.train({"objective": "binary", "verbose": -1, "num_threads": 1}, data, num_boost_round=3)
    with pytest.raises(ModelError):
        contributions(booster, X)
    whole, margins = contributions(booster, X, explainer="pred_contrib")
    np.testing.assert_allclose(whole.sum(axis=1), booster.predict(X, raw_score=True), atol=1e-9)
    np.testing.assert_array_equal(margins, booster.predict(X, raw_score=True))


def test_the_engine_is_loaded_by_the_first_reason_and_not_before():
    import subprocess

    code = "import icsml, sys; icsml.decide, icsml.assess; print('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "False\n"
