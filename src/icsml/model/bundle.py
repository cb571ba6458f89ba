"""The bundle: a model as a folder of text, JSON and one plain array, so that loading it cannot run code.

``model.txt`` and ``companion.txt`` hold the trees, ``bundle.json`` what turns them into a PD, ``rulebook.yaml`` the
points, ``peers.json`` whom they rank by, ``reference.npy`` whom reasons compare with, ``model_card.md`` the prose,
``manifest.json`` the SHA-256 of each. The same data, code and seed give the same bytes: no time, operator or run is
written here. Trees are not written unless their declared directions are proved on them; reading does not prove it
again.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from icsml.core.canonical import canonical_bytes
from icsml.errors import ModelError
from icsml.features.encoder import Encoder
from icsml.features.feature import Feature
from icsml.features.fingerprint import feature_sha256
from icsml.features.reason_codes import ReasonCatalogue, load_reason_catalogue
from icsml.innovation.peers.peer_tables import PeerTables
from icsml.innovation.rulebooks.load import parse_rulebook
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.model.bundle_store import move_in
from icsml.model.calibrate import refuse_no_ranking
from icsml.model.certificate import Certificate, certify
from icsml.model.document import (
    FORMAT,
    BoosterPart,
    Document,
    Explainer,
    InnovationEvidence,
    ReferencePart,
    parse_document,
)
from icsml.model.manifest import (
    BUNDLE,
    CARD,
    COMPANION,
    MANIFEST,
    MODEL,
    PEERS,
    REFERENCE,
    RULEBOOK,
    manifest_bytes,
    verified_files,
)
from icsml.model.policy import AssessmentPolicy, load_assessment_policy
from icsml.model.reference import ReferencePopulation
from icsml.model.scale import MasterScale
from icsml.model.scorer import Scorer
from icsml.model.trees import booster_from_text, booster_text
from icsml.records.extra import ExtraFeature
from icsml.recourse.actionable_fields import Levers

__all__ = ["Bundle", "BundleParts", "certificates", "place_bundle", "read_bundle", "scorers", "write_bundle"]


@dataclass(frozen=True, kw_only=True)
class BundleParts:
    """Everything a bundle is made of.

    Parameters
    ----------
    name : str
        Registered name, such as ``icsml-pd``.
    model : Scorer
        What gives the PD.
    companion : Scorer or None
        The same without anything derived from innovation records.
    scale : MasterScale
        Grades and score points.
    rulebook : Rulebook or None
        The rulebook whose points the model reads.
    extras : tuple of ExtraFeature
        Extra features a record may hold.
    event : str or None
        What the PD is the probability of; None if not known.
    horizon_months : int or None
        Within how many months; None if not known.
    synthetic : bool
        Trained on synthetic data.
    dated : bool
        Records carry a decision date.
    card : str
        The model card (:func:`icsml.model.card.render_card`).
    training : mapping
        Deterministic facts of training as JSON: rows, defaults, seed, rounds, hyperparameters, digest of the data set.
    never_missing : tuple of str
        Features without one missing value in training: LightGBM reads a missing value there as zero, so decisions warn.
    innovation_evidence : {'supported', 'equivalent', 'not_shown', 'not_tested'}
        What the out-of-time test found.
    kind : str
        ``standard``: the margin starts from the trees alone.
    reference : ReferencePopulation or None
        Whom reasons compare with; None compares with all training rows as the cover of the trees weighs them.
    explainer : {'tree_shap', 'pred_contrib'}
        What computes contributions; LightGBM's own knows no reference population.
    reasons : ReasonCatalogue or None
        The texts of its reasons; None takes those of this version.
    levers : Levers or None
        What a firm can move, and how far its peers among the training rows did in a year; None: no recourse.
    policy : AssessmentPolicy or None
        What an assessment asks of a record; None takes that of this version.
    """

    name: str
    model: Scorer
    scale: MasterScale
    card: str
    companion: Scorer | None = None
    rulebook: Rulebook | None = None
    extras: tuple[ExtraFeature, ...] = ()
    event: str | None = None
    horizon_months: int | None = None
    synthetic: bool = False
    dated: bool = True
    training: Mapping[str, Any] = field(default_factory=dict)
    never_missing: tuple[str, ...] = ()
    innovation_evidence: InnovationEvidence = "not_tested"
    kind: str = "standard"
    reference: ReferencePopulation | None = None
    explainer: Explainer = "tree_shap"
    reasons: ReasonCatalogue | None = field(default=None, repr=False)
    levers: Levers | None = field(default=None, repr=False)
    policy: AssessmentPolicy | None = field(default=None, repr=False)

    @property
    def features(self) -> tuple[Feature, ...]:
        """The features of the model, in the order of its columns."""
        return self.model.encoder.features

    @property
    def companion_columns(self) -> list[int]:
        """The columns of the model that hold the features of its companion; none where there is no companion."""
        return self.companion.encoder.indices_in(self.model.encoder) if self.companion is not None else []

    @property
    def catalogue(self) -> ReasonCatalogue:
        """The texts of its reasons: its own, or those of this version."""
        return self.reasons if self.reasons is not None else load_reason_catalogue()

    @property
    def assessment_policy(self) -> AssessmentPolicy:
        """What an assessment asks of a record: its own policy, or that of this version."""
        return self.policy if self.policy is not None else load_assessment_policy()

    def grade(self, pd: npt.NDArray[np.float64]) -> npt.NDArray[np.object_]:
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
        Where it lies.
    sha256 : str
        SHA-256 of its manifest.
    code_version : str
        Version of icsml that wrote it.
    """

    folder: Path
    sha256: str
    code_version: str


def write_bundle(folder: Path, parts: BundleParts) -> Bundle:
    """Write a bundle in one step, so that nothing half-written is ever found, and read it back.

    Parameters
    ----------
    folder : Path
        A folder that does not exist yet or is empty; its parents are made.
    parts : BundleParts
        What to write.

    Returns
    -------
    Bundle
        As :func:`read_bundle` returns it.

    Raises
    ------
    ModelError
        ``ICS-MOD-017`` for a slope that is not positive, ``ICS-MOD-018`` for parts that do not fit together,
        ``ICS-MOD-019`` if the folder holds something, ``ICS-MOD-030`` for trees that break a declared direction,
        ``ICS-MOD-031`` for trees of which nothing can be proved.
    """
    _refuse_unfit(parts)
    _refuse_unproved(parts)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ModelError("ICS-MOD-019", "exists and is not empty", field=str(folder), remedy="choose another folder")
    files = _files(parts)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".bundle-", dir=folder.parent) as scratch:
        partial = Path(scratch) / "bundle"
        partial.mkdir()
        for name, content in (files | {MANIFEST: manifest_bytes(files)}).items():
            (partial / name).write_bytes(content)
        partial.rename(folder)
    return read_bundle(folder)


def place_bundle(shelf: Path, parts: BundleParts) -> Bundle:
    """Write a bundle to a shelf under its name and the first twelve digits of its SHA-256.

    Where the same bundle lies there already it is returned; where that one is damaged it is replaced. Several processes
    may do so at the same time.

    Parameters
    ----------
    shelf : Path
        A folder of bundles; made if absent.
    parts : BundleParts
        What to write.

    Returns
    -------
    Bundle
        As :func:`read_bundle` returns it.

    Raises
    ------
    ModelError
        As :func:`write_bundle` raises it.
    MissingError
        ``ICS-MOD-010`` if its place cannot be written.
    """
    shelf.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=shelf) as scratch:
        written = write_bundle(Path(scratch) / "bundle", parts)
        target = shelf / f"{parts.name}-{written.sha256[:12]}"
        move_in(written.folder, target)
    return replace(written, folder=target)


def read_bundle(folder: Path) -> Bundle:
    """Read and verify a bundle.

    Parameters
    ----------
    folder : Path
        The bundle.

    Returns
    -------
    Bundle

    Raises
    ------
    MissingError
        ``ICS-MOD-010`` if there is no bundle.
    ModelError
        ``ICS-MOD-011`` to ``ICS-MOD-018``: a file is missing, foreign, changed or unreadable, the format is unknown,
        the slope is not positive, or the parts do not fit together. ``ICS-MOD-021`` for an unsound reference
        population.
    """
    files, sha256 = verified_files(folder)
    document = parse_document(files[BUNDLE])
    held = {COMPANION: document.companion, RULEBOOK: document.rulebook, REFERENCE: document.reference}
    for name, declared in held.items():
        if (declared is None) != (name not in files):
            raise _unfit(name, "the file and bundle.json do not agree on whether there is one")
    companion = document.companion
    bundle = Bundle(
        **{name: getattr(document, name) for name in _PLAIN},
        model=_scorer(files, MODEL, document.model),
        companion=_scorer(files, COMPANION, companion) if companion else None,
        rulebook=_rulebook(files) if document.rulebook else None,
        reference=_reference(files, document.reference) if document.reference else None,
        card=_text(files, CARD),
        folder=folder,
        sha256=sha256,
    )
    if bundle.reasons is None:  # a bundle of format 1
        bundle = replace(bundle, reasons=load_reason_catalogue().for_features(bundle.features))
    _refuse_unfit(bundle)
    _refuse_changed("model", document.model, bundle.model.encoder)
    if companion is not None and bundle.companion is not None:
        _refuse_changed("companion", companion, bundle.companion.encoder)
    return bundle


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


def scorers(parts: BundleParts) -> dict[str, Scorer]:
    """Return the scorers of a bundle by the file that holds their trees: the model's, and its companion's if any."""
    return {MODEL: parts.model} | ({COMPANION: parts.companion} if parts.companion is not None else {})


_FILED = {"model", "companion", "reference", "rulebook"}
_PLAIN = tuple(part.name for part in fields(Bundle) if part.name in Document.model_fields and part.name not in _FILED)


def _files(parts: BundleParts) -> dict[str, bytes]:
    files = {file: booster_text(scorer.booster).encode() for file, scorer in scorers(parts).items()}
    files |= {BUNDLE: canonical_bytes(_document(parts).model_dump(mode="json")), CARD: parts.card.encode()}
    if parts.rulebook is not None:
        files[RULEBOOK] = parts.rulebook.source_text.encode()
        if parts.rulebook.peer_tables is not None:
            files[PEERS] = parts.rulebook.peer_tables.content
    if parts.reference is not None:
        files[REFERENCE] = parts.reference.content
    return files


def _scorer(files: Mapping[str, bytes], file: str, part: BoosterPart) -> Scorer:
    return Scorer(booster_from_text(_text(files, file), file), Encoder.from_json(part.encoder), part.calibration)


def _rulebook(files: Mapping[str, bytes]) -> Rulebook:
    """Read the rulebook, and the peer tables it ranks by."""
    rulebook = parse_rulebook(_text(files, RULEBOOK), RULEBOOK, in_use=True)
    if bool(rulebook.ranked) != (PEERS in files):
        raise _unfit(PEERS, "the file and the rulebook do not agree on whether it ranks among peers")
    return rulebook.with_peers(PeerTables.parse(files[PEERS], PEERS)) if rulebook.ranked else rulebook


def _reference(files: Mapping[str, bytes], part: ReferencePart) -> ReferencePopulation:
    population = ReferencePopulation.parse(files[REFERENCE], part.id, part.sha256, part.points)
    if len(population.rows) != part.n:
        raise _unfit(REFERENCE, "it has another number of rows than bundle.json states")
    return population


def _document(parts: BundleParts) -> Document:
    stated = {name: getattr(parts, name) for name in _PLAIN if name != "code_version"}
    stated["reasons"] = parts.catalogue.for_features(parts.features)
    stated["policy"] = parts.assessment_policy
    stated["training"] = json.loads(canonical_bytes(dict(parts.training)))  # refuses what pydantic would write as null
    return Document(
        **stated,
        format=FORMAT,
        code_version=version("icsml"),
        model=_booster_part(parts.model),
        companion=None if parts.companion is None else _booster_part(parts.companion),
        rulebook=None if parts.rulebook is None else parts.rulebook.id,
        reference=None if parts.reference is None else _reference_part(parts.reference),
    )


def _reference_part(population: ReferencePopulation) -> ReferencePart:
    return ReferencePart(
        id=population.id, n=len(population.rows), sha256=population.sha256, points=dict(population.points)
    )


def _booster_part(scorer: Scorer) -> BoosterPart:
    return BoosterPart(
        encoder=scorer.encoder.to_json(),
        directions=scorer.encoder.directions,
        definitions=tuple(feature_sha256(feature) for feature in scorer.encoder.features),
        calibration=scorer.calibration,
    )


def _refuse_unfit(parts: BundleParts) -> None:
    for file, scorer in scorers(parts).items():
        _refuse_unfit_scorer(file, scorer)
    if parts.companion is not None and parts.companion.encoder != parts.model.encoder.without_innovation():
        raise _unfit(COMPANION, "its features are not those of the model without innovation")
    if parts.model.encoder.needs_points and parts.rulebook is None:
        raise _unfit(RULEBOOK, "the model reads innovation points, and there is no rulebook")
    if parts.rulebook is not None and bool(parts.rulebook.ranked) != (parts.rulebook.peer_tables is not None):
        raise _unfit(PEERS, "the rulebook ranks among peers, and has no peer tables")
    if parts.levers is not None and parts.rulebook is None:
        raise _unfit("levers", "there are levers, and no rulebook")
    if parts.innovation_evidence not in get_args(InnovationEvidence):
        raise _unfit("innovation_evidence", f"not one of {', '.join(get_args(InnovationEvidence))}")
    _refuse_unfit_reasons(parts)
    if parts.kind != "standard":
        raise _unfit("kind", "this version reads and writes bundles of kind standard only")


def _refuse_unfit_reasons(parts: BundleParts) -> None:
    features, reference = parts.features, parts.reference
    if parts.explainer not in get_args(Explainer):
        raise _unfit("explainer", f"not one of {', '.join(get_args(Explainer))}")
    if reference is not None and reference.rows.shape[1] != len(features):
        raise _unfit(REFERENCE, f"it has {reference.rows.shape[1]} columns and the encoder {len(features)} features")
    if reference is not None and parts.explainer == "pred_contrib":
        raise _unfit(REFERENCE, "LightGBM's own contributions know no reference population")
    if parts.catalogue.lacks(features):
        raise _unfit("reasons", f"there is no text for {parts.catalogue.lacks(features)[0]}")
    indicators = {i.id for i in parts.rulebook.indicators} if parts.rulebook is not None else set()
    if reference is not None and not indicators.issuperset(reference.points):
        raise _unfit(REFERENCE, "it has mean points of an indicator that the rulebook does not have")


def _refuse_unproved(parts: BundleParts) -> None:
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
        raise _unfit(file, f"the trees have {grown} features and the encoder {expected}")
    refuse_no_ranking(scorer.calibration, file)


def _refuse_changed(name: str, part: BoosterPart, encoder: Encoder) -> None:
    """Trees grown on one formula or under one direction say nothing of another."""
    features = encoder.features
    if not len(features) == len(part.directions) == len(part.definitions):
        raise _unfit(f"bundle.json: {name}", "it does not give a direction and a definition for each feature")
    for feature, sign, definition in zip(features, part.directions, part.definitions, strict=True):
        if feature.direction.sign != sign or feature_sha256(feature) != definition:
            raise ModelError(
                "ICS-MOD-018",
                "this version computes the feature in another way, or with another direction, than the bundle was"
                " trained with",
                field=f"bundle.json: {name}: {feature.name}",
                remedy="use the icsml version that wrote the bundle, or train again",
            )


def _text(files: Mapping[str, bytes], name: str) -> str:
    try:
        return files[name].decode("utf-8")
    except UnicodeDecodeError as error:
        raise _unfit(name, "not UTF-8 text") from error


def _unfit(name: str, message: str) -> ModelError:
    return ModelError("ICS-MOD-018", message, field=name, remedy="train again, and write the bundle in one piece")
