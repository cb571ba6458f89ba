"""Records read from Arrow's buffers: the same columns and the same errors as by way of a frame."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icsml.errors import InputError
from icsml.records import arrow_columns as module
from icsml.records.arrow_columns import arrow_columns, text_array
from icsml.records.columns import to_columns
from icsml.records.extra import ExtraFeature
from icsml.records.field import Kind
from icsml.records.fields import FIELD_BY_NAME
from icsml.records.frame import validate_frame
from icsml.records.screening import screen
from icsml.records.uscc import check_character, is_valid_uscc, wrong_usccs
from icsml.texts.label import Label

EXTRA = ExtraFeature(name="X1", label=Label(en="a", zh="甲"), group="g")
CODE = "91350100M000100Y43"
DAYS = [dt.date(2026, 6, 30), dt.date(1, 1, 1), dt.date(1969, 12, 31), None]


def by_frame(table):
    return to_columns(validate_frame(table.to_pandas(), [EXTRA]), [EXTRA])


def outcome(read, table):
    """Return columns as bits, or the error."""
    try:
        columns = read(table)
    except InputError as error:
        return error.code, error.field, error.message, error.remedy, error.details
    texts = {name: list(columns[name]) for name in columns.texts}
    return columns.numbers.tobytes(), texts


def ours(table):
    return arrow_columns(table, [EXTRA])


def of(**columns):
    arrays = {name: values if isinstance(values, pa.Array) else pa.array(values) for name, values in columns.items()}
    n = len(next(iter(arrays.values())))
    return pa.table({"enterprise_id": pa.array([f"E{i}" for i in range(n)])} | arrays)


@pytest.fixture
def no_frame(monkeypatch):
    """Reading that falls back to a frame fails."""

    def refuse(*_):
        raise AssertionError("read by way of a frame")

    monkeypatch.setattr(module, "validate_frame", refuse)


USUAL = {
    "floats": {"revenue_cny": [1.5, None, float("nan"), -0.0]},
    "single floats": {"revenue_cny": pa.array([1.5, None, 1e30], pa.float32())},
    "integers": {"staff_total": pa.array([3, None, 0], pa.int16()), "revenue_cny": [2**53 + 1, None, -5]},
    "whole floats": {"staff_total": [3.0, None, 1e6]},
    "flags": {"led_standard": [True, None, False]},
    "nothing": {"led_standard": pa.nulls(2), "revenue_cny": pa.nulls(2), "as_of": pa.nulls(2), "region": pa.nulls(2)},
    "dates": {"as_of": pa.array(DAYS, pa.date32())},
    "times": {
        "as_of": pa.array(DAYS, pa.date32()).cast(pa.timestamp("us")),
        "founded_on": pa.array(DAYS, pa.date32()).cast(pa.timestamp("ms")),
    },
    "texts": {"region": ["350100", None], "uscc": [CODE, None], "enterprise_name": ["示例科技有限公司", "a" * 128]},
    "large texts": {"region": pa.array(["350100", None], pa.large_string()), "uscc": pa.array([None, CODE])},
    "dictionaries": {"technical_field": pa.array(["biomedicine", None, "biomedicine"]).dictionary_encode()},
    "punctuation": {"enterprise_name": ["“示例”—科技", "ع"]},
    "an extra feature": {"extra.X1": [1e300, None, -1.0]},
}


def parts(table):
    """The table, a part of it, its columns in pieces, and its last rows: bits and letters that begin elsewhere."""
    yield table
    yield pa.concat_tables([table] * 5).slice(3, 2 * len(table)).combine_chunks()
    yield pa.concat_tables([table] * 2)
    yield table.slice(len(table) - 1)


@pytest.mark.usefixtures("no_frame")
@pytest.mark.parametrize("columns", USUAL.values(), ids=USUAL)
def test_usual_types_are_read_without_a_frame(columns):
    for table in parts(of(**columns)):
        plain = module._plain(table).combine_chunks()
        expected = to_columns(validate_frame(plain.to_pandas(), [EXTRA]), [EXTRA])
        found = ours(table)
        assert found.numbers.tobytes() == expected.numbers.tobytes()
        assert {name: list(values) for name, values in found.texts.items()} == {
            name: list(values) for name, values in expected.texts.items()
        }
        assert (screen(found, [EXTRA]).present == screen(expected, [EXTRA]).present).all()
        assert text_array(found, "enterprise_id") == text_array(expected, "enterprise_id")
        assert text_array(found, "region").to_pylist() == list(expected["region"])


UNUSUAL = {
    "unknown": {"colour": [1.0]},
    "a fraction of a person": {"staff_total": [2.5, 3.0]},
    "endless staff": {"staff_total": [float("inf")]},
    "too many": {"staff_total": [1, 2_000_000]},
    "below": {"bank_pd": [-0.1, None]},
    "numbers as texts": {"revenue_cny": ["5", None]},
    "truth as number": {"revenue_cny": [True, None]},
    "number as truth": {"led_standard": [1.0, None]},
    "two as truth": {"led_standard": [2.0, None]},
    "decimals": {"revenue_cny": pa.array([Decimal("1.50"), None])},
    "number as text": {"region": [350100]},
    "dates as texts": {"as_of": ["2026-06-30", None]},
    "no date": {"as_of": ["yesterday"]},
    "a time of day": {"as_of": pa.array([dt.datetime(2026, 6, 30, 12)])},
    "before 1970 with a time": {"as_of": pa.array([dt.datetime(1960, 6, 30, 0, 0, 1)])},
    "a time zone": {"as_of": pa.array([0, 57_600_000_000], pa.timestamp("us", tz="Asia/Shanghai"))},
    "milliseconds": {"as_of": pa.array(DAYS[:1], pa.date64())},
    "a pattern": {"region": ["350100", "350100\n"]},
    "a letter": {"uscc": [CODE, "9135010OM000100Y43"]},
    "no choice": {"technical_field": pa.array(["biomedicine", "alchemy"]).dictionary_encode()},
    "an empty name": {"enterprise_name": ["a", ""]},
    "a long name": {"enterprise_name": ["示" * 129]},
    "a line": {"enterprise_name": ["a\tb"]},
    "a direction": {"enterprise_name": ["\u202eabc"]},
    "no identifier": {"enterprise_id": ["a", None]},
}


@pytest.mark.parametrize("columns", UNUSUAL.values(), ids=UNUSUAL)
def test_whatever_is_unusual_ends_as_by_way_of_a_frame(columns):
    table = of(**columns)
    assert outcome(ours, table) == outcome(by_frame, module._plain(table))


@pytest.mark.parametrize("days", [["2026-06-30", None], [dt.datetime(2026, 6, 30), None]])
def test_a_column_of_an_unusual_type_makes_only_itself_slow(monkeypatch, days):
    frames = []

    def spied(frame, extras):
        frames.append(list(frame.columns))
        return validate_frame(frame, extras)

    monkeypatch.setattr(module, "validate_frame", spied)
    zoned = pa.array(days) if isinstance(days[0], str) else pa.array(days).cast(pa.timestamp("us", tz="UTC"))
    found = ours(of(as_of=zoned, revenue_cny=[1.5, None]))
    assert frames == [["enterprise_id", "as_of"]]
    assert found["as_of"][0] == np.datetime64("2026-06-30")
    np.testing.assert_array_equal(found["revenue_cny"], [1.5, np.nan])


def test_a_wrong_text_that_no_row_has_refuses_nothing():
    table = of(
        technical_field=pa.DictionaryArray.from_arrays(pa.array([0, None]), pa.array(["biomedicine", "alchemy"]))
    )
    assert list(ours(table)["technical_field"]) == ["biomedicine", None]


def test_a_column_twice_and_one_that_is_required_are_refused():
    twice = pa.Table.from_arrays([pa.array(["a"])] * 2, names=["enterprise_id", "enterprise_id"])
    for table, message in ((twice, "stands 2 times"), (pa.table({"revenue_cny": [1.0]}), "required column is absent")):
        with pytest.raises(InputError, match=message):
            ours(table)


def test_bytes_that_are_no_text_are_not_taken_for_one():
    letters = pa.py_buffer(b"\xe7\xa4")
    name = pa.Array.from_buffers(pa.string(), 1, [None, pa.py_buffer(np.array([0, 2], np.int32)), letters])
    assert module._read(of(enterprise_name=name), (EXTRA,)) is None


def test_every_character_is_accepted_or_refused_as_by_a_frame():
    characters = [chr(code) for code in range(0x10000) if not 0xD800 <= code < 0xE000]
    field = FIELD_BY_NAME["enterprise_name"]
    refused = [character for character in characters if not module.TEXT.fullmatch(character)]
    assert len(refused) > 32
    for character in refused:
        assert not module._are_acceptable_texts(pa.array([character]), field)
    assert module._are_acceptable_texts(pa.array(sorted({*characters} - {*refused})), field)


CELLS = {
    Kind.NUMBER: st.one_of(st.none(), st.floats(), st.integers(-5, 2**60)),
    Kind.COUNT: st.one_of(st.none(), st.integers(-1, 10**7), st.floats(-1, 10)),
    Kind.FLAG: st.one_of(st.none(), st.booleans()),
    Kind.DATE: st.one_of(st.none(), st.dates()),
    Kind.TEXT: st.one_of(st.none(), st.text(max_size=5), st.just("350100"), st.just(CODE)),
    Kind.CATEGORY: st.sampled_from([None, "biomedicine", "none", "project", "x"]),
}
NAMES = ["revenue_cny", "bank_pd", "staff_total", "led_standard", "as_of", "region", "uscc", "technical_field"]


@st.composite
def tables(draw):
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=4))
    n = draw(st.integers(1, 5))
    columns = {}
    for name in names:
        kind = CELLS[FIELD_BY_NAME[name].kind]
        cells = draw(st.lists(kind, min_size=n, max_size=n))
        try:
            columns[name] = pa.array(cells)
        except (pa.ArrowInvalid, pa.ArrowTypeError):  # integers beside floats
            columns[name] = pa.array([None if cell is None else float(cell) for cell in cells])
        if draw(st.booleans()) and pa.types.is_string(columns[name].type):
            columns[name] = columns[name].dictionary_encode()
    identifiers = draw(st.lists(st.text(min_size=1, max_size=3) | st.just("E1"), min_size=n, max_size=n))
    return pa.table({"enterprise_id": pa.array(identifiers, pa.string())} | columns)


@settings(max_examples=100, deadline=None)
@given(tables())
def test_both_ways_give_the_same_columns_or_the_same_error(table):
    assert outcome(ours, table) == outcome(by_frame, module._plain(table))


LETTERS = st.text("0123456789ABCDEFGHJKLMNPQRTUWXYIOSVZa９", min_size=0, max_size=20)
RIGHT = st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=17, max_size=17).map(
    lambda body: body + check_character(body)
)


@given(st.lists(st.none() | LETTERS | RIGHT | RIGHT.map(lambda code: code[:-1] + "0"), min_size=1, max_size=6))
def test_codes_in_a_column_are_judged_as_one_alone(codes):
    expected = [code is not None and not is_valid_uscc(code) for code in codes]
    array = pa.array(codes, pa.string())
    for texts in (
        array,
        array.cast(pa.large_string()),
        array.dictionary_encode(),
        pa.concat_arrays([array] * 2)[len(codes) :],
    ):
        assert wrong_usccs(texts).tolist() == expected
