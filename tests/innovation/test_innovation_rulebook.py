"""Reading rulebooks, their two time axes, and how official weights get in."""

from __future__ import annotations

import hashlib
from datetime import date
from fractions import Fraction

import pytest

from icsml.core.paths import configs_dir
from icsml.errors import InputError, MissingError
from icsml.innovation import (
    evaluate,
    lint_rulebook,
    list_editions,
    list_rulebooks,
    load_rulebook,
    parse_rulebook,
    rulebook_as_of,
)
from icsml.innovation.rulebooks import load as library

SHIPPED = sorted((configs_dir() / "rulebooks").rglob("*.yaml"))


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_rulebook_is_sound(path):
    assert lint_rulebook(path) == []


def test_the_list_is_what_is_shipped():
    assert [edition.id for edition in list_editions()] == sorted(path.stem for path in SHIPPED)
    assert {"national-2025", "tech-sme-2017"} <= {path.stem for path in SHIPPED}


def test_by_id_and_by_path_is_the_same():
    path = configs_dir() / "rulebooks" / "national-2025.yaml"
    by_id, by_path, by_text = load_rulebook("national-2025"), load_rulebook(path), load_rulebook(str(path))
    assert by_id.source_text == by_path.source_text == by_text.source_text == path.read_text("utf-8")
    assert by_id.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_text_alone_gives_the_rulebook_back(national, blank):
    again = parse_rulebook(national.source_text, "bundle/rulebook.yaml")
    assert (again, again.sha256) == (national, national.sha256)
    fields = {"rd_expense_cny": 7, "revenue_cny": 99}
    assert evaluate(again, blank(1, fields)).score[0] == evaluate(national, blank(1, fields)).score[0]


@pytest.mark.parametrize(("name", "remedy"), [("national-2026", "national-2025"), ("none-such", "known:")])
def test_an_unknown_id_is_answered_with_the_nearest(name, remedy):
    with pytest.raises(MissingError, match=remedy) as caught:
        load_rulebook(name)
    assert (caught.value.code, caught.value.exit_code) == ("ICS-RUL-002", 3)


def test_in_force_includes_both_ends(small):
    days = [date(2019, 12, 31), date(2020, 1, 1), date(2020, 12, 31), date(2021, 1, 1)]
    assert [small.in_force.holds(day) for day in days] == [False, True, True, False]


def test_as_of_a_date():
    assert rulebook_as_of(date(2026, 6, 30)).id == "national-2025"
    with pytest.raises(InputError, match="ICS-RUL-011"):
        rulebook_as_of(date(1999, 1, 1))


@pytest.fixture
def shelf(tmp_path, small_text, monkeypatch):
    """A shelf of national rulebooks to choose from."""
    (tmp_path / "rulebooks").mkdir()
    monkeypatch.setattr(library, "rulebook_folders", lambda: [tmp_path / "rulebooks"])

    def put(name, start, end, known):
        text = small_text.replace("id: small", f"id: {name}").replace("scope: regional", "scope: national")
        text = text.replace("2020-01-01", start).replace("2020-12-31", end).replace("2020-06-01", known)
        (tmp_path / "rulebooks" / f"{name}.yaml").write_text(text, "utf-8")

    return put


def test_a_rule_counts_only_once_it_is_known(shelf):
    shelf("retroactive", "2020-01-01", "null", "2020-06-01")
    with pytest.raises(InputError, match="no national rulebook was in force on 2020-05-31"):
        rulebook_as_of(date(2020, 5, 31))
    assert rulebook_as_of(date(2020, 6, 1)).id == "retroactive"


def test_editions_follow_one_another_and_may_not_overlap(shelf):
    shelf("first", "2020-01-01", "2020-12-31", "2020-01-01")
    shelf("second", "2021-01-01", "null", "2020-10-01")
    assert [rulebook_as_of(day).id for day in (date(2020, 12, 31), date(2021, 1, 1))] == ["first", "second"]
    shelf("third", "2021-06-01", "null", "2021-06-01")
    with pytest.raises(InputError, match="second, third"):
        rulebook_as_of(date(2021, 6, 1))


def test_a_scorecard_or_regional_rulebook_never_answers_a_date(shelf, tmp_path, small_text):
    (tmp_path / "rulebooks" / "small.yaml").write_text(small_text, "utf-8")
    with pytest.raises(InputError, match="no national rulebook"):
        rulebook_as_of(date(2020, 7, 1))


def test_the_weakest_part_names_the_provenance(small, small_text):
    assert str(small.provenance) == "published"
    for part in (
        "name: published, weight",
        "weight: published, value",
        "value: published, points",
        "points: published}",
        "max: published}",
        "provenance: published, sources",
        "bonus: 10/3, provenance: published",
    ):
        assert part in small_text
        assumed = small_text.replace(part, part.replace("published", "assumed", 1), 1)
        assert str(parse_rulebook(assumed, "small").provenance) == "assumed", part


def test_activating_a_recalled_bypass_turns_the_provenance(tech_sme):
    active = parse_rulebook(tech_sme.source_text.replace("active: false", "active: true"), "tech")
    assert str(active.provenance) == "assumed"


def test_official_weights_get_in_by_editing_yaml_alone(national, blank):
    text = national.source_text
    text = text.replace(
        "{name: assumed, weight: assumed, value: assumed, points: assumed}",
        "{name: official, weight: official, value: official, points: official}",
    )
    text = text.replace("max: assumed}", "max: official}").replace("published}", "official}")
    text = text.replace("name: published", "name: official")
    text = text.replace("sources: [prototype]", "sources: [guideline]")
    source = "  - {id: guideline, title: The guideline, where: its attachment, issuer_text: true}\n"
    text = text.replace("  - id: prototype", source + "  - id: prototype")
    text = text.replace("    max: 100/9", "    max: 20", 1).replace("    max: 100/9", "    max: 20/9", 1)
    edited = parse_rulebook(text, "edited")
    assert str(edited.provenance) == "official"
    assert [i.max for i in edited.indicators[:3]] == [20, Fraction(20, 9), Fraction(100, 9)]
    scored = evaluate(edited, blank(1, {"rd_expense_cny": 15, "revenue_cny": 100, "staff_rd": 15, "staff_total": 100}))
    assert [scored.points[name][0] for name in ("rd_intensity", "rd_staff_share")] == [20, pytest.approx(10 / 9)]


def test_no_published_rulebook_calls_itself_official():
    assert {str(rulebook.provenance) for rulebook in list_rulebooks()} <= {"assumed", "published"}
