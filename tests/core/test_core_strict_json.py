"""Strict JSON: what two readers would read differently is refused, and no message repeats a value."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from icsml.core import strict_json
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


# Pieces that make valid texts, invalid ones, and those that two parsers might read differently.
PIECES = [
    *["{", "}", "[", "]", ",", ":", " ", '"', "\\", "\0", "\x7f", "\ufeff", "é", "1", "0", "-", ".", "null", "true"],
    *['"a"', '"a":', '"b":1', '"a:b"', r'"\u00e9"', r'"\ud800"', r'"\ud83d\ude00"'],
    *["-0", "-0.0", "1.0", "1e5", "1E+2", "1e400", "1e-400", "0.1", "01", "NaN", "Infinity"],
]
TEXTS = (
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
    | st.lists(st.integers(-(2**70), 2**70) | st.integers(2**53 - 3, 2**53 + 3), max_size=2).map(str)
    | VALUES.map(json.dumps)
)


def _read(parse, text):
    try:
        return repr(parse(text))
    except StrictJsonError as error:
        return error.fault, error.line


@given(TEXTS, st.integers(0, 40))
def test_the_fast_parser_accepts_nothing_that_the_careful_one_reads_differently(text, depth):
    text = "[" * depth + text + "]" * depth
    for data in (text, text.encode()):
        assert _read(parse_json, data) == _read(strict_json._parse_carefully, data)


@given(st.binary(max_size=12), VALUES)
def test_bytes_that_are_no_text_are_read_alike(noise, value):
    data = json.dumps(value, ensure_ascii=False).encode()
    for torn in (noise, data[: len(data) // 2] + noise + data[len(data) // 2 :]):
        assert _read(parse_json, torn) == _read(strict_json._parse_carefully, torn)


@given(st.lists(st.sampled_from(["a", "b", "é", "a:b"]), max_size=4), st.sampled_from([":", " :", ": ", '"', "\\"]))
def test_a_name_that_stands_twice_is_always_found(names, text):
    inner = ", ".join(f"{json.dumps(name)} : {json.dumps(text)}" for name in names)
    read = _read(parse_json, f'{{"x": [{{{inner}}}]}}')
    assert ("twice" in read[0]) is (len(set(names)) < len(names))


def test_a_record_is_read_by_the_fast_parser(monkeypatch):
    monkeypatch.setattr(strict_json, "_parse_carefully", None)
    assert parse_json(b'{"name": "x", "n": 1, "extra": {"f": 1.5, "g": null}}')["extra"] == {"f": 1.5, "g": None}
