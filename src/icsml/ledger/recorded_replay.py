"""Replay one recorded decision: its payload from the ledger, its bundle by the hash, and the comparison."""

from __future__ import annotations

from icsml.ledger.replay import Replayed, bundle_of, replay
from icsml.ledger.store import Ledger
from icsml.model.kept_bundles import KeptBundles

__all__ = ["replay_one"]


def replay_one(ledger: Ledger, bundles: KeptBundles, decision_id: str, tenant: str | None = None) -> Replayed | None:
    """Replay one decision; None if there is none of this identifier, or it is not this tenant's.

    Raises
    ------
    LedgerError
        ``ICS-LED-008`` if the payload was altered, ``ICS-LED-025`` if it names no bundle, ``ICS-LED-026`` if it was
        erased.
    MissingError, ModelError
        As `KeptBundles.get`.
    """
    found = ledger.find_bytes(decision_id, tenant)
    if found is None:
        return None
    data = found[1]
    (result,) = replay(bundles.get(bundle_of(data)), [(decision_id, data)])
    return result
