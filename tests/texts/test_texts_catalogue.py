"""Texts: the same keys and parts in every language, and a language is one file more."""

from __future__ import annotations

import ast
from pathlib import Path
from string import Formatter

import pytest
from pydantic import ValidationError

import icsml
from icsml.texts import catalogue
from icsml.texts.catalogue import filled, has_text, joined, keys, phrase, text, within
from icsml.texts.label import Label
from icsml.texts.languages import languages
from icsml.texts.quantity import quantity, range_text, units


def in_both(label):
    """Return the English and the Chinese text, whatever further language there is."""
    return label.en, label.zh


def parts(template):
    return {name.partition(".")[0] for _, name, _, _ in Formatter().parse(template) if name}


def test_every_language_has_every_text_with_the_same_parts():
    first, *others = languages()
    assert first == "en"
    assert "zh" in others
    for other in others:
        assert keys(other) == keys(first)
        for key in keys(first):
            told = [catalogue._texts(language)[key] for language in (first, other)]
            assert parts(told[0]) == parts(told[1]), key


def test_every_language_has_every_unit_with_a_scale_for_the_smallest_value():
    first, *others = languages()
    for other in others:
        assert list(units(other)) == list(units(first))
    for language in languages():
        for scales in units(language).values():
            sizes = [scale.at_least for scale in scales]
            assert sizes == sorted(set(sizes))
            assert sizes[0] == 0.0
            assert all(parts(scale.text) == {"number"} for scale in scales)


def asked_for():
    """Return the keys that the code asks for, where they are written out, by module."""
    for path in (Path(icsml.__file__).parent).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            asks = isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("text", "phrase")
            if asks and isinstance(node.args[0], ast.Constant):
                yield path.name, node.args[0].value


def test_every_text_that_the_code_asks_for_is_there():
    found = list(asked_for())
    assert len(found) > 100
    assert [(module, key) for module, key in found if not has_text(key)] == []


def test_a_part_is_filled_in_as_its_language_wants_it(monkeypatch):
    texts = {"en": "Ask for {field.within}: {count:,}", "zh": "请补充{field.within}：{count:,}"}
    monkeypatch.setattr(
        catalogue,
        "_texts",
        lambda language: {"a.b": texts[language], "language.within": {"en": "lower_first", "zh": "as_is"}[language]},
    )
    monkeypatch.setattr(catalogue, "languages", lambda: ("en", "zh"))
    asked = text("a.b", field=Label(en="Total assets", zh="资产总计"), count=1234)
    assert in_both(asked) == ("Ask for total assets: 1,234", "请补充资产总计：1,234")
    assert phrase("a.b", "en", field=Label(en="R&D expense", zh="研发费用"), count=2) == "Ask for R&D expense: 2"
    assert has_text("a.b")
    assert not has_text("a.c")


def test_a_name_stands_within_a_sentence_and_before_its_verb():
    past = Label(en="Total assets, year before", zh="上年资产总额")
    assert in_both(within(past)) == ("total assets, year before", "上年资产总额")
    assert in_both(text("decision.base_zero.several", field=past)) == (
        "total assets, year before, are zero",
        "上年资产总额为零",
    )


def test_a_text_that_stands_with_its_data_is_filled_in():
    template = Label(en="{label}: {value}", zh="{label}为{value}")
    label = Label(en="Cash ratio", zh="现金比率")
    assert filled(template, label=label, value=quantity(0.5, "times")) == Label(
        en="Cash ratio: 0.50 times", zh="现金比率为0.50倍"
    )


def test_labels_are_joined_by_the_separator_of_their_language():
    assert in_both(joined([Label(en="a", zh="甲"), Label(en="b", zh="乙")], "and")) == ("a and b", "甲、乙")


def test_a_language_is_one_file_more(with_french):
    assert languages() == ("en", "fr", "zh")
    told = joined([Label(en="a", zh="甲"), Label(en="b", zh="乙", fr="bé")], "and")
    assert told.model_dump() == {"en": "a and b", "zh": "甲、乙", "fr": "a and bé"}
    assert told.text("fr") == "a and bé"
    assert Label(en="a", zh="甲").text("fr") == "a"
    assert text("decision.UNDATED").text("fr") == "The record has no as-of date."
    assert quantity(2e6, "CNY").text("fr") == "CNY 2 million"
    assert range_text((0.0, 1500.0), "days").text("fr") == "0 to 1,500 days"


def test_a_label_in_a_language_that_there_is_not_is_refused():
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        Label(en="a", zh="甲", xx="b")
    assert Label.model_json_schema()["additionalProperties"] is False
    assert tuple(Label.model_json_schema()["properties"]) == Label(**dict.fromkeys(languages(), "a")).languages


def test_a_label_gives_the_texts_that_it_has(with_french):
    assert Label(en="a", zh="甲").texts == ("a", "甲")
    assert Label(en="a", zh="甲").languages == ("en", "zh")
    assert Label(en="a", zh="甲", fr="bé").texts == ("a", "甲", "bé")
    assert Label(en="a", zh="甲", fr="bé").languages == ("en", "zh", "fr")
    assert list(Label.model_json_schema()["properties"]) == ["en", "zh", "fr"]


def test_a_text_that_stands_with_its_data_has_the_languages_of_its_data(with_french):
    assert filled(Label(en="{value}!", zh="{value}！"), value=Label(en="a", zh="甲", fr="bé")).model_dump() == {
        "en": "a!",
        "zh": "甲！",
    }
    assert (
        filled(Label(en="{value}!", zh="{value}！", fr="{value} !"), value=Label(en="a", zh="甲")).text("fr") == "a !"
    )
