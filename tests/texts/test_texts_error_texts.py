"""Errors in Chinese: a title for every code, the same names in each language, words of banks, and no half sentences."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from icsml.texts.error_texts import error_codes, error_title, in_other_words, sentences
from icsml.texts.languages import languages

CODES = {code: entry for section in error_codes().values() for code, entry in section.items()}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
NAMES = re.compile(r"`[^`]+`|\{\w+\}|(?<![A-Za-z_])[a-z]+(?:_[a-z]+)+")
NOT_OURS = {
    "特征": "入模变量",
    "评估行": "样本",
    "行数": "样本数",
    "叶对": "叶节点对",
    "依赖关系": "变量效应",
    "交互作用": "变量交互效应",
    "单调方向证明": "单调性验证",
    "不设方向": "无单调约束",
    "货币资金与流动负债之比": "现金比率",
    "净资产利润率": "净资产收益率（ROE）",
    "模型报告": "模型审计报告",
    "一般申请企业": "参照样本平均水平",
    "以下企业": "不足、低于",
    "账簿": "账本",
    "台账": "账本",
    "模型束": "模型包",
    "规则书": "积分规则",
}
"""Words that banks do not use, and theirs."""


LABELS = [*(entry.title for entry in CODES.values()), *sentences()]


def test_every_code_has_titles_of_its_own():
    assert len(CODES) > 200
    for language in ("en", "zh"):
        titles = [entry.title.text(language) for entry in CODES.values()]
        assert len(set(titles)) == len(titles)
        assert all(0 < len(title) <= 45 and title[-1] not in ".。" for title in titles)
    assert error_title("ICS-XXX-000") is None


def test_the_chinese_is_chinese_in_the_words_of_banks():
    half_width = re.compile(r"[\u4e00-\u9fff] ?[,;:?!()]|[,;:?!()] ?[\u4e00-\u9fff]")
    for label in LABELS:
        assert CHINESE.search(label.zh), label
        assert label.zh != label.en
        assert not CHINESE.search(label.en), label
        assert [word for word in NOT_OURS if word in label.zh] == []
        assert not half_width.search(label.zh), label


def test_a_sentence_stands_once_and_names_the_same_in_each_language():
    assert len({each.en for each in sentences()}) == len(sentences()) > 100
    for each in sentences():
        assert set(NAMES.findall(each.zh)) == set(NAMES.findall(each.en)) - {"{number2}"} - _of_a_type(each), each.en


def _of_a_type(label):
    """What a name of a Python type is needs no telling."""
    return {"{name}"} if "instance of" in label.en else set()


@pytest.mark.parametrize(
    ("english", "told"),
    [
        ("no such path", "路径不存在"),
        ("the body is larger than 65,536 bytes", "请求体超过65,536字节"),
        ("input should be greater than or equal to -1.5e-07", "须不低于-1.5e-07"),
        ("input should be 'a', 'b' or 'c'", "须为以下之一：'a'、'b'、'c'"),
        ("input should be 'a'", "须为以下之一：'a'"),
        ("list should have at least 1 item after validation, not 0", "至少须有1项"),
        ("unknown field; also wrong: as_of, extra.x, …", "未知字段；另有错误的字段：as_of、extra.x、…"),
        ("unknown field; also wrong: (a field that is not shown)", "未知字段；另有错误的字段：（字段名不予显示）"),
        ("infinite (and 2 more rules broken)", "数值为无穷大（另有2条规则未满足）"),
        ("it takes infinite, from", "可用的参数为infinite、from"),
        ("the body is not valid JSON: the syntax is wrong", "请求体不是有效的JSON：语法错误"),
    ],
)
def test_parts_are_carried_over(english, told):
    assert in_other_words(english, "zh") == told


@pytest.mark.parametrize(
    "english",
    [
        "", "something else", "No such path", "no such path ", "no such path\n", "the body is larger than many bytes",
        "the body is not valid JSON: nobody knows why", "something else; also wrong: as_of", "input should be a or b",
        "unknown field; also wrong: Example Co. of Harbin", "{sentence}; also wrong: {names}",
    ],
)  # fmt: skip
def test_what_is_not_known_whole_is_not_told_in_part(english):
    assert in_other_words(english, "zh") is None


@given(st.text())
def test_english_stays_itself_and_any_text_is_told_whole_or_not_at_all(text):
    assert in_other_words(text, "en") == text
    told = in_other_words(text, "zh")
    assert told is None or CHINESE.search(told)
    assert in_other_words(text, "xx") is None


@given(st.integers(-(10**9), 10**9), st.from_regex(r"[a-z][a-z0-9_.]{0,20}", fullmatch=True))
def test_numbers_and_names_arrive_as_they_are(number, name):
    assert in_other_words(f"the body is larger than {number:,} bytes", "zh") == f"请求体超过{number:,}字节"
    assert f"`{name}`" in (in_other_words(f"absent beside `{name}`", "zh") or "")


def test_a_language_without_these_texts_gets_none_of_them():
    assert "zh" in languages()
    assert in_other_words("no such path", "fr") is None
