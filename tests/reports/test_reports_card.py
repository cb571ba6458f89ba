"""A model card as part of a page: every word of it, and nothing of it as HTML."""

from __future__ import annotations

import re

from icsml.model.card import CardFacts, render_card
from icsml.reports.card import card_html
from icsml.reports.card_words import card_in

HOSTILE = "<img src=x onerror=alert(1)>"
CARD = render_card(
    CardFacts(
        name="icsml-pd", purpose=f"To show {HOSTILE}", owner="nobody", tier="high", limits=["one", "two **strong**"],
        event="default", horizon_months=12, synthetic=True, dataset="book", dataset_sha256="0" * 64, rows=1000,
        defaults=20, features=["debt_to_assets", "rd_intensity"], figures={"test auc": 0.81, "test ks": None},
    )
)  # fmt: skip


def test_the_card_keeps_its_parts():
    page = card_html(CARD)
    assert re.findall(r"<h(\d)>([^<]*)", page) == [
        ("3", "Model card: icsml-pd"),
        ("4", "Limits"),
        ("4", "Figures on rows the model was not trained on"),
        ("4", "Features (2)"),
    ]
    assert re.findall(r"<li>(.*?)</li>", page) == ["one", "two <b>strong</b>"]
    assert re.findall(r"<td>([^<]*)</td>", page) == ["test auc", "0.8100", "test ks", "not known"]
    assert '<p class="warn"><b>Synthetic data.</b>' in page
    assert "<code>debt_to_assets</code>, <code>rd_intensity</code>" in page


def test_the_card_says_every_word():
    words = re.findall(r"[A-Za-z0-9]{3,}", re.sub(r"[*`|>#-]", " ", CARD))
    shown = re.sub(r"<[^>]+>", " ", str(card_html(CARD))).replace("&lt;", "<").replace("&gt;", ">")
    assert re.findall(r"[A-Za-z0-9]{3,}", shown) == words


def test_every_heading_of_a_card_has_its_chinese_words(trained):
    english = re.findall(r"^## .*", trained.bundle.card, re.MULTILINE)
    chinese = re.findall(r"^## .*", card_in(trained.bundle.card, "zh"), re.MULTILINE)
    assert len(english) == len(chinese) >= 3
    assert not any(re.search("[A-Za-z]", heading) for heading in chinese)
    assert "创新积分依据含假设成分的积分规则测算" in card_in(trained.bundle.card, "zh")


def test_html_in_a_card_is_shown_and_not_obeyed():
    page = card_html(CARD)
    assert "<img" not in page
    assert "&lt;img src=x" in page
