"""The ``innovation`` object of a decision: one row of points, with every rule and condition behind it."""

from __future__ import annotations

import math
from datetime import date
from functools import lru_cache
from typing import Any, Final

import numpy as np

from icsml.core.canonical import Rendered, number, rendered, written
from icsml.core.strict_json import JsonObject
from icsml.innovation.rulebooks.eligibility import Condition, Presumed
from icsml.innovation.rulebooks.indicators import Indicator, Option
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.rulebooks.value_functions import MIXED, Unit
from icsml.innovation.scoring.points import Points
from icsml.innovation.scoring.validity import valid_until
from icsml.records.decision import InnovationScore
from icsml.texts.catalogue import text

__all__ = ["InnovationParts", "describe"]

_ANSWERS: Final = (True, False, None)


def describe(points: Points, rulebook: Rulebook, row: int, as_of: date | None = None) -> dict[str, Any]:
    """Return the ``innovation`` object of one row as JSON; parameters are those of `InnovationParts.of_row`.

    ``value`` is null where missing and ``eligible`` is null where it cannot be known; ``eligibility`` has for every
    condition whether it is met. One that no field can show has ``met`` null and the rule ``presumed``.
    """
    content = written(InnovationParts(rulebook).of_row(points, row, as_of))
    read = InnovationScore.model_validate_json(content).model_dump(mode="json")
    last = {name: read.pop(name) for name in ("eligible", "eligibility")}
    return read | last


class InnovationParts:
    """What the ``innovation`` objects of decisions by one rulebook have in common, ready to be written."""

    def __init__(self, rulebook: Rulebook) -> None:
        self._rulebook = rulebook
        self._fixed = {
            "rulebook": rulebook.id,
            "edition": rulebook.edition,
            "provenance": rulebook.provenance.value,
            "score_provenance": rulebook.score_provenance.value,
            "max_score": number(rulebook.max_score),
        }
        self._categories = [
            (category.id, [indicator.id for indicator in rulebook.indicators if indicator.category == category.id])
            for category in rulebook.categories
        ]
        self._indicators = [(indicator.id, _indicator(indicator)) for indicator in rulebook.indicators]
        # The last one is that of an unknown stage, whose number is -1.
        self._ceilings = [
            (part.indicator.id, [*part.ceilings.tolist(), float(part.ceilings.max())]) for part in rulebook.compiled
        ]
        self._conditions = _conditions(rulebook)
        self._always = _always(rulebook)
        self._valid_until = lru_cache(maxsize=1024)(self._last_day)

    def of_row(self, points: Points, row: int, as_of: date | None = None) -> JsonObject:
        """Return the ``innovation`` object of one row, for :func:`icsml.core.canonical.written`.

        Parameters
        ----------
        points : Points
            What the rulebook gave.
        row : int
            Number of the row.
        as_of : date, optional
            Date of the row's record, from which the score's validity runs.
        """
        stage = points.stage.item(row)
        most = {name: points.maximum_of(name, row, ceilings[stage]) for name, ceilings in self._ceilings}
        return {
            **self._fixed,
            "stage": points.stage_of(row),
            "score": _number(points.score.item(row)),
            "valid_until": self._valid_until(as_of),
            "eligible": _answer(points.eligible.item(row)),
            "eligibility": [
                *(answers[_answer(points.conditions[name].item(row))] for name, answers in self._conditions),
                *self._always,
            ],
            "categories": [
                {
                    "id": name,
                    "points": _number(points.categories[name].item(row)),
                    "max": number(float(sum(most[indicator] for indicator in indicators))),
                }
                for name, indicators in self._categories
            ],
            "indicators": [
                {
                    **fixed,
                    "value": _number(points.values[name].item(row)),
                    "points": _number(points.points[name].item(row)),
                    "max": number(most[name]),
                    "rule": points.rules[name][row],
                }
                for name, fixed in self._indicators
            ],
        }

    def _last_day(self, as_of: date | None) -> str | None:
        until = valid_until(self._rulebook, np.array([as_of], dtype="datetime64[D]"))[0]
        return None if np.isnat(until) else str(until)


def _indicator(indicator: Indicator) -> JsonObject:
    return {
        "id": indicator.id,
        "label": rendered(indicator.label.by_language),
        "domain": indicator.domain.value,
        "unit": _unit(indicator),
        "provenance": indicator.weakest_provenance.value,
    }


def _unit(indicator: Indicator) -> str | None:
    """Return the unit of an indicator's value; None where its options have different ones, or none."""
    units = {_unit_of(option) for option in indicator.options}
    return units.pop() if len(units) == 1 else None


def _unit_of(option: Option) -> str | None:
    if option.percent:
        return str(Unit.FRACTION)
    unit = option.unit or option.value.unit
    return None if unit is None or unit == MIXED else str(unit)


def _conditions(rulebook: Rulebook) -> list[tuple[str, dict[bool | None, Rendered]]]:
    """Return each condition in use by its id, for every answer."""
    used = rulebook.eligibility.in_use if rulebook.eligibility is not None else ()
    return [(condition.id, {met: _condition(condition, met) for met in _ANSWERS}) for condition in used]


def _condition(condition: Condition, met: bool | None) -> Rendered:
    rule = f"{condition.rule} (missing)" if met is None else condition.rule
    return _eligibility(condition.id, met, rule, condition.provenance.value, condition.label.by_language)


def _always(rulebook: Rulebook) -> list[Rendered]:
    """Return the conditions that no record answers: those presumed, or that there are none."""
    if rulebook.eligibility is None:
        stated = text("rules.no_conditions").by_language
        return [_eligibility("no_conditions", None, None, rulebook.provenance.value, stated)]
    return [_presumed(each) for each in rulebook.eligibility.presumed]


def _presumed(presumed: Presumed) -> Rendered:
    label = presumed.label.by_language
    return _eligibility(presumed.id, None, "presumed", presumed.provenance.value, label)


def _eligibility(name: str, met: bool | None, rule: str | None, provenance: str, stated: dict[str, str]) -> Rendered:
    return rendered({"id": name, "met": met, "rule": rule, "provenance": provenance, "text": stated})


def _number(value: float) -> float | int | Rendered | None:
    return None if math.isnan(value) else number(value)


def _answer(value: float) -> bool | None:
    return None if math.isnan(value) else value == 1.0
