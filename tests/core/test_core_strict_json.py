"""Strict JSON: what two readers would read differently is refused, and no message repeats a value."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from icsml.core.canonical import canonical_bytes
from icsml.core.strict_json import StrictJsonError, parse_json

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_what_json_writes_is_read_back(value):
    text = json.dumps(value)
    assert parse_json(text) == parse_json(text.encode()) == value


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"4711": 1, "4711": 2}', "twice"),
        ('{"a": [{"b": 1, "b": 1}]}', "twice"),
        ("[NaN]", "NaN"),
        ("[-Infinity]", "Infinity"),
        ("[1e999]", "double"),
        ("[" + "4711" * 2000 + "]", "double"),
        ('["4711\\ud800"]', "surrogate"),
        ('{"\\udfff4711": 1}', "surrogate"),
        ("[" * 100_000, "deep"),
        (b"[\xff]", "UTF-8"),
        ("", "syntax"),
        ("[4711,]", "syntax"),
        ("4711 4711", "syntax"),
        ("\ufeff{}", "syntax"),
    ],
    ids=lambda value: str(value)[:20].encode("unicode_escape").decode(),
)
def test_what_readers_disagree_on_is_refused_without_its_value(text, fault):
    with pytest.raises(StrictJsonError) as caught:
        parse_json(text)
    assert fault in caught.value.fault
    assert "4711" not in str(caught.value)


def test_a_fault_of_syntax_has_its_line():
    with pytest.raises(StrictJsonError) as caught:
        parse_json('{"a": 1,\n"b": }')
    assert caught.value.line == 2


@pytest.mark.parametrize(("text", "value"), [("9007199254740991", 2**53 - 1), ("9007199254740993", 2.0**53)])
def test_an_integer_beyond_a_double_is_read_as_one(text, value):
    parsed = parse_json(text)
    assert (parsed, type(parsed)) == (value, type(value))
    assert canonical_bytes(parsed)
