"""The reference population: the same rows give the same bytes, and bytes that are anything else are refused."""

from contextlib import suppress
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from icsml.core.canonical import sha256_hex
from icsml.errors import ModelError
from icsml.model.reference import ReferencePopulation

ROWS = arrays(
    np.float64,
    st.tuples(st.integers(1, 6), st.integers(1, 5)),
    elements=st.floats(allow_infinity=False, allow_nan=True),
)


def population(rows, **points):
    return ReferencePopulation("training-applicants", rows, points)


def parsed(content, **points):
    return ReferencePopulation.parse(content, "training-applicants", sha256_hex(content), points)


def npy(array, version=(1, 0)):
    stream = BytesIO()
    np.lib.format.write_array(stream, array, version=version, allow_pickle=True)
    return stream.getvalue()


@given(ROWS)
def test_rows_are_read_back_as_they_were(rows):
    first = population(rows)
    again = parsed(first.content)
    assert again == first
    assert again.rows.tobytes() == first.rows.tobytes()
    np.testing.assert_array_equal(again.rows, rows)


@given(ROWS)
def test_the_bytes_depend_on_the_rows_alone(rows):
    payload = rows.copy()
    payload.view(np.uint64)[np.isnan(rows)] |= 5  # another bit pattern of NaN
    for same in (np.asfortranarray(rows), rows.astype(">f8"), payload):
        assert population(same).content == population(rows).content


def test_numpy_reads_it_without_pickle():
    rows = np.array([[1.0, np.nan], [0.1, -2.0]])
    np.testing.assert_array_equal(np.load(BytesIO(population(rows).content), allow_pickle=False), rows)


def test_medians_are_over_the_rows_that_have_a_value():
    rows = np.array([[1.0, np.nan, 4.0], [3.0, np.nan, np.nan], [7.0, np.nan, 5.0]])
    np.testing.assert_array_equal(population(rows).medians, [3.0, np.nan, 4.5])


def test_rows_cannot_be_changed_afterwards():
    rows = np.ones((2, 2))
    kept = population(rows)
    rows[0, 0] = 9.0
    assert kept.rows[0, 0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        kept.rows[0, 0] = 9.0


def test_populations_differ_by_rows_id_and_points():
    rows = np.ones((2, 2))
    assert population(rows, a=1.0) == population(rows, a=1.0)
    assert population(rows, a=1.0) != population(rows, a=2.0)
    assert population(rows) != ReferencePopulation("approval-margin", rows)
    assert population(rows) != population(2 * rows)
    assert population(rows) != "a population"
    assert len({population(rows), population(rows.copy())}) == 1


@pytest.mark.parametrize(
    "rows", [np.ones(3), np.ones((0, 3)), np.ones((3, 0)), np.array([[np.inf]])], ids=["flat", "none", "empty", "inf"]
)
def test_what_is_no_population_is_refused(rows):
    with pytest.raises(ModelError, match="ICS-MOD-021"):
        population(rows)


def test_nobody_and_no_numbers_are_refused():
    with pytest.raises(ModelError, match="ICS-MOD-021"):
        ReferencePopulation("training-cover", np.ones((1, 1)))
    with pytest.raises(ModelError, match="ICS-MOD-021"):
        population(np.ones((1, 1)), a=float("nan"))


SOUND = population(np.arange(6.0).reshape(2, 3)).content


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80\x04K\x01.",
        SOUND[:-1],
        SOUND + b"\0",
        SOUND[:20],
        npy(np.arange(6.0).reshape(2, 3), version=(2, 0)),
        npy(np.arange(6, dtype=np.float32).reshape(2, 3)),
        npy(np.arange(6.0)),
        npy(np.asfortranarray(np.arange(6.0).reshape(2, 3))),
        npy(np.arange(6.0).reshape(2, 3).astype(">f8")),
        npy(np.array([[None]], dtype=object)),
        npy(np.array([[np.inf]])),
        SOUND.replace(b"(2, 3)", b"(9, 9)"),
        SOUND.replace(b"(2, 3)", b"(2,3) "),
    ],
    ids=[
        "empty",
        "pickle",
        "short",
        "long",
        "head",
        "version",
        "float32",
        "flat",
        "fortran",
        "big-endian",
        "object",
        "infinite",
        "shape",
        "spacing",
    ],
)
def test_bytes_that_are_no_population_are_refused(content):
    with pytest.raises(ModelError, match="ICS-MOD-021") as caught:
        parsed(content)
    assert (caught.value.field, bool(caught.value.remedy)) == ("reference.npy", True)


@given(st.integers(0, len(SOUND) - 1), st.integers(1, 255))
def test_no_changed_byte_passes_for_the_same_rows(place, flip):
    changed = bytearray(SOUND)
    changed[place] ^= flip
    with suppress(ModelError):  # and no other error
        found = parsed(bytes(changed))
        assert found.content == bytes(changed)
        assert found != population(np.arange(6.0).reshape(2, 3))


def test_another_hash_is_refused():
    with pytest.raises(ModelError, match=r"not the one that bundle\.json describes"):
        ReferencePopulation.parse(SOUND, "training-applicants", "0" * 64, {})
