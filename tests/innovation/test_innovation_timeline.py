"""Which rules applied on a day, as they were known on a day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from icsml.errors import InputError, MissingError
from icsml.innovation import evaluate, load_edition, rulebook_as_of
from icsml.innovation.rulebooks import load as library
from icsml.innovation.rulebooks.timeline import as_known

DAY = timedelta(days=1)
OUTLINE = """\
format: 2
id: outline
edition: trial
scope: national
title: {en: Outline, zh: 纲}
issuer: {en: Nobody, zh: 无}
in_force: {from: 2019-01-01, to: 2019-12-31, provenance: published}
known_since: 2019-01-01
sources: [{id: text, title: The text, where: nowhere}]
evaluable: false
facts: [{text: {en: There are 18 indicators, zh: 十八项}, provenance: published}]
missing: [{en: The weights, zh: 权重}]
"""


@pytest.fixture
def shelf(tmp_path, small_text, monkeypatch):
    """A shelf of editions to choose from, and nothing else on it."""
    folder = tmp_path / "rulebooks"
    folder.mkdir()
    monkeypatch.setattr(library, "rulebook_folders", lambda: [folder])

    def put(name, start, end, known, *, scope="national", corrects=None, maximum=None):
        text = small_text.replace("id: small", f"id: {name}").replace("scope: regional", f"scope: {scope}")
        text = text.replace("2020-01-01", start).replace("2020-12-31", end).replace("2020-06-01", known)
        if corrects:
            text = text.replace("known_since:", f"corrects: {corrects}\nknown_since:")
        if maximum:
            text = text.replace("{above: 0, points: 50%}", f"{{above: 0, points: {maximum}}}")
        path = folder / f"{name}.yaml"
        path.write_text(text, "utf-8")
        return path

    return put


@pytest.fixture
def two(shelf):
    """Two editions that follow one another, each known when it began."""
    shelf("first", "2020-01-01", "2021-06-30", "2020-01-01")
    shelf("second", "2021-07-01", "null", "2021-07-01")
    return shelf


CHANGE = date(2021, 7, 1)


def test_before_the_first_edition_there_is_none(two):
    with pytest.raises(InputError, match="no national rulebook was in force on 2019-12-31") as caught:
        rulebook_as_of(date(2020, 1, 1) - DAY)
    assert (caught.value.code, caught.value.field, bool(caught.value.remedy)) == ("ICS-RUL-011", "as_of", True)
    assert rulebook_as_of(date(2020, 1, 1)).id == "first"


@pytest.mark.parametrize(
    ("day", "edition"),
    [(CHANGE - DAY, "first"), (CHANGE, "second"), (CHANGE + DAY, "second"), (date(2099, 1, 1), "second")],
)
def test_on_the_day_of_change_the_new_edition_applies_and_the_day_before_the_old_one(two, day, edition):
    assert rulebook_as_of(day).id == edition


def test_after_the_last_edition_has_ended_there_is_none(shelf):
    shelf("only", "2020-01-01", "2020-12-31", "2020-01-01")
    assert rulebook_as_of(date(2020, 12, 31)).id == "only"
    with pytest.raises(InputError, match="ICS-RUL-011"):
        rulebook_as_of(date(2021, 1, 1))


def test_what_was_in_force_then_may_be_known_only_later(two):
    two("second", "2021-07-01", "null", "2021-09-15")  # published late, and in force since July
    with pytest.raises(InputError, match="known then"):
        rulebook_as_of(CHANGE)
    with pytest.raises(InputError, match="known on 2021-09-14"):
        rulebook_as_of(CHANGE, known_on=date(2021, 9, 14))
    assert rulebook_as_of(CHANGE, known_on=date(2021, 9, 15)).id == "second"
    assert rulebook_as_of(date(2021, 9, 15)).id == "second"


def test_knowledge_of_today_does_not_move_the_time_in_force(two):
    assert rulebook_as_of(CHANGE - DAY, known_on=date(2026, 1, 1)).id == "first"
    with pytest.raises(InputError, match="ICS-RUL-011"):
        rulebook_as_of(date(2019, 1, 1), known_on=date(2026, 1, 1))


def test_an_edition_known_beforehand_applies_from_its_first_day_only(two):
    two("second", "2021-07-01", "null", "2020-02-02")
    assert rulebook_as_of(CHANGE - DAY).id == "first"
    assert rulebook_as_of(CHANGE).id == "second"


CORRECTED = date(2022, 3, 1)


@pytest.fixture
def corrected(two):
    """The first edition again, as it was corrected when it had long ended."""
    two("first-corrected", "2020-01-01", "2021-06-30", str(CORRECTED), corrects="first", maximum="40%")
    return two


def test_a_late_correction_does_not_change_what_was_known_before(corrected, blank):
    day = date(2020, 6, 1)
    assert rulebook_as_of(day).id == "first"
    assert rulebook_as_of(day, known_on=CORRECTED - DAY).id == "first"
    assert rulebook_as_of(day, known_on=CORRECTED).id == "first-corrected"
    columns = blank(1, {"ip_class1": 1, "ip_class2": 0})
    then, now = (rulebook_as_of(day, known_on=known) for known in (CORRECTED - DAY, CORRECTED))
    assert [evaluate(each, columns).score[0] for each in (then, now)] == [5, 4]


def test_a_correction_leaves_the_other_editions_alone(corrected):
    assert rulebook_as_of(CORRECTED).id == "second"
    assert rulebook_as_of(CHANGE, known_on=date(2030, 1, 1)).id == "second"


def test_a_correction_may_itself_be_corrected(corrected):
    corrected("first-again", "2020-01-01", "2021-06-30", "2023-01-01", corrects="first-corrected")
    known = [date(2020, 6, 1), CORRECTED, date(2022, 12, 31), date(2023, 1, 1)]
    found = [rulebook_as_of(date(2020, 6, 1), known_on=day).id for day in known]
    assert found == ["first", "first-corrected", "first-corrected", "first-again"]


def test_a_correction_may_change_the_time_in_force(corrected):
    corrected("second-corrected", "2021-08-01", "null", "2023-05-05", corrects="second")
    assert rulebook_as_of(CHANGE, known_on=date(2023, 5, 4)).id == "second"
    with pytest.raises(InputError, match="no national rulebook"):
        rulebook_as_of(CHANGE, known_on=date(2023, 5, 5))


def test_what_was_known_on_a_day_is_a_list(corrected, tmp_path):
    editions = [load_edition(path) for path in sorted((tmp_path / "rulebooks").glob("*.yaml"))]
    known = {day: [e.id for e in as_known(editions, day)] for day in (date(2019, 1, 1), CHANGE, CORRECTED)}
    assert list(known.values()) == [[], ["first", "second"], ["first-corrected", "second"]]


def test_an_edition_that_is_documented_only_refuses_its_days(two, tmp_path):
    (tmp_path / "rulebooks" / "outline.yaml").write_text(OUTLINE, "utf-8")
    for day in (date(2019, 1, 1), date(2019, 12, 31)):
        with pytest.raises(MissingError, match="documented only") as caught:
            rulebook_as_of(day)
        assert (caught.value.code, caught.value.field, caught.value.exit_code) == ("ICS-RUL-021", "outline", 3)
    assert rulebook_as_of(date(2020, 1, 1)).id == "first"


def test_an_edition_of_no_known_first_day_applies_on_none(two, tmp_path):
    text = OUTLINE.replace("from: 2019-01-01, to: 2019-12-31", "from: null, to: null")
    (tmp_path / "rulebooks" / "outline.yaml").write_text(text, "utf-8")
    assert rulebook_as_of(CHANGE).id == "second"
    with pytest.raises(InputError, match="ICS-RUL-011"):
        rulebook_as_of(date(2019, 6, 1))


def test_editions_that_overlap_are_refused_by_name_on_the_days_they_share(two):
    two("second", "2021-06-30", "null", "2021-01-01")
    assert rulebook_as_of(date(2021, 6, 29)).id == "first"
    with pytest.raises(InputError, match="several national rulebooks apply on 2021-06-30: first, second") as caught:
        rulebook_as_of(date(2021, 6, 30))
    assert caught.value.code == "ICS-RUL-011"
    assert rulebook_as_of(date(2021, 7, 1)).id == "second"


def test_an_overlap_that_was_not_yet_known_is_none(two):
    two("second", "2021-06-30", "null", "2021-07-01")
    assert rulebook_as_of(date(2021, 6, 30)).id == "first"
    with pytest.raises(InputError, match="several"):
        rulebook_as_of(date(2021, 6, 30), known_on=CHANGE)


@pytest.mark.parametrize("scope", ["regional", "scorecard", "variant"])
def test_only_national_editions_compete(two, scope):
    two("other", "2020-01-01", "null", "2020-01-01", scope=scope)
    assert [rulebook_as_of(day).id for day in (date(2020, 1, 1), CHANGE)] == ["first", "second"]
