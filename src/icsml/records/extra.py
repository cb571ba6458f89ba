"""Declared features of an imported data set: columns that are no canonical field but may enter the model."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

from icsml.records.direction import Direction
from icsml.records.field import Outside
from icsml.texts.label import Label

__all__ = ["EXTRA_NAME", "EXTRA_PREFIX", "ExtraFeature"]

Unit = Literal["CNY", "count", "days", "fraction", "months", "persons", "points", "rank", "times", "years"]
EXTRA_PREFIX = "extra."
EXTRA_NAME = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"


class ExtraFeature(BaseModel):
    """One declared extra feature.

    Parameters
    ----------
    name : str
        Its key under ``extra`` in a record; its column is ``extra.NAME``.
    label : Label
        Text in both languages.
    group : str
        Free text such as ``liquidity``.
    direction : Direction
        Declared effect on the PD.
    domain : {'financial', 'innovation'}
        Whose evidence it is.
    range : tuple of float or None
        Lowest and highest plausible value, inclusive; None is unbounded.
    outside : Outside
        What becomes of a value outside the range.
    unit : str, optional
        What a value is counted in, for the texts of reasons; without one the bare number is shown.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, StringConstraints(pattern=EXTRA_NAME)]
    label: Label
    group: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    direction: Direction = Direction.FREE
    domain: Literal["financial", "innovation"] = "financial"
    range: tuple[float | None, float | None] = (None, None)
    outside: Outside = Outside.REPORT
    unit: Unit | None = None

    @property
    def column(self) -> str:
        """Name of the column in ``enterprises.parquet``."""
        return EXTRA_PREFIX + self.name

    @model_validator(mode="after")
    def _ordered(self) -> ExtraFeature:
        low, high = self.range
        if low is not None and high is not None and low > high:
            raise ValueError("range: the lower bound is above the upper one; swap them")
        return self
