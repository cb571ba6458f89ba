"""Points of n enterprises by a rulebook: values, points, maxima, and the rule row behind each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
import pandas as pd

from icsml.core.arrays import Array, Flags, Floats, Int8s, Int16s
from icsml.innovation.rulebooks.rule_hit import RuleHit, RuleKind
from icsml.records.columns import Columns

__all__ = ["MatchedRules", "Points", "points_frame"]


@dataclass(slots=True, eq=False)
class MatchedRules:
    """The matched rule of every row, as codes into the short list of an indicator's rules.

    Parameters
    ----------
    codes : ndarray of int of shape (n,)
        Which rule.
    rules : tuple of RuleHit
        The m rules.
    texts : object ndarray of shape (m,)
        The same in the words of decisions and files: what indexing by row gives.
    """

    codes: Int16s
    rules: tuple[RuleHit, ...]
    texts: Array

    def __len__(self) -> int:
        return len(self.codes)

    @overload
    def __getitem__(self, row: int) -> str: ...

    @overload
    def __getitem__(self, row: slice | Array) -> Array: ...

    def __getitem__(self, row: int | slice | Array) -> str | Array:
        texts: str | Array = self.texts[self.codes[row]]
        return texts

    @property
    def left_out(self) -> Flags | None:
        """Rows in which the indicator is left out for a missing value, shape (n,); None if it never is."""
        return self.codes == len(self.rules) - 1 if self.leaves_out else None

    @property
    def leaves_out(self) -> bool:
        """Whether the rule of a missing value, the last one, leaves the indicator out."""
        return self.rules[-1].kind is RuleKind.LEFT_OUT


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """Points of n enterprises by a rulebook.

    Parameters
    ----------
    rulebook : str
        Identifier of the rulebook.
    max_score : float
        The scale: base and bonus points together.
    score : ndarray of shape (n,)
        Total: the indicator points summed in declared order. NaN where a missing value, or an unknown stage,
        is a reason to refuse, or all base points are left out.
    innovation_score : ndarray of shape (n,)
        Sum over the indicators of domain innovation alone.
    categories : dict of str to ndarray of shape (n,)
        Points by category.
    values, points : dict of str to ndarray of shape (n,)
        Value (NaN if missing) and points by indicator.
    ceilings : dict of str to ndarray of shape (stages,)
        Maximum at each stage, by indicator.
    rules : dict of str to MatchedRules
        The rules that gave the points, by indicator.
    rescale_factor : dict of str to ndarray of shape (n,)
        By indicator, the factor of points and maximum where others are left out; only where any are.
    stages : tuple of str
        Identifiers of the stages; empty where the rulebook has none.
    stage : ndarray of int of shape (n,)
        Index of each row's stage in ``stages``; -1 where there is none.
    eligible : ndarray of shape (n,)
        1, 0, or NaN where it cannot be known.
    conditions : dict of str to ndarray of shape (n,)
        1, 0 or NaN by condition of eligibility; a veto is 1 where it applies.
    """

    rulebook: str
    max_score: float
    score: Floats
    innovation_score: Floats
    categories: dict[str, Floats]
    values: dict[str, Floats]
    points: dict[str, Floats]
    ceilings: dict[str, Floats]
    rules: dict[str, MatchedRules]
    rescale_factor: Mapping[str, Floats]
    stages: tuple[str, ...]
    stage: Int8s
    eligible: Floats
    conditions: dict[str, Floats]

    def maximum(self, indicator: str) -> Floats:
        """Return the most points an indicator can give to each row, shape (n,): 0 where it is left out."""
        ceiling, left_out = self.ceilings[indicator], self.rules[indicator].left_out
        most = np.where(self.stage >= 0, ceiling[self.stage], ceiling.max())
        rescaled = most * self.rescale_factor[indicator] if indicator in self.rescale_factor else most
        return rescaled if left_out is None else np.where(left_out, 0.0, rescaled)

    def maximum_of(self, indicator: str, row: int, ceiling: float) -> float:
        """Return what :meth:`maximum` gives to one row, from the indicator's maximum at the row's stage."""
        rules = self.rules[indicator]
        if rules.leaves_out and rules.codes.item(row) == len(rules.rules) - 1:
            return 0.0
        factor = self.rescale_factor.get(indicator)
        return ceiling if factor is None else ceiling * float(factor.item(row))

    def stage_names(self) -> Array:
        """Return the stage of every row, shape (n,); None where there is none."""
        return np.array([*self.stages, None], dtype=object)[self.stage]

    def stage_of(self, row: int) -> str | None:
        """Return the stage of one row."""
        return None if self.stage[row] < 0 else self.stages[self.stage[row]]


def points_frame(points: Points, columns: Columns) -> pd.DataFrame:
    """Return one row per enterprise.

    Score with its scale and stage, ``category.ID``, and of each indicator ``value.ID``, ``points.ID``, ``max.ID`` and
    ``rule.ID``; then ``eligible``.
    """
    table: dict[str, Any] = {
        "enterprise_id": pd.array(columns["enterprise_id"], dtype="str"),
        "as_of": columns["as_of"].astype("datetime64[us]"),
        "score": points.score,
        "max_score": np.full(len(points.score), points.max_score),
        "stage": pd.array(points.stage_names(), dtype="str"),
    }
    table |= {f"category.{name}": values for name, values in points.categories.items()}
    for name, values in points.points.items():
        table[f"value.{name}"] = points.values[name]
        table[f"points.{name}"] = values
        table[f"max.{name}"] = points.maximum(name)
        table[f"rule.{name}"] = pd.array(points.rules[name][:], dtype="str")
    eligible = pd.array(points.eligible == 1.0, dtype="boolean")
    eligible[np.isnan(points.eligible)] = pd.NA
    return pd.DataFrame(table | {"eligible": eligible})
