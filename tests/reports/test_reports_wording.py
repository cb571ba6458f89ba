"""Every phrase is used, every phrase used exists, and each says the same in both languages."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest
from jinja2 import nodes

from icsml.features.catalogue import CATALOGUE
from icsml.innovation.rulebooks.provenance import Provenance
from icsml.innovation.scoring.population_groups import _STAFF_NAMES
from icsml.records.fields import TECHNICAL_FIELDS
from icsml.records.outcome import OutcomeMeaning
from icsml.reports import wording
from icsml.reports.findings import PD_BANDS
from icsml.reports.page import _environment
from icsml.reports.wording import (
    compared_with,
    group_name,
    pd_meaning,
    phrase,
    reference_name,
    rulebook_name,
    value_name,
)
from icsml.reports.wording_model import MODEL_PHRASES
from icsml.reports.wording_selection import SELECTION_PHRASES

FOLDER = Path(wording.__file__).parent
PHRASES = wording._PHRASES
KINDS = {"stage", *wording._GROUPS}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
NAMES = {
    f"{table}.{key}": label
    for table in ("_PHRASES", "_BANDS", "_FIELDS", "_PROVINCES", "_SIZES", "_VALUES")
    for key, label in getattr(wording, table).items()
}


# Keys whose rest is data, and what the data can be.
BEGUN = {
    "change_": ("added", "changed", "removed"),
    "check_": (
        *("adds_up", "directions_proved", "grade_holds_pd", "one_is_batch", "pd_is_of_the_trees", "pd_proper"),
        *("points_sum", "score_reconciles"),
    ),
    "event_": ("bankruptcy", "charge_off", "default", "unknown"),
    "excluded_": (
        *("after_horizon", "defaults_refused", "embargo", "good_with_event", "open_horizon", "out_of_range"),
        *("refused", "unlabelled", "unreadable"),
    ),
    "figures_where_": ("folds", "out_of_time", "unstated"),
    "gain_": ("folds", "holds_zero", "no_companion", "no_innovation", "not_recorded", "rows", "test"),
    "part_": ("embargo", "other", "test", "train", "unlabelled"),
    "scale_": ("assumed", "declared", "of", "unused"),
    "split_kind_": ("folds", "out_of_time"),
    "hash_": ("bundle", "data", "peers", "reference", "rulebook"),
    "not_official_": ("assumed", "published"),
    "recourse_measured_of_": ("base", "other", "retrains"),
    "recourse_unknown_": ("no_levers", "no_proposal", "no_rulebook", "not_asked", "unstated"),
    "provenance_": tuple(str(each) for each in Provenance),
    "reference_": ("interventional", "of_report", "path_dependent"),
    "risk_": ("good", "middling", "poor"),
}


def _said():
    """What templates ask to say: whole keys, and the beginnings of keys whose rest is data."""
    keys, beginnings, by_name = set(), set(), set()
    environment = _environment()
    for template in environment.list_templates():
        tree = environment.parse(environment.loader.get_source(environment, template)[0])
        for call in tree.find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name == "say":
                match call.args[0]:
                    case nodes.Const(value=key):
                        keys.add(key)
                    case nodes.Concat(nodes=[nodes.Const(value=start), _]):
                        beginnings.add(start)
                    case nodes.Name(name=variable):
                        by_name.add(variable)
                    case other:
                        pytest.fail(f"{template}: say({other})")
    assert by_name <= {"kind"}
    return keys | KINDS, beginnings


def _said_by_modules():
    text = "".join(path.read_text("utf-8") for path in FOLDER.glob("*.py"))
    named = "".join(path.read_text("utf-8") for path in FOLDER.glob("*.py") if not path.name.startswith("wording"))
    by_name = {key for key in MODEL_PHRASES if f'"{key}"' in named}
    return by_name | set(re.findall(r'\bphrase\(\s*"(\w+)"', text)), set(re.findall(r'\bphrase\(\s*f"(\w+_)\{', text))


def test_every_phrase_that_is_asked_for_exists_and_every_phrase_is_asked_for():
    (keys, beginnings), (by_modules, begun_by_modules) = _said(), _said_by_modules()
    assert beginnings | begun_by_modules == set(BEGUN)
    begun = {key for key in PHRASES if key.startswith(tuple(BEGUN))}
    assert begun == {start + each for start, ends in BEGUN.items() for each in ends}
    assert keys | by_modules | begun == set(PHRASES)


def test_what_a_template_fills_in_is_what_the_phrase_has_room_for():
    environment = _environment()
    for template in environment.list_templates():
        tree = environment.parse(environment.loader.get_source(environment, template)[0])
        for call in tree.find_all(nodes.Call):
            if getattr(call.node, "name", "") == "say" and isinstance(call.args[0], nodes.Const):
                key = call.args[0].value
                assert {each.key for each in call.kwargs} == _room(PHRASES[key].en), (template, key)


def _room(text):
    return {field for _, field, _, _ in Formatter().parse(text) if field}


@pytest.mark.parametrize("key", NAMES)
def test_both_languages_are_filled_and_have_room_for_the_same(key):
    label = NAMES[key]
    assert label.en.strip() == label.en != ""
    assert label.zh.strip() == label.zh != ""
    assert not CHINESE.search(label.en)
    assert CHINESE.search(label.zh)
    assert _room(label.en) == _room(label.zh)


def test_phrases_stand_in_order():
    own = [key for key in PHRASES if key not in MODEL_PHRASES | SELECTION_PHRASES]
    assert own == sorted(own)
    assert list(MODEL_PHRASES) == sorted(MODEL_PHRASES)
    assert list(SELECTION_PHRASES) == sorted(SELECTION_PHRASES)
    assert len(PHRASES) == len(own) + len(MODEL_PHRASES) + len(SELECTION_PHRASES)


def test_every_group_of_features_has_a_name():
    for group in {feature.group for feature in CATALOGUE}:
        assert CHINESE.search(value_name(group, "zh")), group


def test_every_group_that_data_can_have_has_a_name():
    assert set(wording._FIELDS) == set(TECHNICAL_FIELDS)
    assert set(wording._SIZES) == set(_STAFF_NAMES)
    assert set(wording._BANDS) == set(PD_BANDS)
    # GB/T 2260 has 34 provinces, from 11 to 82, in six regions and Taiwan, Hong Kong and Macao.
    assert len(wording._PROVINCES) == 34
    assert len({label.zh for label in wording._PROVINCES.values()}) == 34
    assert {code[0] for code in wording._PROVINCES} == set("12345678")


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
    assert phrase("and_more", "en", count=3) == "and 3 more, in the file of the list only"
    with pytest.raises(KeyError):
        phrase("and_more", "en")
    with pytest.raises(KeyError):
        phrase("unheard_of", "en")
