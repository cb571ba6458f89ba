"""The errors an officer makes in writing a rulebook are found, each at its line; the shipped rulebooks are sound."""

import re
import shutil

import pytest

from icsml.core.paths import configs_dir
from icsml.errors import ConfigError
from icsml.innovation import lint_rulebook
from icsml.innovation.lint_text import full_width
from icsml.innovation.rulebook import load_rulebook, parse_rulebook

FOLDER = configs_dir() / "rulebooks"
SHIPPED = sorted(FOLDER.rglob("*.yaml"))
EVALUATION = FOLDER / "tech-sme-2017.yaml"


def mistaken(tmp_path, old, new, source=EVALUATION, count=1):
    """Write a shipped rulebook with one mistake; return its file and the line of the mistake."""
    text = source.read_text("utf-8")
    assert old in text
    path = tmp_path / source.name
    changed = text.replace(old, new, count)
    path.write_text(changed, "utf-8")
    return path, text[: text.index(old)].count("\n") + 1


def lines(found):
    return [int(re.search(r"\.yaml:(\d+)", each.where)[1]) for each in found]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_edition_is_sound(path):
    assert lint_rulebook(path) == []


MISTAKES = {
    # what: (old, new, code, said, remedy)
    "per cent for a fraction": (
        "{at_least: 0.30, points: 20}",
        "{at_least: 30, points: 20}",
        "035",
        "3,000 %",
        "write 0.3 ",
    ),
    "per-cent bands": (
        "{at_least: 0.06, points: 50}\n            - {at_least: 0.05, points: 40}",
        "{at_least: 6, points: 50}\n            - {at_least: 5, points: 40}",
        "035",
        "600 %",
        "write 0.06 for 6 %",
    ),
    "swapped numerator and denominator": (
        "{kind: ratio, numerator: staff_st, denominator: staff_total}",
        "{kind: ratio, numerator: staff_total, denominator: staff_st}",
        "037",
        "the whole by its part",
        "numerator staff_st",
    ),
    "revenue over R&D": (
        "{kind: ratio, numerator: rd_expense_cny, denominator: revenue_cny}",
        "{kind: ratio, numerator: revenue_cny, denominator: rd_expense_cny}",
        "037",
        "divides revenue_cny by rd_expense_cny",
        "unit: rate",
    ),
    "a step in the middle deleted": (
        "        - {at_least: 0.25, points: 16}\n        - {at_least: 0.20, points: 12}\n",
        "        - {at_least: 0.25, points: 16}\n",
        "038",
        "after ≥ 25 % the points fall from 16 to 8",
        "add the step",
    ),
    "the last step deleted": (
        "        - {at_least: 0.15, points: 8}\n        - {at_least: 0.10, points: 4}\n",
        "        - {at_least: 0.15, points: 8}\n",
        "038",
        "from 8 to 0 points, 2 times the usual step",
        "add the step",
    ),
    "a condition in 万元": ("at_most: 200000000", "at_most: 2", "036", "looks like 万元 or 亿元", "200000000 if 亿元"),
}


@pytest.mark.parametrize(("old", "new", "code", "said", "remedy"), MISTAKES.values(), ids=MISTAKES)
def test_an_officers_mistake_is_found_at_its_line(tmp_path, old, new, code, said, remedy):
    path, line = mistaken(tmp_path, old, new)
    (found,) = lint_rulebook(path)
    assert found.code == f"ICS-RUL-{code}"
    assert said in found.message
    assert remedy in found.remedy
    assert lines([found]) == [line]
    with pytest.raises(ConfigError, match=f"ICS-RUL-{code}"):
        load_rulebook(path)  # no points by what cannot be meant
    parse_rulebook(path.read_text("utf-8"), "rulebook.yaml")  # what a bundle holds is read all the same


def test_stage_steps_in_wan_are_found(tmp_path):
    path, line = mistaken(
        tmp_path, "{below: 5000000, stage: start_up}", "{below: 500, stage: start_up}", FOLDER / "national-2024.yaml"
    )
    (found,) = lint_rulebook(path)
    assert (found.code, lines([found])) == ("ICS-RUL-036", [line])
    assert "write it in yuan: 5000000 if it means 500 万元" in found.remedy


@pytest.mark.parametrize(
    ("old", "new", "column", "found", "meant"),
    [
        ("scope: scorecard", "scope：scorecard", 6, "：", ":"),
        ("{at_least: 0.30, points: 20}", "{at_least: 0.30， points: 20}", 26, "，", ","),
        ("{at_least: 0.30, points: 20}", "{at_least： 0.30, points: 20}", 20, "：", ":"),
        ("    missing: zero", "    missing: “zero”", 14, "“", '"'),
        ("    max: 20", "    max: ２０", 10, "２", "2"),
        ("totals: {base: 100, bonus: 0,", "totals: ｛base: 100, bonus: 0,", 9, "｛", "{"),
    ],
)
def test_full_width_characters_are_named_with_line_and_column(tmp_path, old, new, column, found, meant):
    path, line = mistaken(tmp_path, old, new)
    first = lint_rulebook(path)[0]
    assert (first.code, lines([first])) == ("ICS-RUL-039", [line])
    assert f"column {column}" in first.where
    assert f"character {found} " in first.message
    assert first.remedy == f"write {meant}"


def test_texts_in_chinese_keep_their_punctuation():
    held = [path for path in SHIPPED if re.search("[，：（）“”]", path.read_text("utf-8"))]
    assert len(held) > 10
    assert [hit for path in held for hit in full_width(path.read_text("utf-8"))] == []
    assert list(full_width('zh: 科技型（2017），即：“甲”\nen: "a： b， c"\n# 注：说明，如下\n')) == []


def test_two_national_editions_may_not_be_in_force_on_one_day(tmp_path):
    source = FOLDER / "national-2025.yaml"
    path = tmp_path / "national-2026.yaml"
    path.write_text(source.read_text("utf-8").replace("id: national-2025\n", "id: national-2026\n", 1), "utf-8")
    (found,) = lint_rulebook(path)
    assert (found.code, found.message) == ("ICS-RUL-040", "national-2025 is in force on some of the same days")
    line = next(n for n, text in enumerate(source.read_text("utf-8").splitlines(), 1) if text.startswith("in_force"))
    assert line <= lines([found])[0] <= line + 1


def test_an_edition_that_begins_when_the_other_ended_overlaps_none(tmp_path):
    path = tmp_path / "national-2024.yaml"
    shutil.copy(FOLDER / "national-2024.yaml", path)
    assert lint_rulebook(path) == []


def test_sums_read_as_decimals(tmp_path):
    path, _ = mistaken(tmp_path, "bonus: 0,", "bonus: 10/3,")
    (found,) = [each for each in lint_rulebook(path) if each.code == "ICS-RUL-006"]
    assert found.message == "is 3.33333, but its categories sum to 0"
