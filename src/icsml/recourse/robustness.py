"""Whether what was proposed by one model is still answered by another: a test of how far recourse can be relied on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from icsml.records.columns import Columns, take
from icsml.records.decision import Recourse
from icsml.recourse.search import Rescore

__all__ = ["Survival", "survives"]


@dataclass(frozen=True, slots=True)
class Survival:
    """What another model answers to a changed record, beside its own answer to the record as it is.

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


def survives(proposals: Sequence[Recourse], columns: Columns, rescore: Rescore) -> list[Survival]:
    """Return, for each proposal made to one record, whether another model still answers it.

    ``lower_pd`` is what is asked of every proposal, ``better_grade`` more: of one that reached a better grade by a
    hair's breadth, another model's bounds lie elsewhere. Nothing is searched anew: the record is changed exactly as the
    proposal says, whatever the other model's limits.

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
    changed = dict(take(columns, np.zeros(1 + len(proposals), dtype=np.intp)))
    for row, proposal in enumerate(proposals, start=1):
        for change in proposal.record:
            changed[change.field][row] = change.after
    scored = rescore(changed)
    return [
        Survival(
            lower_pd=bool(scored.pd[row] < scored.pd[0]),
            better_grade=bool(scored.place[row] < scored.place[0]),
            pd_before=float(scored.pd[0]),
            pd_after=float(scored.pd[row]),
        )
        for row in range(1, 1 + len(proposals))
    ]
