"""Faults of names, sources, fields, units and weights by stage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

from icsml.core.names import nearest
from icsml.core.yaml import Key
from icsml.innovation.rulebooks.exact_numbers import Weight
from icsml.innovation.rulebooks.fault import Fault
from icsml.innovation.rulebooks.provenance import Provenance
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.rulebooks.value_functions import MIXED, Age, Growth, Ratio, Unit, Value
from icsml.records.field import Kind, Purpose
from icsml.records.fields import FIELD_BY_NAME

__all__ = [
    "NEVER_SCORED",
    "citation_faults",
    "field_faults",
    "nearest_name",
    "repeated",
    "unit_faults",
    "weight_faults",
]

NEVER_SCORED: Final = (Purpose.CONSEQUENCE, Purpose.PERSONAL, Purpose.BANK_RATING)


def repeated(key: Key, names: Iterable[str], *, placed: bool = True) -> Iterator[Fault]:
    """Report duplicate ids."""
    ids = list(names)
    for name, count in Counter(ids).items():
        if count > 1:
            second = ids.index(name, ids.index(name) + 1)
            where = (*key, second) if placed else key
            yield Fault("ICS-RUL-004", where, f"id {name} is used {count} times", "give each its own id")


def citation_faults(
    rulebook: Rulebook, key: Key, cited: tuple[str, ...], provenance: tuple[Provenance, ...]
) -> Iterator[Fault]:
    """Check that sources are declared, and that published or official parts cite one."""
    declared = {source.id: source for source in rulebook.sources}
    for name in cited:
        if name not in declared:
            yield Fault(
                "ICS-RUL-010", (*key, "sources"), f"source {name} is not declared", nearest_name(name, declared)
            )
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


def field_faults(key: Key, value: Value) -> Iterator[Fault]:
    """Check that a value reads known fields of the right kind that may be scored."""
    for name in dict.fromkeys(value.fields):
        field = FIELD_BY_NAME.get(name)
        if field is None:
            yield Fault("ICS-RUL-003", key, f"unknown field {name}", nearest_name(name, FIELD_BY_NAME))
        elif field.purpose in NEVER_SCORED:
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


def unit_faults(key: Key, value: Value, declared: Unit | None) -> Iterator[Fault]:
    """Check that a value has one unit, the declared one."""
    unit = value.unit
    if unit == MIXED:
        yield Fault("ICS-RUL-024", (*key, "value"), "adds or compares unlike units", "use fields of one unit")
    elif declared is not None and unit is not None and declared is not unit and not _a_rate(value, declared):
        yield Fault(
            "ICS-RUL-024",
            (*key, "unit"),
            f"is {declared}, but the value is in {unit}",
            "correct the unit, and with it every threshold",
        )


def _a_rate(value: Value, declared: Unit) -> bool:
    """Return whether a ratio of like things or a growth rate is meant as a multiple, such as citations per patent."""
    return declared is Unit.RATE and isinstance(value, Ratio | Growth) and value.unit is Unit.FRACTION


def weight_faults(rulebook: Rulebook, key: Key, weight: Weight) -> Iterator[Fault]:
    """Check that a weight by stage has every stage once and no other."""
    if not isinstance(weight, dict):
        return
    for name in weight:
        if name not in rulebook.stage_ids:
            known = [stage for stage in rulebook.stage_ids if stage is not None]
            yield Fault("ICS-RUL-025", (*key, name), f"no stage {name}", nearest_name(name, known))
    for stage in rulebook.stage_ids:
        if stage is not None and stage not in weight:
            yield Fault("ICS-RUL-025", key, f"has no weight for stage {stage}", "add it, 0 if it does not count")


def nearest_name(name: str, known: Iterable[str]) -> str:
    """Return the most similar known name for an unknown one, else where to look."""
    return nearest(name, known) or "see docs/reference/rulebooks.md"
