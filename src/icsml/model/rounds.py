"""Number of trees: early stopping on the log-loss *after* calibration, pooled over held-out rows.

The raw log-loss stops too early: further trees rank better but overstate their confidence, which is exactly what the
calibration repairs. So the folds are grown in lockstep, and at each checkpoint the margins of all held-out rows are
pooled, calibrated by one affine map and judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np

from icsml.core.arrays import Array, Flags, Floats, Indices
from icsml.core.progress import Progress, silent
from icsml.errors import ModelError
from icsml.model.calibrate import Affine, calibrated_loss, fit_affine
from icsml.portfolio.splits import grouped_folds

__all__ = ["FitError", "RoundSearch", "Split", "block_splits", "find_rounds", "fold_splits", "grow"]


class FitError(ModelError, ValueError):
    """Rows, outcomes or settings that cannot make a model; also a ValueError, as scikit-learn expects."""


@dataclass(frozen=True, slots=True)
class Split:
    """Row numbers a booster is trained on, and those it is judged on."""

    train: Indices
    held_out: Indices


@dataclass(frozen=True, slots=True)
class RoundSearch:
    """The result of the search for the number of rounds.

    Parameters
    ----------
    rounds : int
        Boosting rounds with the lowest pooled log-loss after calibration.
    loss : float
        That log-loss, in nats a row.
    calibration : Affine
        The affine map of the held-out margins at these rounds.
    margins : ndarray of shape (n,)
        Held-out margins at these rounds; NaN for a row that is only ever trained on (time blocks).
    curve : tuple of (int, float)
        Rounds and log-loss of every checkpoint.
    """

    rounds: int
    loss: float
    calibration: Affine
    margins: Floats
    curve: tuple[tuple[int, float], ...]


def fold_splits(y: Floats, groups: Array | None, folds: int, seed: int) -> list[Split]:
    """Return stratified folds with every group kept whole.

    There are no more folds than rows or groups of the rarer class allow.

    Parameters
    ----------
    y : ndarray of shape (n,)
        0 or 1.
    groups : ndarray of shape (n,) or None
        Equal values stay together, such as an enterprise's years.
    folds : int
        Wanted number of folds.
    seed : int
        Shuffles them.

    Raises
    ------
    FitError
        ``ICS-MOD-002`` if a class lies within one row or group.
    """
    groups = np.arange(y.size) if groups is None else groups
    distinct = min(np.unique(groups[y == value]).size for value in (0.0, 1.0))
    if distinct < 2:
        raise FitError(
            "ICS-MOD-002",
            "a class has all its rows in one group, so no booster can be judged on rows it has not seen",
            field="y",
            remedy="give at least two rows (or groups) of each class",
        )
    number = grouped_folds(y, groups, min(folds, distinct), seed)
    return _with_both_classes([_split(number != k, number == k) for k in np.unique(number)], y)


def block_splits(y: Floats, blocks: Array) -> list[Split]:
    """Return forward chains over time blocks: trained on all earlier blocks, judged on the next.

    Forward only, because a deployed model always meets a later time than it has seen. The first half of the blocks is
    only ever trained on, so that no booster is judged that has seen less than about half of the time span. Few defaults
    make this a poor calibration for the final booster, which sees twice the rows: on four simulated portfolios the
    log-loss out of time was lower with folds on each (docs/explanation/deviations.md), and folds are the default.

    Parameters
    ----------
    y : ndarray of shape (n,)
        0 or 1.
    blocks : ndarray of shape (n,)
        Block of each row; sorted order is time order.

    Raises
    ------
    FitError
        ``ICS-MOD-002`` if there is only one block, or a class is absent before the first or from all judged ones.
    """
    values = np.unique(blocks)
    if values.size < 2:
        raise FitError("ICS-MOD-002", "needs at least two time blocks", field="blocks", remedy="use folds instead")
    splits = [_split(blocks < value, blocks == value) for value in values[values.size // 2 :]]
    return _with_both_classes(splits, y)


def grow(X: Floats, y: Floats, params: Mapping[str, Any], rounds: int) -> lgb.Booster:
    """Train a booster for a number of rounds, or until no leaf can be split."""
    booster = _start(X, y, params)
    for _ in range(rounds):
        if booster.update():
            break
    return booster.free_dataset()


def find_rounds(
    X: Floats,
    y: Floats,
    splits: Sequence[Split],
    params: Mapping[str, Any],
    *,
    max_rounds: int,
    patience: int,
    check_every: int,
    progress: Progress = silent,
) -> RoundSearch:
    """Grow one booster per split in lockstep and stop on the calibrated, pooled, held-out log-loss.

    The boosters see fewer rows than the final one will, which is trained on all of them for the rounds found here: its
    margins are a little better than those the calibration was fitted on, which errs on the cautious side.

    Parameters
    ----------
    X, y : ndarrays of shape (n, p) and (n,)
        Features and outcomes (0 or 1).
    splits : sequence of Split
        Held-out parts must not overlap.
    params : mapping
        LightGBM parameters; ``num_threads`` among them.
    max_rounds, patience, check_every : int
        Upper limit, rounds without a better log-loss after which to stop, and rounds between two checkpoints.
    progress : callable
        Called with one line at each checkpoint.

    Returns
    -------
    RoundSearch
    """
    threads = int(params["num_threads"])
    folds = [
        _Fold(_start(X[s.train], y[s.train], params), X[s.held_out], np.zeros(s.held_out.size), threads) for s in splits
    ]
    held_out = np.concatenate([split.held_out for split in splits])
    outcome = y[held_out]
    best: tuple[int, float, Affine, Floats] | None = None
    curve: list[tuple[int, float]] = []
    done = 0
    while done < max_rounds and (best is None or done - best[0] < patience) and any(fold.growing for fold in folds):
        step = min(check_every, max_rounds - done)
        for fold in folds:
            fold.advance(step)
        done += step
        pooled = np.concatenate([fold.margin for fold in folds])
        calibration, loss = _judge(pooled, outcome)
        curve.append((done, loss))
        progress(f"rounds {done}: calibrated held-out log-loss {loss:.5f}")
        if best is None or loss < best[1]:
            best = done, loss, calibration, pooled
    assert best is not None  # noqa: S101 - max_rounds >= 1, and a new fold is growing
    margins = np.full(y.size, np.nan)
    margins[held_out] = best[3]
    return RoundSearch(best[0], best[1], best[2], margins, tuple(curve))


@dataclass(slots=True)
class _Fold:
    booster: lgb.Booster
    rows: Floats
    margin: Floats
    threads: int  # predict without it would set the threads of the whole process, and so of the rounds that follow
    growing: bool = True

    def advance(self, step: int) -> None:
        before = self.booster.current_iteration()
        for _ in range(step):
            if not self.growing:
                break
            self.growing = not self.booster.update()
        added = self.booster.current_iteration() - before
        if added and self.rows.shape[0]:
            grown = self.booster.predict(
                self.rows, raw_score=True, start_iteration=before, num_iteration=added, num_threads=self.threads
            )
            self.margin = self.margin + np.asarray(grown)


def _start(X: Floats, y: Floats, params: Mapping[str, Any]) -> lgb.Booster:
    return lgb.Booster(dict(params), lgb.Dataset(X, y, params=dict(params)))


def _judge(pooled: Floats, outcome: Floats) -> tuple[Affine, float]:
    """Judge a margin that ranks the wrong way as one without information, despite its negative slope."""
    calibration = fit_affine(pooled, outcome)
    if calibration.slope > 0:
        return calibration, calibrated_loss(pooled, outcome, calibration)
    flat = fit_affine(np.zeros(outcome.size), outcome)
    return calibration, calibrated_loss(np.zeros(outcome.size), outcome, flat)


def _split(train: Flags, held_out: Flags) -> Split:
    return Split(np.flatnonzero(train), np.flatnonzero(held_out))


def _with_both_classes(splits: list[Split], y: Floats) -> list[Split]:
    trained = all(0.0 < y[split.train].mean() < 1.0 for split in splits)
    if not trained or not 0.0 < y[np.concatenate([split.held_out for split in splits])].mean() < 1.0:
        raise FitError(
            "ICS-MOD-002",
            "a class is absent from a training part, or from all held-out parts",
            field="y",
            remedy="use fewer folds or blocks, or give more rows of the rarer class",
        )
    return splits
