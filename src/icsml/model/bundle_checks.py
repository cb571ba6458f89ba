"""Checks of a bundle: parts that fit together, declared directions, unchanged features."""

from __future__ import annotations

from typing import get_args

from icsml.errors import ModelError
from icsml.features.encoder import Encoder
from icsml.features.fingerprint import feature_sha256
from icsml.model.bundle_document import BoosterPart, Explainer, InnovationEvidence
from icsml.model.bundle_parts import BundleParts, scorers
from icsml.model.calibrate import refuse_no_ranking
from icsml.model.certificate import Certificate, certify
from icsml.model.manifest import COMPANION, PEERS, REFERENCE, RULEBOOK
from icsml.model.scorer import Scorer

__all__ = ["certificates", "refuse_changed", "refuse_unfit", "refuse_unproved", "unfit"]


def certificates(parts: BundleParts) -> dict[str, Certificate]:
    """Prove the declared directions on the trees of the model and of its companion.

    Parameters
    ----------
    parts : BundleParts
        What a bundle is made of, or a bundle as read.

    Returns
    -------
    dict of str to Certificate
        By the name of the file, ``model.txt`` and ``companion.txt``; one that does not hold is returned all the same.

    Raises
    ------
    ModelError
        ``ICS-MOD-031`` for trees of which nothing can be proved.
    """
    return {
        file: certify(scorer.booster, [feature.name for feature in scorer.encoder.features], scorer.encoder.directions)
        for file, scorer in scorers(parts).items()
    }


def refuse_unfit(parts: BundleParts) -> None:
    """Reject parts that do not fit together (``ICS-MOD-018``) or do not rank (``ICS-MOD-017``)."""
    for file, scorer in scorers(parts).items():
        _refuse_unfit_scorer(file, scorer)
    if parts.companion is not None and parts.companion.encoder != parts.model.encoder.without_innovation():
        raise unfit(COMPANION, "its features are not those of the model without innovation")
    if parts.model.encoder.needs_points and parts.rulebook is None:
        raise unfit(RULEBOOK, "the model reads innovation points, and there is no rulebook")
    if parts.rulebook is not None and bool(parts.rulebook.ranked) != (parts.rulebook.peer_tables is not None):
        raise unfit(PEERS, "the rulebook ranks among peers, and has no peer tables")
    if parts.levers is not None and parts.rulebook is None:
        raise unfit("levers", "there are levers, and no rulebook")
    if parts.innovation_evidence not in get_args(InnovationEvidence):
        raise unfit("innovation_evidence", f"not one of {', '.join(get_args(InnovationEvidence))}")
    _refuse_unfit_reasons(parts)
    if parts.kind != "standard":
        raise unfit("kind", "this version reads and writes bundles of kind standard only")


def _refuse_unfit_reasons(parts: BundleParts) -> None:
    features, reference = parts.features, parts.reference
    if parts.explainer not in get_args(Explainer):
        raise unfit("explainer", f"not one of {', '.join(get_args(Explainer))}")
    if reference is not None and reference.rows.shape[1] != len(features):
        raise unfit(REFERENCE, f"it has {reference.rows.shape[1]} columns and the encoder {len(features)} features")
    if reference is not None and parts.explainer == "pred_contrib":
        raise unfit(REFERENCE, "LightGBM's own contributions know no reference population")
    if parts.catalogue.lacks(features):
        raise unfit("reasons", f"there is no text for {parts.catalogue.lacks(features)[0]}")
    indicators = {i.id for i in parts.rulebook.indicators} if parts.rulebook is not None else set()
    if reference is not None and not indicators.issuperset(reference.points):
        raise unfit(REFERENCE, "it has mean points of an indicator that the rulebook does not have")


def refuse_unproved(parts: BundleParts) -> None:
    """Reject trees that break a declared direction (``ICS-MOD-030``), or without a proof (``-031``)."""
    for name, certificate in certificates(parts).items():
        if not certificate.holds:
            first = certificate.violations[0]
            raise ModelError(
                "ICS-MOD-030",
                f"tree {first.tree} moves against the declared direction of {first.feature}, between its leaves"
                f" {first.leaves[0]} and {first.leaves[1]}",
                field=name,
                remedy="train with `monotone` set to the encoder's directions, and leave the trees as they were grown",
            )


def _refuse_unfit_scorer(file: str, scorer: Scorer) -> None:
    expected, grown = len(scorer.encoder.features), scorer.booster.num_feature()
    if expected != grown:
        raise unfit(file, f"the trees have {grown} features and the encoder {expected}")
    refuse_no_ranking(scorer.calibration, file)


def refuse_changed(name: str, part: BoosterPart, encoder: Encoder) -> None:
    """Reject features that this version computes otherwise: the trees were grown on other values."""
    features = encoder.features
    if not len(features) == len(part.directions) == len(part.definitions):
        raise unfit(f"bundle.json: {name}", "it does not give a direction and a definition for each feature")
    for feature, sign, definition in zip(features, part.directions, part.definitions, strict=True):
        if feature.direction.sign != sign or feature_sha256(feature) != definition:
            raise ModelError(
                "ICS-MOD-018",
                "this version computes the feature in another way, or with another direction, than the bundle was"
                " trained with",
                field=f"bundle.json: {name}: {feature.name}",
                remedy="use the icsml version that wrote the bundle, or train again",
            )


def unfit(name: str, message: str) -> ModelError:
    """Return the error for a file or key that does not fit the rest of its bundle."""
    return ModelError("ICS-MOD-018", message, field=name, remedy="train again, and write the bundle in one piece")
