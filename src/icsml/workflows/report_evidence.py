"""Figures for a validator: use of each row in training, outcomes by grade, variables by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import lightgbm as lgb
import numpy as np
import pandas as pd

from icsml.core.arrays import Array, Dates, Flags, Floats, Indices, Int8s
from icsml.core.canonical import digest
from icsml.errors import InputError
from icsml.model.bundle import Bundle, scorers
from icsml.model.scale import MasterScale
from icsml.portfolio.splits import DEFAULT_EMBARGO_MONTHS, out_of_time
from icsml.records.dataset import Dataset, FoldSplit, OutOfTimeSplit
from icsml.reports.report_facts import PD_BANDS
from icsml.reports.validation_figures import (
    EMBARGO,
    OTHER,
    TESTED,
    TRAINED,
    UNLABELLED,
    Band,
    Bands,
    Gain,
    Make,
    Outcomes,
    Part,
    SampleFigures,
    Variable,
)
from icsml.validation.auc_difference import auc_difference
from icsml.validation.information_value import information_value

__all__ = [
    "ASSUMED_SCALE",
    "bands",
    "gain",
    "labels",
    "makes",
    "rows_of_value",
    "sample_figures",
    "training_figures",
    "usage",
    "variables",
]

Usage = Int8s
Relation = Literal["same", "other", "unknown", "unrecorded"]

ASSUMED_SCALE: Final = "32ab5a89abb1235ba0284c882c25555b2c6f49bb81152e76df0df8b3a6b59df1"
"""Digest of the master scale that icsml ships as an assumption; any other scale was declared by whoever trained."""

_MOST_OF_A_CLASS: Final = 10_000
_SEED: Final = 0
_TOGETHER: Final = 30
"""Rows on which both of two variables must be known before a correlation is reported."""
_PARTS: Final = {"train": TRAINED, "embargo": EMBARGO, "test": TESTED, "unlabelled": UNLABELLED, "other": OTHER}


def labels(dataset: Dataset) -> Floats:
    """Return the outcome of every row, shape (n,): 1 bad, 0 good, NaN not known.

    Raises
    ------
    ValueError
        If there are not as many outcomes as rows.
    """
    if len(dataset.outcomes) != len(dataset.enterprises):
        raise ValueError("as many outcomes as rows are needed: cut both alike")
    return dataset.outcomes["bad"].to_numpy(dtype=np.float64, na_value=np.nan)


def usage(bundle: Bundle, dataset: Dataset) -> tuple[Relation, Usage]:
    """Return whether the data set is the one trained on, and how training used each of its rows, shape (n,).

    The split is made again from what the data set says. Where it does not give the rows and events that the bundle
    says it was trained on, nothing is claimed.
    """
    bad = labels(dataset)
    unknown = np.where(np.isnan(bad), UNLABELLED, OTHER).astype(np.int8)
    trained_on = bundle.training.get("dataset_sha256")
    if trained_on != dataset.digest:
        return ("unrecorded" if trained_on is None else "other"), unknown
    usages = _split_again(bundle, dataset, bad)
    trained = usages == TRAINED
    stated = (bundle.training.get("rows"), bundle.training.get("defaults"))
    if stated != (int(trained.sum()), int(bad[trained].sum())):
        return "unknown", unknown
    return "same", usages


def _split_again(bundle: Bundle, dataset: Dataset, bad: Floats) -> Usage:
    known, split = ~np.isnan(bad), dataset.meta.split
    usages = np.where(known, OTHER, UNLABELLED).astype(np.int8)
    if isinstance(split, FoldSplit):
        usages[known] = TRAINED
    elif isinstance(split, OutOfTimeSplit):
        try:
            parts = out_of_time(_days(dataset)[known], split.test_from, _embargo(bundle, split))
        except InputError:
            return usages
        usages[known] = np.select([parts.train, parts.test], [TRAINED, TESTED], EMBARGO)
    return usages


def _embargo(bundle: Bundle, split: OutOfTimeSplit) -> int:
    return split.embargo_months if split.embargo_months is not None else bundle.horizon_months or DEFAULT_EMBARGO_MONTHS


def _days(dataset: Dataset) -> Dates:
    return pd.to_datetime(dataset.enterprises["as_of"]).to_numpy(dtype="datetime64[D]")


def sample_figures(bundle: Bundle, dataset: Dataset, relation: Relation, used: Usage) -> SampleFigures:
    """Return the development sample and how the rows of a data set relate to it.

    Parameters
    ----------
    bundle : Bundle
        The model.
    dataset : Dataset
        The rows assessed.
    relation, used
        As :func:`usage` returns them.
    """
    meta, training = dataset.meta, bundle.training
    split = meta.split if relation == "same" else None
    timed = split if isinstance(split, OutOfTimeSplit) else None
    folded = split if isinstance(split, FoldSplit) else None
    bad = labels(dataset)
    kind = training.get("split") or (("folds" if folded else "out_of_time") if split else None)
    return SampleFigures(
        relation=relation,
        split=kind,
        test_from=str(timed.test_from) if timed else None,
        embargo_months=_embargo(bundle, timed) if timed else None,
        folds=folded.folds if folded else None,
        seed=_fold_seed(training, folded) if folded else None,
        trained=_trained(training),
        trained_sha256=training.get("dataset_sha256"),
        parts=_parts(dataset, used, bad),
        meaning=meta.outcome.meaning if meta.outcome else None,
        labelled=bool((~np.isnan(bad)).any()),
        exclusions=_exclusions(dataset, used),
    )


def _fold_seed(training: Mapping[str, Any], split: FoldSplit) -> int:
    seed = training.get("configuration", {}).get("split_seed")
    return split.seed if seed is None else int(seed)


def _trained(training: Mapping[str, Any]) -> tuple[str, int, int] | None:
    stated = [training.get(name) for name in ("dataset", "rows", "defaults")]
    return None if None in stated else (str(stated[0]), int(stated[1]), int(stated[2]))  # type: ignore[arg-type]


def _parts(dataset: Dataset, used: Usage, bad: Floats) -> tuple[Part, ...]:
    days = _days(dataset) if dataset.meta.dated and "as_of" in dataset.enterprises else None
    return tuple(_part(name, used == code, bad, days) for name, code in _PARTS.items() if (used == code).any())


def _part(name: str, rows: Flags, bad: Floats, days: Dates | None) -> Part:
    dates = days[rows] if days is not None else np.empty(0, dtype="datetime64[D]")
    dates = dates[~np.isnat(dates)]
    first, last = (str(dates.min()), str(dates.max())) if len(dates) else (None, None)
    return Part(name, int(rows.sum()), None if name == "unlabelled" else int(bad[rows].sum()), first, last)


def _exclusions(dataset: Dataset, used: Usage) -> dict[str, int]:
    meta, read = dataset.meta, dataset.meta.labels
    always = {"refused": meta.refused, "unlabelled": int((used == UNLABELLED).sum())}
    if isinstance(meta.split, OutOfTimeSplit) and (used == TRAINED).any():
        always["embargo"] = int((used == EMBARGO).sum())
    counted = {
        "defaults_refused": read.defaults_refused if read else 0,
        "after_horizon": read.after_horizon if read else 0,
        "good_with_event": read.good_with_event if read else 0,
        "open_horizon": read.open_horizon if read else 0,
        "unreadable": sum(meta.unreadable.values()),
        "out_of_range": sum(meta.out_of_range.values()),
    }
    return always | {name: count for name, count in counted.items() if count}


def training_figures(bundle: Bundle) -> dict[str, float]:
    """Return training's figures on held-out rows; empty where the bundle does not state them."""
    return {name: float(value) for name, value in dict(bundle.training.get("figures") or {}).items()}


def gain(bundle: Bundle, pds: Floats, without: Floats | None, bad: Floats, used: Usage, groups: Array | None) -> Gain:
    """Return what innovation adds to the AUC: as training measured it, else on the rows assessed that it never saw.

    Parameters
    ----------
    bundle : Bundle
        The model.
    pds, without, bad : ndarray of shape (n,)
        PDs of the model and of its companion, and outcomes.
    used : ndarray of shape (n,)
        How training used each row.
    groups : ndarray of shape (n,), optional
        Rows that belong together.
    """
    figures = training_figures(bundle)
    if not bundle.model.encoder.innovative.any():
        return Gain(None, None, None, "no_innovation")
    if "innovation_gain_auc" in figures:
        source = "folds" if bundle.training.get("split") == "folds" else "test"
        added, low, high = (figures[f"innovation_gain_auc{end}"] for end in ("", "_low", "_high"))
        return Gain(added, low, high, source, int(figures["rows"]), int(figures["defaults"]))
    if without is None:
        return Gain(None, None, None, "no_companion")
    test = used == TESTED
    if np.unique(bad[test]).size < 2:
        return Gain(None, None, None, "not_recorded")
    result = auc_difference(bad[test], pds[test], without[test], groups=None if groups is None else groups[test])
    return Gain(result.auc, result.auc_low, result.auc_high, "rows", int(test.sum()), int(bad[test].sum()))


def bands(bundle: Bundle, pds: Floats, bad: Floats, used: Usage) -> Bands:
    """Return outcomes by grade, of rows trained on and of rows not known to be; by bands of PD without grades."""
    scale = bundle.scale
    graded = scale.applies_to(bundle.event, bundle.horizon_months)
    names = [grade.id for grade in scale.grades] if graded else list(PD_BANDS)
    uppers = [grade.upper for grade in scale.grades] if graded else [*list(PD_BANDS.values())[1:], 1.0]
    # The grade's own upper bound is in it; a band begins with its own lower one.
    band_of = np.searchsorted(uppers, pds, side="left" if graded else "right")
    band_of = np.minimum(band_of, len(uppers) - 1)
    known = ~np.isnan(bad)
    trained, other = known & (used == TRAINED), known & np.isin(used, (TESTED, EMBARGO, OTHER))
    lowers = [0.0, *uppers[:-1]]
    by_band = tuple(
        Band(
            name,
            lower,
            upper,
            int((band_of == index).sum()),
            _outcomes(pds, bad, trained & (band_of == index)),
            _outcomes(pds, bad, other & (band_of == index)),
        )
        for index, (name, lower, upper) in enumerate(zip(names, lowers, uppers, strict=True))
    )
    return Bands(
        graded=graded,
        provenance=_provenance(scale),
        scale_event=scale.event,
        scale_months=scale.horizon_months,
        bands=by_band,
        trained=_outcomes(pds, bad, trained),
        held_out=_outcomes(pds, bad, other),
    )


def _outcomes(pds: Floats, bad: Floats, among: Flags) -> Outcomes:
    rows = int(among.sum())
    return Outcomes(rows, int(bad[among].sum()), float(pds[among].mean()) if rows else None)


def _provenance(scale: MasterScale) -> Literal["assumed", "declared"]:
    return "assumed" if digest(scale.model_dump(mode="json")) == ASSUMED_SCALE else "declared"


def makes(bundle: Bundle) -> tuple[Make, ...]:
    """Return how many trees the model and its companion have, how deep, and their calibrations."""
    return tuple(
        Make(
            file,
            scorer.booster.num_trees(),
            _depth(scorer.booster),
            scorer.calibration.slope,
            scorer.calibration.intercept,
        )
        for file, scorer in scorers(bundle).items()
    )


def _depth(booster: lgb.Booster) -> int:
    return max((_deepest(tree["tree_structure"]) for tree in booster.dump_model()["tree_info"]), default=0)


def _deepest(node: Mapping[str, Any]) -> int:
    if "left_child" not in node:
        return 0
    return 1 + max(_deepest(node["left_child"]), _deepest(node["right_child"]))


def rows_of_value(bad: Floats, used: Usage) -> Indices:
    """Return the rows that information values are computed on: those trained on, else those with an outcome.

    At most ten thousand of each class, drawn by a fixed seed: the figure compares shares within the classes, so that
    drawing them apart does not bias it.
    """
    known = ~np.isnan(bad)
    eligible = known & (used == TRAINED) if (used == TRAINED).any() else known
    rng = np.random.default_rng(_SEED)
    by_outcome = [_few(np.flatnonzero(eligible & (bad == outcome)), rng) for outcome in (0.0, 1.0)]
    return np.sort(np.concatenate(by_outcome))


def _few(rows: Indices, rng: np.random.Generator) -> Indices:
    return rows if len(rows) <= _MOST_OF_A_CLASS else rng.choice(rows, _MOST_OF_A_CLASS, replace=False)


def variables(valued: Floats, bad: Floats, sample: Floats) -> tuple[Variable, ...]:
    """Return the figures of each variable by itself.

    Parameters
    ----------
    valued : ndarray of shape (n, p)
        Values of the rows that information values are computed on.
    bad : ndarray of shape (n,)
        Their outcomes.
    sample : ndarray of shape (m, p)
        Values of the rows that correlations are computed on.
    """
    between = _correlations(sample)
    figures = []
    for index in range(sample.shape[1]):
        value = information_value(valued[:, index], bad) if len(bad) else None
        others = between[index]
        partner = None if np.isnan(others).all() else int(np.nanargmax(np.abs(others)))
        figures.append(Variable(value, None if partner is None else float(others[partner]), partner))
    return tuple(figures)


def _correlations(sample: Floats) -> Floats:
    """Return Spearman's correlations of every two variables, NaN with themselves and where too few rows have both."""
    correlations = np.array(pd.DataFrame(sample).corr(method="spearman", min_periods=_TOGETHER), dtype=np.float64)
    np.fill_diagonal(correlations, np.nan)
    return correlations
