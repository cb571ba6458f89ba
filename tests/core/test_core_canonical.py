"""Canonical bytes: published vectors of RFC 8785, the package rfc8785 as an oracle, and what is refused."""

import enum
import hashlib
import json
import math
import struct
import traceback

import numpy as np
import pytest
import rfc8785
from hypothesis import example, given, settings
from hypothesis import strategies as st

from icsml.core.canonical import (
    canonical_bytes,
    digest,
    joined_object,
    number,
    rendered,
    sha256_file,
    sha256_hex,
    written,
)
from icsml.errors import InputError

# Half surrogates and all numbers are drawn too: what the package refuses must be refused here.
TEXT = st.text(st.characters(), max_size=8)
DOUBLES = st.binary(min_size=8, max_size=8).map(lambda data: struct.unpack("<d", data)[0])
NUMBERS = st.floats() | DOUBLES | st.integers() | st.integers(-(2**53) - 2, 2**53 + 2) | st.floats(-1e22, 1e22)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=16,
)


def _outcome(write, value):
    try:
        return write(value)
    except (InputError, rfc8785.CanonicalizationError, UnicodeEncodeError):
        return None


@settings(max_examples=500)
@given(VALUES)
@example({"\ufb33": 1, "\U0001f600": 2, "\u20ac": 3, "\r": 4, "1": 5, "\u0080": 6, "\u00f6": 7})
@example([0.0, -0.0, 1e-6, 1e-7, 1.5e-6, 1e-4, 1e15, 1e16, 1e20, 1e21, 1.2345678901234567e20, 5e-324, -1.5e300])
@example(["".join(map(chr, range(0x100))), "\u2028\u2029\ufffe", [], {}, (), 2**53 - 1, -(2**53) + 1])
def test_the_bytes_are_those_of_the_package(value):
    assert _outcome(canonical_bytes, value) == _outcome(rfc8785.dumps, value)


@settings(max_examples=1000)
@given(DOUBLES | st.floats(1e-8, 1e-3) | st.floats(1e14, 1e23))
def test_a_double_is_written_as_the_package_writes_it_and_read_back(value):
    written = _outcome(canonical_bytes, value)
    assert written == _outcome(rfc8785.dumps, value)
    assert written is None or float(json.loads(written)) == value


@settings(max_examples=1000)
@given(DOUBLES | st.floats(1e-8, 1e-3) | st.floats(1e14, 1e23) | st.integers(-(2**53), 2**53).map(float))
@example(0.0)
@example(-0.0)
@example(1e-4)
@example(1e15)
@example(-1e21)
@example(5e-324)
def test_a_number_is_written_as_the_package_writes_it(value):
    if not math.isfinite(value):
        with pytest.raises(ValueError, match=r"^$"):
            number(value)
        return
    assert written(number(value)) == written([number(value)])[1:-1] == rfc8785.dumps(value)


MADE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False).map(number)
    | st.text(max_size=8).map(rendered)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(max_codepoint=127), max_size=8), inner, max_size=5)
    ),
    max_leaves=16,
)


@settings(max_examples=300)
@given(MADE)
def test_what_is_made_for_it_is_written_canonically(value):
    content = json.loads(written(value), parse_int=_as_number)
    assert written(value) == canonical_bytes(content) == rfc8785.dumps(content)


def _as_number(digits):
    """Read digits as JavaScript does: a whole number beyond 2**53 is a double."""
    return int(digits) if abs(int(digits)) < 2**53 else float(digits)


class _Shade(enum.StrEnum):
    DARK = "dark"


class _Level(enum.IntEnum):
    HIGH = 3


def test_subclasses_are_written_as_what_they_are():
    value = {_Shade.DARK: [_Shade.DARK, _Level.HIGH, np.float64(0.1), (1, True)]}
    assert canonical_bytes(value) == rfc8785.dumps(value) == b'{"dark":["dark",3,0.1,[1,true]]}'


@given(st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=6))
def test_an_object_joined_from_bytes_is_the_object(value):
    parts = [(key, canonical_bytes(part)) for key, part in value.items()]
    assert joined_object(parts) == joined_object(reversed(parts)) == rfc8785.dumps(value)


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


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), 2**60, object(), {"\ud800": 1}, "\ud800", {1: 2}, np.bool_(1), {2}, b""]
)
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
