"""Read and verify a bundle; the proof of its directions is not made again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path

from icsml.features.encoder import Encoder
from icsml.features.reason_codes import load_reason_catalogue
from icsml.innovation.peers.peer_tables import PeerTables
from icsml.innovation.rulebooks.load import parse_rulebook
from icsml.innovation.rulebooks.rulebook import Rulebook
from icsml.model.bundle_checks import refuse_changed, refuse_unfit, unfit
from icsml.model.bundle_document import BoosterPart, ReferencePart, Stated, parse_document
from icsml.model.bundle_parts import Bundle
from icsml.model.manifest import BUNDLE, CARD, COMPANION, MODEL, PEERS, REFERENCE, RULEBOOK, verified_files
from icsml.model.reference import ReferencePopulation
from icsml.model.scorer import Scorer
from icsml.model.trees import booster_from_text

__all__ = ["read_bundle"]


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
    optional = {COMPANION: document.companion, RULEBOOK: document.rulebook, REFERENCE: document.reference}
    for name, declared in optional.items():
        if (declared is None) != (name not in files):
            raise unfit(name, "the file and bundle.json do not agree on whether there is one")
    companion = document.companion
    bundle = Bundle(
        **{part.name: getattr(document, part.name) for part in fields(Stated)},
        model=_scorer(files, MODEL, document.model),
        companion=_scorer(files, COMPANION, companion) if companion else None,
        rulebook=_rulebook(files) if document.rulebook else None,
        reference=_reference(files, document.reference) if document.reference else None,
        card=_text(files, CARD),
        folder=folder,
        sha256=sha256,
        code_version=document.code_version,
    )
    if bundle.reasons is None:  # a bundle of format 1
        bundle = replace(bundle, reasons=load_reason_catalogue().for_features(bundle.features))
    refuse_unfit(bundle)
    refuse_changed("model", document.model, bundle.model.encoder)
    if companion is not None and bundle.companion is not None:
        refuse_changed("companion", companion, bundle.companion.encoder)
    return bundle


def _scorer(files: Mapping[str, bytes], file: str, part: BoosterPart) -> Scorer:
    return Scorer(booster_from_text(_text(files, file), file), Encoder.from_json(part.encoder), part.calibration)


def _rulebook(files: Mapping[str, bytes]) -> Rulebook:
    """Read the rulebook, and the peer tables it ranks by."""
    rulebook = parse_rulebook(_text(files, RULEBOOK), RULEBOOK, in_use=True)
    if bool(rulebook.ranked) != (PEERS in files):
        raise unfit(PEERS, "the file and the rulebook do not agree on whether it ranks among peers")
    return rulebook.with_peers(PeerTables.parse(files[PEERS], PEERS)) if rulebook.ranked else rulebook


def _reference(files: Mapping[str, bytes], part: ReferencePart) -> ReferencePopulation:
    population = ReferencePopulation.parse(files[REFERENCE], part.id, part.sha256, part.points)
    if len(population.rows) != part.n:
        raise unfit(REFERENCE, "it has another number of rows than bundle.json states")
    return population


def _text(files: Mapping[str, bytes], name: str) -> str:
    try:
        return files[name].decode("utf-8")
    except UnicodeDecodeError as error:
        raise unfit(name, "not UTF-8 text") from error
