"""Life-cycle stages, and the rule that assigns them."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from icsml.innovation.rulebooks.exact_numbers import Comparison, Part
from icsml.innovation.rulebooks.provenance import Provenance
from icsml.innovation.rulebooks.value_functions import Unit, Value
from icsml.records.columns import Columns, rows
from icsml.texts.label import Label

__all__ = ["NO_STAGE", "Identifier", "Stage", "StageProvenance", "StageRule", "StageStep", "Stages", "stage_indices"]

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
NO_STAGE: Final = -1
"""Code of a row of unknown stage."""


class Stage(Part):
    """One stage of the life cycle."""

    id: Identifier
    label: Label


class StageStep(Comparison):
    """The stage of values that satisfy this comparison and none before it."""

    stage: Identifier


class StageRule(Part):
    """Steps in the order of the table: the first one that holds gives the stage, else ``otherwise``.

    ``missing`` is the stage of an enterprise whose value is missing, or ``refuse``: then it has no score.
    """

    value: Value
    unit: Unit | None = None
    steps: Annotated[tuple[StageStep, ...], Field(min_length=1)]
    otherwise: Identifier
    missing: Identifier | Literal["refuse"]


class StageProvenance(Part):
    """Provenance of the stages' names and of the rule."""

    names: Provenance
    rule: Provenance


class Stages(Part):
    """The stages of a rulebook."""

    list: Annotated[tuple[Stage, ...], Field(min_length=2)]
    rule: StageRule
    provenance: StageProvenance
    sources: tuple[str, ...] = ()
    note: str | None = None

    @property
    def ids(self) -> tuple[str, ...]:
        """Identifiers of the stages, in order."""
        return tuple(stage.id for stage in self.list)

    def assign(self, columns: Columns) -> NDArray[np.int8]:
        """Return the index of every row's stage in :attr:`ids`, shape (n,); -1 where unknown."""
        index = {name: number for number, name in enumerate(self.ids)} | {"refuse": NO_STAGE}
        value = self.rule.value.compute(columns)
        stage = np.full(value.shape, index[self.rule.otherwise], dtype=np.int8)
        for step in reversed(self.rule.steps):
            np.copyto(stage, np.int8(index[step.stage]), where=step.ufunc(value, float(step.threshold)))
        stage[np.isnan(value)] = index[self.rule.missing]
        return stage


def stage_indices(stages: Stages | None, columns: Columns) -> NDArray[np.int8]:
    """Return the index of every row's stage, shape (n,); -1 where it is unknown or there are no stages."""
    return np.full(rows(columns), NO_STAGE, dtype=np.int8) if stages is None else stages.assign(columns)
