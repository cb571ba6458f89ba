"""A model card as part of a page: every word of it, and nothing of it as HTML."""

from __future__ import annotations

import re
from dataclasses import replace

from icsml.features.catalogue import FEATURE_BY_NAME
from icsml.model.card import CardFacts, CardPoints, render_card
from icsml.reports.card_html import card_html
from icsml.reports.model_card import bundle_card_facts, card_in
from icsml.texts.label import Label
from icsml.validation.summary import METRIC_LABELS

HOSTILE = "<img src=x onerror=alert(1)>"
FACTS = (
    CardFacts(
        name="icsml-pd", purpose=f"To show {HOSTILE}", owner="nobody", tier="high", limits=["one", "two **strong**"],
        event="default", horizon_months=12, synthetic=True, dataset="book", dataset_sha256="0" * 64, rows=1000,
        defaults=20, features=["debt_to_assets", "rd_intensity"], figures={"test auc": 0.81, "test ks": None},
    )
)  # fmt: skip
CARD = render_card(FACTS)
LABELS = {name: feature.label for name, feature in FEATURE_BY_NAME.items()}


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
    card = card_in(trained.bundle.card, bundle_card_facts(trained.bundle), "zh", LABELS)
    chinese = re.findall(r"^## .*", card, re.MULTILINE)
    assert len(english) == len(chinese) >= 3
    assert not any(re.search("[A-Za-z]", heading) for heading in chinese)
    assert "创新积分依据含假设成分的积分规则测算" in card


def test_the_facts_of_a_card_give_its_english_bytes(trained):
    """What is rendered in another language is what the card in the bundle says."""
    card = trained.bundle.card
    labels = {feature.name: feature.label for feature in trained.bundle.features}
    named = card_in(card, bundle_card_facts(trained.bundle), "en", labels)
    for name, label in labels.items():
        card = card.replace(f"`{name}`", label.en)
    assert [line for line in named.splitlines() if not line.startswith("| ")] == [
        line for line in card.splitlines() if not line.startswith("| ")
    ]
    assert card_in(card, None, "zh", labels) == card


def test_html_in_a_card_is_shown_and_not_obeyed():
    page = card_html(CARD)
    assert "<img" not in page
    assert "&lt;img src=x" in page


def test_metrics_and_features_have_words_in_both_languages():
    labels = LABELS | {"extra.x1": Label(en="Current assets", zh="流动资产")}
    facts = replace(
        FACTS,
        figures={"test auc": 0.81, "test auc_low": None},
        features=[*FACTS.features, "extra.x1", "unheard_of"],
        directions={"rd_intensity": ("free", "The owner says so.")},
    )
    blank = replace(facts, figures={})
    english, chinese = (card_in(render_card(facts), blank, lang, labels, METRIC_LABELS) for lang in ("en", "zh"))
    assert "| AUC (test period) | 0.8100 |" in english
    assert "| AUC, lower confidence bound (test period) | not known |" in english
    assert "Debt to assets, R&D intensity, Current assets, `unheard_of`" in english
    assert "- R&D intensity: free. The owner says so." in english
    assert "| AUC置信区间下限（测试期） | 未知 |" in chinese
    assert "资产负债率、研发投入强度、流动资产、`unheard_of`" in chinese
    assert "- 研发投入强度：无单调约束。The owner says so." in chinese
    for said in (english, chinese):
        assert "auc_low" not in said
        assert "debt_to_assets" not in said


def test_no_metric_or_feature_of_a_trained_card_stands_by_its_programming_name(trained):
    labels = {feature.name: feature.label for feature in trained.bundle.features}
    for lang in ("en", "zh"):
        said = card_in(trained.bundle.card, bundle_card_facts(trained.bundle), lang, labels, METRIC_LABELS)
        features, figures = said.split("## ")[-1], re.findall(r"^\| .*", said, re.MULTILINE)
        assert len(labels) > 20
        assert "`" not in features
        assert not [each for each in figures if "_" in each]


def test_a_card_of_an_earlier_version_says_no_more_than_is_true_of_its_model():
    """Taiwan's bundle was said to hold no innovation records, which its data do; and points do not concern it."""
    card = (
        "**Owner.** risk team **Tier.** high\n\n**Innovation points.** None: the data hold no innovation records.\n\n"
        "## Limits\n\n- The points rest on an assumed rulebook; they are not the official score.\n- Another limit.\n"
    )
    en, zh = (card_in(card, FACTS, lang, LABELS) for lang in ("en", "zh"))
    assert "**Innovation points.** None among the features of this model." in en
    assert "no innovation records" not in en
    assert "assumed rulebook" not in en
    assert "- Another limit." in en
    assert "**Owner.** risk team\n\n**Tier.** high" in en
    assert "本模型的入模变量中没有创新积分" in zh
    assert "积分规则测算" not in zh
    assert "**模型责任人。**risk team\n\n**模型等级。**高" in zh


def test_what_this_version_does_not_know_of_a_card_stands_as_it_is_written():
    card = CARD.replace("- one", "- a check of the data set found (X): two rows alike") + "\n**Seal.** Sealed.\n"
    zh = card_in(card, FACTS, "zh", LABELS)
    assert "- a check of the data set found (X): two rows alike\n- two **strong**" in zh
    assert zh.endswith("\n\n**Seal.** Sealed.\n")
    assert "**模型责任人。**nobody" in zh


def test_points_are_told_with_how_far_they_depend_on_assumed_weights(trained):
    facts = bundle_card_facts(trained.bundle)
    assert facts.points.robustness is not None
    zh = card_in(trained.bundle.card, facts, "zh", LABELS)
    assert f"**创新积分。**{facts.points.rulebook}（假设）。权重为假设。在其周围随机取 200 组权重" in zh
    plain = replace(facts, points=CardPoints("national-2025", "official"))
    assert "**创新积分。**national-2025（官方）\n" in card_in(trained.bundle.card, plain, "zh", LABELS)
