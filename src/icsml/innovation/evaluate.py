"""Points of many enterprises at once, elementwise: one row alone and the same row in a batch have the same bits."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from icsml.innovation.eligibility import Condition, Standing, meets
from icsml.innovation.indicators import Indicator, ScoringDomain
from icsml.innovation.schema import Rulebook
from icsml.innovation.values import Floats
from icsml.records.columns import Columns, rows

__all__ = ["Points", "coverage", "describe", "evaluate", "points_frame"]


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """What a rulebook gave to n enterprises.

    Parameters
    ----------
    rulebook : str
        Identifier of the rulebook.
    score : ndarray of shape (n,)
        Total: the indicator points summed in declared order.
    innovation_score : ndarray of shape (n,)
        Sum over the indicators of domain innovation alone.
    categories : dict of str to ndarray of shape (n,)
        Points by category.
    values, points : dict of str to ndarray of shape (n,)
        Value (NaN if missing) and points by indicator.
    rules : dict of str to object ndarray of shape (n,)
        The rule hit, by indicator.
    eligible : ndarray of shape (n,)
        1, 0, or NaN where it cannot be known.
    conditions : dict of str to ndarray of shape (n,)
        1, 0 or NaN by condition of eligibility.
    stage : None
        Life-cycle stage; no rulebook here has stages.
    """

    rulebook: str
    score: Floats
    innovation_score: Floats
    categories: dict[str, Floats]
    values: dict[str, Floats]
    points: dict[str, Floats]
    rules: dict[str, NDArray[Any]]
    eligible: Floats
    conditions: dict[str, Floats]
    stage: None = None


def evaluate(rulebook: Rulebook, columns: Columns) -> Points:
    """Return the points of every row.

    Parameters
    ----------
    rulebook : Rulebook
        The rules; they apply whatever the rows' dates.
    columns : mapping of str to ndarray of shape (n,)
        Canonical column arrays.
    """
    n = rows(columns)
    scored = {indicator.id: indicator.score(columns) for indicator in rulebook.indicators}
    points = {name: one.points for name, one in scored.items()}
    eligible = np.full(n, np.nan)
    conditions: dict[str, Floats] = {}
    if rulebook.eligibility is not None:
        standing = Standing(columns, scored, {i.id: i.category for i in rulebook.indicators})
        eligible, conditions = meets(rulebook.eligibility, standing)
    innovation = [points[i.id] for i in rulebook.indicators if i.domain is ScoringDomain.INNOVATION]
    return Points(
        rulebook=rulebook.id,
        score=_total(n, points.values()),
        innovation_score=_total(n, innovation),
        categories={
            category.id: _total(n, (points[i.id] for i in rulebook.indicators if i.category == category.id))
            for category in rulebook.categories
        },
        values={name: one.value for name, one in scored.items()},
        points=points,
        rules={name: one.rules for name, one in scored.items()},
        eligible=eligible,
        conditions=conditions,
    )


def coverage(rulebook: Rulebook, columns: Columns) -> list[dict[str, Any]]:
    """Return, by indicator, the share of rows that have a value for at least one of its options."""
    n = max(rows(columns), 1)
    shares = []
    for indicator in rulebook.indicators:
        value = indicator.score(columns).value
        shares.append({"id": indicator.id, "share": float(np.count_nonzero(~np.isnan(value)) / n)})
    return shares


def points_frame(points: Points, columns: Columns) -> pd.DataFrame:
    """Return one row per enterprise: score, ``category.ID``, ``points.ID``, ``rule.ID`` and ``eligible``."""
    eligible = pd.array(points.eligible == 1.0, dtype="boolean")
    eligible[np.isnan(points.eligible)] = pd.NA
    table: dict[str, Any] = {
        "enterprise_id": pd.array(columns["enterprise_id"], dtype="str"),
        "as_of": columns["as_of"].astype("datetime64[us]"),
        "score": points.score,
    }
    table |= {f"category.{name}": values for name, values in points.categories.items()}
    table |= {f"points.{name}": values for name, values in points.points.items()}
    table |= {f"rule.{name}": pd.array(values, dtype="str") for name, values in points.rules.items()}
    return pd.DataFrame(table | {"eligible": eligible})


def describe(points: Points, rulebook: Rulebook, row: int) -> dict[str, Any]:
    """Return the ``innovation`` object of one row.

    Parameters
    ----------
    points : Points
        What ``rulebook`` gave.
    rulebook : Rulebook
        The same rulebook.
    row : int
        Number of the row.

    Returns
    -------
    dict
        JSON: the score with its bounds, categories, indicators and eligibility. ``value`` is null where missing and
        ``eligible`` is null where it cannot be known; ``eligibility`` says of every condition whether it is met. One
        that no field can show has ``met`` null and the rule ``presumed``.
    """
    return {
        "rulebook": rulebook.id,
        "edition": rulebook.edition,
        "provenance": str(rulebook.provenance),
        "stage": points.stage,
        "score": float(points.score[row]),
        "max_score": rulebook.max_score,
        "categories": [
            {"id": category.id, "points": float(points.categories[category.id][row]), "max": float(category.max)}
            for category in rulebook.categories
        ],
        "indicators": [_indicator(indicator, points, row) for indicator in rulebook.indicators],
        "eligible": _answer(float(points.eligible[row])),
        "eligibility": _reasons(rulebook, points, row),
    }


def _indicator(indicator: Indicator, points: Points, row: int) -> dict[str, Any]:
    value = float(points.values[indicator.id][row])
    return {
        "id": indicator.id,
        "domain": str(indicator.domain),
        "value": None if math.isnan(value) else value,
        "points": float(points.points[indicator.id][row]),
        "max": float(indicator.max),
        "rule": str(points.rules[indicator.id][row]),
        "provenance": str(indicator.trust),
    }


def _reasons(rulebook: Rulebook, points: Points, row: int) -> list[dict[str, Any]]:
    if rulebook.eligibility is None:
        provenance = str(rulebook.provenance)
        text = {"en": "The rulebook states no conditions of eligibility", "zh": "该规则未载明准入条件"}
        return [{"id": "no_conditions", "met": None, "rule": None, "provenance": provenance, "text": text}]
    tested = [
        _reason(condition, _answer(float(points.conditions[condition.id][row])), condition.rule)
        for condition in rulebook.eligibility.in_use
    ]
    presumed = [
        {"id": p.id, "met": None, "rule": "presumed", "provenance": str(p.provenance), "text": p.label.model_dump()}
        for p in rulebook.eligibility.presumed
    ]
    return tested + presumed


def _reason(condition: Condition, met: bool | None, rule: str) -> dict[str, Any]:
    suffix = " (missing)" if met is None else ""
    return {
        "id": condition.id,
        "met": met,
        "rule": f"{rule}{suffix}",
        "provenance": str(condition.provenance),
        "text": condition.label.model_dump(),
    }


def _answer(value: float) -> bool | None:
    return None if math.isnan(value) else value == 1.0


def _total(n: int, parts: Iterable[Floats]) -> Floats:
    total = np.zeros(n)
    for part in parts:
        total = total + part
    return total
