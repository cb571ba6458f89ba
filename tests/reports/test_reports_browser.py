"""The pages as a reader sees them: offline, in their language, with the figures of the data, on a phone, in print."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from icsml.innovation.rulebooks.load import load_rulebook
from icsml.innovation.selection.list_file import read_list
from icsml.innovation.selection.list_wording import in_parts
from icsml.innovation.selection.recommended_list import standing
from icsml.reports import list_page as selection_module
from icsml.reports.diff_page import write_page as write_diff
from icsml.reports.list_page import write_letter
from icsml.reports.list_page import write_page as write_list
from icsml.reports.naming import group_name
from icsml.texts.catalogue import phrase
from icsml.texts.label import Label

CHINESE = re.compile(r"[\u4e00-\u9fff]")
TITLES = {
    ("diff", "en"): "From national-2024 to national-2025: what would change",
    ("diff", "zh"): "从 national-2024 到 national-2025：将有何变化",
    ("list", "en"): "Recommended list, batch 7",
    ("list", "zh"): "推荐名单（批次：7）",
}
HEADINGS = {
    "stage": {"en": "Life-cycle stage", "zh": "发展阶段"},
    "technical_field": {"en": "Technical field", "zh": "技术领域"},
    "province": {"en": "Province", "zh": "省份"},
    "size": {"en": "Size by staff", "zh": "人员规模"},
    "reason": {"en": "Why enterprises are in or out", "zh": "入选与未入选的原因"},
    "list": {"en": "The list", "zh": "名单"},
    "others": {"en": "Not on the list", "zh": "未入选企业"},
    "migration": {"en": "Grades before (rows) and after", "zh": "等级迁移（行：之前；列：之后）"},
    "changes": {"en": "Differences between the rules", "zh": "规则有何不同"},
}
STAGES = {
    "start_up": {"en": "Start-up", "zh": "初创期"},
    "growth": {"en": "Growth", "zh": "成长期"},
    "steady": {"en": "Steady", "zh": "稳定期"},
}
KNOWN = {
    ("province", "11"): {"en": "Beijing", "zh": "北京"},
    ("province", "44"): {"en": "Guangdong", "zh": "广东"},
    ("technical_field", "new_materials"): {"en": "New materials", "zh": "新材料"},
    ("size", "staff 20–99"): {"en": "20 to 99", "zh": "20–99人"},
    ("stage", None): {"en": "not known", "zh": "未知"},
}
OWN_SCRIPTS = {"diff": 0, "list": 1}
A4 = 718
PHONE = 390

TABLES = """() => {
  const found = {};
  let title = "";
  for (const each of document.querySelectorAll("h2, h3, table"))
    if (each.tagName != "TABLE") title = each.textContent.trim();
    else found[title] = [...each.rows].map(row => [...row.cells].map(cell => cell.textContent.trim()));
  return found;
}"""
FACTS = """() => Object.fromEntries([...document.querySelectorAll(".facts li")].map(
  each => [each.lastChild.textContent.trim(), each.querySelector("b").textContent.trim()]))"""
# What reaches beyond the page's edge and cannot be scrolled into view within its box.
CUT_OFF = """width => [...document.body.querySelectorAll("*")]
  .filter(each => !each.closest(".wide table") && each.getBoundingClientRect().right > width + 0.5)
  .map(each => each.outerHTML)"""


def number(text):
    return float(text.replace(",", "").replace("\N{MINUS SIGN}", "-").replace("%", ""))


def name(kind, group, lang):
    return STAGES[group][lang] if group in STAGES else group_name(kind, group, lang, {})


def test_a_page_opens_offline_and_fetches_nothing(report, open_page):
    opened = open_page(report.path)
    assert opened.requests == [opened.url]
    assert opened.complaints == []
    assert opened.page.evaluate("document.scripts.length") == OWN_SCRIPTS[report.path.stem.split("-")[0]]
    assert opened.page.evaluate("performance.getEntriesByType('resource').length") == 0


def test_title_and_headings_are_in_the_language_of_the_page(report, open_page):
    page = open_page(report.path).page
    assert page.title() == page.text_content("h1") == TITLES[report.path.stem.split("-")[0], report.lang]
    assert page.get_attribute("html", "lang") == {"en": "en", "zh": "zh-CN"}[report.lang]
    if report.lang == "en":
        assert not CHINESE.findall(page.text_content("html"))
        return
    words = page.locator("h1, h2, h3, th:not(.id), .facts li, .warn, footer").all_text_contents()
    grades = re.compile(r"\s*([A-D][1-9]?)?\s*")
    assert [each for each in words if not CHINESE.search(each) and not grades.fullmatch(each)] == []


def test_simulated_enterprises_are_called_so(report, open_page):
    warnings = open_page(report.path).page.locator(".warn")
    assert all(each.is_visible() for each in warnings.all())
    said = " ".join(warnings.all_text_contents())
    assert {"en": "no evidence about any firm", "zh": "不构成任何证据"}[report.lang] in said


def test_a_page_by_assumed_rules_says_before_any_figure_that_nothing_of_it_is_official(report, open_page):
    page = open_page(report.path).page
    said = " ".join(page.locator(".warn").all_text_contents())
    assert re.search({"en": "official", "zh": "官方"}[report.lang], said)
    assert page.evaluate(
        "() => [...document.querySelectorAll('.warn')].every("
        "w => w.compareDocumentPosition(document.querySelector('.facts')) & Node.DOCUMENT_POSITION_FOLLOWING)"
    )


def test_the_change_shows_who_enters_leaves_and_stays(diff, open_page):
    page, effect = open_page(diff.path).page, diff.data["impact"]
    facts = page.evaluate(FACTS)
    shown = {key: number(facts[{"en": en, "zh": zh}[diff.lang]]) for key, en, zh in MOVES}
    assert shown == {key: effect[key] for key, _, _ in MOVES}
    assert 0 < effect["left"] != effect["entered"] > 0
    line = page.text_content("h2:nth-of-type(2) + p")
    figures = [number(each) for each in re.findall(r"[\d.,]*\d", line)]
    assert figures == [effect["threshold"]["cut_off"], effect["entered"], effect["left"], effect["stayed"]]


MOVES = (("entered", "enter", "进入"), ("left", "leave", "退出"), ("stayed", "stay", "保留"))


@pytest.mark.parametrize("kind", ["stage", "technical_field", "province", "size"])
def test_the_change_shows_every_group(diff, kind, open_page):
    _, *rows = open_page(diff.path).page.evaluate(TABLES)[HEADINGS[kind][diff.lang]]
    groups, effect = diff.data["impact"]["groups"][kind], diff.data["impact"]
    assert [row[0] for row in rows] == [name(kind, each["group"], diff.lang) for each in groups]
    for (_, count, score, rank, entered, left), each in zip(rows, groups, strict=True):
        assert [number(count), number(entered), number(left)] == [each["rows"], each["entered"], each["left"]]
        assert number(score) == pytest.approx(100 * each["score_share_change"], abs=0.0501)
        assert number(rank) == pytest.approx(100 * each["rank_change"], abs=0.0501)
    for place, total in ((1, "rows"), (4, "entered"), (5, "left")):
        assert sum(number(row[place]) for row in rows) == effect[total]


def test_groups_have_the_names_readers_know(diff, open_page):
    tables = open_page(diff.path).page.evaluate(TABLES)
    for (kind, group), names in KNOWN.items():
        if any(each["group"] == group for each in diff.data["impact"]["groups"][kind]):
            assert names[diff.lang] in [row[0] for row in tables[HEADINGS[kind][diff.lang]]]


def test_the_bars_are_as_high_as_their_counts(diff, open_page):
    page = open_page(diff.path).page
    sides = [diff.data["impact"][side]["histogram"]["counts"] for side in ("a", "b")]
    highest = max(map(max, sides))
    for side, counts in zip("ab", sides, strict=True):
        script = f'() => [...document.querySelectorAll(".hist .{side}")].map(bar => bar.getBoundingClientRect().height)'
        heights = page.evaluate(script)
        whole = page.evaluate('document.querySelector(".hist div").getBoundingClientRect().height')
        assert heights == pytest.approx([whole * count / highest for count in counts], abs=1.0)
    titles = page.eval_on_selector_all(".hist div", "bars => bars.map(bar => bar.title)")
    said = [[number(each) for each in title.split("%: ")[1].split(" → ")] for title in titles]
    assert said == [list(pair) for pair in zip(*sides, strict=True)]


def test_the_change_shows_how_grades_move(diff, open_page):
    page, moves = open_page(diff.path).page, diff.data["model"]
    (_, *columns), *rows = page.evaluate(TABLES)[HEADINGS["migration"][diff.lang]]
    cells = {
        (row[0], to): number(cell) for row in rows for to, cell in zip(columns, row[1:], strict=True) if cell != ""
    }
    assert cells == {(each["grade"], to): count for each in moves["migration"] for to, count in each["to"].items()}
    assert sum(cells.values()) == moves["rows"] - moves["ungraded"]
    assert sum(count for (a, b), count in cells.items() if a != b) == moves["grade_changed"]
    shown = page.evaluate(FACTS)[{"en": "mean PD", "zh": "平均违约概率"}[diff.lang]].split(" → ")
    assert [number(each) for each in shown] == pytest.approx(
        [100 * moves["pd_mean_a"], 100 * moves["pd_mean_b"]], abs=0.0005
    )


def test_the_change_shows_every_item_and_every_note(diff, open_page):
    page = open_page(diff.path).page
    _, *rows = page.evaluate(TABLES)[HEADINGS["changes"][diff.lang]]
    assert [row[0] for row in rows] == [each["name"] for each in diff.data["changes"]]
    words = {"added": ("added", "新增"), "changed": ("changed", "修改"), "removed": ("removed", "删除")}
    place = ("en", "zh").index(diff.lang)
    assert [row[1] for row in rows] == [words[each["kind"]][place] for each in diff.data["changes"]]
    assert all((row[2] == "–") == (each["a"] is None) for row, each in zip(rows, diff.data["changes"], strict=True))
    notes = [each[diff.lang] for each in (*diff.data["notes"], *diff.data["model"]["notes"])]
    assert page.locator("ul.warn li").all_text_contents() == notes


def _list(listing):
    return read_list(Path(listing.command[listing.command.index("--out") + 1]))


def _others(entries):
    """Who is not on the list, in the order of the page."""
    out = entries[~entries["selected"]].assign(far=entries["reason"] != "below_cut", old=entries["reason"] == "expired")
    return out.sort_values(["old", "far", "score", "enterprise_id"], ascending=[True, True, False, True])


def _entries(listing):
    frame, _ = _list(listing)
    return frame[frame["reason"] != "older_record"]


def test_the_list_shows_how_many_were_evaluated_and_listed(listing, open_page):
    facts, entries = open_page(listing.path).page.evaluate(FACTS), _entries(listing)
    labels = {"en": ("evaluated", "on the list", "share"), "zh": ("参评企业", "入选企业", "入选比例")}[listing.lang]
    evaluated, listed, share = (number(facts[label]) for label in labels)
    assert (evaluated, listed) == (len(entries), entries["selected"].sum())
    assert share == pytest.approx(100 * listed / evaluated, abs=0.0501)
    hangs_on = phrase("pages.depends_list", listing.lang, draws=listing.data["robustness"]["draws"])
    assert number(facts[hangs_on]) == pytest.approx(100 * listing.data["robustness"]["depends"], abs=0.501)


@pytest.mark.parametrize("kind", ["stage", "technical_field", "province"])
def test_the_list_shows_every_group_as_counted_from_its_file(listing, kind, open_page):
    _, *rows = open_page(listing.path).page.evaluate(TABLES)[HEADINGS[kind][listing.lang]]
    entries = _entries(listing)
    groups = [None if each != each or each is None else each for each in entries[kind].astype(object)]
    evaluated, listed = Counter(groups), Counter(g for g, s in zip(groups, entries["selected"], strict=True) if s)
    shown = {row[0]: (number(row[1]), number(row[2]), number(row[3])) for row in rows}
    assert shown == {
        name(kind, group, listing.lang): (count, listed[group], pytest.approx(100 * listed[group] / count, abs=0.0501))
        for group, count in evaluated.items()
    }


def test_the_list_shows_every_reason(listing, open_page):
    _, *rows = open_page(listing.path).page.evaluate(TABLES)[HEADINGS["reason"][listing.lang]]
    entries = _entries(listing)
    reasons = Counter(entries["reason"])
    texts = {each["group"]: each["text"][listing.lang] for each in listing.data["figures"]["reason"]}
    assert {row[0]: number(row[1]) for row in rows} == {texts[code]: count for code, count in reasons.items()}


def test_the_list_names_the_best_in_order_and_says_how_many_more_there_are(listing, open_page):
    page, entries = open_page(listing.path).page, _entries(listing)
    _, *rows = page.evaluate(TABLES)[HEADINGS["list"][listing.lang]]
    listed = entries[entries["selected"]].sort_values(["score", "enterprise_id"], ascending=[False, True])
    best = listed.head(len(rows))
    assert [row[1] for row in rows] == best["enterprise_id"].tolist()
    assert [number(row[2]) for row in rows] == pytest.approx(best["score"].tolist(), abs=0.00501)
    assert [row[5] for row in rows] == [
        name("province", None if each != each else each, listing.lang) for each in best["province"].astype(object)
    ]
    assert [row[6] for row in rows] == best["valid_until"].dt.strftime("%Y-%m-%d").tolist()
    assert len(rows) == len(listed)
    shown = page.locator(".list tr.firm:visible").count()
    told = page.text_content(".list tr >> xpath=ancestor::div/following-sibling::p[1]")
    assert [number(each) for each in re.findall(r"[\d,]*\d", told)] in (
        [shown, len(rows), len(rows)],
        [shown, len(rows)],
    )
    assert shown < len(rows)


def test_the_page_names_who_is_not_on_the_list_with_the_whole_reason(listing, open_page):
    page, entries = open_page(listing.path).page, _entries(listing)
    _, *rows = page.evaluate(TABLES)[HEADINGS["others"][listing.lang]]
    out = _others(entries)
    assert len(rows) == len(out) > 500
    assert [row[0] for row in rows] == out["enterprise_id"].tolist()
    assert [row[2] for row in rows] == ["".join(in_parts(text)) for text in out[f"reason_{listing.lang}"]]
    assert page.locator(".others tr.firm:visible").count() < len(rows)


def test_an_enterprise_is_found_by_a_part_of_its_identifier_on_the_list_or_not(listing, open_page):
    page, entries = open_page(listing.path, 1100).page, _entries(listing)
    last = _others(entries)["enterprise_id"].iloc[-1]
    every = page.locator("tr.firm:visible").count()
    row = page.locator("tr.firm", has_text=last)
    assert not row.is_visible()
    page.fill("#search", f" {last.lower()} ")
    assert row.is_visible()
    assert page.locator("tr.firm:visible").count() == 1
    assert number(re.search(r"\d+", page.text_content("#said"))[0]) == 1
    page.fill("#search", last[:2])
    assert page.locator("tr.firm").count() > page.locator("tr.firm:visible").count() == 500 > every
    page.fill("#search", "nobody")
    assert page.locator("tr.firm:visible").count() == 0
    page.fill("#search", "")
    assert page.locator("tr.firm:visible").count() == every
    assert page.text_content("#said") == ""


def test_a_phone_scrolls_down_only(report, open_page):
    page = open_page(report.path, PHONE, is_mobile=True).page
    assert page.evaluate("innerWidth") == PHONE
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
    assert page.evaluate(CUT_OFF, PHONE) == []


def test_a_reason_is_read_on_a_phone_without_scrolling_sideways(listing, open_page):
    page = open_page(listing.path, PHONE, is_mobile=True).page
    wide = "[...document.querySelectorAll('.cards')].map(each => each.parentElement.scrollWidth)"
    assert max(page.evaluate(wide)) <= PHONE
    edges = "[...document.querySelectorAll('.reason')].map(each => each.getBoundingClientRect().right)"
    assert max(page.evaluate(edges)) <= PHONE
    page.fill("#search", _entries(listing)["enterprise_id"].iloc[0])
    assert page.locator("tr.firm:visible").count() == 1


def test_the_search_stands_in_the_section_that_it_searches(listing, open_page):
    page = open_page(listing.path).page
    order = page.evaluate(
        "[...document.querySelectorAll('h2, #search, .list, .others')].map(each => each.id || each.className || 'h2')"
    )
    assert order[-4:] == ["h2", "search", "list cards", "others cards"]


def test_a_page_prints_whole(report, open_page, tmp_path):
    page = open_page(report.path, A4).page
    pdf = page.pdf(path=tmp_path / "page.pdf", format="A4")
    assert pdf.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) >= 1
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") <= A4


def test_every_table_prints_its_head_again_on_the_next_page(report, open_page):
    page = open_page(report.path, A4).page
    page.emulate_media(media="print")
    heads = page.evaluate(
        "[...document.querySelectorAll('table')].map(each => each.tHead && getComputedStyle(each.tHead).display)"
    )
    page.emulate_media(media="screen")
    assert len(heads) > 2
    assert set(heads) == {"table-header-group"}
    assert "counter(page)" in page.content()


def test_chinese_is_drawn(browser):
    page = browser.new_page()
    page.set_content("<b>银</b><b>险</b>")
    one, other = (letter.screenshot() for letter in page.locator("b").all())
    page.close()
    assert one != other, "no Chinese font (Debian: fonts-wqy-microhei)"


HOSTILE = "<script>alert(1)</script>"
ATTRIBUTE = '"><img src=x onerror=alert(2)>'


def _seen_as_text(opened, *texts, scripts=0):
    assert opened.complaints == []
    assert opened.requests == [opened.url]
    assert opened.page.evaluate("document.querySelectorAll('script, img').length") == scripts
    for text in texts:
        assert text in opened.page.inner_text("body")


def test_a_list_prints_everyone_on_it(listing, open_page, tmp_path, monkeypatch):
    """So too while a search hides rows; of those not on it as many as are sensible, and it says so."""
    monkeypatch.setattr(selection_module, "_AT_ONCE", 2)
    monkeypatch.setattr(selection_module, "_PRINTED", 5)
    frame, terms = _list(listing)
    page = _page(frame, terms, listing.lang, open_page, tmp_path / "list.html").page
    listed, others = page.locator(".list tr.firm:visible"), page.locator(".others tr.firm:visible")
    notes, printed = page.locator(".first"), page.locator(".print")
    assert (listed.count(), others.count(), printed.is_visible()) == (2, 2, False)
    assert [each.is_visible() for each in notes.all()] == [True, True]
    for asked in ("", "zzz"):
        page.fill("#search", asked)
        page.emulate_media(media="print")
        assert (listed.count(), others.count()) == (int(frame["selected"].sum()), 5)
        assert [each.is_visible() for each in (*notes.all(), printed)] == [False, False, True]
        page.emulate_media(media="screen")
    assert listed.count() == others.count() == 0


def test_a_search_that_finds_nobody_says_whom_the_page_does_not_hold(listing, open_page, tmp_path, monkeypatch):
    frame, terms = _list(listing)
    for most in (100, 20_000):
        monkeypatch.setattr(selection_module, "_MOST", most)
        page = _page(frame, terms, listing.lang, open_page, tmp_path / f"{most}.html").page
        page.fill("#search", "zzz")
        left_out = phrase("pages.selection_found_none", listing.lang, count=len(_entries(listing)) - 200)
        assert (left_out in page.inner_text("#said")) == (most == 100)
    page.fill("#search", "e")
    assert page.locator("tr.firm:visible").count() == 500
    assert phrase("pages.selection_found_most", listing.lang, shown=500) in page.inner_text("#said")


def _page(frame, terms, lang, open_page, path):
    current = standing(frame, date.fromisoformat(terms.on))
    about = {"stages": load_rulebook("national-2024").stage_labels, "robustness": None, "synthetic": False}
    write_list(current, terms, path, lang, **about)
    return open_page(path)


def test_no_sheet_of_a_letter_holds_only_its_foot_or_its_signature(listing, open_page, tmp_path):
    """The foot is not printed, and the signature keeps the paragraph before it."""
    frame, terms = _list(listing)
    path = tmp_path / "letter.html"
    name = frame.loc[frame["selected"], "enterprise_id"].iloc[0]
    write_letter(frame, terms, name, path, listing.lang, on=date.fromisoformat(terms.on))
    page = open_page(path).page
    assert page.locator("footer").is_visible()
    page.emulate_media(media="print")
    assert not page.locator("footer").is_visible()
    before = "getComputedStyle(document.querySelector('.sign').previousElementSibling).breakAfter"
    assert page.evaluate(before) == "avoid"


def test_hostile_text_in_a_list_is_shown_as_text(listing, open_page, tmp_path):
    frame, terms = _list(listing)
    best = frame["score"].where(frame["selected"]).idxmax()
    for column, text in (("enterprise_id", HOSTILE), ("province", ATTRIBUTE), ("technical_field", "{{ 7 * 7 }}")):
        frame.loc[best, column] = text
    current = standing(frame, date.fromisoformat(terms.on))
    about = {"stages": load_rulebook("national-2024").stage_labels, "robustness": None, "synthetic": False}
    page = tmp_path / "list.html"
    write_list(current, replace(terms, batch=ATTRIBUTE, rulebook=HOSTILE), page, listing.lang, **about)
    opened = open_page(page)
    _seen_as_text(opened, HOSTILE, ATTRIBUTE, "{{ 7 * 7 }}", scripts=1)
    assert ATTRIBUTE in opened.page.title()
    assert opened.page.locator("td code").first.text_content() == HOSTILE


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_hostile_text_in_a_change_is_shown_as_text(comparison, lang, open_page, tmp_path):
    change, *others = comparison.changes
    province, *provinces = comparison.impact.groups["province"]
    groups = {"province": [replace(province, group=ATTRIBUTE), *provinces]}
    found = replace(
        comparison,
        a=ATTRIBUTE,
        population=HOSTILE,
        changes=[replace(change, name=f"{HOSTILE}.max", a=HOSTILE, b=ATTRIBUTE), *others],
        notes=[Label(en=HOSTILE, zh=HOSTILE), *comparison.notes],
        model=replace(comparison.model, model=HOSTILE),
        impact=replace(comparison.impact, groups=comparison.impact.groups | groups),
    )
    page = tmp_path / "diff.html"
    write_diff(found, page, lang)
    _seen_as_text(open_page(page), f"{HOSTILE}.max", ATTRIBUTE, "alert(2)")
