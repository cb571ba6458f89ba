"""What ``bundle.json`` holds: everything about a model that is neither trees, rulebook nor prose."""

from __future__ import annotations

import json
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from icsml.errors import ModelError
from icsml.model.calibrate import Affine
from icsml.model.levers import Levers
from icsml.model.scale import MasterScale
from icsml.records.extra import ExtraFeature

__all__ = ["FORMAT", "BoosterPart", "Document", "InnovationEvidence", "parse_document"]

FORMAT: Final = 1
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
    levers: Levers | None = None


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
    if number != FORMAT:
        raise ModelError(
            "ICS-MOD-014",
            f"bundle format {number!r} is not known to this version, which reads {FORMAT}",
            field="bundle.json: format",
            remedy="use the icsml version that wrote the bundle, or a later one",
        )
    try:
        return Document.model_validate(parsed)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise _unreadable(".".join(str(part) for part in first["loc"]), first["msg"]) from error


def _unreadable(key: str, message: str) -> ModelError:
    return ModelError(
        "ICS-MOD-015", message, field=f"bundle.json: {key}", remedy="fetch the bundle again, or train again"
    )
