"""What holds for every points function, shown on the example that its class declares."""

from __future__ import annotations

import inspect
import json
from fractions import Fraction
from functools import reduce
from operator import getitem

import jsonschema
import numpy as np
import pytest
import yaml
from pydantic import TypeAdapter

from icsml.core.yaml import dump_yaml
from icsml.innovation import evaluate, parse_rulebook
from icsml.innovation.impact.change_wording import points_text
from icsml.innovation.impact.rule_changes import changes
from icsml.innovation.rulebooks.json_schema import rulebook_schema
from icsml.innovation.rulebooks.lint.lint import findings
from icsml.innovation.rulebooks.points_functions import FUNCTIONS, PointsFunction
from icsml.innovation.scoring.fit_peers import fitted
from icsml.innovation.selection.list_wording import amount
from icsml.records.field import Kind
from icsml.texts.languages import languages

FULL = Fraction(50)
RATIO = {"kind": "ratio", "numerator": "rd_expense_cny", "denominator": "revenue_cny"}
VALUES = {Kind.COUNT: {"value": "projects_2y"}, Kind.FLAG: {"value": "high_growth_list"}}
PEERS = {"groups": [["province"]], "min_peers": 20, "provenance": "assumed"}

every_function = pytest.mark.parametrize("kind", FUNCTIONS, ids=lambda kind: kind.__name__)


def read(kind):
    return TypeAdapter(PointsFunction).validate_python(yaml.safe_load(kind.example))


def document_with(kind, small_text):
    """Return the small rulebook with the example over a value that suits it in place of the first indicator."""
    document = yaml.safe_load(small_text)
    document["in_force"] |= {"from": "2020-01-01", "to": "2020-12-31"}
    document["known_since"] = "2020-06-01"
    most = max(read(kind).rising(FULL, "higher"))
    moved = float(most - document["indicators"][0]["max"])
    document["totals"]["base"] += moved
    document["categories"][0]["max"] += moved
    measured = VALUES.get(kind.only_of, {"value": RATIO, "unit": "rate"})
    document["indicators"][0] |= {"max": float(most), "points": yaml.safe_load(kind.example)} | measured
    return document | ({"peers": PEERS} if kind.ranked else {})


def rulebook_with(kind, small_text):
    return parse_rulebook(dump_yaml(document_with(kind, small_text)), "small.yaml")


@every_function
def test_a_kind_is_whole_and_its_example_is_one_of_it(kind):
    assert not inspect.isabstract(kind)
    assert kind.__final__
    assert type(read(kind)) is kind
    assert inspect.cleandoc(kind.__doc__ or "")
    assert kind.__doc__ != inspect.getmro(kind)[1].__doc__


@every_function
def test_its_example_is_sound_for_the_schema_the_loader_and_the_linter(kind, small_text):
    document = document_with(kind, small_text)
    jsonschema.Draft202012Validator(rulebook_schema()).validate(json.loads(json.dumps(document, default=str)))
    assert findings(rulebook_with(kind, small_text), None, "small.yaml") == []


@every_function
def test_its_thresholds_are_found_in_the_file_by_their_keys(kind):
    function, written = read(kind), yaml.safe_load(kind.example)
    for key, number in function.written():
        part = reduce(getitem, key, written)
        stated = part if isinstance(part, list) else [part, key[-1]]  # a count is itself the key of its points
        assert float(number) in stated
    assert list(function.thresholds) == sorted({number for _, number in function.written()})


@every_function
def test_spans_and_steps_stand_where_their_keys_say(kind):
    function, written = read(kind), yaml.safe_load(kind.example)
    ladder = function.ladder(percent=False)
    keys = [*(key for key, *_ in function.spans()), *((step.key for step in ladder.steps) if ladder else ())]
    for key in keys:
        assert reduce(getitem, key, written) is not None


@every_function
def test_rising_points_are_those_of_its_curve(kind):
    function = read(kind)
    rising = [float(points) for points in function.rising(FULL, "higher")]
    curve = function.curve([FULL], "higher", percent=False)
    assert (curve.low[0], curve.high[0]) == (min(rising), max(rising))


@every_function
def test_its_rows_are_worded_in_every_language(kind, small_text):
    rules = rulebook_with(kind, small_text).compiled[0].rules
    assert len(rules) > 1
    for language in languages():
        texts = [rule.text(language) for rule in rules]
        assert all(texts)
        assert len(set(texts)) == len(texts)


@every_function
def test_a_change_to_it_is_worded_in_every_language_with_its_numbers(kind, small_text):
    changed = rulebook_with(kind, small_text)
    option = changed.indicators[0].options[0]
    for language in languages():
        text = points_text(option, language)
        assert text
        assert "{" not in text
        assert all(amount(float(number), "rate").text(language) in text for number in option.points.thresholds)
        before = parse_rulebook(small_text, "small.yaml")
        (found,) = [each for each in changes(before, changed, language) if each.item == "indicators.patents.points"]
        assert found.b == text


@every_function
def test_it_scores_within_its_bounds(kind, small_text, blank):
    values = np.array([np.nan, 0.0, 0.01, 0.03, 0.06, 0.15, 1.0, 2.0, 3.0, 1000.0])
    values = np.where(values > 1, 1.0, values) if kind.only_of is Kind.FLAG else values
    fields = {"rd_expense_cny": values, "revenue_cny": 1.0, "projects_2y": values, "high_growth_list": values}
    columns = blank(len(values), fields)
    rulebook = rulebook_with(kind, small_text)
    scored = evaluate(fitted(rulebook, columns, "test") if kind.ranked else rulebook, columns)
    points, most = scored.points["patents"], float(max(read(kind).rising(FULL, "higher")))
    assert points[0] == 0
    assert points.min() >= 0
    assert 0 < points.max() <= most
    assert (np.diff(points[1:]) >= 0).all()
