"""What a reason says: of its value, its unit, whom it is compared with, and nothing that is untrue."""

import math
import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from icsml.core.paths import configs_dir
from icsml.explain.reason_texts import MissingInformation, form_of, statement
from icsml.features.catalogue import CATALOGUE, FEATURE_BY_NAME
from icsml.features.feature import from_extra
from icsml.features.reason_codes import load_reason_catalogue
from icsml.records.direction import Direction
from icsml.records.extra import ExtraFeature, Unit
from icsml.texts.label import Label
from icsml.texts.languages import languages
from icsml.texts.quantity import apart, quantity, units

TEXTS = load_reason_catalogue()
NAN = float("nan")

NAMES = re.compile(r"High-tech|high-tech|of high value|高新技术|高价值|保障倍数")
"""Names in which such a word judges nothing."""

ABSOLUTE_EN = re.compile(
    r"\b(absent|accumulated|adequate|ample|bad|barely|comfortabl[ey]|enough|excessive|fell|few|good|hardly|heavy|high|"
    r"insufficient|large|largely|little|long|loss|losses|low|many|modest|most|mostly|much|negative|no|none|normal|not|"
    r"on time|poor|positive|quickly|rose|short|shrinks|slow|slowly|small|strong|sufficient|weak|well)\b",
    re.IGNORECASE,
)
ABSOLUTE_ZH = re.compile(
    "偏|较|过[高低多少]|充裕|充足|足以|不|正常|适度|存在|亏损|为负|下降|增长乏力|改善|良好|优|差|无|处于|对应|很|多次"
)
UP_EN, DOWN_EN = {"higher", "more", "longer", "larger"}, {"lower", "fewer", "shorter", "smaller"}
UP_ZH, DOWN_ZH = ("更高", "更多", "更长", "更大"), ("更低", "更少", "更短", "更小")


def words(english):
    return set(re.findall(r"[a-z&-]+", NAMES.sub("", english).lower()))


def compared(english):
    """Return the side of the median that a text names: 1 above, -1 below, 0 none."""
    return bool(words(english) & UP_EN) - bool(words(english) & DOWN_EN)


def compared_zh(chinese):
    return any(word in chinese for word in UP_ZH) - any(word in chinese for word in DOWN_ZH)


DIRECTED = [feature for feature in CATALOGUE if feature.direction is not Direction.FREE]
NEUTRAL = {
    1: ("the model places higher risk here", "给出的风险较高"),
    -1: ("the model places lower risk here", "给出的风险较低"),
}


@pytest.mark.parametrize("feature", DIRECTED, ids=lambda feature: feature.code)
@pytest.mark.parametrize("form", ["adverse", "favourable"])
def test_no_text_judges_and_each_names_the_side_its_direction_says(feature, form):
    found = TEXTS.codes[feature.code].of(form)
    assert not ABSOLUTE_EN.search(NAMES.sub("", found.en))
    assert not ABSOLUTE_ZH.search(NAMES.sub("", found.zh))
    side = feature.direction.sign * (1 if form == "adverse" else -1)
    assert len(words(found.en) & (UP_EN | DOWN_EN)) == abs(side)
    assert (compared(found.en), compared_zh(found.zh)) == (side, side)


@given(
    st.sampled_from(CATALOGUE),
    st.floats(-1e9, 1e9) | st.floats(-2, 2) | st.integers(0, 4),
    st.floats(-5, 5).filter(lambda term: term != 0.0),
    st.floats(-1e9, 1e9) | st.floats(-2, 2) | st.integers(0, 4),
)
def test_what_is_said_of_a_value_is_true_beside_the_median(feature, value, log_odds, median):
    found = told(feature, float(value), log_odds, float(median))
    side = (value > median) - (value < median)
    seen = apart(float(value), float(median), feature.unit)
    agrees = side * feature.direction.sign * log_odds > 0.0 and seen is not None
    assert found.kind == ("comparison" if agrees else "neutral")
    if agrees:
        assert compared(found.text.en) == compared_zh(found.text.zh) == side
        for label in seen:
            assert label.en in found.text.en
            assert label.zh in found.text.zh
    else:
        assert not words(found.text.en.split(";")[0]) & (UP_EN | DOWN_EN)
        en, zh = NEUTRAL[int(math.copysign(1, log_odds))]
        assert en in found.text.en
        assert zh in found.text.zh


@given(st.sampled_from(DIRECTED), st.floats(1e-3, 1e6), st.floats(1e-6, 10.0))
def test_digits_grow_until_value_and_median_differ(feature, median, more):
    value = median * (1.0 + more)
    seen = apart(value, median, feature.unit)
    usual = quantity(value, feature.unit), quantity(median, feature.unit)
    if usual[0].en != usual[1].en and usual[0].zh != usual[1].zh:
        assert seen == usual
    elif seen is not None:
        assert seen[0].en != seen[1].en
        assert seen[0].zh != seen[1].zh
        assert told(feature, value, feature.direction.sign * 0.4, median).kind == "comparison"
    else:
        found = told(feature, value, feature.direction.sign * 0.4, median)
        assert found.kind == "neutral"
        assert "median of the training applicants (the same)" in found.text.en


def test_a_contradicted_value_is_told_neutrally_even_where_somebody_signed():
    free = next(feature for feature in CATALOGUE if feature.direction is Direction.FREE)
    forms = TEXTS.codes["LEV01"].model_copy(update={"signed_by": "A. Officer"})
    signed = TEXTS.model_copy(update={"codes": {**TEXTS.codes, free.code: forms}})
    said = [
        statement(catalogue, free, 0.8, 0.4, "training-applicants", 0.5, contradicts=contradicts).kind
        for catalogue, contradicts in ((TEXTS, False), (signed, False), (signed, True))
    ]
    assert said == ["neutral", "comparison", "neutral"]


def test_a_bank_may_demand_that_somebody_signs_for_each_free_feature():
    free = [feature for feature in CATALOGUE if feature.direction is Direction.FREE]
    assert TEXTS.unsigned(CATALOGUE) == []
    demanding = TEXTS.model_copy(update={"free_features": "signed"})
    assert demanding.unsigned(CATALOGUE) == [feature.name for feature in free]
    forms = TEXTS.codes["LEV01"].model_copy(update={"signed_by": "A. Officer"})
    signed = demanding.model_copy(update={"codes": {**TEXTS.codes, free[0].code: forms}})
    assert signed.unsigned(CATALOGUE) == [feature.name for feature in free[1:]]


@pytest.mark.parametrize(
    ("value", "unit", "en", "zh"),
    [
        (0.8112, "fraction", "81.1%", "81.1%"),
        (-0.0001, "fraction", "0.0%", "0.0%"),
        (1.4, "times", "1.40 times", "1.40倍"),
        (44.6, "days", "45 days", "45天"),
        (5.98, "months", "6 months", "6个月"),
        (7.25, "years", "7.2 years", "7.2年"),
        (4_100_000.0, "CNY", "CNY 4.1 million", "410万元"),
        (-412_345.0, "CNY", "CNY -412,345", "-41.2万元"),
        (0.0, "CNY", "CNY 0", "0元"),
        (-5.0, "CNY", "CNY -5", "-5元"),
        (1e13, "CNY", "CNY 10 trillion", "10万亿元"),
        (1234.0, "persons", "1,234 persons", "1,234人"),
        (3.0, "count", "3", "3"),
        (2.5, "count", "2.5", "2.5"),
        (68.92, "points", "68.9 points", "68.9分"),
        (12.34, "rights per 100 R&D staff", "12.3 per 100 R&D staff", "每百人12.3件"),
        (0.5, "rights per million CNY", "0.50 per million CNY", "每百万元0.50件"),
        (123_456.7, "as declared", "123,457", "123,457"),
        (0.012345, "as declared", "0.0123", "0.0123"),
        (-0.0, "as declared", "0", "0"),
        (3.0, "rank", "rank 3", "第3位"),
    ],
)
def test_a_value_reads_by_its_unit(value, unit, en, zh):
    read = quantity(value, unit)
    assert (read.en, read.zh) == (en, zh)


def test_every_unit_of_the_catalogue_is_known():
    for language in languages():
        assert {feature.unit for feature in CATALOGUE} | set(get_args(Unit)) == set(units(language))


def told(name, value, log_odds, median=NAN, reference="training-applicants", **more):
    feature = FEATURE_BY_NAME[name] if isinstance(name, str) else name
    return statement(TEXTS, feature, value, log_odds, reference, median, **more)


def text(*args, **more):
    return told(*args, **more).text


def test_a_text_has_the_value_and_the_reference():
    assert text("debt_to_assets", 0.81, 0.4, 0.55) == Label(
        en="Liabilities relative to total assets are higher: 81.0%, compared with the median of the training applicants"
        " (55.0%)",
        zh="资产负债率为81.0%，与参照样本中位数（55.0%）相比更高",
    )
    assert text("total_assets", 9e6, -0.4, 4e6, "approval-margin").zh == (
        "资产总额为900万元，与准入线附近申请企业的中位数（400万元）相比更大"
    )


def test_a_language_that_the_catalogue_lacks_reads_the_whole_sentence_in_english(with_french):
    field = MissingInformation(absent=(Label(en="Net profit", zh="净利润", fr="Bénéfice net"),))
    for found in (text("debt_to_assets", 0.81, 0.4, 0.55), text("return_on_assets", NAN, 0.4, 0.05, missing=field)):
        assert found.languages == ("en", "zh")
        assert found.text("fr") == found.en


def test_without_a_median_no_value_is_compared():
    assert text("debt_to_assets", 0.81, 0.4, reference="training-cover") == Label(
        en="Debt to assets: 81.0%; the model places higher risk here",
        zh="资产负债率为81.0%，模型对此取值给出的风险较高",
    )
    for feature in CATALOGUE:
        assert told(feature, 1.0, 0.4, reference="training-cover").kind == "neutral"


def test_higher_is_not_said_of_a_value_that_is_not_above_the_median():
    assert text("debt_to_assets", 0.5, 0.4, 0.55).en == (
        "Debt to assets: 50.0%, compared with the median of the training applicants (55.0%); the model places"
        " higher risk here"
    )
    assert text("current_ratio", 1.0, -0.1, 2.0).zh == (
        "流动比率为1.00倍，与参照样本中位数（2.00倍）相比，模型对此取值给出的风险较低"
    )
    assert told("debt_to_assets", 0.55, 0.4, 0.55).kind == "neutral"
    assert "higher: 55.04%" in text("debt_to_assets", 0.55041, 0.4, 0.55).en  # the digits grow
    assert "(55.00%)" in text("debt_to_assets", 0.55041, 0.4, 0.55).en


OUTSIDE = Label(en="outside the plausible range of 0 to 1,500 days", zh="超出合理范围（0天至1,500天）")


@given(
    st.sampled_from(CATALOGUE),
    st.floats(-1e9, 1e9),
    st.floats(-5, 5).filter(lambda term: term != 0.0),
    st.floats(-1e9, 1e9) | st.just(NAN),
)
def test_a_value_that_says_nothing_is_compared_with_nothing(feature, value, log_odds, median):
    found = told(feature, value, log_odds, median, outside=OUTSIDE)
    assert found.kind == "neutral"
    said = found.text.en.replace("not compared", "")
    assert not words(said.split(";")[0].replace(feature.label.en, "")) & (UP_EN | DOWN_EN)
    assert "compared" not in said
    assert "相比" not in found.text.zh
    assert OUTSIDE.en in found.text.en
    assert OUTSIDE.zh in found.text.zh
    assert NEUTRAL[int(math.copysign(1, log_odds))][0] in found.text.en


def test_a_value_out_of_range_reads():
    assert text("receivable_days", 772_115.0, 0.4, 80.0, outside=OUTSIDE) == Label(
        en="Days of receivables: 772,115 days, outside the plausible range of 0 to 1,500 days; not compared, and the"
        " model places higher risk here",
        zh="应收账款周转天数为772,115天，超出合理范围（0天至1,500天），不作比较；模型对此取值给出的风险较高",
    )


@pytest.mark.parametrize("name", ["super_deduction_share", "gross_margin", "staff"])
def test_a_free_feature_is_no_fault_of_the_firm(name):
    for value, median in ((0.93, 0.45), (0.1, 0.45), (0.45, 0.45)):
        found = told(name, value, 0.4, median)
        assert found.kind == "neutral"
        assert found.text.en.endswith("the model places higher risk here")


def test_what_was_not_provided_is_named():
    fields = MissingInformation(absent=(Label(en="Net profit", zh="净利润"), Label(en="Total assets", zh="资产总额")))
    found = told("return_on_assets", NAN, 0.4, 0.05, missing=fields)
    assert (found.kind, found.text) == (
        "not_provided",
        Label(
            en="Not provided: Net profit, Total assets; without them the model places higher risk here"
            " (Return on assets)",
            zh="未提供：净利润、资产总额；缺少上述数据时模型给出的风险较高（总资产净利率）",
        ),
    )
    assert "lower risk" in text("return_on_assets", NAN, -0.4, 0.05, missing=fields).en
    assert text("overdue_count", NAN, 0.4, 1.0).zh.startswith("未提供：近24个月逾期次数；缺少该项时")
    assert "Overdue payments in 24 months; without it the model" in text("overdue_count", NAN, 0.4, 1.0).en


def test_a_feature_that_is_one_field_is_named_once():
    field = MissingInformation(absent=(Label(en="Use of existing credit lines", zh="授信额度使用率"),))
    assert text("line_utilisation", NAN, 0.4, 0.5, missing=field) == Label(
        en="Not provided: Use of existing credit lines; without it the model places higher risk here",
        zh="未提供：授信额度使用率；缺少该项时模型给出的风险较高",
    )


def test_a_chinese_comparison_names_its_feature_as_the_tables_do():
    # The unit of these two says per what they are, which the label would repeat.
    apart = {"INN08", "INN11"}
    for feature in FEATURE_BY_NAME.values():
        forms = TEXTS.codes.get(feature.code)
        if forms is not None and feature.code not in apart:
            assert feature.label.zh in forms.adverse.zh, feature.code
            assert feature.label.zh in forms.favourable.zh, feature.code


def test_a_base_that_is_negative_is_said_to_be_so():
    found = told(
        "debt_to_equity",
        NAN,
        0.4,
        1.0,
        missing=MissingInformation(bases=(Label(en="owners' equity is negative", zh="所有者权益为负"),)),
    )
    assert (found.kind, found.text) == (
        "not_computable",
        Label(
            en="Debt to equity cannot be computed, because owners' equity is negative; the model places higher risk"
            " here",
            zh="因所有者权益为负，产权比率无法计算；模型对此给出的风险较高",
        ),
    )
    assert "not provided" not in found.text.en.lower()


def test_an_extra_feature_speaks_by_its_label_and_its_unit():
    stated = {"name": "x1", "group": "g", "direction": Direction.RAISES_RISK, "range": (0, 99)}
    label = Label(en="Odd {label}", zh="标签")
    assert text(from_extra(ExtraFeature(label=label, **stated)), 0.25, 0.4, 0.1).en == (
        "Odd {label}: 0.25, compared with the median of the training applicants (0.1); the model places higher"
        " risk here"
    )
    assert text(from_extra(ExtraFeature(label=label, unit="years", **stated)), 25, 0.4, 10).zh == (
        "标签为25.0年，与参照样本中位数（10.0年）相比，模型对此取值给出的风险较高"
    )


@given(
    st.sampled_from(CATALOGUE),
    st.floats(allow_nan=True, allow_infinity=False),
    st.floats(-5, 5).filter(lambda term: term != 0.0),
    st.floats(allow_nan=True, allow_infinity=False),
    st.sampled_from(["training-applicants", "approval-margin", "training-cover"]),
)
def test_every_text_is_whole_and_always_the_same(feature, value, log_odds, median, reference):
    found = text(feature, value, log_odds, median, reference)
    assert not set("{}") & set(found.en + found.zh)
    assert found == text(feature, value, log_odds, median, reference)
    whom = TEXTS.references[reference].with_value
    if not math.isnan(value):
        compared = not math.isnan(median)
        assert (whom.en.split(" (")[0] in found.en) is compared
        assert (whom.zh.split("（")[0] in found.zh) is compared
    else:
        assert found.en.startswith("Not provided: ")
    assert form_of(log_odds) == ("adverse" if log_odds > 0 else "favourable")


def test_what_the_model_reads_has_one_chinese_name():
    root = configs_dir().parent
    files = [*root.glob("src/icsml/**/*.py"), *root.glob("src/icsml/**/*.html"), *root.glob("configs/**/*.yaml")]
    assert len(files) > 100
    assert [file.name for file in files if "特征" in file.read_text("utf-8")] == []  # 变量
