"""An edition written as what it changes in another one."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from icsml.errors import ConfigError, MissingError
from icsml.innovation import (
    describe,
    evaluate,
    fitted,
    lint_rulebook,
    list_editions,
    load_edition,
    load_rulebook,
    parse_rulebook,
)
from icsml.records.field import Kind
from icsml.records.fields import FIELD_BY_NAME, TECHNICAL_FIELDS

BASE = """\
format: 2
id: base
edition: trial
scope: regional
title: {en: Base, zh: 基}
issuer: {en: Nobody, zh: 无}
in_force: {from: 2020-01-01, to: null, provenance: assumed}
known_since: 2020-01-01
sources: [{id: text, title: The text, where: nowhere}]
note: Of the base alone.
totals: {base: 100, provenance: assumed}
stages:
  list:
    - {id: young, label: {en: Young, zh: 幼}}
    - {id: grown, label: {en: Grown, zh: 长}}
    - {id: old, label: {en: Old, zh: 老}}
  rule:
    value: revenue_cny
    steps: [{below: 10000000, stage: young}, {below: 100000000, stage: grown}]
    otherwise: old
    missing: young
  provenance: {names: assumed, rule: assumed}
categories:
  - {id: main, label: {en: Main, zh: 主}, max: 100, provenance: {name: assumed, max: assumed}}
indicators:
  - id: awards
    label: {en: Awards, zh: 奖}
    category: main
    domain: innovation
    max: {young: 80, grown: 60, old: 40}
    missing: zero
    value: awards_2y
    points: {kind: counts, at: {1: 50%, 2: 100%}}
    provenance: {name: assumed, weight: assumed, value: assumed, points: assumed}
  - id: intensity
    label: {en: Intensity, zh: 强}
    category: main
    domain: innovation
    max: {young: 20, grown: 40, old: 60}
    missing: rescale
    value: {kind: ratio, numerator: rd_expense_cny, denominator: revenue_cny}
    points: {kind: ramp, anchors: [[0, 0], [0.1, 100%]]}
    provenance: {name: published, weight: assumed, value: assumed, points: assumed}
    sources: [text]
eligibility:
  conditions:
    - {id: staff, label: {en: Staff, zh: 人}, value: staff_total, at_most: 500, provenance: assumed}
    - {id: pass, label: {en: Pass, zh: 分}, value: score, at_least: 60, provenance: assumed}
definitions:
  - {term: {en: Award, zh: 奖}, meaning: {en: An award, zh: 奖励}, provenance: assumed}
"""
OWN = """\
format: 2
id: over
edition: trial
scope: regional
title: {en: Over, zh: 上}
issuer: {en: Somebody, zh: 有}
in_force: {from: 2021-01-01, to: null, provenance: assumed}
known_since: 2026-01-01
"""
# Half of awards, 5 of 10 % of intensity: at young 40 + 10, at grown 30 + 20, at old 20 + 30.
KNOWN = {
    "awards_2y": 1,
    "rd_expense_cny": [2.5e5, 25e5, 250e5],
    "revenue_cny": [50e5, 500e5, 5000e5],
    "staff_total": 100,
}


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A folder of one's own rulebooks, with the base in it."""
    folder = tmp_path / "own"
    folder.mkdir()
    monkeypatch.setenv("ICSML_RULEBOOKS", str(folder))

    def put(name, text):
        path = folder / f"{name}.yaml"
        path.write_text(text, "utf-8")
        return path

    put("base", BASE)
    return put


def overlay(changes="", base="base"):
    return f"extends: {base}\n{OWN}{changes}"


def line_of(text, marker):
    assert text.count(marker) == 1, marker
    return text[: text.index(marker)].count("\n") + 1


def fault(call, *arguments):
    with pytest.raises(ConfigError) as caught:
        call(*arguments)
    return caught.value.code, caught.value.field, str(caught.value)


# What changes nothing

SHIPPED = ["national-2024", "national-2025", "tech-sme-2017", "innovative-sme-2022"]


def random_columns(blank, rulebook, seed, n=60):
    rng = np.random.default_rng(seed)
    fields = {
        "technical_field": [TECHNICAL_FIELDS[i] for i in rng.integers(0, len(TECHNICAL_FIELDS), n)],
        "region": [("350100", "110105", None)[i] for i in rng.integers(0, 3, n)],
    }
    for name in rulebook.inputs():
        field = FIELD_BY_NAME[name]
        if not field.numeric:
            continue
        values = rng.integers(0, 2, n) if field.kind is Kind.FLAG else np.round(rng.lognormal(2, 2, n))
        fields[name] = np.where(rng.random(n) < 0.2, np.nan, values)
    return blank(n, fields)


@pytest.mark.parametrize("base", SHIPPED)
def test_an_overlay_that_changes_nothing_changes_no_score_and_no_rule(shelf, blank, base):
    original, same = load_rulebook(base), load_rulebook(shelf("over", overlay(base=base)))
    assert (same.id, same.derived_from, original.derived_from) == ("over", (base,), ())
    own = ("id", "edition", "scope", "title", "issuer", "in_force", "known_since", "note", "derived_from", "corrects")
    assert same.model_dump(exclude=set(own)) == original.model_dump(exclude=set(own))
    columns = random_columns(blank, original, seed=5)
    before, after = (evaluate(fitted(each, columns, "these"), columns) for each in (original, same))
    assert before.score.tobytes() == after.score.tobytes()
    assert before.eligible.tobytes() == after.eligible.tobytes()
    assert {n: v.tobytes() for n, v in before.conditions.items()} == {
        n: v.tobytes() for n, v in after.conditions.items()
    }
    for name in before.points:
        assert before.points[name].tobytes() == after.points[name].tobytes()
        assert before.rules[name][:].tolist() == after.rules[name][:].tolist()
        assert before.maximum(name).tobytes() == after.maximum(name).tobytes()


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1), blocks=st.sets(st.sampled_from(["stages", "eligibility", "indicators", "totals"]))
)
def test_writing_again_what_the_base_says_changes_nothing(blank, tmp_path_factory, seed, blocks):
    folder = tmp_path_factory.mktemp("own")
    parts = dict(re.findall(r"^(\w+):(.*\n(?:[ -].*\n)*)", BASE, re.MULTILINE))
    (folder / "base.yaml").write_text(BASE, "utf-8")
    text = overlay("".join(f"{name}:{parts[name]}" for name in sorted(blocks)))
    (folder / "over.yaml").write_text(text, "utf-8")
    original, same = load_rulebook(folder / "base.yaml"), load_rulebook(folder / "over.yaml")
    columns = random_columns(blank, original, seed, n=8)
    before, after = evaluate(original, columns), evaluate(same, columns)
    for row in range(8):
        first, second = describe(before, original, row), describe(after, same, row)
        assert first | {"rulebook": "over"} == second


def test_what_is_the_base_s_own_is_not_inherited(shelf):
    over = load_rulebook(shelf("over", overlay()))
    assert (over.title.en, str(over.in_force.since), over.note) == ("Over", "2021-01-01", None)
    assert [definition.term.en for definition in over.definitions] == ["Award"]


def test_the_source_text_stands_alone_and_gives_the_same_scores(shelf, blank, monkeypatch):
    changes = "indicators:\n  - {id: awards, points: {kind: counts, at: {1: 100%}}}\nremove: {definitions: all}\n"
    over = load_rulebook(shelf("over", overlay(changes)))
    monkeypatch.delenv("ICSML_RULEBOOKS")
    alone = parse_rulebook(over.source_text, "bundle/rulebook.yaml")
    assert (alone, alone.sha256) == (over, over.sha256)
    assert "extends" not in over.source_text
    columns = random_columns(blank, over, seed=6)
    before, after = evaluate(over, columns), evaluate(alone, columns)
    assert before.score.tobytes() == after.score.tobytes()
    assert [r[:].tolist() for r in before.rules.values()] == [r[:].tolist() for r in after.rules.values()]


def test_the_source_text_follows_the_base(shelf):
    path = shelf("over", overlay())
    before = load_rulebook(path).sha256
    shelf("base", BASE.replace("[0.1, 100%]", "[0.2, 100%]"))
    assert load_rulebook(path).sha256 != before


# What changes something


def scores(rulebook, blank):
    return evaluate(rulebook, blank(3, KNOWN)).score.tolist()


def test_the_base_gives_what_was_worked_out(shelf, blank):
    assert scores(load_rulebook("base"), blank) == [50, 50, 50]


def test_an_indicator_is_overridden_by_its_id_key_by_key(shelf, blank):
    changes = """\
indicators:
  - id: awards
    points: {kind: counts, at: {1: 100%}}
    provenance: {points: published}
    sources: [text]
"""
    over = load_rulebook(shelf("over", overlay(changes)))
    assert scores(over, blank) == [80 + 10, 60 + 20, 40 + 30]
    awards, intensity = over.indicators
    assert [str(part) for part in awards.provenance.parts] == ["assumed", "assumed", "assumed", "published"]
    assert (awards.label.zh, awards.missing, intensity) == ("奖", "zero", load_rulebook("base").indicators[1])


def test_a_new_id_is_appended(shelf, blank):
    changes = """\
totals: {base: 100, bonus: 10, provenance: assumed}
categories:
  - {id: extra, label: {en: Extra, zh: 外}, max: 10, bonus: true, provenance: {name: assumed, max: assumed}}
indicators:
  - id: listed
    label: {en: Listed, zh: 榜}
    category: extra
    domain: innovation
    max: 10
    missing: zero
    value: high_growth_list
    points: {kind: flag, points: 100%}
    provenance: {name: assumed, weight: assumed, value: assumed, points: assumed}
"""
    over = load_rulebook(shelf("over", overlay(changes)))
    assert [indicator.id for indicator in over.indicators] == ["awards", "intensity", "listed"]
    assert [category.id for category in over.categories] == ["main", "extra"]
    assert evaluate(over, blank(3, KNOWN | {"high_growth_list": 1})).score.tolist() == [60, 60, 60]


def test_an_indicator_is_removed_by_its_id(shelf, blank):
    changes = "remove: {indicators: [intensity]}\nindicators: [{id: awards, max: 100}]\n"
    over = load_rulebook(shelf("over", overlay(changes)))
    assert [indicator.id for indicator in over.indicators] == ["awards"]
    assert scores(over, blank) == [50, 50, 50]
    assert evaluate(over, blank(1, {"awards_2y": 2})).score.tolist() == [100]


def test_a_whole_part_is_removed(shelf):
    over = load_rulebook(shelf("over", overlay("remove: {eligibility: all, definitions: all}\n")))
    assert (over.eligibility, over.definitions) == (None, ())


def test_removed_and_written_anew_is_replaced_whole(shelf, blank):
    changes = """\
remove: {indicators: [intensity]}
indicators:
  - id: intensity
    label: {en: Listed, zh: 榜}
    category: main
    domain: innovation
    max: {young: 20, grown: 40, old: 60}
    missing: zero
    value: high_growth_list
    points: {kind: flag, points: 100%}
    provenance: {name: assumed, weight: assumed, value: assumed, points: assumed}
"""
    over = load_rulebook(shelf("over", overlay(changes)))
    assert (over.indicators[1].missing, over.indicators[1].sources) == ("zero", ())
    assert evaluate(over, blank(3, KNOWN | {"high_growth_list": 1})).score.tolist() == [60, 70, 80]


def test_a_condition_is_overridden_and_the_others_stay(shelf, blank):
    changes = "eligibility:\n  conditions:\n    - {id: pass, at_least: 50}\n"
    base, over = load_rulebook("base"), load_rulebook(shelf("over", overlay(changes)))
    assert evaluate(base, blank(3, KNOWN)).eligible.tolist() == [0, 0, 0]
    assert evaluate(over, blank(3, KNOWN)).eligible.tolist() == [1, 1, 1]
    assert evaluate(over, blank(3, KNOWN | {"staff_total": 501})).eligible.tolist() == [0, 0, 0]


def test_eligibility_may_be_dropped(shelf):
    assert load_rulebook(shelf("over", overlay("eligibility: null\n"))).eligibility is None


def test_five_stages_replace_three(shelf, blank):
    changes = """\
stages:
  list:
    - {id: seed, label: {en: Seed, zh: 种}}
    - {id: young, label: {en: Young, zh: 幼}}
    - {id: grown, label: {en: Grown, zh: 长}}
    - {id: strong, label: {en: Strong, zh: 强}}
    - {id: old, label: {en: Old, zh: 老}}
  rule:
    value: revenue_cny
    steps:
      - {below: 1000000, stage: seed}
      - {below: 10000000, stage: young}
      - {below: 100000000, stage: grown}
      - {below: 300000000, stage: strong}
    otherwise: old
    missing: refuse
  provenance: {names: assumed, rule: assumed}
indicators:
  - {id: awards, max: {seed: 90, young: 80, grown: 60, strong: 50, old: 40}}
  - {id: intensity, max: {seed: 10, young: 20, grown: 40, strong: 50, old: 60}}
"""
    over = load_rulebook(shelf("over", overlay(changes)))
    assert over.stage_ids == ("seed", "young", "grown", "strong", "old")
    revenue = np.array([5, 50, 500, 2000, 5000]) * 1e5
    scored = evaluate(over, blank(5, {"awards_2y": 2, "rd_expense_cny": 0, "revenue_cny": revenue}))
    assert [scored.stage_of(row) for row in range(5)] == list(over.stage_ids)
    assert scored.score.tolist() == [90, 80, 60, 50, 40]
    assert np.isnan(evaluate(over, blank(1, {"awards_2y": 2})).score[0])
    assert load_rulebook("base").stage_ids == ("young", "grown", "old")


def test_an_overlay_of_an_overlay_names_all_that_it_comes_from(shelf, blank):
    shelf("over", overlay("indicators: [{id: awards, points: {kind: counts, at: {1: 100%}}}]\n"))
    changes = "indicators: [{id: intensity, points: {kind: ramp, anchors: [[0, 0], [0.05, 100%]]}}]\n"
    top = load_rulebook(shelf("top", overlay(changes, "over").replace("id: over", "id: top")))
    assert top.derived_from == ("over", "base")
    assert scores(top, blank) == [100, 100, 100]


def test_a_base_beside_the_file_comes_before_one_that_lies_elsewhere(shelf, tmp_path, blank):
    aside = tmp_path / "aside"
    aside.mkdir()
    (aside / "base.yaml").write_text(BASE.replace("{1: 50%,", "{1: 0,"), "utf-8")
    (aside / "over.yaml").write_text(overlay(), "utf-8")
    assert scores(load_rulebook(aside / "over.yaml"), blank) == [10, 20, 30]
    (aside / "base.yaml").unlink()
    assert scores(load_rulebook(aside / "over.yaml"), blank) == [50, 50, 50]


def test_an_overlay_is_found_by_its_id_in_the_folder_that_the_variable_names(shelf):
    shelf("over", overlay())
    assert load_rulebook("over").derived_from == ("base",)
    assert {"over", "base", "tech-sme-2017"} <= {edition.id for edition in list_editions()}


# Where a fault lies


def test_a_fault_that_the_base_holds_is_placed_in_the_base(shelf):
    changes = "remove: {stages: all}\n"
    found = lint_rulebook(shelf("over", overlay(changes)))
    line = line_of(BASE, "max: {young: 80")
    assert any(f.code == "ICS-RUL-025" and re.search(rf"base\.yaml:{line}: indicators\.0\.max", f.where) for f in found)
    assert not [f for f in found if "over.yaml" in f.where]


def test_a_fault_that_the_overlay_holds_is_placed_in_the_overlay(shelf):
    changes = "indicators:\n  - id: intensity\n    value: awards_3y\n    points: {kind: flag, points: 100%}\n"
    text = overlay(changes)
    (found,) = lint_rulebook(shelf("over", text))
    assert (found.code, bool(found.remedy)) == ("ICS-RUL-012", True)
    assert re.search(rf"over\.yaml:{line_of(text, 'points: {kind: flag')}: indicators\.1\.points$", found.where)


def test_faults_of_both_files_are_told_at_once_each_in_its_own(shelf):
    shelf("base", BASE.replace("at_most: 500", "at_most: 500, sources: [txt]"))
    text = overlay("indicators:\n  - {id: intensity, sources: [txt]}\n")
    found = lint_rulebook(shelf("over", text))
    places = {re.sub(r".*/", "", f.where) for f in found}
    assert f"base.yaml:{line_of(BASE, 'id: staff')}: eligibility.conditions.0.sources" in places
    assert f"over.yaml:{line_of(text, 'sources: [txt]')}: indicators.1.sources" in places


def test_a_schema_fault_names_the_file_and_line_that_hold_it(shelf):
    text = overlay("indicators:\n  - id: awards\n    better: sideways\n")
    code, field, _ = fault(load_rulebook, shelf("over", text))
    assert code == "ICS-RUL-001"
    assert re.search(rf"over\.yaml:{line_of(text, 'better: sideways')}: indicators\.0\.better$", field), field
    shelf("base", BASE.replace("missing: rescale", "missing: perhaps"))
    code, field, _ = fault(load_rulebook, shelf("over", overlay()))
    assert re.search(rf"base\.yaml:{line_of(BASE, 'missing: rescale')}: indicators\.1\.missing$", field), field


def test_a_key_written_twice_does_not_vanish_in_the_merge(shelf):
    text = overlay("indicators:\n  - id: awards\n    max: 1\n    max: 2\n")
    code, field, message = fault(load_rulebook, shelf("over", text))
    assert (code, "written twice" in message) == ("ICS-RUL-001", True)
    assert f"over.yaml:{line_of(text, 'max: 2')}" in field


# What is refused


@pytest.mark.parametrize("files", [{"over": "over"}, {"over": "b", "b": "over"}, {"over": "b", "b": "c", "c": "b"}])
def test_a_cycle_is_refused_and_named(shelf, files):
    for name, base in files.items():
        path = shelf(name, overlay(base=base).replace("id: over", f"id: {name}"))
    code, field, message = fault(load_rulebook, path.with_name("over.yaml"))
    assert (code, " → " in message) == ("ICS-RUL-018", True)
    assert re.search(r"/\w+\.yaml:1: extends$", field)


def test_a_cycle_of_files_that_are_not_named_after_their_ids_is_refused_too(shelf):
    shelf("a", overlay(base="b").replace("id: over", "id: x"))
    path = shelf("b", overlay(base="a").replace("id: over", "id: y"))
    code, _, message = fault(load_rulebook, path)
    assert (code, "a → b → a" in message) == ("ICS-RUL-018", True)


def test_an_unknown_base_is_refused_with_the_nearest(shelf):
    text = overlay(base="bse")
    code, field, message = fault(load_rulebook, shelf("over", text))
    assert (code, "base" in message) == ("ICS-RUL-019", True)
    assert field.endswith("over.yaml:1: extends")


@pytest.mark.parametrize("key", ["format", "id", "edition", "scope", "title", "issuer", "in_force", "known_since"])
def test_an_overlay_states_its_own_identity(shelf, key):
    text = re.sub(rf"^{key}:.*\n", "", overlay(), flags=re.MULTILINE)
    code, field, _ = fault(load_rulebook, shelf("over", text))
    assert (code, field.endswith(f"over.yaml:1: {key}")) == ("ICS-RUL-019", True)


OUTLINE = (
    OWN.replace("id: over", "id: outline")
    + """\
sources: [{id: text, title: The text, where: nowhere}]
evaluable: false
facts: [{text: {en: A fact, zh: 实}, provenance: published}]
missing: [{en: The weights, zh: 权重}]
"""
)


def test_a_base_that_is_documented_only_has_nothing_to_extend(shelf):
    assert load_edition(shelf("outline", OUTLINE)).missing[0].en == "The weights"
    with pytest.raises(MissingError, match="ICS-RUL-021"):
        load_rulebook("outline")
    code, _, message = fault(load_rulebook, shelf("over", overlay(base="outline")))
    assert (code, "documented only" in message) == ("ICS-RUL-019", True)


def test_a_base_of_format_1_is_refused_as_one(shelf):
    shelf("old", BASE.replace("format: 2", "format: 1").replace("id: base", "id: old"))
    code, field, message = fault(load_rulebook, shelf("over", overlay(base="old")))
    assert (code, "format 1" in message, field.endswith("over.yaml:1: extends")) == ("ICS-RUL-019", True, True)


@pytest.mark.parametrize(
    ("removal", "remedy"),
    [
        ("{indicators: [award]}", "awards, intensity"),
        ("{indicators: [awards, nothing]}", "awards, intensity"),
        ("{indicators: []}", "awards, intensity"),
        ("{indicators: awards}", "awards, intensity"),
        ("{indicators: [{id: awards}]}", "awards, intensity"),
        ("{indicators: [1]}", "awards, intensity"),
        ("{peers: all}", "a list of ids, or all"),
        ("{eligibility: [pass]}", "a list of ids, or all"),
        ("[awards]", "a list of ids, or all"),
    ],
)
def test_a_removal_of_what_is_not_there_is_refused(shelf, removal, remedy):
    text = overlay(f"remove: {removal}\n")
    code, field, message = fault(load_rulebook, shelf("over", text))
    assert (code, remedy in message) == ("ICS-RUL-020", True)
    assert f"over.yaml:{line_of(text, 'remove:')}: remove." in field


def test_an_overlay_of_a_broken_base_names_the_base(shelf):
    shelf("base", "format: [2")
    code, field, _ = fault(load_rulebook, shelf("over", overlay()))
    assert (code, "base.yaml:" in field) == ("ICS-RUL-001", True)


def test_an_id_that_two_files_use_is_refused(shelf):
    shelf("tech-sme-2017", BASE.replace("id: base", "id: tech-sme-2017"))
    for call in (list_editions, lambda: load_rulebook("national-2025")):
        code, field, message = fault(call)
        assert (code, "own/tech-sme-2017.yaml" in field) == ("ICS-RUL-022", True)
        assert "configs/rulebooks/tech-sme-2017.yaml" in message
    assert load_rulebook(shelf("base", BASE)).id == "base"


def test_a_variable_that_names_no_folder_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setenv("ICSML_RULEBOOKS", str(tmp_path / "none"))
    with pytest.raises(MissingError, match="ICSML_RULEBOOKS"):
        load_rulebook("tech-sme-2017")
