"""The payload of a decision: everything needed to repeat it, as canonical bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

from icsml.core.canonical import canonical_bytes, joined_object
from icsml.core.strict_json import JsonObject
from icsml.errors import InputError
from icsml.ledger.sealing import altered

__all__ = [
    "PAYLOAD_KEYS",
    "Payload",
    "parse_decision",
    "parse_payload",
    "payload_bytes",
    "payload_parts",
    "stored_answer",
    "stored_decision",
    "stored_part",
]


class Payload(TypedDict):
    """Everything needed to repeat a decision; payloads of earlier releases lack ``key_id`` and ``settings``.

    ``because`` is there where it was decided anew: why.
    """

    request: JsonObject
    features: dict[str, float | None]
    decision: JsonObject
    bundle_sha256: str
    rulebook_sha256: str | None
    code_version: str
    key_id: NotRequired[str | None]
    settings: NotRequired[JsonObject]
    because: NotRequired[JsonObject]


PAYLOAD_KEYS = frozenset(Payload.__annotations__) - {"settings", "because"}
"""What none may lack that is recorded; `decision_entry` records the settings too."""
_DECODER = json.JSONDecoder()
_LARGEST_INTEGER = 2**53 - 1
_REMEDY = "record finite numbers, null where missing, and text that is valid Unicode"


def payload_bytes(decision_id: str, payload: Mapping[str, Any]) -> bytes:
    """Return the RFC 8785 bytes of a payload.

    Parameters
    ----------
    decision_id : str
        The identifier that ``payload["decision"]`` must carry.
    payload : mapping
        At least `PAYLOAD_KEYS`: the record as received, the features by name (missing as None), the decision, the
        hashes of bundle and rulebook, the version of the code, the identifier of the caller's key or None.

    Raises
    ------
    InputError
        If a key is missing, the decision is another one, or a value is not representable as JSON, such as NaN.
    """
    return joined_object(payload_parts(decision_id, payload).items())


def payload_parts(decision_id: str, payload: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the RFC 8785 bytes of each value of a payload by its key, so that none is made canonical twice.

    Raises
    ------
    InputError
        As :func:`payload_bytes`.
    """
    require_keys(payload)
    decision = payload["decision"]
    if not isinstance(decision, Mapping) or decision.get("decision_id") != decision_id:
        raise other_decision()
    try:
        parts = {key: canonical_bytes(value) for key, value in payload.items()}
        canonical_bytes(list(payload))
    except InputError:
        # Without the cause, whose message contains the value.
        raise InputError("ICS-LED-005", "not representable as JSON", field="payload", remedy=_REMEDY) from None
    return parts


def require_keys(payload: Mapping[str, object]) -> None:
    """Raise InputError ``ICS-LED-005`` if a key of a payload is missing."""
    if missing := sorted(PAYLOAD_KEYS - payload.keys()):
        raise InputError("ICS-LED-005", "missing from the payload", field=", ".join(missing), remedy="give every key")


def other_decision() -> InputError:
    """Return the error of a payload that holds another decision than the one being recorded."""
    return InputError(
        "ICS-LED-005", "not the decision being recorded", field="decision.decision_id", remedy="use one identifier"
    )


def stored_decision(data: bytes) -> bytes:
    """Return the bytes of the decision in the bytes of a payload, without writing them anew.

    Raises
    ------
    LedgerError
        As :func:`stored_part`.
    """
    return stored_part(data, "decision")


def stored_answer(data: bytes) -> bytes:
    """Return the bytes of what was answered, decision or event, in the bytes of a content.

    Raises
    ------
    LedgerError
        As :func:`stored_part`.
    """
    return stored_part(data, "event" if data.startswith(b'{"event":') else "decision")


def stored_part(data: bytes, name: str) -> bytes:
    """Return the bytes of one value in the bytes of a payload, without writing them anew.

    Raises
    ------
    LedgerError
        ``ICS-LED-008`` if it is not there, or they are no JSON.
    """
    start = end = 0
    key = None
    try:
        text = data.decode()
        while key != name:
            key, start = _DECODER.raw_decode(text, end + 1)  # after the brace, or the comma
            _, end = _DECODER.raw_decode(text, start + 1)
    except (ValueError, RecursionError):
        raise altered() from None
    return text[start + 1 : end].encode()


def parse_payload(data: bytes) -> Payload:
    """Parse the bytes of a payload so that it serialises to the same bytes again.

    Raises
    ------
    LedgerError
        ``ICS-LED-008`` if they are no JSON object.
    """
    try:
        payload: Payload = json.loads(data, parse_int=_number)
    except (ValueError, RecursionError):
        raise altered() from None
    if not isinstance(payload, dict):
        raise altered()
    return payload


def parse_decision(data: bytes) -> JsonObject:
    """Parse the bytes of a decision so that it serialises to the same bytes again."""
    decision: JsonObject = json.loads(data, parse_int=_number)
    return decision


def _number(text: str) -> int | float:
    """RFC 8785 writes every number as a double: beyond 2**53 only a float gives the same bytes again."""
    value = int(text)
    return value if abs(value) <= _LARGEST_INTEGER else float(text)
