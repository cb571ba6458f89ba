"""The page of a decision as the service sends it: its headers alone forbid what it must not do, and hide nothing."""

from __future__ import annotations

import re

import pytest

from icsml.reports.decision_page import decision_page
from icsml.serving.headers import add_security_headers

URL = "http://service.test/report"
SHOWN = """() => ({
  text: document.body.innerText,
  bars: [...document.querySelectorAll('.more, .less')].map(bar => bar.getBoundingClientRect().width),
  facts: getComputedStyle(document.querySelector('.facts')).display,
})"""
HOSTILE = (
    "<script>document.title = 'run'</script><img src='http://elsewhere.test/x.png' onerror=\"document.title='run'\">"
    "<iframe src='http://elsewhere.test/'></iframe><style>@import 'http://elsewhere.test/x.css';</style>"
)


def _headers():
    message = {"headers": [(b"content-type", b"text/html; charset=utf-8")]}
    add_security_headers(message)
    return {name.decode(): value.decode() for name, value in message["headers"]}


@pytest.fixture
def served(browser):
    """Open a page as the service would send it; returns it with what it asked for and what was complained of."""

    def open_(body):
        page = browser.new_context(viewport={"width": 1200, "height": 900}).new_page()
        asked, complaints = [], []
        page.on("console", lambda message: complaints.append(message.text))

        def answer(route):
            asked.append(route.request.url)
            route.fulfill(body=body, headers=_headers())

        page.route("**/*", answer)
        page.goto(URL, wait_until="load")
        return page, asked, complaints

    return open_


def test_the_headers_hide_nothing_of_the_page(decision, served, browser, tmp_path):
    text = decision_page(decision, "en")
    page, asked, complaints = served(text)
    (tmp_path / "page.html").write_text(text, "utf-8")
    file = browser.new_context(viewport={"width": 1200, "height": 900}).new_page()
    file.goto((tmp_path / "page.html").as_uri())
    shown = page.evaluate(SHOWN)
    assert shown == file.evaluate(SHOWN)
    assert max(shown["bars"]) > 10
    assert (shown["facts"], asked, complaints) == ("flex", [URL], [])


def test_the_headers_alone_let_it_run_and_load_nothing(decision, served):
    text = re.sub(r"<meta http-equiv=[^>]+>", "", decision_page(decision, "en"))
    assert "Content-Security-Policy" not in text
    page, asked, complaints = served(text.replace("</body>", HOSTILE + "</body>"))
    assert page.title() != "run"
    assert asked == [URL]
    assert len(complaints) >= 4
    assert all("Content Security Policy" in complaint for complaint in complaints)


@pytest.mark.parametrize("guarded", [True, False])
def test_it_is_shown_in_no_frame(decision, browser, guarded):
    page = browser.new_context().new_page()
    frame = f"<iframe src='{URL}'></iframe>"
    headers = _headers() if guarded else {"content-type": "text/html; charset=utf-8"}
    page.route("http://outer.test/", lambda route: route.fulfill(body=frame, content_type="text/html"))
    page.route(URL, lambda route: route.fulfill(body=decision_page(decision, "en"), headers=headers))
    page.goto("http://outer.test/", wait_until="load")
    assert (decision["enterprise_id"] in page.frames[1].content()) != guarded
