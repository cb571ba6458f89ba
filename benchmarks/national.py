"""A nation in one file: Parquet → PD and five reasons → Parquet, beside pandas with shap, each in a process of its own.

python benchmarks/national.py [--rows 520000]

Random rows of 45 declared features, 500 trees of depth 3 and of the shipped depth, 4; what is measured is time and
memory, nothing is said about any firm. The peer reads with pandas, predicts with LightGBM, explains with
shap.TreeExplainer (path-dependent, the mode that ends within the hour), ranks, and writes with pandas; ours validates
every row, compares with 10,000 reference rows, and gives grade, score and integer points beside. Both use both cores.
Seconds are from before reading to after writing, without the imports.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

__all__ = ["run", "table"]

_REASONS = 5
_DEPTHS = (3, 4)
_CHUNK = 65_000
_FEATURES = 45
_NAMES = [f"extra.f{i:02d}" for i in range(_FEATURES)]
_CALIBRATION = (1.02, 0.03)


def prepare(folder: Path, rows: int, depth: int) -> None:
    """Write the rows and the model of 500 trees, as a bundle and as LightGBM's text."""
    from explain import grow, sample

    from icsml.core.paths import configs_dir
    from icsml.features.encoder import Encoder
    from icsml.model.bundle import BundleParts, write_bundle
    from icsml.model.calibrate import Affine
    from icsml.model.reference import ReferencePopulation
    from icsml.model.scale import load_scale
    from icsml.model.scorer import Scorer
    from icsml.records.extra import ExtraFeature

    booster = grow(num_leaves=2**depth, max_depth=depth, trees=500)
    booster.save_model(folder / "model.txt")
    extras = tuple(
        ExtraFeature.model_validate(
            {"name": f"f{i:02d}", "label": {"en": f"Feature {i}", "zh": f"特征{i}"}, "group": f"group {i % 6}"}
            | {"direction": "free"}
        )
        for i in range(_FEATURES)
    )
    parts = BundleParts(
        name="nation",
        model=Scorer(booster, Encoder((), extras), Affine(*_CALIBRATION)),
        scale=load_scale(configs_dir() / "policy" / "master-scale.yaml"),
        card="For speed only.",
        extras=extras,
        dated=False,
        event="default",
        horizon_months=12,
        reference=ReferencePopulation("training-applicants", sample(10_000, 3)),
    )
    write_bundle(folder / "bundle", parts)
    schema = pa.schema([("enterprise_id", pa.string()), *((name, pa.float64()) for name in _NAMES)])
    with pq.ParquetWriter(folder / "in.parquet", schema) as writer:
        for start in range(0, rows, _CHUNK):
            x = sample(min(_CHUNK, rows - start), 10 + start)
            ids = pa.array([f"E{start + i:07d}" for i in range(len(x))])
            columns = [ids, *(pa.array(column, from_pandas=True) for column in x.T)]
            writer.write_table(pa.table(columns, schema=schema))


def ours(folder: Path) -> None:
    """Score the file as ``icsml score --reasons 5`` does."""
    from icsml.batch.score import score_file
    from icsml.model.bundle import read_bundle

    score_file(read_bundle(folder / "bundle"), folder / "in.parquet", folder / "ours.parquet", reasons=_REASONS)


def peer(folder: Path) -> None:
    """Score the file with pandas and shap."""
    import lightgbm as lgb
    import pandas as pd
    import shap

    booster = lgb.Booster(model_file=folder / "model.txt")
    frame = pd.read_parquet(folder / "in.parquet")
    x = frame[_NAMES].to_numpy()
    slope, intercept = _CALIBRATION
    frame = frame[["enterprise_id"]]
    frame["pd"] = 1 / (1 + np.exp(-(slope * np.asarray(booster.predict(x, raw_score=True)) + intercept)))
    values = shap.TreeExplainer(booster, feature_perturbation="tree_path_dependent").shap_values(x)
    order = np.argsort(-np.abs(values), axis=1)[:, :_REASONS]
    for rank in range(_REASONS):
        frame[f"reason_{rank}"] = np.array(_NAMES)[order[:, rank]]
        frame[f"value_{rank}"] = values[np.arange(len(x)), order[:, rank]]
    frame.to_parquet(folder / "peer.parquet")


def _measured(work: Callable[[Path], None], folder: Path) -> dict[str, float]:
    """Return seconds of a second run over the same file, after a first on a few rows has loaded and compiled."""
    few = folder / "few"
    few.mkdir(exist_ok=True)
    for name in ("bundle", "model.txt"):
        if not (few / name).exists():
            (few / name).symlink_to(folder / name)
    pq.write_table(pq.read_table(folder / "in.parquet").slice(0, 200), few / "in.parquet")
    work(few)
    started = time.perf_counter()
    work(folder)
    taken = time.perf_counter() - started
    return {"seconds": taken, "gibibytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20}


def _apart(side: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--side", side, "--folder", str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def run(rows: int) -> dict[str, Any]:
    """Return seconds and memory of both sides, by depth of the trees."""
    return {"rows": rows, "depths": {str(depth): _both(rows, depth) for depth in _DEPTHS}}


def _both(rows: int, depth: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as scratch:
        prepare(Path(scratch), rows, depth)
        sides: dict[str, Any] = {side: _apart(side, Path(scratch)) for side in ("ours", "peer")}
    return sides | {"times": sides["peer"]["seconds"] / sides["ours"]["seconds"]}


def table(found: dict[str, Any]) -> str:
    """Return the figures as a Markdown table."""
    lines = ["| Trees | Run | Seconds | Peak memory, GiB | Times as fast |", "|---|---|---:|---:|---:|"]
    for depth, sides in found["depths"].items():
        for side, name in (("ours", "icsml score --reasons 5"), ("peer", "pandas + LightGBM + shap")):
            times = f"{sides['times']:.0f}" if side == "ours" else ""
            taken, held = sides[side]["seconds"], sides[side]["gibibytes"]
            lines.append(f"| 500 of depth {depth} | {name} | {taken:.1f} | {held:.2f} | {times} |")
    return "\n".join(lines)


def main() -> int:
    """Run it and print the table and the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=520_000)
    parser.add_argument("--side", choices=("ours", "peer"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.side:
        print(json.dumps(_measured(ours if given.side == "ours" else peer, given.folder)))
        return 0
    results = run(given.rows)
    print(table(results))
    print(json.dumps(results, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
