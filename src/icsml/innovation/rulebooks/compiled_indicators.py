"""Indicators compiled for arrays: ways to earn points, weights by stage, and rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from icsml.core.arrays import Floats
from icsml.innovation.peers.peer_tables import PERCENTILES, GroupKey, Ranking
from icsml.innovation.rulebooks.compiled_points import Codes, Curve, Where
from icsml.innovation.rulebooks.exact_numbers import at_stage
from icsml.innovation.rulebooks.indicators import Indicator, Missing, Option
from icsml.innovation.rulebooks.rule_hit import RuleHit, RuleKind
from icsml.innovation.rulebooks.value_functions import Value
from icsml.records.columns import Columns

__all__ = ["CompiledIndicator", "Scored", "compile_indicators", "peer_key"]

_RULE_OF_MISSING: Final[Mapping[Missing, RuleKind]] = {
    "zero": RuleKind.MISSING,
    "rescale": RuleKind.LEFT_OUT,
    "refuse": RuleKind.REFUSED,
}


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """One indicator over n rows.

    Parameters
    ----------
    value, points : ndarray of shape (n,)
        The value that earned the points (NaN if missing), and the points (0 if missing).
    missing : ndarray of bool of shape (n,)
        Rows without a value.
    absent : tuple of ndarray of bool of shape (n,)
        Rows without a value, by option.
    codes : ndarray of int of shape (n,)
        The rule that was hit.
    """

    value: Floats
    points: Floats
    missing: NDArray[np.bool_]
    absent: tuple[NDArray[np.bool_], ...]
    codes: Codes


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
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
    ways: tuple[_Way, ...]
    rules: tuple[RuleHit, ...]
    texts: NDArray[Any]
    ceilings: Floats
    staged: bool

    def score(self, columns: Columns, stage: NDArray[np.int8], rankings: Mapping[str, Ranking]) -> Scored:
        """Return value, points and rule of every row; of several options the best one, the first on a tie.

        The best known one counts, or of a deduction the largest.
        """
        ahead = np.less if self.indicator.deduction else np.greater
        earned_by = [self._earned(way, columns, stage, rankings) for way in self.ways]
        (value, points, missing, codes), *others = earned_by
        for candidate, earned, absent, hit in others:
            better = ~absent & (missing | ahead(earned, points))
            value, points = np.where(better, candidate, value), np.where(better, earned, points)
            codes, missing = np.where(better, hit, codes), missing & absent
        np.copyto(points, 0.0, where=missing)
        np.copyto(codes, np.int16(len(self.rules) - 1), where=missing)
        return Scored(value, points, missing, tuple(absent for _, _, absent, _ in earned_by), codes)

    def _earned(
        self, way: _Way, columns: Columns, stage: NDArray[np.int8], rankings: Mapping[str, Ranking]
    ) -> tuple[Floats, Floats, NDArray[np.bool_], Codes]:
        value = way.value.compute(columns)
        ranking = rankings[way.peer_key] if way.peer_key is not None else None
        points, codes = way.curve.apply(value, Where(stage if self.staged else None, ranking))
        return value, points, np.isnan(value), codes + np.int16(way.offset) if way.offset else codes

    def bounds(self, scored: Scored, stage: NDArray[np.int8]) -> tuple[Floats, Floats]:
        """Return the fewest and the most points of every row over its possible missing values; zero where left out."""
        if not any(absent.any() for absent in scored.absent):
            return scored.points, scored.points
        stages = stage if self.staged else np.zeros_like(stage)
        ahead, nothing = (np.minimum, np.inf) if self.indicator.deduction else (np.maximum, -np.inf)
        low = high = np.where(scored.missing, nothing, scored.points)
        for way, absent in zip(self.ways, scored.absent, strict=True):
            low = np.where(absent, ahead(low, way.curve.low[stages]), low)
            high = np.where(absent, ahead(high, way.curve.high[stages]), high)
        if self.indicator.missing == "rescale":
            return np.where(scored.missing, 0.0, low), np.where(scored.missing, 0.0, high)
        return low, high


def compile_indicators(
    indicators: Sequence[Indicator], stages: Sequence[str | None], groups: Sequence[tuple[GroupKey, ...]]
) -> tuple[CompiledIndicator, ...]:
    """Return indicators as arrays, weighted for these stages and ranked within these groups of peers."""
    rank_rules = _rank_rules(groups)
    return tuple(_compile(indicator, stages, rank_rules) for indicator in indicators)


def peer_key(indicator: Indicator, option: Option) -> str:
    """Return an option's key in peer tables: the indicator's name, or ``INDICATOR.OPTION``."""
    return f"{indicator.id}.{option.id}" if indicator.best_of else indicator.id


def _compile(indicator: Indicator, stages: Sequence[str | None], rank_rules: Sequence[RuleHit]) -> CompiledIndicator:
    every = [indicator.full(stage) for stage in stages]
    staged = len(set(every)) > 1
    fulls = every if staged else every[:1]
    ways: list[_Way] = []
    rules: list[RuleHit] = []
    for option in indicator.options:
        curve = option.points.curve(fulls, indicator.better, percent=option.percent)
        ranked = option.points.ranked
        rows = rank_rules if ranked else curve.rules
        ways.append(_Way(option.value, curve, peer_key(indicator, option) if ranked else None, len(rules)))
        rules += [replace(row, option=option.id) for row in rows] if indicator.best_of else rows
    rules.append(RuleHit(_RULE_OF_MISSING[indicator.missing]))
    return CompiledIndicator(
        indicator,
        tuple(ways),
        tuple(rules),
        np.array([rule.text("en") for rule in rules], dtype=object),
        np.array([float(at_stage(indicator.max, stage)) for stage in stages]),
        staged,
    )


def _rank_rules(groups: Sequence[tuple[GroupKey, ...]]) -> list[RuleHit]:
    complete = groups if groups and groups[-1] == () else (*groups, ())
    percentiles = range(PERCENTILES + 1)
    return [RuleHit(RuleKind.PERCENTILE, percentile=part, peers=keys) for keys in complete for part in percentiles]
