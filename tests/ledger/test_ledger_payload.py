from __future__ import annotations

import hashlib

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from icsml.core.canonical import joined_object
from icsml.errors import InputError
from icsml.ledger import GENESIS, PAYLOAD_KEYS, ChainRow, parse_payload, payload_bytes
from icsml.ledger.payload import payload_parts, stored_decision

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def payload(decision_id="d-1", **parts):
    return {
        "request": {"enterprise_id": "e-1", "revenue_cny": 1e7},
        "features": {"debt_to_assets": 0.5, "roe": None},
        "decision": {"decision_id": decision_id, "pd": 0.0213},
        "bundle_sha256": "b" * 64,
        "rulebook_sha256": None,
        "code_version": "0.1.0",
        "key_id": "0123456789ab",
    } | parts


@given(JSON)
def test_parsing_gives_the_content_and_the_same_bytes_again(value):
    data = payload_bytes("d-1", payload(request=value))
    parsed = parse_payload(data)
    assert parsed["request"] == value
    assert payload_bytes("d-1", parsed) == data


@given(JSON)
def test_the_stored_decision_is_the_bytes_of_the_decision(value):
    before = {"a": {"decision": value}, 'b":1,"decision': 1}
    whole = payload(decision={"decision_id": "d-1", "part": value}) | before
    assert stored_decision(payload_bytes("d-1", whole)) == rfc8785.dumps(whole["decision"])


@pytest.mark.parametrize("value", [1e20, 1.7e308, -1e16, 5e-324, 33.0, 2**53 - 1])
def test_numbers_of_any_size_keep_their_bytes(value):
    data = payload_bytes("d-1", payload(features={"x": value}))
    assert payload_bytes("d-1", parse_payload(data)) == data
    assert parse_payload(data)["features"]["x"] == value


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), 2**53, 12345678901234567890, "\ud800", {"\udfff": 1}, {1: 2}, object()],
)
def test_what_json_cannot_say_is_refused_without_its_value(value):
    with pytest.raises(InputError) as caught:
        payload_bytes("d-1", payload(request={"field": value}))
    assert caught.value.code == "ICS-LED-005"
    assert "12345678901234567890" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("key", sorted(PAYLOAD_KEYS))
def test_every_key_is_needed(key):
    incomplete = payload()
    del incomplete[key]
    with pytest.raises(InputError, match="missing") as caught:
        payload_bytes("d-1", incomplete)
    assert caught.value.field == key


@pytest.mark.parametrize("decision", [{"decision_id": "d-2"}, {}, None, "d-1"])
def test_another_decision_is_refused(decision):
    with pytest.raises(InputError) as caught:
        payload_bytes("d-1", payload(decision=decision))
    assert caught.value.field == "decision.decision_id"


def test_a_row_hashes_the_canonical_bytes_of_all_its_fields():
    row = ChainRow("t", "w", 1, "2026-01-01T00:00:00.000000Z", "d-1", "a" * 64, GENESIS)
    expected = (
        '{"decision_id":"d-1","payload_sha256":"' + "a" * 64 + '","previous_sha256":"' + "0" * 64 + '",'
        '"recorded_at":"2026-01-01T00:00:00.000000Z","sequence":1,"tenant":"t","writer":"w"}'
    )
    assert row.sha256 == hashlib.sha256(expected.encode()).hexdigest()


def test_the_parts_joined_are_the_bytes_of_the_whole():
    whole = payload() | {"\ufb33": 1, "\U0001f600": [], "é": {"b": 1.0, "a": None}, "Z": "</script>"}
    parts = payload_parts("d-1", whole)
    assert joined_object(parts.items()) == payload_bytes("d-1", whole) == rfc8785.dumps(whole)
    assert parts["decision"] == rfc8785.dumps(whole["decision"])
