"""One row of an assessment as plain Python values: what is asked of a single record again and again."""

from __future__ import annotations

from math import isnan

import numpy as np

from icsml.decision.assess import Assessment
from icsml.decision.required_information import Demand, demands
from icsml.model.bundle import BundleParts
from icsml.records.columns import Table, rows

__all__ = ["Row"]


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

    Attributes
    ----------
    features : list of float
        The row as the model sees it; NaN is missing.
    out_of_range : list of str
        Its fields that are outside their declared range, or above the whole they are part of.
    """

    __slots__ = ("_blank", "_index", "_numbers", "_texts", "assessment", "bundle", "features", "out_of_range", "row")

    def __init__(self, bundle: BundleParts, assessment: Assessment, row: int) -> None:
        columns = assessment.screening.columns
        self.bundle, self.assessment, self.row = bundle, assessment, row
        self.features: list[float] = assessment.features[row].tolist()
        self.out_of_range = assessment.screening.out_of_range_in(row)
        self._index, self._texts = columns.layout.index, columns.texts
        self._numbers: list[float] = columns.numbers[:, row].tolist()
        self._blank: frozenset[str] | None = None

    @property
    def table(self) -> Table:
        """The screened record, arrays of length 1."""
        columns = self.assessment.screening.columns
        return columns if rows(columns) == 1 else columns.take(np.array([self.row]))

    @property
    def blank(self) -> frozenset[str]:
        """Its amounts that count as absent, because all of their group are zero or left out."""
        if self._blank is None:
            blank = [demand.amounts for demand in demands(self.bundle) if self.is_blank(demand)]
            self._blank = frozenset(name for amounts in blank for name in amounts)
        return self._blank

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
        return self._texts[name][self.row] is not None if index is None else not isnan(self._numbers[index])

    def is_blank(self, demand: Demand) -> bool:
        """Return whether all amounts that a group requires are zero or left out."""
        for name in demand.amounts:
            if abs(self.number(name)) > 0.0:  # false of a missing one
                return False
        return bool(demand.amounts)

    def is_insufficient(self, demand: Demand) -> bool:
        """Return whether the record has too little of what a group requires for a grade."""
        flags = self.assessment.insufficient.get(demand.group.id)
        return flags is not None and bool(flags[self.row])

    def lacks(self, demand: Demand) -> list[str]:
        """Return the fields that a group requires and the record lacks."""
        blank = set(demand.amounts) if self.is_blank(demand) else set()
        return [name for name in demand.fields if name in blank or not self.is_present(name)]
