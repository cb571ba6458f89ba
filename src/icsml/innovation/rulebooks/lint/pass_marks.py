"""Pass marks and floors of points that cannot be reached, or that are written as a share."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from icsml.core.yaml import Key
from icsml.innovation.rulebooks.decimals import decimal
from icsml.innovation.rulebooks.eligibility import CategoryPoints, Condition, IndicatorPoints, Score
from icsml.innovation.rulebooks.exact_numbers import COMPARATORS, Weight, at_stage
from icsml.innovation.rulebooks.fault import Fault
from icsml.innovation.rulebooks.indicators import Indicator
from icsml.innovation.rulebooks.rulebook import Rulebook

__all__ = ["mark_faults", "share_faults"]

_LEAST_MAXIMUM: Final = 10
"""Of fewer points than these, 1 may well be a pass mark."""
_PER_CENT: Final = re.compile(r"(\d+(?:\.\d+)?)%")
_WEIGHT: Final[TypeAdapter[Fraction | dict[str, Fraction]]] = TypeAdapter(Weight)


def mark_faults(rulebook: Rulebook) -> Iterator[Fault]:
    """Return faults in thresholds of points, compared with the points an enterprise can have."""
    for key, condition in rulebook.eligibility.located if rulebook.eligibility is not None else ():
        counted = _counted(rulebook, condition)
        if counted and condition.holds_if is None:
            end = next(name for name in COMPARATORS if getattr(condition, name) is not None)
            yield from _mark((*key, end), rulebook, condition, counted)


def _counted(rulebook: Rulebook, condition: Condition) -> list[Indicator]:
    """Return the indicators whose points a condition counts; none where it does not read points."""
    match condition.value:
        case Score():
            return list(rulebook.indicators)
        case CategoryPoints(category=name):
            return [indicator for indicator in rulebook.indicators if indicator.category == name]
        case IndicatorPoints(indicator=name):
            return [indicator for indicator in rulebook.indicators if indicator.id == name]
    return []


def _mark(key: Key, rulebook: Rulebook, condition: Condition, counted: list[Indicator]) -> Iterator[Fault]:
    number = condition.threshold
    ranges = {stage: _range(rulebook, counted, stage) for stage in rulebook.stage_ids}
    least, most = min(low for low, _ in ranges.values()), max(high for _, high in ranges.values())
    bounded = [stage for stage, (_, high) in ranges.items() if _beyond(condition, high)]
    prefix, remedy = f"is {decimal(number)} points, and", "correct the number of points"
    if len(bounded) == len(ranges):
        yield Fault("ICS-RUL-039", key, f"{prefix} no more than {decimal(most)} can be reached", remedy)
    elif number < least or (number == least and condition.below is not None):
        yield Fault("ICS-RUL-039", key, f"{prefix} nobody has fewer than {decimal(least)}", remedy)
    elif 0 < number <= 1 and most >= _LEAST_MAXIMUM:
        yield _as_share(key, condition, max(_maxima(rulebook, counted)))
    elif bounded:
        stages = ", ".join(f"{decimal(ranges[stage][1])} at stage {stage}" for stage in bounded)
        remedy = "leave it if no enterprise of that stage is meant to reach it"
        yield Fault("ICS-RUL-039", key, f"{prefix} no more can be reached than {stages}", remedy, warning=True)


def _beyond(condition: Condition, most: Fraction) -> bool:
    return condition.threshold > most or (condition.above is not None and condition.threshold == most)


def _as_share(key: Key, condition: Condition, full: Fraction) -> Fault:
    number = condition.threshold
    share = f"write {decimal(number * full)} for {decimal(number * 100)} % of {decimal(full)} points"
    some = "1 point" if number == 1 else f"{decimal(number)} points"
    message = f"is {some} of {decimal(full)}: points are asked for, not a share"
    doubtful = number == 1 or isinstance(condition.value, IndicatorPoints)
    remedy = f"leave it if {some} {'is' if number == 1 else 'are'} meant, else {share}" if doubtful else share
    return Fault("ICS-RUL-039", key, message, remedy, warning=doubtful)


def _maxima(rulebook: Rulebook, counted: list[Indicator]) -> list[Fraction]:
    return [sum((at_stage(indicator.max, stage) for indicator in counted), Fraction(0)) for stage in rulebook.stage_ids]


def _range(rulebook: Rulebook, counted: list[Indicator], stage: str | None) -> tuple[Fraction, Fraction]:
    """Return the fewest and the most points of indicators together at a stage.

    Where others of the same kind, base or bonus, are left out for a missing value, these grow to fill their place.
    """
    bonus = {category.id: category.bonus for category in rulebook.categories}
    least = most = Fraction(0)
    for kind in (False, True):
        block = [indicator for indicator in rulebook.indicators if bonus.get(indicator.category, False) is kind]
        included = [indicator for indicator in block if indicator in counted]
        whole = sum((at_stage(indicator.max, stage) for indicator in block), Fraction(0))
        left = (indicator for indicator in block if indicator not in included and indicator.missing == "rescale")
        rest = whole - sum((at_stage(indicator.max, stage) for indicator in left), Fraction(0))
        factor = whole / rest if rest > 0 else Fraction(1)
        most += factor * sum((at_stage(indicator.max, stage) for indicator in included), Fraction(0))
        least += factor * sum((at_stage(indicator.min, stage) for indicator in included), Fraction(0))
    return least, most


def share_faults(content: Any) -> Iterator[Fault]:  # noqa: ANN401 - whatever YAML contains
    """Return the thresholds of points written in per cent in an unread file."""
    eligibility = _part(content, "eligibility")
    ways = _part(_part(eligibility, "bypass"), "any_of")
    lists = {("conditions",): _part(eligibility, "conditions"), ("vetoes",): _part(eligibility, "vetoes")}
    for key, conditions in (lists | {("bypass", "any_of"): ways}).items():
        for index, condition in enumerate(conditions if isinstance(conditions, list) else ()):
            for name in COMPARATORS:
                text = unicodedata.normalize("NFKC", str(_part(condition, name))).replace(" ", "")
                match = _PER_CENT.fullmatch(text)
                if match and _asks_points(condition):
                    message = f"points are asked for, not a share; {_points(content, condition, Fraction(match[1]))}"
                    yield Fault("ICS-RUL-001", ("eligibility", *key, index, name), message, "correct the value")


def _part(content: Any, key: str) -> Any:  # noqa: ANN401 - whatever YAML contains
    return content.get(key) if isinstance(content, Mapping) else None


def _asks_points(condition: Any) -> bool:  # noqa: ANN401 - whatever YAML contains
    value = _part(condition, "value")
    return value == "score" or _part(value, "kind") in ("score", "category", "points")


def _points(content: Any, condition: Any, per_cent: Fraction) -> str:  # noqa: ANN401 - whatever YAML contains
    """Return the number of points for a share, where the file states the maximum."""
    value = _part(condition, "value")
    name = _part(value, "category") or _part(value, "indicator")
    if name is None:
        stated = [_part(_part(content, "totals"), "base"), _part(_part(content, "totals"), "bonus") or 0]
    else:
        parts = _part(content, "categories" if _part(value, "category") else "indicators")
        known = parts if isinstance(parts, list) else []
        stated = [_part(part, "max") for part in known if _part(part, "id") == name]
    try:
        weights = [_WEIGHT.validate_python(weight) for weight in stated]
    except ValidationError:
        weights = []
    full = sum((max(weight.values()) if isinstance(weight, dict) else weight for weight in weights), Fraction(0))
    if not full:
        return "write a number of points"
    return f"for {decimal(per_cent)} % of {decimal(full)} points write {decimal(full * per_cent / 100)}"
