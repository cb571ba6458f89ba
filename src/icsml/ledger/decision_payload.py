"""The payload of a decision, and its recording; a decision that is not recorded is not returned."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from icsml.decision.decide import Decided
from icsml.errors import InputError, LedgerError
from icsml.ledger.payload import Payload
from icsml.ledger.store import Ledger, Recorded
from icsml.model.bundle import Bundle

__all__ = ["decision_payload", "record_decision"]


def record_decision(
    ledger: Ledger,
    tenant: str,
    bundle: Bundle,
    request: Mapping[str, Any],
    decided: Decided,
    *,
    idempotency_key: str | None = None,
) -> Recorded:
    """Commit a decision with everything needed to repeat it.

    Parameters
    ----------
    ledger : Ledger
        Where to.
    tenant : str
        Whose decision it is.
    bundle : Bundle
        The model that decided.
    request : mapping
        The record as it was received.
    decided : Decided
        The decision and its feature vector.
    idempotency_key : str, optional
        The caller's name for this request.

    Returns
    -------
    Recorded
        The recorded decision: this decision, or the one recorded earlier for the same key and request. Only this
        may leave.

    Raises
    ------
    ConflictError
        If the key was used with another request.
    LedgerError
        If the decision could not be recorded; then it must not leave.
    """
    payload = decision_payload(bundle, request, decided)
    try:
        return ledger.record(tenant, decided.decision.decision_id, payload, idempotency_key=idempotency_key)
    except InputError as error:
        # The record itself was accepted before: what the ledger refuses here is no fault of the sender.
        raise LedgerError(error.code, error.message, field=error.field, remedy=error.remedy) from None


def decision_payload(bundle: Bundle, request: Mapping[str, Any], decided: Decided) -> Payload:
    """Return the ledger's payload of a decision.

    Returns
    -------
    Payload
        With the features by name, None where missing, and ``rulebook_sha256`` None without a rulebook.
    """
    rulebook = bundle.rulebook
    return {
        "request": dict(request),
        "features": dict(decided.features),
        "decision": decided.decision.model_dump(mode="json"),
        "bundle_sha256": bundle.sha256,
        "rulebook_sha256": rulebook.sha256 if rulebook else None,
        "code_version": version("icsml"),
    }
