"""Points of many enterprises, elementwise: a row has the same bits alone and in a batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from icsml.core.arrays import Flags, Floats, Int8s
from icsml.errors import InputError
from icsml.innovation.peers.peer_tables import Ranking, assign_peers
from icsml.innovation.rulebooks.compiled_indicators import CompiledIndicator, Scored
from icsml.innovation.rulebooks.eligibility import EligibilityInputs, meets
from icsml.innovation.rulebooks.indicators import ScoringDomain
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.rulebooks.stages import NO_STAGE, stage_indices
from icsml.innovation.scoring.points import MatchedRules, Points
from icsml.records.columns import Columns, rows

__all__ = ["evaluate"]


def evaluate(rulebook: Rulebook, columns: Columns) -> Points:
    """Return the points of every row.

    Parameters
    ----------
    rulebook : Rulebook
        The rules; they apply whatever the rows' dates.
    columns : mapping of str to ndarray of shape (n,)
        Canonical column arrays.

    Raises
    ------
    InputError
        If the rulebook ranks among peers and has no peer tables.
    """
    n = rows(columns)
    stage = stage_indices(rulebook.stages, columns)
    rankings = _rankings(rulebook, columns, stage)
    weighted = np.maximum(stage, np.int8(0))
    parts = rulebook.compiled
    scored = {part.indicator.id: part.score(columns, weighted, rankings) for part in parts}
    rescale_factor, all_left_out = _rescale_factors(rulebook, parts, scored, weighted)
    points = {name: _rescaled(one.points, rescale_factor.get(name)) for name, one in scored.items()}
    for part in parts:
        if part.indicator.missing == "refuse":
            name = part.indicator.id
            points[name] = np.where(scored[name].missing, np.nan, points[name])
    unstaged = (stage == NO_STAGE) if rulebook.stages is not None else np.zeros(n, dtype=np.bool_)
    eligible, conditions = _eligible(rulebook, columns, parts, scored, rescale_factor, weighted, unstaged)
    unscored = unstaged | all_left_out
    return Points(
        rulebook=rulebook.id,
        max_score=rulebook.max_score,
        score=_total(unscored, points.values()),
        innovation_score=_total(
            unscored, (points[i.id] for i in rulebook.indicators if i.domain is ScoringDomain.INNOVATION)
        ),
        categories={
            category.id: _total(unscored, (points[i.id] for i in rulebook.indicators if i.category == category.id))
            for category in rulebook.categories
        },
        values={name: one.value for name, one in scored.items()},
        points=points,
        ceilings={part.indicator.id: part.ceilings for part in parts},
        rules={
            part.indicator.id: MatchedRules(scored[part.indicator.id].codes, part.rules, part.texts) for part in parts
        },
        rescale_factor=rescale_factor,
        stages=rulebook.stages.ids if rulebook.stages is not None else (),
        stage=stage,
        eligible=eligible,
        conditions=conditions,
    )


def _rankings(rulebook: Rulebook, columns: Columns, stage: Int8s) -> dict[str, Ranking]:
    if not rulebook.ranked:
        return {}
    if rulebook.peer_tables is None:
        raise InputError(
            "ICS-RUL-032",
            "ranks enterprises among peers and has no peer tables",
            field=rulebook.id,
            remedy="fit them on a population: `icsml rulebook fit`, or icsml.fit_peers",
        )
    tables = rulebook.peer_tables
    return tables.rankings(assign_peers(columns, stage, tuple(rulebook.stage_labels), tables.levels))


def _rescale_factors(
    rulebook: Rulebook, parts: Iterable[CompiledIndicator], scored: Mapping[str, Scored], stage: Int8s
) -> tuple[dict[str, Floats], Flags]:
    """Return the factors by which indicators' points and maxima are rescaled to replace those left out.

    Base points grow for base points that are left out, bonus points for bonus points. Also return the rows of which all
    base points are left out: nothing is left that could grow, so they have no score.
    """
    bonus = {category.id: category.bonus for category in rulebook.categories}
    factors: dict[str, Floats] = {}
    all_left_out = np.zeros(len(stage), dtype=np.bool_)
    for kind in (False, True):
        block = [part for part in parts if bonus[part.indicator.category] is kind]
        leavable = [part for part in block if part.indicator.missing == "rescale"]
        if not any(scored[part.indicator.id].missing.any() for part in leavable):
            continue
        kept = sum((part.ceilings for part in block if part not in leavable), np.zeros(len(block[0].ceilings)))
        whole, rest = kept, kept[stage]
        for part in leavable:  # in one order, so that where nothing is left out the two are equal to the last bit
            whole = whole + part.ceilings
            rest = rest + np.where(scored[part.indicator.id].missing, 0.0, part.ceilings[stage])
        whole = whole[stage]
        factor = np.where(rest > 0.0, whole / np.where(rest > 0.0, rest, 1.0), 1.0)
        factors |= {part.indicator.id: factor for part in block if not part.indicator.deduction}
        if not kind:
            all_left_out = (whole > 0.0) & (rest == 0.0)
    return factors, all_left_out


def _rescaled(points: Floats, factor: Floats | None) -> Floats:
    return points if factor is None else points * factor


def _eligible(
    rulebook: Rulebook,
    columns: Columns,
    parts: Iterable[CompiledIndicator],
    scored: Mapping[str, Scored],
    rescale_factor: Mapping[str, Floats],
    stage: Int8s,
    unstaged: Flags,
) -> tuple[Floats, dict[str, Floats]]:
    eligibility = rulebook.eligibility
    if eligibility is None:
        return np.full(rows(columns), np.nan), {}
    bounds: dict[str, tuple[Floats, Floats]] = {}
    if eligibility.reads_points:
        for part in parts:
            name = part.indicator.id
            low, high = part.bounds(scored[name], stage)
            low, high = _rescaled(low, rescale_factor.get(name)), _rescaled(high, rescale_factor.get(name))
            # At an unknown stage no weight and so no number of points is known.
            bounds[name] = np.where(unstaged, -np.inf, low), np.where(unstaged, np.inf, high)
    return meets(eligibility, EligibilityInputs(columns, bounds, {i.id: i.category for i in rulebook.indicators}))


def _total(unscored: Flags, parts: Iterable[Floats]) -> Floats:
    total = np.where(unscored, np.nan, 0.0)
    for part in parts:
        np.add(total, part, out=total)
    return total
