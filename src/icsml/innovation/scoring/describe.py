"""The ``innovation`` object of a decision: one row of points, with every rule and condition behind it."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import numpy as np

from icsml.innovation.rulebooks.eligibility import Condition
from icsml.innovation.rulebooks.indicators import Indicator, Option
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.rulebooks.value_functions import MIXED, Unit
from icsml.innovation.scoring.points import Points
from icsml.innovation.scoring.validity import valid_until
from icsml.records.decision import CategoryPoints, EligibilityCondition, IndicatorPoints, InnovationScore
from icsml.texts.catalogue import text

__all__ = ["describe", "innovation_score"]


def describe(points: Points, rulebook: Rulebook, row: int, as_of: date | None = None) -> dict[str, Any]:
    """Return the ``innovation`` object of one row as JSON; parameters are those of :func:`innovation_score`.

    ``value`` is null where missing and ``eligible`` is null where it cannot be known; ``eligibility`` has for every
    condition whether it is met. One that no field can show has ``met`` null and the rule ``presumed``.
    """
    content = innovation_score(points, rulebook, row, as_of).model_dump(mode="json")
    last = {name: content.pop(name) for name in ("eligible", "eligibility")}
    return content | last


def innovation_score(points: Points, rulebook: Rulebook, row: int, as_of: date | None = None) -> InnovationScore:
    """Return the ``innovation`` object of one row: the score, categories, indicators and eligibility.

    Parameters
    ----------
    points : Points
        What ``rulebook`` gave.
    rulebook : Rulebook
        The same rulebook.
    row : int
        Number of the row.
    as_of : date, optional
        Date of the row's record, from which the score's validity runs.
    """
    return InnovationScore(
        rulebook=rulebook.id,
        edition=rulebook.edition,
        provenance=rulebook.provenance.value,
        score_provenance=rulebook.score_provenance.value,
        stage=points.stage_of(row),
        score=_number(points.score[row]),
        max_score=rulebook.max_score,
        valid_until=_valid_until(rulebook, as_of),
        categories=[
            CategoryPoints(
                id=category.id,
                points=_number(points.categories[category.id][row]),
                max=_category_max(rulebook, points, category.id, row),
            )
            for category in rulebook.categories
        ],
        indicators=[_indicator(indicator, points, row) for indicator in rulebook.indicators],
        eligible=_answer(float(points.eligible[row])),
        eligibility=_conditions(rulebook, points, row),
    )


def _category_max(rulebook: Rulebook, points: Points, category: str, row: int) -> float:
    """Return the most points of a category: the sum of its indicators, rescaled where others are left out."""
    maxima = [points.maximum(indicator.id)[row] for indicator in rulebook.indicators if indicator.category == category]
    return float(sum(maxima))


def _valid_until(rulebook: Rulebook, as_of: date | None) -> str | None:
    until = valid_until(rulebook, np.array([as_of], dtype="datetime64[D]"))[0]
    return None if np.isnat(until) else str(until)


def _indicator(indicator: Indicator, points: Points, row: int) -> IndicatorPoints:
    return IndicatorPoints(
        id=indicator.id,
        label=indicator.label,
        domain=indicator.domain.value,
        value=_number(points.values[indicator.id][row]),
        unit=_unit(indicator),
        points=_number(points.points[indicator.id][row]),
        max=float(points.maximum(indicator.id)[row]),
        rule=points.rules[indicator.id][row],
        provenance=indicator.weakest_provenance.value,
    )


def _unit(indicator: Indicator) -> str | None:
    """Return the unit of an indicator's value; None where its options have different ones, or none."""
    units = {_unit_of(option) for option in indicator.options}
    return units.pop() if len(units) == 1 else None


def _unit_of(option: Option) -> str | None:
    if option.percent:
        return str(Unit.FRACTION)
    unit = option.unit or option.value.unit
    return None if unit is None or unit == MIXED else str(unit)


def _conditions(rulebook: Rulebook, points: Points, row: int) -> list[EligibilityCondition]:
    if rulebook.eligibility is None:
        stated, provenance = text("rules.no_conditions"), rulebook.provenance.value
        return [EligibilityCondition(id="no_conditions", met=None, rule=None, provenance=provenance, text=stated)]
    tested = [
        _condition(condition, _answer(float(points.conditions[condition.id][row])))
        for condition in rulebook.eligibility.in_use
    ]
    presumed = [
        EligibilityCondition(id=each.id, met=None, rule="presumed", provenance=each.provenance.value, text=each.label)
        for each in rulebook.eligibility.presumed
    ]
    return tested + presumed


def _condition(condition: Condition, met: bool | None) -> EligibilityCondition:
    return EligibilityCondition(
        id=condition.id,
        met=met,
        rule=f"{condition.rule} (missing)" if met is None else condition.rule,
        provenance=condition.provenance.value,
        text=condition.label,
    )


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _answer(value: float) -> bool | None:
    return None if math.isnan(value) else value == 1.0
