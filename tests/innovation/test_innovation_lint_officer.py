"""What an officer who types a table in gets wrong: each mistake is found at its line, with what to write instead."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import icsml.innovation
from icsml.core.paths import configs_dir
from icsml.errors import ConfigError
from icsml.innovation import lint_rulebook, parse_rulebook
from icsml.innovation.rulebooks.load import list_editions, load_rulebook, rulebook_path

TABLE = (configs_dir() / "rulebooks" / "tech-sme-2017.yaml").read_text("utf-8")
STAGES = (configs_dir() / "rulebooks" / "national-2024.yaml").read_text("utf-8")
STAFF = "{kind: ratio, numerator: staff_st, denominator: staff_total}"
RD = "{kind: ratio, numerator: rd_expense_cny, denominator: revenue_cny}"
FIRST = "        - {at_least: 0.30, points: 20}\n"
STEPS = "kind: bands\n      steps:\n        - {at_least: 0.30, points: 20}\n"


def lint(tmp_path, text, name="tech-sme-2017"):
    path = tmp_path / f"{name}.yaml"
    path.write_text(text, "utf-8")
    return lint_rulebook(path)


def wrong(old, new, text=TABLE):
    """Return a file with one mistake, and the line on which it stands."""
    assert old in text
    at = text.index(old)
    changed = text[:at] + new + text[at + len(old) :]
    skipped = len(new) - len(new.lstrip("\n"))
    return changed, changed[: at + skipped].count("\n") + 1


def condition(value, rule):
    """Add a condition on its own line to the scorecard."""
    label = "label: {en: A limit, zh: 限额}"
    line = f"    - {{id: limit, {label}, value: {value}, {rule}, provenance: assumed}}"
    return "eligibility:\n  conditions:", f"eligibility:\n  conditions:\n{line}"


FAULTS = {
    "a share in per cent": ("0.30, points: 20", "30, points: 20", "027", "is 3000 %", "write 0.3 for 30 %"),
    "R&D in per cent": ("0.30, points: 50", "30, points: 50", "027", "is 3000 %", "write 0.3 for 30 %"),
    "a share just above 1": ("0.30, points: 20", "1.5, points: 20", "027", "cannot exceed 1", "0.015"),
    "R&D far above 1": ("0.06, points: 50", "60, points: 50", "027", "in per cent", "write 0.6 for 60 %"),
    "a share below nothing": ("0.10, points: 4", "-0.1, points: 4", "027", "cannot be below 0", "-0.001"),
    "money in 万元": ("at_most: 200000000", "at_most: 500", "028", "is 500 yuan", "write 5000000 for 500 万元"),
    "sales in 万元": ("at_most: 200000000", "at_most: 20000", "028", "written in 万元", "200000000 for 20000 万元"),
    "money in 亿元": ("at_most: 200000000", "at_most: 2", "028", "in 亿元", "write 200000000 for 2 亿元"),
    "a part of 亿元": ("at_most: 200000000", "at_most: 0.1", "028", "in 亿元", "write 10000000 for 0.1 亿元"),
    "money in either": (
        "at_most: 200000000", "at_most: 50", "028", "in 万元 or 亿元",
        "write 500000 for 50 万元 (ten thousand yuan), 5000000000 for 50 亿元 (hundred million yuan)",
    ),
    "next to nothing": ("at_most: 200000000", "at_most: 0.00001", "028", "for this amount", "write the amount in yuan"),
    "a pass mark in per cent": (
        "at_least: 60\n", "at_least: 60%\n", "001", "not a share; for 60 % of 100 points write 60", "correct",
    ),
    "a pass mark in full-width per cent": (
        "at_least: 60\n", "at_least: 60％\n", "001", "not a share; for 60 % of 100 points write 60", "correct",
    ),
    "a floor in per cent": (
        *condition("{kind: category, category: staff}", "at_least: 25%"),
        "001", "for 25 % of 20 points write 5", "correct",
    ),
    "points of an indicator in per cent": (
        *condition("{kind: points, indicator: st_staff_share}", "at_least: 25%"),
        "001", "for 25 % of 20 points write 5", "correct",
    ),
    "a pass mark as a share": (
        "at_least: 60\n", "at_least: 0.6\n", "039", "is 0.6 points of 100: points are asked for, not a share",
        "write 60 for 60 % of 100 points",
    ),
    "a floor as a share": (
        *condition("{kind: category, category: staff}", "at_least: 0.25"), "039", "not a share", "write 5 for 25 %",
    ),
    "a pass mark that nobody reaches": ("at_least: 60\n", "at_least: 600\n", "039", "no more than 100", "correct"),
    "more than the whole": ("at_least: 60\n", "above: 100\n", "039", "no more than 100 can be reached", "correct"),
    "a limit that all keep": ("at_least: 60\n", "at_most: 600\n", "039", "no more than 100", "correct"),
    "fewer than nothing": ("at_least: 60\n", "below: 0\n", "039", "nobody has fewer than 0", "correct"),
    "a floor that nobody reaches": (
        *condition("{kind: category, category: staff}", "at_least: 200"), "039", "no more than 20", "correct",
    ),
    "points that no indicator gives": (
        *condition("{kind: points, indicator: st_staff_share}", "at_least: 21"), "039", "no more than 20", "correct",
    ),
    "share upside down": (STAFF, STAFF.replace("_st,", "_total,").replace("or: staff_total}", "or: staff_st}"), "029",
                          "swapped", "write numerator: staff_st, denominator: staff_total"),
    "R&D upside down": (RD, "{kind: ratio, numerator: revenue_cny, denominator: rd_expense_cny}", "029",
                        "swapped", "write numerator: rd_expense_cny, denominator: revenue_cny"),
    "by itself": (STAFF, STAFF.replace("staff_st", "staff_total"), "029", "divided by itself", "a share of"),
    "same threshold twice": ("0.25, points: 16", "0.30, points: 16", "007", "≥ 30 % is written twice", "high to low"),
    "steps swapped": ("0.25, points: 16", "0.35, points: 16", "007", "≥ 35 % stands after ≥ 30 %", "high to low"),
    "a threshold as text": ("0.30, points: 20", "30%, points: 20", "001", "for 30% write 0.3", "correct"),
    "full-width per cent": ("0.30, points: 20", "30％, points: 20", "001", "for 30％ write 0.3", "correct"),
    "full-width digits": ("0.30, points: 20", "０.３, points: 20", "038", "full-width character ０", "write 0"),
    "money with separators": ("at_most: 200000000", "at_most: 200,000,000", "001", "write 200000000", "correct"),
    "separators in a flow": ("at_least: 4, points: 24", "at_least: 1,000, points: 24", "001", "not 1,000", "line"),
    "money with 万": ("at_most: 200000000", "at_most: 20000万元", "001", "write 200000000", "correct"),
    "money with 亿": ("at_most: 200000000", "at_most: 2亿", "001", "write 200000000", "correct"),
    "leading zero": ("base: 100,", "base: 0100,", "001", "octal", "line"),
    "a time for a ratio": ("base: 100,", "base: 1:40,", "001", "a time", "line"),
    "slashes in a date": ("from: 2017-05-03", "from: 2017/5/3", "001", "write 2017-05-03", "correct"),
    "a Chinese date": ("from: 2017-05-03", "from: 2017年5月3日", "001", "write 2017-05-03", "correct"),
    "a date as one number": ("from: 2017-05-03", "from: 20170503", "001", "write 2017-05-03", "correct"),
    "a year alone": ("known_since: 2017-05-03", "known_since: 2017", "001", "such as 2026-01-31", "correct"),
    "growth upside down": (
        *condition("{kind: growth, now: revenue_prev_cny, before: revenue_cny}", "at_least: 0.1"),
        "029", "now and before are swapped", "write now: revenue_cny",
    ),
    "growth of nothing": (
        *condition("{kind: growth, now: revenue_cny, before: revenue_cny}", "at_least: 0.1"),
        "029", "compared with itself", "year before",
    ),
    "growth in per cent": (
        *condition("{kind: growth, now: revenue_cny, before: revenue_prev_cny}", "at_least: 15"),
        "027", "is 1500 %", "write 0.15 for 15 %",
    ),
    "a fall that cannot be": (
        *condition("{kind: growth, now: revenue_cny, before: revenue_prev_cny}", "at_least: -10"),
        "027", "cannot be below -1", "write -0.1",
    ),
    "growth in small per cent": (
        *condition("{kind: growth, now: revenue_cny, before: revenue_prev_cny}", "at_least: 5"),
        "027", "is 500 %", "unit: rate if it is meant as a multiple",
    ),
    "R&D above sales": (*condition(RD, "at_least: 3"), "027", "is 300 %", "write 0.03 for 3 %"),
    "a margin above 1": (
        *condition("{kind: ratio, numerator: net_profit_cny, denominator: revenue_cny}", "at_least: 2"),
        "027", "is 200 %", "write 0.02 for 2 %",
    ),
    "use of limits beyond its range": (
        *condition("credit_line_utilisation", "at_most: 62"), "027", "is 6200 %", "write 0.62 for 62 %",
    ),
    "a unit of points": (*condition("score", "at_least: 60, unit: count"), "024", "no unit", "take it out"),
    "contracts upside down": (
        *condition("{kind: ratio, numerator: revenue_cny, denominator: tech_contract_turnover_cny}", "at_least: 0.1"),
        "029", "swapped", "write numerator: tech_contract_turnover_cny",
    ),
    "rights per head upside down": (
        *condition("{kind: ratio, numerator: staff_rd, denominator: ip_class1, per: 100}", "at_least: 5"),
        "029", "swapped", "write numerator: ip_class1",
    ),
}  # fmt: skip

WARNINGS = {
    "a lost step": ("        - {at_least: 0.20, points: 12}\n", "", "036", "from 16 to 8 between", "step of 12 points"),
    "a lost last step": ("\n        - {at_least: 0.10, points: 4}", "", "036", "from 8 to 0 after ≥ 15 %", "4 points"),
    "a lost count": ("            - {at_least: 3, points: 18}\n", "", "036", "from 24 to 12", "step of 18 points"),
    "growth above 1": (
        *condition("{kind: growth, now: revenue_cny, before: revenue_prev_cny}", "at_least: 2"),
        "027", "is 200 %", "write 0.02 for 2 %",
    ),
    "limits overdrawn": (
        *condition("credit_line_utilisation", "at_most: 6"), "027", "is 600 %", "leave it if 600 % is meant",
    ),
    "liabilities above equity": (
        *condition("{kind: ratio, numerator: total_liabilities_cny, denominator: equity_cny}", "at_most: 2"),
        "027", "is 200 %", "leave it if 200 % is meant",
    ),
    "a deduction of 5 万元": (
        *condition("rd_super_deduction_cny", "at_least: 50000"),
        "028", "is 50000 yuan", "write 500000000 for 50000 万元",
    ),
    "a lost first step of an option": (
        "            - {at_least: 0.06, points: 50}\n", "", "036", "points reach 40 of 50", "write `max: 40`",
    ),
    "a lost first step of the other": (
        "            - {at_least: 0.30, points: 50}\n", "", "036", "points reach 40 of 50", "add the step of 50 points",
    ),
    "little revenue": ("at_most: 200000000", "at_most: 400000", "028", "is 400000 yuan", "leave it if yuan"),
    "debt upside down": (
        *condition("{kind: ratio, numerator: total_assets_cny, denominator: total_liabilities_cny}", "at_least: 1"),
        "029", "swapped", "leave it if so meant",
    ),
    "revenue per head in 万元": (
        *condition("{kind: ratio, numerator: revenue_cny, denominator: staff_total}", "at_least: 50"),
        "028", "is 50 yuan for each", "write 500000",
    ),
    "an age in months": (*condition("{kind: age, since: founded_on}", "at_most: 120"), "035", "120 years", "10 for"),
    "a floor of 1 point": (
        *condition("{kind: category, category: staff}", "at_least: 1"),
        "039", "is 1 point of 20", "leave it if 1 point is meant, else write 20 for 100 % of 20 points",
    ),
    "a small part of an indicator's points": (
        *condition("{kind: points, indicator: st_staff_share}", "at_least: 0.5"),
        "039", "is 0.5 points of 20", "leave it if 0.5 points are meant, else write 10 for 50 %",
    ),
    "part of a person": ("at_most: 500\n", "at_most: 0.5\n", "035", "whole number", "a ratio"),
}  # fmt: skip


def line_of(found):
    return int(re.search(r"\.yaml:(\d+)", found.where)[1])


@pytest.mark.parametrize("mistake", FAULTS)
def test_a_mistake_is_refused_at_its_line(tmp_path, mistake):
    old, new, code, message, remedy = FAULTS[mistake]
    text, line = wrong(old, new)
    line += new.count("\n") if old.startswith("eligibility") else 0
    every = lint(tmp_path, text)
    found = [f for f in every if f.code == f"ICS-RUL-{code}" and message in f.message and remedy in f.remedy]
    assert found, every
    assert line_of(found[0]) == line
    assert found[0].level == "fault"
    with pytest.raises(ConfigError):
        parse_rulebook(text, "tech-sme-2017.yaml")


@pytest.mark.parametrize("mistake", WARNINGS)
def test_what_may_be_meant_is_told_and_the_rulebook_is_read(tmp_path, mistake):
    old, new, code, message, remedy = WARNINGS[mistake]
    text, line = wrong(old, new)
    line += new.count("\n") if old.startswith("eligibility") else 0
    (found,) = lint(tmp_path, text)
    assert (found.code, found.level) == (f"ICS-RUL-{code}", "warning")
    assert message in found.message
    assert remedy in found.remedy
    assert line_of(found) == line
    assert parse_rulebook(text, "tech-sme-2017.yaml").id == "tech-sme-2017"


def test_every_band_of_a_table_in_per_cent_is_named(tmp_path):
    text = TABLE
    for share in ("30", "25", "20", "15", "10"):
        text = text.replace(f"0.{share}, points", f"{share}, points", 1)
    found = [f for f in lint(tmp_path, text) if f.code == "ICS-RUL-027"]
    assert len(found) == 5
    assert len({line_of(f) for f in found}) == 5


def test_small_numbers_in_per_cent_are_known_by_their_table(tmp_path):
    text = TABLE
    for share in "65432":
        text = text.replace(f"0.0{share}, points", f"{share}, points", 1)
    found = [f for f in lint(tmp_path, text) if f.code == "ICS-RUL-027"]
    assert [f.level for f in found] == ["fault"] * 5
    assert "unit: rate" in found[0].remedy


def test_steps_of_stages_in_ten_thousand_yuan(tmp_path):
    text, line = wrong("{below: 5000000, stage", "{below: 500, stage", STAGES)
    text = text.replace("{below: 100000000, stage", "{below: 10000, stage")
    found = [f for f in lint(tmp_path, text, "national-2024") if f.code == "ICS-RUL-028"]
    assert [line_of(f) for f in found] == [line, line + 1]
    assert "write 100000000 for 10000 万元" in found[1].remedy


@pytest.mark.parametrize(
    ("old", "new", "column", "character", "write"),
    [
        ("id: tech-sme-2017", "id：tech-sme-2017", 3, "：", "write : instead, and a space after it"),
        ("{base: 100, bonus", "{base: 100，bonus", 19, "，", "write , instead"),
        ("id: tech-sme-2017", "id: “tech-sme-2017”", 5, "“", 'write " instead'),
        ("max: 20", "max: （20）", 10, "（", "write ( instead"),
        ("max: 20", "max: ２0", 10, "２", "write 2 instead"),
        ("en: S&T staff share, zh", "en: S&T staff share，zh", 32, "，", "write , instead"),
        ("{at_least: 0.30, points: 20}", "｛at_least: 0.30, points: 20｝", 11, "｛", "write { instead"),
        ("  - id: staff\n", "\u3000\u3000- id: staff\n", 1, "\u3000", "write a space instead"),
        ("  - id: staff\n", "  － id: staff\n", 3, "－", "write - instead"),
        ("scope: scorecard", "scope: ‘scorecard’", 8, "‘", "write ' instead"),
        ("sources: [measure, bands]", "sources: [measure、bands]", 22, "、", "write , instead, and a space"),
        ("sources: [measure, bands]", "sources: [measure，bands]", 22, "，", "write , instead, and a space"),
        ("sources: [measure, bands]", "sources: 【measure, bands】", 14, "【", "write [ instead"),
        ("sources: [measure]", "sources: [“measure”]", 17, "“", 'write " instead'),
        ("value: staff_total", "value: “staff_total”", 14, "“", 'write " instead'),
        ("value: staff_total", 'value: "staff_total，"', 26, "，", "write , instead"),
        ("label: {en: R&D, zh: 研发}", "label: 【en: R&D, zh: 研发】", 12, "【", "write [ instead"),
        ("label: {en: R&D, zh: 研发}", "label: {en: R&D、zh: 研发}", 20, "、", "write , instead"),
        ("waives: [pass_mark, staff_points]", "waives: [pass_mark、staff_points]", 23, "、", "write , instead"),
        (
            'en: "Led an international, national or industry standard"',
            "en: ‘Led an international, national standard’",
            21,
            "‘",
            "write ' instead",
        ),
        ("at_most: 500\n", "at_most: −500\n", 16, "−", "write - instead"),
    ],
)
def test_a_full_width_character_is_named_with_line_column_and_what_to_write(
    tmp_path, old, new, column, character, write
):
    text, line = wrong(old, new)
    found = lint(tmp_path, text)[0]
    assert found.code == "ICS-RUL-038"
    assert found.where.endswith(f":{line}: column {column}")
    assert f"character {character} " in found.message
    assert write in found.remedy
    with pytest.raises(ConfigError, match="ICS-RUL-038"):
        parse_rulebook(text, "tech-sme-2017.yaml")


@pytest.mark.parametrize(
    ("old", "new", "column"),
    [
        ("zh: 科技人员占比}", "zh: “科技人员占比”}", 38),
        ("en: S&T staff share, zh", "en: ‘S&T staff share’, zh", 17),
        ("edition: 国科发政〔2017〕115号", "edition: “国科发政〔2017〕115号”", 10),
    ],
)
def test_full_width_quotes_around_a_whole_text_are_told_of_and_read(tmp_path, old, new, column):
    text, line = wrong(old, new)
    (found,) = lint(tmp_path, text)
    assert (found.code, found.level) == ("ICS-RUL-038", "warning")
    assert found.where.endswith(f":{line}: column {column}")
    assert parse_rulebook(text, "tech-sme-2017.yaml").id == "tech-sme-2017"


def test_quotes_within_a_text_are_left_alone(tmp_path):
    for zh in ("“创新积分制”指引", "推行“创新积分制”", "“甲”与“乙”"):
        text, _ = wrong("zh: 科技人员占比}", f"zh: {zh}}}")
        assert lint(tmp_path, text) == []


def test_a_colon_without_a_space_is_told_of_at_its_own_line(tmp_path):
    text, line = wrong("    max: 20\n", "    max:20\n")
    assert line_of(lint(tmp_path, text)[0]) == line


def test_a_quote_that_is_never_closed_is_told_of_where_it_opens(tmp_path):
    text, line = wrong("\nnote: >-\n  The definitions", '\nnote: "\n  The definitions')
    assert line_of(lint(tmp_path, text)[0]) == line


def test_chinese_text_is_never_taken_for_a_mistake(tmp_path):
    text, line = wrong("scope: scorecard", "scope: scorcard")
    assert "（" in text
    (found,) = lint(tmp_path, text)
    assert (found.code, line_of(found)) == ("ICS-RUL-001", line)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("base: 100,", "base: 100.5,", "is 100.5, but its categories sum to 100"),
        ("base: 100,", "base: 1001/3,", "is 333.666666…, but its categories sum to 100"),
        ("    max: 30\n", "    max: 30.1\n", "is 30.1, but its indicators sum to 30"),
        ("points: 20}", "points: 0.3}", "is 20, but the points reach 16"),
    ],
)
def test_sums_are_told_as_decimals(tmp_path, old, new, said):
    text, _ = wrong(old, new)
    assert said in " ".join(f.message for f in lint(tmp_path, text))


def edition(text, *changes):
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


NEXT = ("id: tech-sme-2017", "id: tech-sme-2026"), ("from: 2017-05-03", "from: 2026-01-01")


def test_two_editions_of_a_series_in_force_on_one_day(tmp_path):
    text = edition(TABLE, *NEXT)
    (found,) = lint(tmp_path, text, "tech-sme-2026")
    assert found.code == "ICS-RUL-037"
    assert line_of(found) == text[: text.index("from: 2026")].count("\n") + 1
    assert "tech-sme-2017 of the same series is in force too, from 2026-01-01" in found.message
    assert "end tech-sme-2017 with `to: 2025-12-31`" in found.remedy


@pytest.mark.parametrize(
    "change",
    [
        ("known_since:", "corrects: tech-sme-2017\nknown_since:"),
        ("scope: scorecard", "scope: regional"),
        ("scope: scorecard", "scope: variant"),
        ("id: tech-sme-2026", "id: tech-firm-2026"),
        ("to: null", "to: null"),
    ],
)
def test_what_does_not_compete_may_overlap(tmp_path, change):
    text = edition(TABLE, *NEXT, change)
    if change[0] == "to: null":
        text = edition(text, ("from: 2026-01-01\n  to: null", "from: 2016-01-01\n  to: 2017-05-02"))
    name = re.search(r"^id: (.*)$", text, re.MULTILINE)[1]
    assert lint(tmp_path, text, name) == []


def test_editions_overlap_by_a_single_day(tmp_path):
    text = edition(TABLE, *NEXT, ("from: 2026-01-01\n  to: null", "from: 2016-01-01\n  to: 2017-05-03"))
    (found,) = lint(tmp_path, text, "tech-sme-2026")
    assert "2017-05-03 to 2017-05-03" in found.message


def test_a_file_beside_it_counts_too(tmp_path):
    first = edition(TABLE, ("id: tech-sme-2017", "id: ours-2025"))
    (tmp_path / "ours-2025.yaml").write_text(first, "utf-8")
    found = lint(tmp_path, edition(first, ("ours-2025", "ours-2026")), "ours-2026")
    assert [f.code for f in found] == ["ICS-RUL-037"]


def test_every_shipped_edition_lints_clean():
    editions = list_editions()
    assert len(editions) >= 26
    for each in editions:
        assert lint_rulebook(rulebook_path(each.id)) == []


def test_a_multiple_is_declared_as_a_rate(tmp_path):
    ratio = "        unit: fraction\n        value: " + RD
    text = edition(TABLE, (ratio, ratio.replace("fraction", "rate")), ("0.06, points: 50", "60, points: 50"))
    assert lint(tmp_path, text) == []
    assert load_rulebook(tmp_path / "tech-sme-2017.yaml").id == "tech-sme-2017"


def test_an_option_that_stays_below_its_own_max_is_refused(tmp_path):
    text, _ = wrong("            - {at_least: 4, points: 24}\n", "")
    (found,) = lint(tmp_path, text)
    assert (found.code, found.level) == ("ICS-RUL-008", "fault")
    assert "is 24, but the points of this option reach 18" in found.message
    assert line_of(found) == text[: text.index("max: 24")].count("\n") + 1


def test_an_option_may_say_its_max_as_a_share(tmp_path):
    text, _ = wrong("max: 24", "max: 80%")
    assert lint(tmp_path, text) == []


def test_options_of_one_step_each_are_a_ladder_too(tmp_path):
    path = rulebook_path("innovative-sme-2022")
    text = path.read_text("utf-8")
    start, end = text.index("      - id: class1\n"), text.index("      - id: class2\n")
    text = text[:start] + text[end:]
    (found,) = lint(tmp_path, text, "innovative-sme-2022")
    assert (found.code, found.level) == ("ICS-RUL-036", "warning")
    assert "from 15 to 5 between self_developed_class1 and class2" in found.message
    assert line_of(found) == text[: text.index("- id: class2")].count("\n") + 1


@pytest.mark.parametrize(
    ("step", "warned"),
    [
        ("at_least: 0.55", True),
        ("at_least: 3", True),
        ("at_least: 1", False),
        ("above: 0", False),
    ],
)
def test_a_table_of_one_step_is_told_of_unless_it_asks_for_any_at_all(tmp_path, step, warned):
    value = STAFF if "." in step else "awards_2y"
    start, end = TABLE.index("        - {at_least: 0.30, points: 20}"), TABLE.index("      otherwise: 0\n")
    text = TABLE[:start] + f"        - {{{step}, points: 20}}\n" + TABLE[end:]
    text = edition(
        text, (STAFF, value), ("unit: fraction", "unit: count" if value == "awards_2y" else "unit: fraction")
    )
    assert ["the only step" in found.message for found in lint(tmp_path, text)] == [True] * warned


@pytest.mark.parametrize(("number", "warned"), [(1, False), (3, True)])
def test_a_single_count_is_told_of_unless_it_asks_for_any_at_all(tmp_path, number, warned):
    start, end = TABLE.index("      kind: bands"), TABLE.index("      otherwise: 0\n")
    counts = f"      kind: counts\n      at: {{{number}: 20}}\n"
    text = edition(TABLE[:start] + counts + TABLE[end:], (STAFF, "awards_2y"), ("unit: fraction", "unit: count"))
    assert ["the only step" in found.message for found in lint(tmp_path, text)] == [True] * warned


def test_a_multiple_in_a_condition_is_declared_as_a_rate(tmp_path):
    growth = "{kind: growth, now: revenue_cny, before: revenue_prev_cny}"
    text, _ = wrong(*condition(growth, "unit: rate, at_least: 6"))
    assert lint(tmp_path, text) == []
    limit = next(each for each in parse_rulebook(text, "x.yaml").eligibility.conditions if each.id == "limit")
    assert limit.rule == "≥ 6"


def test_every_code_of_these_checks_has_a_mistake_that_shows_it():
    folder = Path(icsml.innovation.__file__).parent / "rulebooks" / "lint"
    names = ("threshold_units", "ratios", "ladders")
    used = {
        code for name in names for code in re.findall(r"ICS-RUL-(\d{3})", (folder / f"{name}.py").read_text("utf-8"))
    }
    assert used
    shown = {mistake[2] for mistake in (*FAULTS.values(), *WARNINGS.values())} | {"008"}  # by a test of its own
    assert used <= shown
