"""The recommended list: selected firms and reasons, for one batch of evaluation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import isfinite
from typing import Final

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from icsml.core.arrays import Array, Flags, Floats
from icsml.errors import InputError
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.scoring.evaluate import evaluate
from icsml.innovation.scoring.points import Points
from icsml.innovation.scoring.population_groups import population_groups
from icsml.innovation.scoring.validity import Ages, ages
from icsml.innovation.selection.list_reasons import REASON_IN, REASONS, ListReasons, reason_text
from icsml.records.columns import Columns, latest, rows, take

__all__ = [
    "NOT_EVALUATED",
    "REASONS",
    "Cut",
    "Entries",
    "entries",
    "exclusion_reasons",
    "ineligible",
    "reason_text",
    "select",
]


NOT_EVALUATED: Final = ("older_record", "future_record")
"""Rows that represent no enterprise on the day of selection."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Cut of the list: the best share of all evaluated, or a number of points; one of the two.

    Raises
    ------
    InputError
        ``ICS-SEL-001`` if both or neither is given, or the share is not within (0, 1], or the
        points are no number.
    """

    top_share: float | None = None
    cut_off: float | None = None

    def __post_init__(self) -> None:
        if (self.top_share is None) == (self.cut_off is None):
            raise InputError(
                "ICS-SEL-001",
                "give one of the two",
                field="--top-share, --cut-off",
                remedy="--top-share 0.137 or --cut-off 60",
            )
        if self.top_share is not None and not 0.0 < self.top_share <= 1.0:
            raise InputError("ICS-SEL-001", "not a share", field="--top-share", remedy="give a fraction such as 0.137")
        if self.cut_off is not None and not isfinite(self.cut_off):
            raise InputError("ICS-SEL-001", "not a number of points", field="--cut-off", remedy="give one such as 60")

    def places(self, evaluated: int) -> int | None:
        """Return the number of firms the list takes; None where a number of points is the cut."""
        return None if self.top_share is None else round(self.top_share * evaluated)

    def threshold(self, score: Floats, evaluated: int, max_score: float) -> float:
        """Return the fewest points that suffice, given the scores of those who may be listed.

        Raises
        ------
        InputError
            ``ICS-SEL-001`` if the share is less than one enterprise.
        """
        most = self.places(evaluated)
        if most is None:
            assert self.cut_off is not None  # noqa: S101 - one of the two is given
            return self.cut_off
        if most < 1:
            raise InputError(
                "ICS-SEL-001",
                f"is less than one enterprise of {evaluated:,}",
                field="--top-share",
                remedy="give a larger share",
            )
        if not len(score):
            return max_score
        # Where fewer may be listed than the share allows, the lowest of them is the cut.
        return float(np.partition(score, max(len(score) - most, 0))[max(len(score) - most, 0)])


@dataclass(frozen=True, slots=True)
class Entries:
    """The rows of a list and its cut.

    Parameters
    ----------
    frame : DataFrame
        One row for each row evaluated, in order.
    threshold : float
        Fewest points that were enough; where fewer may be listed than the share allows, the lowest of them.
    evaluated, selected : int
        Enterprises (the latest record of each counts), and those on the list.
    points : Points
        What the rulebook gave.
    """

    frame: pd.DataFrame
    threshold: float
    evaluated: int
    selected: int
    points: Points

    @property
    def competing(self) -> Flags:
        """Rows that only the cut could exclude, shape (n,)."""
        return self.frame["reason"].isin(["selected", "below_cut"]).to_numpy(dtype=np.bool_)


def select(rulebook: Rulebook, columns: Columns, *, cut: Cut, on: date, batch: str) -> Entries:
    """Return the recommended list.

    Parameters
    ----------
    rulebook : Rulebook
        The rules, with peer tables where they rank.
    columns : mapping of str to ndarray of shape (n,)
        Screened records; of several of one enterprise the latest counts.
    cut : Cut
        Where the list is cut. A share is of all enterprises evaluated; equal scores at the edge are all in.
    on : date
        Day of selection.
    batch : str
        Name of the batch.

    Raises
    ------
    InputError
        If there are no rows.
    """
    if not rows(columns):
        raise InputError("ICS-SEL-002", "holds no rows", field="--in", remedy="give records to evaluate")
    points = evaluate(rulebook, columns)
    age = ages(rulebook, columns["as_of"], on)
    reason = exclusion_reasons(rulebook, points, age, columns, on)
    evaluated = int((~np.isin(reason, NOT_EVALUATED)).sum())
    candidate = reason == ""
    threshold = cut.threshold(points.score[candidate], evaluated, points.max_score)
    reason[candidate] = np.where(points.score[candidate] >= threshold, "selected", "below_cut")
    selected, capacity = int((reason == "selected").sum()), cut.places(evaluated)
    uncut = capacity is not None and selected < capacity
    frame = entries(rulebook, points, age, columns, reason, on=on, batch=batch, threshold=threshold, uncut=uncut)
    return Entries(frame, threshold, evaluated, selected, points)


def entries(
    rulebook: Rulebook,
    points: Points,
    age: Ages,
    columns: Columns,
    reason: Array,
    *,
    on: date,
    batch: str,
    threshold: float,
    uncut: bool,
) -> pd.DataFrame:
    """Return rows of a list from points and reasons.

    The rank is among those whom only the cut can exclude; who is in is valid from the day of selection. Where
    there is a place for everybody who is eligible the list is ``uncut``.
    """
    groups = population_groups(columns, points)
    reasons = ListReasons(rulebook, columns, points, age, on, threshold, uncut)
    texts = reasons.texts(reason)
    selected = reason == "selected"
    day = np.datetime64(on, "us")
    until = age.until.astype("datetime64[us]")
    rank = np.full(len(reason), np.nan)
    compete = (reason == "selected") | (reason == "below_cut")
    rank[compete] = rankdata(-points.score[compete], method="min")
    return pd.DataFrame(
        {
            "enterprise_id": pd.array(columns["enterprise_id"], dtype="str"),
            "enterprise_name": pd.array(columns["enterprise_name"], dtype="str"),
            "as_of": columns["as_of"].astype("datetime64[us]"),
            "batch": pd.array([batch] * len(reason), dtype="str"),
            "entry": np.ones(len(reason), dtype=np.int64),
            "action": pd.array(["evaluated"] * len(reason), dtype="str"),
            "decided_on": np.full(len(reason), day),
            "score": points.score,
            "max_score": np.full(len(reason), points.max_score),
            "rank": pd.array(rank, dtype="Int64"),
            "stage": pd.array(points.stage_names(), dtype="str"),
            "technical_field": pd.array(groups["technical_field"], dtype="str"),
            "province": pd.array(groups["province"], dtype="str"),
            "selected": selected,
            "reason": pd.array(reason, dtype="str"),
            **{
                f"{REASON_IN}{language}": pd.array([label.text(language) for label in texts], dtype="str")
                for language in reason_text("selected").languages
            },
            "missing": pd.array(reasons.missing(), dtype="str"),
            "valid_from": np.where(selected, day, np.datetime64("NaT", "us")),
            "valid_until": np.where(selected, until, np.datetime64("NaT", "us")),
            "because": pd.array([None] * len(reason), dtype="str"),
            "record": pd.array([None] * len(reason), dtype="str"),
        }
    )


def ineligible(rulebook: Rulebook, points: Points) -> Array:
    """Return why each row is ineligible whatever the cut and the day, the first reason that applies; empty if none.

    Where no condition and no veto is in use, eligibility excludes nobody.
    """
    reason = np.full(len(points.score), "", dtype=object)
    nothing_known = np.ones(len(points.score), dtype=np.bool_)
    for values in points.values.values():
        nothing_known &= np.isnan(values)
    reason[nothing_known] = "no_data"
    reason[np.isnan(points.score)] = "no_score"
    if rulebook.eligibility is not None and rulebook.eligibility.in_use:
        reason[np.isnan(points.eligible)] = "eligibility_unknown"
        reason[points.eligible == 0.0] = "not_eligible"
        for veto in rulebook.eligibility.active_vetoes:
            reason[points.conditions[veto.id] == 1.0] = "vetoed"
    return reason


def exclusion_reasons(rulebook: Rulebook, points: Points, age: Ages, columns: Columns, on: date) -> Array:
    """Return why each row is excluded before any cut, the first reason that applies; empty if none.

    Of the records known on the day the latest counts.
    """
    reason = ineligible(rulebook, points)
    reason[age.expired] = "expired"
    future = columns["as_of"] > np.datetime64(on, "D")
    known = np.flatnonzero(~future)
    reason[known[~latest(take(columns, known))]] = "older_record"
    reason[future] = "future_record"
    return reason
