"""Recourse of one record: wires the search to the code that decides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from icsml.decision.assess import Assessment, assess
from icsml.explain.proposals import describe_proposal
from icsml.explain.recourse import NoRecourse, Rescore, Scored, find_recourse
from icsml.model.bundle import BundleParts
from icsml.records.columns import Columns
from icsml.records.decision import Recourse

__all__ = ["Answer", "recourse", "rescorer"]


@dataclass(frozen=True, slots=True)
class Answer:
    """The proposals (None where the bundle cannot make any), and why there are none where there are none."""

    proposals: list[Recourse] | None
    reason: str | None


def recourse(bundle: BundleParts, assessment: Assessment) -> Answer:
    """Return the recourse of a single assessed record.

    Parameters
    ----------
    bundle : BundleParts
        The model.
    assessment : Assessment
        Of one row.
    """
    if bundle.levers is None or bundle.rulebook is None:
        return Answer(None, NoRecourse.NO_LEVERS)
    columns, before = assessment.screening.columns, _scored(bundle, assessment)
    found = find_recourse(bundle.levers, columns, before, rescorer(bundle))
    proposals = [describe_proposal(each, bundle.rulebook, columns, before) for each in found.proposals]
    return Answer(proposals, found.reason)


def rescorer(bundle: BundleParts) -> Rescore:
    """Return the scoring of changed records by a bundle with a rulebook: the code that decides."""

    def rescore(columns: Columns) -> Scored:
        return _scored(bundle, assess(bundle, columns, explained=False))

    return rescore


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
