"""Write a bundle. Its trees are not written unless their declared directions are proved on them."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import fields, replace
from importlib.metadata import version
from pathlib import Path

from icsml.core.private_files import private_files
from icsml.errors import ModelError
from icsml.features.fingerprint import feature_sha256
from icsml.model.bundle_checks import refuse_unfit, refuse_unproved
from icsml.model.bundle_document import FORMAT, BoosterPart, Document, ReferencePart, Stated, document_bytes
from icsml.model.bundle_parts import Bundle, BundleParts, scorers
from icsml.model.bundle_reading import read_bundle
from icsml.model.bundle_store import move_in
from icsml.model.manifest import BUNDLE, CARD, MANIFEST, PEERS, REFERENCE, RULEBOOK, manifest_bytes
from icsml.model.reference import ReferencePopulation
from icsml.model.scorer import Scorer
from icsml.model.trees import booster_text

__all__ = ["place_bundle", "write_bundle"]


def write_bundle(folder: Path, parts: BundleParts) -> Bundle:
    """Write a bundle in one step, so that nobody ever reads half of it, and read it back.

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
        ``ICS-MOD-019`` if the folder contains something, ``ICS-MOD-030`` for trees that break a declared direction,
        ``ICS-MOD-031`` for trees of which nothing can be proved.
    """
    refuse_unfit(parts)
    refuse_unproved(parts)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ModelError("ICS-MOD-019", "exists and is not empty", field=str(folder), remedy="choose another folder")
    files = _files(parts)
    with private_files(folder):
        _write_in_one_step(folder, files)
    return read_bundle(folder)


def _write_in_one_step(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".bundle-", dir=folder.parent) as scratch:
        partial = Path(scratch) / "bundle"
        partial.mkdir()
        for name, content in {**files, MANIFEST: manifest_bytes(files)}.items():
            (partial / name).write_bytes(content)
        partial.rename(folder)


def place_bundle(store: Path, parts: BundleParts) -> Bundle:
    """Write a bundle to a store under its name and the first twelve digits of its SHA-256.

    Where the same bundle is there already it is returned; where that one is damaged it is replaced. Several processes
    may do so at the same time.

    Parameters
    ----------
    store : Path
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
        ``ICS-MOD-010`` if its folder cannot be written.
    """
    with private_files(store):
        store.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=store) as scratch:
        written = write_bundle(Path(scratch) / "bundle", parts)
        target = store / f"{parts.name}-{written.sha256[:12]}"
        move_in(written.folder, target)
    return replace(written, folder=target)


def _files(parts: BundleParts) -> dict[str, bytes]:
    files = {file: booster_text(scorer.booster).encode() for file, scorer in scorers(parts).items()}
    files |= {BUNDLE: document_bytes(_document(parts)), CARD: parts.card.encode()}
    if parts.rulebook is not None:
        files[RULEBOOK] = parts.rulebook.source_text.encode()
        if parts.rulebook.peer_tables is not None:
            files[PEERS] = parts.rulebook.peer_tables.content
    if parts.reference is not None:
        files[REFERENCE] = parts.reference.content
    return files


def _document(parts: BundleParts) -> Document:
    stated = {part.name: getattr(parts, part.name) for part in fields(Stated)}
    stated["reasons"] = parts.catalogue.for_features(parts.features)
    stated["policy"] = parts.assessment_policy
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
