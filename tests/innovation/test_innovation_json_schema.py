"""The JSON Schema of rulebook files: as shipped, valid itself, and of one mind with the loader."""

from __future__ import annotations

import copy
import json

import jsonschema
import pytest
import yaml

from icsml.core.paths import configs_dir
from icsml.core.yaml import dump_yaml
from icsml.errors import ConfigError
from icsml.innovation import parse_rulebook
from icsml.innovation.json_schema import rulebook_schema

FOLDER = configs_dir() / "rulebooks"
FILES = sorted(FOLDER.rglob("*.yaml"))
VALIDATOR = jsonschema.Draft202012Validator(
    rulebook_schema(), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)
# What a schema cannot say well, and the loader does.
BEYOND = ("needs exactly one of", "needs either value and points", "should be a number or a fraction")


class _Json(yaml.SafeLoader):
    """YAML as an editor's checker reads it: a date is text."""


_Json.yaml_implicit_resolvers = {
    first: [each for each in found if each[0] != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(text):
    return yaml.load(text, _Json)


@pytest.fixture
def document(small_text):
    return read(small_text)


def fits(document):
    return VALIDATOR.is_valid(document)


def test_the_shipped_schema_is_what_the_code_says():
    shipped = (FOLDER / "rulebook.schema.json").read_text("utf-8")
    assert shipped == json.dumps(rulebook_schema(), ensure_ascii=False, indent=1) + "\n"


def test_the_schema_is_valid_and_leads_nowhere_else():
    schema = rulebook_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    references = [value for key, value in pairs(schema) if key == "$ref"]
    assert references
    assert {each.removeprefix("#/$defs/") for each in references} <= set(schema["$defs"])


def pairs(value):
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield key, child
        yield from pairs(child)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_shipped_rulebook_fits(path):
    assert [error.message for error in VALIDATOR.iter_errors(read(path.read_text("utf-8")))] == []


def test_shipped_rulebooks_are_of_all_three_kinds():
    documents = [read(path.read_text("utf-8")) for path in FILES]
    assert len(documents) > 20
    assert any("extends" in each for each in documents)
    assert any(each.get("evaluable") is False for each in documents)
    assert any("indicators" in each and "extends" not in each for each in documents)


def drop(key):
    return lambda part: part.pop(key)


def put(**values):
    return lambda part: part.update(values)


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ((), put(weight=1)),
        ((), put(format=3)),
        ((), drop("known_since")),
        ((), put(known_since="some day")),
        ((), put(id="Not An Id")),
        (("title",), drop("zh")),
        (("in_force",), drop("from")),
        (("in_force",), put(since="2020-01-01")),
        (("indicators", 0), drop("missing")),
        (("indicators", 0), put(missing="guess")),
        (("indicators", 0), drop("domain")),
        (("indicators", 0), put(unit="万元")),
        (("indicators", 0), put(mx=3)),
        (("indicators", 0, "value"), put(kind="product")),
        (("indicators", 1, "value"), put(window=3)),
        (("indicators", 4), put(value="patents_granted")),
        (("indicators", 0, "points"), put(kind="logistic")),
        (("indicators", 0, "points", "steps", 0), put(atleast=5)),
        (("indicators", 1, "points"), put(anchors=[[0, 0]])),
        (("indicators", 0, "provenance"), put(points="guessed")),
        (("eligibility", "conditions", 0), put(value="headcount")),
        (("eligibility", "bypass"), drop("active")),
    ],
)
def test_a_wrong_file_is_refused_by_schema_and_loader(document, path, fault):
    assert fits(document)
    part = document
    for key in path:
        part = part[key]
    fault(part)
    assert not fits(document)
    with pytest.raises(ConfigError):
        parse_rulebook(dump_yaml(document), "wrong.yaml")


OVERLAY = """\
format: 2
id: small-changed
extends: tech-sme-2017
edition: trial
scope: variant
title: {en: Changed, zh: 改}
issuer: {en: Nobody, zh: 无}
in_force: {from: 2020-01-01, to: null, provenance: assumed}
known_since: 2020-06-01
indicators:
  - {id: rd_staff, missing: rescale}
remove: {definitions: all}
"""


def test_an_overlay_states_itself_and_of_the_rest_what_changes():
    overlay = read(OVERLAY)
    assert fits(overlay)
    assert not fits(overlay | {"indicators": [{"missing": "rescale"}]})
    assert not fits(overlay | {"indicators": [{"id": "rd_staff", "missing": "guess"}]})
    assert not fits(overlay | {"remove": {"indicators": "some"}})
    assert not fits({key: value for key, value in overlay.items() if key != "known_since"})
    assert not fits({key: value for key, value in overlay.items() if key != "extends"})


def test_what_only_a_merged_copy_states_has_no_place_in_a_file(document):
    assert not fits(document | {"derived_from": ["national-2024"]})


def places(part, path=()):
    """Every place of a document, from the root."""
    yield path
    children = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, child in children:
        yield from places(child, (*path, key))


def at(document, path):
    for key in path:
        document = document[key]
    return document


def faulty(document):
    """Copies of a document with one thing dropped, added, or of another type."""
    for path in places(document):
        part = at(document, path)
        if isinstance(part, dict):
            changed = copy.deepcopy(document)
            at(changed, path)["unheard_of"] = 1
            yield path, changed
        for other in (None, [], {}, [1], True, 7, "word") if path else ():
            changed = copy.deepcopy(document)
            at(changed, path[:-1])[path[-1]] = other
            yield path, changed
        if path:
            changed = copy.deepcopy(document)
            at(changed, path[:-1]).pop(path[-1])
            yield path, changed


def test_x(document):
    import time
    t=time.time(); n=0; bad=[]
    for path, changed in faulty(document):
        n+=1
        ok=fits(changed)
        try:
            parse_rulebook(dump_yaml(changed),"x.yaml"); code=None
        except Exception as e:
            code=getattr(e,"code",repr(type(e))); msg=str(e)
        if ok and code=="ICS-RUL-001": bad.append(("schema ok, loader no",path,at(changed,path) if path and not isinstance(path[-1],int) and path[-1] in at(changed,path[:-1]) else "dropped",msg))
        if not ok and code is None: bad.append(("schema no, loader ok",path,at(changed,path[:-1]).get(path[-1]) if path and isinstance(at(changed,path[:-1]),dict) else None))
        if code and not code.startswith("ICS"): bad.append((code,path))
    print(n,time.time()-t,len(bad))
    for b in bad: print(b)
    assert 0
