"""Compiled points: indicators, totals and conditions of every row, from the arrays of a rulebook.

Each row is computed by itself, in one order, so that it has the same bits alone and in a batch.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from icsml.core.arrays import Flags, Floats, Int8s, Int16s
from icsml.core.compilation import compiled, inlined
from icsml.innovation.peers.peer_tables import PERCENTILES, Peers
from icsml.innovation.rulebooks.compiled_points import Form
from icsml.innovation.rulebooks.rulebook_tables import MISSING_POLICIES, SOURCES, Conditions, Indicators, Options

__all__ = ["Results", "score_rows"]

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
def _matched(options: Options, option: int, value: float) -> int:
    for at in range(options.steps_from[option], options.steps_from[option + 1]):
        if _holds(options.steps, at, value):
            return int(options.steps[at, 4])
    return int(options.otherwise[option])


@inlined
def _ramp(options: Options, option: int, stage: int, value: float) -> tuple[float, int]:
    """Return points on straight lines, and how many anchors the value has reached."""
    first, anchors = options.steps_from[option], options.steps_from[option + 1] - options.steps_from[option]
    worth = options.worth_from[option] + stage * anchors
    reached = 0
    while reached < anchors and options.steps[first + reached, 0] <= value:
        reached += 1
    if reached == anchors:
        return options.worth[worth + anchors - 1], reached
    line = max(reached - 1, 0)
    start, end = options.worth[worth + line], options.worth[worth + line + 1]
    slope = options.slope[options.slope_from[option] + stage * (anchors - 1) + line]
    points = start + (max(value, options.steps[first, 0]) - options.steps[first + line, 0]) * slope
    # Rounding may not carry a point beyond its line's ends: a ramp stays monotone and within its bounds.
    return min(max(points, min(start, end)), max(start, end)), reached


@inlined
def _rank(peers: Peers, ranking: int, row: int, value: float) -> int:
    """Return ``level · 101 + percentage``: how many of the 100 thresholds lie below a value."""
    combination = peers.combination[row]
    low, high = 0, PERCENTILES
    while low < high:
        middle = (low + high) // 2
        if peers.thresholds[ranking, combination, middle] < value:
            low = middle + 1
        else:
            high = middle
    return int(peers.level[ranking, combination] * (PERCENTILES + 1) + low)


@inlined
def _earned(options: Options, option: int, peers: Peers, row: int, stage: int, value: float) -> tuple[float, int]:
    """Return the points of a value by an option, and the code of its rule."""
    weight = stage if options.staged[option] else 0
    if options.form[option] == _RAMP:
        return _ramp(options, option, weight, value)
    if options.form[option] == _RANK:
        code = _rank(peers, options.ranking[option], row, -value if options.falling[option] else value)
    else:
        code = _matched(options, option, value)
    width = (options.worth_from[option + 1] - options.worth_from[option]) // _stages(options, option)
    return options.worth[options.worth_from[option] + weight * width + code], code


@inlined
def _stages(options: Options, option: int) -> int:
    return options.low.shape[1] if options.staged[option] else 1


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
    p = len(indicators.missing)
    missing = np.empty(p, dtype=np.bool_)
    low, high = np.empty(p), np.empty(p)
    for row in range(len(stages)):
        unstaged = staged and stages[row] < 0
        stage = max(stages[row], 0)
        for i in range(p):
            missing[i] = _score_indicator(values, row, stage, i, indicators, options, peers, results, low, high)
        all_left_out = False
        for block in range(2):
            all_left_out |= _rescale(row, stage, block == 1, indicators, missing, results)
        for i in range(p):
            if not indicators.deduction[i]:
                factor = results.factor[1 if indicators.bonus[i] else 0, row]
                results.points[i, row] *= factor
                low[i] *= factor
                high[i] *= factor
            if missing[i] and indicators.missing[i] == _REFUSE:
                results.points[i, row] = np.nan
            if unstaged:  # no weight and so no number of points is known
                low[i], high[i] = -np.inf, np.inf
        _total(row, unstaged or all_left_out, indicators, results)
        _judge(values, row, indicators, conditions, low, high, results)


@inlined
def _score_indicator(
    values: Floats,
    row: int,
    stage: int,
    i: int,
    indicators: Indicators,
    options: Options,
    peers: Peers,
    results: Results,
    low: Floats,
    high: Floats,
) -> bool:
    """Score an indicator by its best known option, the first on a tie, or of a deduction by the largest.

    Also set the fewest and the most points over its possible missing values. Return whether the value is missing.
    """
    deducts = indicators.deduction[i]
    best, points, code, missing = np.nan, 0.0, indicators.missing_code[i], True
    for option in range(indicators.options[i], indicators.options[i + 1]):
        value = values[options.value[option], row]
        if np.isnan(value):
            continue
        earned, hit = _earned(options, option, peers, row, stage, value)
        if missing or (earned < points if deducts else earned > points):
            best, points, code, missing = value, earned, hit + options.first_code[option], False
    results.value[i, row], results.points[i, row], results.code[i, row] = best, points, code
    nothing = np.inf if deducts else -np.inf
    least = most = nothing if missing else points
    for option in range(indicators.options[i], indicators.options[i + 1]):
        if np.isnan(values[options.value[option], row]):
            if deducts:
                least, most = min(least, options.low[option, stage]), min(most, options.high[option, stage])
            else:
                least, most = max(least, options.low[option, stage]), max(most, options.high[option, stage])
    if missing and indicators.missing[i] == _RESCALE:
        least, most = 0.0, 0.0
    low[i], high[i] = least, most
    return missing


@inlined
def _rescale(row: int, stage: int, bonus: bool, indicators: Indicators, missing: Flags, results: Results) -> bool:
    """Set the factor by which points grow to replace those left out: base points for base, bonus for bonus points.

    Return whether all base points are left out: nothing is left that could grow, so the row has no score.
    """
    kept, left_out = 0.0, False
    for i in range(len(missing)):
        if indicators.bonus[i] == bonus and indicators.missing[i] != _RESCALE:
            kept += indicators.ceilings[i, stage]
    whole, rest = kept, kept
    for i in range(len(missing)):  # in one order, so that where nothing is left out the two are equal to the last bit
        if indicators.bonus[i] == bonus and indicators.missing[i] == _RESCALE:
            whole += indicators.ceilings[i, stage]
            rest += 0.0 if missing[i] else indicators.ceilings[i, stage]
            left_out |= missing[i]
    block = 1 if bonus else 0
    results.factor[block, row] = whole / rest if rest > 0.0 else 1.0
    results.rescaled[block] |= left_out
    return left_out and not bonus and whole > 0.0 and rest == 0.0


@inlined
def _total(row: int, unscored: bool, indicators: Indicators, results: Results) -> None:
    nothing = np.nan if unscored else 0.0
    score, innovation = nothing, nothing
    for category in range(len(results.category)):
        results.category[category, row] = nothing
    for i in range(len(indicators.missing)):
        score += results.points[i, row]
        results.category[indicators.category[i], row] += results.points[i, row]
        if indicators.innovation[i]:
            innovation += results.points[i, row]
    results.score[row], results.innovation_score[row] = score, innovation


@inlined
def _judge(
    values: Floats,
    row: int,
    indicators: Indicators,
    conditions: Conditions,
    low: Floats,
    high: Floats,
    results: Results,
) -> None:
    """Answer each condition, and eligibility: 1, 0, or NaN where missing values could make it either."""
    zero, unknown, waived_zero, waived_unknown, one_way, way_unknown = False, False, False, False, False, False
    for c in range(len(conditions.source)):
        answer = _answer(values, row, c, indicators, conditions, low, high)
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
    if conditions.way.any():
        waived = _all(waived_zero, waived_unknown)
        zero |= waived == 0.0 and not one_way and not way_unknown
        unknown |= not one_way and waived != 1.0 and (np.isnan(waived) or way_unknown)
    results.eligible[row] = _all(zero, unknown) if len(conditions.source) else np.nan


@inlined
def _answer(
    values: Floats, row: int, c: int, indicators: Indicators, conditions: Conditions, low: Floats, high: Floats
) -> float:
    source, argument = conditions.source[c], conditions.argument[c]
    if source == _VALUE:
        least = most = values[argument, row]
    else:
        least, most = 0.0, 0.0
        for i in range(len(low)):
            if source == _SCORE or (indicators.category[i] if source == _CATEGORY else i) == argument:
                least += low[i]
                most += high[i]
    at_least, at_most = _holds(conditions.steps, c, least), _holds(conditions.steps, c, most)
    if np.isnan(least) or at_least != at_most:
        return np.nan
    return 1.0 if at_least != conditions.negated[c] else 0.0
