"""Compiled points: indicators, totals and conditions of every row, from the arrays of a rulebook.

Rows are computed a block at a time, one indicator after another. No row depends on another, and its sums have one
order, so that it has the same bits alone and in a batch.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from icsml.core.arrays import Flags, Floats, Int8s, Int16s, Ints
from icsml.core.compilation import compiled, inlined
from icsml.innovation.peers.peer_tables import PERCENTILES, Peers
from icsml.innovation.rulebooks.compiled_points import Form
from icsml.innovation.rulebooks.rulebook_tables import MISSING_POLICIES, SOURCES, Conditions, Indicators, Options

__all__ = ["Results", "score_rows"]

_ROWS = 256  # worked on together, one indicator after another
_RAMP, _RANK = int(Form.RAMP), int(Form.RANK)
_RESCALE, _REFUSE = MISSING_POLICIES.index("rescale"), MISSING_POLICIES.index("refuse")
_VALUE, _SCORE, _CATEGORY = SOURCES.index("value"), SOURCES.index("score"), SOURCES.index("category")


class Results(NamedTuple):
    """What is computed, of n rows by p indicators, m categories and c conditions.

    Parameters
    ----------
    value, points : ndarray of shape (p, n)
        Value (NaN if missing) and points.
    code : ndarray of int of shape (p, n)
        The matched rule.
    factor : ndarray of shape (2, n)
        By which base and bonus points are rescaled.
    rescaled : ndarray of bool of shape (2,)
        Whether any row has base or bonus points left out.
    score, innovation_score : ndarray of shape (n,)
        Totals.
    category : ndarray of shape (m, n)
        Points by category.
    eligible : ndarray of shape (n,)
        1, 0 or NaN.
    condition : ndarray of shape (c, n)
        1, 0 or NaN.
    """

    value: Floats
    points: Floats
    code: Int16s
    factor: Floats
    rescaled: Flags
    score: Floats
    innovation_score: Floats
    category: Floats
    eligible: Floats
    condition: Floats


@inlined
def _holds(steps: Floats, at: int, value: float) -> bool:
    above = value > steps[at, 0] or (steps[at, 1] == 1.0 and value == steps[at, 0])
    below = value < steps[at, 2] or (steps[at, 3] == 1.0 and value == steps[at, 2])
    return bool(above and below)


@inlined
def _all(zero: bool, unknown: bool) -> float:
    """Return 0 where any answer is 0, else NaN where any is NaN, else 1."""
    if zero:
        return 0.0
    return np.nan if unknown else 1.0


@compiled
def score_rows(
    values: Floats,
    stages: Int8s,
    staged: bool,
    indicators: Indicators,
    options: Options,
    conditions: Conditions,
    peers: Peers,
    results: Results,
) -> None:
    """Score every row.

    Parameters
    ----------
    values : ndarray of shape (v, n)
        The values that options and conditions read.
    stages : ndarray of int of shape (n,)
        Stage of each row; below zero where it has none.
    staged : bool
        Whether the rulebook has stages: a row without one then has no score.
    indicators, options, conditions : Indicators, Options, Conditions
        The rulebook.
    peers : Peers
        Whom values are ranked among.
    results : Results
        The results are written into it.
    """
    p, n = len(indicators.missing), len(stages)
    most = min(n, _ROWS)
    missing = np.empty((p, most), dtype=np.bool_)
    low, high = np.empty((p, most)), np.empty((p, most))
    stage, unscored = np.empty(most, dtype=np.int64), np.empty(most, dtype=np.bool_)
    earned, hit = np.empty(most), np.empty(most, dtype=np.int64)
    bounded = False
    for c in range(len(conditions.source)):
        bounded |= conditions.source[c] != _VALUE
    for first in range(0, n, _ROWS):
        rows = min(_ROWS, n - first)
        for r in range(rows):
            stage[r], unscored[r] = max(stages[first + r], 0), False
        for i in range(p):
            _score_indicator(values, first, rows, stage, i, indicators, options, peers, earned, hit, results, missing)
        for bonus in range(2):
            _rescale(first, rows, stage, bonus == 1, indicators, missing, results, unscored)
        for i in range(p):
            if bounded:
                _bound(values, first, rows, stage, i, indicators, options, missing, results, low[i], high[i])
            _adjust(first, rows, i, indicators, missing, results)
        for r in range(rows):
            if staged and stages[first + r] < 0:  # no weight and so no number of points is known
                unscored[r] = True
                low[:, r], high[:, r] = -np.inf, np.inf
        _total(first, rows, unscored, indicators, results)
        _judge(values, first, rows, indicators, conditions, low, high, results)


@inlined
def _score_indicator(
    values: Floats,
    first: int,
    rows: int,
    stage: Ints,
    i: int,
    indicators: Indicators,
    options: Options,
    peers: Peers,
    earned: Floats,
    hit: Ints,
    results: Results,
    missing: Flags,
) -> None:
    """Score an indicator by its best known option, the first on a tie, or of a deduction by the largest."""
    deducts, absent = indicators.deduction[i], missing[i]
    best, points, code = results.value[i], results.points[i], results.code[i]
    for r in range(rows):
        best[first + r], points[first + r] = np.nan, 0.0
        code[first + r], absent[r] = indicators.missing_code[i], True
    for option in range(indicators.options[i], indicators.options[i + 1]):
        value, first_code = values[options.value[option]], options.first_code[option]
        _earn(value, first, rows, stage, option, options, peers, earned, hit)
        for r in range(rows):
            row = first + r
            better = earned[r] < points[row] if deducts else earned[r] > points[row]
            if (absent[r] or better) and not np.isnan(value[row]):
                best[row], points[row], code[row] = value[row], earned[r], hit[r] + first_code
                absent[r] = False


@inlined
def _earn(
    value: Floats,
    first: int,
    rows: int,
    stage: Ints,
    option: int,
    options: Options,
    peers: Peers,
    earned: Floats,
    hit: Ints,
) -> None:
    """Find the points of each known value by an option, and the code of its rule."""
    staged, form = options.staged[option], options.form[option]
    steps = options.steps[options.steps_from[option] : options.steps_from[option + 1]]
    worth = options.worth[options.worth_from[option] : options.worth_from[option + 1]]
    slope = options.slope[options.slope_from[option] : options.slope_from[option + 1]]
    if form == _RAMP:
        anchors = len(steps)
        for r in range(rows):
            weight = stage[r] if staged else 0
            earned[r], hit[r] = _ramp(steps, worth, slope, weight * anchors, weight * (anchors - 1), value[first + r])
        return
    width = len(worth) // (options.low.shape[1] if staged else 1)
    if form == _RANK:
        _rank(value, first, rows, options.ranking[option], options.falling[option], peers, hit)
    else:
        for r in range(rows):
            hit[r] = _matched(steps, options.otherwise[option], value[first + r])
    for r in range(rows):
        earned[r] = worth[(stage[r] if staged else 0) * width + hit[r]]


@inlined
def _matched(steps: Floats, otherwise: int, value: float) -> int:
    for at in range(len(steps)):
        if _holds(steps, at, value):
            return int(steps[at, 4])
    return int(otherwise)


@inlined
def _ramp(
    steps: Floats, worth: Floats, slope: Floats, first_worth: int, first_slope: int, value: float
) -> tuple[float, int]:
    """Return points on straight lines, and how many anchors the value has reached."""
    anchors, reached = len(steps), 0
    while reached < anchors and steps[reached, 0] <= value:
        reached += 1
    if reached == anchors:
        return worth[first_worth + anchors - 1], reached
    line = max(reached - 1, 0)
    start, end = worth[first_worth + line], worth[first_worth + line + 1]
    points = start + (max(value, steps[0, 0]) - steps[line, 0]) * slope[first_slope + line]
    # Rounding may not carry a point beyond its line's ends: a ramp stays monotone and within its bounds.
    return min(max(points, min(start, end)), max(start, end)), reached


@inlined
def _rank(value: Floats, first: int, rows: int, ranking: int, falling: bool, peers: Peers, hit: Ints) -> None:
    """Find ``level · 101 + percentage``: how many of the 100 thresholds lie below a value."""
    thresholds, level, combinations = peers.thresholds[ranking], peers.level[ranking], peers.combination
    for r in range(rows):
        combination = combinations[first + r]
        own = -value[first + r] if falling else value[first + r]
        low, high = 0, PERCENTILES
        while low < high:
            middle = (low + high) // 2
            if thresholds[combination, middle] < own:
                low = middle + 1
            else:
                high = middle
        hit[r] = level[combination] * (PERCENTILES + 1) + low


@inlined
def _rescale(
    first: int,
    rows: int,
    stage: Ints,
    bonus: bool,
    indicators: Indicators,
    missing: Flags,
    results: Results,
    unscored: Flags,
) -> None:
    """Set the factor by which points grow to replace those left out: base points for base, bonus for bonus points.

    If all base points are left out, nothing is left that could grow, and the row has no score.
    """
    block = 1 if bonus else 0
    grows = False
    for i in range(len(missing)):
        grows |= indicators.bonus[i] == bonus and indicators.missing[i] == _RESCALE
    if not grows:
        for r in range(rows):
            results.factor[block, first + r] = 1.0
        return
    for r in range(rows):
        kept, left_out = 0.0, False
        for i in range(len(missing)):
            if indicators.bonus[i] == bonus and indicators.missing[i] != _RESCALE:
                kept += indicators.ceilings[i, stage[r]]
        whole, rest = kept, kept
        for i in range(len(missing)):  # in one order, so that where nothing is left out the two are equal
            if indicators.bonus[i] == bonus and indicators.missing[i] == _RESCALE:
                whole += indicators.ceilings[i, stage[r]]
                rest += 0.0 if missing[i, r] else indicators.ceilings[i, stage[r]]
                left_out |= missing[i, r]
        results.factor[block, first + r] = whole / rest if rest > 0.0 else 1.0
        results.rescaled[block] |= left_out
        unscored[r] |= left_out and not bonus and whole > 0.0 and rest == 0.0


@inlined
def _bound(
    values: Floats,
    first: int,
    rows: int,
    stage: Ints,
    i: int,
    indicators: Indicators,
    options: Options,
    missing: Flags,
    results: Results,
    low: Floats,
    high: Floats,
) -> None:
    """Set the fewest and the most points over the possible missing values of an indicator, rescaled as its points."""
    deducts, block = indicators.deduction[i], 1 if indicators.bonus[i] else 0
    nothing = np.inf if deducts else -np.inf
    for r in range(rows):
        row = first + r
        least = most = nothing if missing[i, r] else results.points[i, row]
        for option in range(indicators.options[i], indicators.options[i + 1]):
            if np.isnan(values[options.value[option], row]):
                fewest, best = options.low[option, stage[r]], options.high[option, stage[r]]
                least = min(least, fewest) if deducts else max(least, fewest)
                most = min(most, best) if deducts else max(most, best)
        if missing[i, r] and indicators.missing[i] == _RESCALE:
            least, most = 0.0, 0.0
        factor = 1.0 if deducts else results.factor[block, row]
        low[r], high[r] = least * factor, most * factor


@inlined
def _adjust(first: int, rows: int, i: int, indicators: Indicators, missing: Flags, results: Results) -> None:
    """Rescale the points of an indicator, and remove them where a missing value is a reason to refuse."""
    points, factor = results.points[i], results.factor[1 if indicators.bonus[i] else 0]
    if not indicators.deduction[i]:
        for r in range(rows):
            points[first + r] *= factor[first + r]
    if indicators.missing[i] == _REFUSE:
        for r in range(rows):
            if missing[i, r]:
                points[first + r] = np.nan


@inlined
def _total(first: int, rows: int, unscored: Flags, indicators: Indicators, results: Results) -> None:
    score, innovation = results.score, results.innovation_score
    for r in range(rows):
        score[first + r] = innovation[first + r] = np.nan if unscored[r] else 0.0
    for category in range(len(results.category)):
        total = results.category[category]
        for r in range(rows):
            total[first + r] = np.nan if unscored[r] else 0.0
    for i in range(len(indicators.missing)):
        points, total = results.points[i], results.category[indicators.category[i]]
        for r in range(rows):
            score[first + r] += points[first + r]
            total[first + r] += points[first + r]
        if indicators.innovation[i]:
            for r in range(rows):
                innovation[first + r] += points[first + r]


@inlined
def _judge(
    values: Floats,
    first: int,
    rows: int,
    indicators: Indicators,
    conditions: Conditions,
    low: Floats,
    high: Floats,
    results: Results,
) -> None:
    """Answer each condition, and eligibility: 1, 0, or NaN where missing values could make it either."""
    ways = conditions.way.any()
    for r in range(rows):
        row = first + r
        zero, unknown, waived_zero, waived_unknown, one_way, way_unknown = False, False, False, False, False, False
        for c in range(len(conditions.source)):
            answer = _answer(values, row, r, c, indicators, conditions, low, high)
            results.condition[c, row] = answer
            if conditions.veto[c]:
                zero |= answer == 1.0
                unknown |= np.isnan(answer)
            elif conditions.required[c]:
                zero |= answer == 0.0
                unknown |= np.isnan(answer)
            elif conditions.waived[c]:
                waived_zero |= answer == 0.0
                waived_unknown |= np.isnan(answer)
            else:
                one_way |= answer == 1.0
                way_unknown |= np.isnan(answer)
        if ways:
            waived = _all(waived_zero, waived_unknown)
            zero |= waived == 0.0 and not one_way and not way_unknown
            unknown |= not one_way and waived != 1.0 and (np.isnan(waived) or way_unknown)
        results.eligible[row] = _all(zero, unknown) if len(conditions.source) else np.nan


@inlined
def _answer(
    values: Floats, row: int, r: int, c: int, indicators: Indicators, conditions: Conditions, low: Floats, high: Floats
) -> float:
    source, argument = conditions.source[c], conditions.argument[c]
    if source == _VALUE:
        least = most = values[argument, row]
    else:
        least, most = 0.0, 0.0
        for i in range(len(low)):
            if source == _SCORE or (indicators.category[i] if source == _CATEGORY else i) == argument:
                least += low[i, r]
                most += high[i, r]
    at_least, at_most = _holds(conditions.steps, c, least), _holds(conditions.steps, c, most)
    if np.isnan(least) or at_least != at_most:
        return np.nan
    return 1.0 if at_least != conditions.negated[c] else 0.0
