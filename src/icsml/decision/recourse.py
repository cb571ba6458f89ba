"""Recourse of one record: wires the search to the code that decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from icsml.decision.assess import Assessment, ExplainedAssessment, assess
from icsml.explain.contradiction import raises_adverse
from icsml.model.bundle import BundleParts
from icsml.records.columns import Columns, rows, take
from icsml.records.decision import Recourse
from icsml.recourse.actionable_fields import Lever, moved
from icsml.recourse.proposals import describe_proposal
from icsml.recourse.robustness import survives
from icsml.recourse.search import Contrary, NoRecourse, Rescore, Scored, find_recourse

__all__ = ["Answer", "SurvivalShares", "recourse", "rescorer", "survival_shares", "survivals"]


@dataclass(frozen=True, slots=True)
class Answer:
    """The proposals (None where the bundle cannot make any), and why there are none where there are none."""

    proposals: list[Recourse] | None
    reason: NoRecourse | None


@dataclass(frozen=True, slots=True)
class SurvivalShares:
    """How much of the recourse by one model another still answers.

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


def survival_shares(base: BundleParts, other: BundleParts, columns: Columns) -> SurvivalShares:
    """Return how much of the recourse that one model proposes to n records another still answers.

    Parameters
    ----------
    base, other : BundleParts
        The model that proposes, and the other, such as the same trained again. Where the one has no levers or the other
        no rulebook nothing is asked.
    columns : Columns
        Records as column arrays.
    """
    return survivals(base, columns)(other)


def survivals(base: BundleParts, columns: Columns) -> Callable[[BundleParts], SurvivalShares]:
    """Return what tells, of other models, how much of the recourse of one they still answer.

    The proposals are made once, whatever the number of models then asked.
    """
    proposed = _proposed(base, columns)
    return lambda other: _shares(proposed, other)


@dataclass(frozen=True, slots=True)
class _Proposed:
    """The proposals made to one record, with its grade today."""

    record: Columns
    grade: str | None
    proposals: list[Recourse]


def _proposed(base: BundleParts, columns: Columns) -> list[_Proposed]:
    """Return the records with any proposal."""
    found = []
    for row in range(rows(columns)) if base.levers and base.rulebook else ():
        one = take(columns, np.array([row]))
        assessment = assess(base, one)
        proposals = recourse(base, assessment).proposals
        if proposals:
            found.append(_Proposed(one, assessment.grade[0], proposals))
    return found


def _shares(proposed: Sequence[_Proposed], other: BundleParts) -> SurvivalShares:
    if other.rulebook is None:
        return SurvivalShares(0, 0, None, 0, None)
    lower: list[bool] = []
    graded: list[bool] = []
    for each in proposed:
        answers = survives(each.proposals, each.record, rescorer(other))
        lower += [answer.lower_pd for answer in answers]
        promised = [proposal.grade_after != each.grade for proposal in each.proposals]
        graded += [answer.better_grade for answer, said in zip(answers, promised, strict=True) if said]
    return SurvivalShares(len(proposed), len(lower), _share(lower), len(graded), _share(graded))


def _share(answers: list[bool]) -> float | None:
    return sum(answers) / len(answers) if answers else None


def recourse(bundle: BundleParts, assessment: ExplainedAssessment) -> Answer:
    """Return the recourse of a single assessed record.

    Parameters
    ----------
    bundle : BundleParts
        The model.
    assessment : ExplainedAssessment
        Of one row.
    """
    if bundle.levers is None or bundle.rulebook is None:
        return Answer(None, NoRecourse.NO_LIMITS)
    columns, before = assessment.screening.columns, _scored(bundle, assessment)
    contrary = _contrary(bundle, assessment)
    found = find_recourse(bundle.levers, bundle.rulebook, columns, before, rescorer(bundle), contrary)
    proposals = [describe_proposal(each, bundle.rulebook, columns, before) for each in found.proposals]
    return Answer(proposals, found.reason)


def rescorer(bundle: BundleParts) -> Rescore:
    """Return the scoring of changed records by a bundle with a rulebook: the code that decides."""

    def rescore(columns: Columns) -> Scored:
        return _scored(bundle, assess(bundle, columns, explained=False))

    return rescore


def _contrary(bundle: BundleParts, assessment: ExplainedAssessment) -> Contrary:
    """Return what tells whether levers raise a feature that is high and adverse today, and adverse still after that.

    Without a reference population nothing is high or low, and nothing contrary.
    """
    features, population = bundle.features, bundle.reference
    suspects: list[int] = []
    if population is not None:
        high = (assessment.features[0] > population.medians) & (_terms(assessment) > 0.0)
        suspects = [int(place) for place in np.flatnonzero(high)]

    def contrary(levers: Sequence[Lever], columns: Columns) -> bool:
        fields = {field for lever in levers for field in _itself(lever)}
        places = [place for place in suspects if not fields.isdisjoint(features[place].inputs)]
        if not places:
            return False
        after = assess(bundle, columns)
        return raises_adverse(assessment.features[0, places], after.features[0, places], _terms(after)[places])

    return contrary


def _itself(lever: Lever) -> tuple[str, ...]:
    """Return what a lever is for; that more revenue is booked with what is sold follows from it."""
    return lever.adds if lever.account == "sales" else moved(lever)


def _terms(assessment: ExplainedAssessment) -> npt.NDArray[np.float64]:
    terms: npt.NDArray[np.float64] = assessment.explanation.terms.log_odds[0]
    return terms


def _scored(bundle: BundleParts, assessment: Assessment) -> Scored:
    assert assessment.innovation is not None  # noqa: S101 - a bundle without rulebook has no levers
    return Scored(
        pd=assessment.pd,
        score=assessment.score,
        grade=assessment.grade,
        place=_places(bundle, assessment.grade),
        points=assessment.innovation,
        out_of_range=assessment.screening.out_of_range,
    )


def _places(bundle: BundleParts, grades: npt.NDArray[np.object_]) -> npt.NDArray[np.int64]:
    order = {grade.id: place for place, grade in enumerate(bundle.scale.grades)}
    return np.array([order.get(grade, 0) for grade in grades], dtype=np.int64)
