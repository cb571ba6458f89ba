"""Every phrase is used, every phrase used exists, and each says the same in both languages."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter

import pytest
from jinja2 import nodes

from icsml.decision.decide import decide
from icsml.features.catalogue import CATALOGUE
from icsml.innovation.rulebooks.provenance import Provenance
from icsml.innovation.scoring.population_groups import _STAFF_CLASSES
from icsml.records.enterprise import frame_records
from icsml.records.fields import TECHNICAL_FIELDS
from icsml.records.outcome import OutcomeMeaning
from icsml.reports import naming as names
from icsml.reports.decision_page import decision_page
from icsml.reports.list_page import _firm_with_reasons
from icsml.reports.model_page import model_page
from icsml.reports.naming import compared_with, group_name, pd_meaning, reference_name, rulebook_name, value_name
from icsml.reports.page import _environment
from icsml.reports.report_facts import PD_BANDS
from icsml.texts.catalogue import _texts, keys, phrase

FOLDER = Path(names.__file__).parent
ROOMS = ("pages.", "report.", "names.kind.")
TEXTS = {key: _texts("en")[key] for key in keys("en")}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
SIGNS = {
    *("card.direction", "names.nothing", "names.with_note", "pages.between_items", "pages.between_sentences"),
    *("pages.colon", "pages.full_stop", "pages.html_lang", "report.dash_because"),
}
"""Signs and codes, which are no words."""

# Keys whose rest is data, and what the data can be.
BEGUN = {
    "names.kind.": ("pd_band", "province", "size", "stage", "technical_field"),
    "pages.change_": ("added", "changed", "removed"),
    "pages.hash_": ("bundle", "data", "peers", "reference", "rulebook"),
    "pages.not_official_": ("assumed", "published"),
    "pages.provenance_": tuple(str(each) for each in Provenance),
    "pages.recourse_measured_of_": ("base", "other", "retrains"),
    "pages.recourse_unknown_": ("no_levers", "no_proposal", "no_rulebook", "not_asked", "unstated"),
    "report.check_": (
        *("adds_up", "directions_proved", "grade_holds_pd", "one_is_batch", "pd_is_of_the_trees", "pd_proper"),
        *("points_sum", "score_reconciles"),
    ),
    "report.excluded_": (
        *("after_horizon", "defaults_refused", "embargo", "good_with_event", "open_horizon", "out_of_range"),
        *("refused", "unlabelled", "unreadable"),
    ),
    "report.figures_where_": ("folds", "out_of_time", "unstated"),
    "report.gain_": ("folds", "holds_zero", "no_companion", "no_innovation", "not_recorded", "rows", "test"),
    "report.part_": ("embargo", "other", "test", "train", "unlabelled"),
    "report.risk_": ("good", "middling", "poor"),
    "report.scale_": ("assumed", "declared", "of", "unused"),
    "report.split_kind_": ("folds", "out_of_time"),
}


def _said():
    """What templates ask to say: whole keys, and the beginnings of keys whose rest is data."""
    said, beginnings, by_name = set(), set(), set()
    environment = _environment()
    for template in environment.list_templates():
        tree = environment.parse(environment.loader.get_source(environment, template)[0])
        for call in tree.find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "say":
                match call.args[0]:
                    case nodes.Const(value=key):
                        said.add(key)
                    case nodes.Concat(nodes=[nodes.Const(value=start), _]):
                        beginnings.add(start)
                    case nodes.Name(name=variable):
                        by_name.add(variable)
                    case other:
                        pytest.fail(f"{template}: say({other})")
    assert by_name == set()
    return said, beginnings


def _said_by_modules():
    text = "".join(path.read_text("utf-8") for path in FOLDER.glob("*.py"))
    named = "|".join(room.replace(".", r"\.") for room in ROOMS)
    return set(re.findall(rf'"((?:{named})\w+)"', text)), set(re.findall(rf'f"((?:{named})[\w.]*?)\{{', text))


def test_every_phrase_that_is_asked_for_exists_and_every_phrase_is_asked_for():
    (asked, beginnings), (by_modules, begun_by_modules) = _said(), _said_by_modules()
    assert beginnings | begun_by_modules == set(BEGUN)
    begun = {key for key in TEXTS if key.startswith(tuple(BEGUN))}
    assert begun == {start + each for start, ends in BEGUN.items() for each in ends}
    assert asked | by_modules | begun == {key for key in TEXTS if key.startswith(ROOMS)}


def test_what_a_template_fills_in_is_what_the_phrase_has_room_for():
    environment = _environment()
    for template in environment.list_templates():
        tree = environment.parse(environment.loader.get_source(environment, template)[0])
        for call in tree.find_all(nodes.Call):
            if getattr(call.node, "name", "") == "say" and isinstance(call.args[0], nodes.Const):
                key = call.args[0].value
                assert {each.key for each in call.kwargs} == _room(TEXTS[key]), (template, key)


def _room(text):
    return {field for _, field, _, _ in Formatter().parse(text) if field}


@pytest.mark.parametrize("room", ["names", "card", "pages", "report"])
def test_both_languages_are_filled(room):
    for key in (key for key in TEXTS if key.startswith(f"{room}.") and key not in SIGNS):
        en, zh = (_texts(lang)[key] for lang in ("en", "zh"))
        assert zh.strip() == zh != ""
        assert en.strip() == en != ""
        assert CHINESE.search(zh), key
        assert not CHINESE.search(en), key


def test_texts_stand_in_order():
    for lang in ("en", "zh"):
        for room in ("names", "card", "pages", "report"):
            own = [tuple(key.split(".")) for key in keys(lang) if key.startswith(f"{room}.")]
            assert own == sorted(own)


def test_every_group_of_features_has_a_name():
    for group in {feature.group for feature in CATALOGUE}:
        assert CHINESE.search(value_name(group, "zh")), group


def test_every_group_that_data_can_have_has_a_name():
    def named(kind):
        return {key.rpartition(".")[2]: _texts("zh")[key] for key in TEXTS if key.startswith(f"names.{kind}.")}

    provinces = named("province")
    assert set(named("technical_field")) == set(TECHNICAL_FIELDS)
    assert {group_name("size", name, "zh", {}) for name in _STAFF_CLASSES} == set(named("size").values())
    assert {group_name("pd_band", name, "zh", {}) for name in PD_BANDS} == set(named("pd_band").values())
    # GB/T 2260 has 34 provinces, from 11 to 82, in six regions and Taiwan, Hong Kong and Macao.
    assert len(provinces) == 34
    assert len(set(provinces.values())) == 34
    assert {code[0] for code in provinces} == set("12345678")


def test_what_has_no_other_name_keeps_its_own():
    assert group_name("province", "99", "en", {}) == "99"
    assert group_name("batch", "2026-1", "zh", {}) == "2026-1"
    assert group_name("stage", "old", "zh", {}) == "old"
    assert group_name("province", None, "zh", {}) == "未知"
    assert value_name("100/9", "zh") == "100/9"
    assert value_name("published", "zh") == "公开来源"
    assert value_name(None, "en") == "–"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_the_pd_is_of_is_said_for_every_event_and_horizon(lang):
    events = OutcomeMeaning.model_json_schema()["properties"]["event"]["anyOf"][0]["enum"]
    said = {pd_meaning(event, months, lang) for event in [*events, None] for months in (12, None)}
    assert len(said) == 2 * (len(events) + 1)
    assert pd_meaning("flood", 6, "en") == "PD of flood within 6 months"


def test_whom_reasons_compare_with_is_said_in_the_decision_s_own_words_and_by_its_kind():
    told = {"kind": "interventional", "id": "training-applicants", "n": 10000}
    assert reference_name(told, "en") == "10,000 rows of training-applicants, interventional"
    words = {"text": {"en": "compared with the average applicant", "zh": "与平均申请企业相比"}}
    assert reference_name(told | words, "zh") == "与平均申请企业相比（training-applicants 的 10,000 个样本，干预式）"
    assert (
        compared_with(told | words, "zh")
        == "各项贡献与平均申请企业相比（training-applicants 的 10,000 个样本，干预式）。"
    )
    said = "Terms are compared with the average applicant (10,000 rows of training-applicants, interventional)."
    assert compared_with(told | words, "en") == said
    assert compared_with(told, "zh") == "参照：training-applicants 的 10,000 个样本，干预式。"
    assert "training-cover" in reference_name({"kind": "path_dependent", "id": "training-cover"}, "zh")


def test_a_rulebook_is_named_with_its_provenance_in_the_language_of_the_page():
    assert rulebook_name("national-2025", "assumed", "en") == "national-2025 (assumed)"
    assert rulebook_name("national-2025", "assumed", "zh") == "national-2025（假设）"


def test_a_part_that_is_not_filled_in_is_an_error():
    assert phrase("pages.and_more", "en", count=3) == "and 3 more, in the file of the list only"
    with pytest.raises(KeyError):
        phrase("pages.and_more", "en")
    with pytest.raises(KeyError):
        phrase("pages.unheard_of", "en")


def test_another_language_is_one_file_for_every_page(with_french, found, trained):
    record = frame_records(trained.dataset.enterprises.iloc[[3]])[0]
    bundle = replace(trained.bundle)  # its texts are made once, in the languages that there are
    decision = decide(bundle, record, decision_id="d", decided_at=datetime(2026, 7, 1, tzinfo=UTC)).decision
    pages = [model_page(found, "fr"), decision_page(decision.model_dump(mode="json"), "fr")]
    for page in pages:
        assert '<html lang="fr">' in page
    assert "levier" in pages[0]
    assert not CHINESE.search(re.sub(r"<style>.*?</style>", "", pages[1], flags=re.DOTALL))
    assert group_name("province", "11", "fr", {}) == "Beijing"
    assert phrase("pages.reasons", "fr") == "Pourquoi"
    for template in _environment().list_templates():
        source = _environment().loader.get_source(_environment(), template)[0]
        assert not re.search(r"lang\s*==|==\s*.(zh|en)", source), template


def test_a_list_without_a_language_gives_its_reasons_in_english():
    days = dict.fromkeys(("as_of", "decided_on", "valid_from", "valid_until"))
    firm = days | {"reason_en": "(1) One; (2) Two", "reason_zh": "（1）甲；（2）乙", "reason_fr": None}
    for row in (firm, {name: text for name, text in firm.items() if name != "reason_fr"}):
        assert _firm_with_reasons(row, "fr")["reasons"] == [("(1) One", False), ("(2) Two", False)]
    assert _firm_with_reasons(firm | {"reason_fr": "(1) Un"}, "fr")["reasons"] == [("(1) Un", False)]
