"""The certificate says of every tree what trying every row says, and no bundle is written without it."""

from __future__ import annotations

import dataclasses
import itertools
import json
import re
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from icsml.core.canonical import canonical_bytes
from icsml.errors import ModelError
from icsml.model.bundle import certificates, read_bundle, write_bundle
from icsml.model.certificate import Certificate, certify
from icsml.model.classifier import PDClassifier
from icsml.model.manifest import manifest_bytes
from icsml.model.trees import booster_from_text, booster_text

NAMES = ["a", "b", "c"]
JSON = TypeAdapter(Certificate)
HEAD = """tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx={last}
objective=binary sigmoid:1
feature_names={names}
feature_infos={infos}

"""
ZERO = float(np.float32(1e-35))
"""LightGBM reads values up to this size as 0."""
KINDS = {"zero, right": 0, "zero, left": 2, "nan, right": 8, "nan, left": 10}


def made(trees: list[dict[str, list[Any]]], features: int = 3) -> lgb.Booster:
    """Write trees as LightGBM's text, and let LightGBM read them."""
    names = NAMES[:features]
    head = HEAD.format(last=features - 1, names=" ".join(names), infos=" ".join("[-9:9]" for _ in names))
    blocks = []
    for number, tree in enumerate(trees):
        keys = {"num_leaves": [len(tree["leaf_value"])], "num_cat": [0]} | tree | {"is_linear": [0], "shrinkage": [1]}
        lines = [f"{name}={' '.join(map(str, values))}" for name, values in keys.items()]
        blocks.append("\n".join([f"Tree={number}", *lines]))
    return booster_from_text(head + "\n\n\n".join(blocks) + "\n\n\nend of trees\n", "made")


def stump(feature: int, threshold: float, values: tuple[float, float], kind: str = "nan, right") -> dict[str, Any]:
    return {
        "split_feature": [feature],
        "threshold": [threshold],
        "decision_type": [KINDS[kind]],
        "left_child": [-1],
        "right_child": [-2],
        "leaf_value": list(values),
    }


@st.composite
def random_tree(draw: st.DrawFn) -> dict[str, Any]:
    """Split leaf after leaf, also where no value can come: few thresholds, so that paths contradict themselves."""
    names = ("split_feature", "threshold", "decision_type", "left_child", "right_child")
    tree: dict[str, Any] = {name: [] for name in names}
    for node in range(draw(st.integers(1, 6))):
        leaf = draw(st.integers(0, node))
        for side in ("left_child", "right_child"):
            tree[side] = [node if child == ~leaf else child for child in tree[side]]
        tree["split_feature"].append(draw(st.integers(0, 2)))
        tree["threshold"].append(draw(st.sampled_from([-1.0, -ZERO, -1e-36, -0.0, 1e-36, ZERO, 1.0, float("inf")])))
        tree["decision_type"].append(draw(st.sampled_from(sorted(KINDS.values()))))
        tree["left_child"].append(~leaf)
        tree["right_child"].append(~(node + 1))
    leaves = len(tree["threshold"]) + 1
    return tree | {"leaf_value": draw(st.lists(st.integers(-2, 2), min_size=leaves, max_size=leaves))}


def highest(cut: float) -> float:
    """Return the highest value that LightGBM leads to the left of a threshold, as it reads values."""
    if abs(cut) > ZERO:
        return cut
    return 0.0 if cut >= 0 else float(np.nextafter(-ZERO, -np.inf))


def moves_against(booster: lgb.Booster, tree: int, signs: list[int]) -> set[int]:
    """Try every cell of the grid that a tree's thresholds cut: features on which some row moves the wrong way."""
    block = booster_text(booster).split(f"Tree={tree}\n")[1].split("\n\n")[0]
    keys = dict(line.split("=", 1) for line in block.splitlines())
    nodes = list(zip(keys["split_feature"].split(), keys["threshold"].split(), strict=True))
    cuts = [
        [*sorted({highest(float(cut)) for split, cut in nodes if int(split) == feature} | {np.inf}), np.nan]
        for feature in range(len(signs))
    ]
    grid = np.array(list(itertools.product(*cuts)))
    value = booster.predict(grid, raw_score=True, start_iteration=tree, num_iteration=1)
    margins = np.asarray(value).reshape([len(cut) for cut in cuts])
    wrong = set()
    for feature, sign in enumerate(signs):
        present = np.moveaxis(margins, feature, 0)[:-1]
        if sign and (np.diff(present, axis=0) * sign < 0).any():
            wrong.add(feature)
    return wrong


@settings(max_examples=400, deadline=None)
@given(
    trees=st.lists(random_tree(), min_size=1, max_size=3),
    signs=st.lists(st.sampled_from([-1, 0, 1]), min_size=3, max_size=3),
)
def test_the_certificate_says_what_trying_every_row_says(trees: list[dict[str, Any]], signs: list[int]):
    booster = made(trees)
    found = certify(booster, NAMES, signs, described=10_000)
    expected = {(tree, NAMES[f]) for tree in range(len(trees)) for f in moves_against(booster, tree, signs)}
    assert {(violation.tree, violation.feature) for violation in found.violations} == expected
    assert found.holds == (not expected)
    assert sum(proof.violations for proof in found.features) == len(found.violations)


@settings(max_examples=30, deadline=None)
@example(seed=80, bound=False, sign=-1)  # thresholds at the size up to which values are read as 0
@given(seed=st.integers(0, 10_000), bound=st.booleans(), sign=st.sampled_from([-1, 1]))
def test_on_trees_that_lightgbm_grew_too(seed: int, bound: bool, sign: int):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(120, 3)).round(1)
    X[rng.random(120) < 0.2, 1] = np.nan
    y = (rng.random(120) < 1 / (1 + np.exp(-sign * X[:, 0] - np.nan_to_num(X[:, 1]) * X[:, 2]))).astype(float)
    signs = [sign, -1, 0]
    params = {"objective": "binary", "num_leaves": 6, "min_data_in_leaf": 3, "verbosity": -1, "num_threads": 1}
    if bound:
        params |= {"monotone_constraints": signs, "monotone_constraints_method": "basic"}
    booster = lgb.train(params, lgb.Dataset(X, y), num_boost_round=4)
    found = certify(booster, NAMES, signs)
    assert found.holds == (not any(moves_against(booster, tree, signs) for tree in range(booster.num_trees())))
    assert found.holds or not bound


@pytest.mark.parametrize("method", ["basic", "intermediate", "advanced"])
def test_what_lightgbm_grows_by_its_methods(method: str):
    """Where values are missing only `basic` keeps every tree in order; of `advanced` the margin itself is not."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 3))
    X[rng.random(X.shape) < 0.1] = np.nan
    risk = np.nansum(X * [1.0, -1.0, 0.0], axis=1) + np.nan_to_num(X[:, 0] * X[:, 1]) + np.nan_to_num(X[:, 2]) ** 2
    y = (rng.random(3000) < 1 / (1 + np.exp(2 - risk))).astype(float)
    signs = [1, -1, 0]
    params = {"objective": "binary", "num_leaves": 31, "verbosity": -1, "num_threads": 1, "seed": 0}
    params |= {"monotone_constraints": signs, "monotone_constraints_method": method}
    booster = lgb.train(params, lgb.Dataset(X, y), num_boost_round=60)
    steps = []
    for feature, sign in enumerate(signs[:2]):
        rows = np.repeat(X[:300], 41, axis=0)
        rows[:, feature] = np.tile(np.linspace(-3, 3, 41), 300)
        margins = np.asarray(booster.predict(rows, raw_score=True)).reshape(300, 41)
        steps.append((np.diff(margins, axis=1) * sign).min())
    assert certify(booster, NAMES, signs).holds == (method == "basic")
    assert (min(steps) < 0) == (method == "advanced")


def row(violation: Any, side: Any) -> list[float]:
    """Return a row that the violation says is led to one of its leaves."""
    bounds = {bound.feature: bound for bound in (*violation.box, side)}
    at = []
    for name in NAMES:
        bound = bounds.get(name)
        if bound is None:
            at.append(0.0)
        else:
            at.append(highest(bound.up_to) if bound.above < bound.up_to else np.nan)
    return at


@settings(max_examples=200, deadline=None)
@given(trees=st.lists(random_tree(), min_size=1, max_size=2), sign=st.sampled_from([-1, 1]))
def test_a_violation_is_two_rows_that_can_be_shown(trees: list[dict[str, Any]], sign: int):
    booster = made(trees)
    for violation in certify(booster, NAMES, [sign, sign, 0]).violations:
        rows = np.array([row(violation, violation.low), row(violation, violation.high)])
        differs = [a != b and not (np.isnan(a) and np.isnan(b)) for a, b in rows.T]
        assert [name for name, other in zip(NAMES, differs, strict=True) if other] == [violation.feature]
        leaf = booster.predict(rows, pred_leaf=True, start_iteration=violation.tree, num_iteration=1)
        assert tuple(np.asarray(leaf)[:, 0].astype(int)) == violation.leaves
        assert (violation.values[1] - violation.values[0]) * sign < 0


def test_a_classifier_told_of_directions_passes_and_one_that_was_not_fails(small_book):
    X, y = small_book
    names, signs = ["up", "down", "x", "y"], [1, -1, 0, 0]
    bound = certify(PDClassifier(max_rounds=60, monotone=signs).fit(X, y).booster_, names, signs)
    assert bound.holds
    assert [(proof.feature, proof.sign) for proof in bound.features] == [("up", 1), ("down", -1)]
    assert all(proof.pairs > 100 and proof.trees > 10 and proof.violations == 0 for proof in bound.features)
    assert bound.pairs == sum(proof.pairs for proof in bound.features)
    free = certify(PDClassifier(max_rounds=60).fit(X, y).booster_, names, [1, -1, 1, 0], described=5)
    assert not free.holds
    assert len(free.violations) == 5
    assert sum(proof.violations for proof in free.features) > 5


def test_missing_is_a_branch_of_its_own():
    assert certify(made([stump(0, 0.0, (1.0, 2.0), "nan, right")]), NAMES, [1, 0, 0]).pairs == 1
    # Missing alone goes right, to a lower value than any present one.
    apart = certify(made([stump(0, float("inf"), (1.0, -5.0), "nan, right")]), NAMES, [1, 0, 0])
    assert (apart.holds, apart.pairs, apart.features[0].trees) == (True, 0, 1)


def test_boxes_that_meet_in_a_missing_value_alone_are_compared():
    """Leaves 0 and 2 differ on the first feature; on the second they share no present value, only the missing one."""
    tree = {
        "split_feature": [0, 1, 1],
        "threshold": [0.0, 0.0, 0.0],
        "decision_type": [KINDS["nan, right"], KINDS["nan, left"], KINDS["nan, right"]],
        "left_child": [1, -1, -2],
        "right_child": [2, -3, -4],
        "leaf_value": [5.0, 9.0, 0.0, 1.0],
    }
    found = certify(made([tree]), NAMES, [1, 0, 0])
    [violation] = found.violations
    assert (violation.leaves, violation.values) == ((0, 3), (5.0, 1.0))
    [other] = violation.box
    assert other.missing
    assert not other.above < other.up_to


def test_a_tree_in_disorder_does_not_prove_the_sum_is():
    both = [stump(0, 0.0, (1.0, 0.0)), stump(0, 0.0, (0.0, 3.0))]
    booster = made(both)
    assert not certify(booster, NAMES, [1, 0, 0]).holds
    low, high = booster.predict(np.array([[-1.0, 0, 0], [1.0, 0, 0]]), raw_score=True)
    assert low < high


def test_values_that_are_no_numbers_are_in_no_order(small_book):
    text = booster_text(made([stump(0, 0.0, (1.0, 2.0))]))
    nan = booster_from_text(re.sub(r"tree_sizes=.*\n", "", text).replace("leaf_value=1 2", "leaf_value=nan 2"), "made")
    found = certify(nan, NAMES, [1, 0, 0])
    assert not found.holds
    assert json.loads(canonical_bytes(JSON.dump_python(found, mode="json")))["violations"][0]["values"] == [None, 2.0]


def test_a_tree_of_one_leaf_proves_itself():
    X, y = np.zeros((50, 3)), np.r_[np.ones(10), np.zeros(40)]
    booster = lgb.train({"objective": "binary", "verbosity": -1}, lgb.Dataset(X, y), num_boost_round=2)
    found = certify(booster, NAMES, [1, 1, 1])
    assert (found.holds, found.pairs, found.leaves) == (True, 0, found.trees)


def test_what_cannot_be_proved_is_refused():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 5, size=(300, 3)).astype(float)
    y = (X[:, 0] % 2 == 0).astype(float)
    base = {"objective": "binary", "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 5}
    for change, data in (
        ({}, lgb.Dataset(X, y, categorical_feature=[0])),
        ({"zero_as_missing": True}, lgb.Dataset(X, y, params={"zero_as_missing": True})),
        ({"linear_tree": True}, lgb.Dataset(X, y, params={"linear_tree": True})),
    ):
        booster = lgb.train(base | change, data, num_boost_round=2)
        with pytest.raises(ModelError, match="ICS-MOD-031 tree "):
            certify(booster, NAMES, [0, 1, 0])
    with pytest.raises(ModelError, match="ICS-MOD-031 tree 0"):
        certify(made([stump(0, float("-inf"), (1.0, 2.0))]), NAMES, [1, 0, 0])
    with pytest.raises(ModelError, match="ICS-MOD-005"):
        certify(made([stump(0, 0.0, (1.0, 2.0))]), NAMES[:2], [1, 0, 0])


def tampered(booster: lgb.Booster) -> lgb.Booster:
    """Swap the two values of the first leaves in tree 0 that stand in an order."""
    text = re.sub(r"tree_sizes=.*\n", "", booster_text(booster))
    found = re.search(r"leaf_value=(.*)\n", text)
    assert found is not None
    values = found[1].split()
    by_size = sorted(range(len(values)), key=lambda place: float(values[place]))
    values[by_size[0]], values[by_size[-1]] = values[by_size[-1]], values[by_size[0]]
    return booster_from_text(text.replace(found[1], " ".join(values), 1), "model.txt")


@pytest.mark.parametrize("part", ["model", "companion"])
def test_a_bundle_of_tampered_trees_is_not_written(tmp_path: Path, bundle_parts: Any, part: str):
    assert all(certificate.holds and certificate.pairs for certificate in certificates(bundle_parts).values())
    scorer = getattr(bundle_parts, part)
    changed = dataclasses.replace(bundle_parts, **{part: dataclasses.replace(scorer, booster=tampered(scorer.booster))})
    with pytest.raises(ModelError, match="ICS-MOD-030") as caught:
        write_bundle(tmp_path / "refused", changed)
    assert caught.value.field == f"{part}.txt"
    assert "tree 0 moves against" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_the_certificate_of_a_bundle_is_of_its_files_and_can_be_proved_again(tmp_path: Path, bundle_parts: Any):
    bundle = write_bundle(tmp_path / "bundle", bundle_parts)
    found = certificates(bundle)
    listed = json.loads((bundle.folder / "manifest.json").read_bytes())["files"]
    assert {name: certificate.sha256 for name, certificate in found.items()} == {
        name: listed[name] for name in ("model.txt", "companion.txt")
    }
    assert found == certificates(bundle_parts)
    stated = json.loads(canonical_bytes(JSON.dump_python(found["model.txt"], mode="json")))
    assert (stated["holds"], stated["violations"]) == (True, [])
    assert stated["pairs"] == sum(feature["pairs"] for feature in stated["features"])


def test_reading_does_not_prove_but_whoever_asks_is_told(tmp_path: Path, bundle_parts: Any):
    folder = write_bundle(tmp_path / "bundle", bundle_parts).folder
    (folder / "model.txt").write_bytes(booster_text(tampered(bundle_parts.model.booster)).encode())
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "manifest.json"}
    (folder / "manifest.json").write_bytes(manifest_bytes(files))
    found = certificates(read_bundle(folder))
    assert [certificate.holds for certificate in found.values()] == [False, True]
    with pytest.raises(ModelError, match="ICS-MOD-030"):
        write_bundle(tmp_path / "again", read_bundle(folder))
