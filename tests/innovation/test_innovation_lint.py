"""Every fault that a rulebook file can have is found, with its code and its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import icsml.innovation
from icsml.errors import ConfigError, MissingError
from icsml.innovation import lint_rulebook, parse_rulebook

PUBLISHED = "provenance: {name: published, weight: published, value: published, points: published}\n    sources: [text]"
OFFICIAL = "provenance: {name: official, weight: published, value: published, points: published}\n    sources: [text]"
LISTED = "    missing: zero\n    value: high_growth_list\n    points: {kind: flag, points: 100%}"
STAGED = """\
stages:
  list: [{id: young, label: {en: Young, zh: 幼}}, {id: old, label: {en: Old, zh: 老}}]
  rule: {value: staff_total, unit: persons, steps: [{below: 9, stage: young}], otherwise: old, missing: young}
  provenance: {names: assumed, rule: assumed}
indicators:
"""


def listed(value, points, better="higher"):
    """Change the last indicator but one to another value and points function."""
    return LISTED, f"    missing: zero\n    better: {better}\n    value: {value}\n    points: {points}"


def rows(*rows, value="awards_2y"):
    return listed(value, f"{{kind: intervals, rows: [{', '.join(rows)}]}}")


def steps(*steps, value="awards_2y", better="higher"):
    return listed(value, f"{{kind: bands, steps: [{', '.join(steps)}]}}", better)


def staged(old, new):
    """Give the rulebook stages, with one change."""
    assert old in STAGED
    return "indicators:\n", STAGED.replace(old, new)


def peers(groups):
    return "categories:\n", f"peers: {{groups: {groups}, min_peers: 5, provenance: assumed}}\ncategories:\n"


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
    "a pass mark that nobody reaches": (
        "value: score, at_least: 20",
        "value: score, at_least: 200",
        "ICS-RUL-039",
        "can be reached",
        "number of points",
    ),
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
    "no policy for missing values": (
        "    missing: zero\n    value: high_growth_list",
        "    value: high_growth_list",
        "ICS-RUL-001",
        "indicators.4.missing",
        "add it",
    ),
    "unknown policy for missing values": (
        "missing: zero\n    value: high_growth_list",
        "missing: ignore\n    value: high_growth_list",
        "ICS-RUL-001",
        "'refuse', 'zero' or 'rescale'",
        "correct",
    ),
    "no domain": (
        "    domain: innovation\n    max: 10/3",
        "    max: 10/3",
        "ICS-RUL-001",
        "indicators.4.domain",
        "add it",
    ),
    "a step above every value": (
        *steps("{at_least: 2000000, points: 100%}", "{at_least: 1, points: 50%}"),
        "ICS-RUL-007",
        "outside the range of awards_2y",
        "correct the threshold",
    ),
    "a step just above every value": (
        *steps("{above: 1000000, points: 100%}", "{at_least: 1, points: 50%}"),
        "ICS-RUL-007",
        "outside the range of awards_2y",
        "correct the threshold",
    ),
    "a step below every value": (
        *steps("{below: 0, points: 100%}", "{at_most: 3, points: 50%}", better="lower"),
        "ICS-RUL-007",
        "outside the range of awards_2y",
        "correct the threshold",
    ),
    "a count above every value": (
        *listed("awards_2y", "{kind: counts, at: {1: 50%, 2000000: 100%}}"),
        "ICS-RUL-007",
        "outside the range of awards_2y",
        "correct the threshold",
    ),
    "a row below every value": (
        *rows("{below: 0, points: 0}", "{at_least: 0, below: 2, points: 50%}", "{at_least: 2, points: 100%}"),
        "ICS-RUL-007",
        "outside the range of awards_2y",
        "correct the threshold",
    ),
    "a row of no value": (
        *rows("{below: 1, points: 0}", "{above: 1, below: 2, points: 50%}", "{at_least: 1, points: 100%}"),
        "ICS-RUL-007",
        "no value lies in this row",
        "its ends",
    ),
    "a row that ends before it begins": (
        *rows(
            "{below: 1, points: 0}",
            "{at_least: 1, below: 0.5, points: 50%}",
            "{at_least: 0.5, points: 100%}",
            value="venture_capital_cny",
        ),
        "ICS-RUL-007",
        "no value lies in this row",
        "its ends",
    ),
    "counts out of order": (
        *listed("awards_2y", "{kind: counts, at: {2: 50%, 1: 100%}}"),
        "ICS-RUL-007",
        "counts out of order",
        "from low to high",
    ),
    "a count of nothing": (
        *listed("awards_2y", "{kind: counts, at: {0: 50%, 1: 100%}}"),
        "ICS-RUL-007",
        "counts out of order",
        "from low to high",
    ),
    "efficacy without a distance": (
        *listed("awards_2y", "{kind: efficacy, unacceptable: 1, satisfactory: 1}"),
        "ICS-RUL-007",
        "efficacy out of order",
        "low to high",
    ),
    "stage steps out of order": (
        *staged("{below: 9, stage: young}", "{below: 9, stage: young}, {below: 5, stage: old}"),
        "ICS-RUL-007",
        "steps out of order",
        "from low to high",
    ),
    "a minimum above none": (
        "min: -5",
        "min: 5",
        "ICS-RUL-008",
        "min must not be above 0",
        "0 points",
    ),
    "an age of what is no date": (
        *steps("{at_least: 3, points: 100%}", value="{kind: age, since: revenue_cny}"),
        "ICS-RUL-012",
        "revenue_cny is no date",
        "counts from a date",
    ),
    "counts of what is not counted": (
        *listed("patent_family_size", "{kind: counts, at: {1: 100%}}"),
        "ICS-RUL-012",
        "no count",
        "bands",
    ),
    "is over points": (
        "{kind: category, category: work}, above: 0",
        "{kind: category, category: work}, is: true",
        "ICS-RUL-012",
        "asks a flag",
        "comparison",
    ),
    "a lender's decision fed to the model": (
        *steps("{at_least: 1, points: 100%}", value="ip_pledged_cny"),
        "ICS-RUL-012",
        "ip_pledged_cny may not reach the model",
        "domain: financial",
    ),
    "no first day": ("from: 2020-01-01", "from: null", "ICS-RUL-013", "has no first day", "as assumed"),
    "corrects itself": (
        "known_since:",
        "corrects: small\nknown_since:",
        "ICS-RUL-013",
        "corrects itself",
        "the edition that it replaces",
    ),
    "a gap between rows": (
        *rows("{below: 1, points: 0}", "{at_least: 3, points: 100%}"),
        "ICS-RUL-016",
        "a gap lies between < 1 and ≥ 3",
        "where the next begins",
    ),
    "a gap of one count": (
        *rows("{at_most: 1, points: 0}", "{above: 2, points: 100%}"),
        "ICS-RUL-016",
        "a gap lies between ≤ 1 and > 2",
        "where the next begins",
    ),
    "a gap of a single value": (
        *rows("{below: 5, points: 0}", "{above: 5, points: 100%}", value="venture_capital_cny"),
        "ICS-RUL-016",
        "a gap lies between < 5 and > 5",
        "open to closed",
    ),
    "a gap between means, which are no counts": (
        *rows("{at_most: 1, points: 0}", "{at_least: 2, points: 100%}", value="patent_family_size"),
        "ICS-RUL-016",
        "a gap lies between ≤ 1 and ≥ 2",
        "where the next begins",
    ),
    "no row below the first": (
        *rows("{at_least: 0, below: 5, points: 0}", "{at_least: 5, points: 100%}", value="venture_capital_cny"),
        "ICS-RUL-016",
        "values below 0 have no row",
        "lower end open",
    ),
    "no row for none": (
        *rows("{above: 0, below: 5, points: 0}", "{at_least: 5, points: 100%}"),
        "ICS-RUL-016",
        "values up to 0 have no row",
        "lower end open",
    ),
    "no row above the last": (
        *rows("{below: 5, points: 0}", "{at_least: 5, at_most: 9, points: 100%}"),
        "ICS-RUL-016",
        "values above 9 have no row",
        "end open",
    ),
    "no row from the open end of the last": (
        *rows("{below: 5, points: 0}", "{at_least: 5, below: 9, points: 100%}", value="venture_capital_cny"),
        "ICS-RUL-016",
        "values from 9 have no row",
        "end open",
    ),
    "rows that share an end": (
        *rows("{at_most: 1, points: 0}", "{at_least: 1, points: 100%}"),
        "ICS-RUL-017",
        "≤ 1 and ≥ 1 overlap",
        "where the next begins",
    ),
    "rows that share a stretch": (
        *rows("{below: 6, points: 0}", "{at_least: 5, points: 100%}", value="venture_capital_cny"),
        "ICS-RUL-017",
        "< 6 and ≥ 5 overlap",
        "where the next begins",
    ),
    "a row without ends among others": (
        *rows("{below: 6, points: 0}", "{points: 50%}", "{at_least: 6, points: 100%}"),
        "ICS-RUL-017",
        "< 6 and any overlap",
        "where the next begins",
    ),
    "extends itself": (
        "format: 2",
        "extends: small\nformat: 2",
        "ICS-RUL-018",
        "small → small",
        "stand alone",
    ),
    "extends what is not there": (
        "format: 2",
        "extends: tech-sme-2018\nformat: 2",
        "ICS-RUL-019",
        "no rulebook tech-sme-2018",
        "tech-sme-2017",
    ),
    "an overlay without a title": (
        "format: 2\nid: small\nedition: trial\nscope: regional\ntitle: {en: Small, zh: 小}",
        "extends: tech-sme-2017\nformat: 2\nid: small\nedition: trial\nscope: regional",
        "ICS-RUL-019",
        "states this itself",
        "add it",
    ),
    "removes what is not there": (
        "format: 2",
        "extends: tech-sme-2017\nremove: {indicators: [st_staff]}\nformat: 2",
        "ICS-RUL-020",
        "nothing of that name to remove",
        "st_staff_share",
    ),
    "points that fall over bands": (
        "    better: lower\n    missing: zero\n    value: {kind: ratio, numerator: total_liabilities_cny",
        "    missing: zero\n    value: {kind: ratio, numerator: total_liabilities_cny",
        "ICS-RUL-023",
        "points fall while the indicator improves (higher is better)",
        "`better: lower`",
    ),
    "points that fall over a ramp": (
        "[-0.1, 0], [0, 20%], [0.15, 100%]",
        "[-0.1, 0], [0, 100%], [0.15, 20%]",
        "ICS-RUL-023",
        "points fall",
        "`better: none`",
    ),
    "points that fall over rows": (
        *rows("{below: 1, points: 50%}", "{at_least: 1, below: 2, points: 0}", "{at_least: 2, points: 100%}"),
        "ICS-RUL-023",
        "points fall",
        "`better: none`",
    ),
    "points that fall over counts": (
        *listed("awards_2y", "{kind: counts, at: {1: 100%, 2: 50%}}"),
        "ICS-RUL-023",
        "points fall",
        "`better: none`",
    ),
    "points that fall over a flag": (
        *listed("high_growth_list", "{kind: flag, points: 100%}", "lower"),
        "ICS-RUL-023",
        "points fall while the indicator improves (lower is better)",
        "correct the points",
    ),
    "points that fall over an efficacy coefficient": (
        *listed("awards_2y", "{kind: efficacy, unacceptable: 5, satisfactory: 1}"),
        "ICS-RUL-023",
        "points fall",
        "`better: lower`",
    ),
    "another unit": (
        "    value: {kind: growth",
        "    unit: CNY\n    value: {kind: growth",
        "ICS-RUL-024",
        "is CNY, but the value is in fraction",
        "every threshold",
    ),
    "another unit of an option": (
        "        value: {kind: ratio, numerator: rd_expense_cny, denominator: total_cost_cny}",
        "        unit: CNY\n        value: {kind: ratio, numerator: rd_expense_cny, denominator: total_cost_cny}",
        "ICS-RUL-024",
        "is CNY, but the value is in fraction",
        "every threshold",
    ),
    "another unit of the rule of stages": (
        *staged("unit: persons", "unit: CNY"),
        "ICS-RUL-024",
        "is CNY, but the value is in persons",
        "every threshold",
    ),
    "unlike units added": (
        "fields: [ip_class1, ip_class2]",
        "fields: [ip_class1, staff_rd]",
        "ICS-RUL-024",
        "unlike units",
        "one unit",
    ),
    "unlike units compared": (
        "now: revenue_cny, before: revenue_prev_cny",
        "now: revenue_cny, before: staff_total",
        "ICS-RUL-024",
        "unlike units",
        "one unit",
    ),
    "unlike units in a condition": (
        "value: staff_total",
        "value: {kind: sum, fields: [staff_total, revenue_cny]}",
        "ICS-RUL-024",
        "unlike units",
        "one unit",
    ),
    "a step to no stage": (
        *staged("stage: young}]", "stage: yung}]"),
        "ICS-RUL-025",
        "no stage yung",
        "did you mean young?",
    ),
    "missing values of no stage": (
        *staged("missing: young", "missing: yung"),
        "ICS-RUL-025",
        "no stage yung",
        "did you mean young?",
    ),
    "a stage that nothing leads to": (
        *staged("otherwise: old", "otherwise: young"),
        "ICS-RUL-025",
        "no rule leads to stage old",
        "add a step",
    ),
    "same stage twice": (
        *staged("{id: old,", "{id: young,"),
        "ICS-RUL-004",
        "young is used 2 times",
        "own id",
    ),
    "weights of stages that are not declared": (
        "max: 10\n    better",
        "max: {young: 10}\n    better",
        "ICS-RUL-025",
        "no stage young",
        "docs/reference/rulebooks.md",
    ),
    "a stage without a weight": (
        "indicators:\n  - id: patents\n    label: {en: Patents, zh: 专利}\n    category: work\n"
        "    domain: innovation\n    max: 10\n",
        f"{STAGED}  - id: patents\n    label: {{en: Patents, zh: 专利}}\n    category: work\n"
        "    domain: innovation\n    max: {young: 10}\n",
        "ICS-RUL-025",
        "has no weight for stage old",
        "0 if it does not count",
    ),
    "weights that miss the category's max at one stage": (
        "indicators:\n  - id: patents\n    label: {en: Patents, zh: 专利}\n    category: work\n"
        "    domain: innovation\n    max: 10\n",
        f"{STAGED}  - id: patents\n    label: {{en: Patents, zh: 专利}}\n    category: work\n"
        "    domain: innovation\n    max: {young: 10, old: 12}\n",
        "ICS-RUL-005",
        "is 40, but its indicators sum to 42 at stage old",
        "correct",
    ),
    "ranks without peers": (
        *listed("awards_2y", "{kind: percentile}"),
        "ICS-RUL-026",
        "ranks among peers, and none are declared",
        "`peers`",
    ),
    "peers by a stage that is not there": (
        *peers("[[technical_field, stage], [technical_field]]"),
        "ICS-RUL-026",
        "groups by stage, and there are no stages",
        "declare stages",
    ),
    "peers from coarse to fine": (
        *peers("[[technical_field], [technical_field, province]]"),
        "ICS-RUL-026",
        "no coarser than a group before it",
        "from fine to coarse",
    ),
    "peers by region after those by province": (
        *peers("[[province], [region]]"),
        "ICS-RUL-026",
        "no coarser than a group before it",
        "from fine to coarse",
    ),
    "peers beyond everybody": (
        *peers("[[], [industry]]"),
        "ICS-RUL-026",
        "no coarser than a group before it",
        "from fine to coarse",
    ),
    "published peers without a source": (
        "categories:\n",
        "peers: {groups: [[industry]], min_peers: 5, provenance: published}\ncategories:\n",
        "ICS-RUL-010",
        "cites no source",
        "write assumed",
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
    every = lint_rulebook(path)
    found = [f for f in every if f.code == code and message in f.message + f.where and remedy in f.remedy]
    assert found, every
    assert all(re.match(rf"{re.escape(str(path))}:\d+(: |$)", f.where) and f.message and f.remedy for f in every), every
    with pytest.raises(ConfigError) as caught:
        parse_rulebook(text, "small.yaml")
    assert caught.value.exit_code == 2
    assert re.match(r"small\.yaml:\d+", caught.value.field or "")
    assert caught.value.remedy
    assert caught.value.code in str(caught.value)
    assert caught.value.field in str(caught.value)


def test_every_code_that_the_linter_knows_has_a_failing_rulebook():
    folder = Path(icsml.innovation.__file__).parent / "rulebooks"
    names = ("lint/lint", "lint/parts", "lint/stages_and_peers", "lint/points_rows", "overlays")
    sources = [(folder / f"{name}.py").read_text("utf-8") for name in names]
    used = {code for source in sources for code in re.findall(r"ICS-RUL-\d{3}", source)}
    assert {code for _, _, code, *_ in FAULTS.values()} == used


SOUND = {
    "rows that meet": rows(
        "{below: 1, points: 0}", "{at_least: 1, below: 3, points: 50%}", "{at_least: 3, points: 100%}"
    ),
    "rows of counts that meet": rows("{at_most: 1, points: 0}", "{at_least: 2, points: 100%}"),
    "rows of counts from none": rows("{at_least: 0, at_most: 1, points: 0}", "{at_least: 2, points: 100%}"),
    "a row of one value": rows(
        "{below: 2, points: 0}", "{at_least: 2, at_most: 2, points: 50%}", "{above: 2, points: 100%}"
    ),
    "one row for all": rows("{points: 100%}"),
    "points that may rise and fall": listed("awards_2y", "{kind: counts, at: {1: 100%, 2: 50%}}", "none"),
    "lower is better": steps("{at_most: 0, points: 100%}", "{at_most: 3, points: 50%}", better="lower"),
    "a unit that is right": ("    value: {kind: growth", "    unit: fraction\n    value: {kind: growth"),
    "stages": ("indicators:\n", STAGED),
    "a region before its province": peers("[[industry, region], [industry, province], [region], [province], []]"),
}


@pytest.mark.parametrize("name", SOUND)
def test_what_is_sound_is_let_through(tmp_path, small_text, name):
    old, new = SOUND[name]
    assert old in small_text
    path = tmp_path / "small.yaml"
    path.write_text(small_text.replace(old, new, 1), "utf-8")
    assert lint_rulebook(path) == []


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
        ("a gap between rows", "points: {kind: intervals"),
        ("rows that share an end", "points: {kind: intervals"),
        ("another unit", "unit: CNY"),
        ("a step to no stage", "rule: {value: staff_total"),
        ("peers from coarse to fine", "peers: {groups"),
        ("extends itself", "extends: small"),
        ("removes what is not there", "remove: {indicators"),
        ("unlike units in a condition", "fields: [staff_total"),
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
