"""Indicators compiled for arrays: ways to earn points, weights by stage, and rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from icsml.core.arrays import Floats
from icsml.errors import ConfigError
from icsml.innovation.peers.peer_tables import PERCENTILES, GroupKey, everybody_last
from icsml.innovation.rulebooks.compiled_points import Curve
from icsml.innovation.rulebooks.exact_numbers import at_stage
from icsml.innovation.rulebooks.indicators import Indicator, Missing, Option
from icsml.innovation.rulebooks.rule_hit import RuleHit, RuleKind
from icsml.innovation.rulebooks.value_functions import Value

__all__ = ["CompiledIndicator", "Way", "compile_indicators", "peer_key"]

_RULE_OF_MISSING: Final[Mapping[Missing, RuleKind]] = {
    "zero": RuleKind.MISSING,
    "rescale": RuleKind.LEFT_OUT,
    "refuse": RuleKind.REFUSED,
}

_MOST_RULES: Final = int(np.iinfo(np.int16).max) + 1
"""As many as there are codes from 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """One option: its value, its curve, the key of its peer tables, and the code of its first rule."""

    value: Value
    curve: Curve
    peer_key: str | None
    offset: int


@dataclass(frozen=True, slots=True, eq=False)
class CompiledIndicator:
    """An indicator as arrays.

    Parameters
    ----------
    indicator : Indicator
        What it was made from.
    ways : tuple
        Its options.
    rules : tuple of RuleHit
        Its rules, by code; the last one is that of a missing value.
    texts : object ndarray
        The same in the words of decisions and files.
    ceilings : ndarray of shape (stages,)
        Its maximum at each stage.
    staged : bool
        Whether its weight depends on the stage.
    """

    indicator: Indicator
    ways: tuple[Way, ...]
    rules: tuple[RuleHit, ...]
    texts: NDArray[Any]
    ceilings: Floats
    staged: bool


def compile_indicators(
    indicators: Sequence[Indicator], stages: Sequence[str | None], groups: Sequence[tuple[GroupKey, ...]]
) -> tuple[CompiledIndicator, ...]:
    """Return indicators as arrays, weighted for these stages and ranked within these groups of peers.

    Raises
    ------
    ConfigError
        ``ICS-RUL-040`` if an indicator has more rules than there are codes for them.
    """
    rank_rules = _rank_rules(groups)
    return tuple(_compile(indicator, stages, rank_rules) for indicator in indicators)


def peer_key(indicator: Indicator, option: Option) -> str:
    """Return an option's key in peer tables: the indicator's name, or ``INDICATOR.OPTION``."""
    return f"{indicator.id}.{option.id}" if indicator.best_of else indicator.id


def _compile(indicator: Indicator, stages: Sequence[str | None], rank_rules: Sequence[RuleHit]) -> CompiledIndicator:
    every = [indicator.full(stage) for stage in stages]
    staged = len(set(every)) > 1
    fulls = every if staged else every[:1]
    ways: list[Way] = []
    rules: list[RuleHit] = []
    for option in indicator.options:
        curve = option.points.curve(fulls, indicator.better, percent=option.percent)
        ranked = option.points.ranked
        rows = rank_rules if ranked else curve.rules
        ways.append(Way(option.value, curve, peer_key(indicator, option) if ranked else None, len(rules)))
        rules += [replace(row, option=option.id) for row in rows] if indicator.best_of else rows
    rules.append(RuleHit(_RULE_OF_MISSING[indicator.missing]))
    if len(rules) > _MOST_RULES:
        raise ConfigError(
            "ICS-RUL-040",
            f"has {len(rules):,} rows of rules with all its options, and there can be {_MOST_RULES:,}",
            field=indicator.id,
            remedy="split it into several indicators, or take away options or rows",
        )
    return CompiledIndicator(
        indicator,
        tuple(ways),
        tuple(rules),
        np.array([rule.text("en") for rule in rules], dtype=object),
        np.array([float(at_stage(indicator.max, stage)) for stage in stages]),
        staged,
    )


def _rank_rules(groups: Sequence[tuple[GroupKey, ...]]) -> list[RuleHit]:
    percentiles = range(PERCENTILES + 1)
    return [
        RuleHit(RuleKind.PERCENTILE, percentile=part, peers=keys)
        for keys in everybody_last(groups)
        for part in percentiles
    ]
