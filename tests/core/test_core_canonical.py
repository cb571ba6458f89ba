"""Canonical bytes: published vectors of RFC 8785, and what is refused."""

import hashlib
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from icsml.core.canonical import canonical_bytes, digest, sha256_file, sha256_hex
from icsml.errors import InputError


def test_the_example_of_rfc_8785_section_3_2_3():
    value = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/",
        "literals": [None, True, False],
    }
    assert canonical_bytes(value) == (
        b'{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        b'"string":"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )


@given(st.dictionaries(st.text(max_size=5), st.floats(allow_nan=False, allow_infinity=False), max_size=5))
def test_the_order_of_keys_changes_nothing(value):
    assert digest(value) == digest(dict(reversed(value.items())))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**60, object(), {"\ud800": 1}, "\ud800"])
def test_what_json_cannot_hold_is_refused(value):
    with pytest.raises(InputError, match="ICS-CFG-001"):
        canonical_bytes({"a": value})


@pytest.mark.parametrize("value", [2**60, 1e400, "x\ud800", {"4711\ud800": 1}])
def test_the_value_is_not_repeated(value):
    with pytest.raises(InputError) as caught:
        canonical_bytes({"a": value})
    said = "".join(traceback.format_exception(caught.value))
    assert caught.value.remedy
    assert caught.value.__suppress_context__
    for shown in (str(2**60), "inf", "4711", "ud800"):
        assert shown not in str(caught.value)
        assert shown not in said.rpartition("InputError")[2]


def test_file_and_bytes_digest_agree(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"abc")
    assert sha256_file(path) == sha256_hex(b"abc") == hashlib.sha256(b"abc").hexdigest()
