"""Recourse robustness: whether another model confirms the proposals of the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from icsml.core.arrays import Floats
from icsml.records.columns import Columns, take, with_columns
from icsml.records.decision import Recourse
from icsml.recourse.search import Rescore

__all__ = ["ProposalRobustness", "ProposedRecourse", "RecourseRobustness", "proposal_robustness", "recourse_robustness"]


@dataclass(frozen=True, slots=True)
class ProposalRobustness:
    """Another model's result for a changed record, and for the record as it is.

    Parameters
    ----------
    lower_pd : bool
        Whether its PD is lower for the changed record.
    better_grade : bool
        Whether its grade is better.
    pd_before, pd_after : float
        Its two PDs.
    """

    lower_pd: bool
    better_grade: bool
    pd_before: float
    pd_after: float


@dataclass(frozen=True, slots=True)
class ProposedRecourse:
    """The proposals of one model to one record (arrays of length 1), and the grade that it has today."""

    record: Columns
    grade: str | None
    proposals: list[Recourse]


@dataclass(frozen=True, slots=True)
class RecourseRobustness:
    """Share of one model's recourse that another confirms.

    Parameters
    ----------
    enterprises, proposals : int
        With any proposal; proposals altogether.
    lower_pd : float or None
        Share of the proposals with a lower PD by the other model; None where there are none.
    promised : int
        Proposals that promised a better grade.
    better_grade : float or None
        Share of these with a better grade by the other model.
    """

    enterprises: int
    proposals: int
    lower_pd: float | None
    promised: int
    better_grade: float | None


def proposal_robustness(proposals: Sequence[Recourse], columns: Columns, rescore: Rescore) -> list[ProposalRobustness]:
    """Return another model's result for each proposal made to one record.

    ``lower_pd`` is required of every proposal, ``better_grade`` more: of one that reached a better grade by a
    hair's breadth, another model's bounds differ. Nothing is searched anew: the record is changed exactly as in the
    proposal, whatever the other model's limits.

    Parameters
    ----------
    proposals : sequence of Recourse
        From the decision of one model.
    columns : Columns
        The record it was made on, arrays of length 1.
    rescore : callable
        The other model, such as :func:`icsml.decision.recourse.rescorer` gives of its bundle.
    """
    if not proposals:
        return []
    spread = take(columns, np.zeros(1 + len(proposals), dtype=np.intp))
    changed: dict[str, Floats] = {}
    for row, proposal in enumerate(proposals, start=1):
        for change in proposal.record:
            changed.setdefault(change.field, spread[change.field].copy())[row] = change.after
    scored = rescore(with_columns(spread, changed))
    return [
        ProposalRobustness(
            lower_pd=bool(scored.pd[row] < scored.pd[0]),
            better_grade=bool(scored.grade_rank[row] < scored.grade_rank[0]),
            pd_before=float(scored.pd[0]),
            pd_after=float(scored.pd[row]),
        )
        for row in range(1, 1 + len(proposals))
    ]


def recourse_robustness(proposed: Sequence[ProposedRecourse], rescore: Rescore) -> RecourseRobustness:
    """Return how much of one model's recourse another confirms; ``rescore`` is that other model."""
    lower: list[bool] = []
    better: list[bool] = []
    for one in proposed:
        for proposal, answer in zip(
            one.proposals, proposal_robustness(one.proposals, one.record, rescore), strict=True
        ):
            lower.append(answer.lower_pd)
            if proposal.grade_after != one.grade:
                better.append(answer.better_grade)
    return RecourseRobustness(len(proposed), len(lower), _share(lower), len(better), _share(better))


def _share(answers: Sequence[bool]) -> float | None:
    return sum(answers) / len(answers) if answers else None
