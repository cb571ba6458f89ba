"""Faults of the stages and peer groups of a rulebook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from icsml.core.yaml import Key
from icsml.innovation.rulebooks.fault import Fault
from icsml.innovation.rulebooks.lint.parts import citation_faults, field_faults, nearest_name, repeated, unit_faults
from icsml.innovation.rulebooks.lint.ratios import ratio_faults
from icsml.innovation.rulebooks.rulebook import Rulebook

__all__ = ["peer_faults", "stage_faults"]


def stage_faults(rulebook: Rulebook) -> Iterator[Fault]:
    """Return faults of the stages and of the rule that assigns them."""
    stages = rulebook.stages
    if stages is None:
        return
    key: Key = ("stages",)
    yield from repeated((*key, "list"), stages.ids)
    yield from field_faults((*key, "rule", "value"), stages.rule.value)
    yield from unit_faults((*key, "rule"), stages.rule.value, stages.rule.unit)
    yield from ratio_faults((*key, "rule", "value"), stages.rule.value)
    leads_to: list[tuple[Key, str]] = [(("steps", i, "stage"), step.stage) for i, step in enumerate(stages.rule.steps)]
    leads_to += [(("otherwise",), stages.rule.otherwise)]
    named = [*leads_to, *([(("missing",), stages.rule.missing)] if stages.rule.missing != "refuse" else [])]
    for part, name in named:
        if name not in stages.ids:
            yield Fault("ICS-RUL-025", (*key, "rule", *part), f"no stage {name}", nearest_name(name, stages.ids))
    for index, name in enumerate(stages.ids):
        if name not in [stage for _, stage in leads_to]:
            yield Fault("ICS-RUL-025", (*key, "list", index), f"no rule leads to stage {name}", "add a step for it")
    lower = {step.lower for step in stages.rule.steps}
    thresholds = [step.threshold for step in stages.rule.steps]
    if len(lower) > 1 or thresholds != sorted(set(thresholds), reverse=lower == {True}):
        remedy = "lower bounds from high to low, or upper bounds from low to high"
        yield Fault("ICS-RUL-007", (*key, "rule", "steps"), "steps out of order, one cannot be reached", remedy)
    yield from citation_faults(rulebook, key, stages.sources, (stages.provenance.names, stages.provenance.rule))


def peer_faults(rulebook: Rulebook) -> Iterator[Fault]:
    """Return faults of the groups of peers."""
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
    yield from citation_faults(rulebook, ("peers",), rulebook.peers.sources, (rulebook.peers.provenance,))
    for index, group in enumerate(rulebook.peers.groups):
        if "stage" in group and rulebook.stages is None:
            yield Fault(
                "ICS-RUL-026",
                ("peers", "groups", index),
                "groups by stage, and there are no stages",
                "declare stages, or drop it",
            )
        finer = rulebook.peers.groups[:index]
        if any(_implied(group) >= _implied(finer_group) for finer_group in finer):
            yield Fault(
                "ICS-RUL-026",
                ("peers", "groups", index),
                "is no coarser than a group before it",
                "order groups from fine to coarse",
            )


def _implied(group: Iterable[str]) -> set[str]:
    """Return the keys that a group's peers have in common: a region is in one province."""
    return {*group, *(("province",) if "region" in group else ())}
