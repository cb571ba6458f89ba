"""Points of many enterprises; a row has the same bits alone and in a batch."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from icsml.core.arrays import Array, Floats, Int8s
from icsml.errors import InputError
from icsml.innovation.peers.peer_tables import NO_PEERS, Peers, assign_peers
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.rulebooks.rulebook_tables import RulebookTables
from icsml.innovation.rulebooks.stages import stage_indices
from icsml.innovation.scoring.points import MatchedRules, Points
from icsml.records.columns import Columns, numbers_of

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
    ValueError
        If the columns differ in length.
    """
    from icsml.core.formula_kernel import compute  # numba: not before the first row
    from icsml.innovation.scoring.points_kernel import Results, score_rows

    tables, stage = rulebook.tables, stage_indices(rulebook.stages, columns)
    table, read = numbers_of(columns, tables.formulas.columns)
    if table.shape[1] != len(stage):
        raise ValueError("columns differ in length")
    values = np.empty((len(tables.formulas.results), len(stage)))
    compute(table, read, tables.formulas.constants, tables.formulas.steps, tables.formulas.results, values)
    results = Results(**_empty(rulebook, tables, len(stage)))
    staged, peers = rulebook.stages is not None, _peers(rulebook, columns, stage)
    score_rows(values, stage, staged, tables.indicators, tables.options, tables.conditions, peers, results)
    ids, parts = [indicator.id for indicator in rulebook.indicators], rulebook.compiled
    conditions = rulebook.eligibility.in_use if rulebook.eligibility is not None else ()
    return Points(
        rulebook=rulebook.id,
        max_score=rulebook.max_score,
        score=results.score,
        innovation_score=results.innovation_score,
        categories=dict(zip((category.id for category in rulebook.categories), results.category, strict=True)),
        values=dict(zip(ids, results.value, strict=True)),
        points=dict(zip(ids, results.points, strict=True)),
        ceilings={name: part.ceilings for name, part in zip(ids, parts, strict=True)},
        rules={
            name: MatchedRules(codes, part.rules, part.texts)
            for name, codes, part in zip(ids, results.code, parts, strict=True)
        },
        rescale_factor=_rescale_factors(rulebook, tables, results.factor, results.rescaled),
        stages=rulebook.stages.ids if rulebook.stages is not None else (),
        stage=stage,
        eligible=results.eligible,
        conditions=dict(zip((condition.id for condition in conditions), results.condition, strict=True)),
    )


def _empty(rulebook: Rulebook, tables: RulebookTables, n: int) -> dict[str, Array]:
    p, m, c = len(rulebook.indicators), len(rulebook.categories), len(tables.conditions.source)
    shapes = {
        "value": (p, n),
        "points": (p, n),
        "factor": (2, n),
        "score": (n,),
        "innovation_score": (n,),
        "category": (m, n),
        "eligible": (n,),
        "condition": (c, n),
    }
    empty = {name: np.empty(shape) for name, shape in shapes.items()}
    return {**empty, "code": np.empty((p, n), dtype=np.int16), "rescaled": np.zeros(2, dtype=np.bool_)}


def _peers(rulebook: Rulebook, columns: Columns, stage: Int8s) -> Peers:
    if not rulebook.ranked:
        return NO_PEERS
    if rulebook.peer_tables is None:
        raise InputError(
            "ICS-RUL-032",
            "ranks enterprises among peers and has no peer tables",
            field=rulebook.id,
            remedy="fit them on a population: `icsml rulebook fit`, or icsml.fit_peers",
        )
    assignment = assign_peers(columns, stage, tuple(rulebook.stage_labels), rulebook.peer_tables.levels)
    ways = [way for part in rulebook.compiled for way in part.ways]
    return rulebook.peer_tables.peers(assignment, [way.peer_key for way in ways if way.peer_key is not None])


def _rescale_factors(
    rulebook: Rulebook, tables: RulebookTables, factor: Floats, rescaled: Array
) -> Mapping[str, Floats]:
    """Return the factors by which indicators' points and maxima are rescaled to replace those left out."""
    rows = tables.indicators
    return {
        indicator.id: factor[int(rows.bonus[index])]
        for index, indicator in enumerate(rulebook.indicators)
        if rescaled[int(rows.bonus[index])] and not rows.deduction[index]
    }
