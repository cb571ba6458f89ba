"""Exact SHAP values, held against LightGBM, against enumeration of all coalitions, and bit against bit."""

import os
import re
import shutil
import subprocess
import sys
import threading
from math import comb
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pytest
import shap
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numba.core.dispatcher import Dispatcher

from icsml import errors
from icsml.core import arrays, compilation
from icsml.core.compilation import compiled
from icsml.errors import InputError, ModelError
from icsml.explain import treeshap
from icsml.explain.treeshap import TreeShap
from icsml.explain.treeshap.engines import TableEngine, WalkEngine
from icsml.explain.treeshap.forest import read_forest
from icsml.explain.treeshap.table_kernels import explain_rows
from icsml.explain.treeshap.threshold_ranks import Ranks
from icsml.model import trees

EXACT = {"rtol": 0, "atol": 1e-10}
SPECIAL = (0.0, -0.0, 5e-324, -5e-324, 1e-310, 1e308, -1e308, np.inf, -np.inf, np.nan)
slow = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def grow(seed, *, n=300, p=5, trees=10, **params):
    """Return a booster and the rows it was grown on: some values missing, the last column of three or more constant."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p)).round(2)
    x[rng.random((n, p)) < 0.1] = np.nan
    if p > 2:
        x[:, p - 1] = 1.0
    filled = np.nan_to_num(x)
    signal = filled[:, 0] + np.abs(filled[:, p // 2]) * filled[:, 0] + filled.sum(axis=1) + rng.normal(size=n)
    defaults = {"objective": "binary", "min_data_in_leaf": 2, "min_sum_hessian_in_leaf": 1e-6, "num_leaves": 2**12}
    defaults |= {"verbosity": -1, "num_threads": 1, "deterministic": True, "seed": seed, "learning_rate": 0.3}
    labels = (signal > np.median(signal)).astype(float)
    return lgb.train(defaults | params, lgb.Dataset(x, labels), trees), x


def rows_around(booster, seed, n=40):
    """Return rows of thresholds, their neighbours, missing, tiny and infinite values."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, booster.num_feature()))
    forest = read_forest(booster)
    for feature in range(forest.n_features):
        values = np.concatenate([[0.0], *(tree.threshold[tree.feature == feature] for tree in forest.trees)])
        pool = np.concatenate([values, np.nextafter(values, np.inf), np.nextafter(values, -np.inf), SPECIAL])
        x[:, feature] = np.where(rng.random(n) < 0.7, rng.choice(pool, n), x[:, feature])
    return x


def enumerated(booster, x, reference):
    """Return interventional Shapley values from their definition: all coalitions, against every reference row."""
    n, p = x.shape
    masks = np.arange(1 << p)
    worth = np.empty((1 << p, n))
    for mask in masks:
        mixed = np.where((mask >> np.arange(p)) & 1 == 1, x[:, None, :], reference[None, :, :])
        worth[mask] = booster.predict(mixed.reshape(-1, p), raw_score=True, num_threads=1).reshape(n, -1).mean(axis=1)
    values = np.empty((n, p + 1))
    for feature in range(p):
        without = masks[(masks >> feature) & 1 == 0]
        weight = np.array([1.0 / (p * comb(p - 1, int(mask).bit_count())) for mask in without])
        values[:, feature] = weight @ (worth[without | 1 << feature] - worth[without])
    values[:, p] = worth[0]
    return values


@st.composite
def boosters(draw, most_depth=12, most_features=8, most_trees=30):
    """Draw a booster: depths 1 to 12, both ways to treat a missing value, few and many bins, trees of a single leaf."""
    params = {
        "max_depth": draw(st.integers(1, most_depth)),
        "use_missing": draw(st.booleans()),
        "max_bin": draw(st.sampled_from([3, 15, 255])),
        "min_data_in_leaf": draw(st.sampled_from([1, 2, 20, 140])),
        "feature_fraction": draw(st.sampled_from([0.5, 1.0])),
        "extra_trees": draw(st.booleans()),
    }
    rows, features, trees = st.sampled_from([30, 300]), st.integers(1, most_features), st.integers(1, most_trees)
    return grow(draw(st.integers(0, 10**6)), n=draw(rows), p=draw(features), trees=draw(trees), **params)


def raw(booster, x):
    return booster.predict(x, raw_score=True, num_threads=1)


def holds(shap_, booster, x):
    """Hold the laws that need no referee: additivity, the margin's bits, one row like a batch, any thread count."""
    values, margins = shap_.explain(x)
    np.testing.assert_array_equal(margins, raw(booster, x))
    np.testing.assert_array_equal(shap_.margin(x), margins)
    np.testing.assert_allclose(values.sum(axis=1), margins, **EXACT)
    one = np.empty(x.shape[1] + 1)
    for row in range(len(x)):
        assert shap_.explain_row(x[row], one) == margins[row]
        np.testing.assert_array_equal(one, values[row])
        np.testing.assert_array_equal(shap_.contributions(x[row : row + 1])[0], values[row])
    np.testing.assert_array_equal(shap_.contributions(np.tile(x, (5, 1)), threads=3), np.tile(values, (5, 1)))
    return values


@slow
@given(boosters(), st.integers(0, 10**6))
def test_path_dependent_values_are_lightgbm_s_own(grown, seed):
    booster, _ = grown
    x = rows_around(booster, seed)
    values = holds(TreeShap.from_booster(booster), booster, x)
    np.testing.assert_allclose(values, booster.predict(x, pred_contrib=True, num_threads=1), **EXACT)


@slow
@given(boosters(most_depth=6), st.integers(0, 10**6))
def test_tables_and_walks_agree_where_both_can(grown, seed):
    booster, _ = grown
    forest, x = read_forest(booster), rows_around(booster, seed)
    found = []
    for engine in (TableEngine(forest, Ranks(forest), None, 1 << 30), WalkEngine(forest, Ranks(forest))):
        found.append(holds(TreeShap(engine, None), booster, x))
    np.testing.assert_allclose(*found, **EXACT)


@slow
@given(boosters(most_features=6, most_trees=8), st.integers(0, 10**6), st.sampled_from([1, 2, 17]))
def test_interventional_values_are_those_of_all_coalitions(grown, seed, rows):
    booster, grown_on = grown
    x = rows_around(booster, seed, n=6)
    reference = np.vstack([rows_around(booster, seed + 1, n=rows), grown_on[:rows]])
    explainer = TreeShap.from_booster(booster, reference)
    values = holds(explainer, booster, x)
    np.testing.assert_allclose(values, enumerated(booster, x, reference), **EXACT)
    assert explainer.reference_rows == 2 * rows
    assert values[0, -1] == explainer.base


@pytest.mark.parametrize("depth", [9, 12])
def test_interventional_values_of_paths_through_many_features(depth):
    booster, grown_on = grow(3, n=4000, p=12, trees=2, max_depth=depth, num_leaves=40, extra_trees=True, max_bin=63)
    x, reference = rows_around(booster, 4, n=3), grown_on[:5]
    values = holds(TreeShap.from_booster(booster, reference), booster, x)
    np.testing.assert_allclose(values, enumerated(booster, x, reference), **EXACT)


def test_a_reference_row_explains_itself_by_nothing():
    booster, grown_on = grow(1, trees=40, max_depth=4)
    values = TreeShap.from_booster(booster, grown_on[:1]).contributions(grown_on[:1])
    np.testing.assert_allclose(values[0, :-1], 0.0, **EXACT)


def test_shap_s_own_explainer_agrees():
    booster, grown_on = grow(2, trees=40, max_depth=4)
    x = np.nan_to_num(grown_on)[:50]
    reference = x[:20]
    witness = shap.TreeExplainer(booster, reference, feature_perturbation="interventional")
    found = TreeShap.from_booster(booster, reference).contributions(x)
    np.testing.assert_allclose(found[:, :-1], witness.shap_values(x), rtol=0, atol=1e-6)


@pytest.mark.parametrize(("trees", "depth"), [(2000, 3), (150, 12)])
def test_many_trees(trees, depth):
    booster, grown_on = grow(7, n=500, p=8, trees=trees, max_depth=depth, learning_rate=0.01)
    x = np.vstack([rows_around(booster, 1, n=20), grown_on[:20]])
    values = holds(TreeShap.from_booster(booster), booster, x)
    np.testing.assert_allclose(values, booster.predict(x, pred_contrib=True, num_threads=1), **EXACT)


def test_trees_of_one_leaf_give_all_to_the_base():
    booster, x = grow(0, min_data_in_leaf=200)
    for reference in (None, x[:10]):
        values = holds(TreeShap.from_booster(booster, reference), booster, x[:5])
        assert (values[:, :-1] == 0.0).all()


def test_more_thresholds_than_a_byte_can_rank():
    booster, x = grow(5, n=6000, p=2, trees=200, max_depth=3, max_bin=5000, min_data_in_bin=1, extra_trees=True)
    assert max(len(each) for each in Ranks(read_forest(booster)).thresholds) > 256
    values = holds(TreeShap.from_booster(booster), booster, np.vstack([rows_around(booster, 0), x[:40]]))
    assert np.isfinite(values).all()


def test_training_continued_on_rows_with_another_way_to_miss():
    """The first trees read a missing value as zero, the later ones by each split's default side."""
    first, x = grow(6, use_missing=False, trees=10, max_depth=5)
    rng = np.random.default_rng(0)
    labels = (np.nan_to_num(x[:, 1]) + rng.normal(size=len(x)) > 0).astype(float)
    params = {"objective": "binary", "min_data_in_leaf": 2, "max_depth": 5, "verbosity": -1, "num_threads": 1}
    both = lgb.train(params, lgb.Dataset(x, labels), 10, init_model=first)
    rows = rows_around(both, 1)
    reference = rows_around(both, 2, n=4)
    np.testing.assert_allclose(
        holds(TreeShap.from_booster(both), both, rows), both.predict(rows, pred_contrib=True, num_threads=1), **EXACT
    )
    interventional = holds(TreeShap.from_booster(both, reference), both, rows[:6])
    np.testing.assert_allclose(interventional, enumerated(both, rows[:6], reference), **EXACT)


def test_a_split_of_present_against_missing():
    """LightGBM writes an infinite threshold where it matters alone whether there is a value."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(400, 2))
    x[rng.random(400) < 0.5, 0] = np.nan
    labels = (np.isnan(x[:, 0]) ^ (rng.random(400) < 0.1)).astype(float)
    params = {"objective": "binary", "max_depth": 3, "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 2}
    booster = lgb.train(params, lgb.Dataset(x, labels), 10)
    assert np.isinf(read_forest(booster).trees[0].threshold).any()
    rows = np.vstack([rows_around(booster, 0), x[:20]])
    values = holds(TreeShap.from_booster(booster), booster, rows)
    np.testing.assert_allclose(values, booster.predict(rows, pred_contrib=True, num_threads=1), **EXACT)
    against = holds(TreeShap.from_booster(booster, x[:9]), booster, rows)
    np.testing.assert_allclose(against, enumerated(booster, rows, x[:9]), **EXACT)


def test_a_missing_value_read_as_zero_goes_where_zero_goes_at_a_threshold_of_zero():
    """LightGBM moves its thresholds off zero; a model file need not."""
    booster, _ = grow(0, p=1, trees=1, max_depth=1, use_missing=False)
    text = booster.model_to_string()
    line = next(each for each in text.splitlines() if each.startswith("threshold="))
    moved = lgb.Booster(model_str=text.replace(line, "threshold=0".ljust(len(line))))
    holds(TreeShap.from_booster(moved), moved, np.array([[np.nan], [0.0], [-0.0], [1.0], [-1.0]]))


def test_the_best_iteration_is_explained_as_it_is_predicted():
    booster, x = grow(8, trees=20, max_depth=3)
    booster.best_iteration = 7
    values = holds(TreeShap.from_booster(booster), booster, x[:20])
    np.testing.assert_allclose(values, booster.predict(x[:20], pred_contrib=True, num_threads=1), **EXACT)


def test_single_precision_and_columns_first_are_read_as_lightgbm_reads_them():
    booster, x = grow(9, max_depth=4)
    explainer = TreeShap.from_booster(booster)
    for rows in (x.astype(np.float32), np.asfortranarray(x), x[::2], x.tolist()):
        np.testing.assert_array_equal(explainer.margin(rows), raw(booster, np.asarray(rows, dtype=float)))


def test_rows_that_may_not_be_written_to_are_not_compiled_for_anew():
    """Pandas hands out such arrays; another signature would cost the first request ten seconds."""
    booster, x = grow(9, max_depth=4)
    explainer = TreeShap.from_booster(booster, x)
    expected, known = explainer.contributions(x), len(explain_rows.signatures)
    frozen = x.copy()
    frozen.flags.writeable = False
    np.testing.assert_array_equal(explainer.contributions(frozen), expected)
    assert len(explain_rows.signatures) == known


def test_no_rows_give_no_values():
    booster, x = grow(0)
    values, margins = TreeShap.from_booster(booster).explain(x[:0])
    assert values.shape == (0, 6)
    assert margins.shape == (0,)


def test_many_threads_may_use_one_explainer():
    booster, x = grow(10, trees=800, max_depth=5, learning_rate=0.02)  # long enough a row for threads to overlap
    explainer = TreeShap.from_booster(booster, x[:50])
    expected = explainer.contributions(x)
    wrong = []

    def explain():
        out = np.empty(6)
        for row in range(len(x)):
            explainer.explain_row(x[row], out)
            if not (out == expected[row]).all():
                wrong.append(row)

    threads = [threading.Thread(target=explain) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_the_bits_do_not_depend_on_the_vectors_of_the_machine(tmp_path):
    """Compiled for a processor without AVX-512, the same code gives the same bits."""
    booster, x = grow(11, trees=30, max_depth=6)
    booster.save_model(tmp_path / "model.txt")
    np.save(tmp_path / "x.npy", x)
    script = (
        "import sys, lightgbm, numpy; from icsml.explain.treeshap import TreeShap\n"
        "booster, x = lightgbm.Booster(model_file=sys.argv[1]), numpy.load(sys.argv[2])\n"
        "for i, reference in enumerate((None, x[:30])):\n"
        "    numpy.save(f'{sys.argv[3]}{i}.npy', TreeShap.from_booster(booster, reference).contributions(x))\n"
    )
    paths = [str(tmp_path / name) for name in ("model.txt", "x.npy", "out")]
    plain = {"NUMBA_CPU_NAME": "x86-64-v2", "NUMBA_CPU_FEATURES": "", "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
    subprocess.run([sys.executable, "-c", script, *paths], env=os.environ | plain, check=True)
    for i, reference in enumerate((None, x[:30])):
        expected = TreeShap.from_booster(booster, reference).contributions(x)
        np.testing.assert_array_equal(np.load(tmp_path / f"out{i}.npy"), expected)


def test_code_compiled_from_other_sources_is_not_used(tmp_path):
    """What a compiled function calls is compiled into it, so a change there must not leave the old code in use."""
    package = tmp_path / "icsml" / "explain"
    shutil.copytree(Path(treeshap.__file__).parent, package / "treeshap", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("core", "explain", "model", "."):
        (tmp_path / "icsml" / name).mkdir(exist_ok=True)
        (tmp_path / "icsml" / name / "__init__.py").touch()
    shutil.copy(errors.__file__, tmp_path / "icsml")
    for module in (arrays, compilation):
        shutil.copy(module.__file__, tmp_path / "icsml" / "core")
    shutil.copy(trees.__file__, tmp_path / "icsml" / "model")
    booster, _ = grow(0, p=8, trees=5, max_depth=12)
    booster.save_model(tmp_path / "model.txt")
    script = (
        "import sys, lightgbm; from icsml.explain.treeshap import TreeShap\n"
        "explainer = TreeShap.from_booster(lightgbm.Booster(model_file=sys.argv[1]))\n"
        "print(repr(float(explainer.margin([[0.0] * 8])[0])))\n"
    )

    def margin_at_zero():
        command = [sys.executable, "-c", script, str(tmp_path / "model.txt")]
        environment = os.environ | {"PYTHONPATH": str(tmp_path), "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
        return float(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)

    assert margin_at_zero() == raw(booster, np.zeros((1, 8)))[0]
    kernels = package / "treeshap" / "table_kernels.py"
    text = kernels.read_text("utf-8")
    kernels.write_text(text.replace("return 0.0 if abs(value)", "return 9.0 if abs(value)"), "utf-8")
    assert margin_at_zero() == raw(booster, np.full((1, 8), 9.0))[0] != raw(booster, np.zeros((1, 8)))[0]


def test_without_a_place_for_compiled_code_it_is_compiled_anew(monkeypatch):
    def nowhere(_):
        raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr(Dispatcher, "enable_caching", nowhere)
    double = compiled(lambda value: 2 * value)
    assert double(21) == 42


def refused(booster, code, match, **settings_):
    with pytest.raises(ModelError, match=match) as raised:
        TreeShap.from_booster(booster, **settings_)
    assert (raised.value.code, raised.value.field) == (code, "trees")


def test_what_cannot_be_explained_exactly_is_refused():
    rng = np.random.default_rng(0)
    x, y = np.abs(rng.normal(size=(300, 3))), rng.integers(0, 3, 300).astype(float)
    plain = {"verbosity": -1, "num_threads": 1, "min_data_in_leaf": 2}
    x[:, 2] = rng.integers(0, 5, 300)

    def train(labels, categorical="auto", **params):
        data = lgb.Dataset(x.copy(), labels, categorical_feature=categorical, params=params)
        return lgb.train(plain | params, data, 3)

    refused(train(y, objective="multiclass", num_class=3), "ICS-EXP-001", "more than one output")
    refused(train(y % 2, categorical=[2], min_data_per_group=1, cat_smooth=0.1), "ICS-EXP-001", "categorical")
    x[:100, :2] = 0.0
    refused(train(y, zero_as_missing=True), "ICS-EXP-001", "zero as missing")
    refused(train(x[:, 0], linear_tree=True), "ICS-EXP-001", "linear leaves")
    forest = {"boosting": "rf", "bagging_fraction": 0.5, "bagging_freq": 1, "objective": "binary"}
    refused(train(y % 2, **forest), "ICS-EXP-001", "averages")


def test_a_branch_without_cover_is_refused():
    booster, _ = grow(0, trees=1, max_depth=2)
    text = booster.model_to_string()
    before = next(line for line in text.splitlines() if line.startswith("leaf_count="))
    tampered = text.replace(before, "leaf_count=0 " + before.split("=")[1].split(" ", 1)[1])
    refused(lgb.Booster(model_str=tampered), "ICS-EXP-001", "no training row took")


def test_a_path_too_long_to_be_walked_is_refused(monkeypatch):
    booster, _ = grow(0, trees=1, max_depth=5)
    monkeypatch.setattr("icsml.explain.treeshap.forest._LONGEST", 4)
    refused(booster, "ICS-EXP-003", "more than 4 splits")


def test_a_row_that_compiled_code_would_overrun_is_refused():
    booster, x = grow(0)
    explainer = TreeShap.from_booster(booster)
    row, out = x[0].copy(), np.empty(6)
    frozen = row.copy()
    frozen.flags.writeable = False
    for bad, field in (((row[:2], out), "x"), ((row, out[:2]), "out"), ((x[:, 0], out), "x"), ((frozen, out), "x")):
        with pytest.raises(InputError) as raised:
            explainer.explain_row(*bad)
        assert (raised.value.code, raised.value.field) == ("ICS-EXP-004", field)
    with pytest.raises(InputError):
        explainer.explain_row(row.astype(np.float32), out)


def test_memory_and_paths_are_bounded():
    booster, x = grow(12, trees=20, max_depth=4)
    refused(booster, "ICS-EXP-003", "bytes", most_bytes=1000)
    refused(booster, "ICS-EXP-003", "bytes", reference=x, most_bytes=1000)
    assert TreeShap.from_booster(booster).table_bytes <= 1 << 30
    deep, x = grow(3, n=6000, p=30, trees=1, max_depth=-1, extra_trees=True, max_bin=3)
    refused(deep, "ICS-EXP-003", "against a reference", reference=x[:5])
    np.testing.assert_allclose(
        TreeShap.from_booster(deep).contributions(x[:30]), deep.predict(x[:30], pred_contrib=True), **EXACT
    )


def test_rows_of_another_shape_are_refused():
    booster, x = grow(0)
    explainer = TreeShap.from_booster(booster)
    for rows in (x[:, :3], x[0]):
        with pytest.raises(InputError) as raised:
            explainer.margin(rows)
        assert (raised.value.code, raised.value.field) == ("ICS-EXP-004", "x")
    for reference in (x[:0], x[:, :2]):
        with pytest.raises(InputError) as raised:
            TreeShap.from_booster(booster, reference)
        assert (raised.value.code, raised.value.field) == ("ICS-EXP-004", "reference")


def test_others_import_the_package_by_its_front_door():
    package = Path(treeshap.__file__).parent
    inside = {
        path.relative_to(package.parents[1])
        for path in package.parents[1].rglob("*.py")
        if re.search(r"icsml\.explain\.treeshap\.\w", path.read_text("utf-8"))
    }
    assert {path.parts[:2] for path in inside} == {("explain", "treeshap")}
