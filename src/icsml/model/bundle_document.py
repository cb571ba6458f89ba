"""The content of ``bundle.json``: everything about a model that is neither trees, rulebook nor prose."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import Field as DataclassField
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
    "is_optional",
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

    The reference of ``bundle.json`` shows these texts.

    Parameters
    ----------
    name : str
        Name in the register, such as ``icsml-pd``.
    scale : MasterScale
        Offset, points that double the odds, grades, and the event and horizon for which they hold.
    kind : str
        ``standard``: the margin starts from the trees alone.
    event : str or None
        The event whose probability the PD is; null if not known.
    horizon_months : int or None
        The period in months; null if not known.
    synthetic : bool
        Trained on simulated data.
    dated : bool
        Records need ``as_of``.
    innovation_evidence : {'supported', 'equivalent', 'not_shown', 'not_tested'}
        Result of the out-of-time test: ``supported``, ``equivalent``, ``not_shown`` or ``not_tested``.
    never_missing : tuple of str
        Features never missing in training. If one is missing later, LightGBM reads it as zero, so the decision warns.
    extras : tuple of ExtraFeature
        Extra features that a record may contain.
    training : TrainingFacts
        The complete ``configuration``; rows, defaults, seed, rounds, hyperparameters, digest of the data set;
        ``figures`` on rows not trained on (six digits); ``split``; and ``blocking``: the reasons why it must not become
        the champion automatically.
    explainer : {'tree_shap', 'pred_contrib'}
        ``tree_shap``, or ``pred_contrib``: LightGBM's own contributions, for trees that the tables do not support.
        These are slow and have no reference population.
    reasons : ReasonCatalogue or None
        The entries of the reason catalogue that its features need, so that a decision made again has the same texts.
        Also the maximum number of adverse reasons (``adverse_reasons``), their minimum size (``adverse_at_least``;
        absent: none), the required coverage (``adverse_coverage_at_least``) and the bound for merging
        (``merge_above``). Null takes the catalogue of the version that reads it.
    levers : ActionSet or None
        Actionable fields: the actions in use, and the limit of a yearly change of each field by the peers among the
        training rows, with the number of changes behind it. Null if no recourse can be given.
    policy : AssessmentPolicy or None
        The requirements for a record. Null takes those of the version that reads it.
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
    """The content of ``bundle.json``: fields copied unchanged, and descriptions of the bundle's other files.

    Parameters
    ----------
    format : int
        2. Format 1 is still read. It has none of the optional keys, so its reasons are path-dependent, its texts are
        those of the version that reads it, and it gives no recourse. An unknown format is refused.
    code_version : str
        Version of icsml that wrote it.
    model : BoosterPart
        ``encoder`` (features by name; ``overrides``: directions set for this model, with their reasons), ``directions``
        (+1, −1 or 0 each), ``definitions`` (SHA-256 of each feature's direction, inputs and values on fixed probes),
        ``calibration`` (slope and intercept).
    companion : BoosterPart or None
        The same for the companion, or null.
    rulebook : str or None
        Id of the rulebook, or null.
    reference : ReferencePart or None
        About ``reference.npy``: ``id`` (``training-applicants`` or ``approval-margin``), ``n`` rows, ``sha256``, and
        ``points``, the mean points of each innovation-domain indicator over the rows with points. Or null.
    """

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


def is_optional(part: DataclassField[Any]) -> bool:
    """Return whether a field of the document came with format 2 and may be absent there."""
    return part.metadata == _OPTIONAL


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
    optional = {part.name: is_optional(part) for part in fields(Document)}
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
