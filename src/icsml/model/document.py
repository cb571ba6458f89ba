"""What ``bundle.json`` holds: everything about a model that is neither trees, rulebook nor prose."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from icsml.core.pydantic_errors import message_of
from icsml.errors import ModelError
from icsml.features.reason_codes import ReasonCatalogue, of_older_bundle
from icsml.model.calibrate import Affine
from icsml.model.policy import AssessmentPolicy
from icsml.model.scale import MasterScale
from icsml.records.decision import ReferenceId
from icsml.records.extra import ExtraFeature
from icsml.recourse.actionable_fields import Levers

__all__ = [
    "FORMAT",
    "BoosterPart",
    "Document",
    "Explainer",
    "InnovationEvidence",
    "ReferencePart",
    "parse_document",
]

FORMAT: Final = 2
_READ: Final = (1, FORMAT)
Explainer = Literal["tree_shap", "pred_contrib"]
"""What computes contributions: pattern tables, or LightGBM's own slow path for trees that these do not support."""

InnovationEvidence = Literal["supported", "equivalent", "not_shown", "not_tested"]
"""What an out-of-time test can find, as a decision states it."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BoosterPart(_Part):
    """What belongs to one booster.

    Parameters
    ----------
    encoder : dict
        As :meth:`icsml.features.encoder.Encoder.to_json` wrote it.
    directions : tuple of int
        +1, -1 or 0 for each feature, as declared when the trees were grown.
    definitions : tuple of str
        :func:`icsml.features.fingerprint.feature_sha256` of each feature, as it was when the trees were grown.
    calibration : Affine
        Margin to log-odds.
    """

    encoder: dict[str, Any]
    directions: tuple[int, ...]
    definitions: tuple[str, ...]
    calibration: Affine


class ReferencePart(_Part):
    """What ``bundle.json`` says of ``reference.npy``.

    Parameters
    ----------
    id : str
        Whom the rows stand for.
    n : int
        How many they are.
    sha256 : str
        SHA-256 of the file.
    points : mapping of str to float
        Mean points of each innovation-domain indicator over them.
    """

    id: ReferenceId
    n: Annotated[int, Field(ge=1)]
    sha256: str
    points: Mapping[str, float]


class Document(_Part):
    """The content of ``bundle.json``; see :class:`icsml.model.bundle.BundleParts` for the fields."""

    format: int
    kind: str
    name: str
    code_version: str
    event: str | None
    horizon_months: int | None
    synthetic: bool
    dated: bool
    model: BoosterPart
    companion: BoosterPart | None
    rulebook: str | None
    scale: MasterScale
    innovation_evidence: InnovationEvidence
    never_missing: tuple[str, ...]
    extras: tuple[ExtraFeature, ...]
    training: dict[str, Any]
    explainer: Explainer = "tree_shap"
    reference: ReferencePart | None = None
    reasons: ReasonCatalogue | None = None
    levers: Levers | None = None
    policy: AssessmentPolicy | None = None

    @field_validator("reasons", mode="before")
    @classmethod
    def _present_format(cls, reasons: object) -> object:
        return of_older_bundle(reasons) if isinstance(reasons, Mapping) else reasons


def parse_document(content: bytes) -> Document:
    """Read ``bundle.json``.

    Raises
    ------
    ModelError
        ``ICS-MOD-014`` for a format this version does not know, ``ICS-MOD-015`` for content that does not fit.
    """
    try:
        parsed = json.loads(content)
        number = parsed["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise _unreadable("format", "cannot be read") from error
    if type(number) is not int or number not in _READ:
        raise ModelError(
            "ICS-MOD-014",
            f"bundle format {number!r} is not known to this version, which reads {_READ[0]} to {FORMAT}",
            field="bundle.json: format",
            remedy="use the icsml version that wrote the bundle, or a later one",
        )
    optional = {name for name, field in Document.model_fields.items() if not field.is_required()}  # since format 2
    foreign = sorted(optional & parsed.keys()) if number < FORMAT else []
    if foreign:
        raise _unreadable(foreign[0], f"format {number} has no such key")
    try:
        return Document.model_validate(parsed)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise _unreadable(".".join(str(part) for part in first["loc"]), message_of(first)) from error


def _unreadable(key: str, message: str) -> ModelError:
    return ModelError(
        "ICS-MOD-015", message, field=f"bundle.json: {key}", remedy="fetch the bundle again, or train again"
    )
