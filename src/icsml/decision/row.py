"""One row of an assessment as plain Python values: what is asked of a single record again and again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import isnan

from icsml.decision.assess import Assessment
from icsml.decision.required_information import Demand, demands
from icsml.model.bundle import BundleParts

__all__ = ["Row"]


@dataclass(frozen=True)
class Row:
    """One row of an assessment.

    Parameters
    ----------
    bundle : BundleParts
        The model.
    assessment : Assessment
        What it gave.
    row : int
        Which row.
    """

    bundle: BundleParts
    assessment: Assessment
    row: int

    @cached_property
    def _numbers(self) -> list[float]:
        numbers: list[float] = self.assessment.screening.columns.numbers[:, self.row].tolist()
        return numbers

    @cached_property
    def _index(self) -> dict[str, int]:
        return self.assessment.screening.columns.layout.index

    @cached_property
    def features(self) -> list[float]:
        """The row as the model sees it; NaN is missing."""
        features: list[float] = self.assessment.features[self.row].tolist()
        return features

    @cached_property
    def out_of_range(self) -> list[str]:
        """Its fields that are outside their declared range, or above the whole they are part of."""
        return self.assessment.screening.out_of_range_in(self.row)

    @cached_property
    def blank(self) -> frozenset[str]:
        """Its amounts that count as absent, because all of their group are zero or left out."""
        blank = [demand.amounts for demand in demands(self.bundle) if self.is_blank(demand)]
        return frozenset(name for amounts in blank for name in amounts)

    @property
    def pd(self) -> float:
        """Its PD."""
        return float(self.assessment.pd[self.row])

    @property
    def fallback(self) -> bool:
        """Whether the companion gave its PD."""
        return bool(self.assessment.fallback[self.row])

    def number(self, name: str) -> float:
        """Return the value of a field of numbers, or of a date in days since 1970; NaN is missing."""
        return self._numbers[self._index[name]]

    def is_present(self, name: str) -> bool:
        """Return whether a field has a value."""
        index = self._index.get(name)
        if index is None:
            return self.assessment.screening.columns.texts[name][self.row] is not None
        return not isnan(self._numbers[index])

    def is_blank(self, demand: Demand) -> bool:
        """Return whether all amounts that a group requires are zero or left out."""
        amounts = [self.number(name) for name in demand.amounts]
        return bool(amounts) and all(isnan(amount) or amount == 0.0 for amount in amounts)

    def is_insufficient(self, demand: Demand) -> bool:
        """Return whether the record has too little of what a group requires for a grade."""
        flags = self.assessment.insufficient.get(demand.group.id)
        return flags is not None and bool(flags[self.row])

    def lacks(self, demand: Demand) -> list[str]:
        """Return the fields that a group requires and the record lacks."""
        blank = set(demand.amounts) if self.is_blank(demand) else set()
        return [name for name in demand.fields if name in blank or not self.is_present(name)]
