"""The payload of a decision: all that is needed to decide it again, as canonical bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from icsml.core.canonical import canonical_bytes
from icsml.errors import InputError

__all__ = ["PAYLOAD_KEYS", "parse_payload", "payload_bytes"]

PAYLOAD_KEYS = frozenset({"request", "features", "decision", "bundle_sha256", "rulebook_sha256", "code_version"})
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
        hashes of bundle and rulebook, the version of the code.

    Raises
    ------
    InputError
        If a key is missing, the decision is another one, or a value is not representable as JSON, such as NaN.
    """
    missing = sorted(PAYLOAD_KEYS - payload.keys())
    if missing:
        raise InputError("ICS-LED-005", "missing from the payload", field=", ".join(missing), remedy="give every key")
    decision = payload["decision"]
    if not isinstance(decision, Mapping) or decision.get("decision_id") != decision_id:
        raise InputError(
            "ICS-LED-005", "not the decision being recorded", field="decision.decision_id", remedy="use one identifier"
        )
    try:
        return canonical_bytes(dict(payload))
    except (InputError, UnicodeEncodeError):
        # Without the cause, whose message holds the value.
        raise InputError("ICS-LED-005", "not representable as JSON", field="payload", remedy=_REMEDY) from None


def parse_payload(data: bytes) -> dict[str, Any]:
    """Return what canonical bytes say, such that the same bytes come from it again."""
    content: dict[str, Any] = json.loads(data, parse_int=_number)
    return content


def _number(text: str) -> int | float:
    """RFC 8785 writes every number as a double: beyond 2**53 only a float gives the same bytes again."""
    value = int(text)
    return value if abs(value) <= _LARGEST_INTEGER else float(text)
