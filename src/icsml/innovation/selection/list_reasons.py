"""Why a firm is in or out, as the firm is told: its own value beside the threshold, and by name what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from icsml.core.arrays import Indices
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.rulebooks.value_functions import Floats
from icsml.innovation.scoring.points import Points
from icsml.innovation.scoring.validity import Ages
from icsml.innovation.selection.list_wording import cut_text, own_text, points_text, with_more
from icsml.innovation.selection.missing_fields import Gaps, bases, crossed, shared
from icsml.innovation.selection.unmet_conditions import Conditions
from icsml.records.columns import Columns
from icsml.texts.label import Label

__all__ = ["REASONS", "Teller"]

REASONS: Final[dict[str, Label]] = {
    "selected": Label(en="Selected", zh="入选"),
    "below_cut": Label(en="Below the cut", zh="积分低于入选分数线"),
    "older_record": Label(en="A later record of the same enterprise counts", zh="以同一企业较新的记录为准"),
    "future_record": Label(en="The record is dated after the day of selection", zh="记录日期晚于遴选日"),
    "expired": Label(en="The score is older than its validity", zh="积分已超过有效期"),
    "no_data": Label(en="No value for any indicator", zh="所有指标均无数据"),
    "no_score": Label(
        en="No score: a value is missing that the rulebook requires", zh="缺少规则要求的数据，无法得出积分"
    ),
    "vetoed": Label(en="Vetoed", zh="一票否决"),
    "not_eligible": Label(en="Not eligible", zh="不满足准入条件"),
    "eligibility_unknown": Label(en="Eligibility cannot be known from the record", zh="依据现有记录无法判断准入条件"),
    "withdrawn": Label(en="Taken off the list", zh="已被移出名单"),
}
"""Why an enterprise is in or out, by code."""

_NO_CUT: Final = Label(en="no cut: all who are eligible are on the list", zh="名额未满，不设分数线：符合条件者全部入选")
"""What is said of a list that has a place for everybody who is eligible."""

_NOTHING: Final = Label(en="", zh="")


@dataclass
class Teller:
    """Tells rows of a list why they are in or out.

    Parameters
    ----------
    rulebook : Rulebook
        The rules.
    columns : mapping of str to ndarray of shape (n,)
        Screened records.
    points : Points
        What the rules gave.
    age : Ages
        Validity of every row.
    on : date
        Day of selection.
    threshold : float
        Fewest points that were enough.
    uncut : bool
        Whether all who are eligible are on the list, as fewer of them are than there are places.
    """

    rulebook: Rulebook
    columns: Columns
    points: Points
    age: Ages
    on: date
    threshold: float
    uncut: bool = False

    @cached_property
    def _gaps(self) -> Gaps:
        return Gaps(self.rulebook, self.columns, self.points)

    @cached_property
    def _conditions(self) -> Conditions:
        return Conditions(self._gaps)

    def tell(self, reasons: NDArray[Any]) -> list[Label]:
        """Return the reason of every row in words; of conditions every one that is not met or cannot be known.

        Rows that are alike share one text, so that a nation is told in seconds.
        """
        told = [REASONS["selected"]] * len(reasons)
        for code in sorted(set(reasons.tolist())):
            at = np.flatnonzero(reasons == code)
            for place, text in zip(at.tolist(), self._reason(code, at), strict=True):
                told[place] = text
        return told

    def missing(self) -> list[str]:
        """Return, for every row, the names of the fields that the rules read and the row lacks, comma between them."""
        names = self.rulebook.inputs()
        everywhere = np.arange(len(self.points.score))

        def lacking(row: int) -> str:
            return ", ".join(name for name in names if self._gaps.of(name)[row])

        return shared(everywhere, self._gaps.pattern, lacking)

    def _reason(self, code: str, at: Indices) -> list[Label]:
        match code:
            case "selected" | "below_cut":
                return shared(at, crossed(self._sums, self._gaps.pattern), lambda row: self._cut(code, row))
            case "expired" | "future_record":
                return shared(at, self.columns["as_of"], lambda row: self._dated(code, row))
            case "no_data":
                fields = [name for each in self.rulebook.indicators for name in each.fields]
                return shared(
                    at, self._gaps.pattern, lambda row: with_more(REASONS[code], self._gaps.why(fields, (), row))
                )
            case "no_score":
                return shared(at, self._gaps.pattern, lambda row: with_more(REASONS[code], self._required(row)))
            case "vetoed" | "not_eligible" | "eligibility_unknown":
                return [text or REASONS[code] for text in self._conditions.tell(at)]
            case _:
                return [REASONS[code]] * len(at)

    @cached_property
    def _sums(self) -> NDArray[Any]:
        """Which rows have the same score, and lost the same points by deductions, shape (n,)."""
        taken = [given for _, given in self._deductions if (given < 0.0).any()]
        if not taken:
            return self.points.score
        _, which = np.unique(np.stack([self.points.score, *taken], axis=1), axis=0, return_inverse=True)
        return which.ravel()

    @cached_property
    def _deductions(self) -> list[tuple[Label, Floats]]:
        return [(each.label, self.points.points[each.id]) for each in self.rulebook.indicators if each.deduction]

    def _taken(self, row: int) -> Label:
        """Return the points that deductions took from a row, one after the other."""
        taken = [(label, points_text(-given[row], 0.0)) for label, given in self._deductions if given[row] < 0.0]
        if not taken:
            return _NOTHING
        return Label(
            en="".join(f", {points} points deducted for “{label.en}”" for label, points in taken),
            zh="".join(f"，因“{label.zh}”扣{points}分" for label, points in taken),
        )

    def _cut(self, code: str, row: int) -> Label:
        score, taken = float(self.points.score[row]), self._taken(row)
        own, cut = own_text(score, self.threshold), cut_text(self.threshold, score)
        more = [Label(en=f"points: {own}{taken.en}", zh=f"积分：{own}分{taken.zh}")]
        if code == "below_cut" or (self.threshold > 0.0 and not self.uncut):
            more.append(Label(en=f"the cut: {cut}", zh=f"入选分数线：{cut}分"))
        elif self.uncut:
            more.append(_NO_CUT)
        cost = self._gaps.cost(self.rulebook.indicators, row, settled=code == "selected")
        more += [] if cost is None else [cost]
        behind = Label(en="; ".join(each.en for each in more), zh="；".join(each.zh for each in more))
        return with_more(REASONS[code], behind)

    def _dated(self, code: str, row: int) -> Label:
        dated, until = self.columns["as_of"][row], self.age.until[row]
        if code == "future_record":
            more = Label(en=f"dated {dated}; day of selection: {self.on}", zh=f"数据基准日{dated}；遴选日：{self.on}")
        else:
            more = Label(
                en=f"record of {dated}, valid until {until}; day of selection: {self.on}",
                zh=f"数据基准日{dated}，有效期至{until}；遴选日：{self.on}",
            )
        return with_more(REASONS[code], more)

    def _required(self, row: int) -> Label:
        """Return what keeps a row from having a score."""
        stages = self.rulebook.stages
        if stages is not None and self.points.stage[row] < 0:
            rule = stages.rule.value
            return self._gaps.why(rule.fields, bases(rule), row)
        refusing = [
            each
            for each in self.rulebook.indicators
            if each.missing == "refuse" and np.isnan(self.points.values[each.id][row])
        ]
        return self._gaps.why_of(refusing or self.rulebook.indicators, row)
