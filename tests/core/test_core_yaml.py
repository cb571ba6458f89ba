"""YAML errors name file, line and key."""

import re
from typing import Annotated, Literal

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from icsml.core.yaml import compose, dump_yaml, line_of, load_model, load_model_text, merged, parse_change, written_at
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


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")


@pytest.mark.parametrize(
    ("text", "field", "said"),
    [
        ("a: 1\nb: 2015-02-30\n", "f:2", "no timestamp"),
        ("a: 1\nb: !!int many\n", "f:2", "no int"),
        ("a: 1\nb: !!bool maybe\n", "f:2", "no bool"),
        ("a: 1\nb: !!timestamp soon\n", "f:2", "no timestamp"),
        ("a: 1\nb: !!map soon\n", "f:2", "expected a mapping node"),
        ("a: 1\n? [a, b]\n: 2\n", "f:2", "plain text"),
        ("a: 1\nb: {? {c: 1} : 2}\n", "f:2", "plain text"),
        ("a: 1\nb: \x07\n", "f:2", "special characters"),
        ("a: " + "[" * 3000, "f", "nested too deeply"),
    ],
)
def test_what_yaml_cannot_read_is_an_error_with_its_line(text, field, said):
    with pytest.raises(ConfigError, match="not valid YAML") as caught:
        load_model_text(text, "f", Open, code="ICS-X-001")
    assert caught.value.field == field
    assert said in caught.value.message
    assert caught.value.remedy


class Round(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["round"]
    radius: float


class Square(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["square"]
    side: float = Field(alias="edge")


class Drawing(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: str = ""
    shapes: list[Annotated[Round | Square, Field(discriminator="kind")]] = []
    frame: Whole | Part | None = None
    named: dict[Annotated[str, Field(pattern="^[a-z]+$")], Part] = {}


@pytest.mark.parametrize(
    ("text", "field", "remedy"),
    [
        ("titel: a\n", "f:1: titel", "take it out or correct it; known keys: title, shapes, frame, named"),
        (
            "shapes:\n  - kind: round\n    radius: 1\n    edge: 2\n",
            "f:4: shapes.0.edge",
            "take it out or correct it; known keys: kind, radius",
        ),
        (
            "shapes:\n  - kind: square\n    edge: 1\n    side: 2\n",
            "f:4: shapes.0.side",
            "take it out or correct it; known keys: kind, edge",
        ),
        ("named:\n  a: {size: 1, name: b}\n", "f:2: named.a.name", "take it out or correct it; known keys: size"),
        ("shapes:\n  - kind: round\n", "f:2: shapes.0.radius", "add it"),
        ("shapes:\n  - kind: round\n    radius: wide\n", "f:3: shapes.0.radius", "correct the value"),
        ("named:\n  a: {size: 1}\n  B: {size: 1}\n", "f:3: named.B", "correct the value"),
        ("frame: {size: wide}\n", "f:1: frame.name", "add it"),
        ("title: [a\n", "f:2", "correct the YAML at this line"),
    ],
)
def test_every_error_carries_a_remedy_and_a_path_of_the_document(text, field, remedy):
    with pytest.raises(ConfigError) as caught:
        load_model_text(text, "f", Drawing, code="ICS-X-001")
    assert (caught.value.field, caught.value.remedy) == (field, remedy)


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ((), 1),
        (("a",), 1),
        (("b",), 2),
        (("b", 1), 4),
        (("b", 1, "d"), 5),
        (("b", 1, "gone"), 4),
        (("b", 7), 2),
        (("gone", "b", "tag", 0), 3),
    ],
)
def test_the_line_of_an_absent_key_is_that_of_the_part_above(key, line):
    document = yaml.compose("a: 1\nb:\n  - c\n  - e: 1\n    d: 2\n", Loader=yaml.SafeLoader)
    assert line_of(document, key, "f.yaml").endswith(f":{line}")


def test_an_empty_document_has_a_first_line():
    assert line_of(None, ("a",), "f.yaml") == "f.yaml:1"


@given(st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\n\r\t\x85\u2028\ufeff :#'\"")))
@example("a\x85b")
def test_any_text_that_is_dumped_is_read_back(text):
    assert yaml.safe_load(dump_yaml({"a": text, text: [text]})) == {"a": text, text: [text]}


def test_what_is_merged_knows_which_document_wrote_it():
    base = compose("a: {b: 1, c: 2}\nd: [1, 2]\n", "base", code="ICS-X-001")
    over = compose("x: 9\na:\n  c: 3\nd: [4]\n", "over", code="ICS-X-001")
    both = merged(base, over)
    assert yaml.safe_load(yaml.serialize(both)) == {"a": {"b": 1, "c": 3}, "d": [4], "x": 9}
    keys = [("a", "b"), ("a", "c"), ("d", 0), ("d", 1), ("x",), ("y",)]
    assert [written_at(both, key) for key in keys] == ["base:1", "over:3", "over:4", None, "over:1", None]
    assert written_at(None, ()) is None
    assert yaml.safe_load(yaml.serialize(base)) == {"a": {"b": 1, "c": 2}, "d": [1, 2]}


def test_an_option_that_cannot_be_read_is_named_without_a_line():
    with pytest.raises(ConfigError, match="special characters") as caught:
        parse_change("a=\x07", "--set", code="ICS-X-001")
    assert caught.value.field == "--set a=\x07"


@pytest.mark.parametrize(
    ("text", "field", "said"),
    [
        ("a: 1\nb: 010\n", "f:2", "010 is read as an octal number"),
        ("a: 1\nb: 1:30\n", "f:2", "1:30 is read as an octal number or a time"),
        ("a: 1\nb: {c: 1,000, d: 2}\n", "f:2", "write 1000, not 1,000"),
    ],
)
def test_a_number_that_yaml_reads_as_another_is_refused(text, field, said):
    with pytest.raises(ConfigError, match=re.escape(said)) as caught:
        load_model_text(text, "f", Open, code="ICS-X-001")
    assert caught.value.field == field


@pytest.mark.parametrize(("written", "value"), [("0", 0), ("00", 0), ("10", 10), ("0.5", 0.5), ("'010'", "010")])
def test_a_number_that_reads_as_it_looks_is_let_through(written, value):
    assert load_model_text(f"b: {written}\n", "f", Open, code="ICS-X-001").model_dump() == {"b": value}
