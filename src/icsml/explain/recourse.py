"""Recourse: the smallest effort within a year that the model would answer with a better grade, or a lower PD.

Candidates are rows of one record after a lever or two have moved; all are scored by the code that decides, and what is
proposed is scored once more, alone. Nothing here is causal: it says what the model would answer to another record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icsml.explain.moves import apply_steps, feasible, most_steps
from icsml.innovation.points import Points
from icsml.model.levers import Lever, Levers
from icsml.records.columns import Columns, take

__all__ = ["Found", "Move", "NoRecourse", "Proposal", "Rescore", "Scored", "find_recourse"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Scored:
    """What the model answers to n records.

    Parameters
    ----------
    pd, score : ndarray of shape (n,)
        PD and score on the master scale.
    grade : ndarray of object of shape (n,)
        Grade, or None where the master scale does not apply.
    place : ndarray of int of shape (n,)
        Place of the grade in the scale, the best is 0; all equal where there is none.
    points : Points
        By the bundle's rulebook.
    out_of_range : dict of str to ndarray of bool of shape (n,)
        What screening reported.
    """

    pd: Floats
    score: Ints
    grade: NDArray[Any]
    place: Ints
    points: Points
    out_of_range: dict[str, Flags]


Rescore = Callable[[Columns], Scored]
"""Scores records as the deciding code does; a row has the same bits alone and among others."""


class NoRecourse:
    """Why there is no proposal."""

    NO_LEVERS = "no_levers"
    """the bundle holds no levers"""
    NO_LEVER = "no_lever"
    """no lever has its field on file and a yearly change of its peers to go by"""
    NO_STEP = "no_step"
    """no step stays within its peers' yearly change, within cash on file and within bounds"""
    NO_EFFECT = "no_effect"
    """no step would be answered with enough points of score, that more of the same would not undo"""


@dataclass(frozen=True, slots=True)
class Move:
    """One lever of a proposal: its step, and the peers' yearly change of its field, both in its unit."""

    lever: Lever
    step: float
    most: float

    @property
    def effort(self) -> float:
        """The step in units of the peers' yearly change."""
        return self.step / self.most


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change of the record and what the model would answer, at position ``row`` of ``scored``.

    Parameters
    ----------
    moves : tuple of Move
        One or two.
    columns : Columns
        The whole changed record, arrays of length 1.
    scored : Scored
        What the model answers to it, alone; one row.
    verified : bool
        Whether that is to the last bit what it answered among the other candidates.
    """

    moves: tuple[Move, ...]
    columns: Columns
    scored: Scored
    verified: bool

    @property
    def effort(self) -> float:
        """The steps together, in units of the peers' yearly changes."""
        return sum(move.effort for move in self.moves)


@dataclass(frozen=True, slots=True)
class Found:
    """Proposals, the best first; where there are none, ``reason`` is one of :class:`NoRecourse`."""

    proposals: tuple[Proposal, ...]
    reason: str | None


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Feasible changes of one record: m rows of steps over all levers, the changed records and their answers."""

    levers: tuple[Lever, ...]
    steps: Floats
    columns: Columns
    scored: Scored
    effort: Floats


def find_recourse(known: Levers, columns: Columns, before: Scored, rescore: Rescore) -> Found:
    """Return at most ``known.policy.most`` proposals for one record.

    Single levers first, then pairs. Where a better grade can be reached the smallest effort that reaches it comes
    first, else the largest fall of the PD within a year's steps. No two proposals have the same levers, and a pair is
    not proposed after one of its levers alone.

    Parameters
    ----------
    known : Levers
        Levers and limits of the bundle.
    columns : Columns
        The record, screened, arrays of length 1.
    before : Scored
        What the model answered to it.
    rescore : callable
        Scores changed records.
    """
    offered = _offered(known, columns)
    if not offered:
        return Found((), NoRecourse.NO_LEVER)
    most = most_steps(known, columns)
    batches = (_singles(offered, most), _pairs(offered, most, known.policy.pair_grid))
    tried = [_try(known, columns, offered, steps, most, rescore) for steps in batches]
    candidates = [each for each in tried if each is not None]
    if not candidates:
        return Found((), NoRecourse.NO_STEP)
    best = _best(candidates, before, known.policy.most, known.policy.least_points)
    if not best:
        return Found((), NoRecourse.NO_EFFECT)
    return Found(tuple(_proposal(batch, row, most, rescore) for batch, row in best), None)


def _offered(known: Levers, columns: Columns) -> tuple[Lever, ...]:
    most = most_steps(known, columns)
    return tuple(
        lever
        for lever in known.policy.levers
        if most.get(lever.field, 0.0) >= lever.round_to and not np.isnan(columns[lever.field][0])
    )


def _grid(lever: Lever, most: float, shares: Sequence[float]) -> list[float]:
    """Return the steps of a lever, whole multiples of its rounding, each once and none of them zero."""
    steps = {float(np.floor(share * most / lever.round_to) * lever.round_to) for share in shares}
    return sorted(steps - {0.0})


def _singles(levers: Sequence[Lever], most: dict[str, float]) -> Floats:
    rows = [
        _row(len(levers), {place: step})
        for place, lever in enumerate(levers)
        for step in _grid(lever, most[lever.field], lever.grid)
    ]
    return np.array(rows)


def _pairs(levers: Sequence[Lever], most: dict[str, float], shares: Sequence[float]) -> Floats:
    grids = [_grid(lever, most[lever.field], shares) for lever in levers]
    rows = [
        _row(len(levers), {first: one, second: other})
        for first, second in combinations(range(len(levers)), 2)
        for one in grids[first]
        for other in grids[second]
    ]
    return np.array(rows) if rows else np.empty((0, len(levers)))


def _row(width: int, steps: dict[int, float]) -> list[float]:
    return [steps.get(place, 0.0) for place in range(width)]


def _try(
    known: Levers, columns: Columns, levers: tuple[Lever, ...], steps: Floats, most: dict[str, float], rescore: Rescore
) -> _Candidates | None:
    """Score the steps that could be taken; None where none could."""
    after = apply_steps(columns, levers, steps)
    possible = feasible(known, columns, levers, steps, after)
    if not possible.any():
        return None
    changed, taken = take(after, possible), steps[possible]
    effort = (taken / np.array([most[lever.field] for lever in levers])).sum(axis=1)
    return _Candidates(levers, taken, changed, rescore(changed), effort)


def _best(batches: Sequence[_Candidates], before: Scored, most: int, least: int) -> list[tuple[_Candidates, int]]:
    """Return the candidates to propose, the best first, no two with the same levers."""
    helpful = [(batch, row) for batch in batches for row in _helpful(batch, before, least)]
    helpful = [(batch, row) for batch, row in helpful if _adds(batch, row, batches[0])]
    graded = [(batch, row) for batch, row in helpful if batch.scored.place[row] < before.place[0]]
    chosen: list[tuple[_Candidates, int]] = []
    seen: list[frozenset[int]] = []
    for batch, row in sorted(graded or helpful, key=_by_effort if graded else _by_pd):
        own = _levers(batch, row)
        if len(chosen) < most and not any(earlier <= own for earlier in seen):
            chosen.append((batch, row))
            seen.append(own)
    return chosen


def _helpful(batch: _Candidates, before: Scored, least: int) -> Iterator[int]:
    """Yield the rows that gain ``least`` points of score with nothing newly out of range, and that more would not undo.

    The rulebook's innovation points must not fall, and must rise where more is sold: else it would be growth alone.
    """
    scored = batch.scored
    innovation, base = scored.points.innovation_score, before.points.innovation_score[0]
    sells = np.array([lever.account == "sales" for lever in batch.levers])
    sold = (batch.steps[:, sells] > 0.0).any(axis=1)
    fine = (scored.pd < before.pd[0]) & (scored.score >= before.score[0] + least)
    fine &= ~(innovation < base) & (~sold | (innovation > base))
    for name, flags in scored.out_of_range.items():
        if not (name in before.out_of_range and before.out_of_range[name][0]):
            fine &= ~flags
    return (row for row in map(int, np.flatnonzero(fine)) if _lasts(batch.steps, row, fine))


def _lasts(steps: Floats, row: int, fine: Flags) -> bool:
    """Tell whether every possible step at least as large, by the same levers, is as good for something."""
    same = ((steps > 0.0) == (steps[row] > 0.0)).all(axis=1)
    return bool(fine[same & (steps >= steps[row]).all(axis=1)].all())


def _adds(batch: _Candidates, row: int, first: _Candidates) -> bool:
    """Tell whether none of a candidate's levers does as much alone (one of ``first``), for no more effort."""
    rivals = (first.steps > 0.0).sum(axis=1) < len(_levers(batch, row))
    rivals &= ((first.steps == 0.0) | (batch.steps[row] > 0.0)).all(axis=1) & (first.effort <= batch.effort[row])
    return not bool((first.scored.pd[rivals] <= batch.scored.pd[row]).any())


def _levers(batch: _Candidates, row: int) -> frozenset[int]:
    return frozenset(int(place) for place in np.flatnonzero(batch.steps[row]))


def _by_effort(candidate: tuple[_Candidates, int]) -> tuple[float, int, float, list[int]]:
    batch, row = candidate
    return float(batch.effort[row]), len(_levers(batch, row)), float(batch.scored.pd[row]), sorted(_levers(batch, row))


def _by_pd(candidate: tuple[_Candidates, int]) -> tuple[float, float, int, list[int]]:
    batch, row = candidate
    return float(batch.scored.pd[row]), float(batch.effort[row]), len(_levers(batch, row)), sorted(_levers(batch, row))


def _proposal(batch: _Candidates, row: int, most: dict[str, float], rescore: Rescore) -> Proposal:
    """Score the changed record alone, as it would be decided on."""
    alone = take(batch.columns, np.array([row]))
    scored = rescore(alone)
    verified = bool(scored.pd[0] == batch.scored.pd[row] and scored.grade[0] == batch.scored.grade[row])
    moves = tuple(
        Move(batch.levers[place], float(batch.steps[row, place]), most[batch.levers[place].field])
        for place in sorted(_levers(batch, row))
    )
    return Proposal(moves, alone, scored, verified)
