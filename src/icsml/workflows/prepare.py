"""Preparation of a data set for fitting: screened columns, points, encoder, outcomes, split."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from icsml.core.arrays import Array, Flags, Floats, Indices, Ints
from icsml.core.progress import Progress
from icsml.errors import InputError
from icsml.features.encoder import DirectionOverride, Encoder
from icsml.innovation.rulebooks.load import load_rulebook
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.scoring.evaluate import evaluate
from icsml.innovation.scoring.fit_peers import fit_peers
from icsml.model.model_config import ModelConfig
from icsml.portfolio.splits import DEFAULT_EMBARGO_MONTHS, dataset_groups, grouped_folds, out_of_time, time_blocks
from icsml.records.columns import Columns, take, to_columns
from icsml.records.columns import rows as column_rows
from icsml.records.dataset import Dataset, FoldSplit, OutOfTimeSplit
from icsml.records.outcome import OutcomeMeaning
from icsml.records.screening import screen
from icsml.workflows.config import TrainingConfig

__all__ = ["Prepared", "Rows", "Split", "inner_blocks", "prepare", "ranked_within", "split_rows"]

Rows = Flags | Indices
"""Rows of a data set: flags of shape (n,), or indices, which may repeat."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A data set ready to be fitted on.

    Parameters
    ----------
    dataset : Dataset
        Where the rows come from.
    columns : Columns
        Screened rows.
    rulebook : Rulebook, optional
        None where the data set contains no innovation field of the rulebook.
    encoder : Encoder
        Features of the model.
    dropped : list of str
        Canonical features the data set cannot feed.
    X : ndarray of shape (n, p)
        Encoded rows; missing throughout until :func:`ranked_within` where the rulebook ranks among peers.
    y : ndarray of shape (n,)
        1 bad, 0 good, NaN never seen.
    groups : ndarray of shape (n,)
        Rows that belong together.
    """

    dataset: Dataset
    columns: Columns
    rulebook: Rulebook | None
    encoder: Encoder
    dropped: list[str]
    X: Floats
    y: Floats
    groups: Array

    @property
    def labelled(self) -> Flags:
        """Rows whose outcome was seen, shape (n,)."""
        return ~np.isnan(self.y)

    @property
    def meaning(self) -> OutcomeMeaning:
        """Meaning of ``bad``."""
        return self.dataset.meta.outcome or OutcomeMeaning()


@dataclass(frozen=True, slots=True)
class Split:
    """Labelled rows of training and test; ``folds`` is -1 outside the labelled rows, None where out of time."""

    train: Flags
    test: Flags
    dropped: Flags
    folds: Ints | None


def prepare(dataset: Dataset, config: TrainingConfig, progress: Progress) -> Prepared:
    """Screen, score by the rulebook and encode every row of a data set.

    Raises
    ------
    InputError
        If the data set has no labels or no split, or a row is not acceptable.
    """
    meta = dataset.meta
    if meta.outcome is None or meta.split is None:
        raise InputError(
            "ICS-TRN-001",
            "this data set has no labels to train on",
            field="outcome",
            remedy="import it with an `outcome` and a `split` in the mapping",
        )
    progress(f"{meta.name}: {meta.rows:,} rows, {meta.defaults:,} bad")
    columns = screen(to_columns(dataset.enterprises, meta.extra_features), meta.extra_features).columns
    rulebook = _rulebook(dataset, config)
    encoder, dropped = _encoder(dataset, config, rulebook)
    for override in encoder.overrides:
        progress(f"{override.feature} is {override.direction} in this model: {override.reason}")
    progress(f"{len(encoder.features)} features, {len(dropped)} dropped for want of their inputs")
    return Prepared(
        dataset=dataset,
        columns=columns,
        rulebook=rulebook,
        encoder=encoder,
        dropped=dropped,
        X=_encoded(encoder, columns, rulebook),
        y=dataset.outcomes["bad"].to_numpy(dtype=np.float64, na_value=np.nan),
        groups=dataset_groups(dataset.enterprises, grouped=meta.grouped),
    )


def _encoder(dataset: Dataset, config: TrainingConfig, rulebook: Rulebook | None) -> tuple[Encoder, list[str]]:
    meta = dataset.meta
    try:
        return Encoder.fit_catalogue(
            meta.fields,
            meta.extra_features,
            variant=config.variant,
            include=config.include,
            exclude=config.exclude,
            score_inputs=rulebook.innovation_inputs() if rulebook else (),
            overrides=[
                DirectionOverride(feature=name, direction=declared.direction, reason=declared.reason)
                for name, declared in config.directions.items()
            ],
        )
    except InputError as error:
        keys = ("directions",) if error.code in ("ICS-FEA-009", "ICS-FEA-011") else ("include", "exclude", "directions")
        field = _written(config, keys, error.field)
        raise InputError(error.code, error.message, field=field, remedy=error.remedy) from error


def _written(config: TrainingConfig, keys: tuple[str, ...], name: str | None) -> str | None:
    """Return the position of a feature in the configuration, under the first of some keys that names it."""
    for key in keys:
        listed = list(getattr(config, key) or [])
        if name is not None and name in listed:
            by_name = key == "directions"
            return config.where(key, name) if by_name else f"{config.where(key, listed.index(name))}: {name}"
    return name


def ranked_within(prepared: Prepared, rows: Rows) -> Prepared:
    """Return the data set with every row ranked among the given ones: peers come from training rows alone."""
    if prepared.rulebook is None or not prepared.rulebook.ranked:
        return prepared
    tables = fit_peers(
        prepared.rulebook, take(prepared.columns, rows), f"training rows of {prepared.dataset.meta.name}"
    )
    rulebook = prepared.rulebook.with_peers(tables)
    return replace(prepared, rulebook=rulebook, X=_encoded(prepared.encoder, prepared.columns, rulebook))


def _encoded(encoder: Encoder, columns: Columns, rulebook: Rulebook | None) -> Floats:
    if rulebook is not None and rulebook.ranked and rulebook.peer_tables is None:
        return np.full((column_rows(columns), len(encoder.features)), np.nan)
    return encoder.encode(columns, evaluate(rulebook, columns) if rulebook else None)


def split_rows(prepared: Prepared, seed: int | None) -> Split:
    """Split the labelled rows by ``dataset.yaml``; ``seed`` replaces the one stated there for folds."""
    split, labelled = prepared.dataset.meta.split, prepared.labelled
    if isinstance(split, OutOfTimeSplit):
        parts = out_of_time(prepared.columns["as_of"][labelled], split.test_from, _embargo(prepared, split))
        train, test, dropped = (_spread(part, labelled) for part in (parts.train, parts.test, parts.dropped))
        return Split(train, test, dropped, None)
    assert isinstance(split, FoldSplit)  # noqa: S101 - prepare() refused None
    folds = np.full(len(labelled), -1, dtype=np.int64)
    chosen = split.seed if seed is None else seed
    folds[labelled] = grouped_folds(prepared.y[labelled], prepared.groups[labelled], split.folds, chosen)
    return Split(labelled, labelled, np.zeros(len(labelled), dtype=np.bool_), folds)


def _spread(part: Flags, labelled: Flags) -> Flags:
    """Return flags of the labelled rows as flags of all rows."""
    flags = np.zeros(len(labelled), dtype=np.bool_)
    flags[labelled] = part
    return flags


def inner_blocks(prepared: Prepared, rows: Rows, config: ModelConfig) -> Ints | None:
    """Return the time blocks of the training rows where the configuration has them, else None (folds are used).

    Raises
    ------
    InputError
        If time blocks are asked of rows without dates.
    """
    if config.held_out == "folds":
        return None
    if not prepared.dataset.meta.dated:
        raise InputError(
            "ICS-TRN-004",
            "time blocks need decision dates, and this data set has none",
            field="model.held_out",
            remedy="use `held_out: folds`",
        )
    return time_blocks(prepared.columns["as_of"][rows], config.inner_folds)


def _embargo(prepared: Prepared, split: OutOfTimeSplit) -> int:
    if split.embargo_months is not None:
        return split.embargo_months
    return prepared.meaning.horizon_months or DEFAULT_EMBARGO_MONTHS


def _rulebook(dataset: Dataset, config: TrainingConfig) -> Rulebook | None:
    rulebook = load_rulebook(config.rulebook)
    return None if set(rulebook.innovation_inputs()).isdisjoint(dataset.meta.fields) else rulebook
