"""The pages as files: small, self-contained, the same again; and what they leave out where there is nothing to say."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from hashlib import sha256

import pandas as pd
import pytest
from jinja2 import UndefinedError

from icsml.cli import main
from icsml.errors import InputError
from icsml.innovation.impact.rulebook_comparison import GradeMigration
from icsml.innovation.rulebooks.load import load_rulebook
from icsml.innovation.selection.recommended_list import make_list, standing, withdraw
from icsml.innovation.selection.select import Cut
from icsml.records.columns import to_columns
from icsml.reports import list_page as selection_module
from icsml.reports.diff_page import diff_page, write_page
from icsml.reports.list_page import letter_page, selection_page
from icsml.reports.page import _environment, render, script, write
from icsml.texts.catalogue import phrase
from icsml.workflows.rulebook_diff import compare

AGAIN = "import json, sys; from icsml.cli import main; sys.exit(sum(map(main._run, json.loads(sys.argv[1]))))"
MOST_BYTES = 3_000_000


def test_a_page_is_small_and_names_no_other_resource(report):
    page = report.path.read_text("utf-8")
    assert 5_000 < report.path.stat().st_size < MOST_BYTES
    allowed = script("selection.js")
    own = f"<script>{allowed['script']}</script>"
    assert page.count(own) == (1 if report.path.stem.startswith("list") else 0)
    assert (f"script-src '{allowed['script_hash']}'" in page) == (own in page)
    page = page.replace(own, "")
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
    ],
)
def test_figures_are_written_as_readers_expect_them(name, value, shown):
    assert _environment().filters[name](value) == shown


def test_rules_alone_make_a_page_without_figures():
    page = diff_page(compare("national-2024", "national-2025"), "en")
    assert "No population was given." in page
    assert "<td>Indicator › Debt-to-asset ratio</td>" in page
    assert "hist" not in page.split("</style>")[1]
    assert "Simulated" not in page


def test_the_same_rules_have_no_table_of_changes():
    page = diff_page(compare("national-2025", "national-2025"), "zh")
    assert "两套规则相同。" in page
    assert "<table" not in page


def test_the_rows_without_a_grade_and_both_hashes_are_told(comparison):
    found = replace(comparison, model=replace(comparison.model, ungraded=12))
    rows, (one, other) = f"{found.model.rows:,}", found.sha256.values()
    assert one != other
    page = diff_page(found, "en")
    assert f"12 of {rows} enterprises have too little information for a grade" in page
    assert f"{rows} 家中有 12 家因信息不足未予评级" in diff_page(found, "zh")
    assert page.count(one) == page.count(other) == 1
    assert one[:12] in page.split("</style>")[0]
    found = replace(comparison, model=replace(comparison.model, ungraded=0))
    assert "too little information" not in diff_page(found, "en")


@pytest.mark.parametrize(("lang", "word", "sense"), [("en", "simulated", "a better rank"), ("zh", "模拟", "名次靠前")])
def test_simulation_is_told_once_and_the_sense_of_a_change_of_rank_is_said(comparison, lang, word, sense):
    page = diff_page(comparison, lang).split("</style>")[1]
    notes = page.split('<ul class="warn">')[1].split("</ul>")[0]
    assert sum(word in each for each in notes.split("</li>")) == 1
    assert word not in page.replace(notes, "")
    assert sense in page


def test_how_the_list_was_cut_is_said(comparison):
    assert "With a list of those with 50 points or more:" in diff_page(comparison, "en")
    assert "名单取得分不低于 50 分的企业：" in diff_page(comparison, "zh")
    by_share = replace(comparison, impact=replace(comparison.impact, threshold={"top_share": 0.137}))
    assert "With a list of 13.7% of all, the best of those who may be listed:" in diff_page(by_share, "en")
    assert "名单取全部企业的 13.7%，在可入选者中按得分由高到低选取：" in diff_page(by_share, "zh")


def test_what_is_not_known_of_a_change_is_left_out(comparison):
    effect = replace(comparison.impact, depends=None, rank_correlation=None)
    page = diff_page(replace(comparison, impact=effect, model=None), "en")
    assert "depend on assumed weights" not in page
    assert "<b>–</b>rank correlation" in page
    assert "PD" not in page


def test_a_grade_that_nobody_comes_from_is_shown_too(comparison):
    migration = [GradeMigration("B1", {"A9": 3, "B1": 40}), GradeMigration("B2", {"B1": 5})]
    found = replace(comparison, model=replace(comparison.model, migration=migration))
    table = diff_page(found, "en").split("Grades before")[1].split("</table>")[0]
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
    assert "Cut at 60 of 100 points" in text
    assert "Rulebook tech-sme-2017 (published)" in text
    assert "stage" not in text
    assert "assumed" not in text


def test_a_page_appears_whole_or_not_at_all(tmp_path):
    with pytest.raises(UndefinedError):
        write(tmp_path / "page.html", render("selection.html", "en", {"terms": {}}))
    with pytest.raises(UndefinedError):
        write_page(replace(compare("national-2025", "national-2025"), sha256={}), tmp_path / "page.html", "en")
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


CLEAN = {"total_cost_cny": 1e9, "prohibited_business": False, "serious_violation": False, "serious_illegal_list": False}
CLEAN |= {"staff_total": 10.0, "revenue_cny": 1e6, "total_assets_cny": 1e6, "as_of": pd.Timestamp("2025-06-30")}
FIRMS = [
    {
        "enterprise_id": "A",
        "enterprise_name": "甲公司",
        "rd_expense_cny": 6e4,
        "ip_class1": 1.0,
        "abnormal_list": False,
    },
    {"enterprise_id": "B", "enterprise_name": "<b>乙", "rd_expense_cny": 6e4, "ip_class1": 1.0, "abnormal_list": True},
    {"enterprise_id": "C", "enterprise_name": None, "rd_expense_cny": None, "ip_class1": 1.0, "abnormal_list": False},
    {
        "enterprise_id": "D",
        "enterprise_name": "丁公司",
        "rd_expense_cny": 5e4,
        "ip_class1": 1.0,
        "abnormal_list": False,
    },
]
TODAY = date(2025, 6, 30)


@pytest.fixture(scope="module")
def told():
    """A list of four: in, on the list of abnormal operation, without R&D expense, and below a cut of 90.001."""
    columns = to_columns(pd.DataFrame([CLEAN | {"staff_st": 3.0} | firm for firm in FIRMS]))
    rules = load_rulebook("tech-sme-2017")
    made, terms = make_list(rules, columns, cut=Cut(cut_off=90.001), on=TODAY, batch="9", source_sha256="0" * 64)
    return made.frame, terms


def letter(told, name, lang, **more):
    frame, terms = told
    facts = {"on": TODAY} | more
    return re.sub(r"\s+", " ", letter_page(frame, terms, name, lang, **facts))


LETTERS = [
    ("A", "en", ["is on the recommended list", "100 of 100", "valid until", "2026-06-30"]),
    ("A", "zh", ["致：甲公司", "贵公司入选推荐名单", "100 分（满分 100 分）", "有效期至"]),
    ("B", "en", ["is not on the recommended list", "“Not on the list of abnormal operation” (on record: listed)"]),
    ("B", "zh", ["贵公司未入选推荐名单", "不满足条件“未列入经营异常名录”（记录所示：已列入）", "&lt;b&gt;乙"]),
    ("C", "en", ["missing: R&amp;D expense", "<li>R&amp;D expense</li>", "<li>Class II rights held and valid</li>"]),
    ("C", "zh", ["（缺少：研发费用）", "<li>研发费用</li>", "致：C"]),
    ("D", "en", ["Below the cut (points: 90; the cut: 90.001)", "90 of 100"]),
    ("D", "zh", ["积分低于入选分数线（积分：90分；入选分数线：90.001分）"]),
]


@pytest.mark.parametrize(("name", "lang", "said"), LETTERS, ids=[f"{name}-{lang}" for name, lang, _ in LETTERS])
def test_a_letter_tells_the_result_the_reason_and_what_to_provide(told, name, lang, said):
    page = letter(told, name, lang)
    assert [each for each in said if each not in page] == []
    every = {
        "en": ["are not official points", "How to ask for a review", "Send it to the body", "Date: 2025-06-30"],
        "zh": ["并非官方积分", "如何申请复核", "报送至出具本告知书的机构", "日期：2025-06-30"],
    }
    assert [each for each in (*every[lang], "tech-sme-2017", told[1].rulebook_sha256) if each not in page] == []
    body = page.split("</style>")[1].replace("甲公司", "").replace("丁公司", "").replace("乙", "")
    assert lang == "zh" or not re.search(r"[\u4e00-\u9fff]", body)


def test_a_letter_says_of_its_points_that_something_is_missing(told):
    assert "of 100, without what is missing" in letter(told, "C", "en")
    assert "未计入缺失数据" in letter(told, "C", "zh")
    assert "without what is missing" not in letter(told, "A", "en")


def test_a_letter_tells_a_firm_on_the_list_that_what_is_missing_does_not_change_that(told):
    frame, terms = told
    lacking = frame.assign(missing="rd_expense_cny", rank=pd.array([2738] * len(frame), dtype="Int64"))
    for lang, said, rank in (
        ("en", "That does not change this result; providing it may raise", "2,738 of the"),
        ("zh", "以上不影响本次结果；补充后可能提高下次评价的积分。", "第 2,738 名"),
    ):
        assert said in letter((lacking, terms), "A", lang)
        assert rank in letter((lacking, terms), "A", lang)
        assert said not in letter((lacking, terms), "D", lang)
        assert said not in letter((lacking.assign(missing=""), terms), "A", lang)


def test_the_page_marks_who_stands_by_a_review(told):
    frame, terms = told
    reviewed = frame.assign(action=frame["action"].mask(frame["enterprise_id"].isin(["A", "B"]), "appeal"))
    for lang, mark in (("en", "after a review"), ("zh", "经复核")):
        page = selection_page(standing(reviewed, TODAY), terms, lang, stages={}, robustness=None, synthetic=False)
        marked = re.findall(rf"<code>(\w)</code> <small>{mark}</small>", page)
        assert marked == ["A", "B"]
        page = selection_page(standing(frame, TODAY), terms, lang, stages={}, robustness=None, synthetic=False)
        assert "<small>" not in page


def test_a_letter_has_a_paragraph_for_each_condition(told):
    frame, terms = told
    two = frame.assign(reason_en="(1) One (on record: 2); (2) Two", reason_zh="（1）甲（记录所示：2）；（2）乙")
    for lang, said in (("en", "(2) Two"), ("zh", "（2）乙")):
        assert f'<p class="reason">{said}</p>' in letter((two, terms), "B", lang)


def test_a_letter_on_a_record_too_old_asks_for_a_newer_one_and_a_withdrawal_for_nothing(told):
    frame, terms = told
    old = frame.assign(reason=frame["reason"].mask(frame["enterprise_id"] == "C", "expired"))
    for lang, newer, missing in (
        ("en", "A newer record", "R&amp;D expense</li>"),
        ("zh", "请提交新的数据", "研发费用</li>"),
    ):
        page = letter((old, terms), "C", lang)
        assert newer in page
        assert missing not in page
        assert newer not in letter(told, "C", lang)
        assert newer in letter(told, "A", lang, on=date(2026, 7, 1))
    gone = withdraw(frame, "A", on=date(2025, 7, 1), because="moved away")
    assert "What to provide" in letter(told, "A", "en")
    assert "What to provide" not in letter((gone, terms), "A", "en", on=date(2025, 7, 2))


def test_a_letter_says_that_points_are_assumed_or_simulated_and_who_issues_it(told):
    frame, terms = told
    assumed = (frame, replace(terms, provenance="assumed", synthetic=True))
    page = letter(assumed, "A", "zh", issuer="某科技局", contact="某路1号 <x>")
    assert "内部测算结果" in page
    assert "模拟企业数据" in page
    assert "出具机构：某科技局" in page
    assert "报送至：某路1号 &lt;x&gt;。" in page
    official = letter((frame, replace(terms, provenance="official")), "A", "zh")
    assert "内部" not in official.split("</style>")[1]


def test_a_letter_after_a_withdrawal_and_after_the_validity_says_so(told):
    frame, terms = told
    longer = withdraw(frame, "A", on=date(2025, 7, 1), because="moved away")
    page = letter((longer, terms), "A", "en", on=date(2025, 7, 2))
    assert "has been taken off" in page
    assert "Reason given with this entry: moved away" in page
    assert "is on the recommended list" in letter((longer, terms), "A", "en")
    late = letter(told, "A", "en", on=date(2026, 7, 1))
    assert "its validity has ended" in late
    assert "Selected (" not in late


def test_a_letter_says_the_rank_among_how_many_and_how_the_list_was_cut(told):
    for name, rank in (("A", 1), ("D", 2)):
        page = letter(told, name, "en")
        assert f"<td>{rank} of the 2 that are eligible; equal points share a rank</td>" in page
        assert "Asked for: every eligible enterprise with at least 90.001 points; exactly 90.001 is enough." in page
        assert "<td>90.001</td>" in page
        assert "the cut: 90.001" in page
        assert f"<td>第 {rank} 名（符合条件者共 2 家；积分相同者名次并列）</td>" in letter(told, name, "zh")
    for name in "BC":  # what keeps them out is no cut
        page = letter(told, name, "en")
        assert "Points needed" in page
        assert "Asked for" not in page
        assert "<th>Rank</th>" not in page
    assert f'<td class="hash">{told[1].source_sha256}</td>' in letter(told, "A", "en")


def test_a_letter_after_a_withdrawal_tells_neither_rank_nor_points_needed(told):
    frame, terms = told
    gone = withdraw(frame, "A", on=date(2025, 7, 1), because="moved away")
    for lang, words in (("en", ["Points needed", "Rank", "Asked for"]), ("zh", ["入选分数线", "名次", "入选范围"])):
        page = letter((gone, terms), "A", lang, on=date(2025, 7, 2)).split("</style>")[1]
        assert [word for word in words if word in page] == []
        page = letter((gone, terms), "A", lang).split("</style>")[1]
        assert [word for word in words if word not in page] == []


def test_an_appeal_takes_nobody_from_the_number_that_a_rank_is_among(told):
    frame, terms = told
    appealed = frame[frame["enterprise_id"] == "D"].assign(
        entry=2, action="appeal", rank=pd.NA, decided_on=pd.Timestamp("2025-07-01")
    )
    longer = pd.concat([frame, appealed.astype(frame.dtypes.to_dict())], ignore_index=True)
    page = letter((longer, terms), "A", "en", on=date(2025, 7, 2))
    assert "1 of the 2 that are eligible" in page
    assert "<th>Rank</th>" not in letter((longer, terms), "D", "en", on=date(2025, 7, 2))


def test_a_letter_after_a_review_says_so_and_what_it_replaces(told):
    frame, terms = told
    own = frame[frame["enterprise_id"] == "D"]
    points = f"{own['score'].iloc[0]:g}"
    appealed = own.assign(entry=2, action="appeal", rank=pd.NA, decided_on=pd.Timestamp("2025-07-01"), score=66.0)
    longer = pd.concat([frame, appealed.astype(frame.dtypes.to_dict())], ignore_index=True)
    for lang, said, was in (
        ("en", "the result of the review of 2025-07-01", f"was not on the list, with {points} points"),
        ("zh", "依更正后的记录复核得出", f"原结果为未入选，积分 {points} 分"),
    ):
        page = letter((longer, terms), "D", lang, on=date(2025, 7, 2))
        assert said in page
        assert was in page
        assert said[:8] not in letter((longer, terms), "D", lang).split("</style>")[1]


def test_a_letter_after_a_review_names_the_record_reviewed_and_counts_the_list_as_it_stands():
    frame, terms = cut_by({"top_share": 0.75})
    longer = frame
    for name, text in (("B", '{"a": "Ⅰ"}'), ("B", '{"a": 2}')):
        own = longer[longer["enterprise_id"] == name].iloc[[-1]]
        more = {"entry": own["entry"] + 1, "action": "appeal", "record": text, "selected": True, "reason": "selected"}
        more |= {"decided_on": pd.Timestamp("2025-07-01"), "valid_until": pd.Timestamp("2026-06-30")}
        longer = pd.concat([longer, own.assign(**more).astype(frame.dtypes.to_dict())], ignore_index=True)
    own = sha256(b'{"a": 2}').hexdigest()
    gone = withdraw(longer, "B", on=date(2025, 7, 3), because="moved away")
    for lang, first, plain, reviewed, now in (
        (
            "en",
            "Records of the first evaluation (SHA-256)",
            "Records evaluated (SHA-256)",
            "Record reviewed",
            "{} are on",
        ),
        (
            "zh",
            "首次评价的企业记录（SHA-256）",
            "<th>企业记录（SHA-256）",
            "复核所依据的企业记录",
            "现有入选企业 {} 家。",
        ),
    ):
        page = letter((longer, terms), "B", lang, on=date(2025, 7, 2))
        assert f'{first}</th><td class="hash">{terms.source_sha256}</td>' in page
        assert f"{reviewed}" in page
        assert f'<td class="hash">{own}</td>' in page
        assert own[:16] in page.split("</style>")[0]
        assert plain not in page
        assert now.format(4) in page
        assert f'<td class="hash">{own}</td>' in letter((gone, terms), "B", lang, on=date(2025, 7, 4))
        assert now.format(3) in letter((gone, terms), "A", lang, on=date(2025, 7, 4))
        for page in (letter((longer, terms), "B", lang), letter((longer, terms), "A", lang, on=date(2025, 7, 2))):
            assert plain in page
            assert own[:16] not in page
        assert now.format(4) not in letter((longer, terms), "A", lang)


def test_alternatives_are_set_off_in_a_letter_and_on_the_page(told):
    frame, terms = told
    frame = frame.assign(reason_en="(1) One; (2) Two; or else, in place of (1), any one of these: (a) Three; (b) Four")
    page = letter((frame, terms), "B", "en")
    assert '<p class="reason">(2) Two</p> <p class="reason">or else, in place of (1), any one of these:</p>' in page
    assert '<p class="reason way">(a) Three</p> <p class="reason way">(b) Four</p>' in page
    page = selection_page(standing(frame, TODAY), terms, "en", stages={}, robustness=None, synthetic=False)
    assert "<span>(2) Two</span><span>or else, in place of (1), any one of these:</span>" in page
    assert '<span class="way">(a) Three</span><span class="way">(b) Four</span>' in page


def cut_by(share):
    """Four of whom three are eligible, two of these with equal points: 100, 90, 90."""
    firms = [CLEAN | {"staff_st": 3.0} | firm for firm in FIRMS]
    firms[2] |= {"rd_expense_cny": 5e4}
    rules = load_rulebook("tech-sme-2017")
    made, terms = make_list(
        rules, to_columns(pd.DataFrame(firms)), cut=Cut(**share), on=TODAY, batch="9", source_sha256="0" * 64
    )
    return made.frame, terms


CUTS = [
    (
        {"top_share": 0.5},
        [
            "Cut at 90 of 100 points",
            "Asked for: 2 places, which is 50% of the 4 enterprises evaluated, filled by eligible",
            "1 more than",
        ],
        [
            "入选分数线：90 分",
            "名额 2 家（参评企业 4 家的 50%），在符合条件的企业中按积分由高到低选取。",
            "超出名额 1 家",
        ],
    ),
    (
        {"top_share": 0.75},
        ["Cut at 90 of 100 points", "Asked for: 3 places", "here they are no more than the places."],
        ["入选分数线：90 分", "名额 3 家（", "本次未超出名额。"],
    ),
    (
        {"top_share": 1.0},
        ["No cut (full score: 100 points)", "Asked for: 4 places", "Fewer are eligible than there are places"],
        ["不设分数线（满分 100 分）", "名额 4 家（", "符合条件者少于名额"],
    ),
    (
        {"cut_off": 90.0},
        ["Cut at 90 of 100 points", "every eligible enterprise with at least 90 points; exactly 90 is enough."],
        ["入选分数线：90 分", "符合条件且积分不低于 90 分（含 90 分）的全部企业。"],
    ),
    ({"cut_off": 0.0}, ["No cut (full score: 100 points)"], ["不设分数线（满分 100 分）"]),
]


@pytest.mark.parametrize(("cut", "en", "zh"), CUTS, ids=[str(cut) for cut, _, _ in CUTS])
def test_a_page_says_what_was_asked_for_and_how_equal_points_were_treated(cut, en, zh):
    frame, terms = cut_by(cut)
    for lang, said in (("en", en), ("zh", zh)):
        page = selection_page(standing(frame, TODAY), terms, lang, stages={}, robustness=None, synthetic=False)
        assert [each for each in said if each not in page] == []
        assert ({"en": "Cut at", "zh": "入选分数线："}[lang] in page) == ("Cut at" in en[0])
        assert "0" * 16 in page.split("</footer>")[0].split("<footer>")[1]


def test_a_letter_of_a_list_without_a_cut_names_no_points_needed():
    for cut in ({"top_share": 1.0}, {"cut_off": 0.0}):
        for name in "ABD":
            page = letter(cut_by(cut), name, "en")
            assert [word for word in ("Points needed", "How the list was cut", "the cut:") if word in page] == []
    assert "no cut: all who are eligible are on the list" in letter(cut_by({"top_share": 1.0}), "D", "en")
    page = letter(cut_by({"top_share": 0.5}), "D", "en")
    assert "Equal points at the cut are all on the list: 1 more than the places." in page


def test_no_card_of_a_page_begins_in_the_middle_of_a_phrase():
    for key in ("depends", "depends_list", "replaced"):
        assert not phrase(f"pages.{key}", "zh", draws=200).startswith("的")


def test_a_letter_to_nobody_is_refused(told):
    for name, on in (("Z", TODAY), ("A", date(2025, 6, 29))):
        with pytest.raises(InputError, match="was not evaluated in this list by") as caught:
            letter(told, name, "en", on=on)
        assert caught.value.code == "ICS-SEL-004"


def test_of_those_not_listed_the_nearest_to_the_cut_come_first_and_the_expired_last(told):
    frame, terms = told
    late = frame.assign(reason=frame["reason"].mask(frame["enterprise_id"] == "B", "expired"))
    for now, order in ((frame, "DBC"), (late, "DCB")):
        page = selection_page(standing(now, TODAY), terms, "en", stages={}, robustness=None, synthetic=False)
        others = page.split('<table class="others')[1]
        assert "".join(re.findall(r"<code>(\w)</code>", others)) == order


def test_a_page_shows_names_where_there_are_any_and_a_bounded_number_of_firms(told, monkeypatch):
    monkeypatch.setattr(selection_module, "_MOST", 2)
    monkeypatch.setattr(selection_module, "_AT_ONCE", 1)
    frame, terms = told
    page = selection_page(standing(frame, TODAY), terms, "en", stages={}, robustness=None, synthetic=False)
    assert "甲公司" in page
    assert "&lt;b&gt;乙" in page
    assert "The first 1 of 2 are shown; the search looks through all 2." in page
    assert "and 1 more, in the file of the list only" in page
    assert page.count('<tr class="firm') == 3
    unnamed = standing(frame.assign(enterprise_name=pd.array([None] * 4, dtype="str")), TODAY)
    assert "<th>Name</th>" not in selection_page(unnamed, terms, "en", stages={}, robustness=None, synthetic=False)
