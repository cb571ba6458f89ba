"""A decision recorded by an earlier release is replayed to the byte for ever, with the bundle of that time.

``payload.json`` is a payload as it is written today, ``earlier_payload.json`` one as releases before wrote it, without
``key_id`` and ``settings``. Bundle and payloads are never written again; a later format of a payload joins them.
"""

from pathlib import Path

import pytest

from icsml.core.canonical import sha256_hex
from icsml.ledger.payload import parse_payload, stored_decision
from icsml.ledger.replay import replay
from icsml.model.bundle import read_bundle

FROZEN = Path(__file__).with_name("replayed")
PAYLOADS = {
    "payload.json": "8eb90a78b1183ed2d9d793813ff02dfc091252ae5d0e3a32f376c6b9dddf93b4",
    "earlier_payload.json": "17c05d4161d519172c40f90bdedd6cb30c4365ea16f5224d08aab1e3b3e06587",
}
DECISION = "f5084451e806ecb47b000f91b426fc7ea84d2e9fa3b0c17a36b480d54991a48c"


@pytest.mark.parametrize("file", PAYLOADS)
def test_it_decides_to_the_byte_as_it_did(file):
    data, bundle = (FROZEN / file).read_bytes(), read_bundle(FROZEN / "bundle")
    assert sha256_hex(data) == PAYLOADS[file]
    assert sha256_hex(stored_decision(data)) == DECISION
    (one,) = replay(bundle, [(parse_payload(data)["decision"]["decision_id"], data)])
    assert (one.error, one.differences) == (None, ())


def test_the_earlier_payload_lacks_what_was_added_later():
    later, earlier = (parse_payload((FROZEN / file).read_bytes()) for file in PAYLOADS)
    assert later.keys() - earlier.keys() == {"key_id", "settings"}
