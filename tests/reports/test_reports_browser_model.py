"""The auditor's report and the page of a decision as a reader sees them: offline, on a phone, in print."""

from __future__ import annotations

import copy
import re
import zlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from icsml.decision.decide import decide
from icsml.records.enterprise import parse_record
from icsml.reports.decision_page import write_page
from icsml.reports.model_page import model_page
from icsml.reports.page import write
from icsml.texts.catalogue import phrase

LANGS = ("en", "zh")
A4 = 718
PHONE = 390
CHINESE = re.compile(r"[\u4e00-\u9fff]")
CUT_OFF = """width => [...document.body.querySelectorAll("*")]
  .filter(each => !each.closest(".wide table") && each.getBoundingClientRect().right > width + 0.5)
  .map(each => each.outerHTML.slice(0, 300))"""
SMALL_TEXT = """() => [...document.querySelectorAll("svg.drawing text")].filter(each => each.textContent.trim())
  .map(each => each.getBoundingClientRect().height).reduce((a, b) => Math.min(a, b), 99)"""
BEYOND_PICTURE = """() => [...document.querySelectorAll("svg.drawing text")].filter(each => {
  const [text, box] = [each.getBoundingClientRect(), each.closest("svg").getBoundingClientRect()];
  return text.left < box.left - 1 || text.right > box.right + 1
    || text.top < box.top - 1 || text.bottom > box.bottom + 1;
}).map(each => each.textContent)"""
HOSTILE = "<script>alert(1)</script>"
ATTRIBUTE = '"><img src=x onerror=alert(2)>'


@pytest.fixture(scope="module")
def pages(found, decision, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    made = {}
    for lang in LANGS:
        made["model", lang], made["decision", lang] = folder / f"model-{lang}.html", folder / f"decision-{lang}.html"
        write(made["model", lang], model_page(found, lang))
        write_page(decision, made["decision", lang], lang)
    return made


@pytest.fixture(params=[(kind, lang) for kind in ("model", "decision") for lang in LANGS], ids="-".join)
def page(request, pages):
    return (*request.param, pages[request.param])


def _pages_of(pdf):
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def test_a_page_opens_offline_and_fetches_nothing(page, open_page):
    opened = open_page(page[2])
    assert opened.requests == [opened.url] or set(opened.requests[1:]) == {
        each for each in opened.requests[1:] if each.startswith("data:image/png;base64,")
    }
    assert opened.complaints == []
    assert opened.page.evaluate("document.scripts.length") == (2 if page[0] == "model" else 0)
    fetched = opened.page.evaluate("performance.getEntriesByType('resource').map(each => each.name)")
    assert [each for each in fetched if not each.startswith("data:")] == []


def test_headings_and_words_are_in_the_language_of_the_page(page, open_page):
    kind, lang, path = page
    shown = open_page(path).page
    assert shown.get_attribute("html", "lang") == {"en": "en", "zh": "zh-CN"}[lang]
    if lang == "en":
        assert not CHINESE.findall(shown.text_content("html"))
        return
    words = shown.locator("h1, h2, h3:not(.card *), figcaption, nav a, .facts li").all_text_contents()
    assert len(words) > (20 if kind == "model" else 6)
    assert [each for each in words if not CHINESE.search(each)] == []


def test_pictures_are_drawn_with_their_dots(pages, open_page):
    shown = open_page(pages["model", "zh"]).page
    assert shown.locator("svg.drawing").count() > 12
    assert shown.evaluate(
        "[...document.querySelectorAll('svg.drawing image')].every(each => each.getBBox().width > 50)"
    )
    assert shown.locator("svg.drawing image").count() > 8
    names = shown.evaluate("[...document.querySelectorAll('svg.drawing text')].map(each => each.textContent).join(' ')")
    assert CHINESE.search(names)


@pytest.mark.parametrize("lang", LANGS)
def test_no_word_of_a_picture_is_cut_off(pages, lang, open_page):
    assert open_page(pages["model", lang]).page.evaluate(BEYOND_PICTURE) == []


def test_a_phone_scrolls_down_only_and_words_in_pictures_can_be_read(page, open_page):
    shown = open_page(page[2], PHONE, is_mobile=True).page
    assert shown.evaluate("innerWidth") == PHONE
    assert shown.evaluate("document.documentElement.scrollWidth") <= PHONE
    assert shown.evaluate(CUT_OFF, PHONE) == []
    if page[0] == "model":
        assert shown.evaluate(SMALL_TEXT) > 7


def test_the_columns_of_a_decision_stand_below_one_another_on_a_phone(pages, open_page):
    shown = open_page(pages["decision", "zh"], PHONE, is_mobile=True).page
    count = (
        "() => [...document.querySelectorAll('.terms tr')].map(row => [...row.cells].filter(c => c.offsetWidth).length)"
    )
    assert len(set(shown.evaluate(count))) == 1


@pytest.mark.parametrize("lang", LANGS)
def test_on_a_phone_every_figure_in_log_odds_stands_under_its_header(pages, lang, open_page):
    shown = open_page(pages["decision", lang], PHONE, is_mobile=True).page
    edges = """said => {
      const [head, ...rows] = document.querySelectorAll(".terms tr");
      const place = [...head.cells].findIndex(cell => cell.textContent.trim().toLowerCase() == said.toLowerCase());
      return [head, ...rows].map(row => row.cells[place].getBoundingClientRect()).map(box => [box.left, box.right]);
    }"""
    found = shown.evaluate(edges, phrase("pages.log_odds_short", lang))
    assert len(found) > 5
    assert all(right > left for left, right in found)
    assert all(each == pytest.approx(found[0], abs=0.5) for each in found)


def test_a_report_prints_whole(pages, open_page, tmp_path):
    shown = open_page(pages["model", "en"], A4).page
    assert _pages_of(shown.pdf(path=tmp_path / "r.pdf", format="A4")) > 3
    shown.emulate_media(media="print")
    assert shown.evaluate("document.documentElement.scrollWidth") <= A4


@pytest.mark.parametrize("lang", LANGS)
def test_a_decision_prints_on_one_page(pages, lang, open_page, tmp_path):
    shown = open_page(pages["decision", lang], A4).page
    assert _pages_of(shown.pdf(path=tmp_path / "d.pdf", format="A4")) == 1
    assert shown.locator(".sign div").count() == 3


@pytest.mark.parametrize("lang", LANGS)
def test_a_decision_on_next_to_nothing_prints_on_two_pages_at_most_and_keeps_its_signatures(
    bundle, lang, open_page, tmp_path
):
    named = parse_record({"enterprise_id": "E1", "enterprise_name": "Example Co.", "as_of": "2026-06-30"})
    made = decide(bundle, named, decision_id="d", decided_at=datetime(2026, 7, 1, tzinfo=UTC)).decision
    write_page(made.model_dump(mode="json"), tmp_path / f"{lang}.html", lang)
    shown = open_page(tmp_path / f"{lang}.html", A4).page
    assert _pages_of(shown.pdf(path=tmp_path / "d.pdf", format="A4")) <= 2
    shown.emulate_media(media="print")
    kept = "each => [getComputedStyle(each).breakInside, each.querySelectorAll('.sign div, code.hash').length]"
    assert shown.locator(".origin").evaluate(kept) == ["avoid", 4]


@pytest.mark.parametrize("lang", LANGS)
def test_a_decision_with_many_indicators_and_recourse_prints_on_one_page(decision, lang, open_page, tmp_path):
    full = copy.deepcopy(decision)
    full["innovation"]["indicators"] = (full["innovation"]["indicators"] * 2)[:18]
    text = {
        "en": "If Turnover of technical contracts rose from 0 to 2,450,000 CNY and R&D expense rose from 5,037,874 to "
        "7,895,874.2 CNY, the costs included, the model would answer a PD of 0.17%, grade A1 (now 0.21%, grade A1)",
        "zh": "若技术合同成交额由 0 增至 2,450,000 元，且研发费用由 5,037,874.2 增至 7,895,874.2 元，计入其成本，"
        "模型将给出违约概率 0.17%、等级 A1（现为 0.21%、等级 A1）",
    }
    full["recourse"] = [{"text": text}] * 3
    full["adverse_reasons"] = [{"code": each["code"], "text": each["text"]} for each in full["reasons"][:4]]
    write_page(full, tmp_path / "d.html", lang)
    assert _pages_of(open_page(tmp_path / "d.html", A4).page.pdf(format="A4")) == 1


def test_hostile_names_are_shown_as_text(found, decision, open_page, tmp_path):
    label = found.features[0].label.model_copy(update={"en": ATTRIBUTE})
    features = tuple(replace(each, label=label) for each in found.features)
    origin = replace(found.origin, name=ATTRIBUTE, dataset=HOSTILE)
    write(tmp_path / "m.html", model_page(replace(found, features=features, origin=origin, card=HOSTILE), "en"))
    write_page(decision | {"enterprise_id": ATTRIBUTE, "decision_id": HOSTILE}, tmp_path / "d.html", "en")
    for name in ("m.html", "d.html"):
        opened = open_page(tmp_path / name)
        assert opened.complaints == []
        assert opened.page.evaluate("document.querySelectorAll('img').length") == 0
        assert opened.page.evaluate("document.scripts.length") == (2 if name == "m.html" else 0)
        assert HOSTILE in opened.page.inner_text("body")
        assert ATTRIBUTE in opened.page.title()


@pytest.mark.parametrize("lang", LANGS)
def test_one_enterprise_is_looked_up_and_rows_are_filtered_offline(pages, found, lang, open_page):
    shown = open_page(pages["model", lang]).page
    firms, rows = found.evidence.firms, shown.locator("#firm-rows tbody tr")
    wanted = firms.ids[7]
    shown.fill("#firm-search", wanted.lower())
    assert rows.count() == firms.ids.count(wanted) > 0
    assert set(shown.locator("#firm-rows tbody td:first-child").all_text_contents()) == {wanted}
    shown.fill("#firm-search", "no such firm")
    assert rows.count() == 0
    shown.fill("#firm-search", "")
    shown.select_option("#firm-flag", "bad")
    assert f"{int((firms.bad == 1).sum()):,}" in shown.inner_text("#firm-count")
    shown.select_option("#firm-flag", "trained")
    assert f"{found.evidence.trained_rows:,}" in shown.inner_text("#firm-count")
    shown.select_option("#firm-grade", label="B1")
    assert set(shown.locator("#firm-rows tbody td:nth-child(4)").all_text_contents()) == {"B1"}
    shown.select_option("#firm-flag", "")
    shown.select_option("#firm-grade", "")


def test_a_row_reads_the_same_before_and_after_the_script(pages, browser):
    texts = []
    for allowed in (False, True):
        page = browser.new_context(java_script_enabled=allowed).new_page()
        page.goto(pages["model", "en"].as_uri())
        texts.append([each.split() for each in page.locator("#firm-rows tbody tr").all_inner_texts()[:20]])
    assert len(texts[0]) == 20
    assert texts[0] == texts[1]


def test_heads_of_tables_are_printed_again_on_every_page(pages, open_page):
    shown = open_page(pages["model", "zh"], A4).page
    shown.emulate_media(media="print")
    heads = shown.evaluate("[...document.querySelectorAll('thead')].map(head => getComputedStyle(head).display)")
    assert len(heads) > 10
    assert set(heads) == {"table-header-group"}
    shown.emulate_media(media="screen")


def _printed(pdf):
    """The text drawn on each page, by the fonts' own maps from glyphs to characters."""
    objects = {int(number): body for number, body in re.findall(rb"(\d+) 0 obj\n(.*?)endobj", pdf, re.DOTALL)}

    def stream(number):
        body = objects[number].split(b"stream", 1)[1].lstrip(b"\r\n")
        return zlib.decompressobj().decompress(body)

    def glyphs(number):
        if b"/ToUnicode" not in objects[number]:
            return {}
        table = stream(int(re.search(rb"/ToUnicode (\d+)", objects[number])[1])).decode()
        found = {int(glyph, 16): chr(int(sign, 16)) for glyph, sign in re.findall(r"<(\w{4})> <(\w{4})>\n", table)}
        for first, last, sign in re.findall(r"<(\w{4})> <(\w{4})> <(\w{4})>", table):
            span = range(int(first, 16), int(last, 16) + 1)
            found |= {glyph: chr(int(sign, 16) + glyph - span.start) for glyph in span}
        return found

    for body in objects.values():
        if not re.search(rb"/Type /Page\b", body):
            continue
        fonts = {name: glyphs(int(number)) for name, number in re.findall(rb"/(F\d+) (\d+) 0 R", body)}
        text, font = [], {}
        content = stream(int(re.search(rb"/Contents (\d+)", body)[1]))
        for name, shown in re.findall(rb"/(F\d+) [\d.-]+ Tf|<([0-9A-Fa-f]+)>", content):
            font = fonts.get(name, font) if name else font
            text += [font.get(int(shown[at : at + 4], 16), "") for at in range(0, len(shown), 4)]
        yield "".join(text)


def test_every_printed_page_has_its_number_and_the_hash_of_the_bundle(pages, found, open_page):
    printed = list(_printed(open_page(pages["model", "en"], A4).page.pdf(format="A4", prefer_css_page_size=True)))
    assert len(printed) > 5
    for number, text in enumerate(printed, start=1):
        assert f"{number}/{len(printed)}" in text.replace(" ", "")
        assert found.origin.hashes["bundle"] in text
