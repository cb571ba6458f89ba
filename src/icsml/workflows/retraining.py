"""Explanation stability over retrains: train again on other rows with another seed, and compare the reasons.

Each retrain draws whole enterprises from the training rows, with another seed of folds, rounds and sampling, and the
same configuration: with replacement, as many as there are (a bootstrap: what another sample of the same world would
have given; some 63 % of them appear), or a share of them without (what a retrain changes that sees most of the same
enterprises again). Each compares with its own reference population, as its decisions would. The enterprises explained
are the test rows, or where the split is by folds those of the first fold: no model was trained on them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from icsml.core.arrays import Array, Flags, Indices
from icsml.core.progress import Progress, silent
from icsml.core.sampling import sampled_rows
from icsml.explain.stability_results import Resampling, Stability
from icsml.model.bundle import BundleParts
from icsml.model.calibrate import refuse_no_ranking
from icsml.records.columns import take
from icsml.records.dataset import read_dataset
from icsml.workflows.config import TrainingConfig
from icsml.workflows.fit import FittedPair, fit_actions, fit_model, parts
from icsml.workflows.model_comparison import ComparisonOptions, Contradicts, RobustnessOf, compare_explanations
from icsml.workflows.prepare import Prepared, Rows, Split, prepare, ranked_within, split_rows
from icsml.workflows.reference_rows import reference_population

__all__ = ["redrawn", "retrain"]


_SEEDS: Final = 2**31


def retrain(
    data: Path,
    config: TrainingConfig,
    *,
    retrains: int = 5,
    keep: float | None = None,
    rows: int = 2000,
    top: int = 3,
    robustness_of: RobustnessOf | None = None,
    contradicts: Contradicts | None = None,
    progress: Progress = silent,
) -> Stability:
    """Train once as configured and ``retrains`` times on redrawn enterprises, and compare each with the first.

    Parameters
    ----------
    data : Path
        Folder of the data set.
    config : TrainingConfig
        How to train; retrain r has its seed plus r.
    retrains : int
        How many times.
    keep : float, optional
        Share of the enterprises that each retrain sees, drawn without replacement; None draws with replacement.
    rows : int
        Rows to explain at most, drawn from those that no model has seen.
    top : int
        Adverse reasons given of a row.
    robustness_of, contradicts : callable, optional
        What to ask of recourse and of contradicting reasons.
    progress : callable
        Told how far it is.

    Raises
    ------
    InputError
        If the data set cannot be trained on.
    """
    prepared = prepare(read_dataset(data), config, progress)
    trained, unseen = _parted(split_rows(prepared, config.split_seed))
    explained = np.flatnonzero(unseen)
    explained = explained[sampled_rows(len(explained), rows, seed=config.model.seed)]
    columns = take(prepared.columns, explained)
    progress("the base")
    base = _trained(prepared, trained, config, progress)
    others = {}
    for number in range(1, retrains + 1):
        progress(f"retrain {number} of {retrains}")
        seeded = config.with_model(seed=(config.model.seed + number) % _SEEDS)
        train_rows = redrawn(np.flatnonzero(trained), prepared.groups, keep=keep, seed=seeded.model.seed)
        others[f"retrain {number}"] = _trained(prepared, train_rows, seeded, progress)
    progress("what they say, compared")
    meta = prepared.dataset.meta
    return compare_explanations(
        ComparisonOptions(meta.name, meta.synthetic, Resampling(keep), top, robustness_of, contradicts),
        ("base", base),
        others,
        columns,
    )


def redrawn(indices: Indices, groups: Array, *, keep: float | None = None, seed: int) -> Indices:
    """Draw whole groups: with replacement as many as there are, or a share of them without.

    Parameters
    ----------
    indices : ndarray of int of shape (m,)
        Rows to draw from.
    groups : ndarray of shape (n,)
        Group of every row of the data set.
    keep : float, optional
        Share of the groups to draw, one at least, each once; None draws with replacement.
    seed : int
        Of the draw.

    Returns
    -------
    ndarray of int
        Indices, those of a group together, repeated as often as it was drawn.
    """
    # Sorted by group, the indices of group g are order[ends[g] - sizes[g] : ends[g]].
    codes = pd.factorize(groups[indices])[0]
    order = np.argsort(codes, kind="stable")
    sizes = np.bincount(codes)
    ends = np.cumsum(sizes)
    count = len(sizes) if keep is None else max(1, round(keep * len(sizes)))
    chosen = np.sort(np.random.default_rng(seed).choice(len(sizes), count, replace=keep is None))
    within = np.concatenate([order[ends[group] - sizes[group] : ends[group]] for group in chosen])
    repeated: Indices = indices[within]
    return repeated


def _parted(split: Split) -> tuple[Flags, Flags]:
    """Return which rows train and which are explained; of folds the first is explained."""
    if split.folds is None:
        return split.train, split.test
    return split.train & (split.folds != 0), split.folds == 0


def _trained(prepared: Prepared, rows: Rows, config: TrainingConfig, progress: Progress) -> BundleParts:
    """Fit the model alone: its companion explains no row that has an innovation feed."""
    ranked = ranked_within(prepared, rows)
    model = fit_model(ranked, rows, config, ranked.encoder, progress)
    refuse_no_ranking(model.calibration, f"the retrain with seed {config.model.seed}")
    pair = FittedPair(model, None, ())
    reference = reference_population(ranked, rows, pair, config)
    return parts(ranked, pair, config, reference=reference, levers=fit_actions(ranked, rows))
