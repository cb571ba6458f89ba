"""Recourse search: the smallest effort within a year for a better grade or a lower PD.

Candidates are rows of one record after one action or two; all are scored by the code that decides, and what is
proposed is scored once more, alone. Nothing here is causal: it is the model's result for another record.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations

import numpy as np

from icsml.core.arrays import Flags, Floats, Ints, Objects
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.scoring.points import Points
from icsml.records.columns import Columns, take
from icsml.recourse.actionable_fields import Action, ActionSet
from icsml.recourse.actions import apply_steps, feasible, step_limits

__all__ = [
    "ActionStep",
    "ContradictsReasons",
    "NoRecourse",
    "Proposal",
    "Rescore",
    "Scored",
    "SearchResult",
    "find_recourse",
    "readers",
]


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of n records.

    Parameters
    ----------
    pd, score : ndarray of shape (n,)
        PD and score on the master scale.
    grade : ndarray of object of shape (n,)
        Grade, or None where the master scale does not apply.
    grade_rank : ndarray of int of shape (n,)
        Index of the grade in the scale, the best is 0; all equal where there is none.
    points : Points
        By the bundle's rulebook.
    out_of_range : dict of str to ndarray of bool of shape (n,)
        What screening reported.
    """

    pd: Floats
    score: Ints
    grade: Objects
    grade_rank: Ints
    points: Points
    out_of_range: dict[str, Flags]


Rescore = Callable[[Columns], Scored]
"""Scores records as the deciding code does; a row has the same bits alone and among others."""


ContradictsReasons = Callable[[Sequence[Action], Columns], bool]
"""Returns whether actions contradict the reasons, given the changed record."""


class NoRecourse(StrEnum):
    """Why there is no proposal."""

    NO_LIMITS = "no_limits"
    """the bundle holds no actionable fields with limits"""
    BETTER_GRADE = "better_grade"
    """the grade is better than those for which recourse is looked for"""
    NO_ACTIONABLE_FIELD = "no_actionable_field"
    """no actionable field is on file with a limit fitted on its peers"""
    NO_ACTION = "no_action"
    """no action stays within its peers' yearly change, within cash on file and within bounds"""
    NO_EFFECT = "no_effect"
    """no action raises points and the score enough without losing either at a larger step or contradicting a reason"""


@dataclass(frozen=True, slots=True)
class ActionStep:
    """One action of a proposal: its step, and the peers' yearly change of its field, both in its unit."""

    action: Action
    step: float
    most: float

    @property
    def effort(self) -> float:
        """The step in units of the peers' yearly change."""
        return self.step / self.most


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change of the record; its scores are row ``row`` of ``scored``.

    Parameters
    ----------
    steps : tuple of ActionStep
        One or two.
    columns : Columns
        The whole changed record, arrays of length 1.
    scored : Scored
        The model's result for it alone; one row.
    verified : bool
        Whether this result equals the one among the other candidates to the last bit.
    """

    steps: tuple[ActionStep, ...]
    columns: Columns
    scored: Scored
    verified: bool

    @property
    def effort(self) -> float:
        """The steps together, in units of the peers' yearly changes."""
        return sum(step.effort for step in self.steps)


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Proposals, the best first; where there are none, ``reason`` is one of :class:`NoRecourse`."""

    proposals: tuple[Proposal, ...]
    reason: NoRecourse | None


@dataclass(frozen=True, slots=True)
class _Candidates:
    """Feasible changes of one record: m rows of steps over all actions, the changed records and their scores."""

    actions: tuple[Action, ...]
    steps: Floats
    columns: Columns
    scored: Scored
    effort: Floats


@dataclass(frozen=True, slots=True)
class _Search:
    """The record that every candidate is compared with."""

    action_set: ActionSet
    rulebook: Rulebook
    before: Scored
    contradicts: ContradictsReasons


_Candidate = tuple[_Candidates, int]
"""A row of candidates."""


def find_recourse(
    action_set: ActionSet,
    rulebook: Rulebook,
    columns: Columns,
    before: Scored,
    rescore: Rescore,
    contradicts: ContradictsReasons,
) -> SearchResult:
    """Return at most ``action_set.policy.most`` proposals for one record.

    Single actions are tried first, then pairs. If a better grade can be reached, proposals are ordered by smallest
    effort, otherwise by largest fall of the PD. No two proposals have the same actions, and a pair is not proposed
    after one of its actions alone.

    Parameters
    ----------
    action_set : ActionSet
        Actions and limits of the bundle.
    rulebook : Rulebook
        Whose points a proposal must gain.
    columns : Columns
        The record, screened, arrays of length 1.
    before : Scored
        The model's result for the record.
    rescore : callable
        Scores changed records.
    contradicts : callable
        Checks each candidate; one that contradicts the reasons is not proposed.
    """
    offered = _offered(action_set, columns, before.out_of_range)
    if not offered:
        return SearchResult((), NoRecourse.NO_ACTIONABLE_FIELD)
    most = step_limits(action_set, columns)
    batches = (_singles(offered, most), _pairs(offered, most, action_set.policy.pair_grid))
    tried = [_try(action_set, columns, offered, steps, most, rescore) for steps in batches]
    candidates = [batch for batch in tried if batch is not None]
    if not candidates:
        return SearchResult((), NoRecourse.NO_ACTION)
    best = _best(candidates, _Search(action_set, rulebook, before, contradicts))
    if not best:
        return SearchResult((), NoRecourse.NO_EFFECT)
    return SearchResult(tuple(_proposal(batch, row, most, rescore) for batch, row in best), None)


def _offered(action_set: ActionSet, columns: Columns, out_of_range: Mapping[str, Flags]) -> tuple[Action, ...]:
    """Return the actions whose field is present, in range and limited: a wrong value is no basis for a step."""
    most = step_limits(action_set, columns)
    return tuple(
        action
        for action in action_set.policy.levers
        if most.get(action.field, 0.0) >= action.round_to
        and not np.isnan(columns[action.field][0])
        and not (action.field in out_of_range and out_of_range[action.field][0])
    )


def _grid(action: Action, most: float, shares: Sequence[float]) -> list[float]:
    """Return the steps of an action, unique multiples of its rounding other than zero."""
    steps = {float(np.floor(share * most / action.round_to) * action.round_to) for share in shares}
    return sorted(steps - {0.0})


def _singles(actions: Sequence[Action], most: dict[str, float]) -> Floats:
    grids = [_grid(action, most[action.field], action.grid) for action in actions]
    column = np.repeat(np.arange(len(actions)), [len(grid) for grid in grids])
    steps = np.zeros((len(column), len(actions)))
    steps[np.arange(len(column)), column] = np.concatenate(grids) if grids else []
    return steps


def _pairs(actions: Sequence[Action], most: dict[str, float], shares: Sequence[float]) -> Floats:
    grids = [np.array(_grid(action, most[action.field], shares)) for action in actions]
    pairs = list(combinations(range(len(actions)), 2))
    steps = np.zeros((sum(len(grids[first]) * len(grids[second]) for first, second in pairs), len(actions)))
    end = 0
    for first, second in pairs:
        start, end = end, end + len(grids[first]) * len(grids[second])
        steps[start:end, first] = np.repeat(grids[first], len(grids[second]))
        steps[start:end, second] = np.tile(grids[second], len(grids[first]))
    return steps


def _try(
    action_set: ActionSet,
    columns: Columns,
    actions: tuple[Action, ...],
    steps: Floats,
    most: dict[str, float],
    rescore: Rescore,
) -> _Candidates | None:
    """Score the feasible steps; None if there are none."""
    after = apply_steps(columns, actions, steps)
    possible = feasible(action_set, columns, actions, steps, after)
    if not possible.any():
        return None
    changed, taken = take(after, possible), steps[possible]
    effort = (taken / np.array([most[action.field] for action in actions])).sum(axis=1)
    return _Candidates(actions, taken, changed, rescore(changed), effort)


def _best(batches: Sequence[_Candidates], search: _Search) -> list[_Candidate]:
    """Return the candidates to propose, the best first: with a better grade if one can be reached."""
    helpful = [(batch, row) for batch in batches for row in _helpful(batch, search)]
    helpful = [(batch, row) for batch, row in helpful if _adds(batch, row, batches[0])]
    graded = [(batch, row) for batch, row in helpful if batch.scored.grade_rank[row] < search.before.grade_rank[0]]
    return _proposable(sorted(graded, key=_by_effort), search) or _proposable(sorted(helpful, key=_by_pd), search)


def _proposable(ranked: Sequence[_Candidate], search: _Search) -> list[_Candidate]:
    """Return the first candidates without an objection, no two with the same actions."""
    chosen: list[_Candidate] = []
    seen: list[frozenset[int]] = []
    for batch, row in ranked:
        taken = _taken(batch, row)
        if len(chosen) == search.action_set.policy.most:
            break
        if any(earlier <= taken for earlier in seen):
            continue
        if not search.contradicts(
            [batch.actions[column] for column in sorted(taken)], take(batch.columns, np.array([row]))
        ):
            chosen.append((batch, row))
            seen.append(taken)
    return chosen


def _helpful(batch: _Candidates, search: _Search) -> Iterator[int]:
    """Yield the rows that gain enough points of score with nothing newly out of range, also at larger steps.

    An indicator that reads a changed field must gain points, and neither the total nor the innovation points may fall.
    Innovation points must rise if more is sold; otherwise the change is growth alone.
    """
    scored, before = batch.scored, search.before
    innovation, base = scored.points.innovation_score, before.points.innovation_score[0]
    sells = np.array([action.account == "sales" for action in batch.actions])
    sold = (batch.steps[:, sells] > 0.0).any(axis=1)
    fine = (scored.pd < before.pd[0]) & (scored.score >= before.score[0] + search.action_set.policy.least_points)
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
    """Return which rows gain points by an indicator that reads the field of one of their actions."""
    gains = np.zeros(len(batch.steps), dtype=np.bool_)
    for column, action in enumerate(batch.actions):
        for name in readers(search.rulebook, action.field):
            more = batch.scored.points.points[name] > search.before.points.points[name][0]
            gains |= (batch.steps[:, column] > 0.0) & more
    return gains


def _lasts(steps: Floats, row: int, fine: Flags) -> bool:
    """Return whether every larger feasible step of the same actions qualifies too."""
    same = ((steps > 0.0) == (steps[row] > 0.0)).all(axis=1)
    return bool(fine[same & (steps >= steps[row]).all(axis=1)].all())


def _adds(batch: _Candidates, row: int, first: _Candidates) -> bool:
    """Return whether none of its actions alone (a row of ``first``) gives as low a PD for no more effort."""
    rivals = (first.steps > 0.0).sum(axis=1) < len(_taken(batch, row))
    rivals &= ((first.steps == 0.0) | (batch.steps[row] > 0.0)).all(axis=1) & (first.effort <= batch.effort[row])
    return not bool((first.scored.pd[rivals] <= batch.scored.pd[row]).any())


def _taken(batch: _Candidates, row: int) -> frozenset[int]:
    return frozenset(int(column) for column in np.flatnonzero(batch.steps[row]))


def _by_effort(candidate: _Candidate) -> tuple[float, int, float, list[int]]:
    batch, row = candidate
    return float(batch.effort[row]), len(_taken(batch, row)), float(batch.scored.pd[row]), sorted(_taken(batch, row))


def _by_pd(candidate: _Candidate) -> tuple[float, float, int, list[int]]:
    batch, row = candidate
    return float(batch.scored.pd[row]), float(batch.effort[row]), len(_taken(batch, row)), sorted(_taken(batch, row))


def _proposal(batch: _Candidates, row: int, most: dict[str, float], rescore: Rescore) -> Proposal:
    """Score the changed record alone, as a new application."""
    alone = take(batch.columns, np.array([row]))
    scored = rescore(alone)
    verified = bool(scored.pd[0] == batch.scored.pd[row] and scored.grade[0] == batch.scored.grade[row])
    steps = tuple(
        ActionStep(batch.actions[column], float(batch.steps[row, column]), most[batch.actions[column].field])
        for column in sorted(_taken(batch, row))
    )
    return Proposal(steps, alone, scored, verified)
