"""Thresholds in the wrong unit: per cent where a fraction is read, 万元 or 亿元 where yuan are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, get_args

from icsml.core.yaml import Key
from icsml.innovation.rulebooks.decimals import decimal
from icsml.innovation.rulebooks.fault import Fault
from icsml.innovation.rulebooks.lint.shares import never_above_one, within_one
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.rulebooks.value_functions import Age, FieldValue, Growth, Ratio, Sum, Unit, Value
from icsml.records.field import Kind
from icsml.records.fields import FIELD_BY_NAME

__all__ = ["threshold_faults"]

_MOST_FRACTION: Final = 5
"""500 %: no ratio or growth rate of a rulebook is required to be as large, unless a field's own range allows for it."""
_LEAST_MONEY: Final = 10_000
_DOUBTFUL_MONEY: Final = 100_000
_LEAST_SIZE: Final = 100_000
"""A limit of 100,000 yuan on a year's revenue or on assets separates no enterprises."""
_DOUBTFUL_SIZE: Final = 500_000
_LEAST_PER_HEAD: Final = 1_000
_LARGE: Final = {"万元": (10**4, "ten thousand yuan"), "亿元": (10**8, "hundred million yuan")}
_MOST_LARGE: Final = 10**10
"""Amounts of more than 100 亿元 are no small enterprise's: 500 is not meant in 亿元."""
_MOST_YEARS: Final = 100
_SIZES: Final = (
    "revenue_cny",
    "revenue_prev_cny",
    "main_revenue_cny",
    "main_revenue_prev_cny",
    "total_cost_cny",
    "total_assets_cny",
    "total_assets_prev_cny",
)
_VALUES: Final = get_args(get_args(Value)[0])


@dataclass(frozen=True, slots=True)
class _Threshold:
    """A number that a value is compared with, and all others of the same table."""

    key: Key
    value: Value
    unit: Unit | None
    number: Fraction
    table: tuple[Fraction, ...]


def threshold_faults(rulebook: Rulebook) -> Iterator[Fault]:
    """Return implausible sizes of thresholds: of points, of the rule of stages, of conditions."""
    for threshold in _thresholds(rulebook):
        if threshold.unit is Unit.FRACTION:
            yield from _fraction(threshold)
        elif threshold.unit is Unit.CNY:
            yield from _money(threshold)
        elif isinstance(threshold.value, Ratio):
            yield from _per_head(threshold)
        elif isinstance(threshold.value, Age):
            yield from _age(threshold)
        elif _whole_number(threshold.value):
            yield from _count(threshold)


def _thresholds(rulebook: Rulebook) -> Iterator[_Threshold]:
    for index, indicator in enumerate(rulebook.indicators):
        for number, option in enumerate(indicator.options):
            key: Key = ("indicators", index, *(("best_of", number) if indicator.best_of else ()), "points")
            yield from _table(key, option.value, option.unit, list(option.points.written()))
    if rulebook.stages is not None:
        rule = rulebook.stages.rule
        steps: list[tuple[Key, Fraction]] = [(("steps", i), step.threshold) for i, step in enumerate(rule.steps)]
        yield from _table(("stages", "rule"), rule.value, rule.unit, steps)
    for key, condition in rulebook.eligibility.located if rulebook.eligibility is not None else ():
        if isinstance(condition.value, _VALUES) and condition.holds_if is None:
            yield from _table(key, condition.value, condition.unit, [((condition.comparator,), condition.threshold)])


def _table(key: Key, value: Value, unit: Unit | None, written: list[tuple[Key, Fraction]]) -> Iterator[_Threshold]:
    stated_unit = unit or (value.unit if isinstance(value.unit, Unit) else None)
    numbers = tuple(number for _, number in written)
    for part, number in written:
        yield _Threshold((*key, *part), value, stated_unit, number, numbers)


def _fraction(threshold: _Threshold) -> Iterator[Fault]:
    number, low = threshold.number, _least(threshold.value)
    percent = f"is {decimal(number * 100)} %, as fractions are read"
    remedy = f"write {decimal(number / 100)} for {decimal(number)} %"
    rate = ", or unit: rate if it is meant as a multiple" if isinstance(threshold.value, Ratio | Growth) else ""
    if number > 1 and within_one(threshold.value):
        yield Fault("ICS-RUL-027", threshold.key, f"{percent}; this share cannot exceed 1", remedy)
    elif _looks_in_per_cent(threshold):
        yield Fault("ICS-RUL-027", threshold.key, f"{percent}; it looks written in per cent", remedy + rate)
    elif number > 1:
        remedy = f"leave it if {decimal(number * 100)} % is meant; {remedy}"
        yield Fault("ICS-RUL-027", threshold.key, percent, remedy, warning=True)
    elif low is not None and number < low:
        remedy = f"write {decimal(number / 100)} if {decimal(number)} % is meant"
        yield Fault("ICS-RUL-027", threshold.key, f"{percent}; this value cannot be below {low}", remedy)


def _looks_in_per_cent(threshold: _Threshold) -> bool:
    field = FIELD_BY_NAME[threshold.value.field] if isinstance(threshold.value, FieldValue) else None
    if field is not None and field.high is not None:
        return threshold.number > Fraction(field.high)
    if _in_per_cent(threshold.table):
        return threshold.number >= 1
    return threshold.number >= _MOST_FRACTION or (threshold.number > 1 and never_above_one(threshold.value))


def _in_per_cent(table: tuple[Fraction, ...]) -> bool:
    """Return whether a table has several numbers and none is between 0 and 1."""
    given = {number for number in table if number != 0}
    return len(given) > 1 and all(abs(number) >= 1 for number in given)


def _least(value: Value) -> int | None:
    """Return the bound that a value cannot be below; none where there is none."""
    fields = [FIELD_BY_NAME.get(name) for name in value.fields]
    if any(field is None or field.low is None or field.low < 0 for field in fields):
        return None
    return -1 if isinstance(value, Growth) else 0


def _money(threshold: _Threshold) -> Iterator[Fault]:
    number = abs(threshold.number)
    size = isinstance(threshold.value, FieldValue | Sum) and set(threshold.value.fields) <= set(_SIZES)
    least, doubtful = (_LEAST_SIZE, _DOUBTFUL_SIZE) if size else (_LEAST_MONEY, _DOUBTFUL_MONEY)
    if number == 0 or number >= doubtful:
        return
    message = f"is {decimal(threshold.number)} yuan"
    meant = _meant(threshold.number, least)
    write = f"write {', '.join(meant.values()) or 'the amount in yuan'}"
    if number >= least:
        yield Fault("ICS-RUL-028", threshold.key, message, f"leave it if yuan are meant; {write}", warning=True)
    else:
        looks = f"; it looks written in {' or '.join(meant)}" if meant else ""
        yield Fault("ICS-RUL-028", threshold.key, f"{message}, too little for this amount{looks}", write)


def _meant(number: Fraction, least: Fraction | int) -> dict[str, str]:
    """Return, by the larger units that make a number a likely amount, its value in yuan."""
    return {
        name: f"{_plain(number * unit)} for {decimal(number)} {name} ({words})"
        for name, (unit, words) in _LARGE.items()
        if least <= abs(number) * unit and (name == "万元" or abs(number) * unit <= _MOST_LARGE)
    }


def _per_head(threshold: _Threshold) -> Iterator[Fault]:
    """Warn of money per head or per piece that amounts to a few yuan."""
    value = threshold.value
    assert isinstance(value, Ratio)  # noqa: S101 - ensured by the caller
    if value.numerator.unit is not Unit.CNY or value.denominator.unit not in (Unit.PERSONS, Unit.COUNT):
        return
    yuan = abs(threshold.number / value.per) if value.per else Fraction(0)
    if 0 < yuan < _LEAST_PER_HEAD:
        meant = next(iter(_meant(threshold.number, _LEAST_PER_HEAD * value.per).values()), "the amount in yuan")
        remedy = f"leave it if yuan are meant; write {meant}"
        yield Fault("ICS-RUL-028", threshold.key, f"is {decimal(yuan)} yuan for each", remedy, warning=True)


def _age(threshold: _Threshold) -> Iterator[Fault]:
    if threshold.number > _MOST_YEARS:
        remedy = f"an age is in years: write {decimal(threshold.number / 12)} for {decimal(threshold.number)} months"
        yield Fault("ICS-RUL-035", threshold.key, f"is {decimal(threshold.number)} years", remedy, warning=True)


def _count(threshold: _Threshold) -> Iterator[Fault]:
    if threshold.number.denominator != 1:
        message = f"is {decimal(threshold.number)}, and the value is a whole number"
        yield Fault(
            "ICS-RUL-035", threshold.key, message, "write a whole number, or a ratio if a share is meant", warning=True
        )


def _whole_number(value: Value) -> bool:
    if not isinstance(value, FieldValue | Sum):
        return False
    return all(name in FIELD_BY_NAME and FIELD_BY_NAME[name].kind is Kind.COUNT for name in value.fields)


def _plain(number: Fraction) -> str:
    """Return a number as it is written in YAML, without separators."""
    return decimal(number).replace(",", "")
