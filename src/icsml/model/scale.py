"""Master scale: grades by PD bounds, and integer score points by log-odds."""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise
from math import log
from pathlib import Path
from typing import Annotated, Final, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from icsml.core.arrays import Floats, Ints, Objects
from icsml.core.immutable_model import ImmutableModel
from icsml.core.yaml import load_model

__all__ = ["Grade", "MasterScale", "load_scale"]

_LN2: Final = log(2.0)


class Grade(BaseModel):
    """One grade: its id and the highest PD in it; its lowest is the bound of the grade before, itself left out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+-]{1,8}$")]
    upper: Annotated[float, Field(gt=0.0, le=1.0)]


class MasterScale(ImmutableModel):
    """Grades and score points for PDs of one event over one horizon.

    Parameters
    ----------
    event : str
        What the PD is the probability of, such as ``default``.
    horizon_months : int
        Within how many months.
    offset : int
        Score at a PD of one half.
    pdo : int
        Points that double the odds of no event; a higher score is a lower PD.
    grades : tuple of Grade
        From best to worst; the last one ends at 1.
    """

    event: str
    horizon_months: Annotated[int, Field(ge=1)]
    offset: int
    pdo: Annotated[int, Field(ge=1)]
    grades: Annotated[tuple[Grade, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        uppers = [grade.upper for grade in self.grades]
        if any(low >= high for low, high in pairwise(uppers)):
            raise ValueError("grades: each upper bound must be above the one before; sort them from best to worst")
        if uppers[-1] != 1.0:
            raise ValueError("grades: the last upper bound must be 1, so that every PD has a grade")
        if len({grade.id for grade in self.grades}) != len(self.grades):
            raise ValueError("grades: an id is given twice")
        return self

    @property
    def factor(self) -> float:
        """Score points of one unit of log-odds."""
        return self.pdo / _LN2

    def applies_to(self, event: str | None, horizon_months: int | None) -> bool:
        """Return whether PDs of this event and horizon may be graded on this scale."""
        return event == self.event and horizon_months == self.horizon_months

    def grade(self, pd: Floats) -> Objects:
        """Return grade ids of PDs, both of shape (n,): the bound before < PD <= the grade's own upper bound."""
        uppers, ids = self._bounds
        graded: Objects = ids[uppers.searchsorted(pd, side="left")]
        return graded

    @cached_property
    def _bounds(self) -> tuple[Floats, Objects]:
        return np.array([grade.upper for grade in self.grades]), np.array([grade.id for grade in self.grades], object)

    def score(self, log_odds: Floats) -> Ints:
        """Return round(offset - pdo / ln 2 * log-odds), halves to even, of shape (n,)."""
        return np.rint(self.offset - self.factor * log_odds).astype(np.int64)


def load_scale(path: Path) -> MasterScale:
    """Read a master scale from YAML; errors (``ICS-MOD-020``) name file, line and key."""
    return load_model(path, MasterScale, code="ICS-MOD-020")
