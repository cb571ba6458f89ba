"""Replay recorded decisions: payloads from the ledger, bundles by their hash, and the comparison.

A workflow, because only one may meet ledger, registry and bundles. The comparison alone is `icsml.ledger.replay`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Final

from icsml.core.progress import Progress, silent
from icsml.errors import IcsmlError, LedgerError
from icsml.ledger.replay import Replayed, bundle_of, replay
from icsml.ledger.sealing import altered, erased
from icsml.ledger.store import Ledger
from icsml.ledger.store.walking import Walked
from icsml.model.kept_bundles import KeptBundles
from icsml.registry.resolve import fetch_bundle, list_versions

__all__ = ["Bundles", "ReplayCounts", "replay_all"]

_PROGRESS_EVERY: Final = 1000


class Bundles(KeptBundles):
    """Bundles by their hash, those of the registry too.

    Parameters
    ----------
    folder : Path, optional
        As of `KeptBundles`, whose errors it has.
    """

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__(folder, elsewhere=_in_registry)


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


def _in_registry(sha256: str) -> Path | None:
    """Return the folder of a bundle that is a registered version."""
    for version in _registered():
        if version[1] == sha256:
            return fetch_bundle(version[0]).folder
    return None


def _registered() -> list[tuple[str, str | None]]:
    """Return the versions of the registry with their hashes; none where MLflow is not installed."""
    try:
        versions = list_versions()
    except ModuleNotFoundError:
        return []
    return [(f"models:/{each['name']}/{each['version']}", each["bundle_sha256"]) for each in versions]
