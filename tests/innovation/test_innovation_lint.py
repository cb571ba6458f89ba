"""Every fault that a rulebook file can have is found, with its code and its line."""

from __future__ import annotations

import re

import pytest

from icsml.errors import ConfigError, MissingError
from icsml.innovation import lint_rulebook, parse_rulebook

PUBLISHED = "provenance: {name: published, weight: published, value: published, points: published}\n    sources: [text]"
OFFICIAL = "provenance: {name: official, weight: published, value: published, points: published}\n    sources: [text]"

FAULTS = {
    "unknown key": ("edition: trial", "edition: trial\ncolour: red", "ICS-RUL-001", "colour", ""),
    "not yaml": ("format: 2", "format: [2", "ICS-RUL-001", "YAML", ""),
    "a date that is none": ("from: 2020-01-01", "from: soon", "ICS-RUL-001", "date", ""),
    "not a number": ("max: 40", "max: forty", "ICS-RUL-001", "number or a fraction", ""),
    "division by zero": ("bonus: 10/3", "bonus: 10/0", "ICS-RUL-001", "number or a fraction", ""),
    "two comparisons": ("{at_most: 0.55,", "{at_most: 0.55, below: 0.6,", "ICS-RUL-001", "exactly one of", ""),
    "no comparison": ("{at_most: 0.55, points", "{points", "ICS-RUL-001", "exactly one of", ""),
    "unknown function": ("{kind: growth,", "{kind: eval,", "ICS-RUL-001", "growth", ""),
    "value without points": ("    value: high_growth_list\n", "", "ICS-RUL-001", "either value and points", ""),
    "unknown field": (
        "value: high_growth_list",
        "value: high_growth_lst",
        "ICS-RUL-003",
        "high_growth_lst",
        "did you mean high_growth_list?",
    ),
    "unknown field of a condition": (
        "value: staff_total",
        "value: staff_totl",
        "ICS-RUL-003",
        "staff_totl",
        "did you mean staff_total?",
    ),
    "same id twice": ("id: growth", "id: patents", "ICS-RUL-004", "patents is used 2 times", "own id"),
    "same option twice": ("id: cost", "id: sales", "ICS-RUL-004", "sales is used 2 times", "own id"),
    "category max": (
        "zh: 工}, max: 40",
        "zh: 工}, max: 41",
        "ICS-RUL-005",
        "is 41, but its indicators sum to 40",
        "correct",
    ),
    "total": ("base: 40", "base: 50", "ICS-RUL-006", "is 50, but its categories sum to 40", "correct"),
    "bands out of order": (
        "{at_most: 0.55, points: 10}, {at_most: 0.75, points: 5}",
        "{at_most: 0.75, points: 5}, {at_most: 0.55, points: 10}",
        "ICS-RUL-007",
        "out of order",
        "upper bounds from low to high",
    ),
    "bands of both kinds": ("{at_most: 0.75,", "{at_least: 0.75,", "ICS-RUL-007", "out of order", "bounds"),
    "anchors out of order": ("[0, 20%], [0.15", "[0, 20%], [0, 30%], [0.15", "ICS-RUL-007", "out of order", "anchors"),
    "max not reached": (
        "{at_most: 0.55, points: 10}",
        "{at_most: 0.55, points: 9}",
        "ICS-RUL-008",
        "is 10, but the points reach 9",
        "100%",
    ),
    "max exceeded": ("[0.15, 100%]", "[0.15, 120%]", "ICS-RUL-008", "reach 12", "100%"),
    "deduction exceeded": (
        "points: {kind: flag, points: 100%}\n    provenance: {name: published, weight: published, "
        "value: published, points: published}\n    sources: [text]\neligibility",
        "points: {kind: flag, points: -7}\n    provenance: {name: published, weight: published, "
        "value: published, points: published}\n    sources: [text]\neligibility",
        "ICS-RUL-008",
        "reach -7",
        "largest deduction",
    ),
    "unknown category": (
        "category: work\n    domain: financial",
        "category: wrk\n    domain: financial",
        "ICS-RUL-009",
        "no category wrk",
        "did you mean work?",
    ),
    "unknown category of a condition": (
        "{kind: category, category: work}",
        "{kind: category, category: wurk}",
        "ICS-RUL-009",
        "no category wurk",
        "did you mean work?",
    ),
    "unknown indicator of a condition": (
        "{kind: category, category: work}",
        "{kind: points, indicator: patent}",
        "ICS-RUL-009",
        "no points patent",
        "did you mean patents?",
    ),
    "unknown condition waived": (
        "waives: [pass, work]",
        "waives: [pss, work]",
        "ICS-RUL-009",
        "no condition pss",
        "did you mean pass?",
    ),
    "undeclared source": (
        "sources: [text]\n  - id: growth",
        "sources: [txt]\n  - id: growth",
        "ICS-RUL-010",
        "source txt is not declared",
        "did you mean text?",
    ),
    "published without a source": (
        "    sources: [text]\n  - id: growth",
        "  - id: growth",
        "ICS-RUL-010",
        "cites no source",
        "assumed",
    ),
    "official without the text": (PUBLISHED, OFFICIAL, "ICS-RUL-010", "issuer's own text", "issuer_text"),
    "not a number field": ("value: high_growth_list", "value: region", "ICS-RUL-012", "not a number", "flag"),
    "a consequence": (
        "value: high_growth_list",
        "value: on_recommended_list",
        "ICS-RUL-012",
        "may not be scored",
        "earlier decisions",
    ),
    "the bank's own rating": (
        "value: staff_total",
        "value: bank_pd",
        "ICS-RUL-012",
        "may not be scored",
        "leave it out",
    ),
    "conduct fed to the model": (
        "value: high_growth_list",
        "value: abnormal_list",
        "ICS-RUL-014",
        "no innovation field",
        "financial",
    ),
    "flag over a count": ("value: high_growth_list", "value: awards_2y", "ICS-RUL-012", "no flag", "bands"),
    "is over a number": (
        "value: high_tech_enterprise, is",
        "value: staff_rd, is",
        "ICS-RUL-012",
        "asks a flag",
        "comparison",
    ),
    "ends before it begins": (
        "to: 2020-12-31",
        "to: 2019-12-31",
        "ICS-RUL-013",
        "before it begins",
        "dates",
    ),
    "baseline counted as innovation": (
        "domain: financial\n    max: 10\n    missing: zero\n    value: {kind: growth",
        "domain: innovation\n    max: 10\n    missing: zero\n    value: {kind: growth",
        "ICS-RUL-014",
        "no innovation field",
        "domain: financial",
    ),
}


def test_the_sound_rulebook_has_no_fault(tmp_path, small_text):
    path = tmp_path / "small.yaml"
    path.write_text(small_text, "utf-8")
    assert lint_rulebook(path) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_found_by_lint_and_refused_on_load(tmp_path, small_text, fault):
    old, new, code, message, remedy = FAULTS[fault]
    assert old in small_text
    text = small_text.replace(old, new, 1)
    path = tmp_path / "small.yaml"
    path.write_text(text, "utf-8")
    found = [f for f in lint_rulebook(path) if f.code == code and message in f.message + f.where and remedy in f.remedy]
    assert found, lint_rulebook(path)
    with pytest.raises(ConfigError) as caught:
        parse_rulebook(text, "small.yaml")
    assert caught.value.exit_code == 2
    assert re.match(r"small\.yaml:\d+", caught.value.field or "")


@pytest.mark.parametrize("field", ["bank_pd", "bank_grade", "on_recommended_list", "legal_representative"])
def test_what_may_never_be_scored_is_not_advised_to_be_scored_elsewhere(tmp_path, small_text, field):
    path = tmp_path / "small.yaml"
    path.write_text(small_text.replace("value: high_growth_list", f"value: {field}", 1), "utf-8")
    found = lint_rulebook(path)
    assert any("may not be scored" in fault.message and "leave it out" in fault.remedy for fault in found)
    assert not [fault for fault in found if "domain: financial" in fault.remedy]
    assert "ICS-RUL-014" not in {fault.code for fault in found}


@pytest.mark.parametrize(
    ("fault", "marker"),
    [
        ("unknown field", "value: high_growth_lst"),
        ("category max", "id: work, label"),
        ("bands out of order", "0.75, points: 5"),
        ("unknown category", "category: wrk"),
        ("ends before it begins", "in_force: {from"),
        ("two comparisons", "0.55, below"),
        ("unknown key", "colour"),
        (
            "max not reached",
            "max: 10\n    better: lower\n    missing: zero\n    value: {kind: ratio, numerator: total_liab",
        ),
    ],
)
def test_the_line_is_the_line_of_the_fault(tmp_path, small_text, fault, marker):
    old, new, code, *_ = FAULTS[fault]
    text = small_text.replace(old, new, 1)
    path = tmp_path / "small.yaml"
    path.write_text(text, "utf-8")
    line = text[: text.index(marker)].count("\n") + 1
    assert any(f.code == code and f":{line}: " in f.where for f in lint_rulebook(path)), (line, lint_rulebook(path))


def test_lint_lists_every_fault(tmp_path, small_text):
    text = small_text.replace("base: 40", "base: 41").replace("id: growth", "id: patents").replace("[text]", "[txt]", 1)
    path = tmp_path / "small.yaml"
    path.write_text(text, "utf-8")
    assert {"ICS-RUL-004", "ICS-RUL-006", "ICS-RUL-010"} <= {fault.code for fault in lint_rulebook(path)}
    with pytest.raises(ConfigError, match=r"and \d more"):
        parse_rulebook(text, "small.yaml")


def test_a_file_is_named_after_its_id(tmp_path, small_text):
    path = tmp_path / "large.yaml"
    path.write_text(small_text, "utf-8")
    assert [fault.code for fault in lint_rulebook(path)] == ["ICS-RUL-015"]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"- 1\n- 2\n", b"{{{"])
def test_what_is_no_rulebook_at_all_is_one_fault(tmp_path, content):
    path = tmp_path / "small.yaml"
    path.write_bytes(content)
    assert [fault.code for fault in lint_rulebook(path)] == ["ICS-RUL-001"]


def test_lint_of_a_file_that_is_not_there(tmp_path):
    with pytest.raises(MissingError, match="ICS-RUL-002"):
        lint_rulebook(tmp_path / "none.yaml")
