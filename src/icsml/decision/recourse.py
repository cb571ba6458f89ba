"""Recourse of a record: connects the search, and its robustness between models, to the scoring code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from icsml.core.arrays import Floats, Ints, Objects
from icsml.decision.assess import Assessment, ExplainedAssessment, assess
from icsml.decision.row import Row
from icsml.explain.contradiction import raises_adverse
from icsml.model.bundle import BundleParts
from icsml.records.columns import Columns, rows, take
from icsml.records.decision import Recourse
from icsml.recourse.actionable_fields import Action, limited_fields
from icsml.recourse.proposals import describe_proposal
from icsml.recourse.robustness import ProposedRecourse, RecourseRobustness, recourse_robustness
from icsml.recourse.search import ContradictsReasons, NoRecourse, Rescore, Scored, find_recourse

__all__ = ["RecourseResult", "recourse", "rescorer", "robustness_of"]


@dataclass(frozen=True, slots=True)
class RecourseResult:
    """The proposals (None where the bundle cannot make any), or the reason why there are none."""

    proposals: list[Recourse] | None
    reason: NoRecourse | None


def robustness_of(base: BundleParts, columns: Columns) -> Callable[[BundleParts], RecourseRobustness]:
    """Return a function of another model: the share of the base's recourse for n records that it confirms.

    The proposals are made once for all models compared. If the base has no actions, or another model no rulebook,
    nothing is compared.

    Parameters
    ----------
    base : BundleParts
        The model that proposes.
    columns : Columns
        Records as column arrays.
    """
    proposed = _proposed(base, columns)

    def robustness(other: BundleParts) -> RecourseRobustness:
        return recourse_robustness(proposed if other.rulebook is not None else [], rescorer(other))

    return robustness


def _proposed(base: BundleParts, columns: Columns) -> list[ProposedRecourse]:
    """Return the records with any proposal."""
    proposed = []
    for row in range(rows(columns)) if base.levers and base.rulebook else ():
        record = take(columns, np.array([row]))
        assessment = assess(base, record)
        proposals = recourse(Row(base, assessment, 0)).proposals
        if proposals:
            proposed.append(ProposedRecourse(record, assessment.grade[0], proposals))
    return proposed


def recourse(record: Row, from_grade: str | None = None) -> RecourseResult:
    """Return the recourse of one assessed record.

    Parameters
    ----------
    record : Row
        The record, of an assessment with explanations.
    from_grade : str, optional
        The best grade for which recourse is looked for; None looks for every grade.
    """
    bundle, assessment = record.bundle, record.assessment
    if bundle.levers is None or bundle.rulebook is None:
        return RecourseResult(None, NoRecourse.NO_LIMITS)
    if from_grade is not None and _is_better(bundle, assessment.grade[record.row], from_grade):
        return RecourseResult(None, NoRecourse.BETTER_GRADE)
    alone = assessment if len(assessment.pd) == 1 else assess(bundle, record.table)
    assert isinstance(alone, ExplainedAssessment)  # noqa: S101 - its reasons limit what is proposed
    columns, before = alone.screening.columns, _scored(bundle, alone)
    contradicts = _contradicts_reasons(bundle, alone)
    result = find_recourse(bundle.levers, bundle.rulebook, columns, before, rescorer(bundle), contradicts)
    proposals = [describe_proposal(proposal, bundle.rulebook, columns, before) for proposal in result.proposals]
    return RecourseResult(proposals, result.reason)


def _is_better(bundle: BundleParts, grade: str | None, than: str) -> bool:
    order = [each.id for each in bundle.scale.grades]
    return grade in order and than in order and order.index(grade) < order.index(than)


def rescorer(bundle: BundleParts) -> Rescore:
    """Return a function that scores changed records with a bundle's decision code and a rulebook."""

    def rescore(columns: Columns) -> Scored:
        return _scored(bundle, assess(bundle, columns, explained=False))

    return rescore


def _contradicts_reasons(bundle: BundleParts, assessment: ExplainedAssessment) -> ContradictsReasons:
    """Return a function: whether actions raise a feature that is adverse today and stays adverse.

    Without a reference population nothing is high or low, and no action contradicts a reason.
    """
    features, population = bundle.features, bundle.reference
    suspects: list[int] = []
    if population is not None:
        high = (assessment.features[0] > population.medians) & (_terms(assessment) > 0.0)
        suspects = [int(column) for column in np.flatnonzero(high)]

    def contradicts(actions: Sequence[Action], columns: Columns) -> bool:
        fields = {field for action in actions for field in _aims(action)}
        adverse = [column for column in suspects if not fields.isdisjoint(features[column].inputs)]
        if not adverse:
            return False
        after = assess(bundle, columns)
        return raises_adverse(assessment.features[0, adverse], after.features[0, adverse], _terms(after)[adverse])

    return contradicts


def _aims(action: Action) -> tuple[str, ...]:
    """Return the fields that an action targets; additional revenue only follows from what is sold."""
    return action.adds if action.account == "sales" else limited_fields(action)


def _terms(assessment: ExplainedAssessment) -> Floats:
    terms: Floats = assessment.explanation.terms.log_odds[0]
    return terms


def _scored(bundle: BundleParts, assessment: Assessment) -> Scored:
    assert assessment.innovation is not None  # noqa: S101 - a bundle without rulebook has no actions
    return Scored(
        pd=assessment.pd,
        score=assessment.score,
        grade=assessment.grade,
        grade_rank=_grade_ranks(bundle, assessment.grade),
        points=assessment.innovation,
        out_of_range=assessment.screening.out_of_range,
    )


def _grade_ranks(bundle: BundleParts, grades: Objects) -> Ints:
    order = {grade.id: rank for rank, grade in enumerate(bundle.scale.grades)}
    return np.array([order.get(grade, 0) for grade in grades], dtype=np.int64)
