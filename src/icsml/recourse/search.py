"""Recourse: the smallest effort within a year that the model would answer with a better grade, or a lower PD.

Candidates are rows of one record after a lever or two have moved; all are scored by the code that decides, and what is
proposed is scored once more, alone. Nothing here is causal: it says what the model would answer to another record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from icsml.core.arrays import Flags, Floats, Ints
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.scoring.points import Points
from icsml.records.columns import Columns, take
from icsml.recourse.actionable_fields import Lever, Levers
from icsml.recourse.actions import apply_steps, feasible, most_steps

__all__ = ["Contrary", "Found", "Move", "NoRecourse", "Proposal", "Rescore", "Scored", "find_recourse", "readers"]


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


Contrary = Callable[[Sequence[Lever], Columns], bool]
"""Tells whether levers, of which the changed record is given, go against what the reasons say."""


class NoRecourse(StrEnum):
    """Why there is no proposal."""

    NO_LIMITS = "no_limits"
    """the bundle holds no actionable fields with limits"""
    NO_ACTIONABLE_FIELD = "no_actionable_field"
    """no actionable field is on file with a yearly change of its peers to go by"""
    NO_ACTION = "no_action"
    """no action stays within its peers' yearly change, within cash on file and within bounds"""
    NO_EFFECT = "no_effect"
    """no action gains points and would be answered with enough score, undone by no more of it, contrary to no reason"""


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
    reason: NoRecourse | None


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Feasible changes of one record: m rows of steps over all levers, the changed records and their answers."""

    levers: tuple[Lever, ...]
    steps: Floats
    columns: Columns
    scored: Scored
    effort: Floats


@dataclass(frozen=True, slots=True)
class _Search:
    """What every candidate is held against."""

    known: Levers
    rulebook: Rulebook
    before: Scored
    contrary: Contrary


_Candidate = tuple[_Candidates, int]
"""A row of candidates."""


def find_recourse(
    known: Levers, rulebook: Rulebook, columns: Columns, before: Scored, rescore: Rescore, contrary: Contrary
) -> Found:
    """Return at most ``known.policy.most`` proposals for one record.

    Single levers first, then pairs. Where a better grade can be reached the smallest effort that reaches it comes
    first, else the largest fall of the PD within a year's steps. No two proposals have the same levers, and a pair is
    not proposed after one of its levers alone.

    Parameters
    ----------
    known : Levers
        Levers and limits of the bundle.
    rulebook : Rulebook
        Whose points a proposal must gain.
    columns : Columns
        The record, screened, arrays of length 1.
    before : Scored
        What the model answered to it.
    rescore : callable
        Scores changed records.
    contrary : callable
        Asked of what would be proposed; what goes against the reasons is not.
    """
    offered = _offered(known, columns, before.out_of_range)
    if not offered:
        return Found((), NoRecourse.NO_ACTIONABLE_FIELD)
    most = most_steps(known, columns)
    batches = (_singles(offered, most), _pairs(offered, most, known.policy.pair_grid))
    tried = [_try(known, columns, offered, steps, most, rescore) for steps in batches]
    candidates = [each for each in tried if each is not None]
    if not candidates:
        return Found((), NoRecourse.NO_ACTION)
    best = _best(candidates, _Search(known, rulebook, before, contrary))
    if not best:
        return Found((), NoRecourse.NO_EFFECT)
    return Found(tuple(_proposal(batch, row, most, rescore) for batch, row in best), None)


def _offered(known: Levers, columns: Columns, out_of_range: Mapping[str, Flags]) -> tuple[Lever, ...]:
    """Return the levers whose field is on file, in range and changed by peers: from a wrong value no step leads."""
    most = most_steps(known, columns)
    return tuple(
        lever
        for lever in known.policy.levers
        if most.get(lever.field, 0.0) >= lever.round_to
        and not np.isnan(columns[lever.field][0])
        and not (lever.field in out_of_range and out_of_range[lever.field][0])
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


def _best(batches: Sequence[_Candidates], search: _Search) -> list[_Candidate]:
    """Return the candidates to propose, the best first: with a better grade if any can be reached."""
    helpful = [(batch, row) for batch in batches for row in _helpful(batch, search)]
    helpful = [(batch, row) for batch, row in helpful if _adds(batch, row, batches[0])]
    graded = [(batch, row) for batch, row in helpful if batch.scored.place[row] < search.before.place[0]]
    return _chosen(sorted(graded, key=_by_effort), search) or _chosen(sorted(helpful, key=_by_pd), search)


def _chosen(ranked: Sequence[_Candidate], search: _Search) -> list[_Candidate]:
    """Return the first that no reason speaks against, no two with the same levers."""
    chosen: list[_Candidate] = []
    seen: list[frozenset[int]] = []
    for batch, row in ranked:
        own = _levers(batch, row)
        if len(chosen) == search.known.policy.most:
            break
        if any(earlier <= own for earlier in seen):
            continue
        if not search.contrary([batch.levers[place] for place in sorted(own)], take(batch.columns, np.array([row]))):
            chosen.append((batch, row))
            seen.append(own)
    return chosen


def _helpful(batch: _Candidates, search: _Search) -> Iterator[int]:
    """Yield the rows that gain enough points of score with nothing newly out of range, and that more would not undo.

    A row of the rule of what is moved must gain points, and neither the total nor the innovation points may fall; they
    must rise where more is sold: else it would be growth alone.
    """
    scored, before = batch.scored, search.before
    innovation, base = scored.points.innovation_score, before.points.innovation_score[0]
    sells = np.array([lever.account == "sales" for lever in batch.levers])
    sold = (batch.steps[:, sells] > 0.0).any(axis=1)
    fine = (scored.pd < before.pd[0]) & (scored.score >= before.score[0] + search.known.policy.least_points)
    fine &= ~(innovation < base) & (~sold | (innovation > base))
    fine &= _gains(batch, search) & ~(scored.points.score < before.points.score[0])
    for name, flags in scored.out_of_range.items():
        if not (name in before.out_of_range and before.out_of_range[name][0]):
            fine &= ~flags
    return (row for row in map(int, np.flatnonzero(fine)) if _lasts(batch.steps, row, fine))


def readers(rulebook: Rulebook, field: str) -> list[str]:
    """Return the indicators that read a field, in declared order."""
    return [indicator.id for indicator in rulebook.indicators if field in indicator.fields]


def _gains(batch: _Candidates, search: _Search) -> Flags:
    """Tell which rows gain points by an indicator that reads the field of a lever they move."""
    gains = np.zeros(len(batch.steps), dtype=np.bool_)
    for place, lever in enumerate(batch.levers):
        for name in readers(search.rulebook, lever.field):
            more = batch.scored.points.points[name] > search.before.points.points[name][0]
            gains |= (batch.steps[:, place] > 0.0) & more
    return gains


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


def _by_effort(candidate: _Candidate) -> tuple[float, int, float, list[int]]:
    batch, row = candidate
    return float(batch.effort[row]), len(_levers(batch, row)), float(batch.scored.pd[row]), sorted(_levers(batch, row))


def _by_pd(candidate: _Candidate) -> tuple[float, float, int, list[int]]:
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
