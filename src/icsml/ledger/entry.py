"""What is handed to the ledger, and what it hands back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from icsml.core.canonical import canonical_bytes, joined_object, sha256_hex
from icsml.core.strict_json import JsonObject
from icsml.errors import InputError
from icsml.ledger.payload import other_decision, parse_decision, require_keys

__all__ = ["Entry", "Recorded", "is_name", "require_names"]

_LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class Entry:
    """A decision that is to be recorded; made by `Entry.of`.

    Parameters
    ----------
    tenant : str
        Whose decision it is.
    decision_id : str
        Its identifier.
    decision : bytes
        The decision as RFC 8785 JSON.
    payload : bytes
        The payload as RFC 8785 JSON; contains the decision.
    sha256 : str
        Of the payload.
    idempotency_key : str or None
        The caller's name for the request.
    request_sha256 : str
        Of the request; the same key with another request is a conflict.
    """

    tenant: str
    decision_id: str
    decision: bytes
    payload: bytes
    sha256: str
    idempotency_key: str | None
    request_sha256: str

    @classmethod
    def of(
        cls,
        tenant: str,
        decision_id: str,
        parts: Mapping[str, bytes],
        *,
        idempotency_key: str | None = None,
        request_sha256: str | None = None,
    ) -> Entry:
        """Make an entry from the canonical parts of a payload.

        Parameters
        ----------
        tenant, decision_id : str
            Whose decision it is, and which.
        parts : mapping
            The RFC 8785 bytes of each value of the payload by its key; every key of `PAYLOAD_KEYS`. They are taken as
            they are.
        idempotency_key : str, optional
            The caller's name for the request, at most 255 characters.
        request_sha256 : str, optional
            By default of ``parts["request"]``.

        Raises
        ------
        InputError
            If a key is missing, a name is not acceptable, or the decision is another one.
        """
        require_names(tenant, decision_id, idempotency_key)
        require_keys(parts)
        if b'"decision_id":' + canonical_bytes(decision_id) not in parts["decision"]:
            raise other_decision()
        payload = joined_object(parts.items())
        return cls(
            tenant,
            decision_id,
            parts["decision"],
            payload,
            sha256_hex(payload),
            idempotency_key,
            request_sha256 or sha256_hex(parts["request"]),
        )


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded decision.

    Parameters
    ----------
    decision_id : str
        Its identifier.
    decision_bytes : bytes
        The decision as RFC 8785 JSON: two answers to one idempotency key are equal to the byte.
    replayed : bool
        Whether it had been recorded before under the same idempotency key.
    """

    decision_id: str
    decision_bytes: bytes
    replayed: bool

    @property
    def decision(self) -> JsonObject:
        """The decision, read back from its bytes."""
        return parse_decision(self.decision_bytes)


def is_name(text: str) -> bool:
    """Return whether a text is acceptable as a name in the ledger."""
    return 0 < len(text) <= _LONGEST_NAME and text.isprintable()


def require_names(tenant: str, decision_id: str, key: str | None) -> None:
    """Raise InputError ``ICS-LED-009`` unless these are acceptable names."""
    for field, name in (("tenant", tenant), ("decision_id", decision_id), ("Idempotency-Key", key)):
        if name is not None and not is_name(name):
            raise InputError(
                "ICS-LED-009", f"must be 1 to {_LONGEST_NAME} printable characters", field=field, remedy="shorten it"
            )
