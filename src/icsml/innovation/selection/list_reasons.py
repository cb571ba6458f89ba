"""Reasons for or against listing, worded for the firm."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final

import numpy as np

from icsml.core.arrays import Array, Floats, Indices
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.innovation.scoring.points import Points
from icsml.innovation.scoring.validity import Ages
from icsml.innovation.selection.list_wording import cut_text, own_text, points_text, with_more
from icsml.innovation.selection.missing_fields import Gaps, bases, crossed, shared
from icsml.innovation.selection.unmet_conditions import UnmetConditions
from icsml.records.columns import Columns
from icsml.texts.catalogue import joined, text
from icsml.texts.label import Label

__all__ = ["REASONS", "REASON_IN", "ListReasons", "reason_text"]

REASONS: Final = (
    "selected",
    "below_cut",
    "older_record",
    "future_record",
    "expired",
    "no_data",
    "no_score",
    "vetoed",
    "not_eligible",
    "eligibility_unknown",
    "withdrawn",
)
"""Codes of why an enterprise is in or out."""

REASON_IN: Final = "reason_"
"""Beginning of the columns of a list with the reason in words; the rest is the language."""


def reason_text(code: str) -> Label:
    """Return the general reason for or against listing an enterprise."""
    return text(f"lists.reasons.{code}")


_NOTHING: Final = Label(en="", zh="")


@dataclass
class ListReasons:
    """Reasons for or against listing the rows of a list.

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
        Whether all who are eligible are on the list, as the list takes more.
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
    def _conditions(self) -> UnmetConditions:
        return UnmetConditions(self._gaps)

    def texts(self, codes: Array) -> list[Label]:
        """Return the reason of every row in words, with every condition that is not met or unknown.

        Rows that are alike share one text, so that those of a nation take seconds.
        """
        texts = [reason_text("selected")] * len(codes)
        for code in sorted(set(codes.tolist())):
            rows = np.flatnonzero(codes == code)
            for row, reason in zip(rows.tolist(), self._reason(code, rows), strict=True):
                texts[row] = reason
        return texts

    def missing(self) -> list[str]:
        """Return, for every row, the names of the missing fields that the rules read, separated by commas."""
        names = self.rulebook.inputs()
        everywhere = np.arange(len(self.points.score))

        def lacking(row: int) -> str:
            return ", ".join(name for name in names if self._gaps.of(name)[row])

        return shared(everywhere, self._gaps.pattern, lacking)

    def _reason(self, code: str, rows: Indices) -> list[Label]:
        reason = reason_text(code)
        match code:
            case "selected" | "below_cut":
                return shared(rows, crossed(self._sums, self._gaps.pattern), lambda row: self._cut(code, reason, row))
            case "expired" | "future_record":
                return shared(rows, self.columns["as_of"], lambda row: self._dated(code, reason, row))
            case "no_data":
                fields = [name for indicator in self.rulebook.indicators for name in indicator.fields]
                return shared(rows, self._gaps.pattern, lambda row: with_more(reason, self._gaps.why(fields, (), row)))
            case "no_score":
                return shared(rows, self._gaps.pattern, lambda row: with_more(reason, self._required(row)))
            case "vetoed" | "not_eligible" | "eligibility_unknown":
                return [unmet or reason for unmet in self._conditions.texts(rows)]
            case _:
                return [reason] * len(rows)

    @cached_property
    def _sums(self) -> Array:
        """Key of rows with the same score and the same deductions, shape (n,)."""
        taken = [given for _, given in self._deductions if (given < 0.0).any()]
        if not taken:
            return self.points.score
        _, which = np.unique(np.stack([self.points.score, *taken], axis=1), axis=0, return_inverse=True)
        return which.ravel()

    @cached_property
    def _deductions(self) -> list[tuple[Label, Floats]]:
        return [(i.label, self.points.points[i.id]) for i in self.rulebook.indicators if i.deduction]

    def _deducted(self, row: int) -> Label:
        """Return the points that each deduction took from a row."""
        deducted = _NOTHING
        for label, given in self._deductions:
            if given[row] < 0.0:
                points = points_text(-given[row], 0.0)
                deducted = text("lists.deducted", before=deducted, points=points, indicator=label)
        return deducted

    def _cut(self, code: str, reason: Label, row: int) -> Label:
        score = float(self.points.score[row])
        points, cut = own_text(score, self.threshold), cut_text(self.threshold, score)
        more = [text("lists.points", points=points, deductions=self._deducted(row))]
        if code == "below_cut" or (self.threshold > 0.0 and not self.uncut):
            more.append(self._cut_at(cut))
        elif self.uncut:
            more.append(text("lists.no_cut"))
        cost = self._gaps.cost(self.rulebook.indicators, row, settled=code == "selected")
        more += [] if cost is None else [cost]
        return with_more(reason, joined(more, "semicolon"))

    def _cut_at(self, cut: str) -> Label:
        if cut not in self._cuts:
            self._cuts[cut] = text("lists.cut", cut=cut)
        return self._cuts[cut]

    @cached_property
    def _cuts(self) -> dict[str, Label]:
        """Texts of the cut by its number, which few rows need with more digits than the others."""
        return {}

    def _dated(self, code: str, reason: Label, row: int) -> Label:
        key = "lists.dated" if code == "future_record" else "lists.valid"
        dated, until = str(self.columns["as_of"][row]), str(self.age.until[row])
        return with_more(reason, text(key, dated=dated, until=until, on=str(self.on)))

    def _required(self, row: int) -> Label:
        """Return what is missing for a row's score."""
        stages = self.rulebook.stages
        if stages is not None and self.points.stage[row] < 0:
            rule = stages.rule.value
            return self._gaps.why(rule.fields, bases(rule), row)
        refusing = [
            indicator
            for indicator in self.rulebook.indicators
            if indicator.missing == "refuse" and np.isnan(self.points.values[indicator.id][row])
        ]
        return self._gaps.why_of(refusing or self.rulebook.indicators, row)
