"""A pickle would be seen wherever it hid, so that its absence from the model store says something."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import zipfile
import zlib

import cloudpickle
import joblib
import numpy as np
import pytest

from icsml.core.paths import configs_dir
from icsml.features.encoder import Encoder
from icsml.registry.wheel import icsml_wheel

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
VALUES = {
    "plain values": {"model": [1.0, "x"]},
    "arrays": {"m": np.arange(5.0), "n": np.zeros((300, 2)), "o": np.arange(3)},
    "an object": Encoder,
    "one number": 5,
}


def joblib_bytes(value, **options):
    buffer = io.BytesIO()
    joblib.dump(value, buffer, **options)
    return buffer.getvalue()


def zipped(content, compression=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        archive.writestr("readme.txt", "nothing here")
        archive.writestr("data/weights", content)
    return buffer.getvalue()


def saved(save, *arrays):
    buffer = io.BytesIO()
    save(buffer, *arrays)
    return buffer.getvalue()


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_pickle_of_any_protocol_would_be_seen(holds_a_pickle, protocol, value):
    content = pickle.dumps(value, protocol=protocol)
    assert holds_a_pickle(content)
    assert holds_a_pickle(joblib_bytes(value, protocol=protocol))
    assert holds_a_pickle(zipped(content))
    assert holds_a_pickle(zipped(gzip.compress(content), zipfile.ZIP_STORED))


@pytest.mark.parametrize("method", ["zlib", "gzip", "bz2", "xz", "lzma"])
@pytest.mark.parametrize("level", [1, 3, 6, 9])
def test_a_compressed_pickle_would_be_seen(holds_a_pickle, method, level):
    content = joblib_bytes(VALUES["arrays"], compress=(method, level))
    assert holds_a_pickle(content)
    assert holds_a_pickle(zipped(content))


def test_a_pickle_of_code_would_be_seen(holds_a_pickle):
    assert holds_a_pickle(cloudpickle.dumps(lambda row: row + 1))


def test_an_array_of_objects_would_be_seen(holds_a_pickle):
    objects = np.array([{}, None])
    assert holds_a_pickle(saved(np.save, objects))
    assert holds_a_pickle(saved(np.savez, np.arange(3), objects))


@pytest.mark.parametrize("magic", [b"\x04\x22\x4d\x18", b"\x28\xb5\x2f\xfd"])
def test_what_cannot_be_opened_is_not_taken_for_harmless(holds_a_pickle, magic):
    assert holds_a_pickle(magic + b"\x00" * 20)


HARMLESS = {
    "nothing": b"",
    "a model": b"tree\nversion=v4\nnum_class=1\n",
    "json": json.dumps({"a": [1, None, "x."]}).encode(),
    "a list": b"[]\n",
    "a sentence": b"(See the card.)\n\nIt ends with a stop.",
    "a table": b"company,name\nregion,b\nR,1\n.",
    "a text that begins like zlib": b"x^2 is a square.",
    "a text that begins like bzip2": b"BZh is how bzip2 begins.",
    "Chinese": "科技型中小企业。".encode(),
    "requirements": b"cloudpickle==3.1.2\njoblib==1.6.0\n",
    "an array": saved(np.save, np.arange(6.0).reshape(2, 3)),
    "arrays": saved(np.savez, np.arange(3), np.zeros(2)),
    "compressed text": zlib.compress(b"tree\nversion=v4\n"),
    "zipped text": zipped(b"tree\nversion=v4\n"),
}


@pytest.mark.parametrize("content", HARMLESS.values(), ids=HARMLESS)
def test_what_is_no_pickle_is_not_taken_for_one(holds_a_pickle, content):
    assert not holds_a_pickle(content)


def test_the_wheel_is_not_taken_for_a_pickle(holds_a_pickle):
    assert not holds_a_pickle(icsml_wheel().content)


def test_no_file_of_the_configuration_is_taken_for_a_pickle(holds_a_pickle):
    files = [path for path in configs_dir().rglob("*") if path.is_file()]
    assert len(files) > 10
    assert [path.name for path in files if holds_a_pickle(path.read_bytes())] == []
