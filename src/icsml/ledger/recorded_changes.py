"""What moved since a firm's last decision: payloads from the ledger, bundles by their hash, and the comparison."""

from __future__ import annotations

from datetime import datetime

from icsml.core.strict_json import JsonObject
from icsml.errors import InputError, MissingError
from icsml.ledger.changes import changes, first_decision
from icsml.ledger.payload import parse_decision, stored_decision
from icsml.ledger.replay import bundle_of
from icsml.ledger.store import Ledger
from icsml.model.kept_bundles import KeptBundles
from icsml.records.changes import Changes

__all__ = ["recorded_changes"]


def recorded_changes(
    ledger: Ledger, bundles: KeptBundles, decision_id: str, tenant: str | None = None, since: str | None = None
) -> Changes | None:
    """Explain what moved since a firm's decision before; None if there is no such decision, or not this tenant's.

    Parameters
    ----------
    ledger : Ledger
        Where the decisions are.
    bundles : KeptBundles
        Who decided.
    decision_id : str
        The later decision.
    tenant : str, optional
        Whose it must be; for the operator any tenant's.
    since : str, optional
        An earlier decision on the same firm; by default the last one before.

    Raises
    ------
    MissingError
        ``ICS-LED-022`` if a bundle is nowhere, ``ICS-LED-030`` if ``since`` is no decision of this tenant on this firm.
    InputError
        ``ICS-LED-031`` if ``since`` was not decided before.
    LedgerError
        ``ICS-LED-008`` if a payload was altered, ``ICS-LED-026`` if it was erased; and as
        :func:`icsml.ledger.changes.changes`.
    ModelError
        If a bundle was altered, or a decision does not come out as it was recorded.
    """
    found = ledger.find_bytes(decision_id, tenant)
    if found is None:
        return None
    owner, later = found
    earlier_id = ledger.previous(owner, decision_id) if since is None else since
    if earlier_id is None:
        return first_decision(later)
    known = ledger.find_bytes(earlier_id, owner)
    if known is None:
        raise _not_of_this_firm()
    earlier = known[1]
    _require_earlier(_decision(earlier), _decision(later))
    return changes(*[(bundles.get(bundle_of(data)), data) for data in (earlier, later)])


def _decision(data: bytes) -> JsonObject:
    return parse_decision(stored_decision(data))


def _require_earlier(earlier: JsonObject, later: JsonObject) -> None:
    if earlier["enterprise_id"] != later["enterprise_id"]:
        raise _not_of_this_firm()
    if _order(earlier) >= _order(later):
        raise InputError("ICS-LED-031", "was not decided before", field="since", remedy="name an earlier decision")


def _order(decision: JsonObject) -> tuple[datetime, str]:
    """Return what orders decisions, as `Ledger.previous` does."""
    return datetime.fromisoformat(decision["decided_at"]), decision["decision_id"]


def _not_of_this_firm() -> MissingError:
    return MissingError(
        "ICS-LED-030", "no such assessment of this firm", field="since", remedy="name an earlier decision on this firm"
    )
