"""A record on the command line is read as strictly as by the service."""

import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from icsml.cli.arguments import read_json
from icsml.errors import InputError, MissingError


@pytest.mark.parametrize(
    "text",
    [
        b'{"enterprise_id": "E4711", "enterprise_id": "E2"}',
        b'{"revenue_cny": NaN}',
        b'{"revenue_cny": 1e999}',
        b'{"revenue_cny": ' + b"4711" * 2000 + b"}",
        b'{"enterprise_id": "E4711\\ud800"}',
        b'{"a":' * 100_000,
        b'{\n"a" 4711}',
    ],
    ids=lambda text: text[:30].decode(),
)
@pytest.mark.parametrize("stdin", [False, True], ids=["file", "stdin"])
def test_what_the_service_refuses_is_refused(tmp_path, monkeypatch, text, stdin):
    path = Path("-") if stdin else tmp_path / "record.json"
    if stdin:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(text)))
    else:
        path.write_bytes(text)
    with pytest.raises(InputError, match="not valid JSON: ") as caught:
        read_json(path)
    assert (caught.value.code, caught.value.field.split(":")[0]) == ("ICS-CLI-002", str(path))
    assert caught.value.remedy
    assert "4711" not in str(caught.value).replace(str(path), "")


def test_the_line_of_a_fault_of_syntax_is_named(tmp_path):
    path = tmp_path / "record.json"
    path.write_text('{\n"a" 1}')
    with pytest.raises(InputError) as caught:
        read_json(path)
    assert caught.value.field == f"{path}:2"


@pytest.mark.parametrize("text", [b"[]", b"1", b"null"])
def test_one_object_is_wanted(tmp_path, text):
    (tmp_path / "record.json").write_bytes(text)
    with pytest.raises(InputError, match="holds no JSON object"):
        read_json(tmp_path / "record.json")


def test_other_text_and_no_file_are_said_so(tmp_path):
    (tmp_path / "record.json").write_bytes('{"enterprise_id": "\u4f01"}'.encode("gb18030"))
    with pytest.raises(InputError, match="not UTF-8 text"):
        read_json(tmp_path / "record.json")
    with pytest.raises(MissingError, match="ICS-CLI-001"):
        read_json(tmp_path / "none.json")
