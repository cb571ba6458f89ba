"""What a rulebook that fits the schema can still get wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import yaml

from icsml.core.names import nearest
from icsml.core.yaml import Key, line_of
from icsml.innovation.eligibility import CategoryPoints, Condition, IndicatorPoints
from icsml.innovation.indicators import Indicator, Option, ScoringDomain
from icsml.innovation.provenance import Provenance
from icsml.innovation.schema import Rulebook
from icsml.innovation.values import FieldValue
from icsml.records.field import Domain, Kind, Purpose
from icsml.records.fields import FIELD_BY_NAME

__all__ = ["Finding", "findings"]

_NEVER_SCORED = (Purpose.CONSEQUENCE, Purpose.PERSONAL, Purpose.BANK_RATING)


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of a rulebook file.

    Parameters
    ----------
    code : str
        Stable code, ``ICS-RUL-NNN``.
    where : str
        ``file:line: key``.
    message, remedy : str
        What is wrong, and what to do.
    """

    code: str
    where: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class _Fault:
    code: str
    key: Key
    message: str
    remedy: str


def findings(rulebook: Rulebook, name: str) -> list[Finding]:
    """Return every semantic fault of a rulebook, with the line of ``rulebook.source_text`` that holds it.

    Parameters
    ----------
    rulebook : Rulebook
        A rulebook that fits the schema.
    name : str
        File name to show.
    """
    checks = (_identifiers, _timeline, _sources, _totals, _categories, _indicators, _conditions)
    faults = [fault for check in checks for fault in check(rulebook)]
    document = yaml.compose(rulebook.source_text, Loader=yaml.SafeLoader) if faults else None
    return [
        Finding(fault.code, f"{name}:{line_of(document, fault.key)}: {_dotted(fault.key)}", fault.message, fault.remedy)
        for fault in faults
    ]


def _identifiers(rulebook: Rulebook) -> Iterator[_Fault]:
    conditions = rulebook.eligibility.declared if rulebook.eligibility else ()
    yield from _repeated(("sources",), (source.id for source in rulebook.sources))
    yield from _repeated(("categories",), (category.id for category in rulebook.categories))
    yield from _repeated(("indicators",), (indicator.id for indicator in rulebook.indicators))
    yield from _repeated(("eligibility",), (condition.id for condition in conditions))
    for place, indicator in enumerate(rulebook.indicators):
        yield from _repeated(("indicators", place, "best_of"), (option.id for option in indicator.best_of))


def _repeated(key: Key, names: Iterable[str]) -> Iterator[_Fault]:
    for name, count in Counter(names).items():
        if count > 1:
            yield _Fault("ICS-RUL-004", key, f"id {name} is used {count} times", "give each its own id")


def _timeline(rulebook: Rulebook) -> Iterator[_Fault]:
    end = rulebook.timeline.in_force_to
    if end is not None and end < rulebook.timeline.in_force_from:
        yield _Fault("ICS-RUL-013", ("timeline", "in_force_to"), "ends before it begins", "swap or correct the dates")


def _sources(rulebook: Rulebook) -> Iterator[_Fault]:
    for place, indicator in enumerate(rulebook.indicators):
        key: Key = ("indicators", place)
        yield from _cited(rulebook, key, indicator.sources, indicator.provenance.parts)
    if rulebook.eligibility is not None:
        for key, condition in _located_conditions(rulebook):
            yield from _cited(rulebook, key, condition.sources, (condition.provenance,))
        for place, presumed in enumerate(rulebook.eligibility.presumed):
            yield from _cited(rulebook, ("eligibility", "presumed", place), presumed.sources, (presumed.provenance,))


def _cited(
    rulebook: Rulebook, key: Key, cited: tuple[str, ...], provenance: tuple[Provenance, ...]
) -> Iterator[_Fault]:
    declared = {source.id: source for source in rulebook.sources}
    for name in cited:
        if name not in declared:
            yield _Fault("ICS-RUL-010", (*key, "sources"), f"source {name} is not declared", _nearest(name, declared))
    known = [declared[name] for name in cited if name in declared]
    if any(part is not Provenance.ASSUMED for part in provenance) and not known:
        yield _Fault("ICS-RUL-010", key, "published or official, but cites no source", "cite one, or write assumed")
    elif Provenance.OFFICIAL in provenance and not any(source.issuer_text for source in known):
        yield _Fault(
            "ICS-RUL-010",
            key,
            "official, but no source cited is the issuer's own text",
            "cite a source with issuer_text: true, or write published",
        )


def _totals(rulebook: Rulebook) -> Iterator[_Fault]:
    for name, bonus, stated in (("base", False, rulebook.totals.base), ("bonus", True, rulebook.totals.bonus)):
        total = sum(category.max for category in rulebook.categories if category.bonus is bonus)
        if total != stated:
            yield _Fault(
                "ICS-RUL-006",
                ("totals", name),
                f"is {stated}, but its categories sum to {total}",
                "correct the total or the categories' max",
            )


def _categories(rulebook: Rulebook) -> Iterator[_Fault]:
    known = {category.id for category in rulebook.categories}
    for place, indicator in enumerate(rulebook.indicators):
        if indicator.category not in known:
            yield _Fault(
                "ICS-RUL-009",
                ("indicators", place, "category"),
                f"no category {indicator.category}",
                _nearest(indicator.category, known),
            )
    for place, category in enumerate(rulebook.categories):
        total = sum(indicator.max for indicator in rulebook.indicators if indicator.category == category.id)
        if total != category.max:
            yield _Fault(
                "ICS-RUL-005",
                ("categories", place, "max"),
                f"is {category.max}, but its indicators sum to {total}",
                "correct the category's max or the indicators' max",
            )


def _indicators(rulebook: Rulebook) -> Iterator[_Fault]:
    for place, indicator in enumerate(rulebook.indicators):
        key: Key = ("indicators", place)
        for number, option in enumerate(indicator.options):
            here = (*key, "best_of", number) if indicator.best_of else key
            yield from _unknown_fields((*here, "value"), dict.fromkeys(option.value.fields))
            yield from _steps(here, option)
        if all(name in FIELD_BY_NAME for name in indicator.fields):
            yield from _domain(key, indicator)
        yield from _reach(key, indicator)


def _unknown_fields(key: Key, names: Iterable[str]) -> Iterator[_Fault]:
    for name in names:
        field = FIELD_BY_NAME.get(name)
        if field is None:
            yield _Fault("ICS-RUL-003", key, f"unknown field {name}", _nearest(name, FIELD_BY_NAME))
        elif field.purpose in _NEVER_SCORED:
            yield _Fault(
                "ICS-RUL-012",
                key,
                f"field {name} may not be scored ({field.purpose})",
                "leave it out: it follows from earlier decisions or is not evidence",
            )
        elif not field.numeric:
            yield _Fault("ICS-RUL-012", key, f"field {name} is not a number", "use a number, count or flag")


def _domain(key: Key, indicator: Indicator) -> Iterator[_Fault]:
    if indicator.domain is not ScoringDomain.INNOVATION:
        return
    fields = [FIELD_BY_NAME[name] for name in indicator.fields]
    scored = [field for field in fields if field.purpose not in _NEVER_SCORED]
    if scored == fields and not any(field.domain is Domain.INNOVATION for field in fields):
        yield _Fault(
            "ICS-RUL-014",
            (*key, "domain"),
            "innovation, but it reads no innovation field",
            "write domain: financial, so that the baseline keeps it",
        )
    for field in scored:
        if field.purpose is not Purpose.FEATURE:
            yield _Fault(
                "ICS-RUL-012",
                key,
                f"field {field.name} may not reach the model",
                "write domain: financial, or make it a condition of eligibility",
            )


def _steps(key: Key, option: Option) -> Iterator[_Fault]:
    if not option.points.ordered:
        yield _Fault(
            "ICS-RUL-007",
            (*key, "points"),
            f"{option.points.kind} out of order, a step cannot be reached",
            "lower bounds from high to low, upper bounds from low to high, anchors from low to high",
        )
    flag = isinstance(option.value, FieldValue) and _is_flag(option.value.field)
    if option.points.kind == "flag" and not flag:
        yield _Fault("ICS-RUL-012", (*key, "points"), "flag over a value that is no flag", "use bands")


def _is_flag(name: str) -> bool:
    return name in FIELD_BY_NAME and FIELD_BY_NAME[name].kind is Kind.FLAG


def _reach(key: Key, indicator: Indicator) -> Iterator[_Fault]:
    amounts = [amount for option in indicator.options for amount in option.points.amounts(indicator.full)]
    if indicator.min > 0 or indicator.max < 0:
        yield _Fault("ICS-RUL-008", key, "min must not be above 0, nor max below 0", "a missing value earns 0 points")
    elif max(amounts) != indicator.max and (indicator.max > 0 or max(amounts) > 0):
        yield _Fault(
            "ICS-RUL-008",
            (*key, "max"),
            f"is {indicator.max}, but the points reach {max(amounts)}",
            "make the best step worth the maximum, or write it as 100%",
        )
    elif min(amounts) < indicator.min or (indicator.min < 0 and min(amounts) != indicator.min):
        yield _Fault(
            "ICS-RUL-008",
            (*key, "min"),
            f"is {indicator.min}, but the points reach {min(amounts)}",
            "state the largest deduction as min",
        )


def _conditions(rulebook: Rulebook) -> Iterator[_Fault]:
    if rulebook.eligibility is None:
        return
    for key, condition in _located_conditions(rulebook):
        yield from _unknown_fields((*key, "value"), condition.fields)
        yield from _references(rulebook, key, condition)
    bypass = rulebook.eligibility.bypass
    names = [condition.id for condition in rulebook.eligibility.conditions]
    for name in bypass.waives if bypass else ():
        if name not in names:
            yield _Fault(
                "ICS-RUL-009", ("eligibility", "bypass", "waives"), f"no condition {name}", _nearest(name, names)
            )


def _references(rulebook: Rulebook, key: Key, condition: Condition) -> Iterator[_Fault]:
    match condition.value:
        case IndicatorPoints(indicator=name):
            known = [indicator.id for indicator in rulebook.indicators]
        case CategoryPoints(category=name):
            known = [category.id for category in rulebook.categories]
        case _:
            if condition.holds_if is not None and not all(_is_flag(field) for field in condition.fields or ("",)):
                yield _Fault("ICS-RUL-012", key, "is: asks a flag, and this is none", "use a comparison")
            return
    if condition.holds_if is not None:
        yield _Fault("ICS-RUL-012", key, "is: asks a flag, and this is none", "use a comparison")
    if name not in known:
        yield _Fault("ICS-RUL-009", (*key, "value"), f"no {condition.value.kind} {name}", _nearest(name, known))


def _located_conditions(rulebook: Rulebook) -> Iterator[tuple[Key, Condition]]:
    if rulebook.eligibility is None:
        return
    for place, condition in enumerate(rulebook.eligibility.conditions):
        yield ("eligibility", "conditions", place), condition
    bypass = rulebook.eligibility.bypass
    for place, condition in enumerate(bypass.any_of if bypass else ()):
        yield ("eligibility", "bypass", "any_of", place), condition


def _nearest(name: str, known: Iterable[str]) -> str:
    return nearest(name, known) or "see docs/reference/rulebooks.md"


def _dotted(key: Key) -> str:
    return ".".join(str(part) for part in key)
