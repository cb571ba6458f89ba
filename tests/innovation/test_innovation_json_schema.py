"""The JSON Schema of rulebook files: as shipped, valid itself, and of one mind with the loader."""

from __future__ import annotations

import json

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from icsml.core.paths import configs_dir
from icsml.core.yaml import dump_yaml
from icsml.errors import ConfigError
from icsml.innovation import parse_rulebook
from icsml.innovation.rulebooks.json_schema import rulebook_schema

FOLDER = configs_dir() / "rulebooks"
FILES = sorted(FOLDER.rglob("*.yaml"))
VALIDATOR = jsonschema.Draft202012Validator(
    rulebook_schema(), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
)
# What a schema cannot say well, and the loader does.
BEYOND = (
    "needs exactly one of",
    "needs either value and points",
    "needs conditions or vetoes",
    "should be a number or a fraction",
)


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
        (("indicators", 4), put(value={"kind": "field", "field": "patents_granted"})),
        (("indicators", 4), put(value={"kind": "age", "since": "birthday"})),
        (("indicators", 2, "value"), put(numerator="debts")),
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


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_schema_and_loader_refuse_the_same_faults(small_text, data):
    """One thing of a sound rulebook is dropped, added or of another type; what no schema says well is left aside."""
    document = read(small_text)
    path = data.draw(st.sampled_from([path for path in places(document) if path and path[-2:-1] != ("fields",)]))
    parent = at(document, path[:-1])
    fault = data.draw(st.sampled_from(["dropped", "added", None, [], {}, [1], 7, "word"]))
    if fault == "dropped":
        del parent[path[-1]]
    elif fault == "added" and isinstance(parent, dict):
        parent["unheard_of"] = 1
    else:
        parent[path[-1]] = fault
    said = loader_says(document)
    if not any(each in said for each in BEYOND):
        assert fits(document) == ("ICS-RUL-001" not in said and "unknown field" not in said), said


def loader_says(document):
    try:
        parse_rulebook(dump_yaml(document), "some.yaml")
    except ConfigError as error:
        return str(error)
    return ""


FULL = "100%"
COUNT, FRACTION = "ip_class1", {"kind": "ratio", "numerator": "rd_expense_cny", "denominator": "revenue_cny"}
PEERS = {"groups": [["technical_field", "province"], ["province"]], "min_peers": 20, "provenance": "assumed"}


@pytest.mark.parametrize(
    ("value", "points"),
    [
        (COUNT, {"kind": "bands", "steps": [{"at_least": 3, "points": FULL}, {"above": 0, "points": "2.5"}]}),
        (COUNT, {"kind": "counts", "at": {1: "30%", 4: FULL}, "otherwise": 0}),
        ({"kind": "field", "field": COUNT}, {"kind": "ramp", "anchors": [[0, 0], ["7/2", FULL]]}),
        ({"kind": "sum", "fields": [COUNT, "ip_class2"]}, {"kind": "percentile"}),
        (FRACTION, {"kind": "intervals", "rows": [{"below": 0.1, "points": 0}, {"at_least": "1/10", "points": 10}]}),
        (FRACTION | {"per": 100}, {"kind": "efficacy", "unacceptable": 0, "satisfactory": 15, "base": "60%"}),
        ({"kind": "growth", "now": "rd_expense_cny", "before": "rd_expense_prev_cny"}, {"kind": "percentile"}),
        ("high_growth_list", {"kind": "flag", "points": FULL, "otherwise": "5%"}),
    ],
    ids=lambda part: part if isinstance(part, str) else part["kind"],
)
@pytest.mark.parametrize("missing", ["zero", "rescale", "refuse"])
def test_what_the_schema_accepts_the_loader_accepts(document, value, points, missing):
    document["indicators"][0] |= {"value": value, "points": points, "missing": missing}
    document["peers"] = PEERS
    assert fits(document)
    assert parse_rulebook(dump_yaml(document), "sound.yaml").indicators[0].missing == missing


def test_a_weight_for_each_stage_fits(document):
    rule = {"value": "revenue_cny", "unit": "CNY", "steps": [{"below": 5000000, "stage": "young"}]}
    document["stages"] = {
        "list": [{"id": each, "label": {"en": each, "zh": "段"}} for each in ("young", "old")],
        "rule": rule | {"otherwise": "old", "missing": "young"},
        "provenance": {"names": "assumed", "rule": "assumed"},
    }
    document["indicators"][0]["max"] = {"young": "10", "old": 10}
    assert fits(document)
    assert parse_rulebook(dump_yaml(document), "sound.yaml").stage_ids == ("young", "old")
    document["indicators"][0]["max"] = ["10"]
    assert not fits(document)
