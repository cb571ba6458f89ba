"""The recommended list: who is on it and who is not, and why, in one batch of evaluation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from math import isfinite
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata

from icsml.errors import InputError
from icsml.innovation.eligibility import Condition, all_hold, any_holds
from icsml.innovation.evaluate import evaluate
from icsml.innovation.groups import population_groups
from icsml.innovation.points import Points
from icsml.innovation.schema import Rulebook
from icsml.innovation.validity import Ages, ages
from icsml.innovation.values import Floats
from icsml.records.columns import Columns, latest, rows, take
from icsml.records.labels import Label

__all__ = ["NOT_EVALUATED", "REASONS", "Cut", "Entries", "barred", "entries", "obstacles", "select"]

Flags = NDArray[np.bool_]

REASONS: Final[dict[str, Label]] = {
    "selected": Label(en="At or above the cut", zh="达到或高于入选分数线"),
    "below_cut": Label(en="Below the cut", zh="低于入选分数线"),
    "older_record": Label(en="A later record of the same enterprise counts", zh="以同一企业较新的记录为准"),
    "future_record": Label(en="The record is dated after the day of selection", zh="记录日期晚于遴选日"),
    "expired": Label(en="The score is older than its validity", zh="积分已超过有效期"),
    "no_data": Label(en="No value for any indicator", zh="所有指标均无数据"),
    "no_score": Label(
        en="No score: a value is missing that the rulebook requires", zh="缺少规则要求的数据，无法得出积分"
    ),
    "vetoed": Label(en="Vetoed", zh="一票否决"),
    "not_eligible": Label(en="Not eligible", zh="不符合准入条件"),
    "eligibility_unknown": Label(en="Eligibility cannot be known from the record", zh="依据现有记录无法判断准入条件"),
    "withdrawn": Label(en="Withdrawn from the list", zh="已从名单中撤出"),
}
"""Why an enterprise is in or out, by code."""

NOT_EVALUATED: Final = ("older_record", "future_record")
"""Rows that stand for no enterprise on the day of selection."""

_EXPLAINED: Final = ("vetoed", "not_eligible", "eligibility_unknown")


@dataclass(frozen=True, slots=True)
class Cut:
    """Where the list is cut: the best share of all evaluated, or a number of points; one of the two.

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

    def threshold(self, score: Floats, evaluated: int, max_score: float) -> float:
        """Return the fewest points that are enough, given the scores of those who may be listed.

        Raises
        ------
        InputError
            ``ICS-SEL-001`` if the share is less than one enterprise.
        """
        if self.cut_off is not None:
            return self.cut_off
        assert self.top_share is not None  # noqa: S101 - one of the two is given
        most = round(self.top_share * evaluated)
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
    """The rows of a list and what it was cut at.

    Parameters
    ----------
    frame : DataFrame
        One row for each row evaluated, in order.
    threshold : float
        Fewest points that were enough.
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
        """Rows that nothing but the cut could keep out, shape (n,)."""
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
    reason = obstacles(rulebook, points, age, columns, on)
    evaluated = int((~np.isin(reason, NOT_EVALUATED)).sum())
    candidate = reason == ""
    threshold = cut.threshold(points.score[candidate], evaluated, points.max_score)
    reason[candidate] = np.where(points.score[candidate] >= threshold, "selected", "below_cut")
    frame = entries(rulebook, points, age, columns, reason, on=on, batch=batch)
    return Entries(frame, threshold, evaluated, int((reason == "selected").sum()), points)


def entries(
    rulebook: Rulebook,
    points: Points,
    age: Ages,
    columns: Columns,
    reason: NDArray[Any],
    *,
    on: date,
    batch: str,
) -> pd.DataFrame:
    """Return rows of a list from points and reasons.

    The rank is among those whom nothing but the cut can keep out; who is in is valid from the day of selection.
    """
    groups = population_groups(columns, points)
    detail = _details(rulebook, points, reason)
    selected = reason == "selected"
    day = np.datetime64(on, "us")
    until = age.until.astype("datetime64[us]")
    texts = {
        lang: [f"{getattr(REASONS[code], lang)}{more}" for code, more in zip(reason, detail[lang], strict=True)]
        for lang in ("en", "zh")
    }
    rank = np.full(len(reason), np.nan)
    compete = (reason == "selected") | (reason == "below_cut")
    rank[compete] = rankdata(-points.score[compete], method="min")
    return pd.DataFrame(
        {
            "enterprise_id": pd.array(columns["enterprise_id"], dtype="str"),
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
            "reason_en": pd.array(texts["en"], dtype="str"),
            "reason_zh": pd.array(texts["zh"], dtype="str"),
            "valid_from": np.where(selected, day, np.datetime64("NaT", "us")),
            "valid_until": np.where(selected, until, np.datetime64("NaT", "us")),
            "because": pd.array([None] * len(reason), dtype="str"),
            "record": pd.array([None] * len(reason), dtype="str"),
        }
    )


def barred(rulebook: Rulebook, points: Points) -> NDArray[Any]:
    """Return what keeps each row off any list whatever the cut and the day, the first that applies; empty if nothing.

    Where no condition and no veto is in use, eligibility is nothing that could be held against anybody.
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


def obstacles(rulebook: Rulebook, points: Points, age: Ages, columns: Columns, on: date) -> NDArray[Any]:
    """Return what keeps each row out before any cut, the first that applies; empty where nothing does.

    Of the records known on the day the latest counts.
    """
    reason = barred(rulebook, points)
    reason[age.expired] = "expired"
    future = columns["as_of"] > np.datetime64(on, "D")
    known = np.flatnonzero(~future)
    reason[known[~latest(take(columns, known))]] = "older_record"
    reason[future] = "future_record"
    return reason


def _details(rulebook: Rulebook, points: Points, reason: NDArray[Any]) -> dict[str, list[str]]:
    """Return, in both languages, which conditions are behind a reason; empty where the reason says it all."""
    found = {lang: np.full(len(reason), "", dtype=object) for lang in ("en", "zh")}
    for code in _EXPLAINED:
        at = np.flatnonzero(reason == code)
        named = _conditions(rulebook, code)
        if not len(at) or not named:
            continue
        spared = _spared(rulebook, points, at)
        failed = np.stack([_behind(code, points.conditions[each.id][at]) & ~spared(each) for each in named], axis=1)
        patterns, which = np.unique(failed, axis=0, return_inverse=True)
        for lang, mark in (("en", ": "), ("zh", "：")):
            texts = [mark + "; ".join(_labels(named, pattern, lang)) if pattern.any() else "" for pattern in patterns]
            found[lang][at] = np.array(texts, dtype=object)[which.ravel()]
    return {lang: values.tolist() for lang, values in found.items()}


def _conditions(rulebook: Rulebook, code: str) -> Sequence[Condition]:
    """Return the conditions that may be behind a reason."""
    eligibility = rulebook.eligibility
    if eligibility is None:
        return ()
    match code:
        case "vetoed":
            return eligibility.active_vetoes
        case "not_eligible":
            return eligibility.conditions
        case _:
            return eligibility.in_use


def _behind(code: str, answer: Floats) -> Flags:
    match code:
        case "vetoed":
            behind: Flags = answer == 1.0
        case "not_eligible":
            behind = answer == 0.0
        case _:
            behind = np.isnan(answer)
    return behind


def _spared(rulebook: Rulebook, points: Points, at: NDArray[np.intp]) -> Callable[[Condition], Flags]:
    """Return which rows a condition does not matter to: waived by a bypass, or a way in that nobody needs."""
    bypass = rulebook.eligibility.bypass if rulebook.eligibility is not None else None
    nobody = np.zeros(len(at), dtype=np.bool_)
    if bypass is None or not bypass.active:
        return lambda condition: nobody
    ways = {each.id for each in bypass.any_of}
    another_way: Flags = any_holds([points.conditions[name][at] for name in ways]) == 1.0
    needs_none: Flags = all_hold([points.conditions[name][at] for name in bypass.waives]) == 1.0

    def spared(condition: Condition) -> Flags:
        if condition.id in ways:
            return needs_none
        return another_way if condition.id in bypass.waives else nobody

    return spared


def _labels(conditions: Sequence[Condition], pattern: Flags, lang: str) -> list[str]:
    return [str(getattr(each.label, lang)) for each, held in zip(conditions, pattern, strict=True) if held]
