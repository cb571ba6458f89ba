"""Faults of rulebooks that fit the schema."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import yaml

from icsml.core.yaml import Key, line_of
from icsml.innovation.rulebooks.decimals import decimal
from icsml.innovation.rulebooks.eligibility import CategoryPoints, Condition, IndicatorPoints, Score
from icsml.innovation.rulebooks.exact_numbers import at_stage
from icsml.innovation.rulebooks.fault import Fault
from icsml.innovation.rulebooks.indicators import Indicator, ScoringDomain
from icsml.innovation.rulebooks.lint.ladders import ladder_faults, option_faults
from icsml.innovation.rulebooks.lint.parts import (
    NEVER_SCORED,
    citation_faults,
    field_faults,
    nearest_name,
    repeated,
    unit_faults,
    weight_faults,
)
from icsml.innovation.rulebooks.lint.pass_marks import mark_faults
from icsml.innovation.rulebooks.lint.points_rows import point_faults
from icsml.innovation.rulebooks.lint.ratios import ratio_faults
from icsml.innovation.rulebooks.lint.stages_and_peers import peer_faults, stage_faults
from icsml.innovation.rulebooks.lint.threshold_units import threshold_faults
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.records.field import Domain, Purpose
from icsml.records.fields import FIELD_BY_NAME, is_flag

__all__ = ["Finding", "findings", "located"]

_OF_SUMS = ("ICS-RUL-005", "ICS-RUL-006", "ICS-RUL-008", "ICS-RUL-039")


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
    level : str
        ``fault``: the rulebook is refused; ``warning``: it may be meant, and the rulebook is read.
    """

    code: str
    where: str
    message: str
    remedy: str
    level: Literal["fault", "warning"] = "fault"


def findings(rulebook: Rulebook, document: yaml.Node | None, name: str) -> list[Finding]:
    """Return every semantic fault and warning of a rulebook, with its file and line.

    Parameters
    ----------
    rulebook : Rulebook
        A rulebook that fits the schema.
    document : yaml.Node, optional
        The document it was read from.
    name : str
        File name to show where the document knows none.
    """
    checks = (
        _identifiers,
        _in_force,
        _sources,
        stage_faults,
        peer_faults,
        _totals,
        _categories,
        _indicators,
        _conditions,
        mark_faults,
        _thresholds,
    )
    faults = [fault for check in checks for fault in check(rulebook)]
    if any(fault.code == "ICS-RUL-025" for fault in faults):  # sums at stages that do not fit say nothing more
        faults = [fault for fault in faults if fault.code not in _OF_SUMS]
    return [
        located(fault, document, name)
        for fault in sorted(faults, key=lambda fault: fault.warning)  # what refuses comes first
    ]


def located(fault: Fault, document: yaml.Node | None, name: str) -> Finding:
    """Return a fault with its file and line."""
    where = f"{line_of(document, fault.key, name)}: {_dotted(fault.key)}"
    return Finding(fault.code, where, fault.message, fault.remedy, "warning" if fault.warning else "fault")


def _identifiers(rulebook: Rulebook) -> Iterator[Fault]:
    conditions = rulebook.eligibility.declared if rulebook.eligibility else ()
    yield from repeated(("sources",), (source.id for source in rulebook.sources))
    yield from repeated(("categories",), (category.id for category in rulebook.categories))
    yield from repeated(("indicators",), (indicator.id for indicator in rulebook.indicators))
    yield from repeated(("eligibility",), (condition.id for condition in conditions), placed=False)
    for index, indicator in enumerate(rulebook.indicators):
        yield from repeated(("indicators", index, "best_of"), (option.id for option in indicator.best_of))


def _in_force(rulebook: Rulebook) -> Iterator[Fault]:
    since, until = rulebook.in_force.since, rulebook.in_force.until
    if since is not None and until is not None and until < since:
        yield Fault("ICS-RUL-013", ("in_force", "to"), "ends before it begins", "swap or correct the dates")
    if since is None:
        yield Fault("ICS-RUL-013", ("in_force", "from"), "has no first day", "state it, as assumed if need be")
    if rulebook.corrects == rulebook.id:
        yield Fault("ICS-RUL-013", ("corrects",), "corrects itself", "name the edition that it replaces")


def _sources(rulebook: Rulebook) -> Iterator[Fault]:
    for index, indicator in enumerate(rulebook.indicators):
        key: Key = ("indicators", index)
        yield from citation_faults(rulebook, key, indicator.sources, indicator.provenance.parts)
    if rulebook.eligibility is not None:
        for key, condition in rulebook.eligibility.located:
            yield from citation_faults(rulebook, key, condition.sources, (condition.provenance,))
        for index, presumed in enumerate(rulebook.eligibility.presumed):
            yield from citation_faults(
                rulebook, ("eligibility", "presumed", index), presumed.sources, (presumed.provenance,)
            )


def _totals(rulebook: Rulebook) -> Iterator[Fault]:
    for name, bonus, stated in (("base", False, rulebook.totals.base), ("bonus", True, rulebook.totals.bonus)):
        for stage in rulebook.stage_ids:
            total = sum(at_stage(category.max, stage) for category in rulebook.categories if category.bonus is bonus)
            if total != stated:
                yield Fault(
                    "ICS-RUL-006",
                    ("totals", name),
                    f"is {decimal(stated)}, but its categories sum to {decimal(total)}{_stage_suffix(stage)}",
                    "correct the total or the categories' max",
                )


def _categories(rulebook: Rulebook) -> Iterator[Fault]:
    known = {category.id for category in rulebook.categories}
    for index, indicator in enumerate(rulebook.indicators):
        if indicator.category not in known:
            yield Fault(
                "ICS-RUL-009",
                ("indicators", index, "category"),
                f"no category {indicator.category}",
                nearest_name(indicator.category, known),
            )
    for index, category in enumerate(rulebook.categories):
        key = ("categories", index, "max")
        yield from weight_faults(rulebook, key, category.max)
        for stage in rulebook.stage_ids:
            maxima = [at_stage(i.max, stage) for i in rulebook.indicators if i.category == category.id]
            if sum(maxima) != at_stage(category.max, stage):
                yield Fault(
                    "ICS-RUL-005",
                    key,
                    f"is {decimal(at_stage(category.max, stage))}, but its indicators sum to {decimal(sum(maxima))}"
                    f"{_stage_suffix(stage)}",
                    "correct the category's max or the indicators' max",
                )


def _stage_suffix(stage: str | None) -> str:
    return f" at stage {stage}" if stage is not None else ""


def _indicators(rulebook: Rulebook) -> Iterator[Fault]:
    for index, indicator in enumerate(rulebook.indicators):
        key: Key = ("indicators", index)
        for number, option in enumerate(indicator.options):
            here = (*key, "best_of", number) if indicator.best_of else key
            yield from field_faults((*here, "value"), option.value)
            yield from unit_faults(here, option.value, option.unit)
            yield from ratio_faults((*here, "value"), option.value)
            yield from point_faults(here, indicator, option, rulebook.stage_ids)
            if option.points.ordered:
                yield from ladder_faults(here, option, indicator.full(rulebook.stage_ids[0]))
        if all(option.points.ordered for option in indicator.options):
            yield from option_faults(key, indicator, rulebook.stage_ids)
        if all(name in FIELD_BY_NAME for name in indicator.fields):
            yield from _domain(key, indicator)
        yield from weight_faults(rulebook, (*key, "max"), indicator.max)
        yield from weight_faults(rulebook, (*key, "min"), indicator.min)
        for stage in rulebook.stage_ids:
            yield from _reach(key, indicator, stage)


def _domain(key: Key, indicator: Indicator) -> Iterator[Fault]:
    if indicator.domain is not ScoringDomain.INNOVATION:
        return
    fields = [FIELD_BY_NAME[name] for name in indicator.fields]
    scored = [field for field in fields if field.purpose not in NEVER_SCORED]
    if scored == fields and not any(field.domain is Domain.INNOVATION for field in fields):
        yield Fault(
            "ICS-RUL-014",
            (*key, "domain"),
            "innovation, but it reads no innovation field",
            "write domain: financial, so that the baseline keeps it",
        )
    for field in scored:
        if field.purpose is not Purpose.FEATURE:
            yield Fault(
                "ICS-RUL-012",
                key,
                f"field {field.name} may not reach the model",
                "write domain: financial, or make it a condition of eligibility",
            )


def _reach(key: Key, indicator: Indicator, stage: str | None) -> Iterator[Fault]:
    full, most, least = indicator.full(stage), at_stage(indicator.max, stage), at_stage(indicator.min, stage)
    amounts = [amount for option in indicator.options for amount in option.points.rising(full, indicator.better)]
    if least > 0 or most < 0:
        yield Fault("ICS-RUL-008", key, "min must not be above 0, nor max below 0", "a missing value earns 0 points")
    elif max(amounts) != most and (most > 0 or max(amounts) > 0):
        yield Fault(
            "ICS-RUL-008",
            (*key, "max"),
            f"is {decimal(most)}, but the points reach {decimal(max(amounts))}{_stage_suffix(stage)}",
            "make the best step worth the maximum, or write it as 100%",
        )
    elif min(amounts) < least or (least < 0 and min(amounts) != least):
        yield Fault(
            "ICS-RUL-008",
            (*key, "min"),
            f"is {decimal(least)}, but the points reach {decimal(min(amounts))}{_stage_suffix(stage)}",
            "state the largest deduction as min",
        )


def _conditions(rulebook: Rulebook) -> Iterator[Fault]:
    if rulebook.eligibility is None:
        return
    for key, condition in rulebook.eligibility.located:
        if not isinstance(condition.value, Score | CategoryPoints | IndicatorPoints):
            yield from field_faults((*key, "value"), condition.value)
            yield from unit_faults(key, condition.value, condition.unit)
            yield from ratio_faults((*key, "value"), condition.value)
        elif condition.unit is not None:
            yield Fault("ICS-RUL-024", (*key, "unit"), "points have no unit", "take it out")
        yield from _references(rulebook, key, condition)
    bypass = rulebook.eligibility.bypass
    names = [condition.id for condition in rulebook.eligibility.conditions]
    for name in bypass.waives if bypass else ():
        if name not in names:
            yield Fault(
                "ICS-RUL-009", ("eligibility", "bypass", "waives"), f"no condition {name}", nearest_name(name, names)
            )


def _references(rulebook: Rulebook, key: Key, condition: Condition) -> Iterator[Fault]:
    match condition.value:
        case IndicatorPoints(indicator=name):
            known = [indicator.id for indicator in rulebook.indicators]
        case CategoryPoints(category=name):
            known = [category.id for category in rulebook.categories]
        case _:
            if condition.holds_if is not None and not all(is_flag(field) for field in condition.fields or ("",)):
                yield Fault("ICS-RUL-012", key, "is: asks a flag, and this is none", "use a comparison")
            return
    if condition.holds_if is not None:
        yield Fault("ICS-RUL-012", key, "is: asks a flag, and this is none", "use a comparison")
    if name not in known:
        yield Fault("ICS-RUL-009", (*key, "value"), f"no {condition.value.kind} {name}", nearest_name(name, known))


def _thresholds(rulebook: Rulebook) -> Iterator[Fault]:
    known = all(name in FIELD_BY_NAME for name in rulebook.inputs())
    return threshold_faults(rulebook) if known else iter(())


def _dotted(key: Key) -> str:
    return ".".join(str(part) for part in key)
