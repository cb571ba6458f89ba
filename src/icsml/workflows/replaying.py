"""Replay recorded decisions: payloads from the ledger, bundles by their hash, and the comparison.

A workflow, because only one may meet ledger, registry and bundles. The comparison alone is `icsml.ledger.replay`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Final

from icsml.core.canonical import sha256_hex
from icsml.core.paths import home
from icsml.core.progress import Progress, silent
from icsml.errors import IcsmlError, LedgerError, MissingError, ModelError
from icsml.ledger.replay import Replayed, bundle_of, replay
from icsml.ledger.sealing import altered, erased
from icsml.ledger.store import Ledger
from icsml.ledger.store.walking import Walked
from icsml.model.bundle import Bundle, read_bundle
from icsml.model.bundle_store import kept_folder
from icsml.model.manifest import MANIFEST
from icsml.registry.resolve import fetch_bundle, list_versions

__all__ = ["Bundles", "ReplayCounts", "replay_all", "replay_one"]

_MOST_LOADED: Final = 8
_PROGRESS_EVERY: Final = 1000


class Bundles:
    """Bundles by their hash, each read and verified once.

    Parameters
    ----------
    folder : Path, optional
        A bundle that lies elsewhere; it is used for the decisions of its hash.

    Raises
    ------
    MissingError, ModelError
        If there is no bundle in that folder, or it is damaged.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._loaded: OrderedDict[str, Bundle | IcsmlError] = OrderedDict()
        self._given = None if folder is None else read_bundle(folder)

    def get(self, sha256: str) -> Bundle:
        """Return the bundle of a hash.

        Raises
        ------
        MissingError
            ``ICS-LED-022`` if it is nowhere.
        ModelError
            If it was altered: the code and the file are those of the bundle.
        """
        if self._given is not None and self._given.sha256 == sha256:
            return self._given
        if sha256 not in self._loaded:
            try:
                self._loaded[sha256] = _read(sha256)
            except IcsmlError as error:  # also kept: the registry is not asked again for each decision
                self._loaded[sha256] = error
        self._loaded.move_to_end(sha256)
        if len(self._loaded) > _MOST_LOADED:
            self._loaded.popitem(last=False)
        found = self._loaded[sha256]
        if isinstance(found, IcsmlError):
            raise found
        return found


@dataclass(slots=True)
class ReplayCounts:
    """What came of a replay.

    Parameters
    ----------
    replayed : int
        Decisions looked at, without those whose payload was erased.
    identical : int
        Those that came out the same, to the byte.
    differences : int
        All others: they came out otherwise, or bundle or payload is missing or altered.
    erased : int
        Those whose payload was erased, so that nothing can be repeated.
    """

    replayed: int = 0
    identical: int = 0
    differences: int = 0
    erased: int = 0

    def add(self, result: Replayed) -> None:
        """Count a result."""
        self.replayed += 1
        if result.identical:
            self.identical += 1
        else:
            self.differences += 1


def replay_one(ledger: Ledger, bundles: Bundles, decision_id: str, tenant: str | None = None) -> Replayed | None:
    """Replay one decision; None if there is none of this identifier, or it is not this tenant's.

    Raises
    ------
    LedgerError
        ``ICS-LED-008`` if the payload was altered, ``ICS-LED-026`` if it was erased.
    MissingError, ModelError
        As `Bundles.get`.
    """
    data = ledger.find_bytes(decision_id, tenant)
    if data is None:
        return None
    (result,) = replay(bundles.get(bundle_of(data)), [(decision_id, data)])
    return result


def replay_all(
    ledger: Ledger,
    bundles: Bundles,
    tell: Callable[[Replayed], None],
    *,
    tenant: str | None = None,
    since: datetime | None = None,
    progress: Progress = silent,
) -> ReplayCounts:
    """Replay decisions in the order recorded, in constant memory.

    Parameters
    ----------
    ledger : Ledger
        Where they are.
    bundles : Bundles
        Who decided.
    tell : callable
        Receives each result that is not identical.
    tenant : str, optional
        Whose; all by default.
    since : datetime, optional
        The earliest time of recording.
    progress : callable
        Receives a line every thousand decisions.
    """
    counts = ReplayCounts()
    for group in ledger.walk(tenant=tenant, since=since):
        before = counts.replayed
        gone = [one for one in group if one.error is not None and one.error.code == erased().code]
        counts.erased += len(gone)
        for result in _results([one for one in group if one not in gone], bundles):
            counts.add(result)
            if not result.identical:
                tell(result)
        if counts.replayed // _PROGRESS_EVERY > before // _PROGRESS_EVERY:
            progress(f"{counts.replayed:,} replayed, {counts.differences:,} differ")
    return counts


def _results(group: list[Walked], bundles: Bundles) -> Iterator[Replayed]:
    for named, part in groupby(group, key=_bundle_or_fault):
        members = [(one.decision_id, one.data or b"") for one in part]
        try:
            if isinstance(named, IcsmlError):
                raise named
            bundle = bundles.get(named)
        except IcsmlError as error:
            yield from (Replayed(decision_id, error) for decision_id, _ in members)
        else:
            yield from replay(bundle, members)


def _bundle_or_fault(one: Walked) -> str | IcsmlError:
    """Return the hash of the bundle that decided, or why nothing in the payload counts."""
    if one.data is None:
        return one.error or altered()
    try:
        return bundle_of(one.data)
    except LedgerError as error:
        return error


def _read(sha256: str) -> Bundle:
    folder = _found(sha256)
    try:
        bundle = read_bundle(folder)
    except ModelError as error:
        remedy = "restore the kept copy from a backup, or give an intact one with --bundle"
        raise ModelError(error.code, error.message, field=f"{folder}: {error.field}", remedy=remedy) from error
    if bundle.sha256 != sha256:
        raise ModelError(
            "ICS-LED-023",
            "another bundle lies where the one that decided was kept",
            field=str(folder),
            remedy="restore it from a backup, or give it with --bundle",
        )
    return bundle


def _found(sha256: str) -> Path:
    """Return the folder of a bundle: kept by the service, else in another store of this home, else of the registry."""
    kept = kept_folder(sha256)
    if kept.exists():
        return kept
    for manifest in sorted([*home().glob(f"bundles/*/{MANIFEST}"), *home().glob(f"cache/bundles/*/{MANIFEST}")]):
        if sha256_hex(manifest.read_bytes()) == sha256:
            return manifest.parent
    for version in _registered():
        if version[1] == sha256:
            return fetch_bundle(version[0]).folder
    raise MissingError(
        "ICS-LED-022",
        "the bundle that decided is not kept here",
        field=f"bundle_sha256 {sha256}",
        remedy=f"restore {kept} from a backup, or give the bundle with --bundle",
    )


def _registered() -> list[tuple[str, str | None]]:
    """Return the versions of the registry with their hashes; none where MLflow is not installed."""
    try:
        versions = list_versions()
    except ModuleNotFoundError:
        return []
    return [(f"models:/{each['name']}/{each['version']}", each["bundle_sha256"]) for each in versions]
