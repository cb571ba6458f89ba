"""What two rulebooks say differently: each difference is one row, and nothing else is."""

from __future__ import annotations

import re
from dataclasses import asdict

import pytest

from icsml.innovation import list_rulebooks, load_rulebook, parse_rulebook
from icsml.innovation.impact.rule_changes import Change, changes

STAGES = """\
stages:
  list:
    - {id: young, label: {en: Young, zh: 幼}}
    - {id: old, label: {en: Old, zh: 老}}
  rule: {value: revenue_cny, unit: CNY, steps: [{below: 5000000, stage: young}], otherwise: old, missing: young}
  provenance: {names: published, rule: published}
  sources: [text]
"""


@pytest.fixture(scope="module")
def changed(small, small_text):
    """What changes where every (before, after) is replaced in the text of the small rulebook."""

    def make(*edits, lang="en"):
        text = small_text
        for before, after in edits:
            assert before in text, before
            text = text.replace(before, after)
        return changes(small, parse_rulebook(text, "small.yaml"), lang)

    return make


@pytest.mark.parametrize("rulebook", list_rulebooks(), ids=lambda each: each.id)
def test_a_rulebook_does_not_differ_from_itself(rulebook):
    assert changes(rulebook, load_rulebook(rulebook.id)) == []


def test_what_does_not_bear_on_a_score_is_no_change(changed):
    edits = [
        ("title: {en: Small", "title: {en: Another"),
        ("known_since: 2020-06-01", "known_since: 2021-06-01"),
        (
            "    missing: zero\n    value: high_growth_list",
            "    missing: zero\n    note: new\n    value: high_growth_list",
        ),
        ("title: The text", "title: Another text"),
    ]
    assert changed(*edits) == []


def test_a_moved_weight_is_one_row_for_each_number(changed):
    edits = [
        (
            "    max: 10\n    missing: zero\n    value: {kind: sum, fields: [ip_class1, ip_class2]}",
            "    max: 12\n    missing: zero\n    value: {kind: sum, fields: [ip_class1, ip_class2]}",
        ),
        (
            "    max: 10\n    missing: zero\n    value: {kind: growth,",
            "    max: 8\n    missing: zero\n    value: {kind: growth,",
        ),
    ]
    assert changed(*edits) == [
        Change("indicators.patents.max", "changed", "10 points", "12 points"),
        Change("indicators.growth.max", "changed", "10 points", "8 points"),
    ]


def test_totals_and_categories(changed):
    found = changed(
        ("totals: {base: 40", "totals: {base: 44"),
        ("zh: 工}, max: 40", "zh: 工}, max: 44"),
        (
            "    max: 10\n    missing: zero\n    value: {kind: sum",
            "    max: 14\n    missing: zero\n    value: {kind: sum",
        ),
    )
    assert [change.item for change in found] == ["totals.base", "categories.work.max", "indicators.patents.max"]
    assert (found[0].name, found[0].a, found[0].b) == ("Total › base points", "40 points", "44 points")


ADDED = """\
  - id: projects
    label: {en: Projects, zh: 项目}
    category: extra
    domain: innovation
    max: 5
    missing: zero
    value: projects_2y
    points: {kind: counts, at: {1: 5}}
    provenance: {name: published, weight: published, value: published, points: published}
    sources: [text]
eligibility:
"""


@pytest.mark.parametrize(("lang", "name"), [("en", "Projects"), ("zh", "项目")])
def test_an_added_and_a_removed_indicator_are_one_row_each_by_their_name(small, small_text, lang, name):
    text = small_text.replace("eligibility:\n", ADDED, 1).replace("bonus: 10/3", "bonus: 25/3")
    longer = parse_rulebook(text.replace("zh: 外}, max: 10/3", "zh: 外}, max: 25/3"), "small.yaml")
    there = changes(small, longer, lang)
    back = changes(longer, small, lang)
    assert Change("indicators.projects", "added", None, name) in there
    assert Change("indicators.projects", "removed", name, None) in back
    assert [change.item for change in there] == ["totals.bonus", "categories.extra.max", "indicators.projects"]
    assert [(each.item, each.b, each.a) for each in back] == [(each.item, each.a, each.b) for each in there]


def test_a_changed_points_function_is_one_row(changed):
    (found,) = changed(("[[-0.1, 0], [0, 20%], [0.15, 100%]]", "[[-0.1, 0], [0, 20%], [0.20, 100%]]"))
    assert (found.item, found.kind) == ("indicators.growth.points", "changed")
    assert found.a != found.b
    assert found.name == "Indicator › Growth › points"
    assert found.a == "linear interpolation; -10%: 0 points; 0%: 20% of its points; 15%: all of its points"
    assert found.b == found.a.replace("15%", "20%")


def test_another_kind_of_function_is_one_row(changed):
    found = changed(
        ("points: {kind: ramp, anchors: [[-0.1, 0], [0, 20%], [0.15, 100%]]}",
         "points: {kind: bands, steps: [{at_least: 0.15, points: 100%}], otherwise: 0}")
    )  # fmt: skip
    assert [change.item for change in found] == ["indicators.growth.points"]


def test_a_changed_reading_is_one_row(changed):
    (found,) = changed(("value: {kind: sum, fields: [ip_class1, ip_class2]}", "value: ip_class1"))
    assert found.item == "indicators.patents.value"
    assert found.a == "Class I rights held and valid + Class II rights held and valid"
    assert found.b == "Class I rights held and valid"


def test_a_changed_option_is_one_row_under_its_own_name(changed):
    (found,) = changed(("{at_least: 0.3, points: 8}", "{at_least: 0.4, points: 8}"))
    assert found.item == "indicators.rd.best_of.cost.points"


def test_a_changed_policy_direction_and_provenance(changed):
    before = "    better: lower\n    missing: zero\n    value: serious"
    assert changed(
        ("    missing: zero\n    value: {kind: growth,", "    missing: rescale\n    value: {kind: growth,"),
        (before, before.replace("lower", "none")),
    ) == [
        Change("indicators.growth.missing", "changed", "no points", "left out, the others count for more"),
        Change("indicators.violation.better", "changed", "lower", "neither"),
    ]
    before = "name: published, max: published}}\n  - {id: extra"
    (found,) = changed((before, before.replace("max: published", "max: assumed")))
    assert found == Change("categories.work.provenance.max", "changed", "published", "assumed")


def test_a_changed_stage_rule_is_one_row(small_text):
    one = small_text.replace("categories:", STAGES + "categories:", 1)
    other = one.replace("below: 5000000", "below: 6000000")
    found = changes(parse_rulebook(one, "small.yaml"), parse_rulebook(other, "small.yaml"))
    assert len(found) == 1
    assert found[0].item.startswith("stages.rule")
    assert (found[0].a, found[0].b) == ("< CNY 5,000,000: Young", "< CNY 6,000,000: Young")


def test_stages_that_come_or_go_are_one_row(small, small_text):
    staged = parse_rulebook(small_text.replace("categories:", STAGES + "categories:", 1), "small.yaml")
    (found,) = changes(small, staged)
    assert (found.item, found.kind, found.a) == ("stages", "added", None)
    assert found.b
    (back,) = changes(staged, small)
    assert (back.item, back.kind, back.b) == ("stages", "removed", None)
    assert back.a == found.b


def test_a_stage_is_named_in_the_language_asked_for(small_text):
    one = small_text.replace("categories:", STAGES + "categories:", 1)
    other = one.replace("    - {id: old,", "    - {id: middle, label: {en: Middle, zh: 壮}}\n    - {id: old,").replace(
        "{below: 5000000, stage: young}", "{below: 5000000, stage: young}, {below: 9000000, stage: middle}"
    )
    found = changes(parse_rulebook(one, "small.yaml"), parse_rulebook(other, "small.yaml"), "zh")
    assert Change("stages.list.middle", "added", None, "壮") in found
    assert len(found) == 2


def test_conditions_are_compared_by_their_ids(changed):
    assert changed(("value: staff_total, at_most: 500", "value: staff_total, at_most: 300")) == [
        Change("eligibility.conditions.staff.at_most", "changed", "500 persons", "300 persons")
    ]
    line = "    - {id: pass, label: {en: Pass, zh: 分}, value: score, at_least: 20, provenance: published"
    assert changed((f"{line}, sources: [text]}}\n", ""), ("waives: [pass, work]", "waives: [work]"), lang="zh") == [
        Change("eligibility.conditions.pass", "removed", "分", None),
        Change("eligibility.bypass.waives", "changed", "分；工", "工"),
    ]
    assert changed(("  bypass:\n    active: true", "  bypass:\n    active: false")) == [
        Change("eligibility.bypass.active", "changed", "yes", "no")
    ]


def test_a_label_is_shown_in_the_language_asked_for(changed):
    edit = ("label: {en: Patents, zh: 专利}", "label: {en: Rights, zh: 权利}")
    assert changed(edit) == [Change("indicators.patents.label", "changed", "Patents", "Rights")]
    assert changed(edit, lang="zh") == [Change("indicators.patents.label", "changed", "专利", "权利")]


def test_a_validity_that_is_stated_or_changed(small, small_text):
    texts = [
        small_text.replace("sources:", f"validity: {{months: {months}, provenance: assumed}}\nsources:", 1)
        for months in (12, 24)
    ]
    year, two = (parse_rulebook(text, "small.yaml") for text in texts)
    assert changes(year, two) == [Change("validity.months", "changed", "12 months", "24 months")]
    (found,) = changes(small, year)
    told = "months: 12 months; score past its validity: no score; provenance: assumed"
    assert (found.item, found.kind, found.b) == ("validity", "added", told)


def test_a_row_is_json(changed):
    (found,) = changed(("value: staff_total, at_most: 500", "value: staff_total, at_most: 300"))
    assert asdict(found) == {
        "item": "eligibility.conditions.staff.at_most",
        "kind": "changed",
        "a": "500 persons",
        "b": "300 persons",
        "name": "Eligibility › condition › Staff › at most",
    }


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_two_national_editions_can_be_told_apart(lang):
    found = changes(load_rulebook("national-2024"), load_rulebook("national-2025"), lang)
    items = [change.item for change in found]
    assert len(set(items)) == len(items)
    assert {"totals.bonus", "stages", "peers", "categories.technology", "indicators.rd_amount"} <= set(items)
    assert {change.kind for change in found} == {"added", "removed", "changed"}
    assert all((change.a is None) == (change.kind == "added") for change in found)
    assert all((change.b is None) == (change.kind == "removed") for change in found)
    name = {"en": "R&D intensity", "zh": "研发投入强度"}[lang]
    assert Change("indicators.rd_intensity", "added", None, name) in found


CODE = re.compile(r"[a-z]+_[a-z]+|\bkind\b|\d/\d")


@pytest.mark.parametrize("one", [each.id for each in list_rulebooks()])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_part_of_every_rulebook_reads_in_words(one, lang):
    told = 0
    for other in ("national-2024", "tech-sme-2017"):
        for change in changes(load_rulebook(one), load_rulebook(other), lang):
            for text in (change.name, change.a or "", change.b or ""):
                told += 1
                assert not CODE.search(text), (change.item, text)
                if lang == "zh":
                    assert not re.search(r"[a-z]{4,}", text), (change.item, text)
    assert told > 30


def test_points_read_as_decimals_with_the_places_that_tell_them_apart(changed):
    found = changed(("10/3", "10001/3000"))
    assert [(each.a, each.b) for each in found] == [("3.3333 points", "3.3337 points")] * 3
