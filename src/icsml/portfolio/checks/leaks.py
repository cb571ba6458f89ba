"""Columns that reveal the outcome: by their values, and by their gaps."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from icsml.core.arrays import Floats
from icsml.portfolio.checks.check_config import CheckConfig
from icsml.portfolio.checks.check_data import CheckData
from icsml.portfolio.checks.phrases import listed
from icsml.portfolio.checks.ranking import Ranking, rank

__all__ = ["feature_alone", "feature_leak", "missingness_leak", "missingness_outcome"]

_RATING = "bank_pd"


def feature_leak(data: CheckData, config: CheckConfig) -> Iterator[str]:
    """Find features that reveal the outcome alone.

    Purpose
        A figure that exists or is set only after the default makes any model look perfect and be useless.
    Method
        The AUC of each feature alone over the rows where it is known, ties counting one half.
    Reading
        Above ``auc`` no figure known at the decision stands; the feature belongs under ``known_after``.
    Limits
        A feature that reveals the outcome by single values in the middle of its range is not seen. Categories of text
        are not looked at.
    """
    limits = config.feature_leak
    ranked = [(n, r) for n, r in _by_auc(data, limits.min_each) if r.auc >= limits.auc]
    if ranked:
        who = "it ranks" if len(ranked) == 1 else "each ranks"
        yield f"{_with_auc(ranked)}: alone {who} nearly every bad row first"


def feature_alone(data: CheckData, config: CheckConfig) -> Iterator[str]:
    """Find features that rank the outcome far better than the others.

    Purpose
        A milder leak: a figure that was partly set after the default.
    Method
        As in ``feature_leak``, by the lower 95 % bound of the AUC: above ``auc``, or ``above_median`` over the median
        feature. The bank's own PD is made to stand above single figures; only the first rule holds for it.
    Reading
        To be explained by whoever knows the source; it may be an honest and very good figure.
    Limits
        Those of ``feature_leak``; few bad rows make the bound wide.
    """
    limits, leak = config.feature_alone, config.feature_leak
    ranked = _by_auc(data, limits.min_each)
    if not ranked:
        return
    median = float(np.median([ranking.auc for name, ranking in ranked if name != _RATING] or [0.5]))
    standing_out = []
    for name, ranking in ranked:
        far = name != _RATING and ranking.low >= median + limits.above_median and ranking.auc >= limits.least_auc
        leaks = leak.level != "off" and ranking.auc >= leak.auc
        if (ranking.low >= limits.auc or far) and not leaks:
            standing_out.append((name, ranking))
    if standing_out:
        above = f"far above the {median:.2f} of the median feature"
        yield f"{_with_auc(standing_out)}: {above}; was it known at the decision?"


def missingness_leak(data: CheckData, config: CheckConfig) -> Iterator[str]:
    """Find columns whose gaps reveal the outcome.

    Purpose
        A field that is filled only for defaulted loans, or only for those that were paid.
    Method
        The AUC of "is missing" against the outcome.
    Reading
        The columns; a tree reads a gap as a value, so each is a leak.
    Limits
        Says nothing of a field that is missing, or known, in fewer than ``min_each`` rows.
    """
    limits = config.missingness_leak
    ranked = [(name, gap) for name, gap in _gaps(data, limits.min_each) if gap.auc >= limits.auc]
    if ranked:
        yield f"whether a value is missing tells the outcome in {_with_auc(ranked)}"


def missingness_outcome(data: CheckData, config: CheckConfig) -> Iterator[str]:
    """Find columns whose gaps are strongly related to the outcome.

    Purpose
        A milder form of ``missingness_leak``.
    Method
        The lower 95 % bound of the AUC of "is missing".
    Reading
        Honest gaps say a little: thin files default oftener. So much is to be explained.
    Limits
        Those of ``missingness_leak``.
    """
    limits, leak = config.missingness_outcome, config.missingness_leak
    ranked = [
        (name, gap)
        for name, gap in _gaps(data, limits.min_each)
        if gap.low >= limits.auc and not (leak.level != "off" and gap.auc >= leak.auc)
    ]
    if ranked:
        yield f"whether a value is missing says much about the outcome in {_with_auc(ranked)}"


def _by_auc(data: CheckData, least: int) -> list[tuple[str, Ranking]]:
    """Return the features that have enough bad and good rows, the best first."""
    able = [(name, ranking) for name, ranking in data.rankings.items() if min(ranking.bads, ranking.goods) >= least]
    return sorted(able, key=lambda pair: -pair[1].auc)


def _gaps(data: CheckData, least: int) -> list[tuple[str, Ranking]]:
    """Return how well "is missing" ranks the outcome, of each column with enough gaps and values, the best first."""
    ranked, bad = [], data.bad[data.cases]
    for name in [*data.features, *data.codes, *(n for n in ("founded_on", _RATING) if n in data.frame)]:
        absent = data.absent(name, data.cases)
        gaps = int(absent.sum())
        ranking = rank(absent.astype(np.float64), bad, least=least) if least <= gaps <= len(absent) - least else None
        if ranking is not None:
            ranked.append((name, _bounded(ranking, absent, bad)))
    return sorted(ranked, key=lambda pair: -pair[1].auc)


def _bounded(ranking: Ranking, absent: np.ndarray[tuple[int], np.dtype[np.bool_]], bad: Floats) -> Ranking:
    """Give an AUC of two values the bound of two shares, each with one row of either kind added."""
    variance = 0.0
    for outcome in (1.0, 0.0):
        rows = bad == outcome
        n = float(rows.sum()) + 2.0
        share = (float(absent[rows].sum()) + 1.0) / n
        variance += share * (1.0 - share) / n
    return Ranking(ranking.auc, ranking.auc - float(np.sqrt(variance)), ranking.bads, ranking.goods)


def _with_auc(ranked: list[tuple[str, Ranking]]) -> str:
    return listed([f"{name} (AUC {ranking.auc:.3f})" for name, ranking in ranked], most=8)
