"""YAML errors name file, line and key."""

import pytest
from pydantic import BaseModel, ConfigDict

from icsml.core.yaml import dump_yaml, load_model, load_model_text
from icsml.errors import ConfigError, MissingError


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")
    size: int


class Whole(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    parts: list[Part] = []


GOOD = "name: 甲\nparts:\n  - size: 1\n  - size: 2\n"


def test_a_good_file_is_read(tmp_path):
    path = tmp_path / "good.yaml"
    path.write_text(GOOD, "utf-8")
    assert load_model(path, Whole, code="ICS-X-001").parts[1].size == 2


@pytest.mark.parametrize(
    ("text", "field", "message"),
    [
        ("name: a\nparts:\n  - size: 1\n  - size: big\n", "f:4: parts.1.size", "integer"),
        ("name: a\ncolour: red\n", "f:2: colour", "unknown key"),
        ("parts: []\n", "f:1: name", "required"),
        ("name: a\nname: b\n", "f:2", "written twice"),
        ("name: [a\n", "f:2", "not valid YAML"),
        ("", "f:1", "valid dictionary"),
    ],
)
def test_an_error_names_file_line_and_key(text, field, message):
    with pytest.raises(ConfigError) as caught:
        load_model_text(text, "f", Whole, code="ICS-X-001")
    assert caught.value.field == field
    assert message in caught.value.message


def test_a_missing_file_and_a_file_that_is_no_text(tmp_path):
    with pytest.raises(MissingError, match="no such file"):
        load_model(tmp_path / "none.yaml", Whole, code="ICS-X-001")
    (tmp_path / "raw.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        load_model(tmp_path / "raw.yaml", Whole, code="ICS-X-001")


def test_yaml_cannot_run_code():
    with pytest.raises(ConfigError, match="not valid YAML"):
        load_model_text("name: !!python/object/apply:os.system ['true']\n", "f", Whole, code="ICS-X-001")


def test_what_is_dumped_is_read_back():
    value = Whole(name="甲", parts=[Part(size=3)])
    assert load_model_text(dump_yaml(value.model_dump()), "f", Whole, code="ICS-X-001") == value
