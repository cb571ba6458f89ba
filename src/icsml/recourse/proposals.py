"""A proposal as in the decision: rule rows, points, the whole changed record, and the sentence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.records.columns import Columns
from icsml.records.decision import RecordChange, Recourse, RecourseStep
from icsml.recourse.actions import changed_fields
from icsml.recourse.search import ActionStep, Proposal, Scored, readers
from icsml.texts.catalogue import joined, text
from icsml.texts.label import Label

__all__ = ["describe_proposal"]


def describe_proposal(proposal: Proposal, rulebook: Rulebook, columns: Columns, before: Scored) -> Recourse:
    """Return a proposal as in the decision.

    Parameters
    ----------
    proposal : Proposal
        The result of the search.
    rulebook : Rulebook
        The bundle's rulebook.
    columns : Columns
        The record as it is, arrays of length 1.
    before : Scored
        What the model answered to it.
    """
    steps = [_step(step, proposal, rulebook, columns, before) for step in proposal.steps]
    first, *others = sorted(steps, key=lambda step: (-(step.points_gain or 0.0), -step.effort))  # stable
    after = proposal.scored
    return Recourse(
        **dict(first),
        also=others,
        total_effort=proposal.effort,
        total_points_gain=_gain(before.points.score[0], after.points.score[0]),
        pd_after=float(after.pd[0]),
        grade_after=after.grade[0],
        score_after=int(after.score[0]),
        verified=proposal.verified,
        record=_changes(proposal, columns),
        text=_text([first, *others], before, after),
    )


def _step(step: ActionStep, proposal: Proposal, rulebook: Rulebook, columns: Columns, before: Scored) -> RecourseStep:
    action, old, new = step.action, before.points, proposal.scored.points
    indicator = _indicator(action.field, rulebook, before, proposal.scored)
    return RecourseStep(
        lever=action.id,
        label=action.label,
        unit=action.unit,
        field=action.field,
        before=float(columns[action.field][0]),
        after=float(proposal.columns[action.field][0]),
        step=step.step,
        step_limit=step.most,
        effort=step.effort,
        indicator=indicator,
        rule_from=old.rules[indicator][0] if indicator else None,
        rule_to=new.rules[indicator][0] if indicator else None,
        points_gain=_gain(old.points[indicator][0], new.points[indicator][0]) if indicator else None,
    )


def _indicator(field: str, rulebook: Rulebook, before: Scored, after: Scored) -> str | None:
    """Return the indicator that gains most among those that read a field, the first on a tie; None if none reads it."""
    return max(readers(rulebook, field), key=lambda name: _gained(name, before, after), default=None)


def _gained(name: str, before: Scored, after: Scored) -> float:
    gain = _gain(before.points.points[name][0], after.points.points[name][0])
    return -np.inf if gain is None else gain


def _gain(before: float, after: float) -> float | None:
    gain = float(after) - float(before)
    return None if np.isnan(gain) else gain


def _changes(proposal: Proposal, columns: Columns) -> list[RecordChange]:
    changed = changed_fields([step.action for step in proposal.steps])
    pairs = [(name, float(columns[name][0]), float(proposal.columns[name][0])) for name in changed]
    return [
        RecordChange(field=name, before=before, after=after)
        for name, before, after in pairs
        if before != after and not np.isnan(before)
    ]


def _text(steps: Sequence[RecourseStep], before: Scored, after: Scored) -> Label:
    actions = [
        text("recourse.action", action=step.label, before=step.before, after=step.after, unit=step.unit)
        for step in steps
    ]
    return text("recourse.proposal", actions=joined(actions, "and"), before=_answer(before), after=_answer(after))


def _answer(scored: Scored) -> Label:
    pd, grade = float(scored.pd[0]), scored.grade[0]
    if grade is None:
        return text("recourse.answer.ungraded", pd=pd)
    return text("recourse.answer.graded", pd=pd, grade=grade)
