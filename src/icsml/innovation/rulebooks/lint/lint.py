"""What a rulebook that fits the schema can still get wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import yaml

from icsml.core.names import nearest
from icsml.core.yaml import Key, place_of
from icsml.innovation.rulebooks.decimals import decimal
from icsml.innovation.rulebooks.eligibility import CategoryPoints, Condition, IndicatorPoints, Score
from icsml.innovation.rulebooks.exact_numbers import Weight, at_stage
from icsml.innovation.rulebooks.fault import Fault
from icsml.innovation.rulebooks.indicators import Indicator, ScoringDomain
from icsml.innovation.rulebooks.lint.ladders import ladder_faults, option_faults
from icsml.innovation.rulebooks.lint.pass_marks import mark_faults
from icsml.innovation.rulebooks.lint.points_rows import point_faults
from icsml.innovation.rulebooks.lint.ratios import ratio_faults
from icsml.innovation.rulebooks.lint.threshold_units import threshold_faults
from icsml.innovation.rulebooks.provenance import Provenance
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.rulebooks.value_functions import MIXED, Age, Growth, Ratio, Unit, Value
from icsml.records.field import Domain, Kind, Purpose
from icsml.records.fields import FIELD_BY_NAME

__all__ = ["Finding", "findings", "located"]

_OF_SUMS = ("ICS-RUL-005", "ICS-RUL-006", "ICS-RUL-008", "ICS-RUL-039")
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
    level : str
        ``fault``: the rulebook is refused; ``warning``: it may be meant, and the rulebook is read.
    """

    code: str
    where: str
    message: str
    remedy: str
    level: Literal["fault", "warning"] = "fault"


def findings(rulebook: Rulebook, document: yaml.Node | None, name: str) -> list[Finding]:
    """Return every semantic fault and warning of a rulebook, with the file and line that hold it.

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
        _stages,
        _peers,
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
    """Return a fault with the file and line that hold it."""
    where = f"{place_of(document, fault.key, name)}: {_dotted(fault.key)}"
    return Finding(fault.code, where, fault.message, fault.remedy, "warning" if fault.warning else "fault")


def _identifiers(rulebook: Rulebook) -> Iterator[Fault]:
    conditions = rulebook.eligibility.declared if rulebook.eligibility else ()
    yield from _repeated(("sources",), (source.id for source in rulebook.sources))
    yield from _repeated(("categories",), (category.id for category in rulebook.categories))
    yield from _repeated(("indicators",), (indicator.id for indicator in rulebook.indicators))
    yield from _repeated(("eligibility",), (condition.id for condition in conditions), placed=False)
    for index, indicator in enumerate(rulebook.indicators):
        yield from _repeated(("indicators", index, "best_of"), (option.id for option in indicator.best_of))


def _repeated(key: Key, names: Iterable[str], *, placed: bool = True) -> Iterator[Fault]:
    """Tell of ids that are used more than once, in the list at a key; at its second use, where the list is one."""
    held = list(names)
    for name, count in Counter(held).items():
        if count > 1:
            second = held.index(name, held.index(name) + 1)
            where = (*key, second) if placed else key
            yield Fault("ICS-RUL-004", where, f"id {name} is used {count} times", "give each its own id")


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
        yield from _cited(rulebook, key, indicator.sources, indicator.provenance.parts)
    if rulebook.eligibility is not None:
        for key, condition in rulebook.eligibility.located:
            yield from _cited(rulebook, key, condition.sources, (condition.provenance,))
        for index, presumed in enumerate(rulebook.eligibility.presumed):
            yield from _cited(rulebook, ("eligibility", "presumed", index), presumed.sources, (presumed.provenance,))


def _cited(rulebook: Rulebook, key: Key, cited: tuple[str, ...], provenance: tuple[Provenance, ...]) -> Iterator[Fault]:
    declared = {source.id: source for source in rulebook.sources}
    for name in cited:
        if name not in declared:
            yield Fault("ICS-RUL-010", (*key, "sources"), f"source {name} is not declared", _nearest(name, declared))
    known = [declared[name] for name in cited if name in declared]
    if any(part is not Provenance.ASSUMED for part in provenance) and not known:
        yield Fault("ICS-RUL-010", key, "published or official, but cites no source", "cite one, or write assumed")
    elif Provenance.OFFICIAL in provenance and not any(source.issuer_text for source in known):
        yield Fault(
            "ICS-RUL-010",
            key,
            "official, but no source cited is the issuer's own text",
            "cite a source with issuer_text: true, or write published",
        )


def _stages(rulebook: Rulebook) -> Iterator[Fault]:
    stages = rulebook.stages
    if stages is None:
        return
    key: Key = ("stages",)
    yield from _repeated((*key, "list"), stages.ids)
    yield from _unknown_fields((*key, "rule", "value"), stages.rule.value)
    yield from _unit((*key, "rule"), stages.rule.value, stages.rule.unit)
    yield from ratio_faults((*key, "rule", "value"), stages.rule.value)
    leads_to: list[tuple[Key, str]] = [(("steps", i, "stage"), step.stage) for i, step in enumerate(stages.rule.steps)]
    leads_to += [(("otherwise",), stages.rule.otherwise)]
    named = [*leads_to, *([(("missing",), stages.rule.missing)] if stages.rule.missing != "refuse" else [])]
    for part, name in named:
        if name not in stages.ids:
            yield Fault("ICS-RUL-025", (*key, "rule", *part), f"no stage {name}", _nearest(name, stages.ids))
    for index, name in enumerate(stages.ids):
        if name not in [stage for _, stage in leads_to]:
            yield Fault("ICS-RUL-025", (*key, "list", index), f"no rule leads to stage {name}", "add a step for it")
    lower = {step.lower for step in stages.rule.steps}
    thresholds = [step.threshold for step in stages.rule.steps]
    if len(lower) > 1 or thresholds != sorted(set(thresholds), reverse=lower == {True}):
        remedy = "lower bounds from high to low, or upper bounds from low to high"
        yield Fault("ICS-RUL-007", (*key, "rule", "steps"), "steps out of order, one cannot be reached", remedy)
    yield from _cited(rulebook, key, stages.sources, (stages.provenance.names, stages.provenance.rule))


def _peers(rulebook: Rulebook) -> Iterator[Fault]:
    if rulebook.peers is None:
        for index, indicator in enumerate(rulebook.indicators):
            if indicator in rulebook.ranked:
                yield Fault(
                    "ICS-RUL-026",
                    ("indicators", index, "points"),
                    "ranks among peers, and none are declared",
                    "add `peers` with groups",
                )
        return
    yield from _cited(rulebook, ("peers",), rulebook.peers.sources, (rulebook.peers.provenance,))
    for index, group in enumerate(rulebook.peers.groups):
        if "stage" in group and rulebook.stages is None:
            yield Fault(
                "ICS-RUL-026",
                ("peers", "groups", index),
                "groups by stage, and there are no stages",
                "declare stages, or drop it",
            )
        finer = rulebook.peers.groups[:index]
        if any(_implied(group) >= _implied(each) for each in finer):
            yield Fault(
                "ICS-RUL-026",
                ("peers", "groups", index),
                "is no coarser than a group before it",
                "order groups from fine to coarse",
            )


def _implied(group: Iterable[str]) -> set[str]:
    """Return what peers of a group have in common: a region lies in one province."""
    return {*group, *(("province",) if "region" in group else ())}


def _weights(rulebook: Rulebook, key: Key, weight: Weight) -> Iterator[Fault]:
    """Check that a weight by stage names every stage once and no other."""
    if not isinstance(weight, dict):
        return
    for name in weight:
        if name not in rulebook.stage_ids:
            known = [each for each in rulebook.stage_ids if each is not None]
            yield Fault("ICS-RUL-025", (*key, name), f"no stage {name}", _nearest(name, known))
    for stage in rulebook.stage_ids:
        if stage is not None and stage not in weight:
            yield Fault("ICS-RUL-025", key, f"has no weight for stage {stage}", "add it, 0 if it does not count")


def _totals(rulebook: Rulebook) -> Iterator[Fault]:
    for name, bonus, stated in (("base", False, rulebook.totals.base), ("bonus", True, rulebook.totals.bonus)):
        for stage in rulebook.stage_ids:
            total = sum(at_stage(each.max, stage) for each in rulebook.categories if each.bonus is bonus)
            if total != stated:
                yield Fault(
                    "ICS-RUL-006",
                    ("totals", name),
                    f"is {decimal(stated)}, but its categories sum to {decimal(total)}{_at(stage)}",
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
                _nearest(indicator.category, known),
            )
    for index, category in enumerate(rulebook.categories):
        key = ("categories", index, "max")
        yield from _weights(rulebook, key, category.max)
        for stage in rulebook.stage_ids:
            own = [at_stage(each.max, stage) for each in rulebook.indicators if each.category == category.id]
            if sum(own) != at_stage(category.max, stage):
                yield Fault(
                    "ICS-RUL-005",
                    key,
                    f"is {decimal(at_stage(category.max, stage))}, but its indicators sum to {decimal(sum(own))}"
                    f"{_at(stage)}",
                    "correct the category's max or the indicators' max",
                )


def _at(stage: str | None) -> str:
    return f" at stage {stage}" if stage is not None else ""


def _indicators(rulebook: Rulebook) -> Iterator[Fault]:
    for index, indicator in enumerate(rulebook.indicators):
        key: Key = ("indicators", index)
        for number, option in enumerate(indicator.options):
            here = (*key, "best_of", number) if indicator.best_of else key
            yield from _unknown_fields((*here, "value"), option.value)
            yield from _unit(here, option.value, option.unit)
            yield from ratio_faults((*here, "value"), option.value)
            yield from point_faults(here, indicator, option, rulebook.stage_ids)
            if option.points.ordered:
                yield from ladder_faults(here, option, indicator.full(rulebook.stage_ids[0]))
        if all(option.points.ordered for option in indicator.options):
            yield from option_faults(key, indicator, rulebook.stage_ids)
        if all(name in FIELD_BY_NAME for name in indicator.fields):
            yield from _domain(key, indicator)
        yield from _weights(rulebook, (*key, "max"), indicator.max)
        yield from _weights(rulebook, (*key, "min"), indicator.min)
        for stage in rulebook.stage_ids:
            yield from _reach(key, indicator, stage)


def _unknown_fields(key: Key, value: Value) -> Iterator[Fault]:
    for name in dict.fromkeys(value.fields):
        field = FIELD_BY_NAME.get(name)
        if field is None:
            yield Fault("ICS-RUL-003", key, f"unknown field {name}", _nearest(name, FIELD_BY_NAME))
        elif field.purpose in _NEVER_SCORED:
            yield Fault(
                "ICS-RUL-012",
                key,
                f"field {name} may not be scored ({field.purpose})",
                "leave it out: it follows from earlier decisions or is not evidence",
            )
        elif isinstance(value, Age):
            if field.kind is not Kind.DATE:
                yield Fault("ICS-RUL-012", key, f"field {name} is no date", "an age counts from a date")
        elif not field.numeric:
            yield Fault("ICS-RUL-012", key, f"field {name} is not a number", "use a number, count or flag")


def _unit(key: Key, value: Value, declared: Unit | None) -> Iterator[Fault]:
    found = value.unit
    if found == MIXED:
        yield Fault("ICS-RUL-024", (*key, "value"), "adds or compares unlike units", "use fields of one unit")
    elif declared is not None and found is not None and declared is not found and not _a_rate(value, declared):
        yield Fault(
            "ICS-RUL-024",
            (*key, "unit"),
            f"is {declared}, but the value is in {found}",
            "correct the unit, and with it every threshold",
        )


def _a_rate(value: Value, declared: Unit) -> bool:
    """Tell whether a ratio of like things or a growth rate is meant as a multiple, such as citations per patent."""
    return declared is Unit.RATE and isinstance(value, Ratio | Growth) and value.unit is Unit.FRACTION


def _domain(key: Key, indicator: Indicator) -> Iterator[Fault]:
    if indicator.domain is not ScoringDomain.INNOVATION:
        return
    fields = [FIELD_BY_NAME[name] for name in indicator.fields]
    scored = [field for field in fields if field.purpose not in _NEVER_SCORED]
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
    amounts = [each for option in indicator.options for each in option.points.rising(full, indicator.better)]
    if least > 0 or most < 0:
        yield Fault("ICS-RUL-008", key, "min must not be above 0, nor max below 0", "a missing value earns 0 points")
    elif max(amounts) != most and (most > 0 or max(amounts) > 0):
        yield Fault(
            "ICS-RUL-008",
            (*key, "max"),
            f"is {decimal(most)}, but the points reach {decimal(max(amounts))}{_at(stage)}",
            "make the best step worth the maximum, or write it as 100%",
        )
    elif min(amounts) < least or (least < 0 and min(amounts) != least):
        yield Fault(
            "ICS-RUL-008",
            (*key, "min"),
            f"is {decimal(least)}, but the points reach {decimal(min(amounts))}{_at(stage)}",
            "state the largest deduction as min",
        )


def _conditions(rulebook: Rulebook) -> Iterator[Fault]:
    if rulebook.eligibility is None:
        return
    for key, condition in rulebook.eligibility.located:
        if not isinstance(condition.value, Score | CategoryPoints | IndicatorPoints):
            yield from _unknown_fields((*key, "value"), condition.value)
            yield from _unit(key, condition.value, condition.unit)
            yield from ratio_faults((*key, "value"), condition.value)
        elif condition.unit is not None:
            yield Fault("ICS-RUL-024", (*key, "unit"), "points have no unit", "take it out")
        yield from _references(rulebook, key, condition)
    bypass = rulebook.eligibility.bypass
    names = [condition.id for condition in rulebook.eligibility.conditions]
    for name in bypass.waives if bypass else ():
        if name not in names:
            yield Fault(
                "ICS-RUL-009", ("eligibility", "bypass", "waives"), f"no condition {name}", _nearest(name, names)
            )


def _references(rulebook: Rulebook, key: Key, condition: Condition) -> Iterator[Fault]:
    match condition.value:
        case IndicatorPoints(indicator=name):
            known = [indicator.id for indicator in rulebook.indicators]
        case CategoryPoints(category=name):
            known = [category.id for category in rulebook.categories]
        case _:
            if condition.holds_if is not None and not all(_is_flag(field) for field in condition.fields or ("",)):
                yield Fault("ICS-RUL-012", key, "is: asks a flag, and this is none", "use a comparison")
            return
    if condition.holds_if is not None:
        yield Fault("ICS-RUL-012", key, "is: asks a flag, and this is none", "use a comparison")
    if name not in known:
        yield Fault("ICS-RUL-009", (*key, "value"), f"no {condition.value.kind} {name}", _nearest(name, known))


def _thresholds(rulebook: Rulebook) -> Iterator[Fault]:
    known = all(name in FIELD_BY_NAME for name in rulebook.inputs())
    return threshold_faults(rulebook) if known else iter(())


def _is_flag(name: str) -> bool:
    return name in FIELD_BY_NAME and FIELD_BY_NAME[name].kind is Kind.FLAG


def _nearest(name: str, known: Iterable[str]) -> str:
    return nearest(name, known) or "see docs/reference/rulebooks.md"


def _dotted(key: Key) -> str:
    return ".".join(str(part) for part in key)
