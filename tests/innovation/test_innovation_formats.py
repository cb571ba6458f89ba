"""A rulebook of format 1 is read for ever: a bundle keeps the copy it was trained with."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
import yaml

from icsml.errors import ConfigError
from icsml.innovation import evaluate, load_rulebook, parse_rulebook
from icsml.innovation.rulebooks.earlier_formats import upgraded
from icsml.records.columns import record_columns
from icsml.records.enterprise import example_record, parse_record

OLD = Path(__file__).parents[2] / "models" / "demo" / "rulebook.yaml"
TEXT = OLD.read_text("utf-8")
# What national-2025 gave to the example record when it was in format 1; each ninth of a hundred by hand.
NINTH = 100 / 9
GOLDEN = {
    "rd_intensity": NINTH * (4.3 / 52) / 0.15,
    "rd_staff_share": NINTH * (22 / 86) / 0.30,
    "rd_super_deduction": NINTH * 0.4,
    "ip_per_100_rd_staff": NINTH * 16 / 22,
    "tech_contract_turnover": NINTH * 0.21,
    "hightech_revenue_share": NINTH,  # 38 of 52 is above 60 %
    "revenue_growth": NINTH,  # 7 of 45 is above 15 %
    "profit_margin": NINTH * (3.6 / 52) / 0.15,
    "debt_ratio": NINTH,  # 20.5 of 41 is below 55 %
    "award": 0,
    "key_rd_programme": 0,
    "high_growth_list": 0,
}


@pytest.fixture(scope="module")
def old():
    return load_rulebook(OLD)


def test_the_shipped_copy_is_of_format_1(old):
    assert re.search(r"^format: 1$", TEXT, re.MULTILINE)
    assert (old.format, old.id, old.source_text) == (2, "national-2025", TEXT)


def test_it_gives_the_points_it_always_gave(old):
    scored = evaluate(old, record_columns(parse_record(example_record())))
    assert scored.score[0] == pytest.approx(68.92007131542015, rel=1e-9)
    assert {name: values[0] for name, values in scored.points.items()} == pytest.approx(GOLDEN, rel=1e-9)
    assert sum(GOLDEN.values()) == pytest.approx(68.92007131542015, rel=1e-9)


def test_what_format_1_could_not_say_is_read_as_it_was_meant(old, blank):
    assert {(i.missing, i.better) for i in old.indicators} == {("zero", "none")}
    assert (old.stages, old.peers, old.validity, old.derived_from) == (None, None, None, ())
    assert (old.in_force.since, old.in_force.until) == (date(2025, 10, 29), None)
    assert (str(old.in_force.provenance), old.known_since) == ("published", date(2025, 10, 29))
    nothing = evaluate(old, blank(1))
    assert nothing.score[0] == 0
    assert {rule[0] for rule in nothing.rules.values()} == {"missing"}


def test_the_source_text_is_kept_in_its_own_format(old):
    again = parse_rulebook(old.source_text, "bundle/rulebook.yaml")
    assert (again, again.sha256) == (old, old.sha256)


def test_the_end_of_the_time_in_force_could_be_left_out(old):
    text = TEXT.replace("  in_force_to: null\n", "")
    assert text != TEXT
    assert parse_rulebook(text, "old.yaml").in_force == old.in_force


def test_the_policy_for_missing_values_could_be_left_out(old):
    text = TEXT.replace("missing: zero\n", "")
    assert text != TEXT
    assert parse_rulebook(text, "old.yaml").indicators == old.indicators


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (("edition:", "colour: red\nedition:"), "colour"),
        (("  known_since:", "  colour: red\n  known_since:"), ""),  # of the timeline, which format 2 does not have
        (("    domain: innovation", "    colour: red\n    domain: innovation"), "colour"),
        (("missing: zero", "missing: refuse"), "missing"),
        (("missing: zero", "missing: rescale"), "missing"),
    ],
)
def test_an_unknown_key_is_refused_in_format_1_too(change, key):
    text = TEXT.replace(*change, 1)
    assert text != TEXT
    with pytest.raises(ConfigError, match="ICS-RUL-001") as caught:
        parse_rulebook(text, "old.yaml")
    assert caught.value.field.startswith("old.yaml:")
    assert caught.value.field.endswith(key)
    assert "unknown key" in str(caught.value)


@pytest.mark.parametrize("dropped", ["  in_force_from: 2025-10-29\n", "  known_since: 2025-10-29\n"])
def test_what_format_1_had_to_say_it_must_still_say(dropped):
    assert dropped in TEXT
    with pytest.raises(ConfigError, match="ICS-RUL-001"):
        parse_rulebook(TEXT.replace(dropped, ""), "old.yaml")


@pytest.mark.parametrize("number", [0, 3, "1", "two", None])
def test_no_other_format_is_read(number):
    text = TEXT.replace("format: 1", f"format: {number!r}" if number is not None else "format: null")
    with pytest.raises(ConfigError, match="ICS-RUL-001"):
        parse_rulebook(text, "old.yaml")


@pytest.mark.parametrize("content", [None, [], "text", 7, {"format": 2, "timeline": {}}, {"format": "1"}])
def test_what_is_no_format_1_comes_back_as_it_is(content):
    assert upgraded(content) is content


@pytest.mark.parametrize(
    "broken", [{"timeline": "soon"}, {"timeline": None}, {"indicators": "none"}, {"indicators": ["none"]}]
)
def test_a_broken_format_1_is_refused_and_not_mended(broken):
    text = yaml.safe_dump(yaml.safe_load(TEXT) | broken, allow_unicode=True)
    with pytest.raises(ConfigError, match="ICS-RUL-001"):
        parse_rulebook(text, "old.yaml")
