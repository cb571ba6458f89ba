"""The rule row that gave the points, with its text in every language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

from icsml.innovation.peers.peer_tables import GroupKey
from icsml.innovation.rulebooks.decimals import number_text
from icsml.texts.catalogue import phrase
from icsml.texts.quantity import quantity

__all__ = ["RuleHit", "RuleKind", "comparison"]

_MONEY: Final = "CNY"
_EXACT: Final = 4
"""Digits that give an amount of money to the yuan."""


class RuleKind(StrEnum):
    """Kind of a rule row."""

    AT_LEAST = "at_least"
    ABOVE = "above"
    AT_MOST = "at_most"
    BELOW = "below"
    BETWEEN = "between"
    """two comparisons, see ``ends``"""
    ANY = "any"
    COUNT = "count"
    COUNTS = "counts"
    RAMP = "ramp"
    EFFICACY = "efficacy"
    NO_POINTS = "no_points"
    SATISFACTORY = "satisfactory"
    YES = "yes"
    NO = "no"
    PERCENTILE = "percentile"
    MISSING = "missing"
    LEFT_OUT = "left_out"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class RuleHit:
    """One row of a rule.

    Parameters
    ----------
    kind : RuleKind
        Its requirement.
    bounds : tuple of Fraction
        The numbers that it names, in order.
    ends : tuple of RuleKind
        Of a row between two bounds, the comparison with each.
    percent : bool
        Whether the numbers read in per cent.
    percentile : int or None
        Whole percentage of peers with a worse value; of ranks alone.
    peers : tuple of str
        What the peers have in common; empty where they are everybody.
    option : str or None
        Which of several ways to earn the points it belongs to.
    """

    kind: RuleKind
    bounds: tuple[Fraction, ...] = ()
    ends: tuple[RuleKind, ...] = ()
    percent: bool = False
    percentile: int | None = None
    peers: tuple[GroupKey, ...] = ()
    option: str | None = None

    def text(self, language: str, unit: str = "") -> str:
        """Return the row in words; decisions and files of points and lists contain the English text.

        Parameters
        ----------
        language : str
            Language.
        unit : str
            Unit of the indicator's value: amounts of money are given with theirs.
        """
        row = self._row(language, unit)
        return row if self.option is None else phrase("rules.of_option", language, option=self.option, rule=row)

    def _row(self, language: str, unit: str) -> str:
        if self.kind is RuleKind.PERCENTILE:
            return self._percentile(language)
        numbers = [self._number(bound, language, unit) for bound in self.bounds]
        if self.kind is RuleKind.BETWEEN:
            first, last = (
                phrase(f"rules.{end}", language, first=number) for end, number in zip(self.ends, numbers, strict=True)
            )
        else:
            first, last = numbers[0] if numbers else "", numbers[-1] if numbers else ""
        if self.kind is RuleKind.RAMP and self.percent:  # the unit occurs once, behind the second number
            first = number_text(self.bounds[0] * 100, percent=False)
        return phrase(f"rules.{self.kind}", language, first=first, last=last)

    def _number(self, bound: Fraction, language: str, unit: str) -> str:
        if unit == _MONEY:
            return quantity(float(bound), unit, _EXACT).text(language)
        return number_text(bound, percent=self.percent)

    def _percentile(self, language: str) -> str:
        peers = " × ".join(phrase(f"rules.peers_by_{key}", language) for key in self.peers)
        key = "rules.percentile" if self.peers else "rules.percentile_of_all"
        return phrase(key, language, percentile=self.percentile or 0, peers=peers)


def comparison(tests: Mapping[str, Fraction], *, percent: bool) -> RuleHit:
    """Return the row of values that satisfy comparisons: none, one, or one with each end."""
    kinds, bounds = tuple(RuleKind(name) for name in tests), tuple(tests.values())
    match kinds:
        case ():
            return RuleHit(RuleKind.ANY)
        case (kind,):
            return RuleHit(kind, bounds, percent=percent)
        case _:
            return RuleHit(RuleKind.BETWEEN, bounds, kinds, percent)
