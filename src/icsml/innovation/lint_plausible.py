"""What fits every rule of a rulebook and cannot be meant: per cent for fractions, 万元 for yuan, a step left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Final

from icsml.core.yaml import Key
from icsml.innovation.curves import Bands, Efficacy, Intervals, PointsFunction, Ramp
from icsml.innovation.eligibility import Score
from icsml.innovation.fault import Fault
from icsml.innovation.numbers import Comparison, Share, shown
from icsml.innovation.schema import Rulebook
from icsml.innovation.values import FieldValue, Growth, Ratio, Unit, Value
from icsml.records.screening import PARTS

__all__ = ["plausibility_faults"]

_MOST_GROWTH: Final = Fraction(10)  # a threshold of 1,000 % is a per-cent number that was not divided
_LEAST_CNY: Final = Fraction(10_000)
_WHOLES: Final = frozenset({whole for _, whole in PARTS} | {"total_cost_cny"})
_Located = tuple[Key, Fraction]


def plausibility_faults(rulebook: Rulebook) -> Iterator[Fault]:
    """Return what a rulebook that is sound otherwise cannot mean."""
    for place, indicator in enumerate(rulebook.indicators):
        for number, option in enumerate(indicator.options):
            key: Key = ("indicators", place, "best_of", number) if indicator.best_of else ("indicators", place)
            unit = option.unit or option.value.unit
            yield from _swapped((*key, "value"), option.value, unit)
            yield from _magnitudes(option.value, unit, _thresholds((*key, "points"), option.points))
            if isinstance(option.points, Bands):
                yield from _left_out((*key, "points"), option.points, unit)
    yield from _stages(rulebook)
    yield from _conditions(rulebook)


def _stages(rulebook: Rulebook) -> Iterator[Fault]:
    if rulebook.stages is not None:
        rule = rulebook.stages.rule
        key: Key = ("stages", "rule", "steps")
        located = [((*key, place), step.threshold) for place, step in enumerate(rule.steps)]
        yield from _magnitudes(rule.value, rule.unit or rule.value.unit, located)


def _conditions(rulebook: Rulebook) -> Iterator[Fault]:
    if rulebook.eligibility is None:
        return
    listed = (("conditions", rulebook.eligibility.conditions), ("vetoes", rulebook.eligibility.vetoes))
    for part, conditions in listed:
        for place, condition in enumerate(conditions):
            value = condition.value
            if isinstance(value, FieldValue | Ratio | Growth) and condition.holds_if is None:
                key: Key = ("eligibility", part, place)
                yield from _swapped((*key, "value"), value, value.unit)
                yield from _magnitudes(value, value.unit, [((*key, condition.comparator), condition.threshold)])


def _thresholds(key: Key, points: PointsFunction) -> list[_Located]:
    """Return the numbers that a value is held against, each with where it stands."""
    match points:
        case Bands(steps=steps):
            return [((*key, "steps", place), step.threshold) for place, step in enumerate(steps)]
        case Intervals(rows=rows):
            ends = [(place, end) for place, row in enumerate(rows) for end in (row.start, row.stop) if end is not None]
            return [((*key, "rows", place), end[0]) for place, end in ends]
        case Ramp(anchors=anchors):
            return [((*key, "anchors", place), at) for place, (at, _) in enumerate(anchors)]
        case Efficacy():
            return [((*key, "unacceptable"), points.unacceptable), ((*key, "satisfactory"), points.satisfactory)]
        case _:
            return []


def _magnitudes(value: Value | Score, unit: object, thresholds: Sequence[_Located]) -> Iterator[Fault]:
    """Check that no fraction is given in per cent and no amount in 万元 or 亿元."""
    for key, number in thresholds:
        most = _MOST_GROWTH if isinstance(value, Growth) else Fraction(1)
        if unit is Unit.FRACTION and abs(number) > most:
            yield Fault(
                "ICS-RUL-035",
                key,
                f"{shown(number, percent=False)} is a fraction, and would be {shown(number, percent=True)}",
                f"write {_written(number / 100)} for {shown(number / 100, percent=True)}",
            )
            return  # the others are meant alike, and one line is enough
        if unit is Unit.CNY and 0 < abs(number) < _LEAST_CNY:
            yield Fault(
                "ICS-RUL-036",
                key,
                f"{shown(number, percent=False)} yuan is no threshold of an enterprise: it looks like 万元 or 亿元",
                f"write it in yuan: {_written(number * 10_000)} if it means {_written(number)} 万元,"
                f" {_written(number * 10**8)} if 亿元",
            )
            return


def _written(number: Fraction) -> str:
    """Return a number as YAML takes it."""
    return str(number.numerator) if number.denominator == 1 else f"{float(number):g}"


def _swapped(key: Key, value: Value, unit: object) -> Iterator[Fault]:
    """Check that no ratio has the whole above its part."""
    if not isinstance(value, Ratio) or unit is not Unit.FRACTION:
        return
    above, below = value.numerator, value.denominator
    if not (isinstance(above, FieldValue) and isinstance(below, FieldValue)):
        return
    if (below.field, above.field) in PARTS or (above.field in _WHOLES and below.field not in _WHOLES):
        yield Fault(
            "ICS-RUL-037",
            key,
            f"divides {above.field} by {below.field}: the whole by its part",
            f"swap them: numerator {below.field}, denominator {above.field}; or state unit: rate",
        )


def _left_out(key: Key, points: Bands, unit: object) -> Iterator[Fault]:
    """Check that evenly spaced steps have no hole: points and thresholds both jump by a multiple of the usual step."""
    amounts = [_amount(step) for step in points.steps]
    if len(amounts) < 2 or any(amount is None for amount in (*amounts, _plain(points.otherwise))):
        return
    told = [*(amount for amount in amounts if amount is not None), _plain(points.otherwise) or Fraction(0)]
    at = [step.threshold for step in points.steps]
    jumps = [abs(a - b) for a, b in pairwise(told)]
    widths = [abs(a - b) for a, b in pairwise(at)]
    usual, held = Counter(jumps).most_common(1)[0]
    apart = Counter(widths).most_common(1)[0][0]
    for place, jump in enumerate(jumps):
        multiple = jump / usual if usual else Fraction(0)
        last = place == len(jumps) - 1
        wide = last or (apart > 0 and widths[place] == multiple * apart)
        if held >= 2 and multiple >= 2 and multiple.denominator == 1 and wide:
            between = f"from {shown(told[place], percent=False)} to {shown(told[place + 1], percent=False)} points"
            step = f"{points.steps[place].text(percent=unit is Unit.FRACTION)}"
            yield Fault(
                "ICS-RUL-038",
                (*key, "steps", place),
                f"after {step} the points fall {between}, {multiple} times the usual step: a step seems left out",
                "add the step; where the text has none, write the steps as intervals",
            )


def _amount(step: Comparison) -> Fraction | None:
    return _plain(getattr(step, "points", None))


def _plain(amount: object) -> Fraction | None:
    """Return points as a number; a share of the maximum by its share."""
    if isinstance(amount, Share):
        return amount.of_max
    return amount if isinstance(amount, Fraction) else None
