"""The pages as files: small, self-contained, the same again; and what they leave out where there is nothing to say."""

from __future__ import annotations

import copy
import json
import os
import re
import subprocess
import sys
from datetime import date

import pandas as pd
import pytest
from jinja2 import UndefinedError

from icsml.cli import main
from icsml.innovation.recommended import make_list, standing
from icsml.innovation.rulebook import load_rulebook
from icsml.innovation.selection import Cut
from icsml.records.columns import to_columns
from icsml.reports.page import _environment, render, write
from icsml.reports.rulebook_diff import diff_page, write_page
from icsml.reports.selection import selection_page
from icsml.workflows.rulebook_diff import compare

AGAIN = "import json, sys; from icsml.cli import main; sys.exit(sum(map(main._run, json.loads(sys.argv[1]))))"
MOST_BYTES = 3_000_000
STAGES = load_rulebook("national-2024").stage_labels


def test_a_page_is_small_and_names_no_other_resource(report):
    page = report.path.read_text("utf-8")
    assert 5_000 < report.path.stat().st_size < MOST_BYTES
    assert not re.search(
        r"//|https?:|\b(src|href|srcset|action)\s*=|url\(|@import|<(script|link|iframe|img|form)\b", page
    )
    assert "default-src 'none'" in page


def test_the_same_input_gives_the_same_bytes_in_another_process(reports, tmp_path):
    first = [reports["diff", "en"], reports["list", "zh"]]
    commands = [[part.replace(str(each.path.parent), str(tmp_path)) for part in each.command] for each in first]
    environment = os.environ | {"PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "1"}
    program = [sys.executable, "-c", AGAIN, json.dumps(commands)]
    subprocess.run(program, check=True, capture_output=True, env=environment)
    for each in first:
        assert (tmp_path / each.path.name).read_bytes() == each.path.read_bytes()


def test_the_languages_differ_in_words_and_not_in_figures(reports):
    for kind in ("diff", "list"):
        english, chinese = (reports[kind, lang].path.read_text("utf-8") for lang in ("en", "zh"))
        figures = re.compile(r'<td class="n[^>]*>([^<]*)</td>|<b>([^<]*)</b>')
        assert figures.findall(english) == figures.findall(chinese) != []


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("signed", 0.1234, "+12.3"),
        ("signed", -0.1234, "\N{MINUS SIGN}12.3"),
        ("signed", -0.0004, "0.0"),
        ("signed", 0.0004, "0.0"),
        ("way", 0.1234, "up"),
        ("way", -0.1234, "down"),
        ("way", -0.0004, ""),
        ("whole", 1234567, "1,234,567"),
        ("share", 0.1367, "13.7%"),
        ("decimals", 1234.56, "1,234.6"),
        ("decimals", None, "–"),
        ("breakable", "indicators.<b>.max", "indicators.<wbr>&lt;b&gt;.<wbr>max"),
    ],
)
def test_figures_are_written_as_readers_expect_them(name, value, shown):
    assert _environment().filters[name](value) == shown


@pytest.fixture
def found(reports):
    return copy.deepcopy(reports["diff", "en"].data)


def test_rules_alone_make_a_page_without_figures():
    page = diff_page(compare("national-2024", "national-2025").as_json(), "en", {})
    assert "No population was given." in page
    assert "indicators.<wbr>debt_ratio" in page
    assert "hist" not in page.split("</style>")[1]
    assert "Simulated" not in page


def test_the_same_rules_have_no_table_of_changes():
    page = diff_page(compare("national-2025", "national-2025").as_json(), "zh", {})
    assert "两套规则相同。" in page
    assert "<table" not in page


def test_how_the_list_was_cut_is_said(found):
    assert "With a list of those with 50 points or more:" in diff_page(found, "en", STAGES)
    assert "名单取得分不低于 50 分的企业：" in diff_page(found, "zh", STAGES)
    found["impact"]["threshold"] = {"top_share": 0.137}
    assert "With a list of the best 13.7%:" in diff_page(found, "en", STAGES)
    assert "名单取得分最高的 13.7% 企业：" in diff_page(found, "zh", STAGES)


def test_what_is_not_known_of_a_change_is_left_out(found):
    found["impact"] |= {"depends": None, "rank_correlation": None}
    found["model"] = None
    page = diff_page(found, "en", STAGES)
    assert "hang on assumed weights" not in page
    assert "<b>–</b>rank correlation" in page
    assert "PD" not in page


def test_a_grade_that_nobody_comes_from_is_shown_too(found):
    found["model"]["migration"] = [{"grade": "B1", "to": {"A9": 3, "B1": 40}}, {"grade": "B2", "to": {"B1": 5}}]
    table = diff_page(found, "en", STAGES).split("Grades before")[1].split("</table>")[0]
    assert re.findall(r"<th[^>]*>(\w+)<", table) == ["Grade", "B1", "B2", "A9", "B1", "B2"]
    assert re.findall(r"<td[^>]*>(\d*)<", table) == ["40", "", "3", "5", "", ""]


def test_a_list_without_stages_has_no_stages_and_one_that_assumes_nothing_hangs_on_nothing(
    book_folder, tmp_path, capsys
):
    book, page = book_folder / "enterprises.parquet", tmp_path / "list.html"
    command = ["select", "--rulebook", "tech-sme-2017", "--in", book, "--out", tmp_path / "list.parquet"]
    assert main._run([str(part) for part in (*command, "--cut-off", "60", "--html", page, "--json")]) == 0
    assert json.loads(capsys.readouterr().out)["robustness"] is None
    text = page.read_text("utf-8")
    assert "Cut at 60.00 of 100 points" in text
    assert "Rulebook tech-sme-2017 (published)" in text
    assert "stage" not in text
    assert "assumed" not in text


def test_a_page_appears_whole_or_not_at_all(tmp_path):
    with pytest.raises(UndefinedError):
        write(tmp_path / "page.html", render("selection.html", "en", {"terms": {}}))
    with pytest.raises(KeyError):
        write_page({"a": "one"}, tmp_path / "page.html", "en", {})
    assert list(tmp_path.iterdir()) == []


def test_a_list_of_nobody_has_a_page(tmp_path):
    """Every record is dated after the day: nobody was evaluated."""
    rows = pd.DataFrame({"enterprise_id": ["A"], "as_of": [pd.Timestamp("2026-06-30")], "awards_2y": [1.0]})
    columns = to_columns(rows)
    rules = load_rulebook("national-2025")
    made, terms = make_list(
        rules, columns, cut=Cut(cut_off=1.0), on=date(2020, 1, 1), batch="1", source_sha256="0" * 64
    )
    page = selection_page(
        standing(made.frame, date(2020, 1, 1)), terms, "en", stages={}, robustness=None, synthetic=False
    )
    assert (made.evaluated, made.selected) == (0, 0)
    assert "<b>0.0%</b>" in page
