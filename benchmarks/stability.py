"""How far reasons move over retrains, on two real sets and the simulated book, with the shipped defaults.

    python benchmarks/stability.py [--data ../shared/data] [--retrains 5]

Each set is trained once and again five times, the same rows are explained (never trained on), and the top three adverse
reasons compared: on enterprises drawn with replacement, and on nine tenths of them without. Goals: an overlap of .8,
four fifths of recourse answered with a lower PD. The real sets have no identifier, so that a row is an enterprise, and
no innovation data, so that there is no recourse.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from icsml.core.paths import configs_dir
from icsml.core.progress import silent
from icsml.decision.reasons import contradicting_share
from icsml.decision.recourse import robustness_of
from icsml.portfolio.importer import import_dataset
from icsml.portfolio.synthetic import synthesize
from icsml.workflows.config import load_training_config
from icsml.workflows.retraining import retrain

__all__ = ["BOOK", "SETS", "run", "table"]

BOOK = "synthetic book (simulated)"
SETS = ("polish-5year", "taiwan")
_KEPT = {"bootstrap": None, "nine tenths": 0.9}
_ASKED = {"recourse_survival": "low", "recourse_better_grade": "low", "contradictions": "high"}
_LEVELS = {
    "features": "each feature",
    "worded": "correlated merged, by the text given",
    "alike": "correlated merged, whichever leads",
    "groups": "each group",
}


def run_set(data: Path, retrains: int) -> dict[str, Any]:
    """Return the figures of one data set, by how enterprises are drawn."""
    config = load_training_config()
    again = partial(
        retrain, data, config, retrains=retrains, robustness_of=robustness_of, contradicts=contradicting_share
    )
    found = {name: again(keep=keep).model_dump(mode="json") for name, keep in _KEPT.items()}
    for drawn in found.values():
        del drawn["comparisons"]
    return found


def run(
    progress: Callable[[str], None] = silent, *, real: bool = True, retrains: int = 5, enterprises: int = 5000
) -> dict[str, Any]:
    """Return the figures of every set; without ``real`` those of the simulated book alone."""
    results = {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for name in SETS if real else ():
            import_dataset(configs_dir() / "datasets" / f"{name}.yaml", folder / name, progress=silent)
            results[name] = run_set(folder / name, retrains)
            progress(_line(name, results[name]))
        synthesize(enterprises, 11, "small", folder / "book", progress=silent)
        results[BOOK] = run_set(folder / "book", retrains)
        progress(_line(BOOK, results[BOOK]))
    return results


def table(results: dict[str, Any]) -> str:
    """Return the figures as a Markdown table."""
    lines = [
        "| Set | Retrained on | Reasons | Overlap, all rows (lowest) | Overlap, riskiest tenth (lowest) | Sign flips |",
        "|---|---|---|---:|---:|---:|",
    ]
    for name, found in results.items():
        for drawn in _KEPT:
            for level, told in _LEVELS.items():
                spread = {part: found[drawn]["summary"][part][level] for part in ("all", "riskiest")}
                overlap = [f"{each['overlap']['mean']:.2f} ({each['overlap']['low']:.2f})" for each in spread.values()]
                reasons = f"{told} ({found[drawn]['reasons'][level]})"
                flips = f"{spread['all']['sign_flips']['mean']:.1%}"
                lines.append(f"| {name} | {drawn} | {reasons} | {' | '.join(overlap)} | {flips} |")
    return "\n".join([*lines, "", *_asked(results)])


def _asked(results: dict[str, Any]) -> list[str]:
    """Return the table of recourse and of contradictions."""
    lines = [
        "| Set | Retrained on | Recourse answered with a lower PD too (lowest) | Better grades it promised and the "
        "others give too (lowest) | Shown reasons of features without declared direction that contradict the feature's "
        "own effect (highest) |",
        "|---|---|---:|---:|---:|",
    ]
    for name, found in results.items():
        for drawn in _KEPT:
            shares = [_share(found[drawn], *key) for key in _ASKED.items()]
            lines.append(f"| {name} | {drawn} | {' | '.join(shares)} |")
    return lines


def _share(found: dict[str, Any], name: str, worst: str) -> str:
    if name not in found:  # of a run before it was measured
        return "–"
    if found[name] is None:
        return f"none: {found['unknown'][name].replace('_', ' ')}"
    return f"{found[name]['mean']:.1%} ({found[name][worst]:.1%})"


def _line(name: str, found: dict[str, Any]) -> str:
    overlaps = [f"{drawn} {found[drawn]['summary']['all']['alike']['overlap']['mean']:.2f}" for drawn in _KEPT]
    return f"{name}: overlap of the top 3, correlated features merged, whichever leads: {', '.join(overlaps)}"


def main() -> int:
    """Run it and print the table and the JSON; the simulated book alone where the real sets are absent."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--retrains", type=int, default=5)
    options = parser.parse_args()
    real = options.data.is_dir()
    results = run(lambda line: print(line, file=sys.stderr, flush=True), real=real, retrains=options.retrains)
    print(table(results))
    print(json.dumps(results, indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
