"""The content of ``bundle.json``: everything about a model that is neither trees, rulebook nor prose."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, GetPydanticSchema, TypeAdapter, ValidationError, field_validator
from pydantic.dataclasses import dataclass as pydantic_dataclass

from icsml.core.canonical import canonical_bytes
from icsml.core.pydantic_errors import message_of
from icsml.errors import ModelError
from icsml.features.reason_codes import ReasonCatalogue, of_older_bundle
from icsml.model.assessment_policy import AssessmentPolicy
from icsml.model.calibrate import Affine
from icsml.model.scale import MasterScale
from icsml.model.training_facts import TrainingFacts
from icsml.records.decision import ReferenceId
from icsml.records.extra import ExtraFeature
from icsml.recourse.actionable_fields import ActionSet

__all__ = [
    "FORMAT",
    "BoosterPart",
    "Document",
    "Explainer",
    "InnovationEvidence",
    "ReferencePart",
    "Stated",
    "document_bytes",
    "parse_document",
]

FORMAT: Final = 2
_READ: Final = (1, FORMAT)
Explainer = Literal["tree_shap", "pred_contrib"]
"""What computes contributions: pattern tables, or LightGBM's own slow path for trees that these do not support."""

InnovationEvidence = Literal["supported", "equivalent", "not_shown", "not_tested"]
"""Results of an out-of-time test, as a decision states them."""


_OPTIONAL: Final = {"optional": True}
"""Of a field that came with format 2 and may be absent there; every other must be in the file."""
_ANY_OBJECT: Final = GetPydanticSchema(lambda _source, handler: handler(dict[str, Any]))  # facts of any version


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BoosterPart(_Part):
    """The part of one booster.

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
    """The entry of ``reference.npy`` in ``bundle.json``.

    Parameters
    ----------
    id : str
        The population that the rows represent.
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


@dataclass(frozen=True, kw_only=True)
class Stated:
    """Fields copied to ``bundle.json`` unchanged: each is written, read and an attribute of every bundle.

    Parameters
    ----------
    name : str
        Registered name, such as ``icsml-pd``.
    scale : MasterScale
        Grades and score points.
    kind : str
        ``standard``: the margin starts from the trees alone.
    event : str or None
        What the PD is the probability of; None if not known.
    horizon_months : int or None
        Within how many months; None if not known.
    synthetic : bool
        Trained on synthetic data.
    dated : bool
        Records carry a decision date.
    innovation_evidence : {'supported', 'equivalent', 'not_shown', 'not_tested'}
        Result of the out-of-time test.
    never_missing : tuple of str
        Features without one missing value in training: LightGBM reads a missing value there as zero, so decisions warn.
    extras : tuple of ExtraFeature
        Extra features a record may hold.
    training : TrainingFacts
        Deterministic facts of training: rows, defaults, seed, rounds, hyperparameters, digest of the data set.
    explainer : {'tree_shap', 'pred_contrib'}
        What computes contributions; LightGBM's own knows no reference population.
    reasons : ReasonCatalogue or None
        The texts of its reasons; None takes those of this version.
    levers : ActionSet or None
        What a firm can move, and how far its peers among the training rows did in a year; None: no recourse.
    policy : AssessmentPolicy or None
        What an assessment asks of a record; None takes that of this version.
    """

    name: str
    scale: MasterScale
    kind: str = "standard"
    event: str | None = None
    horizon_months: int | None = None
    synthetic: bool = False
    dated: bool = True
    innovation_evidence: InnovationEvidence = "not_tested"
    never_missing: tuple[str, ...] = ()
    extras: tuple[ExtraFeature, ...] = ()
    training: Annotated[TrainingFacts, _ANY_OBJECT] = field(default_factory=TrainingFacts)
    explainer: Explainer = field(default="tree_shap", metadata=_OPTIONAL)
    reasons: ReasonCatalogue | None = field(default=None, repr=False, metadata=_OPTIONAL)
    levers: ActionSet | None = field(default=None, repr=False, metadata=_OPTIONAL)
    policy: AssessmentPolicy | None = field(default=None, repr=False, metadata=_OPTIONAL)


# NaN is left as it is, so that canonical JSON refuses it where pydantic would write null.
@pydantic_dataclass(frozen=True, kw_only=True, config=ConfigDict(ser_json_inf_nan="constants"))
class Document(Stated):
    """The content of ``bundle.json``: fields copied unchanged, and descriptions of the bundle's other files."""

    format: int
    code_version: str
    model: BoosterPart
    companion: BoosterPart | None
    rulebook: str | None
    reference: ReferencePart | None = field(default=None, metadata=_OPTIONAL)

    @field_validator("reasons", mode="before")
    @classmethod
    def _present_format(cls, reasons: object) -> object:
        return of_older_bundle(reasons) if isinstance(reasons, Mapping) else reasons


_DOCUMENT: Final = TypeAdapter(Document)


def document_bytes(document: Document) -> bytes:
    """Return ``bundle.json``.

    Raises
    ------
    InputError
        ``ICS-CFG-001`` if it contains a value that JSON cannot, such as NaN.
    """
    return canonical_bytes(_DOCUMENT.dump_python(document, mode="json"))


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
    _refuse_keys(parsed, number)
    try:
        return _DOCUMENT.validate_python(parsed)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise _unreadable(".".join(str(part) for part in first["loc"]), message_of(first)) from error


def _refuse_keys(parsed: Mapping[str, Any], number: int) -> None:
    """Reject unknown and missing keys."""
    optional = {part.name: part.metadata == _OPTIONAL for part in fields(Document)}
    for key in sorted(name for name in parsed if number < FORMAT and optional.get(name)):
        raise _unreadable(key, f"format {number} has no such key")
    for key in (name for name in optional if name not in parsed and not optional[name]):
        raise _unreadable(key, "Field required")
    for key in (name for name in parsed if name not in optional):
        raise _unreadable(key, "Extra inputs are not permitted")


def _unreadable(key: str, message: str) -> ModelError:
    return ModelError(
        "ICS-MOD-015", message, field=f"bundle.json: {key}", remedy="fetch the bundle again, or train again"
    )
