"""Pages on rulebooks and the rulebooks agree: what ships, how far it may be trusted, every key and every kind."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from icsml.innovation.rulebooks.decimals import number_text
from icsml.innovation.rulebooks.indicators import Missing
from icsml.innovation.rulebooks.json_schema import rulebook_schema
from icsml.innovation.rulebooks.load import list_editions, parse_rulebook
from icsml.innovation.rulebooks.overlays import _OWN
from icsml.innovation.rulebooks.points_functions import PointsFunction
from icsml.innovation.rulebooks.provenance import Provenance
from icsml.innovation.rulebooks.rulebook import Outline, Rulebook, Scope
from icsml.innovation.rulebooks.value_functions import Unit, Value
from icsml.innovation.selection.select import REASONS
from reference.rulebooks import DOCUMENTED, overview, pages

FOLDER = Path(__file__).parents[2] / "docs" / "reference" / "rulebooks"
PAGE = FOLDER.with_suffix(".md").read_text("utf-8")
EDITIONS = list_editions()
RULEBOOKS = {each.id: each for each in EDITIONS if isinstance(each, Rulebook)}
OUTLINES = [each for each in EDITIONS if isinstance(each, Outline)]
MADE = pages()


def section(title):
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def table(text, first):
    """Rows of the table whose head begins with a word, as lists of cells."""
    _, found, rest = text.partition(f"| {first} |")
    assert found, first
    rows = rest.split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]


def named(text):
    return re.findall(r"`([^`]+)`", text)


def fields(model):
    return {field.alias or name for name, field in model.model_fields.items()}


def kinds(union):
    return [get_args(each.model_fields["kind"].annotation)[0] for each in get_args(get_args(union)[0])]


def test_there_is_a_page_for_every_rulebook_and_one_for_the_rest_and_no_other():
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.md" for name in MADE}
    assert set(MADE) == {*RULEBOOKS, DOCUMENTED}


@pytest.mark.parametrize("name", MADE)
def test_a_page_is_what_the_yaml_says(name):
    assert (FOLDER / f"{name}.md").read_text("utf-8") == MADE[name]


def test_the_table_states_points_and_provenance_of_every_rulebook_that_ships():
    *rows, last = table(PAGE, "Shipped")
    assert sorted(named(link)[0] for link, *_ in rows) == sorted(RULEBOOKS)
    for link, points, provenance, _ in rows:
        rulebook = RULEBOOKS[named(link)[0]]
        totals = [rulebook.totals.base, *([rulebook.totals.bonus] if rulebook.totals.bonus else [])]
        assert points == " + ".join(number_text(each, percent=False) for each in totals), rulebook.id
        assert provenance == f"`{rulebook.provenance}`", rulebook.id
        assert f"(rulebooks/{rulebook.id}.md)" in link
    assert last[0] == f"[{len(OUTLINES)} editions that are documented only](rulebooks/{DOCUMENTED}.md)"


def test_a_total_that_is_better_than_the_whole_is_said_so():
    for link, _, _, what in table(PAGE, "Shipped")[:-1]:
        rulebook = RULEBOOKS[named(link)[0]]
        if rulebook.score_provenance != rulebook.provenance:
            assert f"the total is `{rulebook.score_provenance}`" in what


def test_what_is_called_an_overlay_is_one_of_that_base():
    called = {named(link)[0]: named(what)[0] for link, _, _, what in table(PAGE, "Shipped") if "overlay of" in what}
    assert called
    assert called.items() <= {(name, base) for name, each in RULEBOOKS.items() for base in each.derived_from}


def test_the_schema_table_has_every_key_and_no_other():
    rows = {key: holds for keys, holds in table(section("Schema"), "Key") for key in named(keys)}
    rulebook, outline = fields(Rulebook) - {"derived_from"}, fields(Outline)
    assert set(rows) == rulebook | {"extends", "remove"}
    assert outline - rulebook == {"facts", "missing"} <= set(named(rows["evaluable"]))
    schema = rulebook_schema()
    assert set(schema["then"]["properties"]) == set(rows)
    assert set(schema["else"]["else"]["properties"]) == rulebook
    assert set(schema["else"]["then"]["properties"]) == outline


@pytest.mark.parametrize(("head", "union"), [("`points`", PointsFunction), ("`value`", Value)])
def test_the_tables_of_kinds_have_every_kind_and_no_other(head, union):
    written = [re.search(r"\{kind: (\w+)", cell) for cell, _ in table(section("An indicator"), head)]
    assert None not in written
    assert sorted(each[1] for each in written) == sorted(kinds(union))


def test_the_table_of_points_functions_is_what_their_classes_say():
    assert overview(PAGE) == PAGE


def test_the_small_vocabularies_are_whole():
    labels = [named(label)[0] for label, *_ in table(section("Provenance"), "Label")]
    assert sorted(labels) == sorted(map(str, Provenance))
    policies = [named(policy)[0] for policy, _ in table(section("An indicator"), "`missing`")]
    assert sorted(policies) == sorted(get_args(Missing))
    units = re.search(r"^`unit` \((.*?)\)", section("An indicator"), re.MULTILINE)[1]
    assert set(named(units)) == {str(unit) for unit in Unit} - {"mixed"}
    (scopes,) = (holds for key, holds in table(section("Schema"), "Key") if key == "`scope`")
    assert named(scopes)[:4] == [str(scope) for scope in Scope]


def test_what_an_overlay_states_itself_and_why_an_enterprise_is_in_or_out():
    own = re.search(r"states its own (.*?), and\s", section("Overlays"), re.DOTALL)[1]
    assert set(named(own)) == set(_OWN)
    reasons = re.search(r"with a reason \((.*?)\)", section("The recommended list"), re.DOTALL)[1]
    assert set(named(reasons)) == set(REASONS) - {"withdrawn"}


def test_the_example_is_a_sound_rulebook():
    (example,) = re.findall(r"```yaml\n(.*?)```", section("An example"), re.DOTALL)
    assert parse_rulebook(example, "example.yaml").max_score == 30.0
