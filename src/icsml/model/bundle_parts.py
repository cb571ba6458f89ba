"""The parts of a bundle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np

from icsml.core.arrays import Floats, Objects
from icsml.features.feature import Feature
from icsml.features.reason_codes import ReasonCatalogue, load_reason_catalogue
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.model.assessment_policy import AssessmentPolicy, load_assessment_policy
from icsml.model.bundle_document import Stated
from icsml.model.manifest import COMPANION, MODEL
from icsml.model.reference import ReferencePopulation
from icsml.model.scorer import Scorer

__all__ = ["Bundle", "BundleParts", "scorers"]

Made = TypeVar("Made")


@dataclass(frozen=True, kw_only=True)
class BundleParts(Stated):
    """All parts of a bundle: fields copied to ``bundle.json`` unchanged, and parts with a file of their own.

    Parameters
    ----------
    model : Scorer
        What gives the PD.
    card : str
        The model card (:func:`icsml.model.card.render_card`).
    companion : Scorer or None
        The same without anything derived from innovation records.
    rulebook : Rulebook or None
        The rulebook whose points the model reads.
    reference : ReferencePopulation or None
        Whom reasons compare with; None compares with all training rows as the cover of the trees weighs them.
    """

    model: Scorer
    card: str
    companion: Scorer | None = None
    rulebook: Rulebook | None = None
    reference: ReferencePopulation | None = None

    @cached_property
    def _derived(self) -> dict[object, Any]:
        return {}

    def derived(self, make: Callable[[Self], Made]) -> Made:
        """Return what a function makes of this bundle; it is called once, and its result is kept with the bundle."""
        if make not in self._derived:
            self._derived[make] = make(self)
        made: Made = self._derived[make]
        return made

    @cached_property
    def features(self) -> tuple[Feature, ...]:
        """The features of the model, in the order of its columns."""
        return self.model.encoder.features

    @cached_property
    def companion_columns(self) -> list[int]:
        """The model's columns that are features of its companion; none where there is no companion."""
        return self.companion.encoder.indices_in(self.model.encoder) if self.companion is not None else []

    @cached_property
    def catalogue(self) -> ReasonCatalogue:
        """The texts of its reasons; where it has none, those of this version."""
        return self.reasons if self.reasons is not None else load_reason_catalogue()

    @cached_property
    def assessment_policy(self) -> AssessmentPolicy:
        """The policy of its assessments; where the bundle does not state one, that of this version."""
        return self.policy if self.policy is not None else load_assessment_policy()

    def grade(self, pd: Floats) -> Objects:
        """Return grade ids of PDs of shape (n,), all None where the master scale is of another event or horizon."""
        if not self.scale.applies_to(self.event, self.horizon_months):
            return np.full(pd.shape, None, dtype=object)
        return self.scale.grade(pd)


@dataclass(frozen=True, kw_only=True)
class Bundle(BundleParts):
    """A bundle as read from disk and verified.

    Parameters
    ----------
    folder : Path
        Its folder.
    sha256 : str
        SHA-256 of its manifest.
    code_version : str
        Version of icsml that wrote it.
    """

    folder: Path
    sha256: str
    code_version: str


def scorers(parts: BundleParts) -> dict[str, Scorer]:
    """Return the scorers of a bundle by the file of their trees: the model's, and its companion's if any."""
    return {MODEL: parts.model} | ({COMPANION: parts.companion} if parts.companion is not None else {})
