"""What is handed to the ledger, and what it hands back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from icsml.core.canonical import canonical_bytes, digest, joined_object, sha256_hex
from icsml.core.strict_json import JsonObject
from icsml.errors import InputError
from icsml.ledger.payload import other_decision, parse_decision, require_keys
from icsml.ledger.sealing import FORMAT, Sealed, clear_parts, seal
from icsml.records.facets import DecisionFacets

__all__ = ["DecisionRead", "Entry", "Link", "Recorded", "is_name", "require_names", "require_texts"]

_LONGEST_NAME = 255


class Link(NamedTuple):
    """What a decision is to an earlier one: the ``kind`` (``correction`` or ``objection``), and which."""

    kind: str
    about: str


@dataclass(frozen=True)
class Entry:
    """A decision or an event that is to be recorded; made by `Entry.of`, `Entry.of_event` or `Entry.of_erasure`.

    Parameters
    ----------
    tenant : str
        Whose it is.
    decision_id : str
        Its identifier.
    answer : bytes
        The decision or the event as RFC 8785 JSON.
    content : bytes
        What is recorded of it, as RFC 8785 JSON.
    clear : mapping of str to bytes, or None
        What of it stays readable when it is sealed, see `icsml.ledger.sealing`; None if it is not sealed.
    enterprise_id : str or None
        Whose key it is.
    idempotency_key : str or None
        The caller's name for the request.
    request_sha256 : str
        Of the request; the same key with another request is a conflict.
    kind : str or None
        What it is to the decision it is about; None for a decision that is about no other one.
    about : str or None
        That decision.
    erased : tuple of str
        Whose keys are deleted in the same transaction.
    facets : DecisionFacets, optional
        What the decision can be found by; None if it cannot be found by search.
    first : str, optional
        The entry, handed over before this one, without which this one is not recorded.
    """

    tenant: str
    decision_id: str
    answer: bytes
    content: bytes
    clear: Mapping[str, bytes] | None
    enterprise_id: str | None
    idempotency_key: str | None
    request_sha256: str
    kind: str | None = None
    about: str | None = None
    erased: tuple[str, ...] = ()
    facets: DecisionFacets | None = None
    first: str | None = None

    @cached_property
    def sealed(self) -> Sealed:
        """What lies in the ledger and the key that opens it, drawn at first use: by the thread that commits."""
        return Sealed(self.content, None) if self.clear is None else seal(self.decision_id, self.content, self.clear)

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of what lies in the ledger."""
        return sha256_hex(self.sealed.stored)

    @classmethod
    def of(
        cls,
        tenant: str,
        decision_id: str,
        parts: Mapping[str, bytes],
        *,
        enterprise_id: str | None = None,
        idempotency_key: str | None = None,
        request_sha256: str | None = None,
        link: Link | None = None,
        facets: DecisionFacets | None = None,
    ) -> Entry:
        """Make an entry from the canonical parts of a payload.

        Parameters
        ----------
        tenant, decision_id : str
            Whose decision it is, and which.
        parts : mapping
            The RFC 8785 bytes of each value of the payload by its key; every key of `PAYLOAD_KEYS`. They are taken as
            they are.
        enterprise_id : str, optional
            The firm it is about; whoever deletes the keys of the firm erases it.
        idempotency_key : str, optional
            The caller's name for the request, at most 255 characters.
        request_sha256 : str, optional
            By default of ``parts["request"]``.
        link : Link, optional
            The earlier decision that this one corrects or answers.
        facets : DecisionFacets, optional
            What the decision can be found by. They are taken as they are.

        Raises
        ------
        InputError
            If a key is missing, a name is not acceptable, or the decision is another one.
        """
        require_names(tenant, decision_id, idempotency_key)
        require_keys(parts)
        if b'"decision_id":' + canonical_bytes(decision_id) not in parts["decision"]:
            raise other_decision()
        kind, about = link or (None, None)
        clear = clear_parts(parts) | ({} if link is None else _clear(kind, about))
        return cls(
            tenant,
            decision_id,
            parts["decision"],
            joined_object(parts.items()),
            clear,
            enterprise_id,
            idempotency_key,
            request_sha256 or sha256_hex(parts["request"]),
            kind,
            about,
            facets=facets,
        )

    @classmethod
    def of_event(
        cls,
        tenant: str,
        event: JsonObject,
        *,
        enterprise_id: str | None,
        idempotency_key: str | None = None,
        request: JsonObject | None = None,
        first: str | None = None,
    ) -> Entry:
        """Make an entry of something that happened after a decision.

        Parameters
        ----------
        tenant : str
            Whose it is.
        event : dict
            ``event_id``, ``kind``, ``decision_id`` (the decision it is about, or None) and what happened.
        enterprise_id : str or None
            The firm.
        idempotency_key : str, optional
            As of :meth:`of`.
        request : dict, optional
            What must be the same under the same key; by default the event.
        first : str, optional
            The event, handed over before this one, without which this one is not recorded.

        Raises
        ------
        InputError
            If a name is not acceptable, or a value is not representable as JSON.
        """
        name, kind, about = event["event_id"], event["kind"], event["decision_id"]
        require_names(tenant, name, idempotency_key)
        answer = canonical_bytes(event)
        return cls(
            tenant,
            name,
            answer,
            joined_object([("event", answer)]),
            _clear(kind, about),
            enterprise_id,
            idempotency_key,
            digest(request) if request is not None else sha256_hex(answer),
            kind,
            about,
            first=first,
        )

    @classmethod
    def of_erasure(cls, tenant: str, event: JsonObject, erased: Sequence[str]) -> Entry:
        """Make an entry that says whose keys are deleted, and deletes them.

        Parameters
        ----------
        tenant : str
            Whose they are.
        event : dict
            ``event_id``, ``kind``, and why; names no firm.
        erased : sequence of str
            The decisions and events.
        """
        answer = canonical_bytes({**event, "erased": list(erased), "format": FORMAT})
        name = event["event_id"]
        require_names(tenant, name, None)
        return cls(
            tenant,
            name,
            answer,
            answer,
            None,
            None,
            None,
            sha256_hex(answer),
            event["kind"],
            None,
            tuple(erased),
        )


def _clear(kind: str | None, about: str | None) -> dict[str, bytes]:
    return {"kind": canonical_bytes(kind), "about": canonical_bytes(about)}


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


class DecisionRead(NamedTuple):
    """A decision as it was given, and the decisions before and after it that it is tied to.

    Parameters
    ----------
    decision_bytes : bytes
        The decision as RFC 8785 JSON.
    predecessor : str or None
        The decision that it corrects or answers an objection to.
    successors : tuple of str
        Those that correct it or answer an objection to it, the newest first, at most sixteen.
    """

    decision_bytes: bytes
    predecessor: str | None = None
    successors: tuple[str, ...] = ()


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


def require_texts(**texts: str) -> None:
    """Raise InputError ``ICS-LED-028`` unless these are texts of one line that say something."""
    for field, text in texts.items():
        if not (text.strip() and is_name(text)):
            raise InputError(
                "ICS-LED-028",
                f"must be one line of 1 to {_LONGEST_NAME} characters",
                field=field,
                remedy="say it in one line",
            )
