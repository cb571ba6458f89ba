"""The payload of a decision, and its recording; a decision that is not recorded is not returned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import version
from typing import Any

from icsml.core.canonical import canonical_bytes
from icsml.core.strict_json import JsonObject
from icsml.decision.decide import Decided, DecisionSettings
from icsml.errors import IcsmlError, InputError, LedgerError
from icsml.ledger.entry import Entry, Link, Recorded
from icsml.ledger.store import Ledger
from icsml.model.bundle import Bundle

__all__ = ["decision_entry", "record_decision"]


def record_decision(
    ledger: Ledger,
    tenant: str,
    bundle: Bundle,
    request: Mapping[str, Any],
    decided: Decided,
    *,
    idempotency_key: str | None = None,
    key_id: str | None = None,
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
    key_id : str, optional
        Identifier of the caller's key.

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
    with _no_fault_of_the_sender():
        received = canonical_bytes(dict(request))
    entry = decision_entry(tenant, bundle, received, decided, idempotency_key=idempotency_key, key_id=key_id)
    (outcome,) = ledger.record_all([entry])
    if isinstance(outcome, IcsmlError):
        raise outcome
    return outcome


def decision_entry(
    tenant: str,
    bundle: Bundle,
    request: bytes,
    decided: Decided,
    *,
    idempotency_key: str | None = None,
    key_id: str | None = None,
    because: JsonObject | None = None,
    request_sha256: str | None = None,
) -> Entry:
    """Return what is recorded of a decision.

    Parameters
    ----------
    tenant : str
        Whose decision it is.
    bundle : Bundle
        The model that decided.
    request : bytes
        The record as it was received, as RFC 8785 JSON.
    decided : Decided
        The decision and its feature vector.
    idempotency_key : str, optional
        The caller's name for this request.
    key_id : str, optional
        Identifier of the caller's key.
    because : dict, optional
        Why it was decided anew; ``kind`` and ``decision_id`` name the earlier decision.
    request_sha256 : str, optional
        Of the request, where that is more than the record.

    Raises
    ------
    LedgerError
        ``ICS-LED-005`` or ``ICS-LED-009`` if this cannot be recorded. The record itself was accepted before, so it is
        no fault of the sender.
    """
    with _no_fault_of_the_sender():
        parts = {
            "request": request,
            "features": canonical_bytes(decided.features),
            "decision": decided.decision_bytes,
            "key_id": canonical_bytes(key_id),
            "settings": _settings(decided.settings),
            **bundle.derived(_of_bundle),
        }
        if because is not None:
            parts["because"] = canonical_bytes(because)
        return Entry.of(
            tenant,
            decided.decision_id,
            parts,
            enterprise_id=decided.facets.enterprise_id,
            idempotency_key=idempotency_key,
            request_sha256=request_sha256,
            facets=decided.facets,
            link=None if because is None else Link(because["kind"], because["decision_id"]),
        )


@contextmanager
def _no_fault_of_the_sender() -> Iterator[None]:
    try:
        yield
    except InputError as error:
        code = "ICS-LED-005" if error.code == "ICS-CFG-001" else error.code
        raise LedgerError(code, error.message, field=error.field or "payload", remedy=error.remedy) from None


@lru_cache(maxsize=32)
def _settings(settings: DecisionSettings) -> bytes:
    return canonical_bytes(settings._asdict())


def _of_bundle(bundle: Bundle) -> dict[str, bytes]:
    """Return what is the same in every payload of a bundle; hashing a rulebook takes longer than hashing a decision."""
    return {
        "bundle_sha256": canonical_bytes(bundle.sha256),
        "rulebook_sha256": canonical_bytes(bundle.rulebook.sha256 if bundle.rulebook else None),
        "code_version": canonical_bytes(version("icsml")),
    }
