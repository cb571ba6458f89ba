"""Where shap's own interventional values do not add up: rows at the thresholds of the trees.

    python benchmarks/shap_additivity.py [--bundle models/demo --data DIR]

shap's interventional algorithm holds thresholds and leaf values as 32-bit floats, and rows as 64-bit ones. A value that
lies between a threshold and its 32-bit rounding, such as the threshold itself, goes the other way there than in
LightGBM, and the sum is that of another leaf. The last column shows it to be the cause: the same booster with its
thresholds rounded to 32 bits has the sums that shap gives.

Without options on invented rows; with a bundle and a data set on the model's own trees and the first rows of the data.
"""

from __future__ import annotations

import argparse
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import lightgbm as lgb
import numpy as np
import shap
from numpy.typing import NDArray

from icsml.explain.treeshap import TreeShap

__all__ = ["Sums", "at_thresholds", "compare", "invented", "rounded_thresholds"]

Floats = NDArray[np.float64]

_CLOSE: Final = 1e-5
"""Leaf values in 32 bits leave deviations of about 1e-7 in every sum; a wrong leaf leaves far more."""
_ROWS: Final = 300
_REFERENCE: Final = 50


@dataclass(frozen=True, slots=True)
class Sums:
    """Largest deviations of base plus values from LightGBM's margin.

    ``ours`` and ``shap`` are of the two; ``beyond`` counts rows where shap's is beyond what the rounding of leaf values
    explains; ``shap_from_rounded`` is of shap's values from the booster with thresholds in 32 bits.
    """

    rows: int
    ours: float
    shap: float
    beyond: int
    shap_from_rounded: float


def compare(booster: lgb.Booster, rows: Floats, reference: Floats) -> Sums:
    """Return how far sums of values are from the margins.

    Parameters
    ----------
    booster : lightgbm.Booster
        The trees.
    rows : ndarray of shape (n, p)
        Rows without missing values.
    reference : ndarray of shape (m, p)
        Whom they compare with, at most 100 rows: shap cuts more.
    """
    margins = np.asarray(booster.predict(rows, raw_score=True))
    own, _ = TreeShap.from_booster(booster, reference).explain(rows)
    base, values = _shap(booster, rows, reference)
    other = rounded_thresholds(booster)
    # shap's base is LightGBM's own mean margin; what its values split starts from the reference as it reads it.
    start = float(np.asarray(other.predict(reference, raw_score=True)).mean())
    rounded = np.asarray(other.predict(rows, raw_score=True)) - start
    off = np.abs(base + values - margins)
    return Sums(
        len(rows),
        float(np.abs(own.sum(axis=1) - margins).max()),
        float(off.max()),
        int((off > _CLOSE).sum()),
        float(np.abs(values - rounded).max()),
    )


def _shap(booster: lgb.Booster, rows: Floats, reference: Floats) -> tuple[float, Floats]:
    """Return shap's base, and the sum of its values of each row."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        explainer = shap.TreeExplainer(booster, reference, feature_perturbation="interventional")
        values = np.asarray(explainer.shap_values(rows, check_additivity=False))
    return float(np.ravel(explainer.expected_value)[0]), values.sum(axis=1)


def rounded_thresholds(booster: lgb.Booster) -> lgb.Booster:
    """Return the booster with every threshold rounded to a 32-bit float."""

    def rounded(line: re.Match[str]) -> str:
        return "threshold=" + " ".join(repr(float(np.float32(each))) for each in line[1].split())

    text = re.sub(r"^threshold=(.*)$", rounded, booster.model_to_string(), flags=re.MULTILINE)
    return lgb.Booster(model_str=re.sub(r"^tree_sizes=.*\n", "", text, flags=re.MULTILINE))


def at_thresholds(booster: lgb.Booster, rows: Floats) -> Floats:
    """Return the rows with one value each moved to a threshold of a tree for that feature, drawn by a fixed seed."""
    frame = booster.trees_to_dataframe()
    splits = frame[frame["threshold"].notna()]
    names = booster.feature_name()
    random = np.random.default_rng(0)
    moved = rows.copy()
    for row, place in enumerate(random.integers(0, len(splits), len(rows))):
        split = splits.iloc[int(place)]
        moved[row, names.index(split["split_feature"])] = float(split["threshold"])
    return moved


def invented() -> tuple[lgb.Booster, Floats]:
    """Return a booster and its rows; they are of nobody."""
    random = np.random.default_rng(0)
    rows = random.normal(size=(2_000, 6))
    y = (random.random(2_000) < 1.0 / (1.0 + np.exp(-(rows[:, 0] + rows[:, 1])))).astype(np.int64)
    options = {"objective": "binary", "num_leaves": 8, "verbosity": -1, "num_threads": 1, "seed": 0}
    return lgb.train(options, lgb.Dataset(rows, y), 60), rows


def _of_bundle(bundle: Path, data: Path) -> tuple[lgb.Booster, Floats]:
    """Return the booster of a bundle, and rows as it sees them; where a value is missing the median stands."""
    from icsml.decision.assess import assess
    from icsml.model.bundle import read_bundle
    from icsml.records.columns import to_columns
    from icsml.records.dataset import read_dataset

    model = read_bundle(bundle)
    frame = read_dataset(data).enterprises.head(2_000)
    rows = assess(model, to_columns(frame, model.extras), explained=False).features
    known = np.array([np.median(column[~np.isnan(column)]) if (~np.isnan(column)).any() else 0.0 for column in rows.T])
    return model.model.booster, np.where(np.isnan(rows), known, rows)


def main() -> int:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    if (options.bundle is None) != (options.data is None):
        parser.error("give --bundle and --data together, or neither")
    booster, rows = invented() if options.bundle is None else _of_bundle(options.bundle, options.data)
    reference, shown = rows[:_REFERENCE], rows[_REFERENCE : _REFERENCE + _ROWS]
    print("| Rows | Ours from the margin | shap from the margin | Rows off | shap from 32-bit thresholds |")
    print("|---|---:|---:|---:|---:|")
    for name, each in (("as they are", shown), ("one value at a threshold", at_thresholds(booster, shown))):
        found = compare(booster, each, reference)
        print(
            f"| {found.rows} {name} | {found.ours:.1e} | {found.shap:.1e} | {found.beyond} | "
            f"{found.shap_from_rounded:.1e} |"
        )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
